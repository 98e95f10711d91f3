"""Which stretch of time does a number belong to?

Reads and writes the period codes of DHIS2 (`202401`, `2024Q1`, `2024W3`, `2024AprilS1`) and does
arithmetic on them. Finding periods in messy spreadsheets (`Décembre`, `Dec-23`) belongs to
`kalanso.sources`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class NotAPeriod(ValueError):
    """A text that no period code matches."""


class PeriodType(StrEnum):
    """How long a period is, and in which month its count begins."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    HALF_APRIL = "half_april"
    YEAR = "year"
    YEAR_APRIL = "year_april"
    YEAR_JULY = "year_july"
    YEAR_OCTOBER = "year_october"

    @property
    def months(self) -> int:
        """How many calendar months one period holds; 0 for weeks."""
        return 0 if self is PeriodType.WEEK else _MONTHLY[self][0]


# (months in one period, periods in one year, first month of the first period)
_MONTHLY = {
    PeriodType.MONTH: (1, 12, 1),
    PeriodType.QUARTER: (3, 4, 1),
    PeriodType.HALF: (6, 2, 1),
    PeriodType.HALF_APRIL: (6, 2, 4),
    PeriodType.YEAR: (12, 1, 1),
    PeriodType.YEAR_APRIL: (12, 1, 4),
    PeriodType.YEAR_JULY: (12, 1, 7),
    PeriodType.YEAR_OCTOBER: (12, 1, 10),
}
_FORMS = (
    (re.compile(r"(\d{4})-?(0[1-9]|1[0-2])"), PeriodType.MONTH),
    (re.compile(r"(\d{4})-?Q([1-4])"), PeriodType.QUARTER),
    (re.compile(r"(\d{4})-?W(0?[1-9]|[1-4]\d|5[0-3])"), PeriodType.WEEK),
    (re.compile(r"(\d{4})S([12])"), PeriodType.HALF),
    (re.compile(r"(\d{4})AprilS([12])"), PeriodType.HALF_APRIL),
    (re.compile(r"(\d{4})"), PeriodType.YEAR),
    (re.compile(r"(\d{4})April"), PeriodType.YEAR_APRIL),
    (re.compile(r"(\d{4})July"), PeriodType.YEAR_JULY),
    (re.compile(r"(\d{4})Oct"), PeriodType.YEAR_OCTOBER),
)
_CODES = {
    PeriodType.MONTH: "{0}{1:02d}",
    PeriodType.QUARTER: "{0}Q{1}",
    PeriodType.WEEK: "{0}W{1}",
    PeriodType.HALF: "{0}S{1}",
    PeriodType.HALF_APRIL: "{0}AprilS{1}",
    PeriodType.YEAR: "{0}",
    PeriodType.YEAR_APRIL: "{0}April",
    PeriodType.YEAR_JULY: "{0}July",
    PeriodType.YEAR_OCTOBER: "{0}Oct",
}


def _weeks_in(year: int) -> int:
    # 28 December always lies in the last ISO week of its year.
    return date(year, 12, 28).isocalendar().week


@dataclass(frozen=True, kw_only=True)
class Period:
    """A calendar period, known by its DHIS2 code.

    `number` counts from 1 within `year` (the ISO year for weeks). Periods of one type are ordered
    and can be shifted: `Period.parse("202412") + 1` is January 2025.
    """

    type: PeriodType
    year: int
    number: int = 1

    def __post_init__(self) -> None:
        if not 1900 <= self.year <= 2200:
            raise NotAPeriod(f"year: expected 1900 to 2200, got {self.year}")
        last = _weeks_in(self.year) if self.type is PeriodType.WEEK else _MONTHLY[self.type][1]
        if not 1 <= self.number <= last:
            raise NotAPeriod(f"{self.type.value} of {self.year}: expected 1 to {last}, got {self.number}")

    @classmethod
    def parse(cls, code: str) -> Period:
        """Return the period that a DHIS2 code names (also `2024-01`, `2024-Q1`, `2024-W03`)."""
        text = str(code).strip()
        for form, kind in _FORMS:
            if found := form.fullmatch(text):
                parts = [int(part) for part in found.groups()]
                return cls(type=kind, year=parts[0], number=parts[1] if len(parts) > 1 else 1)
        raise NotAPeriod(
            f"expected a period such as 202401, 2024Q1, 2024W3, 2024AprilS1 or 2024, got {code!r}"
        )

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        """Return a calendar month."""
        return cls(type=PeriodType.MONTH, year=year, number=month)

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Period:
        """Return a calendar quarter."""
        return cls(type=PeriodType.QUARTER, year=year, number=quarter)

    @classmethod
    def containing(cls, day: date, type: PeriodType) -> Period:
        """Return the period of this type in which a day lies."""
        if type is PeriodType.WEEK:
            iso = day.isocalendar()
            return cls(type=type, year=iso.year, number=iso.week)
        length, _, first = _MONTHLY[type]
        months = day.year * 12 + day.month - first
        year, month = divmod(months, 12)
        return cls(type=type, year=year, number=month // length + 1)

    @property
    def code(self) -> str:
        """The code that DHIS2 writes."""
        return _CODES[self.type].format(self.year, self.number)

    @property
    def start(self) -> date:
        """The first day."""
        if self.type is PeriodType.WEEK:
            return date.fromisocalendar(self.year, self.number, 1)
        length, _, first = _MONTHLY[self.type]
        return _first_of(self.year * 12 + first - 1 + length * (self.number - 1))

    @property
    def end(self) -> date:
        """The last day, itself inside the period."""
        return (self + 1).start - timedelta(days=1)

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.end - self.start).days + 1

    def to(self, type: PeriodType) -> Period:
        """Return the period of another type in which this one begins (weeks: holds its Thursday)."""
        anchor = self.start + timedelta(days=3) if self.type is PeriodType.WEEK else self.start
        return Period.containing(anchor, type)

    def months(self) -> tuple[Period, ...]:
        """Return the calendar months inside, in order; weeks have none."""
        if self.type is PeriodType.WEEK:
            raise NotAPeriod(f"a week has no whole months: {self.code}")
        first = Period.containing(self.start, PeriodType.MONTH)
        return tuple(first + step for step in range(_MONTHLY[self.type][0]))

    def until(self, last: Period) -> tuple[Period, ...]:
        """Return this period and all that follow up to `last`, itself included."""
        return tuple(self + step for step in range(last - self + 1))

    def _ordinal(self) -> int:
        if self.type is PeriodType.WEEK:
            return self.start.toordinal() // 7
        return self.year * _MONTHLY[self.type][1] + self.number - 1

    def _same_type(self, other: Period) -> None:
        if self.type is not other.type:
            raise NotAPeriod(f"cannot compare {self.code} with {other.code}: different types")

    def __add__(self, steps: int) -> Period:
        if self.type is PeriodType.WEEK:
            return Period.containing(self.start + timedelta(weeks=steps), self.type)
        year, number = divmod(self._ordinal() + steps, _MONTHLY[self.type][1])
        return Period(type=self.type, year=year, number=number + 1)

    def __sub__(self, other: Period) -> int:
        """Return how many periods lie between; shift backwards with `period + -1`."""
        self._same_type(other)
        return self._ordinal() - other._ordinal()

    def __lt__(self, other: Period) -> bool:
        return self - other < 0

    def __le__(self, other: Period) -> bool:
        return self - other <= 0

    def __str__(self) -> str:
        return self.code


def _first_of(months: int) -> date:
    year, month = divmod(months, 12)
    return date(year, month + 1, 1)
