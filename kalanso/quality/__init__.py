"""Which numbers are doubtful, and why?

Every check is a file with `NAME` and `find(evidence)`, listed in `CHECKS`. Findings carry their
evidence and a sentence; nothing is corrected or deleted.
"""

from kalanso.quality.evidence import Evidence, MissingThreshold
from kalanso.quality.provisional import Open, open_periods
from kalanso.quality.running import CHECKS, Check, check_all
from kalanso.quality.sentences import sentence
from kalanso.quality.tables import QUALITY_FINDINGS, SEVERITIES

__all__ = [
    "CHECKS",
    "QUALITY_FINDINGS",
    "SEVERITIES",
    "Check",
    "Evidence",
    "MissingThreshold",
    "Open",
    "check_all",
    "open_periods",
    "sentence",
]
