"""Where are the children without a first dose, how many are they, and how sure are we?

One Bayesian model in which doses, reports, several biased populations, surveys, stock and what is
known of a place each speak with their own error, per health area and quarter. `Evidence` holds
what is known, `Question` what is asked and assumed; results are tables computed from joint draws.
"""

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.faults import EvidenceRefused
from kalanso.coverage.question import Question, QuestionRefused

__all__ = [
    "Evidence",
    "EvidenceRefused",
    "Question",
    "QuestionRefused",
]
