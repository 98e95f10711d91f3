"""How does a quarterly review become slides (PPTX, 16:9)?

One message to a slide, set as its title: a section opens with its answer and its numbers; each figure and each table that
has no room there follows on a slide of its own. How much room a text takes is computed before it is set: what does not fit
goes on to the next slide, and nothing is left out. Notes below a slide say how its numbers came about.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.util import Pt

from kalanso.figures.drawing import to_png
from kalanso.figures.figure import Figure
from kalanso.figures.letters import wrap
from kalanso.figures.review_pages import figures_of
from kalanso.figures.review_tables import Part, part_of, put_table, set_text
from kalanso.figures.reviews import Fact, Linked, Review, Section
from kalanso.figures.words import say

WIDE, HIGH, MARGIN = 960.0, 540.0, 40.0  # points
INNER = WIDE - 2 * MARGIN
TITLE_TOP, FOOT_TOP = 22.0, 508.0
TITLE_SIZES = (26.0, 23.0, 20.0, 18.0)
SMALLEST = 12.0  # of what is read in a room; sources at the foot are read on paper
FOOT_SIZE = 10.0
PICTURE_WIDTHS, PIXELS = (640, 560, 480, 400, 340), 2.5
READABLE, LARGEST = 1.05, 1.35  # points for a pixel of a figure, whose letters are 12 pixels high
ACCENT, INK, GREY, OCHRE = (RGBColor(0x28, 0x42, 0x7B), RGBColor(0x1F, 0x2A, 0x30), RGBColor(0x4F, 0x5B, 0x62), RGBColor(0x9A, 0x5C, 0x18))  # fmt: skip
PAPER = RGBColor(0xFF, 0xFD, 0xF8)
# The colour of links, followed or not, in the theme of the slides: programs take it from there alone.
_HLINK = re.compile(rb'(<a:(?:hlink|folHlink)><a:srgbClr val=")[0-9A-Fa-f]{6}(")')
CARDS = 4  # facts in a row
CARD_HIGH, GAP = 76.0, 10.0
LEAST_PICTURE = 220.0
_TITLE_ONLY = 5
_LANGUAGES = {"fr": "fr-FR", "en": "en-GB"}


@dataclass
class Deck:
    """The slides that are being made, and what stands on each of them."""

    book: Any
    review: Review

    def slide(self, title: str, section: Section | None, *, subtitle: str = "") -> tuple[Any, float]:
        """Return a new slide with its title and foot, and where its content begins (points from above)."""
        slide = self.book.slides.add_slide(self.book.slide_layouts[_TITLE_ONLY])
        size = next((s for s in TITLE_SIZES if len(wrap(title, INNER, s, bold=True)) <= 2), TITLE_SIZES[-1])
        tall = len(wrap(title, INNER, size, bold=True)) * size * 1.2 + 8
        box = slide.shapes.title
        box.left, box.top, box.width, box.height = Pt(MARGIN), Pt(TITLE_TOP), Pt(INNER), Pt(tall)
        set_text(box.text_frame, [Linked(title)], size=size, bold=True, colour=ACCENT)
        box.text_frame.vertical_anchor = MSO_ANCHOR.TOP
        below = TITLE_TOP + tall
        if subtitle:
            below += self.words(slide, [Linked(subtitle)], top=below, size=13, colour=GREY)
        self._foot(slide, section)
        return slide, below + 8

    def words(
        self,
        slide: Any,
        lines: Sequence[Linked],
        *,
        top: float,
        size: float,
        colour: Any = INK,
        bold: bool = False,
    ) -> float:
        """Set lines one below the other and return how high they are."""
        tall = sum(len(wrap(line.text, INNER, size, bold=bold)) * size * 1.25 + size * 0.5 for line in lines)
        box = slide.shapes.add_textbox(Pt(MARGIN), Pt(top), Pt(INNER), Pt(tall))
        set_text(box.text_frame, lines, size=size, bold=bold, colour=colour, after=size * 0.5)
        return tall

    def led_to(self, section: Section | None) -> Linked:
        """Return the page of the review, at a section of it."""
        page = self.review.page
        return Linked(page.text, f"{page.address}#{section.name}") if section is not None else page

    def _foot(self, slide: Any, section: Section | None) -> None:
        """Set what every slide says: marks, the moment, the sources of its numbers, and its number."""
        told = [Linked(" · ".join([*self.review.marks, self.review.built])), self.led_to(section)]
        told += section.sources if section is not None else ()
        box = slide.shapes.add_textbox(Pt(MARGIN), Pt(FOOT_TOP), Pt(INNER - 40), Pt(24))
        set_text(box.text_frame, told, size=FOOT_SIZE, colour=GREY, joined=" · ")
        at = slide.shapes.add_textbox(Pt(WIDE - MARGIN - 40), Pt(FOOT_TOP), Pt(40), Pt(24))
        set_text(at.text_frame, [Linked(str(len(self.book.slides)))], size=FOOT_SIZE, colour=GREY)
        at.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT


def review_to_pptx(review: Review, *, now: datetime) -> bytes:
    """Return a review as slides. Raises FigureRefused where a figure of it cannot be drawn."""
    book = Presentation()
    book.slide_width, book.slide_height = Pt(WIDE), Pt(HIGH)
    _coloured(book)
    facts = book.core_properties
    facts.title, facts.author, facts.language = review.title, "Kalanso", _LANGUAGES[review.locale]
    facts.created = facts.modified = now.replace(tzinfo=None)
    deck = Deck(book, review)
    _opening(deck)
    _brief(deck)
    for section in review.sections:
        if has_more(section):
            _section(deck, section)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def has_more(section: Section) -> bool:
    """Whether a section says more than its answer, which the slides in brief hold already."""
    return bool(
        section.facts or section.told or section.drawings or any(one.rows for one in section.listings)
    )


def _coloured(book: Any) -> None:
    """Give all slides the paper of pages and figures, and links the colour of what can be opened."""
    fill = book.slide_masters[0].background.fill
    fill.solid()
    fill.fore_color.rgb = PAPER
    for part in book.slide_masters[0].part.rels.values():
        if part.reltype.endswith("/theme"):
            theme = part.target_part
            theme._blob = _HLINK.sub(rb"\g<1>28427B\g<2>", theme.blob)


def _opening(deck: Deck) -> None:
    review = deck.review
    slide, top = deck.slide(review.title, None)
    top += deck.words(slide, [Linked(review.subtitle)], top=top + 10, size=20) + 20
    if review.marks:
        top += deck.words(
            slide, [Linked(one) for one in review.marks], top=top, size=16, bold=True, colour=OCHRE
        )
    deck.words(slide, [Linked(review.built), review.page], top=top + 6, size=14, colour=GREY)


def _brief(deck: Deck) -> None:
    """Set the answers of all sections on as many slides as they need; notes of those that say no more stand below."""
    title = say(deck.review.locale, "figures.review.brief")
    slide, top = deck.slide(title, None)
    at, size, notes = top, 14.0, list[str]()
    for section in deck.review.sections:
        line = Linked(f"{section.title} {section.message}", deck.led_to(section).address)
        tall = len(wrap(line.text, INNER, size)) * size * 1.25 + size * 0.5
        if at > top and at + tall > FOOT_TOP - 6:
            slide, at = deck.slide(say(deck.review.locale, "figures.review.continued", title=title), None)
            notes = []
        at += deck.words(slide, [line], top=at, size=size)
        if not has_more(section):
            notes += [f"{section.title} {note}" for note in section.notes]
            _note(slide, notes)


def _section(deck: Deck, section: Section) -> None:
    """Set the answer of a section with its numbers and what finds room beside them, then its figures and its other tables."""
    slide, top = deck.slide(section.message, section, subtitle=section.title)
    _note(slide, section.notes)
    if section.facts:
        top += _cards(slide, section.facts, top) + GAP
    slide, top = _told(deck, slide, section, top)
    figures, tables = figures_of(section), [part_of(table, INNER) for table in section.listings]
    if figures and figures[0].title == section.message and FOOT_TOP - 8 - top >= LEAST_PICTURE:
        _placed_picture(slide, figures.pop(0), top)
    elif figures and tables and tables[0].room <= FOOT_TOP - 6 - top:
        put_table(deck, slide, tables.pop(0), top=top, room=FOOT_TOP - 6 - top, titled=True)
    elif not figures:
        _tables(deck, section, tables, (slide, top))
        return
    for figure in figures:
        _picture(deck, section, figure)
    _tables(deck, section, tables, None)


def _tables(deck: Deck, section: Section, tables: Sequence[Part], here: tuple[Any, float] | None) -> None:
    """Set tables one below the other, beginning where there is room (`here`), each as far as it goes."""
    for table in tables:
        rest: Part | None = table
        while rest is not None:
            titled = here is not None and rest is table and rest.least_room <= FOOT_TOP - 6 - here[1]
            slide, top = here if titled and here is not None else _continued(deck, section, rest)
            rest, bottom = put_table(deck, slide, rest, top=top, room=FOOT_TOP - 6 - top, titled=titled)
            here = (slide, bottom + GAP)


def _continued(deck: Deck, section: Section, part: Part) -> tuple[Any, float]:
    title = part.table.title
    if part.begun:
        title = say(deck.review.locale, "figures.review.continued", title=title)
    slide, top = deck.slide(title, section, subtitle=section.title)
    _note(slide, [section.message, *section.notes])
    return slide, top


def _told(deck: Deck, slide: Any, section: Section, top: float) -> tuple[Any, float]:
    """Set further sentences of a section, on further slides where they need them."""
    for line in section.told:
        size = 14.0
        tall = len(wrap(line.text, INNER, size)) * size * 1.25 + size * 0.5
        if top + tall > FOOT_TOP - 6:
            continued = say(deck.review.locale, "figures.review.continued", title=section.title)
            slide, top = deck.slide(continued, section)
        top += deck.words(slide, [line], top=top, size=size)
    return slide, top


def _cards(slide: Any, facts: Sequence[Fact], top: float) -> float:
    """Set numbers in rows of cards and return how high they are."""
    columns = min(CARDS, len(facts))
    wide = (INNER - GAP * (columns - 1)) / columns
    for number, fact in enumerate(facts):
        row, column = divmod(number, columns)
        box = slide.shapes.add_textbox(
            Pt(MARGIN + column * (wide + GAP)), Pt(top + row * (CARD_HIGH + GAP)), Pt(wide), Pt(CARD_HIGH)
        )
        box.line.color.rgb, box.line.width = RGBColor(0xD9, 0xD4, 0xC7), Pt(0.75)
        frame = box.text_frame
        frame.auto_size = MSO_AUTO_SIZE.NONE
        set_text(frame, [Linked(fact.label)], size=SMALLEST, colour=GREY)
        size = next(
            (s for s in (22.0, 18.0, 15.0) if len(wrap(fact.value.text, wide - 16, s, bold=True)) == 1), 13.0
        )
        set_text(frame, [fact.value], size=size, bold=True, colour=INK, more=True)
        if fact.beside:
            set_text(frame, [Linked(fact.beside)], size=SMALLEST, colour=INK, more=True)
    rows = -(-len(facts) // columns)
    return rows * CARD_HIGH + (rows - 1) * GAP


def _picture(deck: Deck, section: Section, figure: Figure) -> None:
    """Set a figure on a slide of its own: its title is the message, its caption stands in the notes."""
    slide, top = deck.slide(figure.title, section, subtitle=figure.subtitle)
    _placed_picture(slide, figure, top)
    _note(slide, [figure.caption, figure.source_line, *section.notes])


def _placed_picture(slide: Any, figure: Figure, top: float) -> None:
    drawn, wide, tall = _sized(figure, FOOT_TOP - 8 - top)
    picture = slide.shapes.add_picture(
        io.BytesIO(drawn), Pt(MARGIN + (INNER - wide) / 2), Pt(top), Pt(wide), Pt(tall)
    )
    picture._element.nvPicPr.cNvPr.set("descr", figure.alt)


def _sized(figure: Figure, room: float) -> tuple[bytes, float, float]:
    """Return a figure drawn as wide as lets it fill a height with letters that can be read, and its size (points)."""
    best: tuple[float, bytes, float, float] | None = None
    for width in PICTURE_WIDTHS:
        drawn = to_png(figure, width, scale=PIXELS, with_words=False)
        with Image.open(io.BytesIO(drawn)) as image:
            size = (image.width / PIXELS, image.height / PIXELS)
        scale = min(room / size[1], INNER / size[0], LARGEST)
        if best is None or scale > best[0]:
            best = (scale, drawn, size[0] * scale, size[1] * scale)
        if scale >= READABLE:
            break
    assert best is not None  # there are widths
    return best[1:]


def _note(slide: Any, lines: Sequence[str]) -> None:
    if told := "\n".join(line for line in lines if line):
        slide.notes_slide.notes_text_frame.text = told
