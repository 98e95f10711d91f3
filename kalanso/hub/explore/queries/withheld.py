"""How many places are not shown to this reader because they lie under a security flag?

A page that leaves places out must not speak as if it knew all of them. Which places there are is public (the
tree); that some are withheld, and neighbours with them, is said by the rule of flags (decision 34). Why a place
is flagged, and which of those that are not shown is, belongs to nobody here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from kalanso.hub.explore.queries import estimates, places, runs, series
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.indicators.tables import INDICATOR_VALUES
from kalanso.store import TableSpec
from kalanso.vocabulary import Level


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """How many places of one level, inside another, are not shown to a reader; false where all are."""

    level: Level = Level.HEALTH_AREA
    codes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.codes)

    @property
    def count(self) -> int:
        """How many are not shown."""
        return len(self.codes)

    def among(self, shown: Collection[Place]) -> bool:
        """Whether some of the places of a map or list are not shown."""
        return any(place.code in self.codes for place in shown)

    def named(self, place: Place) -> Place:
        """Return a place under the name that figures of a part of it bear."""
        if not self:
            return place
        return replace(place, name=_("%(place)s, parmi les lieux montrés") % {"place": place.name})


@remembered
def of_estimates(shelf: Shelf, code: str) -> Withheld:
    """Return which places inside another have no estimate for this reader, though the run may have one."""
    spec, period = runs.spec_of(shelf, runs.ESTIMATES), next(iter(estimates.spans(shelf)), None)
    if spec is None or period is None:
        return Withheld()
    return _inside(shelf, spec, code, frozenset(estimates.values(shelf, "dtp1", period)))


@remembered
def of_reports(shelf: Shelf, code: str, when: str | None) -> Withheld:
    """Return which places inside another have no reported coverage of a quarter for this reader, though there may be some."""
    if when is None or not shelf.sees(INDICATOR_VALUES):
        return Withheld()
    everywhere = tuple(places.tree(shelf).places)
    seen = {
        one
        for rolled in (True, False)
        for one in series.at(shelf, everywhere, "dtp1_coverage", when, rolled=rolled)
    }
    return _inside(shelf, INDICATOR_VALUES, code, frozenset(seen))


def reports_guarded(shelf: Shelf) -> frozenset[str]:
    """Return the places whose reports are shown to cleared readers alone, or late."""
    return shelf.guarded(INDICATOR_VALUES)


def _inside(shelf: Shelf, spec: TableSpec, code: str, seen: frozenset[str]) -> Withheld:
    """Return the guarded places of the lowest level that the reader sees anywhere, inside a place and not seen."""
    known, guarded = places.tree(shelf).places, shelf.guarded(spec)
    lowest = {known[one].level for one in seen if one in known}
    level = Level.HEALTH_AREA if Level.HEALTH_AREA in lowest else Level.DISTRICT
    inside = places.below(shelf, code) & guarded
    hidden = {one for one in inside - seen - {code} if known[one].level == level}
    return Withheld(level=level, codes=frozenset(hidden))
