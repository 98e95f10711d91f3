"""How do the national series follow their spreads while a sampler's coordinates stand still?

Steps of trends and timing are standard normal times a spread of their own, so that what evidence says of a series
moves its steps as the spread moves. With D the spreads, W what the evidence says of the series themselves and r its
pull, steps have about the precision M = D W D + I at every D, and with C C' = M

    steps = C^-T (y + C^-1 D (r - across others)),

so that y stands still (`following` does the same for areas). All other globals are a centre and a root away.
The effect of steps on areas is that of the series: D steps / D0 is what areas' linear responses read, and spreads
have none of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtrs

from kalanso.coverage.layout import Layout
from kalanso.coverage.model import FARTHEST
from kalanso.coverage.records import Flags, Floats, Ints

# Blocks of steps, and the coordinate with the log of their spread.
SPREADS = (("steps1", "trend_sd1"), ("steps3", "trend_sd3"), ("timing", "timing_sd"))


@dataclass(frozen=True, eq=False)
class Point:
    """Globals at some coordinates: `gamma` (G), what areas' responses read of them (`effect`, G), the log of the
    volume, and what is needed on the way back."""

    gamma: Floats
    effect: Floats
    volume: float
    spreads: Floats
    factor: Floats
    pulled: Floats


@dataclass(frozen=True, eq=False)
class Series:
    """Globals for standard coordinates w: y = about + turn w; `others` (places) are centre + root y, `steps` (places)
    follow the log spreads at places `spread_of`. `told` (S,S), `across` (S, others) and `pull` (S) are what evidence
    says of the series."""

    centre: Floats
    steps: Ints
    others: Ints
    spread_of: Ints
    told: Floats
    across: Floats
    pull: Floats
    root: Floats
    about: Floats
    turn: Floats

    @classmethod
    def of(cls, layout: Layout, centre: Floats, precision: Floats, free: Flags) -> Series | None:
        """Return the series of a precision of globals (G,G; rows and columns of those that are not `free` are not
        read), or none where no step is free."""
        names = [(layout.blocks[steps], layout.blocks[sd].start) for steps, sd in SPREADS]
        steps = np.array(
            [j for block, _ in names for j in range(block.start, block.stop) if free[j]], np.int64
        )
        if not steps.size:
            return None
        owner = {j: sd for block, sd in names for j in range(block.start, block.stop)}
        spread_of = np.array([owner[j] for j in steps], np.int64)
        others = np.setdiff1d(np.flatnonzero(free), steps)
        spreads = np.exp(centre[spread_of])
        values, vectors = np.linalg.eigh(precision[np.ix_(steps, steps)] - np.eye(steps.size))
        known = (vectors * np.maximum(values, 0.0)) @ vectors.T
        inner = known + np.eye(steps.size)
        across = precision[np.ix_(steps, others)]
        left = precision[np.ix_(others, others)] - across.T @ np.linalg.solve(inner, across)
        values, vectors = np.linalg.eigh((left + left.T) / 2)
        # A spread says nothing of a series that is known.
        across = np.where(np.isin(others, spread_of), 0.0, across)
        size = centre.size
        return cls(
            centre, steps, others, spread_of, known / np.outer(spreads, spreads), across / spreads[:, None],
            inner @ centre[steps] / spreads, vectors / np.sqrt(np.maximum(values, 1e-9)), np.zeros(size), np.eye(size),
        )  # fmt: skip

    def at(self, w: Floats) -> Point:
        """Return the globals at standard coordinates."""
        y = self.about + self.turn @ w
        gamma = self.centre.copy()
        off = self.root @ y[self.others]
        gamma[self.others] += off
        # Farther off a state is refused by its density.
        spreads = np.exp(np.clip(gamma[self.spread_of], -FARTHEST, FARTHEST))
        precision = spreads[:, None] * self.told * spreads
        precision.flat[:: spreads.size + 1] += 1.0
        factor = _factored(precision)
        pulled = _solved(factor, spreads * (self.pull - self.across @ off))
        gamma[self.steps] = _solved(factor, y[self.steps] + pulled, across=True)
        effect = gamma.copy()
        effect[self.steps] *= spreads / np.exp(self.centre[self.spread_of])
        volume = -float(np.log(np.diag(factor)).sum())
        return Point(gamma, effect, volume, spreads, factor, pulled)

    def back(self, point: Point, slope: Floats, of_effect: Floats) -> Floats:
        """Return the slope in w, that of the volume taken in, for slopes in gamma and in `effect` (G each)."""
        steps, spreads, factor = point.gamma[self.steps], point.spreads, point.factor
        first = np.exp(self.centre[self.spread_of])
        d_spreads = of_effect[self.steps] * steps / first
        k = _solved(factor, slope[self.steps] + of_effect[self.steps] * spreads / first)
        m = _solved(factor, k, across=True)
        diagonal = slice(None, None, steps.size + 1)
        d_factor = -self._lower * (np.outer(steps, k) + np.outer(m, point.pulled))
        d_factor.flat[diagonal] -= 1.0 / factor.flat[diagonal]
        inner = self._lower * (factor.T @ d_factor)
        inner.flat[diagonal] /= 2.0
        half = _solved(factor, inner, across=True)
        d_inner = _solved(factor, half.T, across=True).T
        d_inner = (d_inner + d_inner.T) / 2.0
        off = point.gamma[self.others] - self.centre[self.others]
        d_spreads += 2.0 * (d_inner * self.told) @ spreads + m * (self.pull - self.across @ off)
        d_gamma = slope + of_effect
        np.add.at(d_gamma, self.spread_of, d_spreads * spreads)
        y = np.zeros(slope.size)
        y[self.steps] = k
        y[self.others] = self.root.T @ (d_gamma[self.others] - self.across.T @ (spreads * m))
        return self.turn.T @ y

    @cached_property
    def _lower(self) -> Floats:
        """Ones on and below the diagonal, zeros above."""
        return np.tri(self.steps.size)

    def turned(self, about: Floats, turn: Floats) -> Series:
        """Return the same with coordinates turned about a point: w becomes about + turn w."""
        return replace(self, about=self.about + self.turn @ about, turn=self.turn @ turn)

    def linear(self) -> Floats:
        """Return how `effect` moves with each coordinate at w = 0 (G,G)."""
        point, size = self.at(np.zeros(self.centre.size)), self.centre.size
        none = np.zeros(size)
        plain = self.back(point, none, none)
        return np.array([self.back(point, none, one) - plain for one in np.eye(size)])


def _factored(precision: Floats) -> Floats:
    """Return L with L L' = the precision, zeros above."""
    # To LAPACK, which reads by columns, L is the upper triangle L'.
    found, fault = dpotrf(precision.T, lower=0, clean=1)
    if fault:
        raise np.linalg.LinAlgError("a precision that is not positive definite")
    return np.asarray(found.T, float)


def _solved(factor: Floats, given: Floats, *, across: bool = False) -> Floats:
    """Return L^-1 b or, `across`, L^-T b. A library's checks would take longer than solving."""
    # To LAPACK, which reads by columns, L is the upper triangle L'.
    found, fault = dtrtrs(factor.T, given, lower=0, trans=int(not across))
    if fault:
        raise np.linalg.LinAlgError("a factor with zero on its diagonal")
    return np.asarray(found, float)
