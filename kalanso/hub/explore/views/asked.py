"""What may a reader choose on a page of estimates, and what is said where a choice makes no sense?

Choices come in the address and change by links, so that every page works without scripts. A wrong one
is explained; the page opens with the usual one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.explore.panels import period as period_name
from kalanso.hub.explore.queries import doors, estimates, places, runs, shelf, withheld
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf

LONGEST = 60  # of a wrong value that is shown back


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing that a reader may choose: parameter, its name for people, values with their names."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str
    wrong: str = ""

    @property
    def shown(self) -> str:
        """What the chosen value is called."""
        return dict(self.options).get(self.value, self.value)


def choose(
    request: HttpRequest, name: str, label: str, options: Sequence[tuple[str, str]], usual: str = ""
) -> Choice:
    """Return what the address asks for, or the usual value with what was asked in vain."""
    asked = request.GET.get(name, "").strip()
    values = [value for value, _name in options]
    usual = usual if usual in values else (values[0] if values else "")
    found = asked if asked in values else usual
    wrong = asked[:LONGEST] if asked and asked not in values else ""
    return Choice(name=name, label=label, options=tuple(options), value=found, wrong=wrong)


def indicator(request: HttpRequest) -> Choice:
    """Return which dose is asked about."""
    return choose(request, "vaccin", _("Vaccin"), (("dtp1", _("DTC1")), ("dtp3", _("DTC3"))))


def _said(here: Shelf, code: str) -> str:
    """Return what a period of estimates is called: the year that ends with a quarter, or the quarter."""
    name = period_name(code)
    return _("un an, jusqu'au %(period)s") % {"period": name} if estimates.is_rolled(here, code) else name


def period(request: HttpRequest, here: Shelf) -> Choice:
    """Return which period is asked about, the newest unless stated."""
    known = [(code, _said(here, code)) for code in estimates.spans(here)]
    return choose(request, "periode", _("Période"), known)


def threshold(request: HttpRequest, known: Sequence[float]) -> Choice:
    """Return under which coverage a place counts as low, in whole percent."""
    options = [(f"{100 * share:.0f}", _("%(share)s %%") % {"share": f"{100 * share:.0f}"}) for share in known]
    return choose(request, "seuil", _("Seuil"), options, "80")


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which place is asked about, and what was asked in vain."""

    place: Place | None
    wrong: str = ""
    several: tuple[tuple[Place, list[Place]], ...] = ()  # those that it may have meant, with what lies above


def where(request: HttpRequest, here: Shelf) -> Where:
    """Return the place in the address: a code, or a name that one place alone has; else one's own, or the country."""
    known = places.tree(here)
    asked = request.GET.get("lieu", "").strip()[: 2 * LONGEST]
    if not asked:
        return Where(place=next(iter(places.home(here)), known.root()))
    found = places.meant(here, asked)
    if len(found) == 1:
        return Where(place=found[0])
    return Where(place=known.root(), wrong=asked[:LONGEST], several=tuple(places.offered(here, found)))


def unclear(request: HttpRequest, where: Where) -> HttpResponse | None:
    """Return the page that asks which of several places is meant; None where one is."""
    if not where.several:
        return None
    kept = {name: value for name, value in request.GET.items() if value}
    rows = [
        (place, above, f"{request.path}?{urlencode(kept | {'lieu': place.code})}")
        for place, above in where.several
    ]
    return render(request, "explore/chosen.html", {"text": where.wrong, "rows": rows})


def shared(request: HttpRequest, here: Shelf, place: Place | None) -> dict[str, Any]:
    """Return what every page of estimates says: the run, what is being computed, the way up.

    `here` is the shelf from which the reader reads about this place (`doors.reading`).
    """
    truth_there = here.store.demo and runs.table(here, "demo_truth") is not None
    held = runs.held(here)
    return {
        "run": held if held is None or held.set_aside is None else None,
        "set_aside": held.set_aside if held else None,
        "computing": runs.computing(here) if runs.working(here) else None,
        "working": runs.working(here),
        "reading": here,
        "book": runs.book(here),
        "home": places.home(shelf.current()),
        "place": place,
        "above": places.tree(here).above(place.code) if place else [],
        "truth_there": truth_there,
        "truth_shown": truth_there and request.GET.get("verite") == "1",
        "not_shown": withheld.of_estimates(here, place.code) if place else withheld.Withheld(),
        "page_name": request.resolver_match.url_name if request.resolver_match else "",
    }


def closed(request: HttpRequest, here: Shelf, page: str, place: Place | None = None) -> HttpResponse | None:
    """Return the page that says why another is closed to the reader and where to go; None where it is open."""
    if doors.is_open(here, page):
        return None
    context = {
        "place": place,
        "above": places.tree(here).above(place.code) if place else [],
        "home": places.home(shelf.current()),
        "reading": here,
        "elsewhere": shelf.current().scope.at_home is not None and doors.is_open(shelf.current(), page),
    }
    return render(request, "explore/closed.html", context)
