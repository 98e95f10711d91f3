"""Where is the place that I am looking for, and what is known of it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.explore.panels import word
from kalanso.hub.explore.queries import (
    beside,
    choosing,
    doors,
    findings,
    places,
    said,
    series,
    shelf,
    studied,
    withheld,
)
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.series import Point
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.queries.tables import Selection
from kalanso.hub.explore.views import pictures, surroundings, table_pictures
from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.vocabulary import Level

FINDINGS_SHOWN = 6
# Where one goes down from: their places stand open, those of a district are asked for.
WAY_DOWN = {Level.COUNTRY, Level.REGION}
ROLLED = {level.value for level in series.ROLLED_LEVELS}


@dataclass(frozen=True)
class Ranked:
    """A place inside another with its coverage and the children it misses by subtraction."""

    place: Place
    point: Point | None
    grade: beside.Grade | None = None


def where(request: HttpRequest) -> HttpResponse:
    """Find a place by name, or choose one from the country downwards."""
    here = shelf.current()
    text = request.GET.get("q", "").strip()[:120]
    found = places.search(here, text)
    exact = [place for place in found if places.folded(place.name) == places.folded(text)]
    if len(found) == 1 or (len(exact) == 1 and exact[0].code == text):
        return redirect(reverse("place", args=[found[0].code]))
    found = _told_first(here, found, exact)
    known = places.tree(here)
    root = known.root()
    mine, recent = choosing.near_to(request)
    context: dict[str, Any] = {
        "mine": mine,
        "recent": recent,
        "text": text,
        "found": [(p, known.above(p.code)) for p in found],
    }
    if root and not text:
        context |= {
            "root": root,
            "branches": [(p, known.children(p.code)) for p in known.children(root.code)],
        }
        when = chosen_period(request, here)
        context |= _map(here, root, when) | {"not_shown": withheld.of_reports(here, root.code, when)}
    return render(request, "explore/where.html", context)


def _told_first(here: Shelf, found: list[Place], named: list[Place]) -> list[Place]:
    """Put, of places that bear one name, those first of which something is reported: a district before an empty region."""
    when = series.last_complete(here) if len(named) > 1 and here.sees(INDICATOR_VALUES) else None
    if when is None:
        return found
    told = series.at(here, tuple(one.code for one in named), "dtp1_coverage", when)
    first = sorted(named, key=lambda one: one.code not in told)
    return [*first, *(one for one in found if one not in named)]


def chosen_period(request: HttpRequest, here: Shelf) -> str | None:
    """Return the quarter in the address where it has values, else the newest complete one."""
    asked = request.GET.get("periode", "")
    return asked if asked in series.periods(here) else series.last_complete(here)


def found_place(here: Shelf, code: str) -> Place:
    """Return the place of a code in an address, or say that there is none."""
    try:
        return places.tree(here).find(code)
    except places.NoSuchPlace as error:
        raise Http404(_("Aucun lieu ne porte le code « %(code)s ».") % {"code": code}) from error


def place(request: HttpRequest, code: str) -> HttpResponse:
    """Show one place: its coverage in a sentence, its trend, its doubts, the places inside and around."""
    here = shelf.current()
    known, this = places.tree(here), found_place(here, code)
    choosing.remember(request, this)
    when = chosen_period(request, here)
    rolled = this.level in ROLLED
    return render(
        request,
        "explore/place.html",
        {
            "place": this,
            "above": known.above(code),
            "when": when,
            "periods": series.periods(here),
            "wrong_period": _wrong_period(request, here),
            "rolled": rolled,
            "points": {
                name: _point(here, code, f"{name}_coverage", when, rolled=rolled) for name in ("dtp1", "dtp3")
            },
            **_trend(here, this, when, rolled=rolled),
            "wall": pictures.wall_chart(here, this, when) if when else None,
            "expected_by": _expected_by(here),
            **_doubts(here, code),
            "findings_below": findings.total(here, findings.Wanted(place=code)),
            "contexts": places.contexts(here, code),
            "neighbours": places.neighbours(here, code),
            "published": series.published(here, code, "dtp1_coverage"),
            "manifest": here.manifest(INDICATOR_VALUES) if here.sees(INDICATOR_VALUES) else None,
            "said": said.newest(doors.reading(here, this), code),
            "reported": here.sees(INDICATOR_VALUES),
            "reading": doors.reading(here, this),
            "home": places.home(here),
            "dose": {"value": "dtp1"},
            "grade": _grade(here, code, when),
            "not_shown": withheld.of_reports(here, code, when),
            "studied": studied.studied(here, code),
            "surroundings": surroundings.shown(here, this),
            **_inside(here, this, when),
            **_map(here, this, when),
            "inside_open": this.level in WAY_DOWN,
        },
    )


def _expected_by(here: Shelf) -> str:
    """Return whose number of expected children divides the reported doses: the population, and its source."""
    basis = next(iter(series.bases(here, "dtp1_coverage")), None)
    if basis is None or not basis.population:
        return ""
    source = pictures.called_source(basis.population_source) if basis.population_source else ""
    return f"{word(basis.population)} ({source})" if source else word(basis.population)


def _doubts(here: Shelf, code: str) -> dict[str, Any]:
    """Return the first findings about a place itself, how many there are, and how many of them are serious."""
    found = findings.right_here(here, code)
    return {
        "findings": found[:FINDINGS_SHOWN],
        "findings_here": len(found),
        "findings_grave": sum(row["severity"] == "serious" for row in found),
    }


def _grade(here: Shelf, code: str, when: str | None) -> beside.Grade | None:
    """Return how far the reported doses of the shown year can be trusted, of the source that is shown."""
    basis = next(iter(series.bases(here, "dtp1_coverage")), None)
    return beside.grade_of(here, code, "dtp1", basis.source, when) if basis and when else None


def _trend(here: Shelf, this: Place, when: str | None, *, rolled: bool) -> dict[str, Any]:
    """Return the trend of a place's coverage; a facility has reports, but no population of its own."""
    if this.level == Level.FACILITY:
        return {
            "is_facility": True,
            "trend": table_pictures.chart(here, OBSERVATIONS, Selection(place=this.code))
            if here.sees(OBSERVATIONS)
            else None,
        }
    if when is None:
        return {"trend": None}
    return {"trend": pictures.trend(here, this, ("dtp1_coverage", "dtp3_coverage"), rolled=rolled)}


def _wrong_period(request: HttpRequest, here: Shelf) -> str:
    asked = request.GET.get("periode", "")
    return asked if asked and asked not in series.periods(here) else ""


def _point(here: Shelf, code: str, indicator: str, when: str | None, *, rolled: bool) -> Point | None:
    points = series.series(here, code, indicator, rolled=rolled)
    return next((point for point in points if point.period == when), None)


def _values(here: Shelf, shown: list[Place], when: str) -> dict[str, Point]:
    """Return the coverage of places in a quarter; over four quarters for health areas."""
    rolled = bool(shown) and shown[0].level in ROLLED
    return series.at(here, tuple(p.code for p in shown), "dtp1_coverage", when, rolled=rolled)


def _inside(here: Shelf, this: Place, when: str | None) -> dict[str, Any]:
    children = places.tree(here).children(this.code)
    areas = [p for p in children if p.level != Level.FACILITY]
    facilities = [p for p in children if p.level == Level.FACILITY]
    values = _values(here, areas, when) if when else {}
    marks = beside.reported_marks(here, tuple(values), "dtp1_coverage", when or "")
    ranked = sorted((Ranked(p, values.get(p.code), marks.get(p.code)) for p in areas), key=_lowest_first)
    drawn = len(values) > 1 and when is not None
    hidden = withheld.of_reports(here, this.code, when)
    return {
        "facilities": facilities,
        "ranked": ranked,
        "ranking": pictures.ranking(
            here, hidden.named(this), [r.place for r in ranked], values, when, partial=bool(hidden)
        )
        if drawn
        else None,
    }


def _lowest_first(row: Ranked) -> tuple[bool, float, str]:
    value = row.point.value if row.point else None
    return (value is None, value or 0.0, places.folded(row.place.name))


def _map(here: Shelf, this: Place, when: str | None) -> dict[str, Any]:
    shown = pictures.drawn_level(here, this) if when else []
    if not shown or not when:
        return {"map": None, "when": when}
    hidden = withheld.of_reports(here, this.code, when)
    called = hidden.named(this) if hidden.among(shown) else this
    return {"map": pictures.map_of(here, called, shown, _values(here, shown, when), when), "when": when}
