"""What may the columns of an unknown table mean?

Proposes a column map with a reason for each choice, for a person to correct and save. A proposal is
never used to import anything by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kalanso.sources import judging
from kalanso.sources.column_maps import ColumnMap, FileForm, Meaning, PeriodColumns, PlaceColumns
from kalanso.sources.guess_words import (
    PLACES,
    ROLES,
    blank,
    filled,
    heading_role,
    is_heading,
    named_period,
    period_inside,
    role_of,
    speaks,
    written_value,
    year_inside,
)  # fmt: skip
from kalanso.sources.headings import recognised, slug
from kalanso.sources.layouts import is_total
from kalanso.sources.months import plain
from kalanso.sources.numbers import decimal_mark, is_blank
from kalanso.sources.workbooks import Cell, Limits, Sheet, Workbook, column_letter, open_workbook
from kalanso.vocabulary import Message

LOOKED_AT = 40
SAMPLE_ROWS = 2000


@dataclass(frozen=True)
class Guess:
    """A proposed map and why each part was proposed; the map may still lack what nothing showed."""

    column_map: ColumnMap
    reasons: tuple[Message, ...]

    def explained(self, locale: str = "fr") -> str:
        """Return the map as YAML under its reasons as comments, ready to be corrected and saved."""
        lines = [f"# {reason.render(locale)}" for reason in self.reasons]
        return "\n".join(lines) + "\n" + self.column_map.to_yaml()


def guess_map(path: Path, *, sheet: str | None = None, limits: Limits | None = None) -> Guess:
    """Return a proposed column map for a table, or raise BadFile where the file cannot be opened."""
    book = open_workbook(path, limits=limits)
    chosen = book.sheet(sheet) if sheet else _fullest(book)
    draft = _Draft(book, chosen)
    draft.find_headings()
    draft.find_columns()
    draft.find_values()
    draft.find_form()
    return Guess(draft.build(), tuple(draft.reasons))


def _fullest(book: Workbook) -> Sheet:
    """Return the sheet with most numbers, the visible ones first."""

    def numbers(sheet: Sheet) -> int:
        return sum(judging.is_valued(cell) for row in sheet.rows[:SAMPLE_ROWS] for cell in row)

    return max(book.sheets.values(), key=lambda s: (not s.hidden and bool(s.rows), numbers(s)))


@dataclass
class _Draft:
    """A map in the making; each method finds one part and says why."""

    book: Workbook
    sheet: Sheet
    reasons: list[Message] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    places: list[tuple[int, str, str]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    wide: list[str] = field(default_factory=list)
    meanings: dict[str, Meaning] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    decimal: str = ""
    fill_down: list[str] = field(default_factory=list)
    constant: str = ""
    year_is: int | None = None

    def say(self, case: str, **params: object) -> None:
        """Add a reason."""
        self.reasons.append(Message(f"sources.guess.{case}", params))

    def find_headings(self) -> None:
        """Find the row with most words that headings use, and its neighbours of the same kind."""
        rows = self.sheet.rows[:LOOKED_AT]
        # Rows of data speak too (a place, a month), but they also carry numbers.
        scores = [sum(map(speaks, row)) - 2 * sum(map(_is_datum, row)) for row in rows]
        best = max(range(len(rows)), key=lambda i: (scores[i], -i), default=0)
        if not rows or scores[best] <= 0:
            best = next((i for i, row in enumerate(rows) if sum(not blank(c) for c in row) > 1), 0)
        first = last = best
        while first > 0 and is_heading(rows[first - 1]):
            first -= 1
        while last + 1 < len(rows) and is_heading(rows[last + 1]) and scores[last + 1] > 1:
            last += 1
        self.headings = list(range(first + 1, last + 2))
        if self.sheet.name:
            self.say("sheet", sheet=self.sheet.name)
        self.say("headings", row=first + 1, last=last + 1)

    def names(self) -> list[str]:
        """Return the lowest filled heading of each column."""
        rows = [self.sheet.rows[number - 1] for number in self.headings]
        return [
            next((judging.cell_text(row[i]) for row in reversed(rows) if not blank(row[i])), "")
            for i in range(self.sheet.width)
        ]

    def reference(self, at: int) -> str:
        """Return how the map names a column: its heading, or its letter where that is not unique."""
        names = self.names()
        unique = sum(plain(name) == plain(names[at]) for name in names) == 1
        return names[at] if names[at] and unique else f"@{column_letter(at + 1)}"

    def find_columns(self) -> None:
        """Find the columns of place, period, indicator, value, reports and qualities by their words."""
        names = self.names()
        for at, name in enumerate(names):
            text = _spaced(name)
            for form, role in ROLES:
                if text and role not in self.roles and re.fullmatch(form, text) and self._fits(role, at):
                    if role == "period.month" and self._all(at, lambda cell: named_period(cell) is not None):
                        role = "period.column"
                    self.roles[role] = self.reference(at)
                    self.used.add(at)
                    self.say("column", column=name, role=role)
                    break
        levels = [(i, level, at) for at, name in enumerate(names) if at not in self.used
                  for i, (form, level) in enumerate(PLACES)
                  if re.fullmatch(form, _spaced(name)) and not self._numeric(at) and self._mostly_full(at)]  # fmt: skip
        for _, level, at in sorted(levels):
            if at not in self.used:
                self.places.append((at, self.reference(at), str(level)))
                self.used.add(at)
        if not self.places and "place.code" not in self.roles:
            self._first_words()
        if self.places:
            self.say("place", column=self.places[0][1])

    def _fits(self, role: str, at: int) -> bool:
        if role == "value":
            return self._numeric(at) and "indicator" in {*self.roles, *self._later_roles(at)}
        if role == "period.column":
            return not self._numeric(at) or self._all(at, lambda cell: named_period(cell) is not None)
        if role == "indicator":
            return not self._numeric(at)
        return True

    def _later_roles(self, at: int) -> Iterator[str]:
        for name in self.names():
            text = _spaced(name)
            yield from (role for form, role in ROLES if re.fullmatch(form, text))

    def _first_words(self) -> None:
        for at, name in enumerate(self.names()):
            if name and at not in self.used and not self._numeric(at) and any(self._cells(at)):
                self.places.append((at, self.reference(at), ""))
                self.used.add(at)
                return

    def find_values(self) -> None:
        """Find the columns of numbers and what their rows of headings say."""
        if "value" in self.roles:
            if "indicator" in self.roles:
                self._name_indicators()
            return
        numeric = [
            i for i, name in enumerate(self.names()) if i not in self.used and name and self._numeric(i)
        ]
        for at, name in enumerate(self.names()):
            if at not in self.used and at not in numeric and name:
                self.ignored.append(self.reference(at))
        if self.ignored:
            self.say("ignored", names=", ".join(self.ignored))
        for number in self.headings:
            row = filled(self.sheet, number)
            self.wide.append(role_of([row[i] for i in numeric if not blank(row[i])]))
        for position, role in enumerate(self.wide):
            self.say("heading_row", row=self.headings[position], role=role)
        labels = [self._label(at) for at in numeric]
        if "indicator" in self.wide:
            for at, label in zip(numeric, labels, strict=True):
                if label and not is_total(label):
                    self._mean(label, at)

    def _label(self, at: int) -> str:
        parts = [
            filled(self.sheet, n)[at]
            for n, role in zip(self.headings, self.wide, strict=True)
            if role == "indicator"
        ]
        return " / ".join(judging.cell_text(part) for part in parts if not blank(part))

    def _mean(self, label: str, at: int) -> None:
        if label in self.meanings:
            return
        meaning = recognised(label)
        if meaning is None:
            numbers = [n for cell in self._cells(at) if (n := written_value(cell)) is not None]
            share = re.search(r"%|couv|cover|taux|rate|pourcent|percent", plain(label))
            unit = "" if not share else "percent" if numbers and max(numbers) > 2 else "share"
            meaning = Meaning(indicator=slug(label), unit=unit)
            self.say("unknown_meaning", column=label, indicator=meaning.indicator)
        else:
            self.say("meaning", column=label, indicator=meaning.indicator)
        self.meanings[label] = meaning

    def _name_indicators(self) -> None:
        at = next(i for i in self.used if self.reference(i) == self.roles["indicator"])
        for label in dict.fromkeys(judging.cell_text(cell) for cell in self._cells(at)):
            if label and not is_blank(label) and not judging.is_note(label) and len(self.meanings) < 500:
                value = next(i for i in self.used if self.reference(i) == self.roles["value"])
                self._mean(label, value)

    def find_form(self) -> None:
        """Find the decimal mark, blanks to be filled downwards, and a period said above the table."""
        texts = {c for i in range(self.sheet.width) for c in self._cells(i) if isinstance(c, str)}
        self.decimal = decimal_mark(
            text for text in texts if judging.is_valued(text) and named_period(text) is None
        )
        if self.decimal:
            self.say("decimal", mark=self.decimal)
        for at in sorted(self.used):
            if self._has_gaps(at):
                self.fill_down.append(self.reference(at))
                self.say("fill_down", column=self.reference(at))
        timed = {"period.column", "period.year", "period.month"} & self.roles.keys()
        above = [cell for row in self.sheet.rows[: self.headings[0] - 1] for cell in row] + [self.sheet.name]
        if not timed and not {"period", "month"} & set(self.wide):
            found = next((period for cell in above if (period := period_inside(cell))), None)
            if found:
                self.constant = found.code
                self.say("constant", period=found.code)
            else:
                self.say("no_period")
        years = [y for cell in above if (y := year_inside(cell))]
        if (
            "month" in {*self.wide, *(r.partition(".")[2] for r in timed)}
            and "period.year" not in timed
            and "year" not in self.wide
        ):
            self.year_is = years[0] if years else None
            self.say("year" if years else "no_year", year=self.year_is)

    def build(self) -> ColumnMap:
        """Return what was found as a map."""
        names = [reference for _, reference, _ in self.places]
        place = PlaceColumns(
            code=self.roles.get("place.code", ""), name=names[0] if names else "",
            parent=names[1] if len(names) > 1 else "", level=self.places[0][2] if self.places else "",
        )  # fmt: skip
        whole = self.roles.get("period.column", "")
        month = self.roles.get("period.month", "")
        year = self.roles.get("period.year", "")
        if year and not month and not whole and "month" not in self.wide and "period" not in self.wide:
            whole, year = year, ""
        if month and not year and self.year_is is None and not whole:
            whole, month = month, ""
        period = PeriodColumns(
            column=whole, year="" if whole else year, month="" if whole else month, constant=self.constant,
            year_is=self.year_is,
        )  # fmt: skip
        extra = {r: c for r, c in self.roles.items() if "." not in r and r not in {"indicator", "value"}}
        form = FileForm(sheet=self.sheet.name, headings=tuple(self.headings), decimal=self.decimal)
        return ColumnMap(
            file=form, place=place, period=period, wide=tuple(self.wide), indicators=self.meanings,
            indicator=self.roles.get("indicator", ""), value=self.roles.get("value", ""), columns=extra,
            fill_down=tuple(self.fill_down), ignore=(*self.ignored, *names[2:]),
        )  # fmt: skip

    def _cells(self, at: int) -> list[Cell]:
        below = self.sheet.rows[self.headings[-1] : self.headings[-1] + SAMPLE_ROWS]
        return [row[at] for row in below]

    def _numeric(self, at: int) -> bool:
        cells = [
            cell for cell in self._cells(at) if not blank(cell) and not is_blank(judging.cell_text(cell))
        ]
        return bool(cells) and sum(written_value(cell) is not None for cell in cells) > 0.6 * len(cells)

    def _all(self, at: int, test: Callable[[Cell], bool]) -> bool:
        cells = [cell for cell in self._cells(at) if not blank(cell)]
        return bool(cells) and sum(map(test, cells)) > 0.8 * len(cells)

    def _mostly_full(self, at: int) -> bool:
        cells = self._cells(at)
        return sum(not is_blank(judging.cell_text(cell)) for cell in cells) > 0.3 * len(cells)

    def _has_gaps(self, at: int) -> bool:
        rows = self.sheet.rows[self.headings[-1] :][:SAMPLE_ROWS]
        tall = {left for top, left, bottom, _ in self.sheet.merged if bottom > top >= self.headings[-1]}
        data = [any(map(_is_datum, row)) and not is_total(judging.cell_text(row[0])) for row in rows]
        cells = [row[at] for row, kept in zip(rows, data, strict=True) if kept and at not in tall]
        gaps = sum(blank(cell) for cell in cells)
        return bool(cells) and not blank(cells[0]) and gaps > 0.4 * len(cells)


def _is_datum(cell: Cell) -> bool:
    return written_value(cell) is not None and heading_role(cell) == "indicator"


def _spaced(name: str) -> str:
    return plain(name).replace("_", " ")


__all__ = ["Guess", "guess_map"]
