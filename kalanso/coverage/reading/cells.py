"""What stands in one CSV file of an evidence folder?

Finds letters, separator and decimal mark as people's spreadsheets leave them, checks headings, and
gives typed columns with the row numbers that a spreadsheet shows. What a value means for the model
is judged by the files beside this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kalanso.coverage.evidence_tables import EvidenceTable
from kalanso.coverage.faults import EvidenceRefused
from kalanso.coverage.reading.receipts import Receipt
from kalanso.sources.numbers import decimal_mark, is_blank, written_number
from kalanso.sources.text_files import decode, find_separator, parse
from kalanso.store import Column
from kalanso.vocabulary import Message, NotAPeriod, Period, PeriodType

ROW = "_row"  # number of the row in the file; the heading is row 1
_YES = {"yes": 1.0, "true": 1.0, "oui": 1.0, "vrai": 1.0, "no": 0.0, "false": 0.0, "non": 0.0, "faux": 0.0}
_FRENCH_QUARTER = re.compile(r"(\d{4})[ -]?[TQtq]([1-4])|[TQtq]([1-4])[ -]?(\d{4})")


@dataclass(frozen=True)
class Cells:
    """The rows of one file: columns by heading, as text where the file is a CSV.

    `frame` holds the columns that the file has, and `_row`. `decimal` is the decimal mark that the
    file proves, or empty.
    """

    name: str
    frame: pd.DataFrame
    separator: str = ","

    @property
    def file(self) -> str:
        """The name of the file, for sentences."""
        return f"{self.name}.csv"

    def __len__(self) -> int:
        return len(self.frame)


def read_cells(path: Path, name: str, receipt: Receipt) -> Cells | None:
    """Return the cells of a CSV file; None where the file is absent or has no rows."""
    if not path.is_file():
        return None
    text = decode(path.read_bytes(), file=path.name).text
    separator = find_separator(text)
    rows = parse(re.sub(r"\A\s*sep=.\r?\n", "", text, flags=re.IGNORECASE), separator, file=path.name)
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    if not filled:
        return None
    headings = [_heading(cell) for cell in filled[0][1]]
    while headings and not headings[-1]:
        headings.pop()
    if twice := sorted({name for name in headings if name and headings.count(name) > 1}):
        raise EvidenceRefused(
            "coverage.folder.heading_twice", file=path.name, row=filled[0][0], found=", ".join(twice)
        )
    for number, row in filled[1:]:
        if any(cell.strip() for cell in row[len(headings) :]):
            raise EvidenceRefused(
                "coverage.folder.too_many_cells", file=path.name, row=number,
                expected=len(headings), found=len(row),
            )  # fmt: skip
    body = [[*row[: len(headings)], *[""] * (len(headings) - len(row))] for _, row in filled[1:]]
    frame = pd.DataFrame(body, columns=headings, dtype=object)
    for heading in headings:
        frame[heading] = _stripped(frame[heading])
    frame[ROW] = [number for number, _ in filled[1:]]
    receipt.of(name).read = len(frame)
    return Cells(name, frame, separator) if len(frame) else None


def given_cells(name: str, rows: pd.DataFrame, receipt: Receipt) -> Cells | None:
    """Return the cells of rows that stand in memory already; None where there are none."""
    frame = rows.reset_index(drop=True).copy()
    frame[ROW] = np.arange(len(frame)) + 2
    receipt.of(name).read = len(frame)
    return Cells(name, frame) if len(frame) else None


def _heading(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().lower())


def _stripped(values: pd.Series) -> pd.Series:
    return mapped(values, str.strip)


def is_text(values: pd.Series) -> bool:
    """Return whether a column holds texts rather than numbers or flags."""
    return not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))


def mapped(values: pd.Series, function: Any) -> pd.Series:
    """Apply a slow function to the distinct values of a column only."""
    distinct = {value: function(value) for value in values.unique()}
    return values.map(distinct)


def typed(
    cells: Cells,
    table: EvidenceTable,
    receipt: Receipt,
    *,
    also: Iterable[Column] = (),
    absent: Iterable[str] = (),
) -> pd.DataFrame:
    """Return the columns of a table with their types, and `_row`.

    `also` are further columns that the file may have; columns in `absent` may be missing although
    the table needs them. Unknown columns are said and left out. Raises EvidenceRefused for a
    missing column, an empty key, a text where a number was expected, a number or word out of range.
    """
    columns = [*table.columns, *also]
    known = [column.name for column in columns]
    missing = [
        c.name for c in columns if c.name not in cells.frame and not c.nullable and c.name not in set(absent)
    ]
    if missing:
        raise EvidenceRefused(
            "coverage.folder.missing_column", file=cells.file, row=1, column=missing[0],
            expected=", ".join(known), found=", ".join(str(h) for h in cells.frame.columns if h != ROW),
        )  # fmt: skip
    extra = [str(name) for name in cells.frame.columns if name not in known and name not in (ROW, "")]
    if extra and not table.numeric_others:
        receipt.say("unknown_columns", file=cells.file, found=", ".join(extra), n=len(extra))
    found = {ROW: cells.frame[ROW]}
    for column in columns:
        if column.name in cells.frame:
            found[column.name] = one_column(cells, column)
    return pd.DataFrame(found)


def one_column(cells: Cells, column: Column) -> pd.Series:
    """Return one column with its type; its blanks become NaN, an empty text or False."""
    values = cells.frame[column.name]
    if column.type == "string":
        return _words(cells, column, values)
    if column.type == "bool":
        numbers = numbers_of(cells, column.name, share=False)
        return numbers.fillna(0.0) > 0
    numbers = numbers_of(cells, column.name, share=column.unit == "share")
    _within(cells, column, numbers)
    return numbers


def _words(cells: Cells, column: Column, values: pd.Series) -> pd.Series:
    texts = mapped(values.astype(object).where(values.notna(), ""), str)
    if not column.nullable and (texts == "").any():
        raise _refused(cells, column.name, texts == "", "coverage.folder.empty_cell", None)
    return texts


def numbers_of(cells: Cells, name: str, *, share: bool) -> pd.Series:
    """Return a column as numbers, NaN where blank; a percent sign divides a share by 100.

    Raises EvidenceRefused at the first cell that is no number, or that can mean two.
    """
    values = cells.frame[name]
    if not is_text(values):
        return _finite(cells, name, values.astype(float))
    texts = mapped(values.where(values.notna(), ""), str)
    mark = decimal_mark(texts.unique()) or _mark_of_file(cells)
    found = mapped(texts, lambda text: _number(text, mark, share))
    wrong = found.map(lambda number: isinstance(number, str))
    if wrong.any():
        reason = str(found[wrong].iloc[0])
        raise _refused(cells, name, wrong, f"coverage.folder.{reason}", Message("coverage.folder.a_number"))
    return _finite(cells, name, found.astype(float))


def _number(text: str, mark: str, share: bool) -> float | str:
    if is_blank(text):
        return np.nan
    if text.lower() in _YES:
        return _YES[text.lower()]
    number = written_number(text)
    value = number.value(mark)
    if number.percent:
        return value / 100 if share and value is not None else "not_a_number"
    if value is None:
        return "two_readings" if number.ambiguous else "not_a_number"
    return value


def _mark_of_file(cells: Cells) -> str:
    """The decimal mark that the file's other columns prove; without proof, a point unless `;` separates."""
    marks = set()
    for name in cells.frame.columns:
        if is_text(cells.frame[name]):
            marks.add(decimal_mark([str(v) for v in cells.frame[name].unique()[:500]]))
    marks.discard("")
    if len(marks) == 1:
        return marks.pop()
    return "" if cells.separator == ";" else "."


def _finite(cells: Cells, name: str, numbers: pd.Series) -> pd.Series:
    wrong = np.isinf(numbers)
    if wrong.any():
        raise _refused(
            cells, name, wrong, "coverage.folder.not_a_number", Message("coverage.folder.a_number")
        )
    return numbers


def _within(cells: Cells, column: Column, numbers: pd.Series) -> None:
    if column.unit == "share" and (numbers > 1).any():
        raise _refused(cells, column.name, numbers > 1, "coverage.folder.not_a_share", "0 – 1")
    # Counts below zero have a stated handling of their own; degrees and years have none.
    low = column.minimum if column.unit in {"degrees", "year", "share", "logit", "log"} else None
    outside = pd.Series(False, index=numbers.index)
    if low is not None:
        outside |= numbers < low
    if column.maximum is not None:
        outside |= numbers > column.maximum
    if outside.any():
        bounds = f"{column.minimum:g} – {'∞' if column.maximum is None else format(column.maximum, 'g')}"
        raise _refused(cells, column.name, outside, "coverage.folder.out_of_range", bounds)


def _refused(cells: Cells, name: str, wrong: pd.Series, message_id: str, expected: object) -> EvidenceRefused:
    at = int(np.flatnonzero(wrong.to_numpy())[0])
    return EvidenceRefused(
        message_id, file=cells.file, row=int(cells.frame[ROW].iloc[at]), column=name,
        expected=expected, found=str(cells.frame[name].iloc[at]),
    )  # fmt: skip


def refuse_rows(
    name: str,
    frame: pd.DataFrame,
    wrong: Any,
    message_id: str,
    column: str,
    expected: object = None,
    **params: Any,
) -> None:
    """Raise EvidenceRefused for the first row that `wrong` marks, if there is one."""
    marked = np.flatnonzero(np.asarray(wrong))
    if len(marked):
        row = frame.iloc[int(marked[0])]
        raise EvidenceRefused(
            message_id, file=f"{name}.csv", row=int(row[ROW]), column=column, expected=expected,
            found=str(row.get(column, "")), n=len(marked), **params,
        )  # fmt: skip


def words_among(name: str, frame: pd.DataFrame, column: str, allowed: Iterable[str]) -> None:
    """Raise EvidenceRefused for a word that is not among those allowed."""
    words = list(allowed)
    wrong = ~frame[column].isin(words)
    listed = ", ".join(word for word in words if word)
    refuse_rows(name, frame, wrong, "coverage.folder.not_a_word", column, expected=listed)


def quarters(code: str) -> tuple[str, str, int] | None:
    """Return the first and last quarter that a code covers, and its months; None for no period.

    Reads quarters (2024Q1, T1 2024), months (202401, 2024-01) and calendar years (2024).
    """
    text = str(code).strip()
    if found := _FRENCH_QUARTER.fullmatch(text):
        year, number = (found[1], found[2]) if found[1] else (found[4], found[3])
        return f"{year}Q{number}", f"{year}Q{number}", 3
    try:
        period = Period.parse(text)
    except NotAPeriod:
        return None
    if period.type not in {PeriodType.MONTH, PeriodType.QUARTER, PeriodType.YEAR}:
        return None
    inside = period.months()
    first, last = (inside[at].to(PeriodType.QUARTER).code for at in (0, -1))
    return first, last, len(inside)
