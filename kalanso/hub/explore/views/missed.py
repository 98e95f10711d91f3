"""Where are the zero-dose children, how many, and how sure is that?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.explore.queries import beside, doors, estimates, places, shelf, withheld
from kalanso.hub.explore.queries.beside import Grade
from kalanso.hub.explore.queries.estimates import Estimate
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.views import asked, estimate_pictures, pictures
from kalanso.hub.explore.views.estimate_pictures import CHANCE, COVERAGE, MISSED, WIDTH
from kalanso.vocabulary import Level

BURDEN_SHOWN = 20
PLACES_OPEN = 15  # rows that stand open; the template folds the others
PLACES_SHOWN = 120  # rows of a table that a slow link still carries; all stand in the table of estimates


@dataclass(frozen=True)
class Line:
    """One place of the table behind the map."""

    place: Place
    estimate: Estimate | None
    chance: float | None
    truth: dict[str, Any] | None
    grade: Grade | None = None


def missed(request: HttpRequest) -> HttpResponse:
    """Show on a map where children were missed, the places behind it, and the areas that carry most."""
    here = shelf.current()
    where = asked.where(request, here)
    if unclear := asked.unclear(request, where):
        return unclear
    here = doors.reading(here, where.place)
    context = asked.shared(request, here, where.place)
    if context["run"] is None or where.place is None:
        return render(request, "explore/missed.html", context)
    dose, when = asked.indicator(request), asked.period(request, here)
    limit = asked.threshold(request, estimates.thresholds(here) or (0.8,))
    measure = asked.choose(request, "mesure", _("Carte"), _measures(dose.value, limit.shown))
    values = estimates.values(here, dose.value, when.value)
    chances = estimates.below(here, dose.value, when.value, float(limit.value) / 100)
    truth = estimates.truth(here, dose.value, when.value) if context["truth_shown"] else {}
    shown = drawn_places(here, where.place)
    marks = beside.grade_marks(here, tuple(p.code for p in shown), dose.value, beside.BY_ESTIMATE, when.value)
    lines = [
        Line(p, values.get(p.code), chances.get(p.code), truth.get(p.code), marks.get(p.code)) for p in shown
    ]
    ordered = sorted(lines, key=_by_name if context["run"].unsettled else _most_missed_first)[:PLACES_SHOWN]
    context |= {
        "dose": dose, "when": when, "limit": limit, "measure": measure,
        "choices": [measure, dose, *([limit] if measure.value == CHANCE else [])],
        "wrong": [c for c in (measure, dose, when, limit) if c.wrong], "wrong_place": where.wrong,
        "estimate": values.get(where.place.code), "chance": chances.get(where.place.code),
        "truth": truth.get(where.place.code),
        "lines": ordered[:PLACES_OPEN], "folded": ordered[PLACES_OPEN:], "more_lines": max(0, len(lines) - PLACES_SHOWN),
        "table_shown": estimates.source(here, when.value), "apart": _apart(here, where.place),
        **_maps(here, where.place, shown, values, chances, truth, measure.value, dose.value, float(limit.value) / 100),
        **({} if context["run"].unsettled else _burden(here, where.place, dose.value, when.value)),
        **sureness(here, where.place),
    }  # fmt: skip
    return render(request, "explore/missed.html", context)


def _measures(indicator: str, limit: str) -> tuple[tuple[str, str], ...]:
    return (
        (MISSED, _("Enfants zéro dose") if indicator == "dtp1" else _("Enfants sans DTC3")),
        (COVERAGE, _("Couverture")),
        (CHANCE, _("Sous %(limit)s ?") % {"limit": limit}),
        (WIDTH, _("Ce qu'on ignore")),
    )


def drawn_places(here: Shelf, place: Place) -> list[Place]:
    """Return the places that the map of this one shows; without outlines, those right below."""
    found = pictures.drawn_level(here, place)
    return found or [p for p in places.tree(here).children(place.code) if p.level != Level.FACILITY]


def _apart(here: Shelf, place: Place) -> list[Place]:
    """Return the facilities right below a district, such as its reference centre, whose doses are not estimated apart."""
    if place.level != Level.DISTRICT:
        return []
    return [one for one in places.tree(here).children(place.code) if one.level == Level.FACILITY]


def _most_missed_first(line: Line) -> tuple[bool, float, str]:
    missed_here = line.estimate.missed.mean if line.estimate else 0.0
    return (line.estimate is None, -missed_here, places.folded(line.place.name))


def _by_name(line: Line) -> tuple[bool, float, str]:
    """The order of a run on which nothing may be decided: none."""
    return (line.estimate is None, 0.0, places.folded(line.place.name))


def _maps(
    here: Shelf, place: Place, shown: list[Place], values: dict[str, Estimate], chances: dict[str, float],
    truth: dict[str, dict[str, Any]], measure: str, indicator: str, threshold: float,
) -> dict[str, Any]:  # fmt: skip
    outlined, hidden = places.outlined(here), withheld.of_estimates(here, place.code)
    partial = hidden.among(shown)
    if not any(p.code in outlined for p in shown) or not values:
        return {"map": None, "truth_map": None}
    when = next(iter(values.values())).period
    limits = estimate_pictures.common_limits(shown, values, truth)
    return {
        "map": estimate_pictures.estimate_map(
            here,
            hidden.named(place) if partial else place,
            shown,
            values,
            measure,
            indicator,
            threshold=threshold,
            chances=chances,
            limits=limits,
            partial=partial,
        ),
        "truth_map": estimate_pictures.truth_map(here, place, shown, truth, measure, when, indicator, limits),
    }


def _burden(here: Shelf, place: Place, indicator: str, when: str) -> dict[str, Any]:
    """Return the areas that carry most, and in how few of them half of the children live: nothing where some are withheld."""
    hidden, known = withheld.of_estimates(here, place.code), places.tree(here)
    root = known.root() or place
    rows = estimates.burden_in(here, place.code, indicator, when)
    every = estimates.burden(here, indicator, when)
    codes = tuple(row["place_code"] for row in rows[:BURDEN_SHOWN])
    marks = beside.grade_marks(here, codes, indicator, beside.BY_ESTIMATE, when)
    shown = [
        {**row, "missed": estimates.Number.of(row, "missed_children"), "coverage": estimates.Number.of(row, "coverage"),
         "rank": estimates.Number.of(row, "rank"), "grade": marks.get(row["place_code"])}
        for row in rows[:BURDEN_SHOWN]
    ]  # fmt: skip
    ranked = (
        len(every) + withheld.of_estimates(here, root.code).count
    )  # ranks are the run's, among all its areas
    return {
        "burden": shown,
        "half": estimates.half(rows) if len(rows) > 1 and not hidden else None,
        "ranks": estimate_pictures.ranks(here, hidden.named(place), rows, indicator, ranked),
    }


def sureness(here: Shelf, place: Place) -> dict[str, Any]:
    """Return where the run's coverage is too unsure to decide on, inside a place, and what it must not be used for."""
    inside = places.below(here, place.code)
    judged = [row for code, row in estimates.usable(here).items() if code in inside and code != place.code]
    return {
        "judged": len(judged),
        "unsure": sum(not row["usable"] for row in judged),
        "usable": estimates.usable(here).get(place.code),
        "refusals": estimates.refusals(here),
    }
