"""How are devices, news and rights said on a page?"""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import Somewhere, may
from kalanso.hub.people.queries.subjects import Subject, may_read

register = template.Library()

# What stands in a browser's name for itself, the most telling first.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


@register.filter
def device(told: str) -> str:
    """Show a browser by the name that people know, such as "Chrome, Android"; else as it calls itself."""
    found = [next((name for mark, name in known if mark in told), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name) or told[:60] or _("appareil inconnu")


@register.simple_tag(takes_context=True)
def may_at(context: template.Context, verb: str, place_code: str) -> bool:
    """Whether the reader may do something at a place."""
    return may(context["request"].user, verb, Somewhere(place_code))


@register.simple_tag(takes_context=True)
def comments_at(context: template.Context, place_code: str) -> str:
    """Say whether the reader may comment a place: "yes"; "elsewhere" where they may comment others alone; "" for nobody who comments."""
    reader, about = context["request"].user, Subject(object_type="place", object_id=place_code, place_code=place_code, name="", address="")  # fmt: skip
    if not may(reader, "people.comment"):
        return ""
    return "yes" if may(reader, "people.comment", about) and may_read(reader, about) else "elsewhere"
