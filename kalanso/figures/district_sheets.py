"""How does a district's part of a review fit on one sheet of paper?

Tables are shortened, the longest first, until the sheet has one page; how many lines were left off stands on it. Text goes
to typst as data, never as markup; there are no figures, so that a page can set it when it is asked for.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kalanso.figures.figure import FigureRefused
from kalanso.figures.reviews import Review, Section
from kalanso.figures.typeset import compiled
from kalanso.figures.words import say

TEMPLATE = "district_sheet.typ"
MOST = 60  # lines of a table that could ever fit


def sheet_to_pdf(review: Review, *, now: datetime) -> bytes:
    """Return a sheet as PDF of one A4 page. Raises FigureRefused where even its sentences do not fit on one."""
    return _compiled(_fitted(review, now), now, format="pdf")[0]


def sheet_to_page(review: Review, *, now: datetime, ppi: float = 72.0) -> bytes:
    """Return the same page as PNG, for looking at it."""
    return _compiled(_fitted(review, now), now, format="png", ppi=ppi)[0]


def _fitted(review: Review, now: datetime) -> tuple[Review, int]:
    """Return the sheet with tables as long as one page lets them be, and how many lines it leaves off."""
    longest = max((len(table.rows) for one in review.sections for table in one.listings), default=0)
    fits, over = -1, min(longest, MOST) + 1
    while over - fits > 1:
        cap = over - 1 if fits < 0 and over > longest else (fits + over) // 2
        if len(_compiled(_shorter(review, cap), now, format="png", ppi=8.0)) == 1:
            fits = cap
        else:
            over = cap
    if fits < 0:
        raise FigureRefused("district sheet: expected sentences that fit on one page, got more; shorten them")
    return _shorter(review, fits)


def _shorter(review: Review, cap: int) -> tuple[Review, int]:
    """Return the sheet with no table longer than a number of lines, and how many lines that leaves off."""
    left = sum(max(0, len(table.rows) - cap) for one in review.sections for table in one.listings)
    return replace(review, sections=tuple(_capped(one, cap) for one in review.sections)), left


def _capped(section: Section, cap: int) -> Section:
    return replace(section, listings=tuple(replace(one, rows=one.rows[:cap]) for one in section.listings))


def _compiled(sheet: tuple[Review, int], now: datetime, **how: Any) -> list[bytes]:
    review, left = sheet
    sections = [_plain(one) for one in review.sections]
    told = {
        "title": review.title, "subtitle": review.subtitle, "locale": review.locale, "built": review.built, "marks": list(review.marks),
        "sections": sections, "source": say(review.locale, "figures.review.source"), "foot": f"{review.page.text} {review.page.address}",
        "rest": say(review.locale, "figures.review.rest_of_sheet", n=left) if left else "",
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        inputs = {"review": json.dumps(told, ensure_ascii=False)}
        return compiled(TEMPLATE, inputs, Path(name), moment=now, **how)


def _plain(section: Section) -> dict[str, Any]:
    told = asdict(replace(section, drawings=()))
    for table in told["listings"]:
        table["numbers"] = sorted(table["numbers"])
    return told
