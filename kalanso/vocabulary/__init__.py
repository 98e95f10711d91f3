"""Which nouns do all parts of Kalanso share?

Periods, age groups, antigens and doses, levels of places, estimates with their interval, and
sentences that know both languages. Definitions of indicators, with their thresholds, belong to
`kalanso.definitions`; everything that computes belongs further up.
"""

from kalanso.vocabulary.ages import AgeGroup
from kalanso.vocabulary.antigens import Antigen, Dose
from kalanso.vocabulary.estimates import Estimate
from kalanso.vocabulary.formats import format_value, no_formula
from kalanso.vocabulary.levels import Level, Tree
from kalanso.vocabulary.messages import Message, Refusal, UnknownMessage
from kalanso.vocabulary.periods import NotAPeriod, Period, PeriodType

__all__ = [
    "AgeGroup",
    "Antigen",
    "Dose",
    "Estimate",
    "Level",
    "Message",
    "NotAPeriod",
    "Period",
    "PeriodType",
    "Refusal",
    "Tree",
    "UnknownMessage",
    "format_value",
    "no_formula",
]
