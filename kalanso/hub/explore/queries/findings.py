"""What did the checks find doubtful, where and how much?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.shelf import Shelf, shared
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.quality.tables import QUALITY_FINDINGS, SEVERITIES
from kalanso.vocabulary import PeriodType

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


@shared(QUALITY_FINDINGS, PLACES, PLACE_PARENTS)
def by_check(shelf: Shelf, wanted: Wanted) -> list[dict[str, Any]]:
    """Return how many findings each check brought, by severity, the most serious first."""
    if not shelf.sees(QUALITY_FINDINGS):
        return []
    table = _chosen(shelf, wanted)
    counted = table.group_by("check").agg(
        findings=lambda t: t.count(),
        places=lambda t: t.place_code.nunique(),
        **{name: _counter(name) for name in SEVERITIES},
    )
    return sorted(shelf.rows(counted), key=lambda r: (-r["serious"], -r["attention"], r["check"]))


def _counter(severity: str) -> Any:
    return lambda table: (table.severity == severity).sum().fill_null(0)


def total(shelf: Shelf, wanted: Wanted) -> int:
    """Return how many findings were chosen."""
    inside = places.below(shelf, wanted.place) if wanted.place else None
    counted = _counted(shelf, wanted.check, wanted.severity, wanted.period)
    return sum(n for code, n in counted.items() if inside is None or code in inside)


def total_here(shelf: Shelf, wanted: Wanted) -> int:
    """Return how many of them are about the chosen place itself, not about those below it."""
    return _counted(shelf, wanted.check, wanted.severity, wanted.period).get(wanted.place, 0)


@shared(QUALITY_FINDINGS, PLACES, PLACE_PARENTS)
def _counted(shelf: Shelf, check: str, severity: str, period: str) -> dict[str, int]:
    if not shelf.sees(QUALITY_FINDINGS):
        return {}
    table = _chosen(shelf, Wanted(check=check, severity=severity, period=period))
    rows = shelf.rows(table.group_by("place_code").agg(findings=lambda t: t.count()).order_by("place_code"))
    return {row["place_code"]: row["findings"] for row in rows}


@shared(QUALITY_FINDINGS, PLACES, PLACE_PARENTS)
def listed(shelf: Shelf, wanted: Wanted, number: int = 1, size: int = SHOWN) -> list[dict[str, Any]]:
    """Return one page of findings, the most serious and most recent first."""
    if not shelf.sees(QUALITY_FINDINGS):
        return []
    table = _chosen(shelf, wanted)
    weight = ibis.cases((table.severity == "serious", 0), (table.severity == "attention", 1), else_=2)
    ordered = table.mutate(weight=weight).order_by(
        "weight", ibis.desc("period_start"), "check", "place_code", "indicator", "message"
    )
    return shelf.rows(ordered.limit(size, offset=(max(number, 1) - 1) * size))


@shared(QUALITY_FINDINGS, about=lambda code: (code,))
def right_here(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return the findings about one place itself, not those below it, the gravest and newest first."""
    if not shelf.sees(QUALITY_FINDINGS):
        return []
    table = _table(shelf)
    ordered = table.filter(table.place_code == code).order_by(ibis.desc("period_start"), "check", "indicator")
    gravity = {name: place for place, name in enumerate(reversed(SEVERITIES))}
    return sorted(shelf.rows(ordered), key=lambda row: gravity[row["severity"]])


def marks(shelf: Shelf, code: str, indicators: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (check, period) of the findings of a place about some indicators."""
    rows = right_here(shelf, code)
    return sorted({(row["check"], row["period"]) for row in rows if row["indicator"] in indicators})


@shared(QUALITY_FINDINGS, PLACES, PLACE_PARENTS)
def grid(shelf: Shelf, codes: tuple[str, ...], wanted: Wanted) -> list[dict[str, Any]]:
    """Return the number of findings by month for each of some places, all below them included.

    `monthly` is false for findings of a quarter or a year, which are no findings of its first month.
    """
    known = {member: code for code in codes for member in places.below(shelf, code)}
    if not known:
        return []
    belongs = shelf.store.engine.rows(_membership(known))
    table = _chosen(shelf, Wanted(check=wanted.check, severity=wanted.severity))
    joined = table.inner_join(belongs, "place_code")
    month = joined.period_start.strftime("%Y%m")
    told = joined.mutate(month=month, monthly=joined.period_type == PeriodType.MONTH.value)
    counted = told.group_by("group_code", "month", "monthly").agg(findings=lambda t: t.count())
    return shelf.rows(counted.order_by("group_code", "month", "monthly"))


def longer(shelf: Shelf, codes: tuple[str, ...], wanted: Wanted) -> int:
    """Return how many findings about some places and all below them speak of no month but of a quarter, a year or another period."""
    return sum(row["findings"] for row in grid(shelf, codes, wanted) if not row["monthly"])


def _membership(known: dict[str, str]) -> Any:
    import pyarrow as pa

    return pa.table({"place_code": list(known), "group_code": list(known.values())})
