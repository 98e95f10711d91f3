"""What would the methods in use say of the same evidence?

Each takes the evidence and returns the columns of `coverage_estimates`, so that people see what
changes, and proofs measure it: administrative coverage, the desk method of Countdown to 2030, surveys
alone, the national estimate of WHO and UNICEF, and (`fixed_population`, which needs the estimator) the
same model with one population believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from kalanso.coverage.baselines.administrative import administrative
from kalanso.coverage.baselines.comparison import accuracy, comparison
from kalanso.coverage.baselines.countdown import countdown
from kalanso.coverage.baselines.fixed_population import fixed_population
from kalanso.coverage.baselines.national import who_unicef
from kalanso.coverage.baselines.rows import NoBaseline
from kalanso.coverage.baselines.surveys_only import surveys_only
from kalanso.coverage.evidence import Evidence

__all__ = ["BASELINES", "NoBaseline", "accuracy", "all_baselines", "comparison", "fixed_population"]

Baseline = Callable[[Evidence, np.random.Generator], pd.DataFrame]

BASELINES: Mapping[str, Baseline] = {
    "administrative": administrative,
    "countdown": countdown,
    "surveys_only": surveys_only,
    "who_unicef": who_unicef,
}


def all_baselines(evidence: Evidence, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return the table of every method that can say something of this evidence."""
    found = {}
    for name, method in BASELINES.items():
        try:
            found[name] = method(evidence, rng)
        except NoBaseline:
            continue
    return found
