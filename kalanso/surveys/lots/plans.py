"""How many children must be found vaccinated for a lot to pass, and how often does such a rule err?

Lot quality assurance sampling, of children drawn one by one or in clusters. Children of one cluster are alike: the
number vaccinated in a cluster is beta-binomial, clusters are independent (Hedt-Gauthier and others 2013, Emerging
Themes in Epidemiology 10:11).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import betabinom, binom

from kalanso.surveys.handed_in import SurveyRefused

Numbers = npt.NDArray[np.float64]
MOST_CHILDREN = 3000


class NoSuchRule(SurveyRefused):
    """No decision value keeps both errors within what is allowed."""


@dataclass(frozen=True, kw_only=True)
class LotPlan:
    """A lot passes when at least `decision` of its `children` are vaccinated.

    `children_per_cluster` 1: drawn one by one. How alike children of a cluster are is said by `icc` or, as plans
    of polio campaigns do, by `cluster_sd`, the standard deviation of coverage between clusters.
    """

    children: int
    decision: int
    children_per_cluster: int = 1
    icc: float = 0.0
    cluster_sd: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.children <= MOST_CHILDREN or not 0 <= self.decision <= self.children + 1:
            raise ValueError(
                f"expected 1 to {MOST_CHILDREN} children and a decision among them, got {self.children} and {self.decision}"
            )
        if self.children_per_cluster < 1 or self.children % self.children_per_cluster:
            raise ValueError(
                f"expected clusters of one size, got {self.children} children in clusters of {self.children_per_cluster}"
            )
        if not 0 <= self.icc < 1 or not 0 <= self.cluster_sd < 0.5 or (self.icc and self.cluster_sd):
            raise ValueError(
                f"expected an icc below 1 or a cluster_sd below 0.5, not both, got {self.icc:g} and {self.cluster_sd:g}"
            )

    def found(self, coverage: float) -> Numbers:
        """Return the chance of each number of vaccinated children, from 0 to `children`."""
        if not 0 <= coverage <= 1:
            raise ValueError(f"coverage: expected a share from 0 to 1, got {coverage:g}; is it in percent?")
        m = self.children_per_cluster
        alike = self.icc
        if self.cluster_sd and 0 < coverage < 1:
            alike = min(self.cluster_sd**2 / (coverage * (1 - coverage)), 1 - 1e-9)
        if m == 1 or not alike or coverage in (0, 1):
            return binom.pmf(np.arange(self.children + 1), self.children, coverage)
        size = 1 / alike - 1
        one = betabinom.pmf(np.arange(m + 1), m, coverage * size, (1 - coverage) * size)
        return _of_clusters(one, self.children // m)

    def pass_probability(self, coverage: float) -> float:
        """Return how often a lot of this coverage passes."""
        return float(min(self.found(coverage)[self.decision :].sum(), 1.0))


def _of_clusters(one: Numbers, clusters: int) -> Numbers:
    """Return the distribution of the sum of independent clusters, by doubling."""
    total: Numbers = np.ones(1)
    while clusters:
        if clusters % 2:
            total = np.convolve(total, one)
        one, clusters = np.convolve(one, one), clusters // 2
    return total


def operating_curve(plan: LotPlan, coverage: Sequence[float] | None = None) -> pd.DataFrame:
    """Return coverage and pass_probability, by steps of one hundredth unless `coverage` says otherwise."""
    shares = np.arange(101) / 100 if coverage is None else np.asarray(coverage, float)
    return pd.DataFrame(
        {"coverage": shares, "pass_probability": [plan.pass_probability(float(one)) for one in shares]}
    )


def decision_rule(
    children: int, *, lower: float, upper: float, alpha: float = 0.10, beta: float = 0.10,
    children_per_cluster: int = 1, icc: float = 0.0, cluster_sd: float = 0.0,
) -> LotPlan:  # fmt: skip
    """Return the smallest decision value that keeps both errors: lots of coverage `upper` fail at most in `alpha`
    of cases, lots of coverage `lower` pass at most in `beta`.

    Raises NoSuchRule, with the errors of the best value, where the lot is too small for that.
    """
    _check_limits(lower, upper, alpha, beta)
    plan = LotPlan(
        children=children,
        decision=0,
        children_per_cluster=children_per_cluster,
        icc=icc,
        cluster_sd=cluster_sd,
    )
    failing, passing = _errors(plan, lower, upper)
    kept = np.flatnonzero((failing <= alpha) & (passing <= beta))
    if not kept.size:
        best = int(np.argmin(np.maximum(failing / alpha, passing / beta)))
        raise NoSuchRule(
            "surveys.lots.no_rule", children=children, lower=lower, upper=upper, alpha=alpha, beta=beta,
            decision=best, failing=float(failing[best]), passing=float(passing[best]),
        )  # fmt: skip
    return replace(plan, decision=int(kept[0]))


def least_errors(plan: LotPlan, *, lower: float, upper: float) -> LotPlan:
    """Return the plan with the decision value whose two errors have the smallest sum."""
    _check_limits(lower, upper, 0.5, 0.5)
    failing, passing = _errors(plan, lower, upper)
    return replace(plan, decision=int(np.argmin(failing + passing)))


def smallest_plan(
    *, lower: float, upper: float, alpha: float = 0.10, beta: float = 0.10, children_per_cluster: int = 1,
    icc: float = 0.0, cluster_sd: float = 0.0, most: int = 600,
) -> LotPlan:  # fmt: skip
    """Return the plan of fewest children (whole clusters) that keeps both errors; NoSuchRule above `most`."""
    _check_limits(lower, upper, alpha, beta)
    for children in range(children_per_cluster, most + 1, children_per_cluster):
        try:
            return decision_rule(
                children, lower=lower, upper=upper, alpha=alpha, beta=beta,
                children_per_cluster=children_per_cluster, icc=icc, cluster_sd=cluster_sd,
            )  # fmt: skip
        except NoSuchRule:
            continue
    raise NoSuchRule("surveys.lots.no_plan", most=most, lower=lower, upper=upper, alpha=alpha, beta=beta)


def _errors(plan: LotPlan, lower: float, upper: float) -> tuple[Numbers, Numbers]:
    """Return for each decision value from 0 to children + 1 how often a good lot fails and a bad one passes."""
    good, bad = plan.found(upper), plan.found(lower)
    failing = np.concatenate([[0.0], np.cumsum(good)])
    passing = np.concatenate([np.cumsum(bad[::-1])[::-1], [0.0]])
    return failing, passing


def _check_limits(lower: float, upper: float, alpha: float, beta: float) -> None:
    if not 0 <= lower < upper <= 1 or not 0 < alpha < 1 or not 0 < beta < 1 or math.isnan(alpha + beta):
        raise ValueError(
            "expected limits as shares, the lower below the upper, and errors between 0 and 1, got "
            f"{lower:g}, {upper:g}, {alpha:g} and {beta:g}"
        )
