"""Which places does a plain list hold, such as a CSV of facilities or of divisions?

Rows with mapped columns become LISTED_PLACES. Spreadsheets with titles and merged cells are opened
by `kalanso.sources` first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kalanso.places.faults import PlacesRefused
from kalanso.places.listed import listed_table
from kalanso.places.tables import LEVELS

COLUMNS = ("code", "name", "parent_code", "parent_name", "level", "kind", "latitude", "longitude")
_NOTHING = frozenset({"", "na", "n/a", "nan", "null", "<null>", "none", "-"})


def from_rows(
    rows: pd.DataFrame | Path | str,
    columns: Mapping[str, str],
    *,
    level: str = "",
    levels: Mapping[str, str] | None = None,
    tree: str = "administrative",
) -> pa.Table:
    """Return the places of a list as LISTED_PLACES, every row of it.

    `rows` is a DataFrame or the path of a CSV file (UTF-8; lines that begin with # and blank lines
    are no rows; comma, semicolon or tab). `columns` says in which column code, name, parent_code,
    parent_name, level, kind, latitude or longitude stands; only name is needed. `level` is that of
    all rows, or `levels` turns what the level column says into ours. `row` is the line of the file,
    or the running number, from 1. Decimal commas are understood; what is no coordinate at all is
    refused, what is out of range is kept for the checks of geometry. A code or name of the place
    above is taken from the rows themselves where only the other is given.
    """
    origin = "rows" if isinstance(rows, pd.DataFrame) else Path(rows).name
    header, body = _frame_rows(rows) if isinstance(rows, pd.DataFrame) else _csv_rows(Path(rows))
    _check_columns(columns, header, origin)
    records = [
        _record(line, cells, columns, level=level, levels=levels, tree=tree, origin=origin)
        for line, cells in body
    ]
    return listed_table(_with_parent_names(records))


def _check_columns(columns: Mapping[str, str], header: Sequence[str], origin: str) -> None:
    if unknown := sorted(set(columns) - set(COLUMNS)):
        raise PlacesRefused(
            "places.refused.property_map", file=origin, found=", ".join(unknown), expected=", ".join(COLUMNS)
        )
    missing = [name for name in columns.values() if name not in header]
    if "name" not in columns:
        missing.append("name")
    if missing:
        raise PlacesRefused(
            "places.refused.property", file=origin, expected=", ".join(missing), found=", ".join(header)
        )


def _frame_rows(rows: pd.DataFrame) -> tuple[list[str], list[tuple[int, dict[str, Any]]]]:
    plain = rows.astype(object).where(rows.notna(), None)
    return list(map(str, rows.columns)), [
        (line, {str(column): value for column, value in cells.items()})
        for line, cells in enumerate(plain.to_dict("records"), start=1)
    ]


def _csv_rows(path: Path) -> tuple[list[str], list[tuple[int, dict[str, Any]]]]:
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlacesRefused("places.refused.encoding", file=path.name, at=error.start) from error
    lines = content.splitlines()
    start = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if start is None:
        raise PlacesRefused("places.refused.no_rows", file=path.name)
    delimiter = max(",;\t|", key=lines[start].count)
    reader = csv.reader(io.StringIO("\n".join(lines[start:])), delimiter=delimiter)
    header = [name.strip() for name in next(reader)]
    body = []
    for cells in reader:
        if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
            continue
        if len(cells) != len(header):
            raise PlacesRefused(
                "places.refused.cells", file=path.name, row=start + reader.line_num,
                expected=len(header), found=len(cells),
            )  # fmt: skip
        body.append((start + reader.line_num, dict(zip(header, cells, strict=True))))
    return header, body


def _record(
    line: int, cells: Mapping[str, Any], columns: Mapping[str, str], *,
    level: str, levels: Mapping[str, str] | None, tree: str, origin: str,
) -> dict[str, Any]:  # fmt: skip
    record: dict[str, Any] = {"row": line, "tree": tree, "level": level}
    for field, column in columns.items():
        value = cells[column]
        said = "" if value is None else str(value).strip()
        said = "" if said.casefold() in _NOTHING else said
        if field in ("latitude", "longitude"):
            record[field] = _degrees(said, origin, line, column)
        elif field == "level":
            record[field] = _level(said, levels, level, origin, line, column)
        else:
            record[field] = said
    if not record["name"]:
        raise PlacesRefused(
            "places.refused.nameless", file=origin, row=line, column=columns["name"],
            found=", ".join(str(cell) for cell in cells.values() if cell)[:80],
        )  # fmt: skip
    return record


def _degrees(said: str, origin: str, line: int, column: str) -> float | None:
    if not said:
        return None
    try:
        return float(said.replace("\u202f", "").replace("\xa0", "").replace(",", "."))
    except ValueError as error:
        raise PlacesRefused(
            "places.refused.coordinate", file=origin, row=line, column=column, found=said
        ) from error


def _level(
    said: str, levels: Mapping[str, str] | None, otherwise: str, origin: str, line: int, column: str
) -> str:
    if not said:
        return otherwise
    found = (levels or {}).get(said, said)
    if found not in LEVELS:
        raise PlacesRefused(
            "places.refused.level",
            file=origin,
            row=line,
            column=column,
            found=said,
            expected=", ".join(LEVELS),
        )
    return found


def _with_parent_names(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {record["code"]: record["name"] for record in records if record.get("code")}
    for record in records:
        if record.get("parent_code") and not record.get("parent_name"):
            record["parent_name"] = names.get(record["parent_code"], "")
    return records
