"""Which data look doubtful, why, and where?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kalanso.hub.explore.forms import FindingsFilter
from kalanso.hub.explore.queries import doors, places, shelf
from kalanso.hub.explore.queries import findings as queries
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import asked, pictures
from kalanso.quality.tables import QUALITY_FINDINGS

GRID_ROWS, GRAVEST = 30, 5


def findings(request: HttpRequest) -> HttpResponse:
    """Lead to questions, score cards, findings and report; show where and of what is doubted most."""
    here = shelf.current()
    if closed := asked.closed(request, here, "quality"):
        return closed
    form = FindingsFilter(here, request.GET)
    wanted = form.wanted()
    known = places.tree(here)
    chosen = known.places.get(wanted.place)
    return render(
        request,
        "explore/quality.html",
        {
            "form": form,
            "applied": form.applied(),
            "wanted": wanted,
            "total": queries.total(here, wanted),
            "total_here": queries.total_here(here, wanted),
            "checks": queries.by_check(here, wanted),
            "rows": queries.listed(here, wanted, size=GRAVEST),
            "place": chosen,
            "card": _card(here, chosen or next(iter(places.home(here)), known.root())),
            **_grid(here, wanted),
            "manifest": here.manifest(QUALITY_FINDINGS),
        },
    )


def _card(here: Shelf, place: Place | None) -> Place | None:
    """Return the place whose score card is offered; None where no card is open to the reader."""
    return place if doors.is_open(here, "scorecard") else None


def _grid(here: Shelf, wanted: queries.Wanted) -> dict[str, Any]:
    """Draw the places inside the chosen one (or the country) by month, and count what speaks of longer periods."""
    known = places.tree(here)
    centre = known.places.get(wanted.place) or known.root()
    children = known.children(centre.code) if centre else []
    shown = children[:GRID_ROWS]
    grid: Picture | None = pictures.findings_grid(here, shown, wanted) if len(children) > 1 else None
    codes = tuple(place.code for place in shown)
    return {"grid": grid, "longer": queries.longer(here, codes, wanted) if grid else 0}
