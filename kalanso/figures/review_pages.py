"""How does a quarterly review become pages (PDF, A4)?

Text goes to typst as data, never as markup; figures are drawn here, hence by a worker and never by a web process.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kalanso.figures.drawing import to_pdf, to_svg
from kalanso.figures.figure import Figure, FigureRefused
from kalanso.figures.render import Job, build
from kalanso.figures.reviews import Drawing, Review, Section
from kalanso.figures.typeset import compiled
from kalanso.figures.words import say

BROAD, NARROW = 440, 340  # pixels
INNER, TALLEST = 493.0, 330.0  # points: the width of a page's text, and what lets a map share a page
SIZE = re.compile(r'<svg[^>]* width="([\d.]+)"[^>]* height="([\d.]+)"')
SHARE = 0.74  # of the page's width: letters of a figure are then a little smaller than the text around it


def review_to_pdf(review: Review, *, now: datetime) -> bytes:
    """Return a review as PDF. Raises FigureRefused where a figure of it cannot be drawn."""
    return _compiled(review, now, format="pdf")[0]


def review_to_pages(review: Review, *, now: datetime, ppi: float = 72.0) -> list[bytes]:
    """Return the pages of the same review as PNG, for looking at them."""
    return _compiled(review, now, format="png", ppi=ppi)


def figures_of(section: Section) -> list[Figure]:
    """Return the figures of a section, in the order of its drawings."""
    return [figure_of(one) for one in section.drawings]


def figure_of(drawing: Drawing) -> Figure:
    """Return the figure that a drawing describes."""
    try:
        return build(Job(**dict(drawing.job)))
    except TypeError as error:
        raise FigureRefused(f"drawing: {error}") from error


def _plain(section: Section) -> dict[str, Any]:
    """Return a section as plain values, without its drawings."""
    told = asdict(replace(section, drawings=()))
    for table in told["listings"]:
        table["numbers"] = sorted(table["numbers"])
    return told


def _compiled(review: Review, now: datetime, **how: Any) -> list[bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sections = [
            _plain(one) | {"drawings": _drawn(one, at, folder)} for at, one in enumerate(review.sections)
        ]
        return compiled("review.typ", _inputs(review, sections), folder, moment=now, **how)


def _inputs(review: Review, sections: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    told = {
        "title": review.title, "subtitle": review.subtitle, "locale": review.locale, "built": review.built, "marks": list(review.marks),
        "page": asdict(review.page), "sections": list(sections), "brief": say(review.locale, "figures.review.brief"),
        "source": say(review.locale, "figures.review.source"), "foot": f"{review.title} · {review.built}",
    }  # fmt: skip
    return {"review": json.dumps(told, ensure_ascii=False)}


def _drawn(section: Section, at: int, folder: Path) -> list[dict[str, Any]]:
    """Draw the figures of a section into a folder; their words are set as text, so that they stay large enough to read."""
    found = []
    for number, figure in enumerate(figures_of(section)):
        file = folder / f"figure-{at}-{number}.pdf"
        width, share = _sized(figure)
        file.write_bytes(to_pdf(figure, width, with_words=False))
        found.append({
            "file": file.name, "alt": figure.alt, "title": figure.title if figure.title != section.message else "", "subtitle": figure.subtitle,
            "caption": figure.caption, "source": figure.source_line, "width": share,
        })  # fmt: skip
    return found


def _sized(figure: Figure) -> tuple[int, float]:
    """Return how wide a figure is drawn (pixels) and which share of the page's width it takes: less where it is tall."""
    for width in (BROAD, NARROW):
        size = SIZE.search(to_svg(figure, width, with_words=False)[:500])
        tall = float(size[2]) / float(size[1]) if size else 1.0
        if tall <= 1.0 or width == NARROW:
            break
    return width, min(SHARE, TALLEST / (INNER * tall))
