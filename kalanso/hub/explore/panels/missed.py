"""How many children of a place are missed, said in a line on a page of another app?"""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from kalanso.hub.explore.queries import doors, places, said, shelf

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
