"""How many children were missed, in which places, and how sure is that?

Reads the estimates of the newest run: four rolling quarters by default, since a health area has tens
of births in a quarter. What the sources say belongs to `evidence_of_places`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kalanso.coverage.guard_tables import USABILITY
from kalanso.coverage.summaries import chances, readable
from kalanso.coverage.tables import (
    BURDEN,
    COVERAGE_ESTIMATES,
    COVERAGE_ESTIMATES_YEARLY,
    COVERAGE_THRESHOLDS,
)
from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.runs import YEARLY, book, table, yearly_book
from kalanso.hub.explore.queries.shelf import Shelf, by_place, remembered, shared
from kalanso.pipeline.demo_truth import DEMO_TRUTH
from kalanso.vocabulary import Period

ROLLED, QUARTER = "rolling4", "quarter"
INDICATORS = ("dtp1", "dtp3")
TOO_WIDE = 0.3  # points of coverage from which maps are hatched
NEARLY_SURE = 0.9


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number with its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """How far apart the ends of the interval lie."""
        return self.high - self.low

    @property
    def said(self) -> Number:
        """The same as a sentence may say it: a count rounded to what its interval allows."""
        mean, low, high = (readable(v, self.low, self.high) for v in (self.mean, self.low, self.high))
        return Number(mean=mean, low=low, high=high)

    @classmethod
    def of(cls, row: dict[str, Any], name: str) -> Number:
        """Return the number that stands in three columns of a row."""
        return cls(mean=row[f"{name}_mean"], low=row[f"{name}_q025"], high=row[f"{name}_q975"])


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What the run says of one place, indicator and period (a quarter, or the four that end with it)."""

    place_code: str
    period: str
    span: str
    coverage: Number
    infants: Number
    missed: Number
    rank: Number
    provisional: bool

    @property
    def rolled(self) -> bool:
        """Whether it stands for four quarters."""
        return self.span == ROLLED

    @property
    def wide(self) -> bool:
        """Whether coverage is too unsure to compare this place with others."""
        return self.coverage.width > TOO_WIDE


@remembered
def spans(shelf: Shelf) -> dict[str, str]:
    """Return the periods that have estimates, newest first, and what each stands for.

    Four rolling quarters; single quarters in a series too short for that.
    """
    yearly = table(shelf, YEARLY)
    if yearly is not None:
        found = shelf.rows(yearly.filter(yearly.span == ROLLED).select("period").distinct())
        if found:
            return dict.fromkeys(_newest_first(row["period"] for row in found), ROLLED)
    quarterly = table(shelf, "coverage_estimates")
    if quarterly is None:
        return {}
    return dict.fromkeys(
        _newest_first(r["period"] for r in shelf.rows(quarterly.select("period").distinct())), QUARTER
    )


def is_rolled(shelf: Shelf, period: str) -> bool:
    """Whether the estimates that pages show of a period are of the four quarters that end with it."""
    return spans(shelf).get(period) == ROLLED


def source(shelf: Shelf, period: str) -> str:
    """Return the name of the table from which the estimates of a period are read."""
    return yearly_book(shelf) if spans(shelf).get(period) == ROLLED else book(shelf)


def _newest_first(codes: Any) -> list[str]:
    return sorted(codes, key=lambda code: Period.parse(code).start, reverse=True)


@by_place(COVERAGE_ESTIMATES_YEARLY)
def values(shelf: Shelf, indicator: str, period: str) -> dict[str, Estimate]:
    """Return the estimates of all places in a period."""
    span = spans(shelf).get(period, QUARTER)
    rows = table(shelf, YEARLY if span == ROLLED else "coverage_estimates")
    if rows is None:
        return {}
    rows = rows.filter((rows.indicator == indicator) & (rows.period == period))
    if span == ROLLED:
        rows = rows.filter(rows.span == ROLLED)
    return {row["place_code"]: _estimate(row, span) for row in shelf.rows(rows.order_by("place_code"))}


def _estimate(row: dict[str, Any], span: str) -> Estimate:
    return Estimate(
        place_code=row["place_code"], period=row["period"], span=span, coverage=Number.of(row, "coverage"),
        infants=Number.of(row, "surviving_infants"), missed=Number.of(row, "missed_children"),
        rank=Number.of(row, "rank"), provisional=bool(row["provisional"]),
    )  # fmt: skip


@shared(COVERAGE_ESTIMATES, about=lambda code, *_: (code,))
def quarters(shelf: Shelf, code: str, indicator: str) -> tuple[Estimate, ...]:
    """Return the quarterly estimates of one place, oldest first."""
    rows = table(shelf, "coverage_estimates")
    if rows is None:
        return ()
    rows = rows.filter((rows.place_code == code) & (rows.indicator == indicator)).order_by("period_start")
    return tuple(_estimate(row, QUARTER) for row in shelf.rows(rows))


@remembered
def thresholds(shelf: Shelf) -> tuple[float, ...]:
    """Return the thresholds under which coverage counts as low, the highest first."""
    rows = table(shelf, "coverage_thresholds")
    if rows is None:
        return ()
    found = shelf.rows(rows.select("threshold").distinct())
    return tuple(sorted((row["threshold"] for row in found), reverse=True))


@by_place(COVERAGE_THRESHOLDS)
def below(shelf: Shelf, indicator: str, period: str, threshold: float) -> dict[str, float]:
    """Return the probability that coverage lies under a threshold, by place."""
    rows = table(shelf, "coverage_thresholds")
    if rows is None:
        return {}
    near = (rows.threshold - threshold).abs() < 1e-9
    rows = rows.filter((rows.indicator == indicator) & (rows.period == period) & near)
    return {row["place_code"]: row["probability_below"] for row in shelf.rows(rows.order_by("place_code"))}


def burden(shelf: Shelf, indicator: str, period: str) -> list[dict[str, Any]]:
    """Return the areas in order of missed children, most first."""
    found = _burden(shelf, indicator, period).values()
    return sorted(found, key=lambda row: (-row["missed_children_mean"], row["place_code"]))


@by_place(BURDEN)
def _burden(shelf: Shelf, indicator: str, period: str) -> dict[str, dict[str, Any]]:
    rows = table(shelf, "burden")
    if rows is None:
        return {}
    rows = rows.filter((rows.indicator == indicator) & (rows.period == period))
    return {row["place_code"]: row for row in shelf.rows(rows)}


def burden_in(shelf: Shelf, code: str, indicator: str, period: str) -> list[dict[str, Any]]:
    """Return the same for the areas inside a place."""
    inside = places.below(shelf, code)
    return [row for row in burden(shelf, indicator, period) if row["place_code"] in inside]


@dataclass(frozen=True)
class Half:
    """How few areas hold half of the missed children, and how long a list is needed to be nearly sure."""

    areas: int
    of: int
    sure: int


def half(rows: list[dict[str, Any]]) -> Half | None:
    """Return in how few areas half of the missed children (means) live; the sure list is the run's."""
    total = sum(row["missed_children_mean"] for row in rows)
    if total <= 0:
        return None
    carried, few = 0.0, 0
    for row in rows:
        if carried >= total / 2:
            break
        carried, few = carried + row["missed_children_mean"], few + 1
    return Half(few, len(rows), sum(bool(row["in_half_list"]) for row in rows))


@by_place(USABILITY)
def usable(shelf: Shelf) -> dict[str, dict[str, Any]]:
    """Return whether coverage of the newest four quarters is sure enough to decide on, by place."""
    rows = table(shelf, "usability")
    if rows is None:
        return {}
    return {row["place_code"]: row for row in shelf.rows(rows.order_by("place_code"))}


@remembered
def refusals(shelf: Shelf) -> list[dict[str, Any]]:
    """Return what the run must not be used for, in the order of the sentences."""
    rows = table(shelf, "refusals")
    return shelf.rows(rows.order_by("position")) if rows is not None else []


@by_place(DEMO_TRUTH)
def truth(shelf: Shelf, indicator: str, period: str) -> dict[str, dict[str, Any]]:
    """Return the simulated truth of a period by place; nothing in a store that is no demonstration."""
    rows = table(shelf, "demo_truth") if shelf.store.demo else None
    if rows is None:
        return {}
    rows = rows.filter((rows.indicator == indicator) & (rows.period == period))
    if "span" in rows.columns:
        rows = rows.filter(rows.span == spans(shelf).get(period, QUARTER))
    return {row["place_code"]: row for row in shelf.rows(rows.order_by("place_code"))}


@shared(DEMO_TRUTH, about=lambda code, *_: (code,))
def true_quarters(shelf: Shelf, code: str, indicator: str) -> tuple[dict[str, Any], ...]:
    """Return the simulated truth of one place by quarter, oldest first."""
    rows = table(shelf, "demo_truth") if shelf.store.demo else None
    if rows is None:
        return ()
    rows = rows.filter((rows.place_code == code) & (rows.indicator == indicator))
    if "span" in rows.columns:
        rows = rows.filter(rows.span == QUARTER)
    return tuple(sorted(shelf.rows(rows), key=lambda row: Period.parse(row["period"]).start))


def chances_of(probability: float) -> int:
    """Return whole chances out of ten; draws never make anything certain."""
    return chances(probability)
