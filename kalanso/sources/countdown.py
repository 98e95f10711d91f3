"""What does a Countdown 2030 workbook say about doses, stock, reporting and population?

The workbook that some 25 countries fill in from DHIS2, one row per district and month, in English
or French and in several editions. Sheets and columns are found by their names; every cell of a
number column is counted. Campaigns stand in `countdown_campaigns`.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from kalanso.places import normalise
from kalanso.sources.countdown_campaigns import read_campaigns
from kalanso.sources.countdown_headings import ColumnMeaning, sheet_role, spellings
from kalanso.sources.countdown_sheets import DataColumn, Grid, grid
from kalanso.sources.countdown_tally import BAD, BLANK, Names, Place, Tally, number_in
from kalanso.sources.countries import country_code
from kalanso.sources.faults import BadFile
from kalanso.sources.numbers import is_blank
from kalanso.sources.readings import LISTED_OBSERVATIONS, LISTED_PLACES, Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.workbooks import Cell, FaultyCell, Limits, open_workbook
from kalanso.vocabulary import Message, Period, PeriodType

RATE_GAP = 0.02  # rates are rounded to one place of a percent; more is a contradiction
_MONTHLY = ("reporting", "service", "stock")
_TEMPLATE_DOSES = ("bcg_doses", "dtp1_doses", "dtp3_doses", "mcv1_doses", "mcv2_doses")
_Row = tuple[int, list[Cell], Place, Period]


def read(
    path: Path,
    *,
    country: str = "",
    level: str = "district",
    tree: str = "health",
    limits: Limits | None = None,
) -> Reading:
    """Return what a workbook holds, with one receipt over all its number cells.

    `level` is that of the places in its column of districts (the counties of one country are the
    districts of another); its regions stand one rung above. `country` is the ISO code of the
    country that is meant. Raises BadFile where the file is no such workbook, where a key column is
    missing, where the headings of a column contradict each other, or where another country is meant.
    """
    book = open_workbook(Path(path), limits=limits)
    receipt = Receipt(reader="countdown", file_name=book.file, unit="values")
    sheets: dict[str, list[Any]] = defaultdict(list)
    for sheet in book.sheets.values():
        role = sheet_role(sheet.name)
        if role == "ignored" or not sheet.rows:
            continue
        if role:
            sheets[role].append(sheet)
        else:
            receipt.notes.append(Message("sources.note.sheet_not_read", {"sheet": sheet.name}))
    if not sheets["service"]:
        raise BadFile("sources.countdown.no_service", file=book.file, found=", ".join(book.names))
    work = Tally(receipt=receipt)
    grids = {
        role: [grid(sheet, role) for sheet in sheets[role]] for role in ("admin", "population", *_MONTHLY)
    }
    facts = _read_admin_names(grids["admin"], work, country)
    _note_missing(grids, receipt)
    for one in grids["reporting"]:
        _read_reports(one, work)
    for role in ("service", "stock", "population"):
        for one in grids[role]:
            _read_numbers(one, work)
    _read_admin_numbers(grids["admin"], work)
    _store_uncarried_reports(work)
    events = None
    for sheet in sheets["campaigns"]:
        events = read_campaigns(sheet, work.names.spelling, work.names.region, country, receipt, work.counted)
    _note_names(work, [g.sheet.name for role in _MONTHLY for g in grids[role]])
    receipt.check()
    return _reading(work, events, facts, level=level, tree=tree)


def _read_admin_names(grids: list[Grid], work: Tally, country: str) -> dict[str, str]:
    facts: dict[str, str] = {"source": "countdown"}
    for one in grids:
        for row, cells in one.rows():
            name = one.name(cells)
            if not name or is_blank(name):
                continue
            place = work.names.meet(cells[one.keys["district"]], one.sheet.name, row)
            if region := one.name(cells, "region"):
                work.names.region.setdefault(place, region)
            stated = one.name(cells, "country")
            code = country_code(stated) if stated else None
            if country and code and code != country:
                raise BadFile(
                    "sources.file.other_country", file=one.sheet.file, sheet=one.sheet.name, row=row,
                    expected=country, found=stated,
                )  # fmt: skip
            if stated:
                facts.setdefault("country", stated)
    return facts


def _keyed_rows(one: Grid, work: Tally) -> list[_Row]:
    """Return the rows with a place and a period; refuse and count the others that hold numbers."""
    kept: list[_Row] = []
    for row, cells in one.rows():
        name = one.name(cells)
        filled = [c for c in one.columns if cells[c.index] is not None]
        if not name or is_blank(name):
            if filled:
                _refuse_row(work, one, row, filled, "sources.rejected.no_place", None)
            continue
        period = one.period(cells)
        if period is None:
            if not filled:
                continue  # a note under the table
            shown = " ".join(str(cells[one.keys[k]]) for k in ("year", "month") if k in one.keys)
            _refuse_row(work, one, row, filled, "sources.rejected.unknown_period", shown)
            continue
        kept.append((row, cells, work.names.meet(cells[one.keys["district"]], one.sheet.name, row), period))
    return kept


def _refuse_row(
    work: Tally, one: Grid, row: int, columns: list[DataColumn], reason: str, found: object
) -> None:
    work.receipt.read += len(columns)
    work.reject(reason, one.sheet.name, row, found=found, n=len(columns))


def _unrepeated(one: Grid, work: Tally, rows: list[_Row]) -> list[_Row]:
    """Keep one of rows that repeat another in every number; refuse all that repeat it differently."""
    groups: dict[tuple[Place, str], list[_Row]] = defaultdict(list)
    for entry in rows:
        groups[entry[2], entry[3].code].append(entry)
    kept = []
    for (place, code), entries in groups.items():
        kept += entries[:1]
        if len(entries) == 1:
            continue
        said = {tuple(cells[c.index] for c in one.columns) for _, cells, _, _ in entries}
        if len(said) == 1:
            work.receipt.read += len(one.columns) * (len(entries) - 1)
            work.receipt.skipped["sources.skipped.repeated_equally"] += len(one.columns) * (len(entries) - 1)
            work.receipt.suspicious["sources.suspicious.repeated_equally"] += len(entries) - 1
            continue
        kept.pop()
        shown = f"{work.names.spelling[place]} {code}"
        lines = ", ".join(str(row) for row, _, _, _ in entries)
        for row, cells, _, _ in entries:
            filled = sum(cells[c.index] is not None for c in one.columns)
            work.receipt.read += filled
            if filled:
                work.reject(
                    "sources.rejected.repeated_differently",
                    one.sheet.name,
                    row,
                    found=shown,
                    n=filled,
                    expected=lines,
                )
    return kept


def _filled(one: Grid, column: DataColumn, rows: list[_Row], work: Tally) -> bool:
    """Whether a column holds any number; where it holds none, count its cells out."""
    if any(isinstance(number_in(cells[column.index]), float) for _, cells, _, _ in rows):
        return True
    said = [(row, cells[column.index]) for row, cells, _, _ in rows if cells[column.index] is not None]
    work.receipt.read += len(rows)
    work.receipt.skipped["sources.skipped.never_filled"] += len(rows) - len(said)
    params = {"sheet": one.sheet.name, "column": column.label}
    if said and not column.meaning.known:
        work.receipt.skipped["sources.skipped.text_column"] += len(said)
        work.receipt.notes.append(Message("sources.note.text_column", params))
        return False
    for row, cell in said:
        work.reject("sources.rejected.not_a_number", one.sheet.name, row, column.label, cell)
    work.receipt.notes.append(Message("sources.note.never_filled", params))
    return False


def _read_reports(one: Grid, work: Tally) -> None:
    rows = _unrepeated(one, work, _keyed_rows(one, work))
    for column in one.columns:
        if not column.meaning.known:
            _note_unknown(one, column, work)
        if not _filled(one, column, rows, work):
            continue
        if column.meaning.kind == "value":
            _read_column(one, column, rows, work)
            continue
        values = [v for _, cells, _, _ in rows if isinstance(v := number_in(cells[column.index]), float)]
        scale = 100.0 if column.meaning.kind == "rate" and max(values) > 1.5 else 1.0
        for row, cells, place, period in rows:
            work.receipt.read += 1
            value = number_in(cells[column.index])
            if value is BLANK:
                work.receipt.skipped["sources.skipped.blank_report"] += 1
            elif value is BAD:
                _refuse_cell(work, one, row, column, cells[column.index])
            elif value < 0:
                work.reject("sources.rejected.negative_reports", one.sheet.name, row, column.label, value)
            else:
                work.receipt.stored += 1
                work.counted[place] += 1
                form = work.reports[place, period.code].setdefault(column.meaning.form, {})
                form[column.meaning.kind] = value / scale


def _refuse_cell(work: Tally, one: Grid, row: int, column: DataColumn, cell: Cell) -> None:
    reason = "error_cell" if isinstance(cell, FaultyCell) else "not_a_number"
    work.reject(f"sources.rejected.{reason}", one.sheet.name, row, column.label, cell)


def _note_unknown(one: Grid, column: DataColumn, work: Tally) -> None:
    work.receipt.notes.append(
        Message(
            "sources.note.unknown_column",
            {"sheet": one.sheet.name, "column": column.label, "indicator": column.meaning.indicator},
        )
    )


def _note_missing(grids: dict[str, list[Grid]], receipt: Receipt) -> None:
    """Say which numbers of the template the workbook has no column for."""
    there = {column.meaning.indicator for found in grids.values() for one in found for column in one.columns}
    for section, role in (("columns", "service"), ("population", "population"), ("admin", "admin")):
        wanted = [
            (code, entry["names"][0])
            for code, entry in spellings()[section].items()
            if not entry.get("extra")
        ]
        wanted += [(code, code.removesuffix("_doses")) for code in _TEMPLATE_DOSES if role == "service"]
        receipt.notes += [
            Message("sources.note.missing_column", {"column": name})
            for code, name in wanted
            if code not in there
        ]


def _read_numbers(one: Grid, work: Tally) -> None:
    rows = _unrepeated(one, work, _keyed_rows(one, work))
    for column in one.columns:
        if not column.meaning.known:
            _note_unknown(one, column, work)
        elif column.meaning.age_band == "unknown":
            params = {"sheet": one.sheet.name, "column": column.label}
            work.receipt.notes.append(Message("sources.note.age_unknown", params))
        if _filled(one, column, rows, work):
            _read_column(one, column, rows, work)


def _read_column(one: Grid, column: DataColumn, rows: list[_Row], work: Tally) -> None:
    meaning = column.meaning
    kind = rows[0][3].type.value if rows else ""
    key = (meaning.indicator, meaning.product, meaning.age_band, kind)
    first = work.seen.setdefault(key, f"{one.sheet.name} {column.label}")
    again = first != f"{one.sheet.name} {column.label}"
    scale = _percent_scale(column, rows) if meaning.share else 1.0
    for row, cells, place, period in rows:
        work.receipt.read += 1
        value = number_in(cells[column.index])
        if again:
            work.reject(
                "sources.rejected.repeated_column", one.sheet.name, row, column.label, cells[column.index],
                expected=first,
            )  # fmt: skip
        elif value is BAD:
            _refuse_cell(work, one, row, column, cells[column.index])
        else:
            number = None if value is BLANK else value / scale
            _doubt(number, one, column, work)
            work.receipt.stored += 1
            work.counted[place] += 1
            work.store(place, period, meaning, number)


def _percent_scale(column: DataColumn, rows: list[_Row]) -> float:
    values = [abs(v) for _, cells, _, _ in rows if isinstance(v := number_in(cells[column.index]), float)]
    # No population grows by half in a year: larger numbers are percents.
    return 100.0 if values and max(values) > 0.5 else 1.0


def _doubt(number: float | None, one: Grid, column: DataColumn, work: Tally) -> None:
    if number is None:
        return
    if number < 0 and not column.meaning.share:
        work.receipt.suspicious["sources.suspicious.negative"] += 1
    if one.role in {"service", "stock"} and not number.is_integer():
        work.receipt.suspicious["sources.suspicious.fractional"] += 1


def _read_admin_numbers(grids: list[Grid], work: Tally) -> None:
    """Read staff and facilities; the sheet has no year, so they stand at the last year of the numbers."""
    if not work.periods:
        return
    year = Period(type=PeriodType.YEAR, year=max(period.year for period in work.periods))
    for one in grids:
        rows = []
        for row, cells in one.rows():
            name = one.name(cells)
            if name and not is_blank(name):
                rows.append((row, cells, normalise(name), year))
            elif filled := [c for c in one.columns if number_in(cells[c.index]) not in (BLANK, 0.0)]:
                _refuse_row(work, one, row, filled, "sources.rejected.no_place", None)
        rows = _unrepeated(one, work, rows)
        for column in one.columns:
            if not column.meaning.known:
                _note_unknown(one, column, work)
            if _filled(one, column, rows, work):
                _read_column(one, column, rows, work)
        if rows:
            work.receipt.notes.append(Message("sources.countdown.admin_year", {"year": year.code}))


def _store_uncarried_reports(work: Tally) -> None:
    """Give reports of forms without numbers rows of their own, and compare rates with counts."""
    for (place, code), forms in sorted(work.reports.items()):
        period = Period.parse(code)
        for form, told in forms.items():
            expected, received, rate = told.get("expected"), told.get("received"), told.get("rate")
            if expected is not None and received is not None and received > expected:
                work.receipt.suspicious["sources.suspicious.more_reports_than_expected"] += 1
            if (
                rate is not None
                and expected
                and received is not None
                and abs(rate - received / expected) > RATE_GAP
            ):
                work.receipt.suspicious["sources.suspicious.rate_differs"] += 1
            if rate is not None and (expected is None or received is None):
                work.store(place, period, ColumnMeaning(indicator=f"{form}_reporting_rate"), rate)
            if received is not None and (place, code, form) not in work.carried:
                work.store(place, period, ColumnMeaning(indicator=f"{form}_reports", form=form), received)


def _note_names(work: Tally, monthly: list[str]) -> None:
    names = work.names
    spaced = [p for p, written in names.variants.items() if len(written) > 1]
    if spaced:
        work.receipt.suspicious["sources.suspicious.name_spelled_differently"] += len(spaced)
        shown = ", ".join(repr(text) for text in sorted(names.variants[sorted(spaced)[0]]))
        work.receipt.notes.append(Message("sources.note.names_differ", {"n": len(spaced), "example": shown}))
    for place in sorted(names.spelling):
        missing = [sheet for sheet in dict.fromkeys(monthly) if sheet not in names.sheets[place]]
        if missing:
            params = {"name": names.spelling[place], "sheets": ", ".join(missing)}
            work.receipt.suspicious["sources.suspicious.name_missing_on_sheet"] += 1
            work.receipt.notes.append(Message("sources.note.name_missing", params))


def _reading(
    work: Tally, events: pa.Table | None, facts: dict[str, str], *, level: str, tree: str
) -> Reading:
    names = work.names
    written = [names.spelling[place] for place in work.places_of_rows]
    work.rows["listed_code"] = written
    work.rows["listed_name"] = written
    work.rows["listed_parent"] = [names.region.get(place, "") for place in work.places_of_rows]
    years = sorted({period.year for period in work.periods})
    vintage = f"{years[0]}-{years[-1]}" if years else ""
    national = events is not None and "" in events["listed_parent"].to_pylist() and bool(facts.get("country"))
    return Reading(
        receipt=work.receipt,
        system="countdown",
        vintage=vintage,
        places=_places(names, level=level, tree=tree, country=facts.get("country", "") if national else ""),
        observations=pa.table(work.rows, schema=LISTED_OBSERVATIONS),
        events=events,
        counted={(names.spelling[p], names.region.get(p, "")): n for p, n in work.counted.items() if p in names.spelling},
        facts=facts,
    )  # fmt: skip


def _places(names: Names, *, level: str, tree: str, country: str) -> pa.Table:
    rows: list[dict[str, Any]] = []
    blank = {
        "parent_code": "",
        "kind": "",
        "latitude": None,
        "longitude": None,
        "geometry": None,
        "tree": tree,
    }
    for region in sorted(set(names.region.values())):
        row = min(names.row[p] for p, r in names.region.items() if r == region)
        rows.append(
            {**blank, "code": region, "name": region, "parent_name": "", "level": "region", "row": row}
        )
    for place, written in names.spelling.items():
        rows.append(
            {
                **blank, "code": written, "name": written, "parent_name": names.region.get(place, ""),
                "level": level, "row": names.row[place],
            }
        )  # fmt: skip
    if country:
        rows.append(
            {**blank, "code": country, "name": country, "parent_name": "", "level": "country", "row": 1}
        )
    return pa.Table.from_pylist(rows, schema=LISTED_PLACES)
