"""Where are the children without a first dose, how many are they, and how sure are we?

One Bayesian model in which doses, reports, several biased populations, surveys, stock and what is
known of a place each speak with their own error, per health area and quarter. `Evidence` holds
what is known, `Question` what is asked and assumed; results are tables computed from joint draws.
"""

from kalanso.coverage.estimating import estimate
from kalanso.coverage.evidence import Evidence
from kalanso.coverage.faults import EstimateRefused, EvidenceRefused
from kalanso.coverage.posterior import Posterior
from kalanso.coverage.question import Question, QuestionRefused

__all__ = [
    "EstimateRefused",
    "Evidence",
    "EvidenceRefused",
    "Posterior",
    "Question",
    "QuestionRefused",
    "estimate",
]
