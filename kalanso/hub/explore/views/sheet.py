"""What does a district take to a meeting on one sheet of paper?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kalanso.hub.explore.queries import (
    doors,
    estimates,
    evidence_of_places,
    findings,
    runs,
    said,
    series,
    shelf,
)
from kalanso.hub.explore.queries.estimates import Estimate, Number
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.views import asked
from kalanso.hub.explore.views.missed import drawn_places, sureness
from kalanso.hub.explore.views.places import found_place
from kalanso.indicators.tables import INDICATOR_VALUES

AREAS_SHOWN = 12
FINDINGS_SHOWN = 4


def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """Show a place on one A4 page: children missed, why this is known, areas, doubts, sources."""
    own = shelf.current()
    place = found_place(own, code)
    here = doors.reading(own, place)
    context = asked.shared(request, here, place)
    dose, when = asked.indicator(request), asked.period(request, here)
    told = said.tellable(here)  # a sheet of paper outlives its warnings
    values = estimates.values(here, dose.value, when.value) if told else {}
    quarter = series.last_complete(own)
    rolled = place.level in {level.value for level in series.ROLLED_LEVELS}
    points = series.at(own, (code,), "dtp1_coverage", quarter, rolled) if quarter else {}
    context |= {
        "dose": dose, "when": when, "estimate": values.get(code), "areas": _areas(here, place, values),
        "reported": points.get(code), "quarter": quarter, "ledger": _ledger(here, code),
        "found": findings.listed(own, findings.Wanted(place=code))[:FINDINGS_SHOWN],
        "findings": findings.total(own, findings.Wanted(place=code)), "findings_open": own.sees(findings.QUALITY_FINDINGS),
        "backlog": [{**row, "n": Number.of(row, "without_dtp1")} for row in evidence_of_places.backlog(here, code)] if told else [],
        "sources": _sources(own, here),
        **(sureness(here, place) if told else {}),
    }  # fmt: skip
    return render(request, "explore/sheet.html", context)


def _areas(here: Shelf, place: Place, values: dict[str, Estimate]) -> dict[str, Any]:
    """Return the places inside with most missed children."""
    inside = [one for one in drawn_places(here, place) if one.code in values]
    rows = sorted(inside, key=lambda one: -values[one.code].missed.mean)
    return {
        "rows": [(one, values[one.code]) for one in rows[:AREAS_SHOWN]],
        "more": max(0, len(rows) - AREAS_SHOWN),
    }


def _ledger(here: Shelf, code: str) -> dict[str, Any] | None:
    """Return in how many areas the estimate rests mostly on evidence of their own."""
    entries = evidence_of_places.ledger(here, code)
    if not entries:
        return None
    return {"areas": len(entries), "surveyed": sum(one.survey > 0 for one in entries),
            "apart": sum(bool(one.finding) for one in entries)}  # fmt: skip


def _sources(own: Shelf, here: Shelf) -> list[tuple[str, str]]:
    """Return (sources, snapshot) of what stands on the sheet."""
    found = []
    if own.sees(INDICATOR_VALUES):
        found.append(own.manifest(INDICATOR_VALUES))
    run = runs.run(here)
    found.append(run.manifest if run else None)
    return [(", ".join(m.provenance.sources), m.id) for m in found if m is not None]
