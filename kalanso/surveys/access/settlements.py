"""How many children live in settlements that are seen from above, and in those that nobody visited?

Buildings x share inhabited x people per building x share of children. The factors are unknown for all settlements
together, so that their error does not average out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.surveys.access.counts import Count, Z
from kalanso.surveys.handed_in import among, numbers, unique, with_columns
from kalanso.vocabulary import Message

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A number known with a 95 % interval, and where it is from; drawn on the log scale."""

    value: float
    low: float
    high: float
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.value <= self.high or not self.source.strip():
            raise ValueError(f"expected 0 < low <= value <= high and a source, got {self}")

    def draws(self, count: int, rng: np.random.Generator) -> Numbers:
        """Return draws whose median is the value and whose interval has the width told (log-normal)."""
        spread = math.log(self.high / self.low) / (2 * Z)
        return self.value * np.exp(spread * rng.normal(size=count))


def children_of_settlements(
    settlements: pd.DataFrame, *, inhabited: Factor, people_per_building: Factor, child_share: Factor,
    settlement_sd: float = 0.3, draws: int = 10_000, rng: np.random.Generator,
) -> tuple[dict[str, Count], pd.DataFrame]:  # fmt: skip
    """Return the children of each place (Count by place_code), and of its settlements by whether they were visited.

    `settlements`: settlement, place_code, buildings, visited (True or False). `child_share` is the share of the
    people who are children of the cohort asked for. `settlement_sd` (log scale) is how far one settlement lies from the
    others. The table has place_code, visited, settlements, buildings, children, low, high, message, params: those of
    settlements never visited are where the unreached may be looked for; they are a number of children, not of missed ones.
    """
    if settlement_sd < 0 or draws < 1000:
        raise ValueError(
            f"expected an sd of 0 or more and at least 1000 draws, got {settlement_sd:g} and {draws}"
        )
    table = with_columns(settlements, "settlements", ["settlement", "place_code", "buildings", "visited"])
    unique(table, "settlements", ["settlement"])
    among(table, "settlements", "visited", [True, False])
    table["buildings"] = numbers(table, "settlements", "buildings")
    shared = np.prod([one.draws(draws, rng) for one in (inhabited, people_per_building, child_share)], axis=0)
    middle = inhabited.value * people_per_building.value * child_share.value
    sums: dict[tuple[str, bool], Numbers] = {}
    for row in table.to_dict("records"):
        key = (str(row["place_code"]), bool(row["visited"]))
        # mean 1, so that the sum over settlements is not inflated by their scatter
        own = np.exp(settlement_sd * rng.normal(size=draws) - settlement_sd**2 / 2)
        sums[key] = sums.get(key, np.zeros(draws)) + float(row["buildings"]) * own * shared
    rows, counts = [], {}
    for (place, visited), group in table.groupby(["place_code", "visited"], sort=True):
        buildings = float(group["buildings"].sum())
        found = _count(buildings * middle, sums[str(place), bool(visited)])
        kind = "visited" if visited else "never"
        said = Message(f"surveys.access.settlements.{kind}", {"n": len(group), "children": found.estimate})
        rows.append(
            {
                "place_code": place, "visited": bool(visited), "settlements": len(group), "buildings": buildings,
                "children": found.estimate, "low": found.low, "high": found.high, "message": said.id,
                "params": said.params_json(),
            }
        )  # fmt: skip
    for name, buildings in table.groupby("place_code", sort=True)["buildings"].sum().items():
        place = str(name)
        total = sums.get((place, True), np.zeros(draws)) + sums.get((place, False), np.zeros(draws))
        counts[place] = _count(float(buildings) * middle, total)
    return counts, pd.DataFrame(rows)


def _count(estimate: float, found: Numbers) -> Count:
    low, high = np.quantile(found, [0.025, 0.975])
    return Count(
        method="settlements", estimate=estimate, standard_error=float(found.std(ddof=1)),
        low=float(min(low, estimate)), high=float(max(high, estimate)),
    )  # fmt: skip
