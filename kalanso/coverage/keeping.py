"""Which draws are kept, and when are there enough?

A chain's draws are kept as coverage and children, thinned when room runs out; its totals are kept
from every iteration, since convergence is judged on them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kalanso.coverage.convergence import effective_draws, r_hat
from kalanso.coverage.drawing import Drawn, draw_of
from kalanso.coverage.model import Model
from kalanso.coverage.records import Floats

# What is missing of a dose has a name of its own where programmes have one.
MISSING = {"dtp1": "zero_dose_children", "dtp3": "under_immunized_children"}
ROOM = 1000  # draws a chain keeps before it thins


def total_names(first: str, second: str) -> tuple[str, ...]:
    """Return the names of the totals on which convergence is judged, in the order of `_totals`."""
    lacking = [MISSING.get(dose, f"children_without_{dose}") for dose in (first, second)]
    return (f"{first}_coverage", f"{second}_coverage", "surviving_infants", *lacking)


@dataclass(eq=False)
class Keeper:
    """Collects the draws of one chain. `every` is the distance of kept draws in iterations."""

    model: Model
    rng: np.random.Generator
    room: int = ROOM
    every: int = 1
    seen: int = 0
    drawn: list[Drawn] = field(default_factory=list)
    gamma: list[Floats] = field(default_factory=list)
    totals: list[Floats] = field(default_factory=list)
    shared: list[Floats] = field(default_factory=list)

    def __call__(self, x: Floats) -> None:
        """Take one state of the chain."""
        draw = draw_of(self.model, x, self.rng)
        self.totals.append(_totals(draw))
        self.shared.append(x[: self.model.layout.size].copy())
        if self.seen % self.every == 0:
            self.drawn.append(draw)
            self.gamma.append(self.shared[-1])
            self._thin()
        self.seen += 1

    def further(self) -> Keeper:
        """Return an empty keeper that goes on where this one stands, and never thins."""
        return Keeper(self.model, self.rng, sys.maxsize, self.every, self.seen)

    def join(self, more: Keeper) -> None:
        """Take over what a further one has kept, and thin where room has run out."""
        self.rng, self.seen = more.rng, more.seen
        self.totals += more.totals
        self.shared += more.shared
        self.drawn += more.drawn
        self.gamma += more.gamma
        self._thin()

    def _thin(self) -> None:
        while len(self.drawn) >= self.room:
            self.every *= 2
            del self.drawn[1::2], self.gamma[1::2]


def _totals(draw: Drawn) -> Floats:
    n = draw.infants.astype(np.float64)
    total = n.sum()
    if not np.isfinite(total):
        raise FloatingPointError("a state with more children than can be counted")
    one, three = float((n * draw.dtp1).sum()), float((n * draw.dtp3).sum())
    return np.array([one / total, three / total, total, total - one, total - three])


@dataclass(frozen=True)
class Mixing:
    """How well chains have mixed: R-hat and effective draws of each total and of each global."""

    totals: dict[str, tuple[float, float]]
    globals_: dict[str, tuple[float, float]]

    @property
    def least_draws(self) -> float:
        """The smallest number of effective draws among totals."""
        return min(draws for _, draws in self.totals.values())

    @property
    def worst_total(self) -> float:
        """The largest R-hat among totals."""
        return max(hat for hat, _ in self.totals.values())

    @property
    def worst_global(self) -> float:
        """The largest R-hat among globals."""
        return max(hat for hat, _ in self.globals_.values())

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for diagnostics."""
        return {
            "totals": {k: {"r_hat": round(a, 4), "effective_draws": round(b, 1)} for k, (a, b) in self.totals.items()},
            "globals": {k: {"r_hat": round(a, 4), "effective_draws": round(b, 1)} for k, (a, b) in self.globals_.items()},
        }  # fmt: skip


def mixing(keepers: list[Keeper], names: list[str]) -> Mixing:
    """Return how well the chains of these keepers have mixed."""
    asked = keepers[0].model.design.question
    doses = total_names(asked.first, asked.second)
    size = min(len(keeper.totals) for keeper in keepers)
    totals = np.stack([np.array(keeper.totals[:size]) for keeper in keepers])
    shared = np.stack([np.array(keeper.shared[:size]) for keeper in keepers])
    return Mixing(
        {name: (r_hat(totals[:, :, j]), effective_draws(totals[:, :, j])) for j, name in enumerate(doses)},
        {name: (r_hat(shared[:, :, j]), effective_draws(shared[:, :, j])) for j, name in enumerate(names)},
    )


def chosen(keepers: list[Keeper], draws: int) -> tuple[list[Drawn], Floats, npt.NDArray[np.int64]]:
    """Return `draws` of the kept draws, evenly from all chains, their globals and their chains."""
    found, gamma, chain = [], [], []
    for number, keeper in enumerate(keepers):
        wanted = draws // len(keepers) + (number < draws % len(keepers))
        places = np.linspace(0, len(keeper.drawn) - 1, min(wanted, len(keeper.drawn))).round().astype(int)
        found += [keeper.drawn[j] for j in places]
        gamma += [keeper.gamma[j] for j in places]
        chain += [number] * len(places)
    return found, np.array(gamma), np.array(chain, np.int64)
