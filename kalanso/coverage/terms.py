"""Which evidence ties several areas together?"""

from __future__ import annotations

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Term
from kalanso.coverage.question import Question


def terms_of(evidence: Evidence, question: Question, layout: Layout) -> tuple[Term, ...]:
    """Return the terms that tie areas together, as far as there is evidence."""
    return ()
