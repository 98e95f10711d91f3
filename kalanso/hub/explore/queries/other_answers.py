"""What would other methods, other assumptions or fewer sources have answered?

Reads the comparison of methods, the prepared grid of assumptions, and how much wider the answer would
be without each source. Nothing is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.estimates import Number
from kalanso.hub.explore.queries.runs import table
from kalanso.hub.explore.queries.shelf import Shelf, remembered

# The estimate first; then the methods in the order in which readers know them.
METHODS = ("joint", "administrative", "countdown", "surveys_only", "who_unicef")
NOTHING, CUT = "none", "cut"
# Assumptions that are moved step by step, and one that is switched.
ASSUMPTIONS = ("anchor_bias", "conflict_reporting", "recall", CUT)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one method says of one place."""

    method: str
    coverage: float
    low: float | None
    high: float | None
    children: float | None
    missed: float | None


@remembered
def _compared(shelf: Shelf, indicator: str) -> dict[str, dict[str, Answer]]:
    rows = table(shelf, "method_comparison")
    if rows is None:
        return {}
    found: dict[str, dict[str, Answer]] = {}
    newest = max(
        (row["period_start"] for row in shelf.rows(rows.select("period_start").distinct())), default=None
    )
    for row in shelf.rows(rows.filter((rows.indicator == indicator) & (rows.period_start == newest))):
        found.setdefault(row["place_code"], {})[row["method"]] = Answer(
            method=row["method"], coverage=row["coverage_mean"], low=row["coverage_q025"],
            high=row["coverage_q975"], children=row["surviving_infants_mean"], missed=row["missed_children_mean"],
        )  # fmt: skip
    return found


def methods_of(shelf: Shelf, code: str, indicator: str) -> list[Answer]:
    """Return what every method says of a place, this estimate first."""
    answers = _compared(shelf, indicator).get(code, {})
    return [answers[name] for name in METHODS if name in answers]


@remembered
def compared_period(shelf: Shelf) -> str | None:
    """Return the period of the comparison."""
    rows = table(shelf, "method_comparison")
    if rows is None:
        return None
    found = shelf.rows(rows.select("period", "period_start").distinct())
    return str(max(found, key=lambda row: row["period_start"])["period"]) if found else None


@dataclass(frozen=True, kw_only=True)
class Point:
    """The answer for one place with one assumption moved to a setting."""

    assumption: str
    setting: float
    coverage: Number
    missed: Number
    run: str
    period: str


@remembered
def _grid(shelf: Shelf, code: str, indicator: str) -> list[Point]:
    rows = table(shelf, "assumption_runs")
    if rows is None:
        return []
    rows = rows.filter((rows.place_code == code) & (rows.indicator == indicator))
    return [
        Point(
            assumption=row["assumption"], setting=row["setting"], coverage=Number.of(row, "coverage"),
            missed=Number.of(row, "missed_children"), run=row["run"], period=row["period"],
        )
        for row in shelf.rows(rows.order_by("assumption", "setting"))
    ]  # fmt: skip


def unmoved(shelf: Shelf, code: str, indicator: str) -> Point | None:
    """Return the answer with nothing moved, computed as the others were."""
    return next((point for point in _grid(shelf, code, indicator) if point.assumption == NOTHING), None)


def moved(shelf: Shelf, code: str, indicator: str, assumption: str) -> list[Point]:
    """Return the answers with one assumption moved, in the order of its settings, the unmoved among them."""
    points = [point for point in _grid(shelf, code, indicator) if point.assumption == assumption]
    base = unmoved(shelf, code, indicator)
    if base is not None and points:
        points.append(base)
    return sorted(points, key=lambda point: point.setting)


def assumptions(shelf: Shelf, code: str, indicator: str) -> list[str]:
    """Return which assumptions the grid moves."""
    there = {point.assumption for point in _grid(shelf, code, indicator)}
    return [name for name in ASSUMPTIONS if name in there]


@remembered
def places_of_grid(shelf: Shelf) -> tuple[str, ...]:
    """Return the places for which the grid was prepared: the country, regions and districts."""
    rows = table(shelf, "assumption_runs")
    if rows is None:
        return ()
    known = places.tree(shelf).places
    found = [row["place_code"] for row in shelf.rows(rows.select("place_code").distinct())]
    there = [known[code] for code in found if code in known]
    return tuple(p.code for p in sorted(there, key=lambda p: (p.depth, places.folded(p.name))))


@remembered
def without_sources(shelf: Shelf) -> list[dict[str, Any]]:
    """Return how much wider the intervals would be without each source, the dearest first."""
    rows = table(shelf, "without_sources")
    if rows is None:
        return []
    found = shelf.rows(rows)
    return sorted(found, key=lambda row: (row["source"], row["kind"], row["depth"]))
