"""How does a report or a bulletin become pages?

Typst sets them, with the letters that it carries itself and without network, so that they look
the same on every machine. Text goes in as data, never as markup.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from kalanso.figures.documents import Block, Bullets, Document, Grid, Heading, Paragraph
from kalanso.figures.drawing import to_pdf
from kalanso.figures.words import say

PICTURE_WIDTH = 640


def document_to_pdf(document: Document, *, now: datetime) -> bytes:
    """Return a report as tagged PDF (A4). The same report and moment give the same bytes."""
    return _compiled(document, now, format="pdf")[0]


def document_to_pages(document: Document, *, now: datetime, ppi: float = 72.0) -> list[bytes]:
    """Return the pages of the same report as PNG, for looking at them on a screen."""
    return _compiled(document, now, format="png", ppi=ppi)


def compiled(
    template: str, inputs: Mapping[str, str], folder: Path, *, moment: datetime, **how: Any
) -> list[bytes]:
    """Return the files that a template of ours makes of texts, one for each page or one for all, by `format`.

    `folder` holds what the template reads besides; `moment` stands in the files as their time.
    """
    import typst

    source = folder / template
    source.write_text(
        (resources.files("kalanso.figures") / "typst" / template).read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    made = typst.compile(
        str(source), root=str(folder), ignore_system_fonts=True, timestamp=int(moment.timestamp()),
        sys_inputs=dict(inputs), **how,
    )  # fmt: skip
    return [bytes(page) for page in made] if isinstance(made, list) else [bytes(made)]


def _compiled(document: Document, now: datetime, **how: Any) -> list[bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = {
            "title": document.title, "subtitle": document.subtitle, "locale": document.locale, "foot": document.foot,
            "demo": say(document.locale, "figures.document.demo") if document.demo else "",
            "blocks": [_plain(block, number, folder) for number, block in enumerate(document.blocks)],
        }  # fmt: skip
        inputs = {"document": json.dumps(told, ensure_ascii=False)}
        return compiled("report.typ", inputs, folder, moment=now, **how)


def _plain(block: Block, number: int, folder: Path) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "text": block.text}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text, "small": block.small}
    if isinstance(block, Bullets):
        return {"kind": "bullets", "items": list(block.items)}
    if isinstance(block, Grid):
        return {
            "kind": "grid", "title": block.title, "headings": list(block.headings), "note": block.note,
            "rows": [list(row) for row in block.rows], "widths": list(block.widths), "numbers": sorted(block.numbers),
            "tones": {f"{row}:{column}": tone for (row, column), tone in block.tones.items()},
        }  # fmt: skip
    file = folder / f"figure-{number}.pdf"
    file.write_bytes(to_pdf(block.figure, PICTURE_WIDTH))
    return {"kind": "picture", "file": file.name, "alt": block.figure.alt}
