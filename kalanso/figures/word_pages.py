"""How does a report become a Word file that people can go on writing in?"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from docx import Document as new_document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from kalanso.figures.documents import Block, Bullets, Document, Grid, Heading, Paragraph
from kalanso.figures.drawing import to_png
from kalanso.figures.words import say

INNER_MM = 174.0
_TONES = {"bad": "F0D3B0", "fair": "EFE9DC", "good": "E3E8F3"}
_LANGUAGES = {"fr": "fr-FR", "en": "en-GB"}
_GREY, _ACCENT = RGBColor(0x4F, 0x5B, 0x62), RGBColor(0x28, 0x42, 0x7B)


def document_to_docx(document: Document, *, now: datetime) -> bytes:
    """Return a report as a Word file (A4), with real headings, tables with heading rows, and alternative texts."""
    book = new_document()
    _page(book, document, now)
    book.add_heading(document.title, level=0)
    _grey(book.add_paragraph(document.subtitle))
    if document.demo:
        book.add_paragraph().add_run(say(document.locale, "figures.document.demo")).bold = True
    for block in document.blocks:
        _add(book, block)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _page(book: Any, document: Document, now: datetime) -> None:
    section = book.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin = Mm(18), Mm(20)
    section.footer.paragraphs[0].text = document.foot
    _grey(section.footer.paragraphs[0], 8)
    normal = book.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(10)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), _LANGUAGES[document.locale])
    normal.element.get_or_add_rPr().append(language)
    for name in ("Title", "Heading 1", "Heading 2"):
        book.styles[name].font.color.rgb = _ACCENT
    moment = now.replace(tzinfo=None)
    facts = book.core_properties
    facts.title, facts.author, facts.language = document.title, "Kalanso", _LANGUAGES[document.locale]
    facts.created = facts.modified = moment


def _add(book: Any, block: Block) -> None:
    if isinstance(block, Heading):
        book.add_heading(block.text, level=block.level)
    elif isinstance(block, Paragraph):
        paragraph = book.add_paragraph(block.text)
        if block.small:
            _grey(paragraph, 8.5)
    elif isinstance(block, Bullets):
        for item in block.items:
            book.add_paragraph(item, style="List Bullet")
    elif isinstance(block, Grid):
        _table(book, block)
    else:
        picture = book.add_picture(io.BytesIO(to_png(block.figure, 640)), width=Mm(INNER_MM))
        picture._inline.docPr.set("descr", block.figure.alt)


def _table(book: Any, grid: Grid) -> None:
    if grid.title:
        title = book.add_paragraph()
        title.add_run(grid.title).bold = True
        title.paragraph_format.keep_with_next = True
    table = book.add_table(rows=1, cols=len(grid.headings))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    heading = table.rows[0]
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    heading._tr.get_or_add_trPr().append(repeated)
    for cell, text in zip(heading.cells, grid.headings, strict=True):
        _write(cell, text, bold=True, fill="F4F1EA")
    for number, row in enumerate(grid.rows):
        cells = table.add_row().cells
        for column, text in enumerate(row):
            tone = _TONES.get(grid.tones.get((number, column), ""), "")
            _write(cells[column], text, right=column in grid.numbers, fill=tone)
    whole = sum(grid.widths)
    for column, width in enumerate(grid.widths):
        for cell in table.columns[column].cells:
            cell.width = Mm(INNER_MM * width / whole)
    _grey(book.add_paragraph(grid.note), 8)


def _write(cell: Any, text: str, *, bold: bool = False, right: bool = False, fill: str = "") -> None:
    paragraph = cell.paragraphs[0]
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, Pt(8.5)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if fill:
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", fill)):
            shade.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(shade)


def _grey(paragraph: Any, size: float = 10) -> None:
    for run in paragraph.runs:
        run.font.color.rgb, run.font.size = _GREY, Pt(size)
