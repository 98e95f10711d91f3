"""What of the evidence desk do pages of other apps show: the agreed sentence, two runs beside one another?

Template tags, a builtin of every template.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kalanso.hub.evidence.models import Run
from kalanso.hub.evidence.queries import assumptions, connections, runs
from kalanso.hub.evidence.queries.sources import called, title_of
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.language import page_language
from kalanso.store import Manifest
from kalanso.vocabulary import Message, UnknownMessage, format_value

register = template.Library()
WIDTH, HEIGHT = 300, 34  # of a drawing, in its own units


@register.inclusion_tag("evidence/agreed.html")
def agreed_sentence() -> dict[str, Any]:
    """Show the agreed sentence; every page with official and estimated figures side by side must show it."""
    found = runs.agreed()
    return {"agreed": found, "sentence": (found.en if page_language() == "en" else found.fr) if found else ""}


@register.inclusion_tag("evidence/connection_of_source.html", takes_context=True)
def connection_of_source(context: dict[str, Any], code: str) -> dict[str, Any]:
    """Show whether a source comes from a connected server and when it last came; its page to whoever works with it."""
    person = context["request"].user
    if not may(person, "evidence.read_connections"):
        return {}
    return {"standing": connections.of_source(code), "manages": connections.may_manage(person), "code": code}


@register.simple_tag
def aside_of(run: Run) -> runs.SetAside | None:
    """Return who set a run aside, when and why; nothing of a run that stands."""
    return runs.set_aside_last(run)


@register.simple_tag
def aside_of_snapshot(manifest: Manifest | None) -> runs.SetAside | None:
    """Return who set the run of a table aside; nothing of tables of no run."""
    note = (manifest.provenance.note or "") if manifest else ""
    if not note.startswith("run ") or manifest is None or manifest.provenance.state != "draft":
        return None
    return runs.set_aside(note.split()[1])


@register.filter
def in_words(both: dict[str, str]) -> str:
    """Show a sentence that is kept in both languages."""
    return str(both.get(page_language()) or both.get("fr", ""))


@register.filter
def source_title(code: str) -> str:
    """Show what people call a source."""
    return title_of(code)


@register.filter
def source_called(code: str) -> str:
    """Show the title of a source; its code where nobody described it."""
    return called([code])[0]


@register.filter
def sources_called(codes: Iterable[str]) -> list[str]:
    """Show the titles of several sources, each by its code where nobody described it."""
    return called(codes)


@register.filter
def step_words(message_id: str) -> str:
    """Show how far a job is, where it speaks in message ids."""
    try:
        return Message(message_id, {"folder": ""}).render(page_language())
    except (UnknownMessage, KeyError):
        return message_id


@register.simple_tag
def side_by_side(first: dict[str, Any], second: dict[str, Any], name: str, most: float) -> SafeString:
    """Draw two numbers with their intervals, the first above the second; the numbers stand beside as text."""

    def at(value: float) -> str:
        return f"{max(0.0, min(1.0, value / most if most else 0.0)) * (WIDTH - 8) + 4:.0f}"

    parts = [
        (kind, at(row[f"{name}_q025"]), at(row[f"{name}_q975"]), at(row[f"{name}_mean"]), y, y, y)
        for kind, row, y in (("one", first, 10), ("two", second, 24))
    ]
    drawn = format_html_join(
        "",
        '<g class="{}"><line x1="{}" x2="{}" y1="{}" y2="{}"/><circle cx="{}" cy="{}" r="4"/></g>',
        ((kind, low, high, y1, y2, mean, y3) for kind, low, high, mean, y1, y2, y3 in parts),
    )
    return format_html(
        '<svg class="beside" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true">{}</svg>',
        WIDTH, HEIGHT, WIDTH, HEIGHT, drawn,
    )  # fmt: skip


@register.filter
def most_missed(rows: list[Any]) -> float:
    """Return the largest upper end of missed children on either side, as the end of a common axis."""
    return max(
        (side["missed_children_q975"] for row in rows for side in (row.first, row.second)), default=0.0
    )


@register.filter
def number_of(row: dict[str, Any], name: str) -> runs.Interval:
    """Return a number with its interval, as sentences show it."""
    return runs.Interval(*(float(row[f"{name}_{end}"]) for end in ("mean", "q025", "q975")))


@register.filter
def split_words(text: str) -> list[str]:
    """Return the words of a text, to go through them."""
    return text.split()


@register.filter
def of_code(values: dict[str, float], code: str) -> float | None:
    """Return the value of a code; None where there is none."""
    return values.get(code)


@register.filter
def unlocalized(value: float) -> str:
    """Show a share as an attribute wants it, with a point in every language."""
    return f"{value:.3f}"


@register.filter
def percent_said(share: float) -> str:
    """Show a share with no more figures than were chosen: 10 %, 2,5 %."""
    whole = abs(100 * share - round(100 * share)) < 0.05
    return format_value(share, "percent" if whole else "percent1", page_language())


@register.filter
def bias_said(log: float) -> str:
    """Show the logarithm of a bias as people say it: +10 %, 0 %, -5 %."""
    share = assumptions.share_of(float(log))
    return ("+" if share > 0 else "") + percent_said(share)
