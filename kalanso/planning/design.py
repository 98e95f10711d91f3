"""Which approaches might suit a place, for which stated reasons, and what would one child cost under stated assumptions?

Reasons are proposals (`kalanso.definitions.approaches`), not evidence: approaches are grouped by what speaks for them and
never scored. A cost per child is arithmetic on assumptions, not an effect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kalanso.definitions.approaches import BARRIER, CONTEXT, ApproachRule

# What speaks for an approach: a context of the place and an obstacle named there, one of the two.
BOTH, OBSTACLE, PLACE = "both", "obstacle", "place"
GROUPS = (BOTH, OBSTACLE, PLACE)


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """An approach with the rules that speak for it; `group` says of which kind they are."""

    approach: str
    group: str
    reasons: tuple[ApproachRule, ...]


def suggest(
    rules: Iterable[ApproachRule], *, contexts: Collection[str], barriers: Collection[str]
) -> tuple[Suggestion, ...]:
    """Return the approaches for which something speaks: first those that answer a context and an open obstacle.

    Within a group they stand in the order of the rules, which says nothing of how well they work.
    """
    fits: dict[str, list[ApproachRule]] = {}
    for rule in rules:
        wanted = contexts if rule.on == CONTEXT else barriers
        if rule.value in wanted:
            fits.setdefault(rule.approach, []).append(rule)
    found = [
        Suggestion(approach=approach, group=_group({rule.on for rule in several}), reasons=tuple(several))
        for approach, several in fits.items()
    ]
    return tuple(sorted(found, key=lambda one: GROUPS.index(one.group)))


def _group(kinds: set[str]) -> str:
    if kinds == {CONTEXT, BARRIER}:
        return BOTH
    return OBSTACLE if BARRIER in kinds else PLACE


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Which share of the missed children an approach is assumed to reach: low, central and high, from 0 to 1."""

    low: float
    central: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.central <= self.high <= 1:
            raise ValueError(
                f"shares: expected 0 <= low <= central <= high <= 1, got {self.low}, {self.central}, {self.high}"
            )


@dataclass(frozen=True, kw_only=True)
class Costing:
    """What an approach costs in all, how many children it would reach, and what one of them costs.

    `fewest` and `most` take the low end of the children with the low share, and the high end with the high share: bounds of
    assumptions, not an interval of 95 %. A cost per child is None where nobody would be reached.
    """

    cost: float
    fewest: float
    central: float
    most: float

    @property
    def dearest(self) -> float | None:
        """The cost of a child where the fewest are reached."""
        return self.cost / self.fewest if self.fewest > 0 else None

    @property
    def per_child(self) -> float | None:
        """The cost of a child under the central assumption."""
        return self.cost / self.central if self.central > 0 else None

    @property
    def cheapest(self) -> float | None:
        """The cost of a child where the most are reached."""
        return self.cost / self.most if self.most > 0 else None


def costing(*, unit_cost: float, units: float, missed: tuple[float, float, float], shares: Shares) -> Costing:
    """Return the cost of some units, and of a child under assumptions. `missed`: low end, mean and high end of the interval.

    Raises ValueError for a cost or a number of units that is not above 0, and for children out of order.
    """
    if unit_cost <= 0 or units <= 0:
        raise ValueError(f"costing: expected a unit cost and units above 0, got {unit_cost} and {units}")
    low, mean, high = missed
    if not 0 <= low <= mean <= high:
        raise ValueError(f"costing: expected 0 <= low <= mean <= high children, got {missed}")
    return Costing(
        cost=unit_cost * units,
        fewest=low * shares.low,
        central=mean * shares.central,
        most=high * shares.high,
    )
