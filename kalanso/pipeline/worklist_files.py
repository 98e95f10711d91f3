"""How does a worklist read to people, as lines, as a workbook, as CSV?

Which questions there are, and in which order, is said by `kalanso.quality.worklist`; here they get their words, in
one language, for the command line and for the pages of the hub alike.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from kalanso.definitions import Pack
from kalanso.quality import worklist as lists
from kalanso.vocabulary import Message, Period, Refusal, format_value, no_formula

HEADINGS = (
    "rank", "asked", "asked_place", "place", "period", "question", "steps", "structures", "found", "look", "severity",
    "children", "status", "said_on", "answer",
)  # fmt: skip
_WIDTHS = {
    "question": 60,
    "steps": 40,
    "structures": 40,
    "found": 60,
    "look": 30,
    "answer": 40,
    "asked": 24,
    "asked_place": 22,
    "place": 24,
    "period": 14,
}
_HEADING = PatternFill("solid", fgColor="E8EEF4")


@dataclass(frozen=True, kw_only=True)
class Worklist:
    """The questions of one month: rows of `quality.worklist.COLUMNS`, the names of places, the titles of sources."""

    month: Period
    place: str
    rows: pd.DataFrame
    names: Mapping[str, str]
    pack: Pack
    titles: Mapping[str, str] = field(default_factory=dict)


def in_words(listed: Worklist, locale: str) -> list[dict[str, Any]]:
    """Return the lines of a list as a person reads them, with `section` and the columns of HEADINGS."""
    said = []
    for row in listed.rows.to_dict("records"):
        said.append(
            {
                "section": _say(f"quality.section.{row['section']}", locale),
                "rank": int(row["rank"]),
                "asked": _say(f"quality.asked.{row['asked']}", locale),
                "asked_place": listed.names.get(row["asked_place"], row["asked_place"]),
                "place": listed.names.get(row["place_code"], row["place_code"]),
                "period": format_value(row["period"], "period", locale),
                "question": _asked_in_full(row, listed, locale),
                "steps": " ".join(text for text, _look in steps(row["check"], listed.pack, locale)),
                "structures": ", ".join(owing(row, listed.names, locale)),
                "found": lists.finding(row, listed.pack, locale, listed.titles),
                "look": ", ".join(documents(row["check"], row["indicator"], listed.pack, locale)),
                "severity": listed.pack.name(f"severity.{row['severity']}", locale),
                "children": "" if pd.isna(row["children"]) else int(row["children"]),
                "status": _say(f"quality.status.{row['status']}", locale),
                "said_on": "" if pd.isna(row["said_on"]) else format_value(row["said_on"], "date", locale),
                "answer": "",
            }
        )
    return said


def documents(check: str, indicator: str, pack: Pack, locale: str) -> list[str]:
    """Return the papers and files that answer the question of a check about a number, the first to look at first."""
    named = lists.papers(check, indicator, pack.section("quality")["worklist"])
    return [_say(f"quality.document.{name}", locale) for name in named]


def steps(check: str, pack: Pack, locale: str) -> list[tuple[str, list[str]]]:
    """Return what is asked after the question of a check, one thing after the other, each with its papers."""
    told = lists.steps(check, pack.section("quality")["worklist"])
    return [
        (_say(message, locale), [_say(f"quality.document.{name}", locale) for name in named])
        for message, named in told
    ]


def owing(row: Mapping[Any, Any], names: Mapping[str, str], locale: str) -> list[str]:
    """Return the structures whose reports a question asks for, with how many months each owes."""
    return [
        Message("quality.worklist.owes", {"place": names.get(code, code), "n": len(months)}).render(locale)
        for code, months in row["structures"]
    ]


def others(row: Mapping[Any, Any], pack: Pack, locale: str) -> list[str]:
    """Return for which other numbers and periods the answer to a question holds as well."""
    periods: dict[str, dict[str, None]] = {}
    for indicator, period in row["others"]:
        periods.setdefault(indicator, {})[format_value(period, "period", locale)] = None
    return [
        Message(
            "quality.worklist.other", {"indicator": pack.name(indicator, locale), "periods": ", ".join(told)}
        ).render(locale)
        for indicator, told in periods.items()
    ]


def _asked_in_full(row: Mapping[Any, Any], listed: Worklist, locale: str) -> str:
    asked = lists.question(row, listed.pack, locale, listed.titles)
    told = others(row, listed.pack, locale)
    if not told:
        return asked
    return f"{asked} {Message('quality.worklist.more', {'others': ', '.join(told)}).render(locale)}"


def to_csv(listed: Worklist, locale: str) -> bytes:
    """Return the list as CSV that spreadsheets open as text (UTF-8 with a mark, semicolons in French)."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if locale == "fr" else ",", lineterminator="\r\n")
    columns = ("section", *HEADINGS)
    writer.writerow([_say(f"quality.worklist.{name}", locale) for name in columns])
    for line in in_words(listed, locale):
        writer.writerow([no_formula(line[name]) for name in columns])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def to_xlsx(listed: Worklist, locale: str) -> bytes:
    """Return the list as a workbook: a sheet to ask, one of what is waited for, one of answers, fit for A4 across."""
    book = openpyxl.Workbook()
    lines = in_words(listed, locale)
    book.remove(book.worksheets[0])
    for section in lists.SECTIONS:
        name = _say(f"quality.section.{section}", locale)
        sheet = book.create_sheet(name[:31])
        _fill(sheet, [line for line in lines if line["section"] == name], listed, locale)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _fill(sheet: Any, lines: list[dict[str, Any]], listed: Worklist, locale: str) -> None:
    where = listed.names.get(listed.place, "")
    title = _say("quality.worklist.title", locale)
    month = format_value(listed.month.code, "period", locale)
    sheet.append([" · ".join(part for part in (title, where, month) if part)])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([_say(f"quality.worklist.{name}", locale) for name in HEADINGS])
    for line in lines:
        sheet.append([no_formula(line[name]) for name in HEADINGS])
    for number, name in enumerate(HEADINGS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(name, 12)
        heading = sheet.cell(row=2, column=number)
        heading.font, heading.fill = Font(bold=True), _HEADING
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A3"
    sheet.auto_filter.ref = f"A2:{get_column_letter(len(HEADINGS))}{max(sheet.max_row, 2)}"
    sheet.print_title_rows = "2:2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _say(message: str, locale: str) -> str:
    return Message(message).render(locale)


def write(listed: Worklist, path: Path, locale: str) -> Path:
    """Write the list as its file name ends: .xlsx or .csv. Raises ValueError for any other."""
    makers = {".xlsx": to_xlsx, ".csv": to_csv}
    if path.suffix.lower() not in makers:
        raise UnknownEnding(path)
    path.write_bytes(makers[path.suffix.lower()](listed, locale))
    return path


class UnknownEnding(Refusal, ValueError):
    """A file name that ends neither in .xlsx nor in .csv."""

    def __init__(self, path: Path) -> None:
        super().__init__("pipeline.worklist.ending", file=path.name)
