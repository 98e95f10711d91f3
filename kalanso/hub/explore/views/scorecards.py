"""How good are the data of one place, and what should be looked at first?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.evidence.queries import findings
from kalanso.hub.explore.panels import pack
from kalanso.hub.explore.queries import beside, places, recounts, scorecards, shelf
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.scorecards import Score
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.views import asked
from kalanso.hub.explore.views.places import found_place
from kalanso.indicators.tables import RECOUNTS
from kalanso.quality.tables import ALL, DOMAINS, QUALITY_METRICS, QUALITY_SCORES
from kalanso.vocabulary import Level

SHOWN = 20
YEARS = 6
FACILITIES_SHOWN = 12
LEAST = "D"  # the grade of a number that decides nothing


def scorecard(request: HttpRequest, code: str) -> HttpResponse:
    """Show a place's score card in one of both modes: domains, what is beyond its limit, years, places inside."""
    here = shelf.current()
    place = found_place(here, code)
    if closed := asked.closed(request, here, "scorecard", place):
        return closed
    mode = asked.choose(
        request, "regles", _("Règles"), (("robust", _("Contrôles robustes")), ("who", _("Mesures de l'OMS")))
    )
    known = scorecards.scores(here, mode.value, code)
    least = float(pack().section("quality")["scorecards"]["hardly"])
    thin = [one for one in scorecards.hardly_reported(here, least) if one in known] if known else []
    year = asked.choose(
        request,
        "annee",
        _("Année"),
        [(one, one) for one in known][:YEARS],
        scorecards.usual_year(known, thin),
    )
    found = known.get(year.value, {})
    graded = [one for one in beside.grades(here, code) if one.row["period"] == year.value]
    least_trusted = [one for one in graded if one.row["grade"] == LEAST]
    context = {
        **asked.shared(request, here, place), "mode": mode, "year": year, "choices": [mode, year],
        "wrong": [one for one in (mode, year) if one.wrong],
        "whole": found.get(ALL), "domains": [found[name] for name in DOMAINS if name in found],
        "missing": [name for name in DOMAINS if name not in found], "first": scorecards.first_to_look_at(found),
        "years": _years({one: told for one, told in known.items() if one not in thin}), "thin": thin,
        "thin_year": year.value in thin, "manifest": here.manifest(QUALITY_SCORES),
        "judged_above": scorecards.judged_above(here, code) if mode.value == "who" and not known else None,
        **_metrics(here, mode.value, code, year.value), **_inside(request, here, place, mode.value, year.value),
        **_recounted(here, place), **_serious(here, place, year.value), "least_trusted": least_trusted, "graded": [one for one in graded if one.row["indicator"]],
        "doubted_target": any(not one.row["indicator"] for one in least_trusted), **_rules(mode.value),
    }  # fmt: skip
    return render(request, "explore/scorecard.html", context)


def _serious(here: Shelf, place: Place, year: str) -> dict[str, Any]:
    """Return how many serious findings of a year nobody has closed, here and below, and in the area of a facility."""
    if not year:
        return {"serious": 0, "area": None}
    above = places.tree(here).above(place.code) if place.level == Level.FACILITY.value else []
    area = next((one for one in above if one.level == Level.HEALTH_AREA.value), None)
    of_area = _open_serious(area.code, year) if area else 0
    return {
        "serious": _open_serious(place.code, year),
        "area": area if of_area else None,
        "area_serious": of_area,
    }


def _open_serious(code: str, year: str) -> int:
    wanted = findings.Wanted(place=code, severity="serious", status=findings.OPEN, period=year)
    return findings.number(wanted)


def _rules(mode: str) -> dict[str, Any]:
    """Return which checks stand behind each domain, and which numbers no domain counts; nothing for WHO's metrics, which name themselves."""
    if mode != "robust":
        return {"rules": []}
    told = pack().section("quality")["scorecards"]
    return {"rules": [(name, told["domains"][name]) for name in DOMAINS if name in told["domains"]], "left_out": told["left_out"]}  # fmt: skip


def _years(known: dict[str, dict[str, Score]]) -> dict[str, Any]:
    """Return the newest years, oldest first, and the scores of each domain in them; nothing where there is one year."""
    told = sorted(known)[-YEARS:]
    if len(told) < 2:
        return {}
    rows = [(name, [known[year].get(name) for year in told]) for name in (*DOMAINS, ALL)]
    names = [(year, any(one.provisional for one in known[year].values())) for year in told]
    labels = [f"{year} ({_('provisoire')})" if open_ else year for year, open_ in names]
    return {
        "names": names,
        "rows": [(name, list(zip(cells, labels, strict=True))) for name, cells in rows if any(cells)],
    }


def _metrics(here: Shelf, mode: str, code: str, year: str) -> dict[str, Any]:
    if mode != "who" or not year or not here.sees(QUALITY_METRICS):
        return {}
    rows = scorecards.metrics(here, code, year)
    beyond = [row for row in rows if row["flag"] in scorecards.FLAGGED]
    return {
        "beyond": beyond, "within": [row for row in rows if row["flag"] == "good"],
        "unjudged": [row for row in rows if row["flag"] == "not_judged"],
        "several_sources": len({row["source"] for row in rows}) > 1,
    }  # fmt: skip


def _inside(request: HttpRequest, here: Shelf, place: Place, mode: str, year: str) -> dict[str, Any]:
    rows = scorecards.inside(here, mode, place.code, year) if year else []
    pages = max(1, -(-len(rows) // SHOWN))
    told = request.GET.get("page", "1")
    number = min(max(1, int(told) if told.isdigit() and len(told) < 8 else 1), pages)
    return {
        "inside": rows[(number - 1) * SHOWN : number * SHOWN],
        "inside_count": len(rows),
        "pager": {"number": number, "pages": pages},
    }


def _recounted(here: Shelf, place: Place) -> dict[str, Any]:
    if not here.sees(RECOUNTS):
        return {"recounts_open": False}
    unit = str(pack().section("quality")["who"]["level"])
    found = recounts.recounted(here, place.code, unit)
    return {
        "recounts_open": True, "recounted": found.own, "facilities": found.facilities[:FACILITIES_SHOWN],
        "more_facilities": max(0, len(found.facilities) - FACILITIES_SHOWN), "recounts_manifest": here.manifest(RECOUNTS),
    }  # fmt: skip
