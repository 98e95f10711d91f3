"""How does a quarterly review become pages (PDF, A4)?

Text goes to typst as data, never as markup; figures are drawn here, hence by a worker and never by a web process.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kalanso.figures.drawing import to_pdf
from kalanso.figures.figure import Figure, FigureRefused
from kalanso.figures.render import Job, build
from kalanso.figures.reviews import Drawing, Review, Section
from kalanso.figures.typeset import compiled
from kalanso.figures.words import say

PICTURE_WIDTH = 560
NARROWER = 0.86  # of the page's width, so that a map and its heading share a page


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
    found = []
    for number, figure in enumerate(figures_of(section)):
        file = folder / f"figure-{at}-{number}.pdf"
        file.write_bytes(to_pdf(figure, PICTURE_WIDTH))
        found.append({"file": file.name, "alt": figure.alt, "width": NARROWER})
    return found
