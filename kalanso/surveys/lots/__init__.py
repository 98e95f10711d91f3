"""Does a lot of children reach a level of coverage, and how does it go from round to round?

Random households in every lot: this classifies lots, it does not estimate small areas. Several lots together, by
their weights, do estimate a district.
"""

from kalanso.surveys.lots.combined import combined
from kalanso.surveys.lots.plans import (
    LotPlan,
    NoSuchRule,
    decision_rule,
    least_errors,
    operating_curve,
    smallest_plan,
)
from kalanso.surveys.lots.rounds import evidence, judged, over_time

__all__ = [
    "LotPlan",
    "NoSuchRule",
    "combined",
    "decision_rule",
    "evidence",
    "judged",
    "least_errors",
    "operating_curve",
    "over_time",
    "smallest_plan",
]
