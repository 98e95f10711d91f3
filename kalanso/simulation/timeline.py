"""Which months does the example country live through?

Reports run from January 2021 to December 2024. Children are followed from two years earlier, so
that every age is there at the start, and to a year later, so that every cohort reaches 12 months.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Monthly = npt.NDArray[Any]

FIRST_YEAR = 2021
LAST_YEAR = 2024
MONTHS = 12 * (LAST_YEAR - FIRST_YEAR + 1)
BEFORE = 24  # months of life before the first report
AFTER = 12  # months needed until the last birth cohort is a year old
SPAN = BEFORE + MONTHS + AFTER
REPORTED = slice(BEFORE, BEFORE + MONTHS)
YEARS = tuple(range(FIRST_YEAR, LAST_YEAR + 1))
QUARTERS = MONTHS // 3

MONTH_STARTS = tuple(date(FIRST_YEAR + m // 12, m % 12 + 1, 1) for m in range(MONTHS))
MONTH_CODES = tuple(f"{day.year}{day.month:02d}" for day in MONTH_STARTS)
QUARTER_STARTS = MONTH_STARTS[::3]
QUARTER_CODES = tuple(f"{day.year}Q{day.month // 3 + 1}" for day in QUARTER_STARTS)


def month(year: int, number: int) -> int:
    """Return the position of a month among the months of reports (negative before them)."""
    return 12 * (year - FIRST_YEAR) + number - 1


def month_of(day: date | None, otherwise: int) -> int:
    """Return the position of the month in which a day lies, or `otherwise` where there is no day."""
    return month(day.year, day.month) if day else otherwise


def quarter(code: str) -> int:
    """Return the position of a quarter such as 2022Q4 among the quarters of reports."""
    return 4 * (int(code[:4]) - FIRST_YEAR) + int(code[-1]) - 1


def by_quarter(months: Monthly) -> Monthly:
    """Add up the months of each quarter along the last axis."""
    return months.reshape(*months.shape[:-1], -1, 3).sum(axis=-1)


def month_columns(positions: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
    """Return the period columns of rows whose month is given by position."""
    taken = pa.array(positions)
    return {
        "period": pa.array(MONTH_CODES).take(taken),
        "period_type": pa.repeat("month", len(positions)),
        "period_start": pa.array(MONTH_STARTS, pa.date32()).take(taken),
    }
