"""Where is coverage low in areas that touch, and what is known of why?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.explore.panels import word
from kalanso.hub.explore.queries import doors, evidence_of_places, places, shelf, withheld
from kalanso.hub.explore.queries.evidence_of_places import Pocket
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import asked, estimate_pictures
from kalanso.hub.explore.views.missed import sureness
from kalanso.hub.explore.views.pictures import draw

POCKETS_SHOWN = 15
AREAS_SHOWN = 12
NOT_ESTABLISHED = "not established"


def pockets(request: HttpRequest) -> HttpResponse:
    """List the pockets with most missed children: who lives there, how sure, and which cause is supported."""
    here = shelf.current()
    where = asked.where(request, here)
    if unclear := asked.unclear(request, where):
        return unclear
    here = doors.reading(here, where.place)
    if closed := asked.closed(request, here, "pockets", where.place):
        return closed
    context = asked.shared(request, here, where.place)
    if context["run"] is None or where.place is None:
        return render(request, "explore/pockets.html", context)
    limit = asked.threshold(request, evidence_of_places.pocket_thresholds(here) or (0.8,))
    found = evidence_of_places.pockets(here, float(limit.value) / 100, where.place.code)
    # A pocket may reach beyond the place: areas withheld elsewhere can keep one from being shown here.
    beyond = withheld.of_estimates(here, _root(here, where.place).code)
    context |= {
        "beyond": beyond,
        "limit": limit,
        "choices": [limit],
        "wrong": [limit] if limit.wrong else [],
        "wrong_place": where.wrong,
        "found": found,
        "shown": [_told(pocket) for pocket in found[:POCKETS_SHOWN]],
        "missed_in_all": sum(pocket.row["share_of_missed_mean"] for pocket in found),
        "picture": _picture(here, beyond.named(where.place), found[:POCKETS_SHOWN], limit.shown),
        **sureness(here, where.place),
    }
    return render(request, "explore/pockets.html", context)


def _root(here: Shelf, place: Place) -> Place:
    return places.tree(here).root() or place


def _told(pocket: Pocket) -> dict[str, Any]:
    contexts = [item for item in pocket.contexts if "context" in item]
    return {
        "pocket": pocket,
        "areas": pocket.areas[:AREAS_SHOWN],
        "more": max(0, len(pocket.areas) - AREAS_SHOWN),
        "contexts": [(word(item["context"], "context"), item["share"]) for item in contexts],
        "others": [item for item in pocket.contexts if "covariate" in item],
        "established": pocket.row["cause"] != NOT_ESTABLISHED,
    }


def _picture(here: Shelf, place: Place, found: list[Pocket], limit: str) -> Picture | None:
    """Draw the missed children of each pocket with their interval."""
    if len(found) < 2:
        return None
    known = places.tree(here).places
    rows = [
        {
            "label": known[code].name if code in known else code,
            "value": said.mean, "low": said.low, "high": said.high,
        }
        for pocket in found
        for code, said in ((pocket.row["leading_area"], pocket.missed.said),)
    ]  # fmt: skip
    about = {
        "measure": _("enfants zéro dose des poches sous %(limit)s") % {"limit": limit},
        "unit": "count", "number": "estimated", "place": place.name,
    }  # fmt: skip
    return draw(
        here,
        "interval_rows",
        rows,
        about,
        estimate_pictures.specs(here, "pockets"),
        when=found[0].row["period"],
    )
