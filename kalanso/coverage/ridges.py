"""In which coordinates are the ridges of the hyperparameters straight?

Counts tell how far areas differ on average over the quarters, less well what of it neighbours share, and how far each
area moves about its own average. With F and L the spreads of the field and of levels, s and m spread and memory of paths,
V the variance of a path's average and D that about it,

    s^2 = V + D,    log(V / D) = rho + beta logit((1 + m) / 2)   (almost exactly; rho and beta as at a reference),

these trade along curves: as paths remember longer, their averages become levels. Straight coordinates are half the logs of
F^2 + L^2 + V, of (L^2 + V) / F^2, of V / L^2 and of D; for reporting, which has no path, of F^2 + L^2 and L^2 / F^2. Volumes stay
the same up to a constant. Coordinates are shifted and turned so that at the reference they are gamma's own to the
first order: what is known of slopes there stays true.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kalanso.coverage.layout import Layout
from kalanso.coverage.records import Flags, Floats

# The spreads of a field, of levels and of paths, and the memory of these.
RIDGES = (
    ("field1", "local1", "path1", "memory1"),
    ("field3", "local3", "path3", "memory3"),
    ("field_reporting", "local_reporting"),
)
# Half the difference at which the slope beta is taken.
NEAR = 0.05


@dataclass(frozen=True, eq=False)
class Ridge:
    """One ridge: places in gamma of log F, log L and, where there are paths, log s and the memory's logit; what these are at the
    reference (`about`), the straight coordinates there (`middle`), and how these move with the turned ones (`turn`)."""

    places: list[int]
    rho: float
    beta: float
    about: Floats
    middle: Floats
    turn: Floats

    @classmethod
    def of(cls, places: list[int], quarters: int, gamma: Floats) -> Ridge:
        """Return the ridge about globals `gamma`."""
        about, size, rho, beta = gamma[places], len(places), 0.0, 1.0
        if size == 4:
            memory = float(about[3])
            ahead, here, behind = (log_odds(quarters, memory + move) for move in (NEAR, 0.0, -NEAR))
            beta = (ahead - behind) / (2.0 * NEAR)
            rho = here - beta * memory
        plain = cls(places, rho, beta, about, np.zeros(size), np.eye(size))
        middle = plain.straight(about)
        turn = np.asarray(np.linalg.inv(plain.slopes(middle)), float)
        return cls(places, rho, beta, about, middle, turn)

    def straight(self, given: Floats) -> Floats:
        """Return straight coordinates of the hyperparameters."""
        field, level, *paths = (float(value) for value in given)
        if not paths:
            return np.array(_joined(field, level))
        odds = self.rho + self.beta * paths[1]
        v, d = paths[0] - 0.5 * _log_sum(0.0, -odds), paths[0] - 0.5 * _log_sum(0.0, odds)
        average, by_path = _joined(level, v)
        return np.array([*_joined(field, average), by_path, d])

    def bent(self, straight: Floats) -> Floats:
        """Return the hyperparameters for straight coordinates."""
        total, by_area, *paths = (float(value) for value in straight)
        field, average = _parted(total, by_area)
        if not paths:
            return np.array([field, average])
        (level, v), d = _parted(average, paths[0]), paths[1]
        path, memory = 0.5 * _log_sum(2.0 * v, 2.0 * d), (2.0 * (v - d) - self.rho) / self.beta
        return np.array([field, level, path, memory])

    def slopes(self, straight: Floats) -> Floats:
        """Return how the hyperparameters (rows) move with straight coordinates (columns)."""
        by_area = _share(float(straight[1]))
        field, average = [1.0, -by_area], [1.0, 1.0 - by_area]
        if len(straight) == 2:
            return np.array([field, average])
        by_path = _share(float(straight[2]))
        at_v = _parted(_parted(float(straight[0]), float(straight[1]))[1], float(straight[2]))[1]
        of_v, by_memory = _share(at_v - float(straight[3])), 2.0 / self.beta
        v = [*average, 1.0 - by_path]
        return np.array(
            [
                [*field, 0.0, 0.0],
                [*average, -by_path, 0.0],
                [*(of_v * one for one in v), 1.0 - of_v],
                [*(by_memory * one for one in v), -by_memory],
            ]
        )


def _joined(one: float, other: float) -> tuple[float, float]:
    """Return half the logs of the sum of two variances and of their quotient, given half their logs."""
    return 0.5 * _log_sum(2.0 * one, 2.0 * other), other - one


def _parted(total: float, quotient: float) -> tuple[float, float]:
    """Return half the logs of two variances, given those of their sum and of their quotient."""
    one = total - 0.5 * _log_sum(0.0, 2.0 * quotient)
    return one, one + quotient


def _log_sum(one: float, other: float) -> float:
    """Return the log of a sum, given the logs of its parts."""
    return max(one, other) + math.log1p(math.exp(-abs(one - other)))


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
        """Return the ridges about globals `gamma`; what is not `free` is left as it is, and what trades with that alone."""
        quarters, found = layout.design.shape[1], []
        for names in RIDGES:
            # A path without memory, or of one quarter, does not become a level.
            with_path = quarters > 1 and not any(name in layout.held for name in names)
            places = [layout.blocks[name].start for name in (names if with_path else names[:2])]
            if free[places].all():
                found.append(Ridge.of(places, quarters, gamma))
        return cls(tuple(found))

    def bent(self, given: Floats) -> Floats:
        """Return globals (G) for straight coordinates (G)."""
        gamma = given.copy()
        for one in self.each:
            gamma[one.places] = one.bent(_within(one, given))
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
            out[one.places] = (one.slopes(_within(one, given)) @ one.turn).T @ slope[one.places]
        return out


def _within(one: Ridge, given: Floats) -> Floats:
    return np.asarray(one.middle + one.turn @ (given[one.places] - one.about))
