"""Which data look doubtful, why, and where?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kalanso.hub.explore.forms import FindingsFilter
from kalanso.hub.explore.queries import findings as queries
from kalanso.hub.explore.queries import places, shelf
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import asked, pictures
from kalanso.quality.tables import QUALITY_FINDINGS

GRID_ROWS = 30


def findings(request: HttpRequest) -> HttpResponse:
    """List findings by check, the most serious first, narrowed by check, place, period, severity."""
    here = shelf.current()
    if closed := asked.closed(request, here, "quality"):
        return closed
    form = FindingsFilter(here, request.GET)
    wanted = form.wanted()
    page = request.GET.get("page", "1")
    total = queries.total(here, wanted)
    pages = max(1, -(-total // queries.SHOWN))
    number = min(max(1, int(page) if page.isdigit() and len(page) < 8 else 1), pages)
    return render(
        request,
        "explore/quality.html",
        {
            "form": form,
            "wanted": wanted,
            "total": total,
            "checks": queries.by_check(here, wanted),
            "rows": queries.listed(here, wanted, number),
            "page": {"number": number, "pages": pages},
            "place": places.tree(here).places.get(wanted.place),
            "grid": _grid(here, wanted),
            "manifest": here.manifest(QUALITY_FINDINGS),
        },
    )


def _grid(here: Shelf, wanted: queries.Wanted) -> Picture | None:
    """Draw the places inside the chosen one (or the country) by month."""
    known = places.tree(here)
    centre = known.places.get(wanted.place) or known.root()
    children = known.children(centre.code) if centre else []
    return pictures.findings_grid(here, children[:GRID_ROWS], wanted) if len(children) > 1 else None
