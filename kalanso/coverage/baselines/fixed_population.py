"""What would the same model of doses and surveys find if one population were taken for the truth?

The layout of Naomi, the estimator of HIV programmes, in which population is data: every denominator
but one is put aside and that one is believed without error. It runs through our own estimator, so that
what differs from it is the population alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from kalanso.coverage.baselines.rows import official_source, official_targets
from kalanso.coverage.evidence import Evidence
from kalanso.coverage.priors import Prior, Priors, default_priors
from kalanso.coverage.question import Question
from kalanso.coverage.summaries import coverage_estimates

if TYPE_CHECKING:
    from kalanso.coverage.posterior import Posterior

CERTAIN = 0.02  # standard deviation of the log of a population that is believed


class Estimator(Protocol):
    """What this baseline needs of the estimator."""

    def __call__(
        self, evidence: Evidence, question: Question, rng: np.random.Generator, *, priors: Priors
    ) -> Posterior:
        """Return joint draws."""


def believing_priors(usual: Priors | None = None) -> Priors:
    """Return the priors by which a source errs in no area by more than about `CERTAIN`.

    Growth keeps its usual priors: believed is the number of children, not its trend to the last digit.
    """
    entries = dict((usual or default_priors()).entries)
    entries["population", "source_sd"] = Prior("lognormal", (CERTAIN, 0.1), "this population is believed")
    return Priors(entries)


def with_one_population(evidence: Evidence, source: str | None = None) -> Evidence:
    """Return the evidence with one source of population only, without gaps, declared free of bias.

    An area that the source does not count takes the median of the others.
    """
    name = source or official_source(evidence)
    due = official_targets(evidence, name)
    due = np.where(np.isfinite(due), due, np.nanmedian(due))
    years = pd.Series([int(code[:4]) for code in evidence.periods])
    rows = [
        pd.DataFrame(
            {
                "source": name,
                "place_code": evidence.areas,
                "period": year,
                "surviving_infants": 4 * due[:, years.to_numpy() == year].mean(axis=1),
            }
        )
        for year in years.unique()
    ]
    declared = pd.DataFrame(
        {
            "source": [name],
            "parent_source": [""],
            "bias_sd": [CERTAIN],
            "base_year": [np.nan],
            "anchor": [True],
        }
    )
    return replace(evidence, denominators=pd.concat(rows, ignore_index=True), denominator_sources=declared)


def fixed_population(
    evidence: Evidence, rng: np.random.Generator, *, estimate: Estimator, question: Question | None = None,
    source: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the estimates at a population that is believed, in the columns of `coverage_estimates`.

    The estimator is given that population alone, and priors that leave it no error (`believing_priors`).
    """
    asked = question or Question(preview=True)
    posterior = estimate(with_one_population(evidence, source), asked, rng, priors=believing_priors())
    return coverage_estimates(posterior, evidence)
