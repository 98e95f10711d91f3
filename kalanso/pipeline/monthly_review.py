"""What is said of a place in the monthly review, each sentence with the rows on which it rests?

Reads the published findings of a place and of the places below it, and words them. Which sentences are chosen, and in which order, is
decided by `kalanso.triangulation.narrative`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.triangulation_evidence import places_table
from kalanso.pipeline.triangulation_services import at_level
from kalanso.store import Store
from kalanso.triangulation import TriangulationRefused, review, sentence
from kalanso.triangulation.narrative import SECTIONS
from kalanso.triangulation.sentences import word
from kalanso.triangulation.tables import TRIANGULATION_FINDINGS


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence as read, and the rows of published tables on which it rests (table, key, snapshot)."""

    text: str
    analysis: str
    severity: str
    evidence: tuple[Mapping[str, Any], ...]


def monthly_review(
    store: Store, place: str = "", *, locale: str = "fr", now: datetime
) -> dict[str, list[Said]]:
    """Return the sentences of a place (the country by default) by section heading; sections without any are left out."""
    holdings = Holdings(store, now.date())
    places = places_table(holdings, holdings.trees()[0])
    levels = dict(zip(places["place_code"], places["level"], strict=True))
    code = place or next((one for one, level in levels.items() if level == "country"), "")
    if code not in levels:
        raise TriangulationRefused("triangulation.refused.no_such_place", found=code)
    above = at_level(places, levels[code])
    below = [
        one for one, level in levels.items() if one != code and above.get(one) == code and level != "facility"
    ]
    names = dict(zip(places["place_code"], places["name"], strict=True))
    said: dict[str, list[Said]] = {}
    findings = store.read(TRIANGULATION_FINDINGS).to_pandas()
    for one in review(findings, code, below):
        text = sentence(one.message, names, holdings.pack, locale)
        said.setdefault(one.section, []).append(
            Said(text=text, analysis=one.analysis, severity=one.severity, evidence=one.evidence)
        )
    return {word("section", name, locale): said[name] for name in SECTIONS if name in said}
