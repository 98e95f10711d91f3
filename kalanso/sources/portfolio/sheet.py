"""How is a messy sheet of the portfolio taken apart: layout, two header rows, merged cells, totals, duplicates?

Two layouts: a list (one row per intervention and district) and a grid (one row per intervention, districts as columns).
Only merged cells carry a value over several rows; an empty cell never takes the value above it.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kalanso.places.names import parse_name
from kalanso.sources.faults import BadFile
from kalanso.sources.months import plain
from kalanso.sources.portfolio import values
from kalanso.sources.portfolio.headings import OF_CELL, OF_INTERVENTION, field_of
from kalanso.sources.portfolio.values import READERS, Unclear
from kalanso.sources.text_files import column_letter
from kalanso.sources.workbooks import Cell, Sheet

LOOKED_AT = 25  # rows in which headings are sought
FEWEST_DISTRICTS = 3  # columns named after districts that make a grid
_TOTAL = re.compile(r"(?:sous )?totaux?\b.*|(?:sub)?total\b.*|ensemble")


@dataclass(frozen=True, kw_only=True)
class SheetFault:
    """What cannot be kept, and why. `message` is a sentence's id; `row` counts from 1, `column` is a letter."""

    row: int
    column: str
    message: str
    found: str = ""
    expected: str = ""


@dataclass(frozen=True, kw_only=True)
class PlannedIntervention:
    """What a sheet says of an intervention; `fields` holds only what stands there."""

    row: int
    code: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PlannedCell:
    """What a sheet says of an intervention in one district."""

    row: int
    column: str
    code: str
    place_code: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PortfolioSheet:
    """Everything that a sheet says: `layout` is list or grid, `read` counts its rows below the headings.

    Each of these rows is in a line, a fault or `skipped` (counts by reason: blank, total, repeated). `ignored` names the
    headings that are not known.
    """

    layout: str
    read: int
    interventions: tuple[PlannedIntervention, ...] = ()
    cells: tuple[PlannedCell, ...] = ()
    faults: tuple[SheetFault, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class District:
    """A district of the hub: its code, its name, and the region it lies in."""

    code: str
    name: str
    region: str = ""


def read(sheet: Sheet, districts: Iterable[tuple[str, str, str]]) -> PortfolioSheet:
    """Return what a sheet plans. `districts` are (place_code, name, region's name). Raises BadFile without headings."""
    known = _Known([District(*one) for one in districts])
    rows = _filled(sheet)
    top = _headings(rows, known, sheet)
    return _Reading(rows, top, known).told()


class _Known:
    """The districts by their code and by their name in one spelling."""

    def __init__(self, districts: Sequence[District]) -> None:
        self.by_key: dict[tuple[str, frozenset[str]], list[District]] = defaultdict(list)
        self.by_code = {one.code.casefold(): one for one in districts}
        self.names = [one.name for one in districts]
        for one in districts:
            self.by_key[_key(one.name)].append(one)

    def named(self, text: str, region: str = "") -> list[District]:
        """Return the districts that a text may mean."""
        if one := self.by_code.get(text.strip().casefold()):
            return [one]
        found = self.by_key.get(_key(text), [])
        near = [one for one in found if region and _key(one.region) == _key(region)]
        return near or found

    def nearest(self, text: str) -> str:
        """Return the name that looks most like a text; "" where none does."""
        by_plain = {plain(name): name for name in self.names}
        found = difflib.get_close_matches(plain(text), list(by_plain), n=1, cutoff=0.6)
        return by_plain[found[0]] if found else ""


def _key(name: str) -> tuple[str, frozenset[str]]:
    taken = parse_name(name)
    return taken.key, taken.marks


def _filled(sheet: Sheet) -> list[list[Cell]]:
    """Return the rows with the value of each merged range in all of its cells."""
    rows = [list(row) for row in sheet.rows]
    for top, left, bottom, right in sheet.merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            row[left : right + 1] = [value] * (min(right + 1, len(row)) - left)
    return rows


@dataclass(frozen=True)
class _Top:
    """Where the headings are: `below` is the first row of data, `fields` and `districts` by column."""

    below: int
    fields: Mapping[int, str]
    districts: Mapping[int, District]
    doubtful: Mapping[int, str]
    ignored: tuple[str, ...]


def _headings(rows: list[list[Cell]], known: _Known, sheet: Sheet) -> _Top:
    """Return the headings that name most: those of one row, or of two where the upper names groups."""
    best: tuple[int, int, _Top] | None = None
    for at in range(min(LOOKED_AT, len(rows))):
        for height in (1, 2):
            if at + height > len(rows):
                continue
            top = _top(rows, at, height, known)
            score = len(top.fields) + len(top.districts)
            if "code" in top.fields.values() and (best is None or score > best[0]):
                best = (score, -height, top)
    if best is None:
        raise BadFile("sources.portfolio.no_headings", file=sheet.file, sheet=sheet.name)
    top = best[2]
    if "district" not in top.fields.values() and len(top.districts) < FEWEST_DISTRICTS:
        raise BadFile("sources.portfolio.no_districts", file=sheet.file, sheet=sheet.name)
    twice = [name for name, n in Counter(top.fields.values()).items() if n > 1]
    if twice:
        raise BadFile(
            "sources.portfolio.heading_twice",
            file=sheet.file,
            sheet=sheet.name,
            found=", ".join(sorted(twice)),
        )
    return top


def _top(rows: list[list[Cell]], at: int, height: int, known: _Known) -> _Top:
    fields: dict[int, str] = {}
    districts: dict[int, District] = {}
    doubtful: dict[int, str] = {}
    ignored = []
    for column in range(len(rows[at])):
        cells = [rows[at + step][column] for step in range(height)]
        labels = [str(cell) for cell in reversed(cells) if isinstance(cell, str) and cell.strip()]
        if not labels:
            continue
        name = field_of(labels[0])
        region = labels[1] if len(labels) > 1 else ""
        found = [] if name else known.named(labels[0], region)
        if name:
            fields[column] = name
        elif len(found) == 1:
            districts[column] = found[0]
        else:
            doubtful[column] = labels[0]
            ignored.append(labels[0])
    return _Top(at + height, fields, districts, doubtful, tuple(ignored))


class _Reading:
    """One reading of a sheet whose headings are known."""

    def __init__(self, rows: list[list[Cell]], top: _Top, known: _Known) -> None:
        self.rows, self.top, self.known = rows, top, known
        self.grid = "district" not in top.fields.values()
        self.column = {name: at for at, name in top.fields.items()}
        self.faults: list[SheetFault] = []
        self.skipped: Counter[str] = Counter()
        self.lines: dict[str, PlannedIntervention] = {}
        self.cells: dict[tuple[str, str], PlannedCell] = {}
        self.spoilt: set[tuple[str, str]] = set()

    def told(self) -> PortfolioSheet:
        """Return what all rows say."""
        for at in range(self.top.below, len(self.rows)):
            self._row(at)
        if self.grid:
            self._doubtful_columns()
        return PortfolioSheet(
            layout="grid" if self.grid else "list", read=len(self.rows) - self.top.below,
            interventions=tuple(self.lines.values()),
            cells=tuple(one for key, one in self.cells.items() if key not in self.spoilt),
            faults=tuple(sorted(self.faults, key=lambda one: (one.row, one.column))), skipped=dict(self.skipped),
            ignored=() if self.grid else self.top.ignored,
        )  # fmt: skip

    def _row(self, at: int) -> None:
        row = self.rows[at]
        if all(values.empty(cell) for cell in row):
            self.skipped["blank"] += 1
            return
        first = next(cell for cell in row if not values.empty(cell))
        code_cell = row[self.column["code"]]
        if isinstance(first, str) and _TOTAL.fullmatch(values.bare(first)):
            self.skipped["total"] += 1
            return
        if values.empty(code_cell):
            self._fault(at, self.column["code"], "sources.portfolio.no_code")
            return
        code = str(code_cell).strip().upper()[:20]
        if not self._intervention(at, code):
            return
        if self.grid:
            for column, district in self.top.districts.items():
                self._grid_cell(at, column, code, district)
        else:
            self._list_cell(at, code)

    def _intervention(self, at: int, code: str) -> bool:
        """Keep what a row says of its intervention; rows that say different things of one are refused."""
        said = self._fields(at, OF_INTERVENTION)
        if said is None:
            return False
        earlier = self.lines.get(code)
        if earlier is None:
            self.lines[code] = PlannedIntervention(row=at + 1, code=code, fields=said)
            return True
        differs = sorted(
            name for name in said.keys() & earlier.fields.keys() if said[name] != earlier.fields[name]
        )
        if differs:
            self._fault(
                at,
                self.column[differs[0]],
                "sources.portfolio.said_otherwise",
                found=str(said[differs[0]]),
                expected=str(earlier.row),
            )
            return False
        self.lines[code] = PlannedIntervention(row=earlier.row, code=code, fields={**earlier.fields, **said})
        return True

    def _fields(self, at: int, wanted: frozenset[str]) -> dict[str, Any] | None:
        """Return what a row says in some columns; None where one of them does not say what it means."""
        found, clear = {}, True
        for name in wanted & self.column.keys():
            cell = self.rows[at][self.column[name]]
            if values.empty(cell):
                continue
            try:
                found[name] = READERS[name](cell)
            except Unclear as fault:
                self._fault(at, self.column[name], fault.message, found=fault.found)
                clear = False
        return found if clear else None

    def _list_cell(self, at: int, code: str) -> None:
        place = self.rows[at][self.column["district"]]
        if values.empty(place):
            self._fault(at, self.column["district"], "sources.portfolio.no_district")
            return
        region = self.rows[at][self.column["region"]] if "region" in self.column else None
        found = self.known.named(str(place), "" if values.empty(region) else str(region))
        if len(found) != 1:
            self._unknown_district(at, self.column["district"], str(place), found)
            return
        said = self._fields(at, OF_CELL)
        if said is None:
            return
        if "begins" in said and "ends" in said and said["ends"] < said["begins"]:
            self._fault(
                at,
                self.column["ends"],
                "sources.portfolio.ends_first",
                found=said["ends"],
                expected=said["begins"],
            )
            return
        self._keep(at, self.column["district"], code, found[0].code, said)

    def _grid_cell(self, at: int, column: int, code: str, district: District) -> None:
        cell = self.rows[at][column]
        if values.empty(cell) or values.bare(cell) in {"non", "no", "faux", "false"}:
            return
        try:
            said = _of_grid(cell)
        except Unclear as fault:
            self._fault(at, column, fault.message, found=fault.found)
            return
        self._keep(at, column, code, district.code, said)

    def _keep(self, at: int, column: int, code: str, place_code: str, said: dict[str, Any]) -> None:
        """Keep a cell; the same said twice is counted, two different things of one cell are both refused."""
        key = (code, place_code)
        line = PlannedCell(
            row=at + 1, column=column_letter(column + 1), code=code, place_code=place_code, fields=said
        )
        earlier = self.cells.get(key)
        if earlier is None:
            self.cells[key] = line
        elif dict(earlier.fields) == said:
            self.skipped["repeated"] += 1
        else:
            if key not in self.spoilt:
                self._fault(
                    earlier.row - 1, column, "sources.portfolio.twice", found=code, expected=str(at + 1)
                )
            self._fault(at, column, "sources.portfolio.twice", found=code, expected=str(earlier.row))
            self.spoilt.add(key)

    def _doubtful_columns(self) -> None:
        """Say which columns with something in them are neither a district nor a known heading."""
        for column, label in self.top.doubtful.items():
            if any(not values.empty(row[column]) for row in self.rows[self.top.below :]):
                if _TOTAL.fullmatch(values.bare(label)):
                    self.skipped["total_column"] += 1
                else:
                    self._unknown_district(self.top.below - 1, column, label, self.known.named(label))

    def _unknown_district(self, at: int, column: int, label: str, found: list[District]) -> None:
        if found:
            names = ", ".join(f"{one.name} ({one.region})" for one in found)
            self._fault(at, column, "sources.portfolio.two_districts", found=label, expected=names)
        elif near := self.known.nearest(label):
            self._fault(at, column, "sources.portfolio.unknown_district_near", found=label, expected=near)
        else:
            self._fault(at, column, "sources.portfolio.unknown_district", found=label)

    def _fault(self, at: int, column: int, message: str, *, found: str = "", expected: str = "") -> None:
        self.faults.append(
            SheetFault(
                row=at + 1,
                column=column_letter(column + 1),
                message=message,
                found=found[:80],
                expected=expected[:120],
            )
        )


def _of_grid(cell: Cell) -> dict[str, Any]:
    """Return what a cell below a district says: a tick, a state, or how much."""
    text = values.bare(cell)
    if text in values.TICKS:
        return {}
    if isinstance(cell, str) and text in values.STATES:
        return {"state": values.state(cell)}
    return {"target": values.quantity(cell)}
