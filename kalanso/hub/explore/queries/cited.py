"""How are places, their estimates and pockets known where a decision, an action or an obstacle rests on them?

What an estimate said is kept with the citation, since the next run says something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.explore.queries import said, shelf
from kalanso.hub.explore.queries.evidence_of_places import all_pockets
from kalanso.hub.people.queries.access import mirrored
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.people.queries.places import names_of
from kalanso.store import NotVisible
from kalanso.vocabulary import format_value

PLACE, ESTIMATE, POCKET = "place", "place_estimate", "pocket"


def places(reader: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return published places among some codes."""
    names = names_of(set(keys))
    return {
        code: Cited(
            object_type=PLACE, object_id=code, kind=_("Lieu"), name=name, address=reverse("place", args=[code]), place_code=code
        )
        for code, name in names.items()
    }  # fmt: skip


def estimates(reader: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the estimates of places, with what the newest run that the reader may see says of each."""
    names = names_of(set(keys))
    return {
        code: Cited(
            object_type=ESTIMATE, object_id=code, kind=_("Estimation"), name=name, place_code=code, says=_says(code),
            address=reverse("place_estimate", args=[code]),
        )
        for code, name in names.items()
    }  # fmt: skip


def pockets(reader: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return pockets of the run that the reader may see; one of an earlier run keeps its key and leads to those of today."""
    known, found = {}, {}
    if settings.KALANSO_STORE is not None:
        try:
            known = {pocket.key: pocket for pocket in all_pockets(shelf.current())}
        except NotVisible:
            known = {}
    names = names_of({str(pocket.row["leading_area"]) for pocket in known.values()})
    for key in keys:
        pocket = known.get(key)
        leading = str(pocket.row["leading_area"]) if pocket is not None else ""
        name = (
            _("Autour de %(place)s") % {"place": names.get(leading, leading)}
            if leading
            else _("d'un calcul antérieur")
        )
        found[key] = Cited(
            object_type=POCKET, object_id=key, kind=_("Poche"), name=name, address=f"{reverse('pockets')}#{key}", place_code=leading,
            says=_missed(pocket.missed.said, "") if pocket is not None and said.tellable(shelf.current()) else "",
        )  # fmt: skip
    return found


def _says(code: str) -> str:
    if settings.KALANSO_STORE is None or mirrored(code) is None:
        return ""
    try:
        newest = said.newest(shelf.current(), code)
    except NotVisible:
        return ""
    if newest is None or newest.estimate is None:
        return ""
    return _missed(newest.estimate.missed.said, newest.estimate.period)


def _missed(number: Any, period: str) -> str:
    language = page_language()
    n, low, high = (
        format_value(value, "count", language) for value in (number.mean, number.low, number.high)
    )
    told = _("environ %(n)s enfants zéro dose (entre %(low)s et %(high)s)") % {
        "n": n,
        "low": low,
        "high": high,
    }
    return f"{told}, {format_value(period, 'period', language)}" if period else told
