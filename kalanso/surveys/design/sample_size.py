"""How many children, households and clusters does a survey need for an interval of a given width?

What a sample of given size will be able to say is answered by `precision`; who is drawn, by `selection`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from scipy.stats import norm

SIZE_COLUMNS = (
    "cohort", "expected", "half_width", "effective_children", "children_per_cluster", "deff", "weight_factor",
    "children", "children_selected", "households", "clusters", "drives",
)  # fmt: skip


def design_effect(children_per_cluster: float, icc: float) -> float:
    """Return the loss of precision from visiting clusters rather than children.

    deff = 1 + (m - 1) icc, m children per cluster, icc the likeness of children of one cluster (Kish 1965). Less
    than one child per cluster counts as one. WHO's manual of 2018 plans with an icc of 1/3 for routine doses where
    nothing is known, 1/6 before; the icc of an earlier round of the same place is better than both.
    """
    if children_per_cluster <= 0 or not 0 <= icc < 1:
        raise ValueError(
            f"expected more than 0 children and an icc from 0 to 1, got {children_per_cluster:g} and {icc:g}"
        )
    return 1 + (max(children_per_cluster, 1.0) - 1) * icc


def effective_children(expected: float, half_width: float, *, level: float = 0.95) -> float:
    """Return how many children a simple random sample needs for an interval of `half_width` (not rounded).

    n0 = f z^2 / (4 d^2) + 1/d - 2 z^2 + (z + 2) / f, with d the half width, f = 1 for an expected coverage from .3
    to .7, and outside of it 4 q (1 - q) at the end q of the interval that is nearer to .5; 8 d (1 - 2 d) where the
    expected coverage lies within d of 0 or 1 (WHO 2018, Vaccination coverage cluster surveys, annex B; Fleiss).
    """
    if not (0 <= expected <= 1 and 0 < half_width <= 0.3 and 0 < level < 1):
        raise ValueError(
            "expected a coverage from 0 to 1, a half width above 0 and up to 0.3 and a level below 1, got "
            f"{expected:g}, {half_width:g} and {level:g}; are they in percent?"
        )
    z, d = float(norm.ppf((1 + level) / 2)), half_width
    p = min(expected, 1 - expected)  # the formula is the same on both sides of one half
    if p < d:
        f = 8 * d * (1 - 2 * d)
    elif p < 0.3:
        f = 4 * (p + d) * (1 - p - d)
    else:
        f = 1.0
    return f * z**2 / (4 * d**2) + 1 / d - 2 * z**2 + (z + 2) / f


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Children about whom one result is wanted: coverage to be expected, half width wanted, and how many live in
    a household on average (0.25: one in four households has one)."""

    name: str
    expected: float
    half_width: float
    children_per_household: float

    def __post_init__(self) -> None:
        if self.children_per_household <= 0:
            raise ValueError(
                f"{self.name}: expected more than 0 children per household, got {self.children_per_household:g}"
            )


@dataclass(frozen=True, kw_only=True)
class SampleQuestion:
    """What a survey shall be able to say in each stratum, and how it will be carried out.

    `households_per_cluster` are visited in each cluster; `response` is the share of selected children of whom an
    interview will be had; `weight_cv` the coefficient of variation of the weights.
    """

    cohorts: tuple[Cohort, ...]
    households_per_cluster: int
    icc: float
    response: float = 1.0
    weight_cv: float = 0.0
    level: float = 0.95

    def __post_init__(self) -> None:
        names = [cohort.name for cohort in self.cohorts]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"expected at least one cohort, each named once, got {names}")
        if self.households_per_cluster < 1 or not 0 < self.response <= 1 or self.weight_cv < 0:
            raise ValueError(
                "expected households from 1, a response above 0 and up to 1, and a weight_cv of 0 or more, got "
                f"{self.households_per_cluster}, {self.response:g} and {self.weight_cv:g}"
            )


def sample_size(question: SampleQuestion) -> pd.DataFrame:
    """Return what each cohort needs in one stratum; `drives` marks the cohort that decides how many clusters.

    children (interviews) = n0 x deff x (1 + cv^2), children_selected = that / response, households =
    children_selected / children per household, each rounded up (WHO 2018, annex B). deff rests on the children of
    this cohort in one cluster: the rarer cohort has fewer, so that its deff is smaller. Cohorts are never pooled.
    """
    rows = [_of_cohort(cohort, question) for cohort in question.cohorts]
    table = pd.DataFrame(rows)
    table["drives"] = table["clusters"] == table["clusters"].max()
    return table[list(SIZE_COLUMNS)]


def _of_cohort(cohort: Cohort, question: SampleQuestion) -> dict[str, object]:
    needed = math.ceil(effective_children(cohort.expected, cohort.half_width, level=question.level))
    found = question.households_per_cluster * cohort.children_per_household
    interviewed = found * question.response
    deff = design_effect(interviewed, question.icc)
    unequal = 1 + question.weight_cv**2
    children = _up(needed * deff * unequal)
    selected = _up(needed * deff * unequal / question.response)
    households = _up(selected / cohort.children_per_household)
    return {
        "cohort": cohort.name,
        "expected": cohort.expected,
        "half_width": cohort.half_width,
        "effective_children": needed,
        "children_per_cluster": interviewed,
        "deff": deff,
        "weight_factor": unequal,
        "children": children,
        "children_selected": selected,
        "households": households,
        "clusters": math.ceil(households / question.households_per_cluster),
    }


def _up(value: float) -> int:
    # 150.00000000000003 children are 150, not 151
    return math.ceil(value - 1e-9)
