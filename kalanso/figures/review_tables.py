"""How does a table of a review stand on slides, and where does it break?

Heights of rows are computed from how their texts break, so that a table ends above the foot of its slide and goes on, with
its headings, on the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.util import Pt

from kalanso.figures.letters import wrap
from kalanso.figures.reviews import Linked, Listing

SIZE, PADDING, TITLE = 12.0, 4.0, 28.0  # points; the last is how high the title of a table is
FONT = "Arial"
MARGIN = 40.0
_INK, _GREY, _ACCENT = RGBColor(0x1F, 0x2A, 0x30), RGBColor(0x4F, 0x5B, 0x62), RGBColor(0x28, 0x42, 0x7B)
_HEAD = RGBColor(0xF4, 0xF1, 0xEA)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of a table is still to be set; `heights` are those of its rows, `head` that of its headings."""

    table: Listing
    wide: float
    head: float
    heights: tuple[float, ...]
    begun: bool = False

    @property
    def tail(self) -> float:
        """How high the sentences below it are."""
        lines = sum(len(wrap(text, self.wide, SIZE)) for text in (self.table.more, self.table.note) if text)
        return lines * SIZE * 1.25 + 10 if lines else 0.0

    @property
    def room(self) -> float:
        """How much room all of it takes, with its title."""
        return TITLE + self.head + sum(self.heights) + self.tail

    @property
    def least_room(self) -> float:
        """How much room it needs to begin below other things: all of it, or a few of its rows."""
        return min(self.room, TITLE + self.head + sum(self.heights[:4]))


def part_of(table: Listing, wide: float) -> Part:
    """Return a table as what is to be set of it, with the heights that its rows take in a width."""
    widths = _widths(table, wide)
    head = _height([Linked(one) for one in table.headings], widths, bold=True)
    return Part(table=table, wide=wide, head=head, heights=tuple(_height(row, widths) for row in table.rows))


def _widths(table: Listing, wide: float) -> list[float]:
    whole = sum(table.widths)
    return [wide * one / whole for one in table.widths]


def _height(row: Sequence[Linked], widths: Sequence[float], *, bold: bool = False) -> float:
    lines = max(
        (
            len(wrap(cell.text, width - 2 * PADDING, SIZE, bold=bold))
            for cell, width in zip(row, widths, strict=True)
        ),
        default=1,
    )
    return max(1, lines) * SIZE * 1.2 + 2 * PADDING


def put_table(
    deck: Any, slide: Any, part: Part, *, top: float, room: float, titled: bool
) -> tuple[Part | None, float]:
    """Set as much of a table as there is room for; return what is left of it (None: nothing), and where it ends."""
    table = part.table
    if titled:
        top += deck.words(slide, [Linked(table.title)], top=top, size=14, bold=True)
        room -= TITLE
    fits = _fitting(part, room)
    if fits:
        _grid(slide, part, fits, top)
    if fits < len(part.heights):
        rest = replace(table, rows=table.rows[fits:])
        return replace(
            part, table=rest, heights=part.heights[fits:], begun=part.begun or fits > 0
        ), top + room
    below = top + (part.head + sum(part.heights) if fits else 0.0) + 6
    for text in (table.more, table.note):
        if text:
            below += deck.words(slide, [Linked(text)], top=below, size=SIZE, colour=_GREY)
    return None, below


def _fitting(part: Part, room: float) -> int:
    """Return how many rows fit; at least one, so that a row that is higher than a slide does not go on for ever."""
    at, fits = part.head, 0
    for number, height in enumerate(part.heights):
        last = number == len(part.heights) - 1
        if at + height + (part.tail if last else 0.0) > room and fits:
            break
        at, fits = at + height, fits + 1
    return fits


def _grid(slide: Any, part: Part, rows: int, top: float) -> None:
    table, widths = part.table, _widths(part.table, part.wide)
    tall = part.head + sum(part.heights[:rows])
    shape = slide.shapes.add_table(rows + 1, len(widths), Pt(MARGIN), Pt(top), Pt(part.wide), Pt(tall))
    grid = shape.table
    grid.horz_banding = False
    for column, width in enumerate(widths):
        grid.columns[column].width = Pt(width)
    lines = [[Linked(one) for one in table.headings], *table.rows[:rows]]
    for at, (line, height) in enumerate(zip(lines, (part.head, *part.heights), strict=False)):
        grid.rows[at].height = Pt(height)
        for column, cell in enumerate(line):
            _cell(grid.cell(at, column), cell, head=at == 0, right=column in table.numbers)


def _cell(cell: Any, text: Linked, *, head: bool, right: bool) -> None:
    cell.fill.solid()
    cell.fill.fore_color.rgb = _HEAD if head else RGBColor(0xFF, 0xFF, 0xFF)
    cell.margin_left = cell.margin_right = Pt(PADDING)
    cell.margin_top = cell.margin_bottom = Pt(PADDING / 2)
    set_text(cell.text_frame, [text], size=SIZE, bold=head, colour=_INK)
    if right:
        cell.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT


def set_text(
    frame: Any, lines: Sequence[Linked], *, size: float, bold: bool = False, colour: Any = _INK, more: bool = False,
    after: float = 0.0, joined: str = "",
) -> None:  # fmt: skip
    """Set texts with their links, a paragraph for each, or all in one where they are joined; `more` adds to what is there."""
    frame.word_wrap = True
    paragraph = frame.add_paragraph() if more else frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT
    for number, line in enumerate(lines):
        if number and joined:
            _run(paragraph, joined, size, bold, colour)
        elif number:
            paragraph = frame.add_paragraph()
            paragraph.alignment = PP_ALIGN.LEFT
        if after:
            paragraph.space_after = Pt(after)
        run = _run(paragraph, line.text, size, bold, colour)
        if line.address:
            run.hyperlink.address = line.address


def _run(paragraph: Any, text: str, size: float, bold: bool, colour: Any) -> Any:
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, FONT
    run.font.color.rgb = colour
    return run
