"""What was found when doses were counted again at facilities?

Reads the table of a round of visits (data quality self-assessment, routine data quality audit): one row per
facility, month and vaccine, with the doses in the register, on the tally sheets, on the monthly report and in the
system. Headings in French or English, in any order. What the differences mean is said by `kalanso.quality`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from kalanso.sources.headings import recognised
from kalanso.sources.listed_rows import Dialect, Ledger, ListedRow, ListedRows, find_rows, is_note
from kalanso.sources.months import find_period
from kalanso.sources.readings import LISTED_PLACES, LISTED_RECOUNTS, Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.workbooks import Limits, open_workbook
from kalanso.vocabulary import NotAPeriod, Period, PeriodType

COUNTS = ("register", "tally_sheet", "monthly_report", "in_system")
VISITS = Dialect(
    name="recounts",
    fields={
        "facility": ("structure", "facility", "centre", "CSCom", "formation sanitaire", "health facility", "nom"),
        "code": ("code", "facility_code", "uid"),
        "parent": ("district", "aire de santé", "district sanitaire", "parent"),
        "month": ("mois", "month", "période", "period"),
        "indicator": ("vaccin", "indicator", "indicateur", "vaccine", "antigène", "antigen"),
        "register": ("registre", "register", "doses au registre", "recounted", "recompté"),
        "tally_sheet": ("tally_sheet", "tally sheet", "tally", "feuille de pointage", "pointage"),
        "monthly_report": ("monthly_report", "monthly report", "rapport mensuel", "rapport", "report"),
        "in_system": ("in_system", "DHIS2", "dans le système", "système", "system", "SNIS"),
        "weight": ("weight", "poids", "pondération"),
    },
    required=("facility", "month", "indicator", "register"),
)  # fmt: skip


def headings(path: Path, *, sheet: str = "", limits: Limits | None = None) -> tuple[str, list[str], int]:
    """Return the sheet of a file that holds recounts, its headings and how many rows stand below; raises BadFile."""
    found = find_rows(
        open_workbook(Path(path), limits=limits, sheets=[sheet] if sheet else None),
        (VISITS,),
        reader="recounts",
    )
    return found.sheet.name, list(found.headings.values()), len(found.rows)


def read(
    path: Path, *, country: str = "", vintage: str = "", level: str = "facility", system: str = "recounts",
    limits: Limits | None = None,
) -> Reading:  # fmt: skip
    """Return the recounts of a file as rows of LISTED_RECOUNTS, its facilities as rows of LISTED_PLACES.

    A row without any count is skipped; one whose facility, month, vaccine or number cannot be read is refused, and
    so is a second row of one facility, month and vaccine. `country` is that of the store, `level` that of the places
    that were visited; `system` and `vintage` name the list in which their names stand. Raises BadFile where the headings of facility, month, vaccine or register are missing.
    """
    book = open_workbook(Path(path), limits=limits)
    found = find_rows(book, (VISITS,), reader="recounts")
    receipt = Receipt(reader="recounts", file_name=book.file, unit="rows")
    ledger = Ledger(receipt=receipt, sheet=found.sheet.name)
    rows: list[dict[str, Any]] = []
    places: dict[tuple[str, str], dict[str, Any]] = {}
    seen: set[tuple[str, ...]] = set()
    for row in found.rows:
        made = _row(found, row, ledger)
        if made is None:
            continue
        key = (made["listed_code"], made["listed_parent"], made["period"], made["indicator"])
        if key in seen:
            ledger.reject("sources.rejected.recount_twice", row.number, found=row.text("facility"))
            continue
        seen.add(key)
        rows.append(made)
        places.setdefault(key[:2], _place(made, row, level))
        ledger.store()
    receipt.notes += found.notes()
    receipt.check()
    return Reading(
        receipt=receipt, system=system, vintage=vintage or _vintage(rows),
        places=pa.Table.from_pylist(list(places.values()), schema=LISTED_PLACES),
        recounts=pa.Table.from_pylist(rows, schema=LISTED_RECOUNTS), facts={"source": "recounts"},
    )  # fmt: skip


def _row(found: ListedRows, row: ListedRow, ledger: Ledger) -> dict[str, Any] | None:
    if not row.text("facility"):
        if is_note(row, ("month", *COUNTS)):
            ledger.skip("sources.skipped.note")
        else:
            ledger.reject("sources.rejected.no_place", row.number)
        return None
    period = _month(row)
    if period is None:
        ledger.reject("sources.rejected.unknown_period", row.number, found=row.text("month") or None)
        return None
    meaning = recognised(row.text("indicator"))
    code = row.text("indicator") if row.text("indicator").endswith("_doses") else None
    if meaning is None and code is None:
        ledger.reject("sources.rejected.unknown_vaccine", row.number, found=row.text("indicator") or None)
        return None
    numbers = {name: found.number(row, name) for name in (*COUNTS, "weight")}
    for name, number in numbers.items():
        wrong = number if isinstance(number, str) else None
        if isinstance(number, float) and number < 0:
            wrong = "sources.rejected.negative_recount"
        if wrong:
            ledger.reject(wrong, row.number, found=row.text(name) or None)
            return None
    if all(numbers[name] is None for name in COUNTS):
        ledger.skip("sources.skipped.no_recount")
        return None
    return {
        "listed_code": row.text("code") or row.text("facility"), "listed_name": row.text("facility"),
        "listed_parent": row.text("parent"), "period": period.code, "period_type": "month",
        "period_start": period.start, "indicator": code or (meaning.indicator if meaning else ""),
        **{name: numbers[name] for name in COUNTS}, "weight": 1.0 if numbers["weight"] is None else numbers["weight"],
    }  # fmt: skip


def _month(row: ListedRow) -> Period | None:
    try:
        return find_period(row.cells["month"], kind=PeriodType.MONTH)
    except NotAPeriod:
        return None


def _place(made: dict[str, Any], row: ListedRow, level: str) -> dict[str, Any]:
    return {
        "code": made["listed_code"], "name": made["listed_name"], "parent_code": "", "parent_name": made["listed_parent"],
        "level": level, "tree": "health", "kind": "", "latitude": None, "longitude": None, "geometry": None,
        "row": row.number,
    }  # fmt: skip


def _vintage(rows: list[dict[str, Any]]) -> str:
    return max((row["period"][:4] for row in rows), default="")
