"""How do proposed targets become a workbook that the national centre can read and answer?

One sheet with the present target, the proposal between its bounds, sources and the reason, per place; one that says what it is. It is a
file for people: nothing is sent to, or changed in, any system.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font

from kalanso.definitions import Pack
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.triangulate import triangulate
from kalanso.pipeline.triangulation_evidence import places_table
from kalanso.store import Store
from kalanso.triangulation import sentence
from kalanso.triangulation.inputs import each
from kalanso.triangulation.tables import PROPOSED_TARGETS
from kalanso.vocabulary import Level, Message

COLUMNS = (
    "level", "above", "place", "code", "year", "present", "present_source", "proposed", "low", "high", "ratio", "sources", "reason", "answer",
)  # fmt: skip
_WIDTHS = (14, 22, 26, 14, 8, 12, 20, 12, 12, 12, 10, 36, 80, 24)
_NUMBERS = {"present": "#,##0", "proposed": "#,##0", "low": "#,##0", "high": "#,##0", "ratio": "0.00"}


@dataclass(frozen=True, kw_only=True)
class TargetsWritten:
    """The file, the rows in it, those with a proposal, and the snapshot from which it was made."""

    file: Path
    rows: int
    proposed: int
    snapshot: str


@dataclass(frozen=True, kw_only=True)
class About:
    """What the workbook says of itself: its snapshot, the day, and whether the country is simulated."""

    snapshot: str
    day: date
    demo: bool = False


def targets(store: Store, file: Path, *, locale: str = "fr", now: datetime) -> TargetsWritten:
    """Write the proposed targets of a store as XLSX, from the country downwards, after the analyses of what it holds now."""
    triangulate(store, now=now)
    manifest = store.latest(PROPOSED_TARGETS.name)
    assert manifest is not None
    holdings = Holdings(store, now.date())
    tree = places_table(holdings, holdings.trees()[0])
    places, parents = (
        dict(zip(tree["place_code"], tree[name], strict=True)) for name in ("name", "parent_code")
    )
    rows = store.read(PROPOSED_TARGETS).to_pandas()
    about = About(snapshot=manifest.id, day=now.date(), demo=store.demo)
    book = target_book(rows, places, parents, pack=holdings.pack, about=about, locale=locale)
    file.parent.mkdir(parents=True, exist_ok=True)
    book.save(file)
    return TargetsWritten(
        file=file, rows=len(rows), proposed=int(rows["proposed"].notna().sum()), snapshot=manifest.id
    )


def target_book(
    rows: pd.DataFrame, places: Mapping[str, str], parents: Mapping[str, str], *, pack: Pack, about: About, locale: str = "fr"
) -> Workbook:  # fmt: skip
    """Return the workbook of rows of `proposed_targets`, from the country downwards.

    `places` are the names of places by code, `parents` the place above each.
    """
    depth = rows["level"].map({level.value: level.depth for level in Level})
    rows = rows.assign(_depth=depth, _above=rows["place_code"].map(parents).fillna("")).sort_values(
        ["_depth", "_above", "place_code"]
    )
    book = Workbook()
    sheet: Any = book.active
    sheet.title = _say("pipeline.targets.sheet", locale)
    sheet.append([_say(f"pipeline.targets.column.{name}", locale) for name in COLUMNS])
    for row in each(rows):
        _append(sheet, _line(row, places, parents, pack, locale))
    _dress(sheet)
    told = book.create_sheet(_say("pipeline.targets.about_sheet", locale))
    for text in _about(about, locale):
        _append(told, {"text": text})
    told.column_dimensions["A"].width = 110
    return book


def _line(
    row: Any, places: Mapping[str, str], parents: Mapping[str, str], pack: Pack, locale: str
) -> dict[str, Any]:
    return {
        "level": pack.name(f"level.{row.level}", locale), "above": places.get(parents.get(row.place_code, ""), ""),
        "place": places.get(row.place_code, row.place_code), "code": row.place_code, "year": int(row.period), "present": round(row.present),
        "present_source": row.present_source, "proposed": _whole(row.proposed), "low": _whole(row.low), "high": _whole(row.high),
        "ratio": None if row.ratio != row.ratio else round(row.ratio, 3), "sources": ", ".join(json.loads(row.sources)),
        "reason": sentence(Message.from_json(row.message, row.params), places, pack, locale), "answer": "",
    }  # fmt: skip


def _whole(value: float) -> int | None:
    return None if value != value else round(value)


def _append(sheet: Any, line: dict[str, Any]) -> None:
    """Write a row; texts stay texts, so that no name becomes a formula."""
    at = sheet.max_row + 1 if sheet.max_row > 1 or sheet.cell(1, 1).value is not None else 1
    for column, (name, value) in enumerate(line.items(), 1):
        cell = sheet.cell(at, column)
        if isinstance(value, str):
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            cell.data_type = "s"
        else:
            cell.value = value
        if name in _NUMBERS:
            cell.number_format = _NUMBERS[name]


def _dress(sheet: Any) -> None:
    for column, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[sheet.cell(1, column).column_letter].width = width
        sheet.cell(1, column).font = Font(bold=True)
        sheet.cell(1, column).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "E2"
    sheet.auto_filter.ref = sheet.dimensions


def _about(about: About, locale: str) -> list[str]:
    said = [_say(name, locale, day=about.day, snapshot=about.snapshot) for name in (
        "pipeline.targets.about.what", "pipeline.targets.about.never", "pipeline.targets.about.bounds", "pipeline.targets.about.answer", "pipeline.targets.about.made",
    )]  # fmt: skip
    return [*([_say("pipeline.targets.about.demo", locale)] if about.demo else []), *said]


def _say(message_id: str, locale: str, **params: Any) -> str:
    return Message(message_id, params).render(locale)
