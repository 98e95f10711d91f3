"""Which places does a published hierarchy list, and what belongs to what?

Reads lists of administrative or health units with codes, parents and points: the flat file of
open-admin-data, and any list with plain headings. Outlines are read by `boundaries`, facilities by
`facilities`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from kalanso.sources.countries import country_code
from kalanso.sources.editions import ADMIN_LEVELS, level_named, tree_of, year_in
from kalanso.sources.listed_rows import Dialect, Ledger, ListedRow, ListedRows, find_rows, is_note
from kalanso.sources.readings import LISTED_PLACES, Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.workbooks import Limits, open_workbook

OPEN_ADMIN_DATA = Dialect(
    name="open-admin-data",
    fields={
        "code": ("code.id", "id"), "name": ("name.local", "name.en"), "level": ("level_name.local", "level_name.en"),
        "rung": ("level",), "parent_code": ("parent.id",), "parent_name": ("parent.name.local", "parent.name.en"),
        "latitude": ("geo.lat",), "longitude": ("geo.lon",),
    },
    required=("code", "name", "rung", "parent_code"),
)  # fmt: skip
PLAIN = Dialect(
    name="places",
    fields={
        "code": ("code", "place_code", "pcode", "id", "uid"), "name": ("name", "nom", "place", "lieu", "libellé"),
        "level": ("level", "niveau", "type"), "parent_code": ("parent_code", "parent_id", "code_parent"),
        "parent_name": ("parent_name", "parent", "nom_parent"), "kind": ("kind", "catégorie"),
        "latitude": ("latitude", "lat", "y"), "longitude": ("longitude", "long", "lon", "lng", "x"),
        "tree": ("tree", "arbre"), "country": ("country", "pays", "iso3", "country_code"),
    },
    required=("name", "level"),
)  # fmt: skip
DIALECTS = (OPEN_ADMIN_DATA, PLAIN)


def read(
    path: Path, *, country: str = "", vintage: str = "", level: str = "", limits: Limits | None = None
) -> Reading:
    """Return the places of a list, all levels together, as rows of LISTED_PLACES.

    `vintage` is the edition of the list (by default the year in the name of the file): codes are
    used again for other places in other editions. `level` holds for rows that do not state theirs.
    Raises BadFile where the headings are of no known list.
    """
    book = open_workbook(Path(path), limits=limits)
    found = find_rows(book, DIALECTS, reader="places")
    receipt = Receipt(reader="places", file_name=book.file, unit="rows")
    ledger = Ledger(receipt=receipt, sheet=found.sheet.name)
    if found.heading_row > 1:
        ledger.skip(
            "sources.skipped.above_heading",
            sum(1 for r in found.sheet.rows[: found.heading_row - 1] if any(r)),
        )
    records: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], int] = {}
    for row in found.rows:
        record = _record(found, row, ledger, country=country, level=level)
        if record is None:
            continue
        key = (record["code"], record["parent_name"])
        if key in seen:
            ledger.reject(
                "sources.rejected.repeated_code", row.number, found=record["code"], expected=seen[key]
            )
            continue
        seen[key] = row.number
        records.append(record)
        ledger.store()
    _doubt_points(records, ledger)
    receipt.check()
    return Reading(
        receipt=receipt, system=found.dialect.name, vintage=vintage or year_in(book.file),
        places=pa.Table.from_pylist(records, schema=LISTED_PLACES),
        licence="CC BY 4.0" if found.dialect is OPEN_ADMIN_DATA else "",
    )  # fmt: skip


def _record(
    found: ListedRows, row: ListedRow, ledger: Ledger, *, country: str, level: str
) -> dict[str, Any] | None:
    name = row.text("name")
    stated = row.text("level") or row.text("rung")
    if not name or (not stated and not level):
        if is_note(row, ("code", "level", "rung", "latitude")):
            ledger.skip("sources.skipped.note")
        else:
            ledger.reject("sources.rejected.no_place", row.number, found=name or None)
        return None
    rung = level_named(row.text("level")) or ADMIN_LEVELS.get(_whole(row.text("rung")), "") or level
    if not rung:
        ledger.reject(
            "sources.rejected.unknown_level", row.number, column=found.headings.get("level", ""), found=stated,
            expected=", ".join(ADMIN_LEVELS.values()),
        )  # fmt: skip
        return None
    elsewhere = row.text("country")
    if country and elsewhere and country_code(elsewhere) not in {None, country}:
        ledger.skip("sources.skipped.other_country")
        return None
    latitude, longitude = point(found, row, ledger)
    return {
        "code": row.text("code") or name, "name": name, "parent_code": row.text("parent_code"),
        "parent_name": row.text("parent_name"), "level": rung, "tree": row.text("tree") or tree_of(rung),
        "kind": row.text("kind"), "latitude": latitude, "longitude": longitude, "geometry": None,
        "row": row.number,
    }  # fmt: skip


def _whole(text: str) -> int:
    return int(float(text)) if text.replace(".", "", 1).isdigit() else -1


def point(found: ListedRows, row: ListedRow, ledger: Ledger) -> tuple[float | None, float | None]:
    """Return latitude and longitude of a row, or none of both, counting what is doubtful.

    A point that cannot be one is left out and the place kept: where it lies is then unknown.
    """
    latitude, longitude = found.number(row, "latitude"), found.number(row, "longitude")
    if latitude is None and longitude is None:
        ledger.doubt("sources.suspicious.without_point")
        return None, None
    if not isinstance(latitude, float) or not isinstance(longitude, float):
        ledger.doubt("sources.suspicious.point_unreadable")
        return None, None
    if abs(latitude) > 90 or abs(longitude) > 180 or (latitude == 0 and longitude == 0):
        ledger.doubt("sources.suspicious.point_impossible")
        return None, None
    return latitude, longitude


def _doubt_points(records: list[dict[str, Any]], ledger: Ledger) -> None:
    points = {r["code"]: (r["latitude"], r["longitude"]) for r in records}
    codes = set(points)
    for record in records:
        own, parent = (record["latitude"], record["longitude"]), record["parent_code"]
        ledger.doubt("sources.suspicious.point_of_parent", own[0] is not None and points.get(parent) == own)
        ledger.doubt("sources.suspicious.parent_not_listed", bool(parent) and parent not in codes)
