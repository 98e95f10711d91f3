"""How do thousands of squares of the grid become a page in a few milliseconds?

Icon, word and class of a square depend on its state alone: they are written once for each state, and only the address
differs. A template that asks for each of them took ten times as long.
"""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from kalanso.hub.portfolio.queries.grid import Line, Square

register = template.Library()
EMPTY = "<td></td>"


@register.simple_tag
def squares(line: Line) -> SafeString:
    """Write the squares of one intervention, an empty one where nothing is planned."""
    written: dict[tuple[str, bool], tuple[str, str]] = {}
    told = []
    for one in line.squares:
        if one is None:
            told.append(EMPTY)
            continue
        key = (one.state, one.late)
        if key not in written:
            written[key] = _around(one)
        before, after = written[key]
        told.append(f"{before}{int(one.pk)}{after}")
    return mark_safe("".join(told))  # noqa: S308 - made of numbers and of what was escaped


def _around(one: Square) -> tuple[str, str]:
    """Return what stands before and after the number of a square."""
    late = " late" if one.late else ""
    before = format_html('<td><a class="{}{}" title="{}" href="ligne/', one.state, late, one.word)
    return before, format_html('/">{}</a></td>', one.icon)
