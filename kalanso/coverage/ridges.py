"""In which coordinates are the ridges of the hyperparameters straight?

Counts tell how far areas differ on average over the quarters, and how far each moves about its own average. A level
with spread L and a path with a spread s and a memory m trade these along curves: as a path remembers longer, its
average becomes a level. With V the variance of a path's average and D that about it,

    s^2 = V + D,    log (V / D) = rho + beta logit((1 + m) / 2)   (almost exactly; rho and beta as at a reference),

straight coordinates are (log(L^2 + V), log(V / L^2), log D) / 2. Volumes stay the same up to a constant. They are shifted
and turned so that at the reference they are gamma's own to the first order: what is known of slopes there stays true.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kalanso.coverage.layout import Layout
from kalanso.coverage.records import Flags, Floats

# A level's spread, and the spread and memory of the path about it.
RIDGES = (("local1", "path1", "memory1"), ("local3", "path3", "memory3"))
# Half the difference at which the slope beta is taken.
NEAR = 0.05


@dataclass(frozen=True, eq=False)
class Ridge:
    """One ridge: places in gamma of log L, log s and the memory's logit, what these are at the reference (`about`) and
    the straight coordinates there (`middle`), which move with `turn` (3,3)."""

    places: list[int]
    rho: float
    beta: float
    about: Floats
    middle: Floats
    turn: Floats

    @classmethod
    def of(cls, places: list[int], quarters: int, gamma: Floats) -> Ridge:
        """Return the ridge about globals `gamma`."""
        about = gamma[places]
        ahead, here, behind = (log_odds(quarters, about[2] + move) for move in (NEAR, 0.0, -NEAR))
        beta = (ahead - behind) / (2.0 * NEAR)
        plain = cls(places, here - beta * float(about[2]), beta, about, np.zeros(3), np.eye(3))
        middle = plain.straight(about)
        turn = np.asarray(np.linalg.inv(plain.slopes(middle)), float)
        return cls(places, plain.rho, beta, about, middle, turn)

    def straight(self, given: Floats) -> Floats:
        """Return straight coordinates for a level's log spread, a path's log spread and its memory."""
        level, path, memory = (float(value) for value in given)
        odds = self.rho + self.beta * memory
        v, d = path - 0.5 * np.logaddexp(0.0, -odds), path - 0.5 * np.logaddexp(0.0, odds)
        return np.array([0.5 * np.logaddexp(2.0 * level, 2.0 * v), v - level, d])

    def bent(self, straight: Floats) -> Floats:
        """Return a level's log spread, a path's log spread and its memory for straight coordinates."""
        total, quotient, d = (float(value) for value in straight)
        level = total - 0.5 * np.logaddexp(0.0, 2.0 * quotient)
        v = level + quotient
        return np.array([level, 0.5 * np.logaddexp(2.0 * v, 2.0 * d), (2.0 * (v - d) - self.rho) / self.beta])

    def slopes(self, straight: Floats) -> Floats:
        """Return how these (rows) move with straight coordinates (columns)."""
        share = _share(straight[1])
        level, v, d = np.array([[1.0, -share, 0.0], [1.0, 1.0 - share, 0.0], [0.0, 0.0, 1.0]])
        of_path = _share(float(straight[0] - 0.5 * np.logaddexp(0.0, -2.0 * straight[1]) - straight[2]))
        return np.array([level, of_path * v + (1.0 - of_path) * d, 2.0 * (v - d) / self.beta])


def _share(half: float) -> float:
    """Return the share of a variance in a sum of two, given half the log of their quotient."""
    return 0.5 * (1.0 + math.tanh(half))


def log_odds(quarters: int, memory: float) -> float:
    """Return the log of the variance of a stationary path's average over that about the average."""
    m = math.tanh(memory / 2.0)
    apart = np.arange(1, quarters)
    average = (quarters + 2.0 * float(((quarters - apart) * m**apart).sum())) / quarters**2
    return math.log(average / (1.0 - average))


@dataclass(frozen=True, eq=False)
class Ridges:
    """The ridges of some globals about one point."""

    each: tuple[Ridge, ...] = ()

    @classmethod
    def of(cls, layout: Layout, gamma: Floats, free: Flags) -> Ridges:
        """Return the ridges about globals `gamma`; one of which something is not `free` is left as it is."""
        quarters, found = layout.design.shape[1], []
        for names in RIDGES:
            if quarters > 1 and not any(name in layout.held for name in names):
                places = [layout.blocks[name].start for name in names]
                if free[places].all():
                    found.append(Ridge.of(places, quarters, gamma))
        return cls(tuple(found))

    def bent(self, given: Floats) -> Floats:
        """Return globals (G) for straight coordinates (G)."""
        gamma = given.copy()
        for one in self.each:
            gamma[one.places] = one.bent(self._within(one, given))
        return gamma

    def straight(self, gamma: Floats) -> Floats:
        """Return straight coordinates (G) for globals (G)."""
        given = gamma.copy()
        for one in self.each:
            off = one.straight(gamma[one.places]) - one.middle
            given[one.places] = one.about + np.linalg.solve(one.turn, off)
        return given

    def back(self, given: Floats, slope: Floats) -> Floats:
        """Return the slope in straight coordinates, given that in globals."""
        out = slope.copy()
        for one in self.each:
            out[one.places] = (one.slopes(self._within(one, given)) @ one.turn).T @ slope[one.places]
        return out

    @staticmethod
    def _within(one: Ridge, given: Floats) -> Floats:
        return np.asarray(one.middle + one.turn @ (given[one.places] - one.about))
