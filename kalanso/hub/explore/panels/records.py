"""How is a record that supports a cause told to people?

Its reference names table, source and rows (`kalanso.pipeline.pocket_records`); here stand the words, with the
reference kept for whoever looks it up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import template
from django.utils.translation import gettext as _

from kalanso.hub.evidence.queries.sources import distinct_titles
from kalanso.hub.explore.panels import day, locale, period, word
from kalanso.hub.explore.queries import places, shelf
from kalanso.vocabulary import format_value

register = template.Library()
EVENT = re.compile(r"events/(?P<source>[^/]+)/(?P<place>[^/]+)/(?P<kind>[^/]+)/(?P<begun>\d{4}-\d\d-\d\d)")
CARDS = re.compile(
    r"observations/(?P<source>[^/]+)/stockout_days/(?P<first>\d+)-(?P<last>\d+): (?P<out>\d+)/(?P<days>\d+)"
)


@register.filter
def causes(text: str) -> str:
    """Show the causes that records support, by their names."""
    return ", ".join(word(code.strip(), "event") for code in text.split(";"))


@register.filter
def recorded(record: Mapping[str, Any]) -> str:
    """Show what a record says, of which place and by whose word; its reference where it is of another kind."""
    reference = str(record["reference"])
    if found := EVENT.fullmatch(reference):
        told = _("%(what)s à %(place)s depuis le %(day)s (%(source)s)")
        return told % {
            "what": word(found["kind"], "event"), "place": _place(found["place"]), "day": day(date.fromisoformat(found["begun"])),
            "source": source_named(found["source"]),
        }  # fmt: skip
    if found := CARDS.fullmatch(reference):
        told = _("%(place)s sans vaccin %(out)s jours sur %(days)s, de %(first)s à %(last)s (%(source)s)")
        return told % {
            "place": _place(str(record["place_code"])), "out": format_value(int(found["out"]), "count", locale()),
            "days": format_value(int(found["days"]), "count", locale()), "first": period(found["first"]), "last": period(found["last"]),
            "source": source_named(found["source"]),
        }  # fmt: skip
    return reference


def _place(code: str) -> str:
    found = places.tree(shelf.current()).places.get(code)
    return found.name if found else code


def source_named(code: str) -> str:
    """Return what people call a source: its title, a name of the pack, else its code."""
    return distinct_titles().get(code) or word(code)
