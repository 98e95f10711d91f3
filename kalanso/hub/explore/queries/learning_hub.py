"""Which places does the Learning Hub study, and what did they report?

Eight health areas of four districts, one district per typology, from Q4 2022 to Q4 2024. They are
found by name in the tree of places, since codes differ from store to store.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kalanso.figures import Denominator, interpret
from kalanso.hub.explore.queries import places, series
from kalanso.hub.explore.queries.places import Place, Tree, folded
from kalanso.hub.explore.queries.series import Basis, Point
from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.vocabulary import Level, Message, Period

FIRST, LAST = Period.parse("2022Q4"), Period.parse("2024Q4")
INDICATOR = "dtp1_coverage"


@dataclass(frozen=True)
class Area:
    """One sub-district of the study: its district, the typology that it stands for, its spellings."""

    district: str
    typology: str
    names: tuple[str, ...]


STUDY = (
    Area("Ségou", "urban_peri_urban", ("Pelengana Nord",)),
    Area("Ségou", "urban_peri_urban", ("Cinzana Gare",)),
    Area("Yorosso", "conflict_affected", ("Boura",)),
    Area("Yorosso", "conflict_affected", ("Karangana",)),
    # The reports of the study name it once Bougouni Est and once Bougouni Ouest.
    Area("Bougouni", "special_populations", ("Bougouni Est", "Bougouni Ouest")),
    Area("Bougouni", "special_populations", ("Kologo",)),
    Area("Niono", "remote_rural", ("Niono Central",)),
    Area("Niono", "remote_rural", ("Ndébougou", "N'Débougou")),
)


@dataclass(frozen=True)
class Studied:
    """One sub-district with its series in the study's quarters and what the series says."""

    area: Area
    place: Place | None
    points: tuple[Point, ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Study:
    """All sub-districts, and whose numbers they are."""

    areas: tuple[Studied, ...]
    basis: Basis | None

    @property
    def found(self) -> tuple[Studied, ...]:
        """Those that stand in the store with numbers."""
        return tuple(area for area in self.areas if area.points)

    @property
    def missing(self) -> tuple[Studied, ...]:
        """Those that do not."""
        return tuple(area for area in self.areas if not area.points)


@remembered
def study(shelf: Shelf) -> Study:
    """Return the study as the store knows it."""
    known = places.tree(shelf)
    basis = next(iter(series.bases(shelf, INDICATOR)), None)
    found = [(area, _find(known, area)) for area in STUDY]
    points = series.series_of(shelf, tuple(place.code for _, place in found if place), INDICATOR)
    areas = (_studied(area, place, points[place.code] if place else (), basis) for area, place in found)
    return Study(tuple(areas), basis)


def _studied(area: Area, place: Place | None, points: tuple[Point, ...], basis: Basis | None) -> Studied:
    inside = tuple(p for p in points if FIRST <= Period.parse(p.period) <= LAST)
    population = Denominator(name=basis.population) if basis and basis.population else None
    rows = [{"period": p.period, "value": p.value, "provisional": p.provisional} for p in inside]
    messages = interpret(pd.DataFrame(rows), denominator=population) if rows else []
    return Studied(area, place, inside, tuple(messages))


def _find(known: Tree, area: Area) -> Place | None:
    names = {folded(name) for name in area.names}
    for place in sorted(known.places.values(), key=lambda p: p.code):
        if place.level == Level.HEALTH_AREA and folded(place.name) in names:
            above = {folded(p.name) for p in known.above(place.code)}
            if folded(area.district) in above:
                return place
    return None
