"""Which rows stand under headings that a publisher is known to use?

For files whose columns are fixed by their publisher: headings are found wherever they stand, in any
order, whatever case, accents and punctuation; lines above them, blank lines and text below the
table are told apart from rows. Free layouts are the business of the `tables` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kalanso.sources.faults import BadFile
from kalanso.sources.months import plain
from kalanso.sources.numbers import decimal_mark, is_blank, written_number
from kalanso.sources.receipts import Receipt, Rejection
from kalanso.sources.workbooks import Cell, FaultyCell, Sheet, Workbook
from kalanso.vocabulary import Message

HEADING_ROWS = 20
LISTED_REJECTIONS = 5_000


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One publisher's table: its fields with the headings that may stand over them.

    A table is of this dialect where all `required` fields have a heading in one row.
    """

    name: str
    fields: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ListedRow:
    """One row: its number in the file, and its cells by field (None where the column is absent)."""

    number: int
    cells: Mapping[str, Cell]

    def text(self, field: str) -> str:
        """Return a cell as text without spare spaces; empty for blanks and words such as NA."""
        cell = self.cells.get(field)
        if cell is None or isinstance(cell, FaultyCell):
            return ""
        text = " ".join(str(cell).split())
        return "" if is_blank(text) else text


@dataclass(frozen=True, kw_only=True)
class ListedRows:
    """The rows of a table, under which dialect and where; `unread` are headings of no field, over cells that hold something."""

    dialect: Dialect
    sheet: Sheet
    heading_row: int
    headings: Mapping[str, str]
    rows: list[ListedRow]
    marks: Mapping[str, str]
    unread: tuple[str, ...] = ()

    def notes(self) -> list[Message]:
        """Return what a person should know of columns that were left out."""
        told = {"n": len(self.unread), "names": ", ".join(self.unread)}
        return [Message("sources.note.left_out", told)] if self.unread else []

    def number(self, row: ListedRow, field: str) -> float | str | None:
        """Return the number of a cell, None where it is blank, or the id of the reason to refuse it."""
        cell = row.cells.get(field)
        if cell is None or (isinstance(cell, str) and is_blank(cell)):
            return None
        if isinstance(cell, FaultyCell):
            return "sources.rejected.error_cell"
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            return float(cell)
        if isinstance(cell, str):
            value = written_number(cell).value(self.marks.get(field, ""))
            if value is not None:
                return value
        return "sources.rejected.not_a_number"


def bare(text: object) -> str:
    """Return a heading as letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", plain(str(text)))


def find_rows(book: Workbook, dialects: Iterable[Dialect], *, reader: str) -> ListedRows:
    """Return the rows of the first dialect that a sheet of a workbook follows.

    Raises BadFile, naming the dialect that comes nearest and the heading that it misses.
    """
    best: tuple[int, Dialect, list[str], Sheet] | None = None
    for dialect in dialects:
        for sheet in book.sheets.values():
            for number, cells in enumerate(sheet.rows[:HEADING_ROWS]):
                found = _columns(cells, dialect)
                missing = [field for field in dialect.required if field not in found]
                if not missing:
                    return _rows(sheet, dialect, number, found)
                if found and (best is None or len(found) - len(missing) > best[0]):
                    best = (len(found) - len(missing), dialect, missing, sheet)
    if best is None:
        raise BadFile("sources.file.unknown_table", file=book.file, reader=reader)
    _, dialect, missing, sheet = best
    headings = [str(cell) for cell in next((row for row in sheet.rows if any(row)), []) if cell is not None]
    raise BadFile(
        "sources.file.no_such_column", file=book.file, sheet=sheet.name, row=1,
        expected=dialect.fields[missing[0]][0], found=", ".join(headings[:12]) or "–",
    )  # fmt: skip


def _columns(cells: Sequence[Cell], dialect: Dialect) -> dict[str, int]:
    found: dict[str, int] = {}
    said: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if cell is not None:
            said.setdefault(bare(cell), index)
    for field, names in dialect.fields.items():
        for name in names:
            if bare(name) in said and field not in found:
                found[field] = said[bare(name)]
    return found


def _rows(sheet: Sheet, dialect: Dialect, heading: int, found: Mapping[str, int]) -> ListedRows:
    rows = [
        ListedRow(number=number, cells={field: cells[index] for field, index in found.items()})
        for number, cells in enumerate(sheet.rows[heading + 1 :], start=heading + 2)
        if any(cell is not None and str(cell).strip() for cell in cells)
    ]
    marks = {
        field: decimal_mark(str(row.cells[field]) for row in rows if isinstance(row.cells[field], str))
        for field in found
    }
    headings = {field: str(sheet.rows[heading][index]) for field, index in found.items()}
    return ListedRows(
        dialect=dialect, sheet=sheet, heading_row=heading + 1, headings=headings, rows=rows, marks=marks,
        unread=_unread(sheet, heading, found),
    )  # fmt: skip


def _unread(sheet: Sheet, heading: int, found: Mapping[str, int]) -> tuple[str, ...]:
    """Return the headings that no field takes, where anything stands under them."""
    others = {
        index: " ".join(str(cell).split())
        for index, cell in enumerate(sheet.rows[heading])
        if index not in found.values() and cell is not None and str(cell).strip()
    }
    below = sheet.rows[heading + 1 :]
    return tuple(
        name for index, name in others.items()
        if any(index < len(cells) and cells[index] is not None and str(cells[index]).strip() for cells in below)
    )  # fmt: skip


def is_note(row: ListedRow, expected: Iterable[str]) -> bool:
    """Whether a row is a text under the table: none of the expected fields holds anything with a digit."""
    return not any(re.search(r"\d", row.text(field)) for field in expected)


@dataclass(kw_only=True)
class Ledger:
    """Counts the rows or values of one reading, so that the receipt adds up."""

    receipt: Receipt
    sheet: str = ""

    def skip(self, reason: str, n: int = 1) -> None:
        """Count what is no data."""
        self.receipt.read += n
        self.receipt.skipped[reason] += n

    def store(self, n: int = 1) -> None:
        """Count what was stored."""
        self.receipt.read += n
        self.receipt.stored += n

    def unstore(self, n: int = 1) -> None:
        """Take back what was stored before a later row contradicted it; the caller refuses it."""
        self.receipt.read -= n
        self.receipt.stored -= n

    def reject(
        self,
        reason: str,
        row: int,
        *,
        column: str = "",
        found: object = None,
        expected: object = None,
        n: int = 1,
    ) -> None:
        """Count what was refused; the first thousands are listed one by one."""
        self.receipt.read += n
        if len(self.receipt.rejections) >= LISTED_REJECTIONS:
            self.receipt.rejected_beyond_list[reason] += n
            return
        said = [None if text is None else str(text)[:200] for text in (found, expected)]
        self.receipt.rejections.append(
            Rejection(
                reason=reason, sheet=self.sheet, row=row, column=column, found=said[0], expected=said[1]
            )
        )
        self.receipt.rejected_beyond_list[reason] += n - 1

    def doubt(self, reason: str, when: bool = True) -> None:
        """Count a stored value that looks doubtful."""
        if when:
            self.receipt.suspicious[reason] += 1
