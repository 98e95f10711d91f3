"""Where do areas stand, and how do they answer to the globals, as chains have shown?

Turns about a middle that is a little off in each of thousands of coordinates make long steps err more than all that is not
Gaussian, so that all others stand about where chains have had them. A map lets areas and fields follow the globals as a fitted Gaussian says. Where areas are not Gaussian they answer
otherwise on the whole, and a global that moves alone is stiff for it. In the map's coordinates the precision between
globals and all others, averaged over states that chains have passed, is that difference. What one state has of it is
chance for a good part, so that others answer only along those directions of globals in which states agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kalanso.coverage.products import add_product, fill_product
from kalanso.coverage.records import Floats

# Others answer along so many directions of globals at most: each costs a hundredth of a density.
MOST = 10
# A direction along which answers take away less stiffness than this is left alone.
LEAST = 0.1


@dataclass(frozen=True, eq=False)
class Answers:
    """All other coordinates stand about `middle` (others) - (`shift` + `by` w) `rows` as globals are w: `rows` (K, others),
    `by` (K,G), `shift` (K). Any rows make a map; reading them is what they cost, so that they are kept short."""

    middle: Floats
    rows: npt.NDArray[np.float32]
    by: Floats
    shift: Floats

    @classmethod
    def none(cls, size: int, shared: int) -> Answers:
        """Return no answer, for states of so many coordinates, of which so many are globals."""
        others = size - shared
        return cls(np.zeros(others), np.zeros((0, others), np.float32), np.zeros((0, shared)), np.zeros(0))

    def given(self, y: Floats) -> Floats:
        """Return coordinates with middle and answers put in."""
        return self._moved(y, 1.0)

    def taken(self, y: Floats) -> Floats:
        """Return coordinates with middle and answers taken out."""
        return self._moved(y, -1.0)

    def _moved(self, y: Floats, sign: float) -> Floats:
        shared, out = self.by.shape[1], y.copy()
        out[shared:] += sign * self.middle
        add_product(self.rows, -sign * (self.shift + self.by @ y[:shared]), out[shared:])
        return out

    def back(self, slope: Floats) -> Floats:
        """Return how far slopes in all others (those in globals are not read) pull at globals (G)."""
        pulled = np.empty(len(self.rows))
        fill_product(self.rows, slope[self.by.shape[1] :], pulled)
        return np.asarray(-self.by.T @ pulled)

    def whole(self) -> Floats:
        """Return how far others move back with each global (G, others)."""
        return np.asarray(self.by.T @ self.rows)

    def turned(self, about: Floats, turn: Floats) -> Answers:
        """Return the same where globals are about + turn w."""
        return replace(self, by=self.by @ turn, shift=self.shift + self.by @ about)


@dataclass(eq=False)
class Met:
    """What was met at `count` states, in sums: precisions among globals (G,G), between them and all others (G, others),
    and the products of the latter with themselves (G,G)."""

    among: Floats
    between: Floats
    products: Floats
    count: int = 0

    @classmethod
    def none(cls, size: int, shared: int) -> Met:
        """Return nothing met, for states of so many coordinates, of which so many are globals."""
        square = (shared, shared)
        return cls(np.zeros(square), np.zeros((shared, size - shared)), np.zeros(square))

    def add(self, among: Floats, between: Floats) -> None:
        """Take in a state."""
        self.among += among
        self.between += between
        self.products += between @ between.T
        self.count += 1

    def answers(self, about: Floats, middle: Floats) -> Answers:
        """Return the answers in which states agree, of others that stand about `middle` for globals `about`."""
        if self.count < 2:
            none = Answers.none(sum(self.between.shape), len(self.among))
            return replace(none, middle=middle)
        mean = self.between / self.count
        seen = mean @ mean.T
        # Between two different states there is no chance in a product.
        agreed = (self.count * seen - self.products / self.count) / (self.count - 1)
        values, vectors = np.linalg.eigh((agreed + agreed.T) / 2.0)
        kept = np.flatnonzero(values > LEAST)[::-1][:MOST]
        by, values = vectors[:, kept].T, values[kept]
        # Each as far as it is more than chance.
        share = values / np.maximum(np.einsum("kg,gh,kh->k", by, seen, by), values)
        return Answers(middle, (share[:, None] * (by @ mean)).astype(np.float32), by, -by @ about)

    def stiffness(self, answers: Answers) -> Floats:
        """Return how stiff globals are (G,G) once others answer, these being standard: the mean precision, and no less than
        what is left of others' hold on them at single states."""
        answer = answers.whole()
        cross = (self.between / self.count) @ answer.T
        answered = answer @ answer.T - cross - cross.T
        stiff = self.among / self.count + answered
        values, vectors = np.linalg.eigh(self.products / self.count + answered - stiff)
        return np.asarray(stiff + (vectors * np.maximum(values, 0.0)) @ vectors.T)
