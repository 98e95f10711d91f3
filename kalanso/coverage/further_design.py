"""Which coordinates does a state need beyond globals and the areas' own?

Evidence on several areas may need more than areas and globals hold: over-reporting by itself in areas
whose children stock or attendance speak of, and the level of the vials used in each place with stock.
Where there is no such evidence there are none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kalanso.coverage.records import Floats, Ints


@dataclass(frozen=True, eq=False)
class Further:
    """Places of the further coordinates: over-reporting of the areas `open`, then one level per place
    with stock."""

    open: Ints
    stock_places: int

    @classmethod
    def of(cls, open_areas: Iterable[Ints], stock_places: int) -> Further:
        """Return the coordinates that these areas and places need."""
        areas = list(open_areas)
        return cls(np.unique(np.concatenate(areas)) if areas else np.empty(0, np.int64), stock_places)

    @property
    def size(self) -> int:
        """Number of further coordinates."""
        return len(self.open) + self.stock_places

    @property
    def stock(self) -> slice:
        """The levels of vials used."""
        return slice(len(self.open), self.size)

    @property
    def prior(self) -> Floats:
        """Precision of each before evidence on several areas is heard."""
        return np.concatenate([np.ones(len(self.open)), np.zeros(self.stock_places)])

    def places(self, areas: int) -> Ints:
        """Return the place of each area's over-reporting, -1 where it is integrated out."""
        found = np.full(areas, -1, np.int64)
        found[self.open] = np.arange(len(self.open))
        return found
