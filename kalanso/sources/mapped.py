"""What does a CSV or XLSX table say, given the meaning of its columns?

Reads a table of any shape that a saved column map describes: long, one column per indicator, one
column per period, or both in several rows of headings. Long CSV files that memory cannot hold are
handed to `streaming`, which applies the same rules.
"""

from __future__ import annotations

from pathlib import Path

from kalanso.sources import judging, streaming, workbooks
from kalanso.sources.column_maps import REPORTS, ColumnMap
from kalanso.sources.faults import BadFile
from kalanso.sources.judging import ListedPlace, Reason
from kalanso.sources.layouts import Layout, ValueColumn, lay_out
from kalanso.sources.numbers import decimal_mark
from kalanso.sources.observation_rows import ObservationRows, listed_places
from kalanso.sources.readings import Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.row_judge import FoundNumber, RowJudge, file_notes, refuse_percent, refuse_without_data
from kalanso.sources.row_kinds import RowKinds
from kalanso.sources.workbooks import Cell, Limits, Sheet, Workbook


def read(
    path: Path,
    *,
    column_map: ColumnMap,
    limits: Limits | None = None,
    scratch: Path | None = None,
    memory: str = "2GB",
    threads: int = 2,
    progress: streaming.Progress | None = None,
    cancel: streaming.Cancel | None = None,
) -> Reading:
    """Return the numbers of a table as its column map explains them.

    Every number, blank and fault is accounted for on the receipt, whose unit is `rows` where numbers
    stand in one column and `values` (rows below the headings x columns of numbers) otherwise. Equal
    repetitions of a number are stored once; repetitions that differ are all rejected. A long CSV
    file is streamed into `scratch`, where that is given and the map admits it. Raises BadFile where
    the file as a whole cannot be trusted.
    """
    if scratch is not None and streaming.should_stream(path, column_map):
        return streaming.read_long_csv(
            path,
            column_map,
            scratch=scratch,
            memory=memory,
            threads=threads,
            progress=progress,
            cancel=cancel,
        )
    form = column_map.file
    book = workbooks.open_workbook(
        path,
        limits=limits,
        sheets=[form.sheet] if form.sheet else None,
        encoding=form.encoding or None,
        separator=form.separator or None,
    )
    sheet = book.sheet(form.sheet or None)
    if not sheet.rows:
        raise BadFile("sources.file.empty", file=book.file, sheet=sheet.name)
    table = _filled_down(sheet, column_map)
    layout = lay_out(table, column_map)
    run = _Run(table, column_map, layout, Receipt(reader="tables", file_name=book.file))
    run.go()
    refuse_without_data(run.receipt, sheet.name)
    run.receipt.notes += file_notes(book.encoding, book.separator, sheet.name, layout)
    run.receipt.check()
    return _reading(run, book)


def _reading(run: _Run, book: Workbook) -> Reading:
    place = run.map.place
    return Reading(
        receipt=run.receipt,
        system=place.system,
        vintage=place.vintage,
        places=listed_places(run.places, run.map),
        observations=run.rows.table(),
        licence=run.map.licence,
        row_of=run.row_of,
        facts={"encoding": book.encoding, "separator": book.separator} if book.encoding else {},
    )


def _filled_down(sheet: Sheet, column_map: ColumnMap) -> Sheet:
    """Return the sheet with merged cells filled outside columns of numbers, and settings' columns too."""
    layout = lay_out(sheet, column_map)
    rows = [list(row) for row in sheet.rows]
    identifying = set(layout.identifying) - {value.index for value in layout.values}
    for top, left, bottom, right in sheet.merged:
        if top >= layout.first_row - 1 and left in identifying and left == right:
            for row in rows[top : bottom + 1]:
                row[left] = rows[top][left]
    for heading in column_map.fill_down:
        at = _column_of(layout, heading, sheet, column_map)
        last: Cell = None
        for row in rows[layout.first_row - 1 :]:
            blank = row[at] is None or not str(row[at]).strip()
            if blank and any(cell not in (None, "") for cell in row):
                row[at] = last
            last = row[at] or last
    return Sheet(file=sheet.file, name=sheet.name, rows=rows, merged=sheet.merged, hidden=sheet.hidden)


def _column_of(layout: Layout, heading: str, sheet: Sheet, column_map: ColumnMap) -> int:
    place, period = column_map.place, column_map.period
    named = {
        place.code: "place.code", place.name: "place.name", place.parent: "place.parent",
        period.column: "period.column", period.year: "period.year", period.month: "period.month",
        column_map.indicator: "indicator", **{name: role for role, name in column_map.columns.items()},
    }  # fmt: skip
    role = named.get(heading)
    if role is None or layout.of(role) is None:
        raise BadFile(
            "sources.map.bad_value", file=sheet.file, column="fill_down", found=heading,
            expected=", ".join(name for name in named if name),
        )  # fmt: skip
    return layout.roles[role]


class _Run:
    """One pass over the rows of a sheet; each method judges one step and books its outcome."""

    def __init__(self, sheet: Sheet, column_map: ColumnMap, layout: Layout, receipt: Receipt) -> None:
        self.sheet, self.map, self.layout, self.receipt = sheet, column_map, layout, receipt
        self.width = len(layout.values)
        self.places: dict[ListedPlace, int] = {}
        self.row_of: dict[tuple[str, str, str, str], int] = {}
        self.rows = ObservationRows()
        decimals = {value.index: self._decimal(value) for value in layout.values}
        self.judge = RowJudge(
            sheet.name, column_map, layout, receipt, decimals=decimals, merged=self._merged_numbers()
        )

    def go(self) -> None:
        """Judge every row and settle repetitions; the receipt then adds up."""
        single = self.width == 1
        first = self.layout.first_row
        self.receipt.unit = "rows" if single else "values"
        self.receipt.read = (
            len(self.sheet.rows) if single else (len(self.sheet.rows) - first + 1) * self.width
        )
        if single:
            self.receipt.skipped["sources.skipped.heading"] += first - 1
        kinds = RowKinds(self.sheet, self.map, self.layout)
        for number, row in enumerate(self.sheet.rows[first - 1 :], first):
            if kind := kinds.skipped(number, row):
                self.receipt.skipped[kind] += self.width
            else:
                self.judge.judge(number, row)
        self._refuse_percent()
        self._settle()

    def _decimal(self, value: ValueColumn) -> str:
        if value.meaning.decimal:
            return value.meaning.decimal
        cells = (
            row[value.index] for row in self.sheet.rows[self.layout.first_row - 1 : self.map.file.last_row]
        )
        return decimal_mark({cell for cell in cells if isinstance(cell, str)})

    def _merged_numbers(self) -> frozenset[tuple[int, int]]:
        """Return cells of numbers that stand in a merged range: nobody can say whose the number is."""
        columns = {value.index for value in self.layout.values}
        return frozenset(
            (row, column)
            for top, left, bottom, right in self.sheet.merged
            if top >= self.layout.first_row - 1 and judging.is_valued(self.sheet.rows[top][left])
            for row in range(top, min(bottom + 1, len(self.sheet.rows)))
            for column in columns.intersection(range(left, right + 1))
        )

    def _refuse_percent(self) -> None:
        """Raise BadFile where most shares of an indicator are percents; reject the few otherwise."""
        seen: dict[str, list[FoundNumber]] = {}
        for item in self.judge.found:
            if item.meaning.unit == "share" and item.value.number != 0 and item.value.status != "missing":
                seen.setdefault(item.meaning.indicator, []).append(item)
        for indicator, items in seen.items():
            high = [item for item in items if item.value.number is None]
            refuse_percent(
                indicator, len(items), len(high), self.sheet.file, self.sheet.name,
                next(((i.row, i.column.heading or i.column.letter, i.text) for i in high), None),
            )  # fmt: skip
        for item in self.judge.found:
            if item.value.status.startswith("sources."):
                self.judge.reject(
                    Reason(item.value.status, "value", "0–1"), item.row, item.column.index, item.text
                )
        self.judge.found = [item for item in self.judge.found if not item.value.status.startswith("sources.")]

    def _settle(self) -> None:
        """Store single numbers and one of equal repetitions; reject all of those that differ."""
        groups: dict[tuple[object, ...], list[FoundNumber]] = {}
        for item in self.judge.found:
            groups.setdefault(item.key, []).append(item)
        for items in groups.values():
            if len({item.content for item in items}) > 1:
                for item in items:
                    other = next(i for i in items if i.row != item.row or i.column != item.column)
                    reason = Reason(
                        "sources.rejected.repeated_differently", "value", f"{other.row}: {other.text}"
                    )
                    self.judge.reject(reason, item.row, item.column.index, item.text)
                continue
            self._store(items)

    def _store(self, items: list[FoundNumber]) -> None:
        first = items[0]
        self.receipt.stored += 1
        for doubt in first.value.doubts:
            self.receipt.suspicious[doubt] += 1
        if len(items) > 1:
            self.receipt.skipped["sources.skipped.repeated_equally"] += len(items) - 1
            self.receipt.suspicious["sources.suspicious.repeated_equally"] += 1
        if first.meaning.indicator.endswith("_doses") and first.meaning.age_band == "unknown":
            self.receipt.suspicious["sources.suspicious.age_unknown"] += 1
        self.places.setdefault(first.place, first.row)
        key = (first.place.code, first.place.parent, first.period.code, first.meaning.indicator)
        self.row_of.setdefault(key, first.row)
        self.rows.add(
            first.place,
            first.period,
            first.meaning,
            first.value,
            dict(zip(REPORTS, first.reports, strict=True)),
        )
