"""How do counts that people keep in the hub stand on the map of districts, on a page of another app?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from kalanso import __version__
from kalanso.hub.explore import tasks
from kalanso.hub.explore.panels import locale
from kalanso.hub.explore.panels.pictures import drawn
from kalanso.hub.explore.queries import places, shelf
from kalanso.places.tables import PLACES
from kalanso.vocabulary import Level

register = template.Library()


@register.simple_tag
def counted_map(counts: Mapping[str, int], measure: str, title: str) -> SafeString:
    """Draw the counts of all districts, 0 where there is none; nothing where no outline of a district is published."""
    if settings.KALANSO_STORE is None:
        return mark_safe("")
    here = shelf.current()
    known = places.tree(here)
    shown = [place for place in known.places.values() if place.level == Level.DISTRICT]
    outlines = places.outlines(here, tuple(place.code for place in shown)) if shown else {}
    root, manifest = known.root(), here.manifest(PLACES)
    if not outlines or root is None:
        return mark_safe("")
    rows: list[dict[str, Any]] = [
        {
            "place": place.name, "value": counts.get(place.code, 0), "kind": outlines[place.code][1] if place.code in outlines else "published",
            "geometry": outlines[place.code][0].hex() if place.code in outlines else None,
        }
        for place in sorted(shown, key=lambda place: place.code)
    ]  # fmt: skip
    subject = {
        "measure": measure, "unit": "count", "number": "counted", "place": root.name, "level": Level.DISTRICT.value, "version": __version__,
        "demo": here.store.demo,
    }  # fmt: skip
    picture = tasks.describe(
        "choropleth", rows, {"subject": subject, "title": title}, locale=locale(), scope=here.scope.mark,
        seen_as=f"{here.scope.mark} {manifest.id if manifest else ''}",
    )  # fmt: skip
    return drawn(picture)
