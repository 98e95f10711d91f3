"""From which places can a round draw its clusters, and with which published numbers of children?

Reads published tables as the reader of this moment, through `visible` alone: places under a flag are not in the frame of
somebody who may not see them as they are, and are named as left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.queries import here
from kalanso.hub.people.queries.places import country_pack
from kalanso.hub.studies.models import Round
from kalanso.hub.studies.queries.rounds import language
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.store import Store, visible

UNIT = "health_area"
# Numbers by which clusters are drawn, the nearest to the children of a survey first.
SIZES = (
    "surviving_infants",
    "live_births",
    "population_under_1",
    "births",
    "population_under_5",
    "population_total",
)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One published number by which places may be drawn: what it counts, who says so, of which year, and of how many places."""

    indicator: str
    source: str
    year: str
    places: int
    of: int

    @property
    def key(self) -> str:
        """What the form sends."""
        return "|".join((self.indicator, self.source, self.year))

    @property
    def name(self) -> str:
        """What it counts, in words."""
        return str(country_pack().indicators[self.indicator].name[language()])


def units_of(one: Round) -> list[PlaceMirror]:
    """Return the health areas of which a round speaks."""
    inside = PlaceMirror.objects.filter(level=UNIT)
    if one.place_code:
        above = PlaceMirror.objects.filter(code=one.place_code).first()
        inside = inside.filter(path__startswith=above.path) if above is not None else inside.none()
    return list(inside)


def below(codes: Sequence[str]) -> list[str]:
    """Return places with all that lie in them: a sample may name areas where somebody named their district."""
    paths = [one.path for one in PlaceMirror.objects.filter(code__in=codes)]
    inside = Q(code__in=codes)
    for path in paths:
        inside |= Q(path__startswith=path)
    return sorted({*codes, *PlaceMirror.objects.filter(inside).values_list("code", flat=True)})


def measures(one: Round) -> list[Measure]:
    """Return the published numbers by which the areas of a round may be drawn: of each its newest year, the fullest first."""
    codes = {unit.code for unit in units_of(one)}
    counted: dict[tuple[str, str, str], int] = {}
    for row in _populations(codes):
        key = (row["indicator"], row["source"], row["period"])
        counted[key] = counted.get(key, 0) + 1
    newest: dict[tuple[str, str], str] = {}
    for indicator, source, year in counted:
        newest[indicator, source] = max(year, newest.get((indicator, source), ""))
    found = [
        Measure(indicator=indicator, source=source, year=year, places=counted[indicator, source, year], of=len(codes))
        for (indicator, source), year in newest.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.places, SIZES.index(one.indicator), one.source))


def told(key: str) -> str:
    """Return a measure in words: what it counts, of which year, by which source."""
    indicator, source, year = [*key.split("|"), "", ""][:3]
    if indicator not in SIZES:
        return key
    return f"{Measure(indicator=indicator, source=source, year=year, places=0, of=0).name}, {year} ({source})"


def rows(one: Round, key: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the areas of a round with their number of children by a measure, and those that have none."""
    units = {unit.code: unit for unit in units_of(one)}
    size = {
        row["place_code"]: float(row["value"])
        for row in _populations(set(units))
        if "|".join((row["indicator"], row["source"], row["period"])) == key and row["value"] > 0
    }
    above = _above(list(units.values()))
    inside = [
        {"unit_code": code, "name": unit.name, "place_code": code, "children": size[code], **above[code]}
        for code, unit in units.items()
        if code in size
    ]
    outside = [{"unit_code": code, "name": unit.name} for code, unit in units.items() if code not in size]
    return inside, outside


def _above(units: list[PlaceMirror]) -> dict[str, dict[str, str]]:
    """Return region and district of each place, by its path."""
    codes = {code for unit in units for code in unit.path.split("/") if code}
    known = {
        one.code: one for one in PlaceMirror.objects.filter(code__in=codes, level__in=("region", "district"))
    }
    found = {}
    for unit in units:
        way = [known[code] for code in unit.path.split("/") if code in known]
        found[unit.code] = {one.level: one.code for one in way} | {
            f"{one.level}_name": one.name for one in way
        }
    return found


def _populations(codes: set[str]) -> list[dict[str, Any]]:
    """Return what sources state of these places: a number a year."""
    if not codes or settings.KALANSO_STORE is None:
        return []
    store = Store.open(settings.KALANSO_STORE, memory=settings.KALANSO_MEMORY, threads=1)
    try:
        if store.latest(OBSERVATIONS.name) is None:
            return []
        table = visible(store, OBSERVATIONS, here.scope(), today=datetime.now(UTC).date())
        kept = table.filter(
            table.place_code.isin(sorted(codes))
            & table.indicator.isin(list(SIZES))
            & (table.period_type == "year")
            & table.value.notnull()
            & (table.sex == "all")
            & (table.sector == "all")
        )
        found: list[dict[str, Any]] = (
            kept.select("place_code", "indicator", "source", "period", "value").to_pyarrow().to_pylist()
        )
        return found
    finally:
        if store._engine is not None:
            store.engine.backend.disconnect()
