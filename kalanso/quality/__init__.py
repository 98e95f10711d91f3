"""Which numbers are doubtful, and why?

Every check is a file with `NAME` and `find(evidence)`, listed in `CHECKS`. Findings carry their
evidence and a sentence; nothing is corrected or deleted.
"""

from kalanso.quality.evidence import Evidence, MissingThreshold
from kalanso.quality.expected import Known as KnownBeside
from kalanso.quality.expected import known as known_beside
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
    "KnownBeside",
    "MissingThreshold",
    "Open",
    "check_all",
    "known_beside",
    "open_periods",
    "sentence",
]
