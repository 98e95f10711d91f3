"""In which quarters were the children of a survey due a dose?

The estimate thinks in quarters in which children were due, surveys in ages at interview.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from kalanso.vocabulary import Period, PeriodType

# Age at which a child is due, in days. Children count as due DTP3 with DTP1, since both are asked of one cohort.
DUE_AGE_DAYS = {"dtp1": 42, "dtp3": 42, "mcv1": 270, "mcv2": 456}


def due_quarters(
    interviewed_from: date, interviewed_to: date, ages_months: tuple[int, int], indicator: str
) -> tuple[str, str]:
    """Return the first and last quarter in which children of an age group were due a dose.

    `ages_months` is half open: (12, 24) are children of 12 to 23 completed months at interview. The oldest child
    was born a day less than 24 months before the first interview, the youngest 12 months before the last.
    """
    young, old = ages_months
    if not 0 <= young < old or interviewed_to < interviewed_from:
        raise ValueError(
            f"expected ages and days in order, got {young} to {old} months and {interviewed_from} to {interviewed_to}"
        )
    if indicator not in DUE_AGE_DAYS:
        raise ValueError(f"expected one of {', '.join(DUE_AGE_DAYS)}, got {indicator!r}")
    due = timedelta(days=DUE_AGE_DAYS[indicator])
    first = months_before(interviewed_from, old) + timedelta(days=1) + due
    # a child too young to be due at interview says nothing of the dose
    last = min(months_before(interviewed_to, young) + due, interviewed_to)
    if last < first:
        raise ValueError(f"children of {young} to {old} months are not yet due {indicator}")
    start, end = (Period.containing(day, PeriodType.QUARTER).code for day in (first, last))
    return start, end


def months_before(day: date, months: int) -> date:
    """Return the same day of an earlier month, or its last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
