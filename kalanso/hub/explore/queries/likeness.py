"""How does a place stand among places of the same context?

Places of one level that share a context (conflict, island, urban ...) are compared by the estimates that the
reader's circle may see of all of them. Ranks are given as far as intervals allow: a place surely stands
behind another only where their 95 % intervals do not touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kalanso.hub.explore.queries import estimates, places
from kalanso.hub.explore.queries.estimates import Estimate
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.vocabulary import Level


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A place with its estimate and its rank by coverage (1 = lowest), as far as intervals tell it."""

    place: Place
    estimate: Estimate
    first: int
    last: int
    chosen: bool

    @property
    def sure(self) -> bool:
        """Whether its rank is known."""
        return self.first == self.last


def contexts_of(shelf: Shelf, code: str) -> tuple[str, ...]:
    """Return the contexts in which a place or its areas live: its own first, those of most fellows first."""
    own = {str(row["context"]) for row in places.contexts(shelf, code)}
    known = {
        str(row["context"]) for inside in places.below(shelf, code) for row in places.contexts(shelf, inside)
    }
    level = level_of(places.tree(shelf).places[code])
    fellows = {name: len(alike(shelf, name, level)) for name in known}
    return tuple(sorted(known, key=lambda name: (name not in own, -fellows[name], name)))


def alike(shelf: Shelf, context: str, level: str) -> list[Place]:
    """Return the places of a level that live in a context, or hold areas that do."""
    known = places.tree(shelf)
    found: dict[str, Place] = {}
    for code in places.in_context(shelf, context):
        if code in known.places:
            found |= {one.code: one for one in (known.places[code], *known.above(code)) if one.level == level}
    return [found[code] for code in sorted(found)]


def level_of(place: Place) -> str:
    """Return the level at which a place is compared: an area with areas, a larger place by its own level."""
    return Level.HEALTH_AREA.value if place.level == Level.FACILITY else place.level


def beside(shelf: Shelf, place: Place, among: Sequence[Place], indicator: str, period: str) -> list[Beside]:
    """Return a place among others, the lowest coverage first; those without an estimate are left out."""
    values = estimates.values(shelf, indicator, period)
    found = [(one, values[one.code]) for one in among if one.code in values]
    return sorted(
        (
            Beside(
                place=one, estimate=said, chosen=one.code == place.code,
                first=1 + sum(other.coverage.high < said.coverage.low for _other, other in found),
                last=len(found) - sum(other.coverage.low > said.coverage.high for _other, other in found),
            )
            for one, said in found
        ),
        key=lambda row: (row.estimate.coverage.mean, places.folded(row.place.name)),
    )  # fmt: skip
