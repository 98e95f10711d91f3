"""What does a CSV or XLSX table say, given the meaning of its columns?

Reads a table of any shape that a saved column map describes: long, one column per indicator, one
column per period, or both in several rows of headings. Long CSV files that memory cannot hold are
handed to `streaming`, which applies the same rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kalanso.sources import judging, workbooks
from kalanso.sources.column_maps import REPORTS, ColumnMap, Meaning
from kalanso.sources.faults import BadFile, shortened
from kalanso.sources.judging import ListedPlace, Reason, Value
from kalanso.sources.layouts import Layout, ValueColumn, lay_out, overlaid
from kalanso.sources.months import plain
from kalanso.sources.numbers import decimal_mark
from kalanso.sources.observation_rows import ObservationRows, listed_places
from kalanso.sources.readings import Reading
from kalanso.sources.receipts import Receipt, Rejection
from kalanso.sources.row_kinds import RowKinds
from kalanso.sources.text_files import damaged_letters
from kalanso.sources.workbooks import Cell, Limits, Sheet, Workbook, column_letter
from kalanso.vocabulary import Message, Period

LISTED_REJECTIONS = 10_000


def read(path: Path, *, column_map: ColumnMap, limits: Limits | None = None) -> Reading:
    """Return the numbers of a table as its column map explains them.

    Every number, blank and fault is accounted for on the receipt, whose unit is `rows` where numbers
    stand in one column and `values` (rows below the headings x columns of numbers) otherwise. Equal
    repetitions of a number are stored once; repetitions that differ are all rejected. Raises BadFile
    where the file as a whole cannot be trusted.
    """
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
    refuse_without_data(run.receipt, book.file, sheet.name)
    run.receipt.notes += file_notes(book.encoding, book.separator, sheet.name, layout)
    run.receipt.check()
    return _reading(run, book)


def refuse_without_data(receipt: Receipt, file: str, sheet: str) -> None:
    """Raise BadFile where a table has headings and nothing below them."""
    if not receipt.stored and not receipt.rejected:
        raise BadFile("sources.file.only_headings", file=file, sheet=sheet)


def file_notes(encoding: str, separator: str, sheet: str, layout: Layout) -> list[Message]:
    """Return what a person should know of how a file was read."""
    notes = []
    if encoding:
        shown = {"\t": "tab"}.get(separator, separator)
        notes.append(Message("sources.note.text_form", {"encoding": encoding, "separator": shown}))
    if sheet:
        notes.append(Message("sources.note.sheet", {"sheet": sheet}))
    if layout.left_out:
        names = ", ".join(layout.left_out)
        notes.append(Message("sources.note.left_out", {"n": len(layout.left_out), "names": names}))
    return notes


def _reading(run: _Run, book: Workbook) -> Reading:
    place = run.map.place
    return Reading(
        receipt=run.receipt,
        system=place.system,
        vintage=place.vintage,
        places=listed_places(run.places, run.map),
        observations=run.rows.table(),
        licence=run.map.licence,
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


@dataclass(frozen=True)
class _Found:
    """One number before repetitions are settled: where it stood and what it says."""

    row: int
    column: ValueColumn
    place: ListedPlace
    period: Period
    meaning: Meaning
    value: Value
    reports: tuple[float | None, ...]
    text: str

    @property
    def key(self) -> tuple[object, ...]:
        m = self.meaning
        return (
            self.place.code,
            self.place.parent,
            self.period,
            m.indicator,
            m.product,
            m.age_band,
            m.strategy,
            m.sector,
            m.sex,
        )

    @property
    def content(self) -> tuple[object, ...]:
        return (self.value.number, self.reports)


class _Run:
    """One pass over the rows of a sheet; each method judges one step and books its outcome."""

    def __init__(self, sheet: Sheet, column_map: ColumnMap, layout: Layout, receipt: Receipt) -> None:
        self.sheet, self.map, self.layout, self.receipt = sheet, column_map, layout, receipt
        self.width = len(layout.values)
        self.blanks = frozenset(plain(word) for word in column_map.blanks)
        self.decimals = {value.index: self._decimal(value) for value in layout.values}
        self.needed = sorted({*layout.roles.values(), *(value.index for value in layout.values)})
        self.places: dict[ListedPlace, int] = {}
        self.rows = ObservationRows()
        self.found: list[_Found] = []
        self.merged = self._merged_numbers()
        self.roles = [role for role in REPORTS if layout.of(role) is not None]
        self._places: dict[tuple[Cell, ...], ListedPlace | Reason] = {}
        self._periods: dict[tuple[Cell, ...], Period | Reason] = {}
        self._meanings: dict[tuple[object, ...], Meaning | Reason] = {}

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
                self._judge(number, row)
        self._refuse_percent()
        self._settle()

    def _judge(self, number: int, row: list[Cell]) -> None:
        if misfit := self._misfit(row):
            for _ in self.layout.values:
                self.reject(misfit[0], number, misfit[1], judging.cell_text(row[misfit[1]]))
            return None
        place = self._place(number, row)
        if isinstance(place, Reason):
            return self._book_row(place, number, row)
        period = self._period(row)
        if isinstance(period, Reason):
            return self._book_row(period, number, row)
        reports = judging.judge_reports(
            [row[self.layout.roles[r]] for r in self.roles], self.roles, self.map.file.decimal
        )
        if isinstance(reports, Reason):
            return self._book_row(reports, number, row)
        for column in self.layout.values:
            self._judge_value(number, row, column, place, period, reports)
        return None

    def _misfit(self, row: list[Cell]) -> tuple[Reason, int] | None:
        """Return why a row of a text file has another number of cells than the headings, and where.

        In a text file only a cell that does not exist is None; a blank one is an empty text.
        """
        if self.sheet.name:
            return None
        for at in range(self.layout.width, len(row)):
            if row[at]:
                return Reason("sources.rejected.too_many_cells"), at
        for at in self.needed:
            if row[at] is None:
                return Reason("sources.rejected.too_few_cells"), at
        return None

    def _cell(self, row: list[Cell], role: str) -> Cell:
        at = self.layout.of(role)
        return None if at is None else row[at]

    def _place(self, number: int, row: list[Cell]) -> ListedPlace | Reason:
        cells = (
            self._cell(row, "place.code"),
            self._cell(row, "place.name"),
            self._cell(row, "place.parent"),
        )
        if cells not in self._places:
            for part, cell in zip(("code", "name", "parent"), cells, strict=True):
                if isinstance(cell, str) and not self.map.file.encoding and (case := damaged_letters(cell)):
                    at = self.layout.roles[f"place.{part}"]
                    raise BadFile(
                        case, file=self.sheet.file, sheet=self.sheet.name, row=number,
                        column=column_letter(at + 1), found=cell, n=1,
                    )  # fmt: skip
            self._places[cells] = judging.judge_place(*cells, self.map)
        return self._places[cells]

    def _period(self, row: list[Cell]) -> Period | Reason | None:
        if self.layout.values[0].period is not None:
            return None
        month = self.layout.values[0].month or self._cell(row, "period.month")
        cells = (self._cell(row, "period.column"), self._cell(row, "period.year"), month)
        if cells not in self._periods:
            self._periods[cells] = judging.judge_period(*cells, self.map)
        return self._periods[cells]

    def _judge_value(
        self, number: int, row: list[Cell], column: ValueColumn, place: ListedPlace,
        period: Period | None, reports: dict[str, float | None],
    ) -> None:  # fmt: skip
        when = column.period or period
        if column.month is not None and period is not None:
            when = Period.month(period.year, column.month)
        assert when is not None
        meaning = self._meaning(row, column)
        if isinstance(meaning, Reason):
            return self._book(meaning, number, row, column)
        cell = row[column.index]
        if (number - 1, column.index) in self.merged:
            return self._book(Reason("sources.rejected.merged_number", "value"), number, row, column)
        value = judging.judge_value(cell, meaning.unit, self.decimals[column.index], self.blanks)
        if isinstance(value, Reason) and value.id != "sources.rejected.percent_where_share":
            return self._book(value, number, row, column)
        if isinstance(value, Reason):
            value = Value(None, value.id)
        self.found.append(
            _Found(
                number, column, place, when, meaning, value, tuple(reports.values()), judging.cell_text(cell)
            )
        )
        return None

    def _meaning(self, row: list[Cell], column: ValueColumn) -> Meaning | Reason:
        roles = ("indicator", "product", "age_band", "strategy", "sector", "sex")
        key = (column.index, *(self._cell(row, role) for role in roles))
        if key not in self._meanings:
            base = overlaid(Meaning(), column.meaning)
            self._meanings[key] = judging.judge_qualities(row, self.layout, base, self.map)
        return self._meanings[key]

    def _decimal(self, value: ValueColumn) -> str:
        if value.meaning.decimal:
            return value.meaning.decimal
        cells = (
            row[value.index] for row in self.sheet.rows[self.layout.first_row - 1 : self.map.file.last_row]
        )
        return decimal_mark({cell for cell in cells if isinstance(cell, str)})

    def _merged_numbers(self) -> set[tuple[int, int]]:
        """Return cells of numbers that stand in a merged range: nobody can say whose the number is."""
        columns = {value.index for value in self.layout.values}
        return {
            (row, column)
            for top, left, bottom, right in self.sheet.merged
            if top >= self.layout.first_row - 1 and judging.is_valued(self.sheet.rows[top][left])
            for row in range(top, min(bottom + 1, len(self.sheet.rows)))
            for column in columns.intersection(range(left, right + 1))
        }

    def _book_row(self, reason: Reason, number: int, row: list[Cell]) -> None:
        for column in self.layout.values:
            self._book(reason, number, row, column)

    def _book(self, reason: Reason, number: int, row: list[Cell], column: ValueColumn) -> None:
        if reason.skipped:
            self.receipt.skipped[reason.id] += 1
            return
        at = column.index if reason.role in {"value", ""} else self.layout.roles[reason.role]
        self.reject(reason, number, at, judging.cell_text(row[at]))

    def reject(self, reason: Reason, number: int, at: int, found: str) -> None:
        """Book one rejected number, listed as long as the list is short enough to read."""
        if len(self.receipt.rejections) >= LISTED_REJECTIONS:
            self.receipt.rejected_beyond_list[reason.id] += 1
            return
        self.receipt.rejections.append(
            Rejection(
                reason=reason.id,
                row=number,
                sheet=self.sheet.name,
                column=self.layout.headings[at] or column_letter(at + 1),
                found=shortened(found),
                expected=reason.expected,
            )
        )

    def _refuse_percent(self) -> None:
        """Raise BadFile where most shares of an indicator are percents; reject the few otherwise."""
        seen: dict[str, list[_Found]] = {}
        for item in self.found:
            if item.meaning.unit == "share" and item.value.number != 0 and item.value.status != "missing":
                seen.setdefault(item.meaning.indicator, []).append(item)
        for indicator, items in seen.items():
            high = [item for item in items if item.value.number is None]
            refuse_percent(
                indicator, len(items), len(high), self.sheet,
                next(((i.row, i.column.heading or i.column.letter, i.text) for i in high), None),
            )  # fmt: skip
        for item in self.found:
            if item.value.status.startswith("sources."):
                self.reject(Reason(item.value.status, "value", "0–1"), item.row, item.column.index, item.text)
        self.found = [item for item in self.found if not item.value.status.startswith("sources.")]

    def _settle(self) -> None:
        """Store single numbers and one of equal repetitions; reject all of those that differ."""
        groups: dict[tuple[object, ...], list[_Found]] = {}
        for item in self.found:
            groups.setdefault(item.key, []).append(item)
        for items in groups.values():
            if len({item.content for item in items}) > 1:
                for item in items:
                    other = next(i for i in items if i.row != item.row or i.column != item.column)
                    reason = Reason(
                        "sources.rejected.repeated_differently", "value", f"{other.row}: {other.text}"
                    )
                    self.reject(reason, item.row, item.column.index, item.text)
                continue
            self._store(items)

    def _store(self, items: list[_Found]) -> None:
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
        self.rows.add(
            first.place,
            first.period,
            first.meaning,
            first.value,
            dict(zip(REPORTS, first.reports, strict=True)),
        )


def refuse_percent(
    indicator: str, seen: int, high: int, sheet: Sheet, first: tuple[int, str, str] | None
) -> None:
    """Raise BadFile where at least half of an indicator's shares are above 2: they are percents."""
    if first is not None and 2 * high >= seen:
        row, column, found = first
        raise BadFile(
            "sources.file.percent_where_share", file=sheet.file, sheet=sheet.name, row=row, column=column,
            found=found, indicator=indicator, n=high, seen=seen,
        )  # fmt: skip
