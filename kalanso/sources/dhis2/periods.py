"""Which period of Kalanso is a period of DHIS2, and which has no counterpart?

DHIS2 Web API manual, "Date and period format", and PeriodTypeEnum of core 2.42, which knows more
types than the manual's table. A period without counterpart (a day, a week that begins on Wednesday,
two weeks, two months, a financial year from September or November ...) is refused by name: to put
its number into another period would be a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from kalanso.sources.dhis2.faults import DhisFault
from kalanso.vocabulary import NotAPeriod, Period, PeriodType

# DHIS2's names of the types that Kalanso has too.
TYPES = {
    "Weekly": PeriodType.WEEK, "Monthly": PeriodType.MONTH, "Quarterly": PeriodType.QUARTER,
    "SixMonthly": PeriodType.HALF, "SixMonthlyApril": PeriodType.HALF_APRIL, "Yearly": PeriodType.YEAR,
    "FinancialApril": PeriodType.YEAR_APRIL, "FinancialJuly": PeriodType.YEAR_JULY,
    "FinancialOct": PeriodType.YEAR_OCTOBER,
}  # fmt: skip
_WITHOUT = (
    (r"\d{8}", "Daily"),
    (r"\d{4}(Wed|Thu|Fri|Sat|Sun)W\d{1,2}", "Weekly{0}"),
    (r"\d{4}BiW\d{1,2}", "BiWeekly"),
    (r"\d{6}B", "BiMonthly"),
    (r"\d{4}NovQ[1-4]", "QuarterlyNov"),
    (r"\d{4}NovS[12]", "SixMonthlyNov"),
    (r"\d{4}(Feb|Aug|Sep|Nov)", "Financial{0}"),
    (r"\d{4}_\d{4}|\d{4}-\d{4}", "TwoYearly"),
)
_CODE = re.compile(r"\d{6}|\d{4}(?:Q[1-4]|W\d{1,2}|S[12]|AprilS[12]|April|July|Oct)?")


def period_of(code: str) -> Period:
    """Return the period that a DHIS2 code names (weeks with one or two digits).

    Raises DhisFault `period_without_counterpart` naming DHIS2's type, or `not_a_period`.
    """
    text = str(code).strip()
    for form, name in _WITHOUT:
        if found := re.fullmatch(form, text):
            raise DhisFault("period_without_counterpart", period=text, type=name.format(*found.groups()))
    try:
        if not _CODE.fullmatch(text):
            raise NotAPeriod(text)
        return Period.parse(text)
    except NotAPeriod as error:
        raise DhisFault("not_a_period", period=text[:40]) from error


def type_of(name: str) -> PeriodType:
    """Return the type that DHIS2 calls by a name such as `Monthly`, or raise DhisFault."""
    if name not in TYPES:
        raise DhisFault("period_without_counterpart", period=name, type=name)
    return TYPES[name]


def periods_between(kind: PeriodType, first: date, last: date) -> tuple[Period, ...]:
    """Return the periods of a type that begin from one day to another."""
    start = Period.containing(first, kind)
    if start.start < first:
        start = start + 1
    found = []
    while start.start <= last:
        found.append(start)
        start = start + 1
    return tuple(found)


def runs(periods: Sequence[Period], months: int) -> list[tuple[Period, ...]]:
    """Cut periods into runs of about so many months (a quarter of a year is 13 weeks)."""
    if not periods:
        return []
    kind = periods[0].type
    length = max(1, months * 13 // 3 if kind is PeriodType.WEEK else months // max(kind.months, 1))
    return [tuple(periods[at : at + length]) for at in range(0, len(periods), length)]
