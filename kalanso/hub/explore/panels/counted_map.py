"""How do counts that people keep in the hub stand on the map of districts, on a page of another app?"""

from __future__ import annotations

from collections.abc import Mapping

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
    shown = sorted(
        (place for place in known.places.values() if place.level == Level.DISTRICT),
        key=lambda place: place.code,
    )
    outlined = places.drawable(here, shown)
    root, manifest = known.root(), here.manifest(PLACES)
    if root is None or not any(one["geometry"] for one in outlined):
        return mark_safe("")
    rows = [
        {**outline, "value": counts.get(place.code, 0)}
        for place, outline in zip(shown, outlined, strict=True)
    ]
    subject = {
        "measure": measure, "unit": "count", "number": "counted", "place": root.name, "level": Level.DISTRICT.value, "version": __version__,
        "demo": here.store.demo,
    }  # fmt: skip
    picture = tasks.describe(
        "choropleth", rows, {"subject": subject, "title": title}, locale=locale(), scope=here.scope.mark,
        seen_as=f"{here.scope.mark} {manifest.id if manifest else ''}",
    )  # fmt: skip
    return drawn(picture)
