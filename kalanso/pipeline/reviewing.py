"""How does a person decide on names that matching left open?

Open names go out as a table with their candidates; the person writes a place code (or `-` for "no
such place") and signs; the decisions come back and are used by every later import of that list.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from kalanso.places.tables import PLACE_MATCHES, PLACES
from kalanso.sources.faults import BadFile
from kalanso.sources.workbooks import open_workbook, require_columns
from kalanso.store import Input, Provenance, Store

COLUMNS = (
    "system", "vintage", "code", "name", "parent_name", "status", "place_code", "by", "date", "score", "candidates",
)  # fmt: skip
NONE = "-"  # what a person writes where a listed name is none of the known places
OPEN = ("ambiguous", "unmatched")


def matches_to_csv(matches: pd.DataFrame, path: Path, *, only_open: bool = True) -> int:
    """Write matches as a table for review and return how many there are.

    Candidates are written one after the other: code, name, place above and score.
    """
    rows = matches[matches["status"].isin(OPEN)] if only_open else matches
    rows = rows.astype(object).where(rows.notna(), None)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=COLUMNS)
    writer.writeheader()
    for row in rows.to_dict("records"):
        writer.writerow(
            {
                **{name: row[name] for name in ("system", "vintage", "code", "name", "parent_name", "status")},
                "place_code": row["place_code"] or "", "by": row["reviewed_by"] or "",
                "date": row["reviewed_on"] or "", "score": f"{row['score']:.2f}",
                "candidates": _shown(row["candidates"]),
            }
        )  # fmt: skip
    # A byte order mark, since spreadsheets take a file without one for Latin-1.
    Path(path).write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    return len(rows)


def _shown(candidates: str) -> str:
    found = json.loads(candidates).get("candidates", [])
    return "; ".join(
        f"{c['place_code']} {c['name']}"
        + (f" ({c['parent_name']})" if c["parent_name"] else "")
        + f" {c['score']:.2f}"
        for c in found
    )


def matches_from_csv(path: Path, *, levels: Mapping[str, str], by: str = "", on: date) -> pd.DataFrame:
    """Return the decisions of a reviewed table, as rows of PLACE_MATCHES.

    Rows without a decision are left out. `levels` are the known places (code to level): a code of
    none of them is refused. `by` and `on` stand in where the table does not say who and when.
    """
    book = open_workbook(Path(path))
    sheet = book.sheet()
    columns = require_columns(sheet, 1, ("system", "vintage", "code", "parent_name", "place_code"))
    optional = {
        name: index for index, cell in enumerate(sheet.rows[0]) if (name := str(cell or "").strip().lower())
    }
    rows: list[dict[str, Any]] = []
    for number, cells in enumerate(sheet.rows[1:], start=2):
        told = {name: _text(cells[index]) for name, index in columns.items()}
        decision = told["place_code"]
        if not decision:
            continue
        signed = _text(cells[optional["by"]]) if "by" in optional else ""
        rows.append(_decision(told, cells, optional, signed or by, on, path, number, levels))
    # As objects: in a column of text, the empty place of a rejected name would become a number that is none.
    return pd.DataFrame(rows, columns=list(PLACE_MATCHES.column_names), dtype=object)


def _decision(
    told: Mapping[str, str], cells: list[Any], optional: Mapping[str, int], by: str, on: date, path: Path,
    number: int, levels: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    code = told["place_code"]
    if code != NONE and code not in levels:
        raise BadFile("pipeline.review.unknown_place", file=path, row=number, column="place_code", found=code)
    if not by:
        raise BadFile("pipeline.review.unsigned", file=path, row=number, column="by")
    name = _text(cells[optional["name"]]) if "name" in optional else told["code"]
    return {
        "system": told["system"], "vintage": told["vintage"], "code": told["code"], "name": name,
        "parent_name": told["parent_name"], "status": "rejected" if code == NONE else "reviewed",
        "place_code": None if code == NONE else code, "score": 1.0,
        "candidates": '{"reason": "reviewed", "candidates": []}', "reviewed_by": by,
        "reviewed_on": _day(cells[optional["date"]] if "date" in optional else None, on, path, number),
    }  # fmt: skip


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return " ".join(str(cell).split())


def _day(cell: Any, otherwise: date, path: Path, number: int) -> date:
    if not _text(cell):
        return otherwise
    if isinstance(cell, date):
        return date(cell.year, cell.month, cell.day)
    try:
        return date.fromisoformat(_text(cell)[:10])
    except ValueError as error:
        raise BadFile(
            "pipeline.review.not_a_day",
            file=path,
            row=number,
            column="date",
            found=cell,
            expected="2025-01-31",
        ) from error


def read_matches(store: Store, path: Path, *, by: str, on: date) -> pd.DataFrame:
    """Return the decisions of a reviewed table about the places of one store."""
    places = store.read(PLACES).select("place_code", "level").to_pyarrow().to_pylist()
    return matches_from_csv(path, levels={row["place_code"]: row["level"] for row in places}, by=by, on=on)


def keep_matches(store: Store, path: Path, *, by: str, now: datetime) -> dict[str, int]:
    """Store the decisions of a reviewed table and return how many names were confirmed and rejected.

    They hold for every later import of the same list; rows refused before come in with the next one.
    """
    decisions = read_matches(store, path, by=by, on=now.date())
    counts = {name: int((decisions["status"] == name).sum()) for name in ("reviewed", "rejected")}
    if len(decisions):
        made = Input(name=Path(path).name, sha256=store.keep_file(Path(path)), retrieved_at=now.isoformat())
        signed = ", ".join(sorted(set(decisions["reviewed_by"])))
        store.publish(
            PLACE_MATCHES, PLACE_MATCHES.arrow(decisions.to_dict("records")),
            provenance=Provenance(sources=("review",), inputs=(made,), by=signed), now=now,
        )  # fmt: skip
    return counts
