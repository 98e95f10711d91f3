"""On what does a record rest, and what rests on it, inside any page? `{% citations type key %}`, `{% cited_by type key %}`."""

from __future__ import annotations

from typing import Any

from django import template

from kalanso.hub.people.queries import citations as queries

register = template.Library()


@register.inclusion_tag("people/chain.html", takes_context=True)
def citations(context: template.Context, object_type: str, object_id: Any) -> dict[str, Any]:
    """Show what a record rests on, each a link, and how much of it is not for the reader."""
    reader = context["request"].user
    if not reader.is_authenticated:
        return {}
    return {"chain": queries.rests_on(reader, object_type, str(object_id)), "back": True}


@register.inclusion_tag("people/chain.html", takes_context=True)
def cited_by(
    context: template.Context, object_type: str, object_id: Any, level: int = 2, without: str = ""
) -> dict[str, Any]:
    """Show what rests on a thing, each a link; nothing where nothing does, and to visitors.

    `level`: of its heading; `without`: a kind that the page shows elsewhere.
    """
    reader = context["request"].user
    if not reader.is_authenticated:
        return {}
    return {"chain": queries.cited_by(reader, object_type, str(object_id), without=without), "level": level}
