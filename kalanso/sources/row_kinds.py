"""Is this row data, or a blank line, a repeated heading, a total or a note under the table?

Only the form of a row is looked at, never whether its numbers are right.
"""

from __future__ import annotations

from collections.abc import Sequence

from kalanso.sources import judging
from kalanso.sources.column_maps import QUALITIES, ColumnMap
from kalanso.sources.layouts import Layout, is_total
from kalanso.sources.months import plain
from kalanso.sources.workbooks import Cell, Sheet

_PERIODS = ("period.column", "period.year", "period.month")


class RowKinds:
    """Tells rows without data, which are skipped with a reason; rows must be asked in order."""

    def __init__(self, sheet: Sheet, column_map: ColumnMap, layout: Layout) -> None:
        self.map, self.layout = column_map, layout
        self.values = [value.index for value in layout.values]
        self.last_row = min(column_map.file.last_row or len(sheet.rows), len(sheet.rows))
        self.last_valued = self._last_valued(sheet)
        self._after_blank = False
        self._headings = {
            at: plain(layout.headings[at].split(" / ")[-1]) for at in {*layout.roles.values(), *self.values}
        }

    def skipped(self, number: int, row: Sequence[Cell]) -> str | None:
        """Return the reason why a row (from 1) is no data, or None."""
        if number > self.last_row:
            return "sources.skipped.after_last_row"
        texts = [judging.cell_text(cell) for cell in row]
        if not any(texts):
            self._after_blank = True
            return "sources.skipped.blank_line"
        if self._repeats_headings(texts):
            return "sources.skipped.repeated_heading"
        if first_column_is_free(self.layout) and is_total(texts[0], self.map.totals):
            return "sources.skipped.total"
        if self._is_note(number, row, texts):
            return "sources.skipped.note"
        if number <= self.last_valued:
            self._after_blank = False
        return None

    def _last_valued(self, sheet: Sheet) -> int:
        for number in range(self.last_row, self.layout.first_row - 1, -1):
            if any(judging.is_valued(sheet.rows[number - 1][at]) for at in self.values):
                return number
        return self.layout.first_row - 1

    def _repeats_headings(self, texts: Sequence[str]) -> bool:
        said = [(plain(texts[at]), name) for at, name in self._headings.items() if texts[at]]
        return len(said) > 1 and all(text == name for text, name in said)

    def may_be_note(self, row: Sequence[Cell]) -> bool:
        """Return whether a row says neither period nor number, so that below the table it is a note.

        Words where numbers or nothing should stand are a shifted row rather than a note.
        """
        timed = [at for role in _PERIODS if (at := self.layout.of(role)) is not None]
        said = any(judging.cell_text(row[at]) for at in (*timed, *self.values))
        return not said and not any(judging.cell_text(cell) for cell in row[self.layout.width :])

    def _is_note(self, number: int, row: Sequence[Cell], texts: Sequence[str]) -> bool:
        if any(judging.is_valued(row[at]) for at in self.values):
            return False
        has_period = [at for role in _PERIODS if (at := self.layout.of(role)) is not None]
        if judging.is_note(next(text for text in texts if text)):
            return True
        if number <= self.last_valued or not self.may_be_note(row):
            return False
        identifying = self.layout.identifying
        fewer = any(not texts[at] for at in identifying)
        return bool(has_period) or self._after_blank or fewer


def first_column_is_free(layout: Layout) -> bool:
    """Return whether the first column may carry the word of a total: it is no indicator nor quality."""
    parts = {role for role, at in layout.roles.items() if at == 0}
    taken = {"indicator", "value", "period.column", *QUALITIES}
    return not parts & taken and all(value.index for value in layout.values)
