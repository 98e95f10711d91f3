"""What does the chooser of place and period offer on a page, and where does it lead?

The chooser stands on every page of a place. Without scripts it is a form: a text, or one's own or recent
places, and a period; the answer leads to the same page with both in its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from kalanso.hub.explore.queries import places, shelf
from kalanso.hub.explore.queries.beside import ANALYSES
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.people.queries.access import access_of

# Pages of a place: those whose address names it, and those that take it as a parameter.
IN_THE_PATH = ("place", "place_estimate", "alike", "sheet", "scorecard", "bulletin", "district_sheet")
AS_PARAMETER = (
    "missed",
    "pockets",
    "ledger",
    "methods",
    "assumptions",
    "quality",
    "beside",
    "beside_analysis",
    "targets",
    "worklist",
    "review",
)
# Pages of one period.
DATED = (
    "place",
    "place_estimate",
    "alike",
    "sheet",
    "missed",
    "worklist",
    "beside",
    "beside_analysis",
    "bulletin",
    "review",
)
OF_AN_ANALYSIS = "beside_analysis"  # its address names the analysis too
RECENT = 6
KEPT = ("vaccin", "mesure", "seuil", "contexte", "periode", "regles", "annee")


def remember(request: HttpRequest, place: Place) -> None:
    """Keep the newest places of somebody who is logged in; of visitors nothing is kept."""
    if request.user.is_authenticated:
        recent = request.session.get("places", [])
        if recent[:1] != [place.code]:
            request.session["places"] = [place.code, *(code for code in recent if code != place.code)][
                :RECENT
            ]


def near_to(request: HttpRequest) -> tuple[list[Place], list[Place]]:
    """Return the places of somebody's memberships, and those that they looked at last."""
    if not request.user.is_authenticated:
        return [], []
    known = places.tree(shelf.current()).places
    mine = dict.fromkeys(m.place_code for m in access_of(request.user).memberships)
    recent = request.session.get("places", [])
    return [known[code] for code in mine if code in known], [known[code] for code in recent if code in known]


def chooser(request: HttpRequest, place: Place | None, periods: Sequence[str], period: str) -> dict[str, Any]:
    """Return what the chooser of a page offers: the place and period of now, one's own and recent places."""
    page = request.resolver_match.url_name if request.resolver_match else ""
    if page not in IN_THE_PATH + AS_PARAMETER or place is None:
        return {"page": ""}
    mine, recent = near_to(request)

    def ways(found: Iterable[Place]) -> list[tuple[str, str]]:
        return [(one.name, address_of(request, page, one)) for one in found if one.code != place.code]

    return {
        "page": page, "place": place, "periods": periods if page in DATED else (), "period": period,
        "home": ways(mine[:RECENT]), "recent": ways(recent),
        "kept": [*_analysis_kept(request, page), *((name, request.GET[name]) for name in KEPT if name != "periode" and request.GET.get(name))],
    }  # fmt: skip


def _analysis_kept(request: HttpRequest, page: str) -> list[tuple[str, str]]:
    return [("analyse", _analysis(request))] if page == OF_AN_ANALYSIS else []


def _analysis(request: HttpRequest) -> str:
    """Return the analysis of which a page speaks, or which its chooser carried along."""
    match = request.resolver_match
    return str((match.kwargs.get("analysis") if match else "") or request.GET.get("analyse", ""))


def address_of(request: HttpRequest, page: str, place: Place) -> str:
    """Return the address of a page of a place, the other choices kept."""
    kept: dict[str, Any] = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
    if page in AS_PARAMETER:
        kept = {"lieu": place.code, **kept}
        base = _of_parameter(request, page)
    else:
        base = reverse(page, args=[place.code])
    return f"{base}?{urlencode(kept)}" if kept else base


def _of_parameter(request: HttpRequest, page: str) -> str:
    if page != OF_AN_ANALYSIS:
        return reverse(page)
    name = _analysis(request)
    return reverse(page, args=[name]) if name in ANALYSES else reverse("beside")
