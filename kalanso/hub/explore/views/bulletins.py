"""What is written back to a health area about its month, and how does it reach paper and telephones?"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.figures.bulletin_pages import to_pages, to_pictures
from kalanso.hub.explore.panels import locale, pack, period
from kalanso.hub.explore.queries import bulletins as queries
from kalanso.hub.explore.queries import choosing, places, shelf
from kalanso.hub.explore.queries.bulletins import Written
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.views import asked
from kalanso.hub.explore.views.asked import Choice
from kalanso.hub.explore.views.places import found_place
from kalanso.indicators.tables import INDICATOR_VALUES
from kalanso.vocabulary import Level, NotAPeriod, Period

PAGES_AT_MOST = 80  # areas of one file: the largest district has fewer


def bulletin(request: HttpRequest, code: str) -> HttpResponse:
    """Show the bulletin of a health area and month, or the list of a district's, with their files."""
    here = shelf.current()
    place = found_place(here, code)
    choosing.remember(request, place)
    if closed := asked.closed(request, here, "bulletin", place):
        return closed
    areas = queries.areas(here, place)
    codes = tuple(one.code for one in areas)
    when = month_asked(request, queries.months(here, codes))
    written = queries.written(here, codes, when.value) if when.value else None
    one = written.bulletins[0] if written and len(areas) == 1 and written.bulletins else None
    known = places.tree(here).places
    context: dict[str, Any] = {
        "place": place, "above": places.tree(here).above(code), "areas": areas, "when": when, "choices": [],  # months are chosen above
        "wrong": [when] if when.wrong else [], "one": one, "written": written,
        "rows": [(known[b.place_code], b) for b in written.bulletins] if written and one is None else [],
        "silent": [known[c] for c in written.silent] if written else [],
        "inside": [] if areas or place.level == Level.FACILITY else _districts(here, place),
        "manifest": here.manifest(INDICATOR_VALUES),
    }  # fmt: skip
    return render(request, "explore/bulletin.html", context)


def month_asked(request: HttpRequest, known: tuple[str, ...]) -> Choice:
    """Return the month of which the reader asks, the newest unless stated; the last one of a longer period."""
    text = request.GET.get("periode", "").strip()
    options = [(code, period(code)) for code in known]
    within = _last_within(text, known) if text and text not in known else ""
    if within:
        return Choice(name="periode", label=_("Mois"), options=tuple(options), value=within)
    return asked.choose(request, "periode", _("Mois"), options)


def _last_within(text: str, known: tuple[str, ...]) -> str:
    try:
        asked_for = Period.parse(text)
    except NotAPeriod:
        return ""
    near = (code for code in known if asked_for.start <= Period.parse(code).start <= asked_for.end)
    return next(near, "")


def pdf(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """Send one A4 page for each health area of a place."""
    here, place, written = _found(code, month)
    if len(written.bulletins) > PAGES_AT_MOST:
        raise Http404(_("Ce lieu a trop d'aires de santé pour un seul fichier : demandez un district."))
    content = to_pages(written.bulletins, **_words(here, place))
    return _file(content, "application/pdf", f"kalanso-bulletin-{place.code}-{month}.pdf")


def picture(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """Send the bulletin of one health area as a picture for telephones."""
    here, place, written = _found(code, month)
    if len(written.bulletins) != 1:
        raise Http404(_("L'image pour téléphone montre une aire de santé : choisissez-en une."))
    content = to_pictures(written.bulletins, **_words(here, place))[0]
    return _file(content, "image/png", f"kalanso-bulletin-{place.code}-{month}.png")


def _found(code: str, month: str) -> tuple[Shelf, Place, Written]:
    """Return the bulletins that an address names, or say that there are none to be seen."""
    here = shelf.current()
    place = places.tree(here).places.get(code)
    codes = tuple(one.code for one in queries.areas(here, place)) if place else ()
    written = queries.written(here, codes, month) if month in queries.months(here, codes) else None
    if place is None or written is None or not written.bulletins:
        raise Http404(_("Aucun bulletin de ce lieu et de ce mois ne peut être montré ici."))
    return here, place, written


def _words(here: Shelf, place: Place) -> dict[str, Any]:
    known = places.tree(here)
    districts = {
        area.code: next((one.code for one in known.above(area.code) if one.level == Level.DISTRICT), "")
        for area in queries.areas(here, place)
    }
    names = {code: one.name for code, one in known.places.items()}
    return {
        "names": names, "districts": districts, "pack": pack(), "imprint": queries.imprint(here), "locale": locale()
    }  # fmt: skip


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _districts(here: Shelf, place: Place) -> list[Place]:
    """Return the districts of a larger place, to choose one from."""
    known = places.tree(here).places
    found = [known[code] for code in places.below(here, place.code) if known[code].level == Level.DISTRICT]
    return sorted(found, key=lambda one: places.folded(one.name))
