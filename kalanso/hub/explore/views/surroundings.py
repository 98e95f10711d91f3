"""How is the ground on which services stand shown on the page of a place: a sentence, a picture, its source?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.explore.panels import locale, period, word
from kalanso.hub.explore.queries import surroundings
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.queries.surroundings import FACTS, SHUT, Known
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import pictures
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.vocabulary import format_value

# Rules of interpretation are made for doses: a month without an incident is no fall to ask after.
UNREAD = {"trend_change": 1e9, "stable_spread": -1.0, "drop_size": 1e9, "swing_size": 1e9}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One kind of fact in words and as a picture, with whose word it is."""

    sentence: str
    scope: str
    picture: Picture | None
    source: str
    licence: str
    imported: date | None


def shown(here: Shelf, this: Place) -> list[Shown]:
    """Return what is known around the services of a place; nothing where the reader may see none of it."""
    return [_shown(here, this, one) for one in surroundings.known(here, this.code)]


def _shown(here: Shelf, this: Place, one: Known) -> Shown:
    return Shown(
        sentence={"facilities": _facilities, "people": _people, "incidents": _incidents}[one.kind](one),
        scope=_scope(this, one), picture=_picture(here, one), source=pictures.called_source(one.source), licence=one.licence,
        imported=date.fromisoformat(one.imported) if one.imported else None,
    )  # fmt: skip


def _count(value: float | None) -> str:
    return format_value(value, "count", locale())


def _about(one: Known) -> dict[str, str]:
    return {"place": one.place.name, "month": period(one.newest)}


def _facilities(one: Known) -> str:
    shut, partly = one.value(*SHUT), one.value("facilities_partly_functional")
    said = _("%(place)s, %(month)s : centres fermés ou détruits : %(shut)s sur %(all)s ; en partie fonctionnels : %(partly)s.") % {
        **_about(one), "shut": _count(shut or 0), "all": _count(one.total), "partly": _count(partly or 0),
    }  # fmt: skip
    return said + _since(one, *SHUT)


def _people(one: Known) -> str:
    said = _("%(place)s, %(month)s : %(here)s personnes déplacées présentes.") % {
        **_about(one),
        "here": _count(one.value("displaced_persons")),
    }
    return said + _since(one, "displaced_persons")


def _incidents(one: Known) -> str:
    return _("%(place)s : %(n)s incidents de sécurité comptés de %(first)s à %(month)s, au grain du district et du mois.") % {
        **_about(one), "n": _count(one.year), "first": period(one.months[0][0]),
    }  # fmt: skip


def _since(one: Known, *indicators: str) -> str:
    """Say by how many a number moved since the first month that is shown."""
    now, back = one.value(*indicators), len(one.months) - 1
    before = one.value(*indicators, back=back)
    if back < 1 or now is None or before is None:
        return ""
    moved, first = now - before, period(one.months[0][0])
    if not moved:
        return " " + _("Autant qu'en %(first)s.") % {"first": first}
    if moved > 0:
        return " " + _("%(n)s de plus qu'en %(first)s.") % {"n": _count(moved), "first": first}
    return " " + _("%(n)s de moins qu'en %(first)s.") % {"n": _count(-moved), "first": first}


def _scope(this: Place, one: Known) -> str:
    """Say of which places the numbers are, where they are not of the place of the page alone."""
    if one.place.code != this.code:
        return _(
            "Ces nombres sont ceux de tout le district : il n'y en a pas de plus fins, pour la sécurité de chacun."
        )
    if not one.districts:
        return ""
    return ngettext(
        "Somme d'un seul district montré, sur %(all)s.", "Somme de %(n)s districts montrés, sur %(all)s.", one.told
    ) % {"n": one.told, "all": one.districts}  # fmt: skip


def _picture(here: Shelf, one: Known) -> Picture | None:
    titles = {
        "facilities": _("Centres selon leur état"),
        "people": _("Personnes déplacées et retournées"),
        "incidents": _("Incidents de sécurité par mois"),
    }
    if len(one.months) < 2 or not one.year:
        return None
    rows = [
        {"period": month, "value": told[name], "series": word(name)}
        for name in FACTS[one.kind] for month, told in one.months if name in told
    ]  # fmt: skip
    measure = titles[one.kind]
    title = _("%(measure)s : %(place)s") % {"measure": measure, "place": one.place.name}
    subject = {
        "measure": measure, "unit": "count", "place": one.place.name,
        "sources": pictures.named_sources(here, OBSERVATIONS, [one.source]),
    }  # fmt: skip
    return pictures.draw(here, "trend", rows, subject, [OBSERVATIONS], title=title, thresholds=UNREAD)
