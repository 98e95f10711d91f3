"""How many children of a place, or of several, are missed, said in a line on a page of another app?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext as _

from kalanso.hub.explore.panels import between_count, locale
from kalanso.hub.explore.queries import doors, places, said, shelf, sums
from kalanso.hub.explore.queries.estimates import Number
from kalanso.hub.explore.queries.sums import Missed
from kalanso.vocabulary import Level, format_value

register = template.Library()


@register.inclusion_tag("explore/missed_here.html", takes_context=True)
def missed_here(context: template.Context, code: str) -> dict[str, Any]:
    """Show the newest estimate of a place with the state of its run; nothing where the reader may see none."""
    shown = {"demo": context.get("demo"), "said": None}
    if settings.KALANSO_STORE is None:
        return shown
    here = shelf.current()
    place = places.tree(here).places.get(code)
    return shown | {"said": said.newest(doors.reading(here, place), code) if place is not None else None}


@register.simple_tag
def missed_in(codes: Iterable[str], together: bool = False) -> Missed:
    """Return the newest estimates of some places, asked once for the whole page: `{% missed_in codes as missed %}`."""
    if settings.KALANSO_STORE is None:
        return Missed(of={}, heard=(), asked=len(set(codes)))
    return sums.missed(shelf.current(), codes, together=together)


@register.simple_tag
def districts_of(places_: str | Iterable[dict[str, Any]]) -> list[str]:
    """Return the districts of a place, or of the places of some rows, by code; none for what lies above districts."""
    codes = {places_} if isinstance(places_, str) else {str(row["place_code"]) for row in places_}
    known = places.tree(shelf.current())
    inside = (
        one for code in codes if code in known.places for one in (known.places[code], *known.above(code))
    )
    return sorted({one.code for one in inside if one.level == Level.DISTRICT})


@register.filter
def at(missed: Missed, code: str) -> Number | None:
    """Return the missed children of one of the places, as a sentence may say them; None where no number is for the reader."""
    found = missed.of.get(code) if missed else None
    return found.missed.said if found is not None else None


@register.filter
def provisional_at(missed: Missed, code: str) -> bool:
    """Whether reports of the period of a place's estimate may still arrive."""
    found = missed.of.get(code) if missed else None
    return found is not None and found.provisional


@register.simple_tag
def missed_counts(missed: Missed, codes: Iterable[str], short: bool = False) -> dict[str, str]:
    """Return the missed children of some places in a few words, by code; `short` for the head of a narrow column.

    Where there is no estimate at all, the page says so once and no place repeats it. Asked for by pages with a hundred
    places, which a template of its own for each made slow: `{% missed_counts missed codes as told %}`.
    """
    return {code: _counted(missed, code, short) for code in codes}


def _counted(missed: Missed, code: str, short: bool) -> str:
    if not missed or not missed.heard:
        return ""
    found = at(missed, code)
    if found is None:
        told = _("pas de donnée") if short else _("zéro dose : pas de donnée")
    elif short:
        mean, low, high = (
            format_value(one, "count", locale()) for one in (found.mean, found.low, found.high)
        )
        told = f"{mean} ({low}–{high})"
    else:
        said = {"n": format_value(found.mean, "count", locale()), "between": between_count(found)}
        told = _("environ %(n)s enfants zéro dose (%(between)s)") % said
    if not provisional_at(missed, code):
        return format_html("{}", told)
    return format_html('{} <span class="hint">{}</span>', told, _("provisoire"))


@register.inclusion_tag("explore/missed_line.html")
def missed_line(code: str, anchor: str) -> dict[str, Any]:
    """Show the missed children of one place in a line, with their quarters and the state of the run; `anchor` leads to more."""
    found = missed_in([code])
    one = found.heard[0] if found.heard else None
    return {"missed": found, "one": one, "anchor": anchor, "said": _counted(found, code, False)}


@register.inclusion_tag("explore/missed_together.html")
def missed_together(missed: Missed) -> dict[str, Any]:
    """Say how many children several places miss together, or why no sum is told."""
    total = missed.total
    return {"missed": missed, "total": total.said if total is not None else None, "counted": len(missed.of)}


@register.inclusion_tag("explore/missed_source.html", takes_context=True)
def missed_source(context: template.Context, missed: Missed) -> dict[str, Any]:
    """Say what the numbers of a page count, of which quarters they are, and how far their run was reviewed."""
    return {"demo": context.get("demo"), "missed": missed}
