"""What does the sample say of all children, and how sure may one be?

Design-based estimation: shares, ratios, differences, tests, with strata, clusters and weights. It knows
nothing of vaccines.
"""

from kalanso.surveys.estimation.classification import CLASSES, classify
from kalanso.surveys.estimation.design import Design, DesignRefused, design
from kalanso.surveys.estimation.independence import Independence, TestRefused, independence
from kalanso.surveys.estimation.intervals import METHODS, effective_size, interval
from kalanso.surveys.estimation.linearization import LONELY
from kalanso.surveys.estimation.shares import (
    ESTIMATE_COLUMNS,
    IndicatorsRefused,
    difference,
    quotient,
    shares,
)

__all__ = [
    "CLASSES",
    "ESTIMATE_COLUMNS",
    "LONELY",
    "METHODS",
    "Design",
    "DesignRefused",
    "Independence",
    "IndicatorsRefused",
    "TestRefused",
    "classify",
    "design",
    "difference",
    "effective_size",
    "independence",
    "interval",
    "quotient",
    "shares",
]
