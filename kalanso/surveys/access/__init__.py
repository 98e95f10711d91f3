"""What can be said honestly of children whom no household survey can reach?

Every way states what must hold, to which side it errs, and the label that travels with its number; all yield rows of
`survey_evidence` with their own bias and error. None of them is a household survey, and none is shown as one.
"""

from kalanso.surveys.access.capture_recapture import chapman, chosen_count, log_linear
from kalanso.surveys.access.counts import Count, coverage_of
from kalanso.surveys.access.findings import Finding, beside, evidence
from kalanso.surveys.access.key_informants import Validation, corrected_listing
from kalanso.surveys.access.methods import METHODS, Method
from kalanso.surveys.access.phone import PhoneFinding, phone_coverage
from kalanso.surveys.access.recruitment import Chains, chains, convergence, diagnosis
from kalanso.surveys.access.respondent_driven import respondent_driven
from kalanso.surveys.access.settlements import Factor, children_of_settlements
from kalanso.surveys.access.time_location import time_location

__all__ = [
    "METHODS",
    "Chains",
    "Count",
    "Factor",
    "Finding",
    "Method",
    "PhoneFinding",
    "Validation",
    "beside",
    "chains",
    "chapman",
    "children_of_settlements",
    "chosen_count",
    "convergence",
    "corrected_listing",
    "coverage_of",
    "diagnosis",
    "evidence",
    "log_linear",
    "phone_coverage",
    "respondent_driven",
    "time_location",
]
