"""What is to be stored of each row of a table, and what is booked as rejected?

Applies the rules of `judging` to whole rows, remembering verdicts on words that come again. Whether
a row is data at all is told by `row_kinds`; repetitions are settled by those who see all rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kalanso.sources import judging
from kalanso.sources.column_maps import REPORTS, ColumnMap, Meaning
from kalanso.sources.faults import BadFile, shortened
from kalanso.sources.judging import ListedPlace, Reason, Value
from kalanso.sources.layouts import Layout, ValueColumn, overlaid
from kalanso.sources.months import plain
from kalanso.sources.receipts import Receipt, Rejection
from kalanso.sources.text_files import damaged_letters
from kalanso.sources.workbooks import Cell, column_letter
from kalanso.vocabulary import Message, Period

LISTED_REJECTIONS = 10_000


@dataclass(frozen=True)
class FoundNumber:
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
        """What must not be repeated with another value."""
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
        """What makes two repetitions equal."""
        return (self.value.number, self.reports)


class RowJudge:
    """Judges rows one by one.

    `decimals` gives the decimal mark of each column of numbers, by its index. Numbers refused for a
    reason in `decided_later` are kept in `found` with that reason as status, since only the whole
    column can tell.
    """

    def __init__(
        self, sheet: str, column_map: ColumnMap, layout: Layout, receipt: Receipt, *, decimals: Mapping[int, str],
        merged: frozenset[tuple[int, int]] = frozenset(),
        decided_later: frozenset[str] = frozenset({"sources.rejected.percent_where_share"}),
    ) -> None:  # fmt: skip
        self.sheet, self.map, self.layout, self.receipt = sheet, column_map, layout, receipt
        self.decimals, self.merged, self.decided_later = decimals, merged, decided_later
        self.blanks = frozenset(plain(word) for word in column_map.blanks)
        self.needed = sorted({*layout.roles.values(), *(value.index for value in layout.values)})
        self.found: list[FoundNumber] = []
        self.roles = [role for role in REPORTS if layout.of(role) is not None]
        self._places: dict[tuple[Cell, ...], ListedPlace | Reason] = {}
        self._periods: dict[tuple[Cell, ...], Period | Reason] = {}
        self._meanings: dict[tuple[object, ...], Meaning | Reason] = {}

    def judge(self, number: int, row: Sequence[Cell]) -> None:
        """Book what is rejected or skipped of a row (from 1), and append its numbers to `found`."""
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

    def _misfit(self, row: Sequence[Cell]) -> tuple[Reason, int] | None:
        """Return why a row of a text file has another number of cells than the headings, and where.

        In a text file only a cell that does not exist is None; a blank one is an empty text.
        """
        if self.sheet:
            return None
        for at in range(self.layout.width, len(row)):
            if row[at]:
                return Reason("sources.rejected.too_many_cells"), at
        for at in self.needed:
            if row[at] is None:
                return Reason("sources.rejected.too_few_cells"), at
        return None

    def _cell(self, row: Sequence[Cell], role: str) -> Cell:
        at = self.layout.of(role)
        return None if at is None else row[at]

    def _place(self, number: int, row: Sequence[Cell]) -> ListedPlace | Reason:
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
                        case, file=self.receipt.file_name, sheet=self.sheet, row=number,
                        column=column_letter(at + 1), found=cell, n=1,
                    )  # fmt: skip
            self._places[cells] = judging.judge_place(*cells, self.map)
        return self._places[cells]

    def _period(self, row: Sequence[Cell]) -> Period | Reason | None:
        if self.layout.values[0].period is not None:
            return None
        month = self.layout.values[0].month or self._cell(row, "period.month")
        cells = (self._cell(row, "period.column"), self._cell(row, "period.year"), month)
        if cells not in self._periods:
            self._periods[cells] = judging.judge_period(*cells, self.map)
        return self._periods[cells]

    def _judge_value(
        self, number: int, row: Sequence[Cell], column: ValueColumn, place: ListedPlace,
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
        value = judging.judge_value(
            cell, meaning.unit, meaning.decimal or self.decimals[column.index], self.blanks
        )
        if isinstance(value, Reason):
            if value.id not in self.decided_later:
                return self._book(value, number, row, column)
            value = Value(None, value.id)
        self.found.append(
            FoundNumber(
                number, column, place, when, meaning, value, tuple(reports.values()), judging.cell_text(cell)
            )
        )
        return None

    def _meaning(self, row: Sequence[Cell], column: ValueColumn) -> Meaning | Reason:
        roles = ("indicator", "product", "age_band", "strategy", "sector", "sex")
        key = (column.index, *(self._cell(row, role) for role in roles))
        if key not in self._meanings:
            base = overlaid(Meaning(), column.meaning)
            self._meanings[key] = judging.judge_qualities(row, self.layout, base, self.map)
        return self._meanings[key]

    def _book_row(self, reason: Reason, number: int, row: Sequence[Cell]) -> None:
        for column in self.layout.values:
            self._book(reason, number, row, column)

    def _book(self, reason: Reason, number: int, row: Sequence[Cell], column: ValueColumn) -> None:
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
                sheet=self.sheet,
                column=self.layout.name(at),
                found=shortened(found),
                expected=reason.expected,
            )
        )


def refuse_percent(
    indicator: str, seen: int, high: int, file: str, sheet: str, first: tuple[int, str, str] | None
) -> None:
    """Raise BadFile where at least half of an indicator's shares are above 2: they are percents."""
    if first is not None and 2 * high >= seen:
        row, column, found = first
        raise BadFile(
            "sources.file.percent_where_share", file=file, sheet=sheet, row=row, column=column,
            found=found, indicator=indicator, n=high, seen=seen,
        )  # fmt: skip


def refuse_without_data(receipt: Receipt, sheet: str) -> None:
    """Raise BadFile where a table has headings and nothing below them."""
    if not receipt.stored and not receipt.rejected:
        raise BadFile("sources.file.only_headings", file=receipt.file_name, sheet=sheet)


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
