"""What is known, month after month, of the ground on which services stand: facilities by status, displaced people, incidents?

Counts of a district and month, never finer: a health area or facility is shown its district. Read through the reader's scope, so that
what a flag holds back is held back here too. Of several sources the one that tells most counts, since the same facts stand in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf, shared
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.vocabulary import Level, Period

MONTHS = 12
FACTS: Mapping[str, tuple[str, ...]] = {
    "facilities": (
        "facilities_functional", "facilities_partly_functional", "facilities_closed", "facilities_destroyed",
    ),
    "people": ("displaced_persons", "returned_persons"),
    "incidents": ("security_incidents",),
}  # fmt: skip
SHUT = ("facilities_closed", "facilities_destroyed")
_COARSE = {Level.FACILITY, Level.HEALTH_AREA}


@dataclass(frozen=True, kw_only=True)
class Known:
    """One kind of fact of a place, month by month, oldest first.

    `told` of `districts` districts are added up; 0 where the place states its own numbers.
    """

    kind: str
    place: Place
    months: tuple[tuple[str, Mapping[str, float]], ...]
    source: str
    licence: str
    imported: str
    told: int
    districts: int

    @property
    def newest(self) -> str:
        """The newest month that is known."""
        return self.months[-1][0]

    def value(self, *indicators: str, back: int = 0) -> float | None:
        """Return the sum of some indicators in the newest month, or so many told months before; None where none is told."""
        if back >= len(self.months):
            return None
        told = [value for name, value in self.months[-1 - back][1].items() if name in indicators]
        return sum(told) if told else None

    @property
    def total(self) -> float:
        """All that is counted in the newest month."""
        return sum(self.months[-1][1].values())

    @property
    def year(self) -> float:
        """The sum of all months that are shown."""
        return sum(sum(told.values()) for _month, told in self.months)


@shared(OBSERVATIONS, PLACES, PLACE_PARENTS)
def known(shelf: Shelf, code: str) -> tuple[Known, ...]:
    """Return what is known of a place, of its district where it is finer, or of the districts inside it."""
    if not shelf.sees(OBSERVATIONS) or shelf.manifest(OBSERVATIONS) is None:
        return ()
    tree = places.tree(shelf)
    if code not in tree.places:
        return ()
    this = tree.places[code]
    if this.level in _COARSE:
        district = next((one for one in tree.above(code) if one.level == Level.DISTRICT), None)
        if district is None:
            return ()
        this = district
    inside = places.below(shelf, this.code)
    districts = {one for one in inside if tree.places[one].level == Level.DISTRICT} | {this.code}
    told = _told(shelf, districts)
    found = (_fact(shelf, kind, this, districts, told) for kind in FACTS)
    return tuple(one for one in found if one is not None)


def _told(shelf: Shelf, districts: set[str]) -> list[dict[str, Any]]:
    """Return what districts tell of all facts, by month and source."""
    table = shelf.table(OBSERVATIONS)
    names = [name for indicators in FACTS.values() for name in indicators]
    wanted = table.filter(
        table.indicator.isin(names) & table.place_code.isin(sorted(districts)) & table.value.notnull()
        & (table.period_type == "month") & (table.age_band == "all") & (table.sex == "all")
    )  # fmt: skip
    return shelf.rows(wanted.select("source", "place_code", "period", "indicator", "value"))


def _fact(
    shelf: Shelf, kind: str, this: Place, districts: set[str], told: list[dict[str, Any]]
) -> Known | None:
    rows = [row for row in told if row["indicator"] in FACTS[kind]]
    if not rows:
        return None
    sources = [row["source"] for row in rows]
    source = max(sorted(set(sources)), key=sources.count)
    rows = [row for row in rows if row["source"] == source]
    own = [row for row in rows if row["place_code"] == this.code]
    rows = own or rows
    # Only districts that tell the newest month: with others the sum would move because places come and go.
    newest = max(row["period"] for row in rows)
    telling = {row["place_code"] for row in rows if row["period"] == newest}
    since = (Period.parse(newest) + -(MONTHS - 1)).code
    months: dict[str, dict[str, float]] = {}
    whole: dict[str, set[str]] = {}
    for row in rows:
        if row["place_code"] in telling and row["period"] >= since:
            of_month = months.setdefault(row["period"], {})
            of_month[row["indicator"]] = of_month.get(row["indicator"], 0.0) + row["value"]
            whole.setdefault(row["period"], set()).add(row["place_code"])
    complete = {month: counts for month, counts in months.items() if whole[month] == telling}
    licence, imported = _origin(shelf, source)
    return Known(
        kind=kind, place=this, months=tuple(sorted(complete.items())), source=source, licence=licence, imported=imported,
        told=0 if own else len(telling), districts=0 if own else len(districts - {this.code}),
    )  # fmt: skip


def _origin(shelf: Shelf, source: str) -> tuple[str, str]:
    """Return the licence under which a source was brought last, and on which day (ISO)."""
    for manifest in shelf.store.history(OBSERVATIONS.name)[::-1]:
        inputs = manifest.provenance.inputs
        if source in manifest.provenance.sources:
            return ", ".join(sorted({one.licence for one in inputs if one.licence})), manifest.created_at[:10]
    manifest = shelf.manifest(OBSERVATIONS)
    return "", manifest.created_at[:10] if manifest else ""
