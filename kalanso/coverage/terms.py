"""Which evidence ties several areas together, and which does the model not hear yet?

Totals of places above areas, stock, published results of surveys and doses given elsewhere couple
areas; their terms belong here, one class each (`model.Term`). What has no term yet is named by
`unheard`, so that nobody believes it was used.
"""

from __future__ import annotations

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Term
from kalanso.coverage.question import Question
from kalanso.vocabulary import Message


def terms_of(evidence: Evidence, question: Question, layout: Layout) -> tuple[Term, ...]:
    """Return the terms that tie areas together, as far as there is evidence."""
    return ()


def unheard(evidence: Evidence, question: Question) -> tuple[Message, ...]:
    """Return a sentence for each kind of evidence that is there and does not move the estimate."""
    areas = set(evidence.areas)
    above = ~evidence.denominators["place_code"].isin(areas)
    found = {
        "stock": question.stock and len(evidence.stock) > 0,
        "survey_areas": question.surveys and len(evidence.survey_areas) > 0,
        "clusters_above": question.surveys and bool((~evidence.surveys["place_code"].isin(areas)).any()),
        "lots": question.lots and bool(evidence.lots["vaccinated"].isna().any()),
        "totals": question.denominators and bool(above.any()),
        "interaction": question.interaction != "II",
    }
    return tuple(Message(f"coverage.unheard.{name}") for name, there in found.items() if there)
