"""Where on a sheet of a Countdown workbook do the keys, the numbers and the data begin?

Finds columns by their headings wherever they stand, and the first row of data below however many
heading rows and instructions. What the numbers mean is said by `countdown_headings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kalanso.sources.countdown_headings import ColumnMeaning, bare, column_meaning, key_role, spellings
from kalanso.sources.faults import BadFile
from kalanso.sources.months import find_period, month_number, year_number
from kalanso.sources.numbers import is_blank
from kalanso.sources.workbooks import Cell, Sheet, column_letter, nearest
from kalanso.vocabulary import NotAPeriod, Period

HEADING_ROWS = 15  # instructions above the data have never been longer
LONGEST_NAME = 80  # a longer text in the column of names is an instruction


@dataclass(frozen=True, kw_only=True)
class DataColumn:
    """One column of numbers: its index from 0, its heading and what it means."""

    index: int
    heading: str
    meaning: ColumnMeaning

    @property
    def label(self) -> str:
        """Letter and heading, as a person finds it in the sheet."""
        return f"{column_letter(self.index + 1)} {self.heading}".strip()


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A sheet of which is known where what stands; `first` is the index of the first data row."""

    sheet: Sheet
    role: str
    keys: dict[str, int]
    columns: list[DataColumn]
    first: int

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Return the rows from the first data row on, with their number in the file."""
        yield from enumerate(self.sheet.rows[self.first :], start=self.first + 1)

    def name(self, row: list[Cell], key: str = "district") -> str:
        """Return the text of a key column in one row, spare spaces gone."""
        if key not in self.keys or row[self.keys[key]] is None:
            return ""
        return " ".join(str(row[self.keys[key]]).split())

    def period(self, row: list[Cell]) -> Period | None:
        """Return the month of a row, or its year on yearly sheets, or None where it names none."""
        year = year_number(row[self.keys["year"]])
        if "month" not in self.keys:
            return None if year is None else Period.parse(str(year))
        cell = row[self.keys["month"]]
        number = month_number(cell)
        if year is not None and number is not None:
            return Period.month(year, number)
        try:
            found = find_period(cell, year=year)
        except NotAPeriod:
            return None
        # "January 2020" beside the year 2019 contradicts itself.
        return found if year in {None, found.year} and len(found.months()) == 1 else None


def grid(sheet: Sheet, role: str) -> Grid:
    """Return where things stand on a sheet, or raise BadFile where a key column or all data are missing."""
    needed = {"admin": ("district",), "population": ("district", "year")}.get(
        role, ("district", "year", "month")
    )
    top = next((n for n in range(len(sheet.rows[:HEADING_ROWS])) if _is_heading(sheet.rows[n])), None)
    if top is None:
        raise _no_column(sheet, needed[0], sheet.rows[0] if sheet.rows else [])
    keys = _keys(sheet, top)
    for key in needed:
        if key not in keys:
            raise _no_column(sheet, key, sheet.rows[top])
    first = _first_data_row(sheet, role, keys, top)
    if first is None:
        raise BadFile("sources.countdown.no_rows", file=sheet.file, sheet=sheet.name, row=top + 2)
    taken = {index for key, index in keys.items()}
    columns = [
        column
        for index in range(sheet.width)
        if index not in taken and (column := _column(sheet, role, index, first))
    ]
    return Grid(sheet=sheet, role=role, keys=keys, columns=columns, first=first)


def _is_heading(row: list[Cell]) -> bool:
    return any(key_role([str(cell)]) == "district" for cell in row if cell is not None)


def _keys(sheet: Sheet, top: int) -> dict[str, int]:
    keys: dict[str, int] = {}
    for line in sheet.rows[top : top + 3]:
        for index, cell in enumerate(line):
            if cell is not None and (role := key_role([str(cell)])):
                keys.setdefault(role, index)
    return keys


def _no_column(sheet: Sheet, key: str, row: list[Cell]) -> BadFile:
    headings = [str(cell) for cell in row if cell is not None][:40]
    names = spellings()["keys"][key]
    close = nearest(names[0], headings) or headings[:5]
    return BadFile(
        "sources.file.no_such_column", file=sheet.file, sheet=sheet.name, row=1,
        expected=names[0], found=", ".join(close) or "–",
    )  # fmt: skip


def _first_data_row(sheet: Sheet, role: str, keys: dict[str, int], top: int) -> int | None:
    for number, row in enumerate(sheet.rows[top + 1 :], start=top + 1):
        name = row[keys["district"]]
        if not isinstance(name, str) or is_blank(name) or len(name) > LONGEST_NAME or key_role([name]):
            continue
        if role == "admin":
            # An instruction stands alone in its row.
            if sum(cell is not None for cell in row) > 1:
                return number
        elif year_number(row[keys["year"]]) is not None:
            if "month" not in keys or row[keys["month"]] is not None:
                return number
    return None


def _column(sheet: Sheet, role: str, index: int, first: int) -> DataColumn | None:
    headings = _headings(sheet, index, first)
    found = column_meaning(role, headings)
    if found is None:
        if any(row[index] is not None for row in sheet.rows[first:]):
            letter = column_letter(index + 1)
            return DataColumn(
                index=index,
                heading="",
                meaning=ColumnMeaning(indicator=f"column_{letter.lower()}", known=False),
            )
        return None
    said = [(heading, column_meaning(role, [heading])) for heading in headings]
    others = {(m.indicator, m.product, m.kind) for _, m in said if m is not None and m.known}
    if len(others) > 1:
        raise BadFile(
            "sources.countdown.headings_disagree", file=sheet.file, sheet=sheet.name, row=1,
            column=column_letter(index + 1), found=" / ".join(headings),
        )  # fmt: skip
    return DataColumn(index=index, heading=headings[0], meaning=found)


def _headings(sheet: Sheet, index: int, first: int) -> list[str]:
    """Return the headings above a column, alone and joined with the group that spans it."""
    lines = [row[index] for row in sheet.rows[:first]]
    alone = [" ".join(str(cell).split()) for cell in lines if cell is not None]
    joined = []
    for low, left, high, right in sheet.merged:
        if high < first and left <= index <= right and right > left:
            group = sheet.rows[low][left]
            below = [row[index] for row in sheet.rows[high + 1 : first] if row[index] is not None]
            joined += [f"{group} {sub}" for sub in below if group is not None]
    # Instructions that span the sheet are no headings.
    return [
        text
        for text in dict.fromkeys([*alone, *map(str, joined)])
        if len(text) <= 4 * LONGEST_NAME and bare(text)
    ]
