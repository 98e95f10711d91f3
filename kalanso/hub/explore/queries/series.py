"""What does an indicator say for a place, over time and among its neighbours?

Reads `indicator_values` and `coverage_series`. Where several sources or denominators speak, one
is chosen by a stated rule and the others stay in the table. Nothing is estimated here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.shelf import Shelf, by_place, no_place, shared
from kalanso.indicators import DenominatorName
from kalanso.indicators.tables import COVERAGE_SERIES, INDICATOR_VALUES
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.vocabulary import Level, Period

ROLLED = ":rolling4"  # how the evaluator names targets of the four quarters that end with one
SHOWN_TOGETHER = ("dtp1_coverage", "dtp3_coverage")
ROLLED_LEVELS = (Level.HEALTH_AREA, Level.FACILITY)


@dataclass(frozen=True)
class Basis:
    """Whose numerator, out of which population: numbers of two bases are never mixed."""

    source: str
    stem: str

    @property
    def population(self) -> str:
        """The code of the population; empty where there is none."""
        return DenominatorName.parse(self.stem).population if self.stem else ""

    @property
    def population_source(self) -> str:
        """Whose population it is; empty where unsaid."""
        return (DenominatorName.parse(self.stem).source or "") if self.stem else ""


@dataclass(frozen=True)
class Point:
    """One value of a series; `rolled` where it stands for the four quarters that end with its period.

    `source` is whose numerator it is, `out_of` the name of its denominator.
    """

    place_code: str
    period: str
    numerator: float | None
    denominator: float | None
    value: float | None
    completeness: float | None
    provisional: bool
    caveat: str | None
    rolled: bool = False
    source: str = ""
    out_of: str = ""

    @property
    def gap(self) -> float | None:
        """Expected children minus doses: negative where more doses were reported than children expected."""
        if self.numerator is None or self.denominator is None:
            return None
        return self.denominator - self.numerator


def _values(shelf: Shelf, indicator: str, kind: str, *, rolled: bool = False) -> ir.Table:
    table = shelf.table(INDICATOR_VALUES)
    table = table.filter(~table.adjusted & ~table.cumulative)
    is_rolled = table.denominator_name.fill_null("").contains(ROLLED)
    table = table.filter(is_rolled if rolled else ~is_rolled)
    return table.filter((table.indicator == indicator) & (table.period_type == kind))


def bases(shelf: Shelf, indicator: str) -> tuple[Basis, ...]:
    """Return whose numbers exist for an indicator, the one that covers most places and periods first."""
    return bases_of(shelf, (indicator,)).get(indicator, ())


@shared(INDICATOR_VALUES, about=no_place)
def bases_of(shelf: Shelf, indicators: tuple[str, ...]) -> dict[str, tuple[Basis, ...]]:
    """Return what `bases` says of each of several indicators, with one question to the store."""
    if not shelf.sees(INDICATOR_VALUES):
        return {}
    table = shelf.table(INDICATOR_VALUES)
    table = table.filter(table.indicator.isin(list(indicators)) & table.value.notnull() & ~table.adjusted)
    table = table.mutate(stem=table.denominator_name.fill_null("").split(":")[0])
    counted = table.group_by("indicator", "source", "stem").agg(rows=lambda t: t.count())
    found: dict[str, list[Basis]] = {}
    for row in sorted(shelf.rows(counted), key=lambda r: (-r["rows"], r["source"], r["stem"])):
        found.setdefault(row["indicator"], []).append(Basis(row["source"], row["stem"]))
    return {name: tuple(several) for name, several in found.items()}


def _of(table: ir.Table, basis: Basis) -> ir.Table:
    name = table.denominator_name.fill_null("")
    return table.filter((table.source == basis.source) & (name.split(":")[0] == basis.stem))


def series(
    shelf: Shelf, code: str, indicator: str, kind: str = "quarter", rolled: bool = False
) -> tuple[Point, ...]:
    """Return the values of one place, oldest first, on the first basis that has some."""
    rows = _of_places(shelf, (code,), _together(indicator))
    return _on_one_basis(rows, bases(shelf, indicator), indicator, kind, rolled)


def series_of(shelf: Shelf, codes: tuple[str, ...], indicator: str) -> dict[str, tuple[Point, ...]]:
    """Return the quarters of several places, with one question to the store."""
    rows = _of_places(shelf, codes, (indicator,))
    known = bases(shelf, indicator)
    return {
        code: _on_one_basis(
            [row for row in rows if row["place_code"] == code], known, indicator, "quarter", False
        )
        for code in codes
    }


def of_indicators(shelf: Shelf, code: str, indicators: Iterable[str]) -> dict[str, tuple[Point, ...]]:
    """Return the quarters of several indicators of a place, with two questions to the store whatever their number."""
    wanted = tuple(sorted(indicators))
    known = bases_of(shelf, wanted)
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in _of_places(shelf, (code,), wanted):
        rows.setdefault(row["indicator"], []).append(row)
    return {
        one: _on_one_basis(rows.get(one, []), known.get(one, ()), one, "quarter", False) for one in wanted
    }


def _on_one_basis(
    rows: list[dict[str, Any]], known: tuple[Basis, ...], indicator: str, kind: str, rolled: bool
) -> tuple[Point, ...]:
    for basis in known:
        chosen = [
            row
            for row in rows
            if row["indicator"] == indicator
            and row["period_type"] == kind
            and (ROLLED in (row["denominator_name"] or "")) == rolled
            and (row["source"], (row["denominator_name"] or "").split(":")[0]) == (basis.source, basis.stem)
        ]
        if chosen:
            return tuple(_point(row, rolled) for row in _one_tree(chosen))
    return ()


def _together(indicator: str) -> tuple[str, ...]:
    """Return the indicators that pages ask for at once, so that one question answers them all."""
    return SHOWN_TOGETHER if indicator in SHOWN_TOGETHER else (indicator,)


@shared(INDICATOR_VALUES, about=lambda codes, *_: codes)
def _of_places(shelf: Shelf, codes: tuple[str, ...], indicators: tuple[str, ...]) -> list[dict[str, Any]]:
    if not shelf.sees(INDICATOR_VALUES):
        return []
    table = shelf.table(INDICATOR_VALUES)
    table = table.filter(
        table.place_code.isin(list(codes))
        & table.indicator.isin(list(indicators))
        & ~table.adjusted
        & ~table.cumulative
    )
    return shelf.rows(table.order_by("period_start"))


def at(
    shelf: Shelf, codes: tuple[str, ...], indicator: str, period: str, rolled: bool = False
) -> dict[str, Point]:
    """Return the values of several places in one period, on the chosen basis."""
    chosen = bases(shelf, indicator)
    found = _everywhere(shelf, indicator, period, rolled, chosen[0]) if chosen else {}
    return {code: found[code] for code in codes if code in found}


@by_place(INDICATOR_VALUES)
def _everywhere(shelf: Shelf, indicator: str, period: str, rolled: bool, basis: Basis) -> dict[str, Point]:
    table = _values(shelf, indicator, Period.parse(period).type.value, rolled=rolled)
    rows = shelf.rows(_of(table.filter(table.period == period), basis).order_by("place_code"))
    return {row["place_code"]: _point(row, rolled) for row in _one_tree(rows)}


def _one_tree(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with one per place and period: that of the health tree where both trees have one."""
    chosen: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["place_code"], row["period"])
        if key not in chosen or row["tree"] == "health":
            chosen[key] = row
    return list(chosen.values())


def _point(row: dict[str, Any], rolled: bool) -> Point:
    wanted = ("place_code", "period", "numerator", "denominator", "value", "completeness", "caveat")
    return Point(
        **{name: row[name] for name in wanted}, provisional=bool(row["provisional"]), rolled=rolled,
        source=row["source"], out_of=row["denominator_name"] or "",
    )  # fmt: skip


@shared(INDICATOR_VALUES, about=no_place)
def periods(shelf: Shelf, indicator: str = "dtp1_coverage", kind: str = "quarter") -> tuple[str, ...]:
    """Return the periods for which an indicator has values, newest first; none to whom they are closed."""
    if not shelf.sees(INDICATOR_VALUES):
        return ()
    table = _values(shelf, indicator, kind)
    found = shelf.arrow(table.select("period").distinct()).column(0).to_pylist()
    return tuple(sorted(found, key=lambda code: Period.parse(code).start, reverse=True))


@shared(INDICATOR_VALUES, PLACES, PLACE_PARENTS, about=no_place)
def last_complete(shelf: Shelf, indicator: str = "dtp1_coverage", kind: str = "quarter") -> str | None:
    """Return the newest period whose reports are in: for the country, or where it has no values, for most places.

    Where every period is provisional, the newest one.
    """
    if not shelf.sees(INDICATOR_VALUES):
        return None
    root = places.tree(shelf).root()
    points = [p for p in series(shelf, root.code, indicator, kind) if p.value is not None] if root else []
    if points:
        return next((p.period for p in reversed(points) if not p.provisional), points[-1].period)
    table = _values(shelf, indicator, kind)
    by_period = (
        table.filter(table.value.notnull())
        .group_by("period", "period_start")
        .agg(open=lambda t: t.provisional.cast("int8").mean())
    )
    rows = shelf.rows(by_period.order_by(ibis.desc("period_start")))
    return next((row["period"] for row in rows if row["open"] < 0.5), rows[0]["period"] if rows else None)


def months_of(shelf: Shelf, code: str, indicator: str, year: int) -> tuple[Point, ...]:
    """Return the months of one year of a place, oldest first."""
    points = series(shelf, code, indicator, "month")
    return tuple(point for point in points if Period.parse(point.period).year == year)


def published(shelf: Shelf, code: str, indicator: str) -> list[dict[str, Any]]:
    """Return the coverage that others published for a place: by category, survey and year."""
    return [row for row in _published(shelf, indicator) if row["place_code"] == code]


@shared(COVERAGE_SERIES)
def _published(shelf: Shelf, indicator: str) -> list[dict[str, Any]]:
    table = shelf.table(COVERAGE_SERIES)
    chosen = table.filter(table.indicator == indicator)
    kept = (
        "place_code",
        "period",
        "period_start",
        "category",
        "coverage",
        "survey_title",
        "evidence",
        "validity",
        "source",
    )
    return shelf.rows(chosen.select(*kept).order_by("period_start", "category", "evidence"))
