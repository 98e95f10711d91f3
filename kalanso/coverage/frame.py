"""How do the coordinates of areas and fields stand to what they are?

A frame holds reference scales, whether areas' coordinates are their levels and paths themselves or follow
hyperparameters (`Hold`, `following`), and how fields are bent. As the scale sigma of a field moves away from its
reference, the posterior mean of a standardised coordinate moves about as sigma to the power of 1 - 2k and
its deviation as the power of -k, where k is the share of the coordinate that the evidence fixes: 0 gives
the plain (non-centred) form, 1 the centred one (partial centring: Papaspiliopoulos, Roberts and Skold 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.records import Floats, Hold

# The scale of each field.
BENT_BY = (r.FIELD1, r.FIELD3, r.FIELDR)


@dataclass(frozen=True, eq=False)
class Frame:
    """Reference scales (records.SCALES), how areas are held, and per field how much the evidence fixes
    means (`fixed_mean`) and deviations (`fixed_spread`), shares from 0 to 1."""

    scales: Floats
    hold: Hold
    fixed_mean: Floats
    fixed_spread: Floats

    @classmethod
    def plain(cls, scales: Floats, areas: int, quarters: int) -> Frame:
        """Return a frame in which areas stand for themselves and fields are not bent."""
        nothing = np.zeros((areas, quarters, r.QUARTER_COLUMNS)), np.zeros((areas, r.LEVEL_COLUMNS))
        hold = Hold(False, *nothing, np.zeros((areas, r.FIELDS)))
        return cls(scales, hold, np.full(r.FIELDS, 0.5), np.zeros(r.FIELDS))

    @classmethod
    def following(cls, scales: Floats, hold: Hold) -> Frame:
        """Return a frame in which areas follow the hyperparameters and fields stand for their effects, which
        `stretching` lets follow."""
        return cls(scales, hold, np.ones(r.FIELDS), np.ones(r.FIELDS))

    @property
    def counts(self) -> Floats:
        """Number of coordinates of each field."""
        return np.full(r.FIELDS, float(len(self.hold.fields)))

    def bend(self, scale: Floats) -> Floats:
        """Return the factors of middles and of deviations (3,2) at present scales."""
        ratio = scale[list(BENT_BY)] / self.scales[list(BENT_BY)]
        return np.column_stack([ratio ** (1.0 - 2.0 * self.fixed_mean), ratio**-self.fixed_spread])

    def log_volume(self, bend: Floats) -> float:
        """Return the log of the volume by which the fields are stretched."""
        return float(self.counts @ np.log(bend[:, 1]))

    def slope(self, scale: Floats, bend: Floats, d_bend: Floats) -> Floats:
        """Carry slopes in the bend, and that of the volume, back to the scales."""
        out = np.zeros(r.SCALES)
        places = list(BENT_BY)
        by_mean = d_bend[:, 0] * bend[:, 0] * (1.0 - 2.0 * self.fixed_mean)
        by_spread = -(d_bend[:, 1] * bend[:, 1] + self.counts) * self.fixed_spread
        out[places] = (by_mean + by_spread) / scale[places]
        return out
