"""How do the spreads of fields follow the hyperparameters, so that a sampler can move both?

With a wider field its rough parts are known less well, and its smooth ones are not. Standard coordinates of
fields are therefore stretched by exp(-D (theta - theta0)), where D is how the log roots of their precision follow
each hyperparameter at theta0. This is another choice of coordinates only: the posterior stays what it is
(partial centring by part of the field: Papaspiliopoulos, Roberts and Skold 2007). Areas follow exactly
(`following`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.layout import Layout
from kalanso.coverage.records import Floats, Ints
from kalanso.coverage.side_by_side import each

# The hyperparameters of areas' levels, paths and reporting.
FOLLOWED = (
    "field1", "local1", "path1", "memory1", "field3", "local3", "path3", "memory3", "loading", "field_reporting",
    "local_reporting",
)  # fmt: skip
# Logs of factors are held within this: states so far off are refused by their density.
FARTHEST = 50.0
# Half the difference at which slopes of roots are taken, on the scale of the coordinate.
NEAR = 0.05

# Globals to the log roots of fields (N*3, in their factor's order).
Roots = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Slopes of log roots (M,J) of fields in hyperparameters at some places (J) of gamma, `about`
    values of those (J), and the sums of the slopes (J)."""

    places: Ints
    about: Floats
    slopes: Floats
    total: Floats

    @classmethod
    def none(cls, coordinates: int) -> Stretch:
        """Return no stretch."""
        return cls(np.empty(0, np.int64), np.zeros(0), np.zeros((coordinates, 0)), np.zeros(0))

    @classmethod
    def of(cls, layout: Layout, gamma: Floats, roots: Roots, components: Ints, workers: int = 1) -> Stretch:
        """Return the stretch about globals `gamma`, given roots as they follow the globals.

        `components` says which field (0 to 2) each coordinate of the fields' factor belongs to: what the state
        holds is a field times its scale, which has that much less of a root.
        """
        places = np.array(
            [layout.blocks[name].start for name in FOLLOWED if name not in layout.held], np.int64
        )

        def slope(place: int) -> Floats:
            found = []
            for sign in (1.0, -1.0):
                moved = gamma.copy()
                moved[place] += sign * NEAR
                own = np.log(layout.scales(moved)[[r.FIELD1, r.FIELD3, r.FIELDR]])
                found.append(roots(moved) - own[components])
            return np.asarray((found[0] - found[1]) / (2.0 * NEAR))

        slopes = np.column_stack(each(slope, places.tolist(), workers))
        return cls(places, gamma[places], slopes, slopes.sum(axis=0))

    def factors(self, gamma: Floats) -> Floats:
        """Return the factors (M) at globals (G)."""
        return np.asarray(
            np.exp(np.clip(self.slopes @ (self.about - gamma[self.places]), -FARTHEST, FARTHEST))
        )

    def log_volume(self, gamma: Floats) -> float:
        """Return the log of the volume of stretched coordinates for one of the standard ones."""
        return float(self.total @ (self.about - gamma[self.places]))

    def slope(self, size: int, pulled: Floats) -> Floats:
        """Return the slope in globals (size) where stretched coordinates times their slopes are `pulled` (M),
        that of the volume taken in."""
        out = np.zeros(size)
        out[self.places] = -(pulled @ self.slopes) - self.total
        return out
