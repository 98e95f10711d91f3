"""What does one batch of a long table say, judged column by column instead of row by row?

Every distinct word of a batch is judged once by the rules of `judging`; rows in which nothing is
unusual become numbers and keys at once, all others go through `row_judge` one by one, so that both
ways give the same. What only the whole file can tell is left to `streaming`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from kalanso.sources import judging
from kalanso.sources.column_maps import QUALITIES, REPORTS, ColumnMap, Meaning
from kalanso.sources.judging import ListedPlace, Reason
from kalanso.sources.layouts import Layout, ValueColumn, is_total, overlaid
from kalanso.sources.months import plain
from kalanso.sources.numbers import WrittenNumber, is_blank, proof, written_number
from kalanso.sources.receipts import Receipt
from kalanso.sources.row_judge import FoundNumber, RowJudge
from kalanso.sources.row_kinds import RowKinds, first_column_is_free
from kalanso.sources.text_files import damaged_letters
from kalanso.sources.workbooks import Sheet
from kalanso.vocabulary import Period

STAGED = pa.schema(
    [
        ("row", pa.int64()),
        ("position", pa.int16()),  # which column of numbers, by its position in the layout
        ("place", pa.int32()),
        ("place_key", pa.int32()),  # the same for all spellings of one code and parent
        ("period", pa.int32()),
        ("meaning", pa.int32()),
        ("number", pa.float64()),  # as read, before its unit; the reading with a decimal comma
        ("other", pa.float64()),  # the reading with a decimal point where the two differ
        ("percent", pa.bool_()),
        ("reports_expected", pa.float64()),
        ("reports_received", pa.float64()),
        ("reports_on_time", pa.float64()),
    ]
)
REMEMBERED = 500_000  # verdicts on words that are kept for the next batch
LATER = frozenset({"sources.rejected.percent_where_share", "sources.rejected.ambiguous_number"})
_PLACE = ("place.code", "place.name", "place.parent")
_PERIOD = ("period.column", "period.year", "period.month")
_SLOW = -1  # the code of a word that only the slow way can judge

Words = tuple[np.ndarray, list[str]]


class Codebook:
    """Gives running numbers to places, periods or meanings as they first appear."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, item: Hashable) -> int:
        """Return the number of an item, a new one if it is new."""
        return self.numbers.setdefault(item, len(self.numbers))

    @property
    def items(self) -> list[Any]:
        """The items by their number."""
        return list(self.numbers)


class Stager:
    """Turns batches of text into rows of STAGED; `finish` settles what waited for later rows."""

    def __init__(self, column_map: ColumnMap, layout: Layout, receipt: Receipt) -> None:
        self.map, self.layout, self.receipt = column_map, layout, receipt
        self.places, self.place_keys, self.periods, self.meanings = (
            Codebook(),
            Codebook(),
            Codebook(),
            Codebook(),
        )
        self.proofs: dict[int, set[str]] = {value.index: set() for value in layout.values}
        self.blanks = frozenset(plain(word) for word in column_map.blanks)
        decimals = {value.index: value.meaning.decimal for value in layout.values}
        self.judge = RowJudge("", column_map, layout, receipt, decimals=decimals, decided_later=LATER)
        self.kinds = RowKinds(Sheet(file=receipt.file_name, name="", rows=[]), column_map, layout)
        # Every row may still be followed by data, until `finish` knows better.
        self.kinds.last_row = self.kinds.last_valued = np.iinfo(np.int64).max
        self.last_valued = 0
        self.pending: list[tuple[int, list[str | None]]] = []
        self._memory: dict[str, dict[Any, Any]] = {}

    def stage(self, batch: pa.RecordBatch, rows: np.ndarray) -> pa.Table:
        """Return the numbers of a batch whose rows stand at these places in the file (from 1)."""
        words: dict[int, Words] = {}
        for at in range(batch.num_columns):
            if pa.types.is_dictionary(batch.column(at).type):
                column = batch.column(at)
                words[at] = (column.indices.to_numpy(zero_copy_only=False), column.dictionary.to_pylist())
        place = self._codes(words, _PLACE, self._place, self._remembered("place"))
        period = self._codes(words, _PERIOD, self._period, self._remembered("period"))
        fast = (place >= 0) & (period >= 0) & self._plain_start(words)
        reports = {role: self._reports(words, role) for role in REPORTS}
        for numbers, known in reports.values():
            fast &= known | np.isnan(numbers)
        staged, valued = [], np.zeros(len(rows), dtype=bool)
        for position, column in enumerate(self.layout.values):
            columns, usable, has_value = self._value_column(words, column, position)
            fast &= usable
            valued |= has_value
            staged.append(columns)
        fast &= valued | ~self._starts_as_note(words)
        if valued.any():
            self.last_valued = max(self.last_valued, int(rows[valued].max()))
        tables = [self._fast_rows(columns, fast, rows, place, period, reports) for columns in staged]
        self._slow_rows(batch, rows, ~fast, words)
        return pa.concat_tables([*tables, self._found()])

    def slow_row(self, row: int, cells: Sequence[str | None]) -> None:
        """Judge one row by itself, now or when later rows have shown whether it is a note."""
        kind = self.kinds.skipped(row, cells)
        if kind:
            self.receipt.skipped[kind] += len(self.layout.values)
            return
        if any(judging.is_valued(cells[value.index]) for value in self.layout.values):
            self.last_valued = max(self.last_valued, row)
        elif self.kinds.may_be_note(cells):
            self.pending.append((row, list(cells)))
            return
        self.judge.judge(row, cells)

    def finish(self) -> pa.Table:
        """Settle rows without number and period: notes below the last number, data that lack one above."""
        self._settle_pending()
        self.receipt.skipped["sources.skipped.note"] += len(self.pending) * len(self.layout.values)
        self.receipt.skipped = +self.receipt.skipped
        self.pending = []
        return self._found()

    def _settle_pending(self) -> None:
        settled = [item for item in self.pending if item[0] <= self.last_valued]
        self.pending = [item for item in self.pending if item[0] > self.last_valued]
        for row, cells in settled:
            self.judge.judge(row, cells)

    def _slow_rows(
        self, batch: pa.RecordBatch, rows: np.ndarray, slow: np.ndarray, words: dict[int, Words]
    ) -> None:
        chosen = np.flatnonzero(slow)
        if len(chosen):
            few = batch.take(pa.array(chosen))
            columns = [few.column(at).to_pylist() for at in range(few.num_columns)]
            for row, *cells in zip(rows[chosen].tolist(), *columns, strict=True):
                self.slow_row(row, cells)
        self._settle_pending()

    def _found(self) -> pa.Table:
        """Return what the slow way found since the last call."""
        positions = {value.index: position for position, value in enumerate(self.layout.values)}
        rows = [self._staged_row(item, positions) for item in self.judge.found]
        self.judge.found = []
        return pa.Table.from_pylist(rows, schema=STAGED)

    def _staged_row(self, item: FoundNumber, positions: dict[int, int]) -> dict[str, Any]:
        written = written_number(item.text)
        if item.value.status == "missing":
            number = other = None
        else:
            self._prove(item.column, written)
            number, other = _readings(written, item.meaning.decimal or item.column.meaning.decimal)
        return {
            "row": item.row, "position": positions[item.column.index], "place": self._place_number(item.place),
            "place_key": self.place_keys.number((item.place.code, item.place.parent)),
            "period": self.periods.number(item.period), "meaning": self.meanings.number(item.meaning),
            "number": number, "other": other, "percent": written.percent,
            **dict(zip(REPORTS, item.reports, strict=True)),
        }  # fmt: skip

    def _place_number(self, place: ListedPlace) -> int:
        self.place_keys.number((place.code, place.parent))
        return self.places.number(place)

    def _prove(self, column: ValueColumn, written: WrittenNumber) -> None:
        if mark := proof(written):
            self.proofs[column.index].add(mark)

    def _codes(
        self, words: dict[int, Words], roles: Sequence[str], judge: Callable[..., int], memory: dict[Any, int]
    ) -> np.ndarray:
        """Return the code of each row by the words of several columns; each combination is judged once."""
        columns = [words[at] if (at := self.layout.of(role)) is not None else None for role in roles]
        codes, combinations = _combined(columns, len(words[0][0]))
        found = np.empty(len(combinations), dtype=np.int32)
        for i, combination in enumerate(combinations):
            if combination not in memory:
                memory[combination] = judge(*combination)
            found[i] = memory[combination]
        return found[codes]

    def _remembered(self, name: str) -> dict[Any, Any]:
        memory = self._memory.setdefault(name, {})
        if len(memory) > REMEMBERED:
            memory.clear()
        return memory

    def _place(self, code: str | None, name: str | None, parent: str | None) -> int:
        if not self.map.file.encoding and any(damaged_letters(cell) for cell in (code, name, parent) if cell):
            return _SLOW
        verdict = judging.judge_place(code, name, parent, self.map)
        return _SLOW if isinstance(verdict, Reason) else self._place_number(verdict)

    def _period(self, whole: str | None, year: str | None, month: str | None) -> int:
        verdict = judging.judge_period(whole, year, month, self.map)
        return self.periods.number(verdict) if isinstance(verdict, Period) else _SLOW

    def _plain_start(self, words: dict[int, Words]) -> np.ndarray:
        """Return which rows start neither with a blank nor with the word of a total."""
        free = first_column_is_free(self.layout)
        return self._flags(
            words, "start", lambda w: bool(w.strip()) and not (free and is_total(w, self.map.totals))
        )

    def _starts_as_note(self, words: dict[int, Words]) -> np.ndarray:
        return self._flags(words, "note", judging.is_note)

    def _flags(self, words: dict[int, Words], name: str, test: Callable[[str], bool]) -> np.ndarray:
        indices, distinct = words[0]
        memory = self._remembered(name)
        flags = np.empty(len(distinct), dtype=bool)
        for i, word in enumerate(distinct):
            if word not in memory:
                memory[word] = test(word)
            flags[i] = memory[word]
        return flags[indices]

    def _reports(self, words: dict[int, Words], role: str) -> tuple[np.ndarray, np.ndarray]:
        at = self.layout.of(role)
        if at is None:
            rows = len(words[0][0])
            return np.full(rows, np.nan), np.ones(rows, dtype=bool)
        indices, distinct = words[at]
        numbers, known = np.full(len(distinct), np.nan), np.zeros(len(distinct), dtype=bool)
        for i, word in enumerate(distinct):
            verdict = judging.judge_reports([word], [role], self.map.file.decimal)
            if not isinstance(verdict, Reason):
                known[i] = True
                number = verdict[role]
                numbers[i] = np.nan if number is None else number
        # A word that cannot be judged must not look like a blank.
        numbers[~known] = 0
        return numbers[indices], known[indices]

    def _value_column(
        self, words: dict[int, Words], column: ValueColumn, position: int
    ) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
        meaning = self._codes_of_meaning(words, column)
        indices, distinct = words[column.index]
        judged = self._numbers(column, distinct)
        number, other, percent, usable, valued, certain = (array[indices] for array in judged)
        units = [item.unit for item in self.meanings.items] or [""]
        counted = np.array([unit == "count" for unit in units])[np.maximum(meaning, 0)]
        stated = [bool(item.decimal) for item in self.meanings.items] or [False]
        own_mark = (
            np.array(stated)[np.maximum(meaning, 0)]
            if not column.meaning.decimal
            else np.zeros(1, dtype=bool)
        )
        fits = usable & (meaning >= 0) & ~(counted & percent) & ~(own_mark & ~certain)
        columns = {
            "position": position,
            "meaning": meaning,
            "number": number,
            "other": other,
            "percent": percent,
        }
        return columns, fits, valued

    def _codes_of_meaning(self, words: dict[int, Words], column: ValueColumn) -> np.ndarray:
        roles = ["indicator", *QUALITIES]
        base = overlaid(Meaning(), column.meaning)

        def judge(*cells: str | None) -> int:
            row: list[str | None] = [""] * (max([*self.layout.roles.values(), 0]) + 1)
            for role, cell in zip(roles, cells, strict=True):
                at = self.layout.of(role)
                if at is not None:
                    row[at] = cell
            verdict = judging.judge_qualities(row, self.layout, base, self.map)
            return _SLOW if isinstance(verdict, Reason) else self.meanings.number(verdict)

        return self._codes(words, roles, judge, self._remembered(f"meaning {column.index}"))

    def _numbers(self, column: ValueColumn, distinct: list[str]) -> tuple[np.ndarray, ...]:
        """Return number, other reading, percent, whether usable, valued and certain, of distinct texts."""
        memory = self._remembered(f"value {column.index}")
        for word in distinct:
            if word not in memory:
                memory[word] = self._number(column, word)
        table = [memory[word] for word in distinct]
        kinds = (np.float64, np.float64, bool, bool, bool, bool)
        return tuple(np.array([entry[i] for entry in table], dtype=kind) for i, kind in enumerate(kinds))

    def _number(self, column: ValueColumn, word: str) -> tuple[float, float, bool, bool, bool, bool]:
        nan = float("nan")
        if is_blank(word, self.blanks):
            return nan, nan, False, True, False, True
        written = written_number(word)
        valued = judging.is_valued(word)
        self._prove(column, written)
        number, other = _readings(written, column.meaning.decimal)
        readings = [value for value in (number, other) if value is not None]
        if not readings or any(not abs(value) < judging.NUMBER_LIMIT for value in readings):
            return nan, nan, False, False, valued, False
        certain = written.comma == written.point
        return number or 0.0, nan if other is None else other, written.percent, valued, valued, certain

    def _fast_rows(
        self, columns: dict[str, Any], fast: np.ndarray, rows: np.ndarray, place: np.ndarray, period: np.ndarray,
        reports: dict[str, tuple[np.ndarray, np.ndarray]],
    ) -> pa.Table:  # fmt: skip
        keys = np.array(
            [self.place_keys.numbers[p.code, p.parent] for p in self.places.items] or [0], dtype=np.int32
        )
        chosen = place[fast]
        arrays = {
            "row": rows[fast], "position": np.full(int(fast.sum()), columns["position"], dtype=np.int16),
            "place": chosen, "place_key": keys[chosen], "period": period[fast], "meaning": columns["meaning"][fast],
            "number": _nullable(columns["number"][fast]), "other": _nullable(columns["other"][fast]),
            "percent": columns["percent"][fast], **{role: _nullable(reports[role][0][fast]) for role in REPORTS},
        }  # fmt: skip
        return pa.table(
            [
                pa.array(arrays[name], type=kind)
                for name, kind in zip(STAGED.names, STAGED.types, strict=True)
            ],
            schema=STAGED,
        )


def _readings(written: WrittenNumber, decimal: str) -> tuple[float | None, float | None]:
    """Return the number, and the reading with a decimal point where two readings are possible."""
    if written.ambiguous and not decimal:
        return written.comma, written.point
    return written.value(decimal), None


def _combined(columns: Sequence[Words | None], rows: int) -> tuple[np.ndarray, list[tuple[str | None, ...]]]:
    """Return, for each row, the number of its combination of words, and the combinations."""
    codes = np.zeros(rows, dtype=np.int64)
    combinations: list[tuple[str | None, ...]] = [()] if rows else []
    for column in columns:
        if column is None:
            combinations = [(*found, None) for found in combinations]
            continue
        indices, distinct = column
        codes, pairs = pd.factorize(codes * len(distinct) + indices)
        firsts, seconds = np.divmod(pairs, max(len(distinct), 1))
        joined = zip(firsts.tolist(), seconds.tolist(), strict=True)
        combinations = [(*combinations[first], distinct[second]) for first, second in joined]
    return codes, combinations


def _nullable(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers, mask=np.isnan(numbers))
