"""What is a number of children worth that nobody counted one by one?

Counts that were inferred (missed children from lists, children from buildings) and the coverage that two of them
together mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kalanso.surveys.access.findings import Finding
from kalanso.surveys.access.methods import METHODS
from kalanso.surveys.handed_in import SurveyRefused

Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number of children with standard error and 95 % interval; `method` names how it came about."""

    method: str
    estimate: float
    standard_error: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {self.method!r}")
        if not 0 <= self.low <= self.estimate <= self.high or not self.standard_error >= 0:
            raise ValueError(f"expected 0 <= low <= estimate <= high, got {self}")

    @property
    def log_error(self) -> float:
        """Standard error on the log scale, from the interval: counts are skewed."""
        low, high = max(self.low, 0.5), max(self.high, 0.5)
        return math.log(high / low) / (2 * Z)


def coverage_of(missed: Count, target: Count) -> Finding:
    """Return the coverage that missed children out of a target mean: 1 - missed / target.

    Both must be of the same cohort and place. The two are taken as independent, errors added on the log scale. The
    label and the direction are those of the way in which the missed children were found. Raises SurveyRefused where
    more children are missed than there are: one of the counts is wrong, and no arithmetic says which.
    """
    if target.estimate <= 0 or missed.estimate > target.estimate:
        raise SurveyRefused(
            "surveys.access.more_missed_than_children", missed=missed.estimate, target=target.estimate
        )
    share = missed.estimate / target.estimate
    error = math.hypot(missed.log_error, target.log_error)
    low, high = share * math.exp(-Z * error), share * math.exp(Z * error)
    return Finding(
        method=METHODS[missed.method], coverage=1 - share, standard_error=share * error, low=max(1 - high, 0.0),
        high=1 - low, children=round(missed.estimate), params={"target": target.estimate},
    )  # fmt: skip
