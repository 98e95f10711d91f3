"""How does a table of numbers stand on a telephone?

Each row as a card: its name, then each number with the heading of its column before it. The headings are read from the
table itself, so that a page writes them once; the roles that such a layout takes from a table are given back.
"""

from __future__ import annotations

import re
from html import escape, unescape

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
HEAD = re.compile(r"<thead>(.*?)</thead>", re.DOTALL)
ROW = re.compile(r"<tr(?P<more>[^>]*)>(?P<cells>.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<(?P<kind>th|td)(?P<more>[^>]*)>(?P<inside>.*?)</(?P=kind)>", re.DOTALL)
SPAN = re.compile(r'colspan="(\d+)"')
TAG = re.compile(r"<[^>]+>")


@register.simple_block_tag
def cards(content: str) -> SafeString:
    """Show a table whose rows are cards where the screen is narrow: one head row, and the name of a row first in it."""
    head = HEAD.search(content)
    if head is None:
        raise ValueError("cards: expected a table with a head, got none")
    headings = [_text(cell["inside"]) for cell in CELL.finditer(head[1])]
    before, after = content[: head.start()], content[head.end() :]
    top = ROW.sub(lambda row: _row(row, []), head[0]).replace("<thead>", '<thead role="rowgroup">')
    told = ROW.sub(lambda row: _row(row, headings), after).replace("<tbody>", '<tbody role="rowgroup">')
    return mark_safe(before.replace("<table", '<table role="table"', 1) + top + told)  # noqa: S308 - what the page wrote


def _row(row: re.Match[str], headings: list[str]) -> str:
    at, cells = 0, []
    for cell in CELL.finditer(row["cells"]):
        spans = SPAN.search(cell["more"])
        width = int(spans[1]) if spans else 1
        heading = headings[at] if at < len(headings) and width == 1 else ""
        at += width
        if cell["kind"] == "td":
            more = f' role="cell"{_label(heading)}'
        else:
            more = ' role="rowheader"' if headings else ' role="columnheader"'
        cells.append(f"<{cell['kind']}{more}{cell['more']}>{cell['inside']}</{cell['kind']}>")
    return f'<tr role="row"{row["more"]}>{"".join(cells)}</tr>'


def _label(heading: str) -> str:
    return f' data-label="{escape(heading)}"' if heading else ""


def _text(inside: str) -> str:
    return " ".join(unescape(TAG.sub(" ", inside)).split())
