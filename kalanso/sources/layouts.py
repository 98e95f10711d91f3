"""Which column of this sheet plays which part of the column map?

Finds the mapped headings in the sheet, whatever their order, case and accents; gives every other
column its meaning from the rows of headings; refuses a sheet that does not fit the map.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kalanso.sources.column_maps import QUALITIES, REPORTS, ColumnMap, Meaning
from kalanso.sources.faults import BadFile
from kalanso.sources.headings import quality_code, recognised, slug
from kalanso.sources.months import find_period, month_number, plain, year_number
from kalanso.sources.workbooks import Cell, Sheet, column_letter, nearest
from kalanso.vocabulary import NotAPeriod, Period, PeriodType


@dataclass(frozen=True, kw_only=True)
class ValueColumn:
    """One column of numbers: where it stands (from 0), its heading, and what it means so far."""

    index: int
    heading: str
    meaning: Meaning
    period: Period | None = None
    month: int | None = None

    @property
    def letter(self) -> str:
        """The letters of the column."""
        return column_letter(self.index + 1)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of one sheet by their part: `roles` maps parts of the map to columns from 0.

    `width` is the number of cells that the lowest row of headings has in the file.
    """

    roles: dict[str, int]
    values: tuple[ValueColumn, ...]
    headings: tuple[str, ...]
    first_row: int
    left_out: tuple[str, ...] = ()
    width: int = 0

    def of(self, role: str) -> int | None:
        """Return the column of a part, such as `place.name`, or None where the map has none."""
        return self.roles.get(role)

    def name(self, at: int) -> str:
        """Return the heading of a column (from 0), or its letters where it has none."""
        return (self.headings[at] if at < len(self.headings) else "") or column_letter(at + 1)

    @property
    def identifying(self) -> tuple[int, ...]:
        """Columns that say where a number belongs."""
        return tuple(index for role, index in self.roles.items() if role not in REPORTS)


def lay_out(sheet: Sheet, column_map: ColumnMap) -> Layout:
    """Return the part of every column, or raise BadFile naming the heading that is missing or strange."""
    rows = column_map.file.headings
    if max(rows) > len(sheet.rows):
        raise BadFile("sources.file.no_headings", file=sheet.file, sheet=sheet.name, row=max(rows))
    grid = _heading_grid(sheet, rows)
    names = _names(grid)
    finder = _Finder(sheet, rows[-1], names, grid)
    roles = {role: finder.find(heading) for role, heading in _mapped(column_map)}
    ignored = {finder.find(heading) for heading in column_map.ignore if finder.exists(heading)}
    layout = Layout(
        roles=roles, values=(), headings=tuple(names), first_row=max(rows) + 1, width=_width(sheet, rows[-1])
    )
    if column_map.value:
        return _long(sheet, column_map, layout, finder, ignored)
    return _wide(sheet, column_map, layout, _filled(grid), ignored)


def _width(sheet: Sheet, row: int) -> int:
    """Return how many cells a row has; in a text file a cell that does not exist is None."""
    cells = sheet.rows[row - 1]
    return len(cells) if sheet.name else sum(cell is not None for cell in cells)


def _mapped(m: ColumnMap) -> Iterable[tuple[str, str]]:
    named = {
        "place.code": m.place.code, "place.name": m.place.name, "place.parent": m.place.parent,
        "period.column": m.period.column, "period.year": m.period.year, "period.month": m.period.month,
        "indicator": m.indicator, "value": m.value, **m.columns,
    }  # fmt: skip
    return [(role, heading) for role, heading in named.items() if heading]


def _heading_grid(sheet: Sheet, rows: Sequence[int]) -> list[list[Cell]]:
    """Return the cells of the heading rows, merged ranges filled with their first cell."""
    grid = [list(sheet.rows[row - 1]) for row in rows]
    for top, left, bottom, right in sheet.merged:
        for position, row in enumerate(rows):
            # A heading merged downwards names its column once, in the lowest of its rows.
            if top <= row - 1 <= bottom and (row - 1 == bottom or row == rows[-1] or right > left):
                for column in range(left, min(right + 1, sheet.width)):
                    grid[position][column] = sheet.rows[top][left]
            elif top <= row - 1 < bottom:
                grid[position][left] = None
    return grid


def _filled(grid: list[list[Cell]]) -> list[list[Cell]]:
    """Return the grid with every blank of the upper rows filled from its left."""
    filled = [list(row) for row in grid]
    for row in filled[:-1]:
        for column in range(1, len(row)):
            if _blank(row[column]) and not _blank(filled[-1][column]):
                row[column] = row[column - 1]
    return filled


def _names(grid: list[list[Cell]]) -> list[str]:
    names = []
    for column in range(len(grid[0]) if grid else 0):
        parts = [_text(row[column]) for row in grid if not _blank(row[column])]
        names.append(" / ".join(dict.fromkeys(parts)))
    return names


class _Finder:
    """Finds columns by heading, by the lowest part of a heading, or by letter (`@C`)."""

    def __init__(self, sheet: Sheet, row: int, names: list[str], grid: list[list[Cell]]) -> None:
        self.sheet, self.row, self.names = sheet, row, names
        parts = [[_text(cells[i]) for cells in grid if not _blank(cells[i])] for i in range(len(names))]
        self.whole = [plain(name) for name in names]
        self.last = [plain(part[-1]) if part else "" for part in parts]

    def places(self, heading: str) -> list[int]:
        if heading.startswith("@"):
            letters = [column_letter(i + 1) for i in range(len(self.names))]
            return [i for i, letter in enumerate(letters) if letter == heading[1:].upper()]
        wanted = plain(heading)
        for names in (self.whole, self.last):
            if found := [i for i, name in enumerate(names) if name == wanted]:
                return found
        return []

    def exists(self, heading: str) -> bool:
        return len(self.places(heading)) == 1

    def find(self, heading: str) -> int:
        found = self.places(heading)
        where: dict[str, Any] = {"file": self.sheet.file, "sheet": self.sheet.name, "row": self.row}
        if len(found) > 1:
            letters = ", ".join(column_letter(i + 1) for i in found)
            raise BadFile("sources.file.repeated_column", expected=heading, found=letters, **where)
        if not found:
            headings = [name for name in self.names if name]
            other = self._elsewhere(plain(heading))
            case = "sources.file.column_elsewhere" if other else "sources.file.no_such_column"
            near = ", ".join(nearest(heading, headings) or headings) or "—"
            raise BadFile(case, expected=heading, found=near, other=other, **where)
        return found[0]

    def _elsewhere(self, wanted: str) -> int | None:
        """Return another row, among the first, in which the heading stands."""
        for number, row in enumerate(self.sheet.rows[:60], 1):
            if number != self.row and any(not _blank(cell) and plain(_text(cell)) == wanted for cell in row):
                return number
        return None


def _long(sheet: Sheet, column_map: ColumnMap, layout: Layout, finder: _Finder, ignored: set[int]) -> Layout:
    index = finder.find(column_map.value)
    constants = _constant_meaning(column_map)
    value = ValueColumn(index=index, heading=layout.headings[index], meaning=constants)
    left_out = _others(sheet, column_map, layout, set(layout.roles.values()) | ignored)
    return replace(layout, values=(value,), left_out=left_out)


def _others(sheet: Sheet, column_map: ColumnMap, layout: Layout, known: set[int]) -> tuple[str, ...]:
    """Return the headings of columns without a part; a long table may carry any number of them."""
    names = enumerate(layout.headings)
    return tuple(name or f"@{column_letter(i + 1)}" for i, name in names if i not in known)


def _wide(
    sheet: Sheet, column_map: ColumnMap, layout: Layout, grid: list[list[Cell]], ignored: set[int]
) -> Layout:
    taken = set(layout.roles.values()) | ignored
    values: list[ValueColumn] = []
    left_out: list[str] = []
    for index, heading in enumerate(layout.headings):
        if index in taken or index >= layout.width:
            continue
        name = heading or f"@{column_letter(index + 1)}"
        if not heading:
            _refuse_unnamed(sheet, column_map, layout, index)
        elif _is_sum(heading, column_map):
            left_out.append(name)
        elif column := _value_column(sheet, column_map, grid, index, heading):
            values.append(column)
        else:
            left_out.append(name)
    if not values:
        raise BadFile("sources.file.no_values", file=sheet.file, sheet=sheet.name, row=layout.first_row - 1)
    _refuse_twins(sheet, layout, values)
    return replace(layout, values=tuple(values), left_out=tuple(left_out))


def _is_sum(heading: str, column_map: ColumnMap) -> bool:
    if meaning_of(heading, column_map) or meaning_of(heading.split(" / ")[-1], column_map):
        return False
    return any(is_total(part, column_map.totals) for part in (heading, *heading.split(" / ")))


def _refuse_unnamed(sheet: Sheet, column_map: ColumnMap, layout: Layout, index: int) -> None:
    """Raise BadFile where a column without a heading holds numbers: columns may have been shifted."""
    if column_map.other_columns == "ignore":
        return
    for number, row in enumerate(sheet.rows[layout.first_row - 1 :], layout.first_row):
        if not _blank(row[index]) and not any(is_total(_text(cell)) for cell in row if cell is not None):
            raise BadFile(
                "sources.file.unnamed_column", file=sheet.file, sheet=sheet.name, row=number,
                column=column_letter(index + 1), found=row[index],
            )  # fmt: skip


def _refuse_twins(sheet: Sheet, layout: Layout, values: list[ValueColumn]) -> None:
    twins = Counter((v.meaning, v.period, v.month) for v in values)
    for value in values:
        if twins[value.meaning, value.period, value.month] > 1:
            first = next(
                v
                for v in values
                if (v.meaning, v.period, v.month) == (value.meaning, value.period, value.month)
            )
            if first is not value:
                raise BadFile(
                    "sources.file.repeated_column", file=sheet.file, sheet=sheet.name,
                    row=layout.first_row - 1, expected=value.heading, found=f"{first.letter}, {value.letter}",
                )  # fmt: skip


def _value_column(
    sheet: Sheet, column_map: ColumnMap, grid: list[list[Cell]], index: int, heading: str
) -> ValueColumn | None:
    """Return what a column of numbers means by its headings; None for one to be left out."""
    cells: dict[str, list[Cell]] = {}
    for role, row in zip(column_map.wide, grid, strict=True):
        if not _blank(row[index]):
            cells.setdefault(role, []).append(row[index])
    where: dict[str, Any] = {"file": sheet.file, "sheet": sheet.name, "row": column_map.file.headings[-1],
             "column": column_letter(index + 1)}  # fmt: skip
    meaning = _constant_meaning(column_map)
    if "indicator" in column_map.wide:
        label = " / ".join(_text(cell) for cell in cells.get("indicator", ()))
        known = meaning_of(label, column_map) or meaning_of(heading, column_map)
        if known is None:
            known = _unlisted(column_map, label or heading, where)
        if known is None:
            return None
        meaning = overlaid(meaning, known)
    for role in QUALITIES:
        if role in column_map.wide:
            word = _text(cells.get(role, [""])[0])
            code = quality_code(role, word, column_map.labels) if word else None
            if code is None:
                raise BadFile("sources.file.unknown_label", found=word, expected=role, **where)
            meaning = replace(meaning, **{role: code})
    period, month = _heading_period(column_map, cells, where)
    return ValueColumn(index=index, heading=heading, meaning=meaning, period=period, month=month)


def _heading_period(
    column_map: ColumnMap, cells: dict[str, list[Cell]], where: dict[str, Any]
) -> tuple[Period | None, int | None]:
    year = column_map.period.year_is
    if "year" in column_map.wide:
        cell = cells.get("year", [None])[0]
        year = year_number(cell)
        if year is None:
            raise BadFile("sources.file.unknown_period", found=cell, **where)
    if "month" in column_map.wide:
        cell = cells.get("month", [None])[0]
        month = month_number(cell)
        if month is None:
            raise BadFile("sources.file.unknown_period", found=cell, **where)
        return (Period.month(year, month), None) if year else (None, month)
    if "period" in column_map.wide:
        cell = cells.get("period", [None])[0]
        try:
            return period_of(cell, column_map, year=year), None
        except NotAPeriod as error:
            raise BadFile("sources.file.unknown_period", found=cell, **where) from error
    return None, None


def period_of(cell: object, column_map: ColumnMap, *, year: int | None = None) -> Period:
    """Return the period that a cell names under the settings of the map."""
    settings = column_map.period
    kind = PeriodType(settings.type) if settings.type else None
    day_first = {"dmy": True, "mdy": False}.get(column_map.file.dates)
    return find_period(cell, year=year or settings.year_is, kind=kind, day_first=day_first)


def _unlisted(column_map: ColumnMap, label: str, where: dict[str, Any]) -> Meaning | None:
    if column_map.other_columns == "ignore":
        return None
    if column_map.other_columns == "keep":
        return recognised(label) or Meaning(indicator=slug(label))
    known = [*column_map.indicators]
    raise BadFile(
        "sources.file.unknown_column",
        found=label,
        expected=", ".join(nearest(label, known) or known),
        **where,
    )


def meaning_of(label: str, column_map: ColumnMap) -> Meaning | None:
    """Return the meaning that the map gives to a heading or name of an indicator, or None."""
    wanted = plain(label)
    for known, meaning in column_map.indicators.items():
        if plain(known) == wanted:
            return meaning if meaning.indicator else replace(meaning, indicator=slug(label))
    return None


def overlaid(below: Meaning, above: Meaning) -> Meaning:
    """Return a meaning whose blanks are filled from another one."""
    given = {name: value for name, value in vars(above).items() if value}
    return replace(below, **given)


def _constant_meaning(column_map: ColumnMap) -> Meaning:
    known = {key: value for key, value in column_map.constants.items() if key in vars(Meaning())}
    return Meaning(**{"unit": column_map.unit, "decimal": column_map.file.decimal, **known})


def is_total(text: str, words: Iterable[str] = ()) -> bool:
    """Return whether a text labels a sum of other rows or columns, such as `TOTAL GENERAL`."""
    bare = plain(text).strip(" :*.=")
    if bare in {"ensemble", "somme", "sum", "cumul", "cumule", "totaux", "totals"} or bare in {
        plain(w) for w in words
    }:
        return True
    words_inside = bare.replace("-", " ").split()
    return bool(words_inside) and ("total" in words_inside[:2] or words_inside[-1] == "total")


def _blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _text(cell: object) -> str:
    return " ".join(str(cell).split())
