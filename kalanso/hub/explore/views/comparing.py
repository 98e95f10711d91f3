"""What do other methods say of a place, and how does the answer move with what is assumed?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.explore.panels import locale
from kalanso.hub.explore.queries import doors, estimates, other_answers, places, shelf, withheld
from kalanso.hub.explore.queries.other_answers import CUT, METHODS, NOTHING, Answer, Point
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import asked, estimate_pictures
from kalanso.hub.explore.views.asked import Choice, choose
from kalanso.hub.explore.views.estimate_pictures import COVERAGE, MISSED
from kalanso.hub.explore.views.missed import drawn_places, sureness
from kalanso.hub.explore.views.pictures import draw
from kalanso.vocabulary import format_value

PLACES_DRAWN = 25
NUMBER_OF_METHOD = {"joint": "estimated", "administrative": "reported", "surveys_only": "surveyed"}


def method_names() -> dict[str, str]:
    """Return what each method is called."""
    return {
        "joint": _("Estimation conjointe"),
        "administrative": _("Administratif"),
        "countdown": _("Méthode Countdown"),
        "surveys_only": _("Enquêtes seules"),
        "who_unicef": _("À la manière OMS/UNICEF"),
    }


def methods(request: HttpRequest) -> HttpResponse:
    """Show what every method says of a place and of the places inside it, and why they differ."""
    here = shelf.current()
    where = asked.where(request, here)
    if unclear := asked.unclear(request, where):
        return unclear
    here = doors.reading(here, where.place)
    if closed := asked.closed(request, here, "methods", where.place):
        return closed
    context = asked.shared(request, here, where.place)
    when = other_answers.compared_period(here)
    if context["run"] is None or where.place is None or when is None:
        return render(request, "explore/methods.html", context)
    dose = asked.indicator(request)
    measure = choose(
        request, "mesure", _("Mesure"),
        ((COVERAGE, _("Couverture")), (MISSED, _("Enfants zéro dose") if dose.value == "dtp1" else _("Enfants sans DTC3"))),
    )  # fmt: skip
    answers = other_answers.methods_of(here, where.place.code, dose.value)
    truth = estimates.truth(here, dose.value, when) if context["truth_shown"] else {}
    context |= {
        "dose": dose, "measure": measure, "choices": [measure, dose], "wrong": [c for c in (measure, dose) if c.wrong],
        "wrong_place": where.wrong, "answers": answers, "compared": when,
        "joint": next((one for one in answers if one.method == "joint"), None),
        "others": [one for one in answers if one.method != "joint"],
        "truth": truth.get(where.place.code),
        "own": _own_picture(here, where.place, answers, truth.get(where.place.code), measure, dose, when),
        "dots": _dots(here, where.place, truth, measure, dose, when),
        **sureness(here, where.place),
    }  # fmt: skip
    return render(request, "explore/methods.html", context)


def _value(answer: Answer, measure: str) -> dict[str, Any]:
    if measure == COVERAGE:
        return {"value": answer.coverage, "low": answer.low, "high": answer.high}
    bounds: dict[str, Any] = {"value": answer.missed, "low": None, "high": None}
    if (
        answer.low is not None
        and answer.high is not None
        and answer.children is not None
        and answer.method == "joint"
    ):
        bounds |= {"low": answer.children * (1 - answer.high), "high": answer.children * (1 - answer.low)}
    return bounds


def _about(place: Place, measure: Choice, dose: Choice, level: str = "") -> dict[str, Any]:
    if measure.value == COVERAGE:
        said = _("couverture %(dose)s") % {"dose": dose.shown}
    else:
        said = estimate_pictures.missed_words(dose.value)
    about = {
        "measure": said,
        "unit": "share" if measure.value == COVERAGE else "count",
        "place": place.name,
        "number": "estimated",
    }
    return {**about, "level": level} if level else about


def _own_picture(
    here: Shelf, place: Place, answers: Sequence[Answer], truth: dict[str, Any] | None, measure: Choice, dose: Choice,
    when: str,
) -> Picture | None:  # fmt: skip
    names = method_names()
    rows = [
        {
            "label": names[one.method],
            "chosen": one.method == "joint",
            "number": NUMBER_OF_METHOD.get(one.method, "estimated"),
        }
        | _value(one, measure.value)
        for one in answers
    ]
    if truth:
        column = "coverage" if measure.value == COVERAGE else "missed_children"
        rows.append({"label": _("Vérité simulée"), "value": truth[column], "low": None, "high": None, "chosen": False, "number": "simulated"})  # fmt: skip
    if not rows:
        return None
    specs = estimate_pictures.specs(here, "method_comparison")
    return draw(here, "interval_rows", rows, _about(place, measure, dose), specs, when=when)


def _dots(
    here: Shelf, place: Place, truth: dict[str, dict[str, Any]], measure: Choice, dose: Choice, when: str
) -> Picture | None:
    """Draw the methods for the places inside, those where they part most first."""
    names, rows = method_names(), []
    inside = [p for p in drawn_places(here, place) if p.code in estimates.values(here, dose.value, when)]
    found = [(p, other_answers.methods_of(here, p.code, dose.value)) for p in inside]
    found = sorted((pair for pair in found if len(pair[1]) > 1), key=lambda pair: -_spread(pair[1]))
    if len(found) < 2:
        return None
    doubled = Counter(p.name for p, _answers in found)
    for p, answers in found:
        called = p.name if doubled[p.name] == 1 else f"{p.name} ({p.code})"
        rows += [
            {
                "place": called,
                "method": names[one.method],
                "number": NUMBER_OF_METHOD.get(one.method, "estimated"),
            }
            | _value(one, measure.value)
            for one in answers
        ]
        if p.code in truth:
            column = "coverage" if measure.value == COVERAGE else "missed_children"
            rows.append({"place": called, "method": _("Vérité simulée"), "value": truth[p.code][column], "low": None, "high": None, "number": "simulated"})  # fmt: skip
    order = [*(names[m] for m in METHODS), _("Vérité simulée")]
    rows = sorted(rows, key=lambda row: order.index(row["method"])) if rows[0]["method"] != order[0] else rows
    place = withheld.of_estimates(here, place.code).named(place)
    about = _about(place, measure, dose, found[0][0].level)
    specs = estimate_pictures.specs(here, "method_comparison")
    return draw(here, "method_dots", rows, about, specs, when=when, most=PLACES_DRAWN)


def _spread(answers: Sequence[Answer]) -> float:
    shares = [one.coverage for one in answers]
    return max(shares) - min(shares)


def assumption_names() -> dict[str, str]:
    """Return what each assumption is called."""
    return {
        "anchor_bias": _("La population de référence est-elle juste ?"),
        "conflict_reporting": _("Les rapports des zones de conflit sont-ils gonflés ?"),
        "recall": _("Les mères se souviennent-elles bien ?"),
        CUT: _("Les doses peuvent-elles corriger la population ?"),
    }


def setting_name(assumption: str, setting: float) -> str:
    """Return where an assumption was put, in words."""
    share = format_value(abs(2.718281828459045**setting - 1), "percent", locale())
    if assumption == NOTHING:
        return _("comme dans l'estimation")
    if assumption == "anchor_bias":
        way = _("trop haute de %(share)s") if setting > 0 else _("trop basse de %(share)s")
        return way % {"share": share}
    if assumption == "conflict_reporting":
        way = _("gonflés de %(share)s de plus") if setting > 0 else _("gonflés de %(share)s de moins")
        return way % {"share": share}
    if assumption == "recall":
        told = format_value(setting, "percent", locale())
        return _("%(share)s des enfants vaccinés sont dits vaccinés") % {"share": told}
    return _("non : seules les populations comptent les enfants")


def assumptions(request: HttpRequest) -> HttpResponse:
    """Show how the answer moves when one assumption is put elsewhere, from runs prepared beforehand."""
    here = shelf.current()
    where = asked.where(request, here)
    if unclear := asked.unclear(request, where):
        return unclear
    here = doors.reading(here, where.place)
    if closed := asked.closed(request, here, "assumptions", where.place):
        return closed
    known = other_answers.places_of_grid(here)
    place = where.place
    if place is not None and known and place.code not in known:
        place = next((p for p in reversed(places.tree(here).above(place.code)) if p.code in known), place)
    context = asked.shared(request, here, place)
    dose = asked.indicator(request)
    moved = other_answers.assumptions(here, place.code, dose.value) if place else []
    context |= {"grid": bool(known), "wrong_place": where.wrong, "asked_place": where.place}
    if context["run"] is None or place is None or not moved:
        return render(request, "explore/assumptions.html", context)
    names = assumption_names()
    which = choose(request, "hypothese", _("Hypothèse"), [(name, names[name]) for name in moved])
    points = other_answers.moved(here, place.code, dose.value, which.value)
    settings = choose(
        request,
        "reglage",
        _("Réglage"),
        [(_code(p), setting_name(p.assumption, p.setting)) for p in points],
        NOTHING,
    )
    base = other_answers.unmoved(here, place.code, dose.value)
    context |= {
        "dose": dose, "which": which, "setting": settings, "choices": [which, dose],
        "wrong": [c for c in (which, settings, dose) if c.wrong], "base": base,
        "point": next((p for p in points if _code(p) == settings.value), base),
        "points": [(p, setting_name(p.assumption, p.setting), _code(p)) for p in points],
        "picture": _moved_picture(here, place, points, settings.value, dose),
        "older": bool(base and base.run != context["run"].name),
        "grid_places": [places.tree(here).places[code] for code in known],
        **sureness(here, place),
    }  # fmt: skip
    return render(request, "explore/assumptions.html", context)


def _code(point: Point) -> str:
    return NOTHING if point.assumption == NOTHING else f"{point.setting:g}"


def _moved_picture(here: Shelf, place: Place, points: Sequence[Point], chosen: str, dose: Choice) -> Picture:
    rows = [
        {
            "label": setting_name(p.assumption, p.setting), "value": p.coverage.mean, "low": p.coverage.low,
            "high": p.coverage.high, "chosen": _code(p) == chosen,
        }
        for p in points
    ]  # fmt: skip
    about = {
        "measure": estimate_pictures.coverage_words(dose.value),
        "unit": "share",
        "place": place.name,
        "number": "estimated",
    }
    specs = estimate_pictures.specs(here, "assumption_runs")
    return draw(here, "interval_rows", rows, about, specs, when=points[0].period)
