"""What do all sources say together, where do they disagree, and how far can each be trusted?

Eighteen analyses set every source beside every other, refuse nothing silently and name the evidence that is missing.
They decide nothing: the joint estimate stands in `kalanso.coverage`, the checks of one source in `kalanso.quality`.
"""

from kalanso.triangulation.confidence import for_partners, grade, grades
from kalanso.triangulation.dossier import Dossier, dossier
from kalanso.triangulation.faults import TriangulationRefused
from kalanso.triangulation.findings import Answer, Finding, findings_table
from kalanso.triangulation.narrative import Sentence, review
from kalanso.triangulation.recall import recall_adjusted
from kalanso.triangulation.registry import ANALYSES, NAMES, Analysis, run
from kalanso.triangulation.sentences import sentence

__all__ = [
    "ANALYSES",
    "NAMES",
    "Analysis",
    "Answer",
    "Dossier",
    "Finding",
    "Sentence",
    "TriangulationRefused",
    "dossier",
    "findings_table",
    "for_partners",
    "grade",
    "grades",
    "recall_adjusted",
    "review",
    "run",
    "sentence",
]
