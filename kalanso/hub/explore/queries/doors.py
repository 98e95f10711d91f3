"""Which pages are open to a reader, and what does a closed one need?

A page is open where the reader may see the table that it is made of. Links are shown to open pages only; a
closed page says so, and where to go.
"""

from __future__ import annotations

from kalanso.hub.explore.queries import places, tables
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf, abroad

# page -> the table without which it has nothing to say
NEEDS = {
    "pockets": "pockets",
    "ledger": "evidence_ledger",
    "methods": "method_comparison",
    "assumptions": "assumption_runs",
    "quality": "quality_findings",
    "scorecard": "quality_scores",
    "trends": "indicator_values",
    "alike": "place_contexts",
    "beside": "triangulation_findings",
    "beside_analysis": "triangulation",
    "confidence": "confidence_grades_partners",
    "targets": "proposed_targets",
    "bulletin": "quality_findings",
}


def reading(shelf: Shelf, place: Place | None) -> Shelf:
    """Return the shelf from which the reader reads about a place: their own, or what was released elsewhere."""
    if shelf.scope.at_home is None or place is None or places.at_home(shelf, place.code):
        return shelf
    return abroad(shelf)


def is_open(shelf: Shelf, name: str) -> bool:
    """Whether a page, or a table by its name, is open to the reader of this shelf."""
    needed = NEEDS.get(name, name)
    return tables.knows(shelf, needed) or (name not in NEEDS and needed not in tables.NAMES)
