"""What share of the children of several areas together are vaccinated, and how does it move with each area?

Evidence on a region or the country speaks of the mean of its areas, weighted by children, over the
quarters in which its children were due.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.layout import Layout
from kalanso.coverage.records import Floats, Ints, Pulls, Setting, Shares


@dataclass(frozen=True, eq=False)
class AreaMean:
    """The mean over areas (`weights`, N, sum to one) and quarters first..last; with the second dose where
    `third`, of which a share `recalled` was told without a card."""

    layout: Layout
    third: bool
    weights: Floats
    first: int
    last: int
    recalled: float

    @property
    def members(self) -> Ints:
        """Positions of its areas."""
        return np.flatnonzero(self.weights)

    def told(self, at: Setting, shares: Shares) -> tuple[float, float, float]:
        """Return the true share, the share as told, and the slope of one in the other."""
        span = slice(self.first, self.last + 1)
        values = shares.p[:, span] * (shares.q[:, span] if self.third else 1.0)
        true = float((self.weights[:, None] * values).sum()) / (self.last - self.first + 1)
        sensitive, false = at.scale[r.SENSITIVITY], at.scale[r.FALSE_YES]
        turn = 1.0 - self.recalled + self.recalled * (sensitive - false)
        told = (1.0 - self.recalled) * true + self.recalled * (sensitive * true + false * (1.0 - true))
        return true, min(max(told, 1e-6), 1 - 1e-6), turn

    def slopes(self, shares: Shares, scale: float) -> Pulls:
        """Return `scale` times the slopes of the true share in all log odds."""
        pulls = Pulls.none(*shares.p.shape)
        span = slice(self.first, self.last + 1)
        p, q = shares.p[:, span], shares.q[:, span]
        weight = scale * self.weights[:, None] / (self.last - self.first + 1)
        pulls.eta1[:, span] = weight * p * (1 - p) * (q if self.third else 1.0)
        if self.third:
            pulls.eta3[:, span] = weight * p * q * (1 - q)
        return pulls

    def recall_slope(self, gamma: Floats, d_told: float, true: float) -> Floats:
        """Return the slope in gamma through what mothers remember."""
        slope = np.zeros(self.layout.size)
        for name, value in (("sensitivity", true), ("false_yes", 1.0 - true)):
            slope[self.layout.blocks[name]] = (
                d_told * self.recalled * value * self.layout.natural_slope(gamma, name)
            )
        return slope

    def row(self, gamma: Floats, pulled: Pulls) -> Floats:
        """Return slopes in log odds as slopes in the globals that act through levels and trends (G)."""
        d, b = self.layout.design, self.layout.blocks
        row = np.zeros(self.layout.size)
        row[b["slopes1"]] = d.covariates.T @ pulled.eta1.sum(axis=1)
        row[b["slopes3"]] = d.covariates.T @ pulled.eta3.sum(axis=1)
        for dose, slopes in (("1", pulled.eta1), ("3", pulled.eta3)):
            sd = np.exp(self.layout.at(gamma, f"trend_sd{dose}"))
            row[b[f"steps{dose}"]] = sd * (self.layout.walk.T @ slopes.sum(axis=0))
        return row
