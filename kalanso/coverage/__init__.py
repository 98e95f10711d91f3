"""Where are the children without a first dose, how many are they, and how sure are we?

One Bayesian model in which doses, reports, several biased populations, surveys, stock and what is
known of a place each speak with their own error, per health area and quarter. `Evidence` holds
what is known, `Question` what is asked and assumed; results are tables computed from joint draws.
`estimate` loads the compiler when it is first named: pages and tables need none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.faults import EstimateRefused, EvidenceRefused
from kalanso.coverage.posterior import Posterior
from kalanso.coverage.question import Question, QuestionRefused

if TYPE_CHECKING:
    from kalanso.coverage.estimating import estimate

__all__ = [
    "EstimateRefused",
    "Evidence",
    "EvidenceRefused",
    "Posterior",
    "Question",
    "QuestionRefused",
    "estimate",
]


def __getattr__(name: str) -> Any:
    if name == "estimate":
        return import_module("kalanso.coverage.estimating").estimate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
