"""How do my places stand among places that live as they do?"""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.explore.panels import word
from kalanso.hub.explore.queries import estimates, likeness, places, said, shelf, withheld
from kalanso.hub.explore.queries.likeness import Beside
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import asked, estimate_pictures
from kalanso.hub.explore.views.pictures import draw
from kalanso.hub.explore.views.places import found_place
from kalanso.vocabulary import Level

DRAWN = 25
LISTED = 120


def alike(request: HttpRequest, code: str) -> HttpResponse:
    """Show a place among those of the same context, with intervals, and its rank as far as it is known."""
    own = shelf.current()
    place = found_place(own, code)
    if closed := asked.closed(request, own, "alike", place):
        return closed
    here = shelf.abroad(own)  # others' places are compared by what was released for all of them
    context = asked.shared(request, here, place)
    known = likeness.contexts_of(here, code) if place.level != Level.FACILITY else ()
    context["contexts"] = known
    if not known or not said.tellable(here):
        return render(request, "explore/alike.html", context)
    dose, when = asked.indicator(request), asked.period(request, here)
    which = asked.choose(
        request, "contexte", _("Contexte"), [(name, word(name, "context")) for name in known]
    )
    level = likeness.level_of(place)
    among = {one.code: one for one in likeness.alike(here, which.value, level)} | {place.code: place}
    rows = likeness.beside(here, place, list(among.values()), dose.value, when.value)
    context |= {
        "dose": dose, "when": when, "which": which, "choices": [which, dose],
        "wrong": [c for c in (which, dose, when) if c.wrong], "rows": rows[:LISTED], "count": len(rows),
        "fellows_hidden": _hidden(here, among), "more": max(0, len(rows) - LISTED), "table_shown": estimates.source(here, when.value), "level": level, "own": next((row for row in rows if row.chosen), None),
        "in_it": any(row["context"] == which.value for row in places.contexts(here, code)),
        "subset": DRAWN if len(rows) > DRAWN else 0,
        "picture": _picture(here, place, rows, which.shown, dose.value, when.value),
    }  # fmt: skip
    return render(request, "explore/alike.html", context)


def _hidden(here: Shelf, among: Mapping[str, Place]) -> int:
    """Return how many of some places are not shown to the reader, wherever in the country they lie."""
    root = places.tree(here).root()
    return len(withheld.of_estimates(here, root.code).codes & among.keys()) if root else 0


def _picture(
    here: Shelf, place: Place, rows: list[Beside], context: str, indicator: str, when: str
) -> Picture | None:
    """Draw the places nearest to this one in the order, this one among them."""
    if len(rows) < 2:
        return None
    at = next((number for number, row in enumerate(rows) if row.chosen), 0)
    first = max(0, min(at - DRAWN // 2, len(rows) - DRAWN))
    shown = [
        {
            "label": row.place.name, "value": row.estimate.coverage.mean, "low": row.estimate.coverage.low,
            "high": row.estimate.coverage.high, "chosen": row.chosen,
        }
        for row in rows[first : first + DRAWN]
    ]  # fmt: skip
    about = {
        "measure": estimate_pictures.coverage_words(indicator), "unit": "share", "number": "estimated",
        "place": f"{place.name} · {context}",
    }  # fmt: skip
    return draw(
        here,
        "interval_rows",
        shown,
        about,
        estimate_pictures.specs(here, estimates.source(here, when)),
        when=when,
    )
