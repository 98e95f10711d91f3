"""What does a discussion look like inside any page? `{% discussion "place" code %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from kalanso.hub.people.forms.discussion import CommentForm
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries import discussion as said
from kalanso.hub.people.queries.discussion import Thread
from kalanso.hub.people.queries.subjects import NoSubject, Subject, may_read, subject

register = template.Library()


@register.inclusion_tag("people/discussion.html", takes_context=True)
def discussion(
    context: template.Context, object_type: str, object_id: str, folded: bool = False
) -> dict[str, Any]:
    """Show what was said of a thing, and the form to say something; nothing where it is not for the reader.

    On a long page it stands `folded` behind a line that says how much was said.
    """
    request = context["request"]
    try:
        about = subject(object_type, str(object_id))
    except NoSubject:
        return {"about": None}
    csrf = context.get("csrf_token")
    return {"request": request, "csrf_token": csrf, "folded": folded, **told(request.user, about)}


def told(reader: Any, about: Subject, form: CommentForm | None = None) -> dict[str, Any]:
    """Return what the template of a discussion needs."""
    if not reader.is_authenticated:
        return {"about": about, "stranger": True}
    if not may_read(reader, about):
        return {"about": about, "closed": True}
    may_write = may(reader, "people.comment", about)
    found = said.threads(reader, about, keeps_order=may(reader, "people.withdraw_comment", about))
    return {
        "about": about,
        "threads": found,
        "reader": reader,
        "number": sum(1 + len(thread.answers) for thread in found),
        "follows": said.follows(reader, about),
        "may_write": may_write,
        "to_name": said.to_name(reader, about) if may_write else [],
        "form": form or CommentForm(),
    }


@register.filter
def as_written(thread: Thread) -> SafeString:
    """Show the text of a contribution: paragraphs and links, nothing else of what was typed."""
    return said.paragraphs(thread.comment.text, thread.mentioned)
