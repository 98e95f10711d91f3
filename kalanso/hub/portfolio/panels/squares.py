"""How do thousands of squares of the grid become a page in a few milliseconds?

Icon, word and class of a square depend on its state alone: they are written once for each state, and only the address
differs. A template that asks for each of them took ten times as long.
"""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import ngettext

from kalanso.hub.portfolio.queries.grid import Grid, Line, Square

register = template.Library()
EMPTY = "<td></td>"
TITLE = 60  # letters of a title that a row has room for
Written = dict[tuple[str, bool], tuple[str, str]]


@register.simple_tag
def grid_rows(grid: Grid) -> SafeString:
    """Write a row for each intervention: its code and title, then its squares, an empty one where nothing is planned."""
    written: Written = {}
    return mark_safe("\n".join(_row(line, written) for line in grid.lines))  # noqa: S308 - made of what was escaped


def _row(line: Line, written: Written) -> str:
    one = line.intervention
    head = format_html(
        '<tr data-a="{}" data-l="{}" data-s="{}"><th scope="row"><a href="{}">{}</a> {}</th>',
        one.approach, one.lead.code, " ".join(one.steps), reverse("intervention", args=[one.code]), one.code,
        Truncator(one.title).chars(TITLE),
    )  # fmt: skip
    told: list[str] = [head]
    for square in line.squares:
        if square is None:
            told.append(EMPTY)
            continue
        key = (square.state, square.late)
        if key not in written:
            written[key] = _around(square)
        before, after = written[key]
        told.append(f"{before}{square.pk:d}{after}")
    told.append("</tr>")
    return "".join(told)


def _around(one: Square) -> tuple[str, str]:
    """Return what stands before and after the number of a square."""
    late = " late" if one.late else ""
    before = format_html('<td><a class="{}{}" title="{}" href="ligne/', one.state, late, one.word)
    return before, format_html('/">{}</a></td>', one.icon)


@register.simple_tag
def grid_heads(grid: Grid, children: Mapping[str, str]) -> SafeString:
    """Write the head of each column: its district, and below it what `children` says of those without a first dose."""
    heads = (
        format_html(
            '<th scope="col" data-r="{}" data-c="{}"><a href="{}">{}</a><span>{}</span></th>',
            one.region_code, one.code, reverse("portfolio_district", args=[one.code]), one.name, children.get(one.code, ""),
        )
        for one in grid.columns
    )  # fmt: skip
    return mark_safe("".join(heads))  # noqa: S308 - made of what was escaped


@register.simple_tag
def grid_districts(grid: Grid, children: Mapping[str, str]) -> SafeString:
    """Write the grid as a list for a telephone: each district with how many of its lines are in each state."""
    marks: dict[str, str] = {}
    told = []
    for column, states, late in grid.by_district:
        parts = []
        for state, icon, word, lines in states:
            if state not in marks:
                marks[state] = format_html(
                    '<span class="sq {}" title="{}" aria-hidden="true">{}</span> {{}}<span class="unseen"> {}</span> ', state, word, icon, word
                )  # fmt: skip
            parts.append(marks[state].replace("{}", str(int(lines))))
        if late:
            said = ngettext("%(n)s fin dépassée", "%(n)s fins dépassées", late) % {"n": late}
            parts.append(f"· {conditional_escape(said)}")
        below = conditional_escape(children.get(column.code, ""))
        told.append(
            f'<li><a href="{reverse("portfolio_district", args=[column.code])}">{conditional_escape(column.name)}</a>'
            f"<span>{''.join(parts)}<br>{below}</span></li>"
        )
    return mark_safe(f'<ul class="ways">{"".join(told)}</ul>')  # noqa: S308 - made of what was escaped
