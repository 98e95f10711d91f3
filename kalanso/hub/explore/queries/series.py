"""What does an indicator say for a place, over time and among its neighbours?

Reads `indicator_values` and `coverage_series`. Where several sources or denominators speak, one
is chosen by a stated rule and the others stay in the table. Nothing is estimated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.indicators.tables import COVERAGE_SERIES, INDICATOR_VALUES
from kalanso.vocabulary import Level, Period

ROLLED = 4  # quarters: a community health centre has only tens of births in one
ROLLED_LEVELS = (Level.HEALTH_AREA, Level.FACILITY)


@dataclass(frozen=True)
class Basis:
    """Whose numerator, out of which population: numbers of two bases are never mixed."""

    source: str
    denominator_name: str | None


@dataclass(frozen=True)
class Point:
    """One value of a series; `rolled` says over how many periods it was summed."""

    place_code: str
    period: str
    numerator: float | None
    denominator: float | None
    value: float | None
    completeness: float | None
    provisional: bool
    caveat: str | None
    rolled: int = 1


def _plain(table: ir.Table) -> ir.Table:
    return table.filter(~table.adjusted & ~table.cumulative)


def _values(shelf: Shelf, indicator: str, kind: str) -> ir.Table:
    table = _plain(shelf.table(INDICATOR_VALUES))
    return table.filter((table.indicator == indicator) & (table.period_type == kind))


@remembered
def bases(shelf: Shelf, indicator: str) -> tuple[Basis, ...]:
    """Return whose numbers exist for an indicator, the one that covers most places and periods first."""
    table = shelf.table(INDICATOR_VALUES)
    table = table.filter((table.indicator == indicator) & table.value.notnull())
    counted = table.group_by("source", "denominator_name").agg(rows=lambda t: t.count())
    rows = sorted(shelf.rows(counted), key=lambda r: (-r["rows"], r["source"], r["denominator_name"] or ""))
    return tuple(Basis(row["source"], row["denominator_name"]) for row in rows)


def _of(table: ir.Table, basis: Basis) -> ir.Table:
    table = table.filter(table.source == basis.source)
    if basis.denominator_name is None:
        return table.filter(table.denominator_name.isnull())
    return table.filter(table.denominator_name == basis.denominator_name)


@remembered
def series(shelf: Shelf, code: str, indicator: str, kind: str = "quarter") -> tuple[Point, ...]:
    """Return the values of one place, oldest first, on the chosen basis."""
    chosen = bases(shelf, indicator)
    if not chosen:
        return ()
    table = _values(shelf, indicator, kind)
    for basis in chosen:
        rows = shelf.rows(_of(table.filter(table.place_code == code), basis).order_by("period_start"))
        if rows:
            return tuple(_point(row) for row in rows)
    return ()


@remembered
def at(shelf: Shelf, codes: tuple[str, ...], indicator: str, period: str) -> dict[str, Point]:
    """Return the values of several places in one period, on the chosen basis."""
    chosen = bases(shelf, indicator)
    if not chosen or not codes:
        return {}
    kind = Period.parse(period).type.value
    table = _values(shelf, indicator, kind)
    table = _of(table.filter(table.period == period), chosen[0])
    rows = shelf.rows(table.filter(table.place_code.isin(list(codes))))
    return {row["place_code"]: _point(row) for row in rows}


def _point(row: dict[str, Any]) -> Point:
    wanted = ("place_code", "period", "numerator", "denominator", "value", "completeness", "caveat")
    return Point(**{name: row[name] for name in wanted}, provisional=bool(row["provisional"]))


def rolling(points: tuple[Point, ...], over: int = ROLLED) -> tuple[Point, ...]:
    """Return shares over the last `over` periods, ending at each; windows with a gap are left out."""
    found = []
    for last in range(over - 1, len(points)):
        window = points[last - over + 1 : last + 1]
        whole = Period.parse(window[-1].period) - Period.parse(window[0].period) == over - 1
        if whole and all(p.numerator is not None and p.denominator for p in window):
            doses = sum(p.numerator or 0 for p in window)
            target = sum(p.denominator or 0 for p in window)
            found.append(
                Point(
                    place_code=window[-1].place_code,
                    period=window[-1].period,
                    numerator=doses,
                    denominator=target,
                    value=doses / target,
                    completeness=_mean([p.completeness for p in window]),
                    provisional=any(p.provisional for p in window),
                    caveat=next((p.caveat for p in reversed(window) if p.caveat), None),
                    rolled=over,
                )
            )
    return tuple(found)


def _mean(shares: list[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else None


@remembered
def periods(shelf: Shelf, indicator: str = "dtp1_coverage", kind: str = "quarter") -> tuple[str, ...]:
    """Return the periods for which an indicator has values, newest first."""
    table = _values(shelf, indicator, kind)
    found = shelf.arrow(table.select("period").distinct()).column(0).to_pylist()
    return tuple(sorted(found, key=lambda code: Period.parse(code).start, reverse=True))


@remembered
def last_complete(shelf: Shelf, indicator: str = "dtp1_coverage", kind: str = "quarter") -> str | None:
    """Return the newest period that is not provisional, or the newest one where all are."""
    table = _values(shelf, indicator, kind)
    firm = table.filter(~table.provisional & table.value.notnull())
    for question in (firm, table.filter(table.value.notnull())):
        newest = question.order_by(question.period_start.desc()).limit(1).select("period")
        if rows := shelf.rows(newest):
            return str(rows[0]["period"])
    return None


@remembered
def wall_chart(shelf: Shelf, code: str, year: int) -> tuple[dict[str, Any], ...]:
    """Return monthly counts of first and third doses of one year with their target, oldest first."""
    table = _plain(shelf.table(INDICATOR_VALUES))
    wanted = table.filter(
        (table.place_code == code)
        & table.indicator.isin(["dtp1_coverage", "dtp3_coverage"])
        & (table.period_type == "month")
        & (table.period_start.year() == year)
    )
    chosen = bases(shelf, "dtp1_coverage")
    if not chosen:
        return ()
    rows = shelf.rows(_of(wanted, chosen[0]).order_by("period_start", "indicator"))
    return tuple(rows)


@remembered
def published(shelf: Shelf, code: str, indicator: str) -> tuple[dict[str, Any], ...]:
    """Return the coverage that others published for a place: by category, survey and year."""
    table = shelf.table(COVERAGE_SERIES)
    chosen = table.filter((table.place_code == code) & (table.indicator == indicator))
    kept = (
        "period",
        "period_start",
        "category",
        "coverage",
        "survey_title",
        "evidence",
        "validity",
        "source",
        "children",
    )
    return tuple(shelf.rows(chosen.select(*kept).order_by("period_start", "category", "evidence")))
