"""Which actions reach most zero-dose children under a budget, and whom do they leave out?

A 0-1 programme, solved by HiGHS: at most one approach per area, costs within the budget, and in
every district a floor, so that no district is given up because its children are dear to reach. A
plan is judged on all draws; the careful plan looks at the worst of them (conditional value at risk,
Rockafellar and Uryasev 2000) instead of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, hstack, vstack

from kalanso.coverage.assumptions import assumption_table
from kalanso.coverage.summaries import interval, readable
from kalanso.planning.options import Numbers, Options
from kalanso.planning.quiet_solver import quiet_solver
from kalanso.vocabulary import Message

Chosen = npt.NDArray[np.bool_]
EXPECTED, CAREFUL = "expected", "careful"
WORST = 0.2  # share of draws whose mean the careful plan maximises
SCENARIOS = 200  # draws among which the careful plan is chosen; it is judged on all
GAP = {EXPECTED: 1e-4, CAREFUL: 5e-3}  # how far from the best possible plan the solver may stop
_OPTIMAL, _LIMIT, _INFEASIBLE = 0, 1, 2


class PlanRefused(ValueError):
    """No plan meets what was asked; the message says what is short."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(message.id)

    def __str__(self) -> str:
        return self.message.render("en")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do, whom it reaches and whom it leaves out.

    `chosen`: place_code, district_code, approach, cost, reached (mean and 95 % interval),
    cost_per_child. `left_out`: areas without an action: place_code, district_code, missed children
    (mean and interval), message and params that say why. `districts`: missed and reached children
    and their share. `reached` (draws) are children reached by the whole plan. `gap` is how much
    better, at most, another plan could be (share).
    """

    chosen: pd.DataFrame
    left_out: pd.DataFrame
    districts: pd.DataFrame
    assumptions: pd.DataFrame
    reached: Numbers
    cost: float
    budget: float
    floor: float
    objective: str
    gap: float

    def message(self) -> Message:
        """Return the sentence on the whole plan."""
        numbers = {
            name: float(value[0]) for name, value in interval("reached", self.reached[None, :]).items()
        }
        low, high = numbers["reached_q025"], numbers["reached_q975"]
        told = {
            "cost": self.cost, "areas": len(self.chosen), "left": len(self.left_out),
            "n": readable(numbers["reached_mean"], low, high), "low": readable(low, low, high),
            "high": readable(high, low, high), "missed": float(self.left_out["missed_children_mean"].sum()),
        }  # fmt: skip
        return Message("planning.plan.summary", told)


def plan(
    given: Options, *, budget: float, floor: float = 0.0, objective: str = EXPECTED, worst: float = WORST
) -> Plan:
    """Return the plan that reaches most children within a budget.

    `floor` is the least share of the expected missed children of every district that the plan must
    reach on average. `objective` is EXPECTED (mean over the draws) or CAREFUL (mean over the `worst`
    share of the draws). Raises PlanRefused where the floor cannot be met: by any action (the
    districts are named) or within the budget (the sum that would do is named). ValueError for a
    budget, floor or objective that cannot be.
    """
    if objective not in (EXPECTED, CAREFUL) or not 0 < worst <= 1:
        raise ValueError(
            f"objective: expected {EXPECTED} or {CAREFUL} with a worst share, got {objective!r}, {worst}"
        )
    if not (np.isfinite(budget) and budget >= 0 and 0 <= floor <= 1):
        raise ValueError(f"expected a budget of 0 or more and a floor from 0 to 1, got {budget} and {floor}")
    if not len(given.table):
        chosen, gap = np.zeros(0, dtype=bool), 0.0
    else:
        found = _solve(given, budget, floor, objective, worst)
        if found is None:
            raise PlanRefused(_what_is_short(given, budget, floor))
        chosen, gap = found
    return _described(given, chosen, budget=budget, floor=floor, objective=objective, gap=gap)


def _solve(
    given: Options, budget: float, floor: float, objective: str, worst: float
) -> tuple[Chosen, float] | None:
    costs = given.table["cost"].to_numpy(dtype=float)
    rows, least, most = _rules(given, floor)
    rows, least, most = vstack([rows, csr_array(costs[None, :])]), [*least, -np.inf], [*most, budget]
    if objective == EXPECTED:
        return _milp(-given.reached.mean(axis=1), rows, least, most, len(costs), GAP[EXPECTED])
    picked = np.linspace(0, given.reached.shape[1] - 1, min(SCENARIOS, given.reached.shape[1])).astype(int)
    scenarios = given.reached[:, picked].T
    count = len(picked)
    # maximise eta - mean(shortfall) / worst, with shortfall >= eta - reached and >= 0
    value = np.concatenate([np.zeros(len(costs)), [-1.0], np.full(count, 1 / (worst * count))])
    below = hstack([csr_array(scenarios), csr_array(-np.ones((count, 1))), csr_array(np.eye(count))])
    wide = vstack([hstack([rows, csr_array((rows.shape[0], 1 + count))]), below])
    return _milp(value, wide, [*least, *[0.0] * count], [*most, *[np.inf] * count], len(costs), GAP[CAREFUL])


def _rules(given: Options, floor: float) -> tuple[csr_array, list[float], list[float]]:
    """Return one row per area (at most one approach) and per district (the floor)."""
    count = len(given.table)
    area, position = given.area_of, np.arange(count)
    once = coo_array((np.ones(count), (area, position)), shape=(len(given.areas), count))
    names = list(dict.fromkeys(given.districts))
    district = np.array([names.index(code) for code in given.table["district_code"]], dtype=np.intp)
    reached = coo_array((given.reached.mean(axis=1), (district, position)), shape=(len(names), count))
    # rounding must not forbid a plan that meets the floor exactly
    least = [floor * missed * (1 - 1e-9) for missed in _by_district(given).values()]
    rows = csr_array(vstack([once, reached]))
    bounds = [-np.inf] * len(given.areas) + least, [1.0] * len(given.areas) + [np.inf] * len(names)
    return rows, *bounds


def _by_district(given: Options) -> dict[str, float]:
    """Return the expected missed children of each district."""
    found = dict.fromkeys(given.districts, 0.0)
    for code, missed in zip(given.districts, given.missed.mean(axis=1), strict=True):
        found[code] += float(missed)
    return found


def _milp(
    value: Numbers, rows: Any, least: Sequence[float], most: Sequence[float], count: int, gap: float
) -> tuple[Chosen, float] | None:
    """Return the chosen options (the first `count` variables are 0 or 1), or None where none exist."""
    extra = len(value) - count
    lower = np.concatenate([np.zeros(count), np.full(min(extra, 1), -np.inf), np.zeros(max(extra - 1, 0))])
    upper = np.concatenate([np.ones(count), np.full(extra, np.inf)])
    with quiet_solver():
        found = milp(
            value, integrality=np.concatenate([np.ones(count), np.zeros(extra)]), bounds=Bounds(lower, upper),
            constraints=LinearConstraint(csr_array(rows), least, most), options={"mip_rel_gap": gap},
        )  # fmt: skip
    if found.status == _INFEASIBLE:
        return None
    if found.x is None or found.status not in (_OPTIMAL, _LIMIT):
        raise RuntimeError(f"the solver stopped without a plan: {found.message}")
    return found.x[:count] > 0.5, float(found.mip_gap or 0.0)


def _what_is_short(given: Options, budget: float, floor: float) -> Message:
    """Return why no plan exists: some districts cannot reach the floor, or the budget is too small."""
    best = (
        pd.DataFrame({"area": given.area_of, "reached": given.reached.mean(axis=1)})
        .groupby("area")["reached"]
        .max()
    )
    possible = dict.fromkeys(given.districts, 0.0)
    for area, children in best.items():
        possible[given.districts[int(str(area))]] += float(children)
    short = [
        code for code, missed in _by_district(given).items() if possible[code] < floor * missed * (1 - 1e-9)
    ]
    if short:
        return Message(
            "planning.refused.floor_out_of_reach",
            {"floor": floor, "districts": ", ".join(short[:5]), "n": len(short)},
        )
    rows, least, most = _rules(given, floor)
    costs = given.table["cost"].to_numpy(dtype=float)
    cheapest = _milp(costs, rows, least, most, len(costs), GAP[EXPECTED])
    needed = float(costs[cheapest[0]].sum()) if cheapest else float("nan")
    return Message("planning.refused.budget", {"floor": floor, "budget": budget, "needed": needed})


def _described(
    given: Options, chosen: Chosen, *, budget: float, floor: float, objective: str, gap: float
) -> Plan:
    picked = given.reached[chosen]
    table = given.table[chosen].reset_index(drop=True).assign(**interval("reached", picked))
    mean = table["reached_mean"].to_numpy()
    table["cost_per_child"] = np.divide(table["cost"], mean, out=np.full(len(table), np.nan), where=mean > 0)
    return Plan(
        chosen=table.sort_values(["reached_mean", "place_code"], ascending=[False, True]).reset_index(
            drop=True
        ),
        left_out=_left_out(given, chosen),
        districts=_districts(given, chosen),
        assumptions=assumption_table(given.assumptions),
        reached=picked.sum(axis=0),
        cost=float(table["cost"].sum()),
        budget=budget,
        floor=floor,
        objective=objective,
        gap=gap,
    )


def _left_out(given: Options, chosen: Chosen) -> pd.DataFrame:
    served = set(given.area_of[chosen].tolist())
    left = [area for area in range(len(given.areas)) if area not in served]
    cheapest = given.table.assign(area=given.area_of).groupby("area")["cost"].min()
    said = [
        Message("planning.left_out.budget", {"cost": float(cheapest[area])})
        if area in cheapest.index
        else Message("planning.left_out.no_option")
        for area in left
    ]
    table = pd.DataFrame(
        {
            "place_code": [given.areas[area] for area in left],
            "district_code": [given.districts[area] for area in left],
        }
        | interval("missed_children", given.missed[left])
        | {"message": [one.id for one in said], "params": [one.params_json() for one in said]}
    )
    return table.sort_values(["missed_children_mean", "place_code"], ascending=[False, True]).reset_index(
        drop=True
    )


def _districts(given: Options, chosen: Chosen) -> pd.DataFrame:
    names = list(dict.fromkeys(given.districts))
    of_area, of_option = np.array(given.districts), given.table["district_code"].to_numpy()
    rows = []
    for name in names:
        missed = given.missed[of_area == name].sum(axis=0)
        reached = given.reached[chosen & (of_option == name)].sum(axis=0)
        share = np.divide(reached, missed, out=np.zeros_like(reached), where=missed > 0)
        rows.append(np.stack([missed, reached, share]))
    missed, reached, share = (np.stack([row[at] for row in rows]) for at in range(3))
    columns = (
        interval("missed_children", missed) | interval("reached", reached) | interval("reached_share", share)
    )
    return pd.DataFrame({"district_code": names} | columns)


def frontier(given: Options, budgets: Sequence[float], **how: Any) -> pd.DataFrame:
    """Return what each budget would reach: budget, cost, areas, reached (mean and 95 % interval).

    Budgets that cannot meet the floor have empty numbers. `how` is passed to `plan`.
    """
    rows: list[dict[str, float]] = []
    for budget in sorted(set(budgets)):
        try:
            found = plan(given, budget=budget, **how)
        except PlanRefused:
            rows.append({"budget": budget})
            continue
        numbers = {
            name: float(value[0]) for name, value in interval("reached", found.reached[None, :]).items()
        }
        rows.append({"budget": budget, "cost": found.cost, "areas": len(found.chosen), **numbers})
    return pd.DataFrame(
        rows, columns=["budget", "cost", "areas", "reached_mean", "reached_q025", "reached_q975"]
    )
