"""How are draws of the exact posterior made?

Hamiltonian Monte Carlo in whitened coordinates. The Gaussian part of the motion is integrated
exactly (a rotation), so that the step only pays for what is not Gaussian (split HMC: Shahbaba et al.
2014; `estimation-collapse` §1). Each step turns, pushes and turns: pushes at both ends instead cost
many times the error where thousands of coordinates are each a little off the Gaussian. One chain is one
plain state that can be saved and taken up again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kalanso.coverage.compiling import compiled
from kalanso.coverage.records import Floats
from kalanso.coverage.whitening import Whitening

Density = Callable[[Floats], tuple[float, Floats]]
# An energy error beyond this is a divergence: the step was too long for the place.
DIVERGENT = 100.0
# One refused proposal makes the step shorter by no more than a short of acceptance of so much does: a chain that
# comes from afar would else crawl for long.
FALL = 0.3
# While chains arrive a proposal may err by so much energy a coordinate, on steps no longer than this.
FORGIVEN = 0.01
ARRIVING_STEP = 0.25


@dataclass(eq=False)
class Chain:
    """Where one chain stands: standard coordinates z, its step, and what it has counted."""

    z: Floats
    rng: np.random.Generator
    step: float = 0.3
    iterations: int = 0
    gradients: int = 0
    divergences: int = 0
    accepted: float = 0.0


@dataclass(frozen=True)
class Pace:
    """Length of a trajectory in standard units, and the share of proposals that should be accepted."""

    length: float = 3.0
    target: float = 0.8
    shortest: float = 0.02
    longest: float = 1.3


class Sampler:
    """Moves chains over one density in the coordinates of one map."""

    def __init__(self, density: Density, map_: Whitening, pace: Pace = Pace()) -> None:
        self.density = density
        self.map = map_
        self.pace = pace

    def energy(self, z: Floats) -> tuple[float, Floats]:
        """Return minus the log density at z and its slope."""
        place = self.map.place(z)
        value, slope = self.density(place.x)
        if not np.isfinite(value):
            return np.inf, np.zeros(z.size)
        return -value - place.volume, -self.map.slope_at(place, slope)

    def potential(self, z: Floats) -> float:
        """Return minus the log density at z."""
        return self._stand(z)[0]

    def _stand(self, z: Floats) -> tuple[float, Floats]:
        """Return minus the log density at z, and the state there."""
        place = self.map.place(z)
        value, _ = self.density(place.x)
        return -value - place.volume if np.isfinite(value) else np.inf, place.x

    def start(self, rng: np.random.Generator, *, step: float = 0.3) -> Chain:
        """Return a chain near a draw of the Gaussian approximation, where the density is not zero."""
        z = rng.standard_normal(self.map.size)
        # Their scales are stretched, so that together they would lie far out.
        z[: self.map.model.layout.size] *= 0.5
        while not np.isfinite(self.potential(z)) and np.abs(z).max() > 1e-6:
            z *= 0.5
        return Chain(z, rng, step)

    def arrive(self, chain: Chain, iterations: int, *, keep: Callable[[Floats], None] | None = None) -> None:
        """Move a chain from where it was put to where it belongs, whatever energy its steps err by.

        From a place that is not typical trajectories err by the tens or hundreds, up as often as down, so that a chain
        that refuses what goes up stands still for ever, or crawls. What it passes here is no draw of the posterior.
        """
        u, x = self._stand(chain.z)
        usual, most = chain.step, max(DIVERGENT, FORGIVEN * chain.z.size)
        chain.step = min(usual, ARRIVING_STEP)
        for _ in range(iterations):
            z, (u_new, x_new), gap = self._moved(chain, u, most)
            if gap > -most:
                chain.z, u, x = z, u_new, x_new
            else:
                chain.step = max(0.7 * chain.step, self.pace.shortest)
                usual = chain.step
            chain.iterations += 1
            if keep is not None:
                keep(x)
        chain.step = usual

    def run(
        self, chain: Chain, iterations: int, *, adapt: bool, keep: Callable[[Floats], None] | None = None
    ) -> None:
        """Move a chain; with `adapt` its step settles where enough proposals are accepted.

        `keep` receives the state x after each iteration.
        """
        u, x = self._stand(chain.z)
        log_step = average = math.log(chain.step)
        for number in range(iterations):
            z, (u_new, x_new), gap = self._moved(chain, u, DIVERGENT)
            chance = math.exp(min(0.0, gap))
            if chain.rng.random() < chance:
                chain.z, u, x = z, u_new, x_new
            chain.iterations += 1
            if adapt:
                gain = 0.5 / math.sqrt(1.0 + number / 8.0)
                log_step += gain * max(chance - self.pace.target, -FALL)
                log_step = min(max(log_step, math.log(self.pace.shortest)), math.log(self.pace.longest))
                chain.step = math.exp(log_step)
                late = number - iterations // 2
                if late >= 0:
                    average = log_step if late == 0 else average + (log_step - average) / (late + 1)
            else:
                chain.accepted += chance
            if keep is not None:
                keep(x)
        if adapt:
            chain.step = math.exp(average)

    def _moved(self, chain: Chain, u: float, most: float) -> tuple[Floats, tuple[float, Floats], float]:
        """Return the end of one trajectory, its energy with the state there, and how much energy was lost on the way: minus
        infinity where that is less than -`most` (the state is nothing then)."""
        rng = chain.rng
        z, v = chain.z.copy(), rng.standard_normal(chain.z.size)
        before = u + 0.5 * float(v @ v)
        h = chain.step * rng.uniform(0.9, 1.1)
        count = max(1, round(self.pace.length * rng.uniform(0.7, 1.3) / h))
        _turn(z, v, math.cos(0.5 * h), math.sin(0.5 * h))
        for number in range(count):
            near, slope = self.energy(z)
            chain.gradients += 1
            # Potential energy alone, so the kinetic one that is left only makes the bound wider.
            if not near - before < 10 * DIVERGENT:
                chain.divergences += 1
                return z, (near, z), -math.inf
            _push(z, v, slope, h)
            angle = h if number + 1 < count else 0.5 * h
            _turn(z, v, math.cos(angle), math.sin(angle))
        end = self._stand(z)
        chain.gradients += 1
        gap = before - end[0] - 0.5 * float(v @ v)
        if not gap > -most:
            chain.divergences += 1
            return z, end, -math.inf
        return z, end, gap


@compiled
def _push(z: Any, v: Any, slope: Any, h: float) -> None:
    """Change the velocity by what is not Gaussian. In place, as turning: tens of thousands of numbers anew cost as much as
    half a density."""
    for i in range(z.size):
        v[i] -= h * (slope[i] - z[i])


@compiled
def _turn(z: Any, v: Any, cos: float, sin: float) -> None:
    """Go where the Gaussian part of the motion leads."""
    for i in range(z.size):
        place, velocity = z[i], v[i]
        z[i] = cos * place + sin * velocity
        v[i] = cos * velocity - sin * place
