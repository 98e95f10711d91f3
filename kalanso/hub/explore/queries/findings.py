"""What did the checks find doubtful, where and how much?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.quality.tables import QUALITY_FINDINGS, SEVERITIES

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which findings: by check, severity, place with all below it, period."""

    check: str = ""
    severity: str = ""
    place: str = ""
    period: str = ""


def _table(shelf: Shelf) -> ir.Table:
    return shelf.table(QUALITY_FINDINGS)


def _chosen(shelf: Shelf, wanted: Wanted) -> ir.Table:
    table = _table(shelf)
    for column in ("check", "severity", "period"):
        if value := getattr(wanted, column):
            table = table.filter(table[column] == value)
    if wanted.place:
        table = table.filter(table.place_code.isin(sorted(places.below(shelf, wanted.place))))
    return table


@remembered
def by_check(shelf: Shelf, wanted: Wanted) -> list[dict[str, Any]]:
    """Return how many findings each check brought, by severity, the most serious first."""
    table = _chosen(shelf, wanted)
    counted = table.group_by("check").agg(
        findings=lambda t: t.count(),
        places=lambda t: t.place_code.nunique(),
        **{name: _counter(name) for name in SEVERITIES},
    )
    return sorted(shelf.rows(counted), key=lambda r: (-r["serious"], -r["attention"], r["check"]))


def _counter(severity: str) -> Any:
    return lambda table: (table.severity == severity).sum().fill_null(0)


@remembered
def total(shelf: Shelf, wanted: Wanted) -> int:
    """Return how many findings were chosen."""
    return int(shelf.value(_chosen(shelf, wanted).count()))


@remembered
def listed(shelf: Shelf, wanted: Wanted, number: int = 1, size: int = SHOWN) -> list[dict[str, Any]]:
    """Return one page of findings, the most serious and most recent first."""
    table = _chosen(shelf, wanted)
    weight = ibis.cases((table.severity == "serious", 0), (table.severity == "attention", 1), else_=2)
    ordered = table.mutate(weight=weight).order_by(
        "weight", ibis.desc("period_start"), "check", "place_code", "indicator", "message"
    )
    return shelf.rows(ordered.limit(size, offset=(max(number, 1) - 1) * size))


@remembered
def right_here(shelf: Shelf, code: str, size: int = 8) -> list[dict[str, Any]]:
    """Return the gravest recent findings about one place itself, not those below it."""
    table = _table(shelf)
    return listed_of(shelf, table.filter(table.place_code == code), size)


def listed_of(shelf: Shelf, table: ir.Table, size: int) -> list[dict[str, Any]]:
    """Return the gravest recent rows of some findings."""
    weight = ibis.cases((table.severity == "serious", 0), (table.severity == "attention", 1), else_=2)
    ordered = table.mutate(weight=weight).order_by(
        "weight", ibis.desc("period_start"), "check", "indicator", "message"
    )
    return shelf.rows(ordered.limit(size))


@remembered
def marks(shelf: Shelf, code: str, indicators: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return which periods of a place carry a finding about these indicators, and how grave."""
    table = _table(shelf)
    chosen = table.filter((table.place_code == code) & table.indicator.isin(list(indicators)))
    return shelf.rows(chosen.select("period", "check", "severity", "indicator").order_by("period", "check"))


@remembered
def grid(shelf: Shelf, codes: tuple[str, ...], wanted: Wanted) -> list[dict[str, Any]]:
    """Return the number of findings by month for each of some places, all below them included."""
    known = {member: code for code in codes for member in places.below(shelf, code)}
    if not known:
        return []
    belongs = shelf.store.engine.rows(_membership(known))
    table = _chosen(shelf, Wanted(check=wanted.check, severity=wanted.severity))
    joined = table.inner_join(belongs, "place_code")
    month = joined.period_start.strftime("%Y%m")
    counted = joined.mutate(month=month).group_by("group_code", "month").agg(findings=lambda t: t.count())
    return shelf.rows(counted.order_by("group_code", "month"))


def _membership(known: dict[str, str]) -> Any:
    import pyarrow as pa

    return pa.table({"place_code": list(known), "group_code": list(known.values())})
