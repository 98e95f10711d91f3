"""At which level of a country does a number stand?

The ladder of the health tree and of the administrative tree. What a country calls its levels, and
which ones it has, belongs to `kalanso.definitions`.
"""

from __future__ import annotations

from enum import StrEnum


class Tree(StrEnum):
    """The two hierarchies in which a place can stand."""

    HEALTH = "health"
    ADMINISTRATIVE = "administrative"


class Level(StrEnum):
    """A rung of a hierarchy, from the country downwards."""

    COUNTRY = "country"
    REGION = "region"
    DISTRICT = "district"
    HEALTH_AREA = "health_area"
    FACILITY = "facility"
    CERCLE = "cercle"
    ARRONDISSEMENT = "arrondissement"
    COMMUNE = "commune"

    @property
    def depth(self) -> int:
        """How far below the country, so that a parent always has the smaller number."""
        return _DEPTHS[self]


_DEPTHS = {
    Level.COUNTRY: 0,
    Level.REGION: 1,
    Level.DISTRICT: 2,
    Level.CERCLE: 2,
    Level.ARRONDISSEMENT: 3,
    Level.HEALTH_AREA: 4,
    Level.COMMUNE: 4,
    Level.FACILITY: 5,
}
