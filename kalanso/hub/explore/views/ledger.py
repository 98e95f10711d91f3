"""On which evidence does each estimate rest, which source disagrees, by how much, and what does that mean?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.explore.panels.records import source_named
from kalanso.hub.explore.queries import doors, evidence_of_places, other_answers, places, shelf, withheld
from kalanso.hub.explore.queries.evidence_of_places import FINDINGS, Ledger
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import asked, estimate_pictures
from kalanso.hub.explore.views.missed import drawn_places, sureness
from kalanso.hub.explore.views.pictures import draw
from kalanso.vocabulary import Level

AREAS_DRAWN = 25
MOST_AREAS = 60  # beyond, the bars of single areas say nothing
APART_SHOWN = 25
FITS_SHOWN = 20
THIN = 0.3  # own evidence below which an estimate rests mostly on other places


def ledger(request: HttpRequest) -> HttpResponse:
    """Show the ledger of a place: shares of evidence, sources apart, populations, checks, refusals."""
    here = shelf.current()
    where = asked.where(request, here)
    if unclear := asked.unclear(request, where):
        return unclear
    here = doors.reading(here, where.place)
    if closed := asked.closed(request, here, "ledger", where.place):
        return closed
    context = asked.shared(request, here, where.place)
    if context["run"] is None or where.place is None:
        return render(request, "explore/ledger.html", context)
    entries = evidence_of_places.ledger(here, where.place.code)
    apart = sorted((one for one in entries if one.finding), key=lambda one: -abs(one.gap_sd))
    counted = Counter(one.finding for one in apart)
    context |= {
        "wrong_place": where.wrong,
        "entries": entries,
        "borrowing": sum(one.own < THIN for one in entries),
        "middle": _middle([one.own for one in entries]),
        "shares": _shares(here, where.place, entries),
        "counted": [(name, counted[name]) for name in FINDINGS],
        "apart": apart[:APART_SHOWN],
        "more_apart": max(0, len(apart) - APART_SHOWN),
        "is_area": where.place.level == Level.HEALTH_AREA,
        **_sources(here, where.place),
        **sureness(here, where.place),
    }
    return render(request, "explore/ledger.html", context)


def _middle(shares: Sequence[float]) -> float | None:
    return sorted(shares)[len(shares) // 2] if shares else None


def _shares(here: Shelf, place: Place, entries: Sequence[Ledger]) -> Picture | None:
    known = places.tree(here).places
    if not entries:
        return None
    place = withheld.of_estimates(here, place.code).named(place)
    if len(entries) > MOST_AREAS:
        return _shares_of_groups(here, place, entries)
    rows = [
        _shared(
            known[one.place_code].name if one.place_code in known else one.place_code, one.survey, one.routine
        )
        for one in entries
    ]
    measure = _("part de l'information sur la couverture DTC1")
    return _drawn_shares(here, place, rows, measure, Level.HEALTH_AREA)


def _shares_of_groups(here: Shelf, place: Place, entries: Sequence[Ledger]) -> Picture | None:
    """Draw the mean of the areas of each place inside, where the areas are too many to be told apart."""
    own = {one.place_code: one for one in entries}
    rows = []
    groups = drawn_places(here, place)
    for group in groups:
        found = [own[code] for code in sorted(places.below(here, group.code)) if code in own]
        if found:
            survey, routine = (
                sum(getattr(one, name) for one in found) / len(found) for name in ("survey", "routine")
            )
            rows.append(_shared(group.name, survey, routine))
    if len(rows) < 2:
        return None
    measure = _("part de l'information sur la couverture DTC1, moyenne des aires")
    return _drawn_shares(here, place, rows, measure, groups[0].level)


def _shared(name: str, survey: float, routine: float) -> dict[str, Any]:
    """Return what a place owes to its surveys and to its doses and populations; the rest is borrowed."""
    return {
        "place": name, "survey": survey, "routine": routine, "borrowed": max(0.0, 1 - survey - routine),
    }  # fmt: skip


def _drawn_shares(
    here: Shelf, place: Place, rows: list[dict[str, Any]], measure: str, level: Level
) -> Picture | None:
    about = {
        "measure": measure, "unit": "rate", "number": "estimated", "place": place.name, "level": level.value,
    }  # fmt: skip
    specs = estimate_pictures.specs(here, "evidence_ledger")
    return draw(here, "evidence_shares", rows, about, specs, most=AREAS_DRAWN)


def _sources(here: Shelf, place: Place) -> dict[str, Any]:
    """Return how each source stands towards the estimate: one area in detail, a larger place counted."""
    if place.level == Level.HEALTH_AREA:
        return {
            "gaps": evidence_of_places.gaps(here, place.code),
            "stated": evidence_of_places.populations(here, place.code),
            "by_source": [], "populations": [], "fits": evidence_of_places.fit(here, place.code)[:FITS_SHOWN],
            "without": [],
        }  # fmt: skip
    return {
        "gaps": [],
        "stated": [],
        "by_source": [
            {**row, "name": source_named(row["source"])}
            for row in evidence_of_places.gaps_by_source(here, place.code)
        ],
        "populations": evidence_of_places.populations_by_source(here, place.code),
        "fits": evidence_of_places.fit(here, place.code)[:FITS_SHOWN],
        "without": other_answers.without_sources(here) if place.parent is None else [],
    }
