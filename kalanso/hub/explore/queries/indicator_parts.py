"""What does one indicator say in the parts of a place, and by the contexts in which its districts live?

Numerators and denominators are added, never shares. Estimates are not added here: their draws are not published, and the
ends of intervals cannot be added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kalanso.definitions.indicators import IndicatorDefinition
from kalanso.hub.explore.queries import framework as of_tables
from kalanso.hub.explore.queries import places, series
from kalanso.hub.explore.queries.indicator_rows import Asked, report_days
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.grants.queries import framework as of_grants
from kalanso.hub.portfolio.queries import contexts
from kalanso.hub.portfolio.queries import framework as of_portfolio
from kalanso.indicators.measures import REPORTED, About, Measure, absent, added


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a place, or the districts of a context there, with its measure; `districts` are how many it holds."""

    code: str
    name: str
    measure: Measure
    districts: int = 0


def by_place(asked: Asked, key: str, unit: str) -> list[Part]:
    """Return the measure of each region or district right below a place, in the order of their names."""
    known = places.tree(asked.here)
    below = [one for one in known.children(asked.place.code) if one.level in ("region", "district")]
    one = of_grants.pack_indicators().get(key)
    if one is not None and one.kind not in ("later", *of_tables.OF_MANY_DISTRICTS):
        found = of_tables.of_districts(asked.here, [place.code for place in below], one, asked.quarter)
    elif one is not None and one.kind in of_tables.OF_MANY_DISTRICTS:
        found = {
            place.code: of_tables.reported(
                asked.here,
                place,
                one,
                [asked.quarter],
                series.of_indicators(asked.here, place.code, [one.code]),
            )[0]
            for place in below
            if place.level == "region"
        }
    elif _is_recorded(key):
        found = _recorded(asked, key, unit, {place.code: _districts(asked, place) for place in below})
    else:
        found = {}
    return [
        Part(code=place.code, name=place.name, measure=found[place.code])
        for place in below
        if place.code in found
    ]


def by_context(asked: Asked, key: str, unit: str) -> list[Part]:
    """Return the measure of the districts of each context within a place; contexts overlap, and are never added up."""
    inside, lived = _districts(asked, asked.place), contexts.of_districts()
    groups = {
        name: frozenset(code for code in inside if name in lived.get(code, ())) for name in contexts.names()
    }
    groups = {name: codes for name, codes in groups.items() if codes}
    one = of_grants.pack_indicators().get(key)
    if one is not None and one.kind not in ("later", *of_tables.OF_MANY_DISTRICTS):
        said = of_tables.of_districts(asked.here, sorted(inside), one, asked.quarter)
        found = {
            name: _together(asked, one, name, [said[code] for code in sorted(codes)])
            for name, codes in groups.items()
        }
    elif _is_recorded(key):
        found = _recorded(asked, key, unit, groups)
    else:
        found = {}
    return [Part(code=name, name=name, measure=found[name], districts=len(codes)) for name, codes in groups.items() if name in found]  # fmt: skip


def _together(asked: Asked, one: IndicatorDefinition, context: str, rows: Iterable[Measure]) -> Measure:
    rows = list(rows)
    about = About(
        code=one.code, place_code=asked.place.code, period=asked.quarter, basis=REPORTED, unit=one.unit, group=context,
        source=next((row.source for row in rows if row.source), ""), snapshot=next((row.snapshot for row in rows), ""),
    )  # fmt: skip
    if len({row.source for row in rows if row.known}) > 1:
        return absent(about, "no_value", left_out=len(rows))
    return added(about, rows)


def _is_recorded(key: str) -> bool:
    return key in of_portfolio.WHOLES or key in of_portfolio.RECORDS or key.startswith("own-")


def _recorded(asked: Asked, key: str, unit: str, groups: dict[str, frozenset[str]]) -> dict[str, Measure]:
    ground = of_portfolio.ground(asked.person, asked.place.code, [asked.quarter])
    counted, own = of_grants.counted(), {key: unit} if key.startswith("own-") else {}
    return {
        name: of_portfolio.measures(
            ground, asked.place.code, [asked.quarter], counted, today=asked.today, report_days=report_days(), own=own, among=codes, group=name
        )[key][0]
        for name, codes in groups.items()
    }  # fmt: skip


def _districts(asked: Asked, place: Place) -> frozenset[str]:
    known = places.tree(asked.here).places
    return frozenset(
        code
        for code in places.below(asked.here, place.code)
        if code in known and known[code].level == "district"
    )
