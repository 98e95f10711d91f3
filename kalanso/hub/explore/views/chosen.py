"""Which page of which place and period did somebody ask for in the chooser?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kalanso.hub.explore.queries import places, shelf
from kalanso.hub.explore.queries.choosing import AS_PARAMETER, IN_THE_PATH, address_of, remember


def choose_place(request: HttpRequest) -> HttpResponse:
    """Lead to the asked page of a place; where several places answer, list them with their districts."""
    page = request.GET.get("page", "")
    page = page if page in IN_THE_PATH + AS_PARAMETER else "place"
    text = request.GET.get("lieu", "").strip()[:120]
    here = shelf.current()
    known = places.tree(here)
    before = known.places.get(request.GET.get("ici", ""))
    if before and places.folded(before.name) == places.folded(text):
        text = before.code  # another period of the same place: its name was left as it stood
    if text in known.places:
        remember(request, known.places[text])
        return redirect(address_of(request, page, known.places[text]))
    found = places.meant(here, text)
    if len(found) == 1:
        return redirect(address_of(request, page, found[0]))
    rows = [(place, known.above(place.code), address_of(request, page, place)) for place in found]
    return render(request, "explore/chosen.html", {"text": text, "rows": rows})
