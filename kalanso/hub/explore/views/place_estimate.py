"""What do all sources and the estimate say of one place, how many children are to be found, what comes first?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kalanso.hub.explore.queries import (
    beside,
    doors,
    doses_beside,
    estimates,
    evidence_of_places,
    other_answers,
    shelf,
    studied,
)
from kalanso.hub.explore.queries.estimates import Number
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.views import asked, estimate_pictures
from kalanso.hub.explore.views.missed import sureness
from kalanso.hub.explore.views.places import found_place
from kalanso.vocabulary import Level

PRIORITIES_SHOWN = 40  # of a district, whose list it is
FIRST_OF_MANY = 15  # of a larger place
CATEGORIES = (1, 2, 3, 4)
FITS_SHOWN = 6


@dataclass(frozen=True)
class Priority:
    """One area of a priority list, as the page shows it."""

    row: dict[str, Any]
    missed: Number
    coverage: Number
    category: int
    chance: float | None
    grade: beside.Grade | None = None


def place_estimate(request: HttpRequest, code: str) -> HttpResponse:
    """Show one place: every source and the estimate on one axis, then what a team needs."""
    here = shelf.current()
    place = found_place(here, code)
    here = doors.reading(here, place)
    context = asked.shared(request, here, place)
    if context["run"] is None:
        return render(request, "explore/place_estimate.html", context)
    dose, when = asked.indicator(request), asked.period(request, here)
    quarters = estimates.quarters(here, code, dose.value)
    context |= {
        "dose": dose, "when": when, "choices": [dose], "wrong": [c for c in (dose, when) if c.wrong],
        "estimate": estimates.values(here, dose.value, when.value).get(code),
        "other": _other(here, code, dose.value, when.value),
        "limits": [
            (share, found[code])
            for share in estimates.thresholds(here)
            if code in (found := estimates.below(here, dose.value, when.value, share))
        ],
        "change": evidence_of_places.changes(here, code).get(dose.value),
        "is_area": place.level == Level.HEALTH_AREA,
        **_truth(here, code, dose.value, when.value, shown=context["truth_shown"]),
        "backlog": [{**row, "n": Number.of(row, "without_dtp1")} for row in evidence_of_places.backlog(here, code)],
        "assumed": evidence_of_places.backlog_assumptions(here),
        "dropout": estimate_pictures.dropout(here, place, evidence_of_places.dropout(here, code)),
        "grades": beside.grades(here, code),
        **({} if context["run"].unsettled else _priorities(here, place)),  # no list on which nothing may be decided
        **_evidence(here, code),
        "studied": studied.studied(here, code),
        **sureness(here, place),
    }  # fmt: skip
    context["sources"] = estimate_pictures.sources(
        here,
        place,
        dose.value,
        quarters,
        evidence_of_places.said_by_sources(here, code),
        context["truth_quarters"],
    )
    return render(request, "explore/place_estimate.html", context)


def _other(here: Shelf, code: str, indicator: str, when: str) -> estimates.Estimate | None:
    """Return the estimate of the other dose, since one number without the other misleads."""
    other = "dtp3" if indicator == "dtp1" else "dtp1"
    return estimates.values(here, other, when).get(code)


def _truth(here: Shelf, code: str, indicator: str, when: str, *, shown: bool) -> dict[str, Any]:
    if not shown:
        return {"truth": None, "truth_quarters": ()}
    return {
        "truth": estimates.truth(here, indicator, when).get(code),
        "truth_quarters": estimates.true_quarters(here, code, indicator),
    }


def _priorities(here: Shelf, place: Place) -> dict[str, Any]:
    """Return the areas in the order in which teams would go, with their RED/REC category as a chance."""
    rows = evidence_of_places.priorities(here, place.code)
    codes = tuple(row["place_code"] for row in rows)
    marks = beside.grade_marks(here, codes, "dtp1", beside.BY_ESTIMATE, rows[0]["period"]) if rows else {}
    found = [
        Priority(
            row=row, missed=Number.of(row, "missed_children"), coverage=Number.of(row, "coverage"),
            category=row["category"],
            chance=row[f"probability_category_{row['category']}"] if row["category"] else None,
            grade=marks.get(row["place_code"]),
        )
        for row in rows
    ]  # fmt: skip
    if place.level == Level.HEALTH_AREA and found:
        own = found[0]
        chances = [(number, own.row[f"probability_category_{number}"]) for number in CATEGORIES]
        return {"own": own, "categories": chances if own.category else [], "priorities": []}
    most = PRIORITIES_SHOWN
    if place.level != Level.DISTRICT:
        found, most = sorted(found, key=lambda one: -one.missed.mean), FIRST_OF_MANY
    return {
        "own": None,
        "categories": [],
        "priorities": found[:most],
        "more_priorities": max(0, len(found) - most),
    }


def _evidence(here: Shelf, code: str) -> dict[str, Any]:
    own = [entry for entry in evidence_of_places.ledger(here, code) if entry.place_code == code]
    return {
        "entry": own[0] if own else None,
        "fits": evidence_of_places.fit(here, code)[:FITS_SHOWN],
        "beside": doses_beside.of_area(here, code),
        "methods": other_answers.methods_of(here, code, "dtp1"),
        "populations": [
            row for row in evidence_of_places.said_by_sources(here, code) if row["kind"] == "population"
        ],
    }
