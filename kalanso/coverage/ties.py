"""How does a map take in evidence that holds many areas together?

A survey of the whole country is one residual that depends on every area a little. In coordinates in
which the rest is standard normal it adds one direction v to the precision, I + V'V, whose inverse
root shrinks along a few directions only (the matrix determinant lemma's relative for roots).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.coverage.records import Floats

LEAST = 1e-6  # a direction that shrinks by less than this share is left alone


@dataclass(frozen=True, eq=False)
class Ties:
    """Slopes of residuals in x (K,S); orthonormal directions in z (D,S), and how much each shrinks, less one."""

    rows: Floats
    directions: Floats
    shrink: Floats

    @classmethod
    def none(cls, size: int) -> Ties:
        """Return no tie."""
        return cls(np.zeros((0, size)), np.zeros((0, size)), np.zeros(0))

    @classmethod
    def of(cls, rows: Floats, whitened: Floats) -> Ties:
        """Return the ties of residuals with slopes `rows` in x and `whitened` in z."""
        if not len(rows):
            return cls.none(rows.shape[1])
        _, strength, directions = np.linalg.svd(whitened, full_matrices=False)
        kept = strength**2 > LEAST
        return cls(rows, directions[kept], 1.0 / np.sqrt(1.0 + strength[kept] ** 2) - 1.0)

    def shrunk(self, z: Floats) -> Floats:
        """Return (I + V'V)^(-1/2) z; the matrix is its own transpose."""
        if not self.shrink.size:
            return z
        return z + self.directions.T @ (self.shrink * (self.directions @ z))

    def grown(self, y: Floats) -> Floats:
        """Return the z that shrinks to y."""
        if not self.shrink.size:
            return y
        return y + self.directions.T @ ((1.0 / (1.0 + self.shrink) - 1.0) * (self.directions @ y))
