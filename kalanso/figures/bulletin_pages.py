"""How does a feedback bulletin become a page to print, or a picture for a telephone?

Sets bulletins with typst: one A4 page each in one PDF, or one picture each of 360 points width. Words come from the bulletin; here they
are only placed. The same bulletins give the same bytes: letters are those that typst carries, and the document's time is that of the snapshot.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from kalanso.definitions import Pack
from kalanso.figures import words
from kalanso.figures.figure import FigureRefused, check_locale
from kalanso.figures.typeset import compiled
from kalanso.quality import sentence as finding
from kalanso.triangulation.bulletins import Bulletin, Line
from kalanso.vocabulary import Message, format_value

PICTURE_FORMATS = ("png", "svg")
_NUMBERS = ("month", "year_before", "year_to_date")


@dataclass(frozen=True, kw_only=True)
class Imprint:
    """What stands below every bulletin: sources, the day of the snapshot, version, and whether the country is simulated."""

    sources: tuple[str, ...]
    day: date
    version: str
    demo: bool = False


def to_pages(
    bulletins: Sequence[Bulletin], *, names: Mapping[str, str], districts: Mapping[str, str], pack: Pack, imprint: Imprint, locale: str = "fr"
) -> bytes:  # fmt: skip
    """Return one PDF with an A4 page per bulletin, in the order given; `districts` maps places to the code of theirs."""
    return _set(_data(bulletins, names, districts, pack, imprint, locale), "page", "pdf", imprint)[0]


def to_pictures(
    bulletins: Sequence[Bulletin], *, names: Mapping[str, str], districts: Mapping[str, str], pack: Pack, imprint: Imprint,
    locale: str = "fr", format: str = "png", ppi: float = 144.0,
) -> list[bytes]:  # fmt: skip
    """Return one picture per bulletin, 360 points wide and as high as its words (720 pixels wide at the usual ppi)."""
    if format not in PICTURE_FORMATS:
        raise FigureRefused(f"format: expected one of {', '.join(PICTURE_FORMATS)}, got {format!r}")
    return _set(_data(bulletins, names, districts, pack, imprint, locale), "phone", format, imprint, ppi)


def _set(
    data: Mapping[str, Any], shape: str, format: str, imprint: Imprint, ppi: float = 144.0
) -> list[bytes]:
    inputs = {"data": json.dumps(data, ensure_ascii=False), "shape": shape}
    with tempfile.TemporaryDirectory() as folder:
        return compiled(
            "bulletin.typ", inputs, Path(folder), moment=datetime.combine(imprint.day, time(), UTC), format=format, ppi=ppi
        )  # fmt: skip


def _data(
    bulletins: Sequence[Bulletin], names: Mapping[str, str], districts: Mapping[str, str], pack: Pack, imprint: Imprint, locale: str
) -> dict[str, Any]:  # fmt: skip
    check_locale(locale)
    if not bulletins:
        raise FigureRefused("bulletins: expected at least one, got none")
    pages = [_page(one, names, districts, pack, imprint, locale) for one in bulletins]
    return {"lang": locale, "title": pages[0]["title"], "bulletins": pages}


def _page(
    one: Bulletin, names: Mapping[str, str], districts: Mapping[str, str], pack: Pack, imprint: Imprint, locale: str
) -> dict[str, Any]:  # fmt: skip
    place, district = (names.get(code, code) for code in (one.place_code, districts.get(one.place_code, "")))
    doubts = [finding(said.id, _placed(said, names), pack, locale) for said in one.doubtful]
    return {
        "title": words.say(locale, "figures.bulletin.title", period=one.period),
        "of": words.say(locale, "figures.bulletin.of", place=place, district=district),
        "demo": words.say(locale, "figures.bulletin.demo") if imprint.demo else "",
        "headings": {
            "received": words.say(locale, "figures.bulletin.received"), "doubtful": words.say(locale, "figures.bulletin.doubtful"),
            "praise": words.say(locale, "figures.bulletin.praise"), "question": words.say(locale, "figures.bulletin.question"),
        },
        "received": one.received.render(locale), "praise": one.praise.render(locale), "question": one.question.render(locale),
        "doubtful": doubts or [Message("triangulation.bulletin.no_doubt").render(locale)],
        "columns": ["", words.say(locale, "figures.bulletin.month"), words.say(locale, "figures.bulletin.year_before"),
                    words.say(locale, "figures.bulletin.year_to_date")],
        "lines": [_line(line, locale) for line in one.lines], "answer": words.say(locale, "figures.bulletin.answer"),
        "source": words.say(
            locale, "figures.bulletin.source", sources=words.listed(imprint.sources, locale), day=imprint.day, version=imprint.version
        ),
    }  # fmt: skip


def _placed(said: Message, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters of a finding with names of places in the stead of codes."""
    return {
        name: names.get(value, value) if isinstance(value, str) else value
        for name, value in said.params.items()
    }


def _line(line: Line, locale: str) -> list[str]:
    dose = format_value(line.indicator.removesuffix("_doses"), "dose", locale)
    numbers = (getattr(line, name) for name in _NUMBERS)
    return [dose, *("–" if value is None else format_value(value, "count", locale) for value in numbers)]
