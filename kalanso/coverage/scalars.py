"""What do the coordinates of scales, shares and memories say in natural units, and what is believed of them?

All at once: one by one they took a tenth of the time of a density.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kalanso.coverage.priors import Prior
from kalanso.coverage.records import Floats, Ints


@dataclass(frozen=True, eq=False)
class Scalars:
    """Coordinates at places `at` of gamma that stand in natural units at places `into` of the scales; `logs`, `logits` and
    `tanhs` are rows of those bounded in that way, all others are plain."""

    at: Ints
    into: Ints
    logs: Ints
    logits: Ints
    tanhs: Ints

    @classmethod
    def of(cls, named: Iterable[tuple[str, int, str]], places: Mapping[str, int]) -> Scalars:
        """Return those of the named scalars (name, place in the scales, bound) that have a place in gamma."""
        kept = [(places[name], into, kind) for name, into, kind in named if name in places]
        at, into, kinds = (list(column) for column in zip(*kept, strict=True))
        rows = [
            np.array([j for j, kind in enumerate(kinds) if kind == one], np.int64)
            for one in ("log", "logit", "tanh")
        ]
        return cls(np.array(at, np.int64), np.array(into, np.int64), *rows)

    def natural(self, gamma: Floats) -> Floats:
        """Return natural values, in the order of `into`."""
        value = gamma[self.at]
        value[self.logs] = np.exp(value[self.logs])
        value[self.logits] = 1.0 / (1.0 + np.exp(-value[self.logits]))
        value[self.tanhs] = np.tanh(value[self.tanhs] / 2.0)
        return value

    def slope(self, natural: Floats) -> Floats:
        """Return the slopes of natural values in their coordinates, given the former."""
        found = np.ones(natural.size)
        found[self.logs] = natural[self.logs]
        shares, tied = natural[self.logits], natural[self.tanhs]
        found[self.logits] = shares * (1.0 - shares)
        found[self.tanhs] = 0.5 * (1.0 - tied * tied)
        return found


@dataclass(frozen=True, eq=False)
class OwnPriors:
    """Priors of single coordinates: normal at places `near` of gamma (of the coordinate itself, or of its log), and
    exponential ones of exp(x) at places `away`, the Jacobian included."""

    near: Ints
    middle: Floats
    sd: Floats
    away: Ints
    rate: Floats

    @classmethod
    def of(cls, placed: Sequence[tuple[int, Prior]]) -> OwnPriors:
        """Return the priors of some places of gamma."""
        known = [(at, prior) for at, prior in placed if prior.kind in ("normal", "lognormal")]
        away = [(at, prior) for at, prior in placed if prior.kind == "away"]
        for _, prior in placed:
            if prior.kind not in ("normal", "lognormal", "away"):
                raise ValueError(f"expected a normal, lognormal or away prior, got {prior.kind}")
        middles = [one.numbers[0] if one.kind == "normal" else math.log(one.numbers[0]) for _, one in known]
        return cls(
            np.array([at for at, _ in known], np.int64), np.array(middles, float), np.array([one.numbers[1] for _, one in known], float),
            np.array([at for at, _ in away], np.int64), np.array([one.numbers[0] for _, one in away], float),
        )  # fmt: skip

    def density(self, gamma: Floats, slope: Floats) -> float:
        """Return the log density, and add its slope to `slope`; no place stands twice."""
        z = (gamma[self.near] - self.middle) / self.sd
        slope[self.near] -= z / self.sd
        x = gamma[self.away]
        pulled = self.rate * np.exp(x)
        slope[self.away] += 1.0 - pulled
        return float((x - pulled).sum() - 0.5 * (z @ z))
