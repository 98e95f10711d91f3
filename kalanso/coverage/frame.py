"""About which point, and how bent, are the areas' coordinates standardised?

A frame holds reference scales and anchors. As a scale sigma moves away from its reference, the
posterior mean of a standardised coordinate moves about as sigma to the power of 1 - 2k and its
deviation as the power of -k, where k is the share of the coordinate that the evidence fixes: 0 gives
the plain (non-centred) form, 1 the centred one. Coordinates that are bent so hardly depend on the
hyperparameters any more, which is what lets a sampler move both (partial centring: Papaspiliopoulos,
Roberts and Skold 2007). Paths, which are most of the coordinates, follow exactly (`path_pieces`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.path_pieces import held_path
from kalanso.coverage.records import Anchor, Floats

# Bent coordinates that a posterior's frame leaves to `stretching`.
STRETCHED = (r.BEND_LOCAL1, r.BEND_LOCAL3, r.BEND_FIELDS, r.BEND_FIELDS + 1)
# The scale that standardises each bent coordinate, in the order of `records.BEND_*`.
BENT_BY = (r.LOCAL1, r.LOCAL3, r.FIELD1, r.FIELD3, r.FIELDR)


@dataclass(frozen=True, eq=False)
class Frame:
    """Reference scales (records.SCALES), anchors, and per bent block how much the evidence fixes
    means (`fixed_mean`) and deviations (`fixed_spread`), shares from 0 to 1."""

    scales: Floats
    anchor: Anchor
    fixed_mean: Floats
    fixed_spread: Floats

    @classmethod
    def plain(cls, scales: Floats, areas: int, quarters: int) -> Frame:
        """Return a frame without anchors, not bent."""
        none, nothing, still = np.full(r.BENDS, 0.5), np.zeros((areas, quarters)), np.zeros(areas)
        path1, path3 = (held_path(*of, nothing, nothing, nothing) for of in path_scales(scales))
        anchor = Anchor(still, still, path1, path3, np.zeros((areas, r.FIELDS)))
        return cls(scales, anchor, none, np.zeros(r.BENDS))

    @property
    def counts(self) -> Floats:
        """Number of coordinates in each bent block."""
        return np.full(r.BENDS, float(len(self.anchor.local1)))

    def bend(self, scale: Floats) -> Floats:
        """Return the factors of anchors and of deviations (B,2) at present scales."""
        ratio = scale[list(BENT_BY)] / self.scales[list(BENT_BY)]
        return np.column_stack([ratio ** (1.0 - 2.0 * self.fixed_mean), ratio**-self.fixed_spread])

    def log_volume(self, bend: Floats) -> float:
        """Return the log of the volume by which the coordinates are stretched."""
        return float(self.counts @ np.log(bend[:, 1]))

    def slope(self, scale: Floats, bend: Floats, d_bend: Floats) -> Floats:
        """Carry slopes in the bend, and that of the volume, back to the scales."""
        out = np.zeros(r.SCALES)
        places = list(BENT_BY)
        by_mean = d_bend[:, 0] * bend[:, 0] * (1.0 - 2.0 * self.fixed_mean)
        by_spread = -(d_bend[:, 1] * bend[:, 1] + self.counts) * self.fixed_spread
        np.add.at(out, places, (by_mean + by_spread) / scale[places])
        return out


def path_scales(scales: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return standard deviation and memory of both paths."""
    return (scales[r.WALK1], scales[r.CORR1]), (scales[r.WALK3], scales[r.CORR3])


def standardised(fields: Floats, tips: Floats, scales: Floats) -> list[Floats]:
    """Return a state's bent coordinates, standardised by reference scales (fields not centred)."""
    local1 = (tips[:, r.LEVEL1] - scales[r.FIELD1] * fields[:, 0]) / scales[r.LOCAL1]
    local3 = tips[:, r.LEVEL3] - scales[r.LOADING] * tips[:, r.LEVEL1] - scales[r.FIELD3] * fields[:, 1]
    return [local1, local3 / scales[r.LOCAL3], *(fields[:, k].copy() for k in range(r.FIELDS))]


def anchored(
    scales: Floats, middle: list[Floats], draws: list[list[Floats]], paths: tuple[Floats, Floats]
) -> Frame:
    """Return the frame about a posterior's centre, its shares from draws of the Gaussian about it.

    What the evidence fixes of a coordinate is one less its posterior variance. Deviations take the
    plain average over a block, means the average weighted by how far each mean is from zero.
    """
    fixed_mean, fixed_spread = np.zeros(r.BENDS), np.zeros(r.BENDS)
    for row, (mean, spread) in enumerate(zip(middle, zip(*draws, strict=True), strict=True)):
        fixed = np.clip(1.0 - np.var(np.stack(spread), axis=0), 0.0, 1.0)
        fixed_spread[row] = fixed.mean()
        fixed_mean[row] = (fixed * mean**2).sum() / max((mean**2).sum(), 1e-9)
    # Levels and these fields stand for themselves: what is known of each is stretched one by one (`stretching`).
    fixed_mean[list(STRETCHED)] = fixed_spread[list(STRETCHED)] = 1.0
    anchor = Anchor(middle[0], middle[1], *paths, np.column_stack(middle[2:]))
    return Frame(scales, anchor, fixed_mean, fixed_spread)
