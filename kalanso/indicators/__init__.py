"""What does an indicator say, for a place and a period?

One evaluator of the definitions: counts, targets, coverage, dropout, categories, missed children.
Whether the reported numbers deserve trust is asked by `kalanso.quality`; who was truly vaccinated is
estimated further up.
"""

from kalanso.indicators.caveats import CAVEATS
from kalanso.indicators.denominators import DenominatorName
from kalanso.indicators.evaluate import evaluate
from kalanso.indicators.questions import DenominatorChoice, IndicatorQuestion, QuestionRefused
from kalanso.indicators.uncounted import REASONS, uncounted

__all__ = [
    "CAVEATS",
    "REASONS",
    "DenominatorChoice",
    "DenominatorName",
    "IndicatorQuestion",
    "QuestionRefused",
    "evaluate",
    "uncounted",
]
