"""How do the spreads of levels and fields follow the hyperparameters, so that a sampler can move both?

With wider paths an area's level is known less well; with a wider field its rough parts are, and its
smooth ones are not. Standard coordinates of levels and fields are therefore stretched by
exp(-D (theta - theta0)), where D is how the log roots of their precision follow each hyperparameter at
theta0. This is another choice of coordinates only: the posterior stays what it is (partial centring
by area and by part of the field: Papaspiliopoulos, Roberts and Skold 2007).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.layout import Layout
from kalanso.coverage.records import Floats, Ints

# The hyperparameters that act through the areas' prior alone.
FOLLOWED = (
    "field1", "local1", "path1", "memory1", "field3", "local3", "path3", "memory3", "loading",
)  # fmt: skip
# Half the difference at which slopes of roots are taken, on the scale of the coordinate.
NEAR = 0.05

# Scales to the log roots of tips (N*5) and of fields (N*3, in their factor's order), and that order.
Roots = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Slopes of log roots (M,J) of tips and fields in hyperparameters at some places (J) of gamma, `about`
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
    def of(cls, layout: Layout, gamma: Floats, roots: Roots, components: Ints) -> Stretch:
        """Return the stretch about globals `gamma`, given roots as they follow the scales.

        `components` says which field (0 to 2) each coordinate of the fields' factor belongs to: what the state
        holds is a field times its scale, which has that much less of a root.
        """
        places = np.array(
            [layout.blocks[name].start for name in FOLLOWED if name not in layout.held], np.int64
        )
        columns = []
        for place in places:
            found = []
            for sign in (1.0, -1.0):
                moved = gamma.copy()
                moved[place] += sign * NEAR
                scale = layout.scales(moved)
                tips, fields = roots(scale)
                own = np.log(np.array([scale[r.FIELD1], scale[r.FIELD3], 1.0]))
                found.append(np.concatenate([tips, fields - own[components]]))
            columns.append((found[0] - found[1]) / (2.0 * NEAR))
        slopes = np.column_stack(columns)
        return cls(places, gamma[places], slopes, slopes.sum(axis=0))

    def factors(self, gamma: Floats) -> Floats:
        """Return the factors (M) at globals (G)."""
        return np.asarray(np.exp(self.slopes @ (self.about - gamma[self.places])))

    def log_volume(self, gamma: Floats) -> float:
        """Return the log of the volume of stretched coordinates for one of the standard ones."""
        return float(self.total @ (self.about - gamma[self.places]))

    def slope(self, size: int, pulled: Floats) -> Floats:
        """Return the slope in globals (size) where stretched coordinates times their slopes are `pulled` (M),
        that of the volume taken in."""
        out = np.zeros(size)
        out[self.places] = -(pulled @ self.slopes) - self.total
        return out
