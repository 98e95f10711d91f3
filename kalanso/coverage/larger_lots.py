"""What does a lot say that was drawn from a district or region, not from one area?

Supervision areas of lot quality rounds are often districts. Such a lot speaks of the mean of its
areas: counts by the beta-binomial of clusters, decisions by its tail, both with the round's own bias.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_means import AreaMean
from kalanso.coverage.lot_pieces import COUNTED, decision_density, decision_information
from kalanso.coverage.pieces import beta_binomial, cluster_size_information
from kalanso.coverage.records import Elsewhere, Floats, Ints, Pulls, Setting, Shares


@dataclass(frozen=True, eq=False)
class LargerLot:
    """One lot of a place above areas; `bias` is the place of its round among `survey_bias`, or -1."""

    kind: ClassVar[str] = "larger_lot"
    mean: AreaMean
    vaccinated: int
    children: int
    decision: int
    bias: int

    @property
    def members(self) -> Ints:
        """See terms.Term."""
        return self.mean.members

    def inform_further(self, gamma: Floats, at: Setting, shares: Shares, found: Floats) -> None:
        """See terms.Term: nothing."""

    def density(self, gamma: Floats, at: Setting, shares: Shares, pulls: Pulls) -> tuple[float, Floats]:
        """See terms.Term."""
        true, _, _ = self.mean.told(at, shares)
        seen, d_true = self._seen(at, true)
        a = (1.0 - at.scale[r.CLUSTER]) / at.scale[r.CLUSTER]
        if self.decision == COUNTED:
            value, d_seen, d_a = beta_binomial(self.vaccinated, self.children, seen, a)
        else:
            value, d_seen, d_a = decision_density(self.decision, self.vaccinated, self.children, seen, a)
        mine = self.mean.slopes(shares, d_seen * d_true)
        pulls.eta1[:] += mine.eta1
        pulls.eta3[:] += mine.eta3
        layout = self.mean.layout
        slope = np.zeros(layout.size)
        slope[layout.blocks["same_cluster"]] = (
            -d_a / at.scale[r.CLUSTER] ** 2 * layout.natural_slope(gamma, "same_cluster")
        )
        if self.bias >= 0:
            slope[layout.blocks["survey_bias"].start + self.bias] = d_seen * seen * (1.0 - seen)
        return value, slope

    def information(self, gamma: Floats, at: Setting, shares: Shares, elsewhere: Elsewhere) -> Floats:
        """See terms.Term."""
        true, _, _ = self.mean.told(at, shares)
        seen, d_true = self._seen(at, true)
        a = (1.0 - at.scale[r.CLUSTER]) / at.scale[r.CLUSTER]
        if self.decision == COUNTED:
            known = cluster_size_information(seen, self.children, a)
        else:
            known = decision_information(self.vaccinated, self.children, seen, a)
        row = self.mean.row(gamma, self.mean.slopes(shares, d_true * math.sqrt(known)))
        return np.outer(row, row)

    def _seen(self, at: Setting, true: float) -> tuple[float, float]:
        """Return the share that the round sees, and its slope in the true one."""
        if self.bias < 0:
            return min(max(true, 1e-6), 1 - 1e-6), 1.0
        factor = math.exp(at.survey_bias[self.bias])
        total = 1.0 - true + true * factor
        return min(max(true * factor / total, 1e-6), 1 - 1e-6), factor / total**2
