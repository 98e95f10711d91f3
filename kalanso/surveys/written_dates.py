"""Which day does a date mean, as somebody wrote it on a card, in a register or in a form?

Year-month-day and day-month-year, whole or in part. What to do with a date that is no day is decided by the rules of
cleaning; here it is only said.
"""

from __future__ import annotations

import pandas as pd

NONE, FULL, PARTIAL, IMPOSSIBLE, UNREADABLE = "none", "full", "partial", "impossible", "unreadable"
_YEAR_FIRST = (
    r"^\s*(?P<year>\d{4})(?:[-/.](?P<month>\d{1,2}|\?+))?(?:[-/.](?P<day>\d{1,2}|\?+))?(?:[T ]\d.*)?\s*$"
)
_DAY_FIRST = r"^\s*(?:(?P<day>\d{1,2}|\?+)[-/.])?(?P<month>\d{1,2}|\?+)[-/.](?P<year>\d{4})\s*$"
_PARTS = ["year", "month", "day"]
_UNKNOWN = (0, 99)  # how forms write a part that nobody knows


def read_dates(written: pd.Series) -> pd.DataFrame:
    """Return what each text says: columns state, date (NaT unless full), year, month, day (NaN where missing), swappable.

    States: `none` (empty), `full`, `partial` (a part is missing, `??`, 0 or 99), `impossible` (no such day of the
    calendar), `unreadable`. `swappable` marks impossible days that are real ones with day and month exchanged. Two
    digits are not taken for a year.
    """
    text = written.astype("string").fillna("").str.strip()
    parts = text.str.extract(_YEAR_FIRST)[_PARTS]
    parts = parts.combine_first(text.str.extract(_DAY_FIRST)[_PARTS])
    numbers = pd.DataFrame({name: pd.to_numeric(parts[name], errors="coerce") for name in _PARTS}).astype(
        "float64"
    )
    small = numbers[["month", "day"]]
    numbers[["month", "day"]] = small.mask(small.isin(_UNKNOWN))
    known = numbers.notna()
    whole = known.all(axis=1)
    date = _days(numbers["year"], numbers["month"], numbers["day"])
    odd_month = known["month"] & ~numbers["month"].between(1, 12)
    odd_day = known["day"] & ~numbers["day"].between(1, 31)
    state = pd.Series(UNREADABLE, index=written.index, dtype="object")
    state[known["year"]] = PARTIAL
    state[whole & date.notna()] = FULL
    state[(whole & date.isna()) | odd_month | odd_day] = IMPOSSIBLE
    state[text.eq("")] = NONE
    swapped = _days(numbers["year"], numbers["day"], numbers["month"])
    swappable = state.eq(IMPOSSIBLE) & whole & (numbers["month"] > 12) & swapped.notna()
    usable = state.isin([FULL, PARTIAL])
    return pd.DataFrame(
        {
            "state": state,
            "date": date.where(state.eq(FULL)),
            "swapped": swapped.where(swappable),
            "swappable": swappable,
        }
    ).join(numbers.where(usable))


def _days(year: pd.Series, month: pd.Series, day: pd.Series) -> pd.Series:
    found = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
    return found.astype("datetime64[s]")
