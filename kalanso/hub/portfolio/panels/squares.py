"""How do thousands of squares of the grid become a page in a few milliseconds?

Icon, word and class of a square depend on its state alone: they are written once for each state, and only the address
differs. A template that asks for each of them took ten times as long. What does not depend on the reader is kept with
the grid, in each language; what is said of children is written for each reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import get_language, ngettext

from kalanso.hub.people.queries.addresses import address
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.queries.grid import ICONS, Grid, Line, Square

register = template.Library()
Part = TypeVar("Part")
EMPTY = "<td></td>"
TITLE = 60  # letters of a title that a row has room for


class Written(dict[tuple[str, bool], str]):
    """How a square in a state, late or not, is written, with a blank for its number: made when it is first met."""

    def __missing__(self, key: tuple[str, bool]) -> str:
        made = self[key] = _square(Square(0, *key, ""))
        return made


def _once(grid: Grid, name: str, write: Callable[[], Part]) -> Part:
    """Return a part of the page that is the same for all readers of a grid in one language, written for the first of them."""
    key = (name, str(get_language()))
    found: Part | None = grid.written.get(key)
    if found is None:
        found = grid.written[key] = write()
    return found


@register.simple_tag
def grid_rows(grid: Grid) -> SafeString:
    """Write a row for each intervention: its code and title, then its squares, an empty one where nothing is planned."""
    return _once(grid, "rows", lambda: _rows(grid))


def _rows(grid: Grid) -> SafeString:
    written = Written()
    return mark_safe("\n".join(_row(line, written) for line in grid.lines))  # noqa: S308 - made of what was escaped


def _row(line: Line, written: Written) -> str:
    one = line.intervention
    head = format_html(
        '<tr data-a="{}" data-l="{}" data-s="{}"><th scope="row"><a href="{}">{}</a> {}</th>',
        one.approach, one.lead.code, " ".join(one.steps), address("intervention", one.code), one.code,
        _short(one.title),
    )  # fmt: skip
    told = [EMPTY if square is None else written[square[1:3]] % square[0] for square in line.squares]
    return f"{head}{''.join(told)}</tr>"


@lru_cache(maxsize=2000)
def _short(title: str) -> str:
    return str(Truncator(title).chars(TITLE))


def _square(one: Square) -> str:
    """Write a square with a blank for its number."""
    late = " late" if one.late else ""
    before = format_html('<td><a class="{}{}" title="{}" href="ligne/', one.state, late, one.word)
    after = format_html('/">{}</a></td>', one.icon)
    return f"{before.replace('%', '%%')}%d{after.replace('%', '%%')}"


@register.simple_tag
def grid_heads(grid: Grid, children: Mapping[str, str]) -> SafeString:
    """Write the head of each column: its district, and below it what `children` says of those without a first dose."""
    heads = (
        f"{head}{conditional_escape(children.get(code, ''))}</span></th>"
        for code, head in _once(grid, "heads", lambda: _heads(grid))
    )
    return mark_safe("".join(heads))  # noqa: S308 - made of what was escaped


def _heads(grid: Grid) -> list[tuple[str, str]]:
    return [
        (one.code, format_html(
            '<th scope="col" data-r="{}" data-c="{}"><a href="{}">{}</a><span>',
            one.region_code, one.code, address("portfolio_district", one.code), one.name,
        ))
        for one in grid.columns
    ]  # fmt: skip


@register.simple_tag
def grid_districts(grid: Grid, children: Mapping[str, str]) -> SafeString:
    """Write the grid as a list for a telephone: each district with how many of its lines are in each state."""
    told = (
        f"{begun}<br>{conditional_escape(children.get(code, ''))}</span></li>"
        for code, begun in _once(grid, "districts", lambda: _districts(grid))
    )
    return mark_safe(f'<ul class="ways">{"".join(told)}</ul>')  # noqa: S308 - made of what was escaped


def _districts(grid: Grid) -> list[tuple[str, str]]:
    marks = {
        str(one): format_html(
            '<span class="sq {}" title="{}" aria-hidden="true">{}</span> {{}}<span class="unseen"> {}</span> ', one, one.label, ICONS[one], one.label
        )
        for one in State
    }  # fmt: skip
    told = []
    for column, counts, late in grid.districts:
        parts = [marks[one].replace("{}", str(int(counts[one]))) for one in State if counts.get(one)]
        if late:
            said = ngettext("%(n)s fin dépassée", "%(n)s fins dépassées", late) % {"n": late}
            parts.append(f"· {conditional_escape(said)}")
        where = address("portfolio_district", column.code)
        told.append(
            (
                column.code,
                f'<li><a href="{where}">{conditional_escape(column.name)}</a><span>{"".join(parts)}',
            )
        )
    return told
