"""Which health facilities are there, of what type, and where do they lie?

Reads the list of public health facilities of sub-Saharan Africa (WHO/KWTRP; Maina et al. 2019,
Scientific Data 6:134), all countries in one file or one country cut out. Names repeat, points are
missing or wrong: nothing is dropped for that, everything is counted.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from kalanso.places import normalise
from kalanso.sources.countries import country_code
from kalanso.sources.editions import year_in
from kalanso.sources.listed_rows import Dialect, Ledger, ListedRow, ListedRows, find_rows, is_note
from kalanso.sources.places_list import point
from kalanso.sources.readings import LISTED_PLACES, Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.workbooks import Limits, open_workbook
from kalanso.vocabulary import Level

KWTRP = Dialect(
    name="kwtrp",
    fields={
        "country": ("Country", "iso3c", "Pays"), "parent_name": ("Admin1", "Région", "Region", "Province", "District"),
        "name": ("Facility name", "Facility_n", "Nom", "Nom de la formation sanitaire", "name"),
        "kind": ("Facility type", "Facility_t", "Type", "Catégorie"), "code": ("code", "uid", "id", "facility_code"),
        "latitude": ("Lat", "latitude"), "longitude": ("Long", "Lon", "longitude"),
        "origin": ("LL source", "LL_source"),
    },
    required=("name", "latitude", "longitude"),
)  # fmt: skip


def read(path: Path, *, country: str, vintage: str = "", limits: Limits | None = None) -> Reading:
    """Return the facilities of one country as rows of LISTED_PLACES.

    `country` is its ISO code; rows of other countries are counted as skipped. `vintage` is the
    edition (by default the year in the name of the file, or 2019). A row that repeats another in
    every respect is skipped; one that shares only its name gets "#2" behind its code, since the
    list has no codes. Raises BadFile where the headings are not those of the list.
    """
    book = open_workbook(Path(path), limits=limits)
    found = find_rows(book, (KWTRP,), reader="facilities")
    receipt = Receipt(reader="facilities", file_name=book.file, unit="rows")
    ledger = Ledger(receipt=receipt, sheet=found.sheet.name)
    records: list[dict[str, Any]] = []
    named: Counter[tuple[str, str]] = Counter()
    whole: set[tuple[Any, ...]] = set()
    for row in found.rows:
        if not _is_row(row, country, ledger):
            continue
        same = tuple(row.cells.values())
        if same in whole:
            ledger.skip("sources.skipped.repeated_equally")
            ledger.doubt("sources.suspicious.repeated_equally")
            continue
        whole.add(same)
        records.append(_record(found, row, named, ledger))
        ledger.store()
    receipt.check()
    return Reading(
        receipt=receipt, system="who-kwtrp", vintage=vintage or year_in(book.file) or "2019",
        places=pa.Table.from_pylist(records, schema=LISTED_PLACES), licence="CC BY 4.0",
    )  # fmt: skip


def _is_row(row: ListedRow, country: str, ledger: Ledger) -> bool:
    stated = row.text("country")
    if not row.text("name"):
        if is_note(row, ("latitude", "longitude")):
            ledger.skip("sources.skipped.note")
        else:
            ledger.reject("sources.rejected.no_place", row.number, found=stated or None)
        return False
    if stated and country_code(stated) not in {None, country}:
        ledger.skip("sources.skipped.other_country")
        return False
    if stated and country_code(stated) is None:
        ledger.reject("sources.rejected.unknown_country", row.number, found=stated, expected=country)
        return False
    return True


def _record(
    found: ListedRows, row: ListedRow, named: Counter[tuple[str, str]], ledger: Ledger
) -> dict[str, Any]:
    name, parent = row.text("name"), row.text("parent_name")
    key = (normalise(name), normalise(parent))
    named[key] += 1
    ledger.doubt("sources.suspicious.same_name", named[key] > 1)
    code = row.text("code") or (name if named[key] == 1 else f"{name} #{named[key]}")
    latitude, longitude = point(found, row, ledger)
    return {
        "code": code, "name": name, "parent_code": "", "parent_name": parent, "level": Level.FACILITY.value,
        "tree": "health", "kind": row.text("kind"), "latitude": latitude, "longitude": longitude,
        "geometry": None, "row": row.number,
    }  # fmt: skip
