"""Which coordinates does a state need beyond globals and the areas' own?

Evidence on several areas may need more than areas and globals hold: over-reporting by itself in areas
with stock, the level of the vials used in each place with stock, and the level of each register where
children are vaccinated outside their own area.
Where there is no such evidence there are none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.coverage.records import HIDDEN, POPULATION, Floats, Ints


@dataclass(frozen=True, eq=False)
class Further:
    """Places of the further coordinates: over-reporting of the areas `open`, one level per place with stock,
    and one per register of the areas `alone`, whose dose level is that of their children alone."""

    open: Ints
    alone: Ints
    stock_places: int

    @classmethod
    def of(cls, stock_areas: Ints, stock_places: int, moving: Ints) -> Further:
        """Return the coordinates that areas with stock, places with stock, and areas between which children
        move need."""
        return cls(np.setdiff1d(stock_areas, moving), moving, stock_places)

    @property
    def size(self) -> int:
        """Number of further coordinates."""
        return len(self.open) + self.stock_places + len(self.alone)

    @property
    def stock(self) -> slice:
        """The levels of vials used."""
        return slice(len(self.open), len(self.open) + self.stock_places)

    @property
    def registers(self) -> slice:
        """The levels of registers."""
        return slice(len(self.open) + self.stock_places, self.size)

    @property
    def prior(self) -> Floats:
        """Precision of each before evidence on several areas is heard."""
        return np.concatenate([np.ones(len(self.open)), np.zeros(self.stock_places + len(self.alone))])

    def places(self, areas: int) -> Ints:
        """Return what `Targets.open` says of each area."""
        found = np.full(areas, HIDDEN, np.int64)
        found[self.open] = np.arange(len(self.open))
        found[self.alone] = POPULATION
        return found
