"""Which reported periods make up which asked periods, and which share of a year is due in them?

Small tables written with `Period` arithmetic, so that engines need to know nothing of calendars. A
period that is shorter than the asked one belongs to it when it lies wholly inside; a week belongs to
the month of its Thursday.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import lru_cache

import pyarrow as pa

from kalanso.indicators.small_tables import small_table
from kalanso.vocabulary import Period, PeriodType

FIRST_YEAR, LAST_YEAR = 1970, 2075
# From the finest to the coarsest; periods of one grain follow each other without gap.
GRAINS = {
    PeriodType.WEEK: 0,
    PeriodType.MONTH: 1,
    PeriodType.QUARTER: 2,
    PeriodType.HALF: 3,
    PeriodType.HALF_APRIL: 4,
    PeriodType.YEAR: 5,
    PeriodType.YEAR_APRIL: 6,
    PeriodType.YEAR_JULY: 7,
    PeriodType.YEAR_OCTOBER: 8,
}


@lru_cache
def reported_periods(asked: PeriodType) -> pa.Table:
    """Return every reported period that lies inside a period of the asked type.

    Columns: reported (code), reported_end, grain, slot (its running number within the grain), period
    (code of the asked period).
    """
    rows = []
    for kind, grain in GRAINS.items():
        for slot, reported in enumerate(_all(kind)):
            holder = reported.to(asked)
            inside = (
                kind is asked or kind is PeriodType.WEEK or Period.containing(reported.end, asked) == holder
            )
            if inside and not (asked is PeriodType.WEEK and kind is not PeriodType.WEEK):
                rows.append((reported.code, reported.end, grain, slot, holder.code))
    return small_table(
        rows,
        reported=pa.string(),
        reported_end=pa.date32(),
        grain=pa.int64(),
        slot=pa.int64(),
        period=pa.string(),
    )


@lru_cache
def windows(asked: PeriodType, *, cumulative: bool, rolling: bool) -> pa.Table:
    """Return which asked periods are added up into which: part, period (codes)."""
    rows = [
        (part.code, period.code)
        for period in _all(asked)
        for part in _parts(period, cumulative=cumulative, rolling=rolling)
    ]
    return small_table(rows, part=pa.string(), period=pa.string())


@lru_cache
def outlines(asked: PeriodType, *, cumulative: bool, rolling: bool) -> pa.Table:
    """Return the asked periods with the slots of each grain that they span.

    Columns: period, period_start, period_end, grain, first_slot, last_slot, window_start (first day that
    is counted: earlier than period_start where cumulative or rolling).
    """
    spans: dict[tuple[str, int], list[int]] = defaultdict(list)
    plain = reported_periods(asked)
    for grain, slot, period in zip(
        *(plain.column(n).to_pylist() for n in ("grain", "slot", "period")), strict=True
    ):
        spans[period, grain].append(slot)
    rows = []
    for period in _all(asked):
        parts = _parts(period, cumulative=cumulative, rolling=rolling)
        for grain in GRAINS.values():
            slots = [slot for part in parts for slot in spans.get((part.code, grain), ())]
            if slots:
                rows.append(
                    (period.code, period.start, period.end, grain, min(slots), max(slots), parts[0].start)
                )
    return small_table(
        rows, period=pa.string(), period_start=pa.date32(), period_end=pa.date32(), grain=pa.int64(),
        first_slot=pa.int64(), last_slot=pa.int64(), window_start=pa.date32(),
    )  # fmt: skip


@lru_cache
def target_shares(asked: PeriodType, *, cumulative: bool, rolling: bool, rule: str) -> pa.Table:
    """Return which share of each year's target falls in each asked period.

    Twelfths: a month is 1/12 of the year, a quarter 1/4. Days: in proportion to days. A week is always
    reckoned in days. Columns: period, year (code), share, years (how many years the period touches).
    """
    rows = []
    for period in _all(asked):
        shares: dict[int, float] = defaultdict(float)
        for part in _parts(period, cumulative=cumulative, rolling=rolling):
            for year, share in _shares(part, rule):
                shares[year] += share
        rows += [(period.code, str(year), share, len(shares)) for year, share in shares.items()]
    return small_table(rows, period=pa.string(), year=pa.string(), share=pa.float64(), years=pa.int64())


@lru_cache
def _all(kind: PeriodType) -> tuple[Period, ...]:
    return Period.containing(date(FIRST_YEAR, 7, 1), kind).until(
        Period.containing(date(LAST_YEAR, 7, 1), kind)
    )


def _parts(period: Period, *, cumulative: bool, rolling: bool) -> list[Period]:
    if cumulative:
        return [period + -step for step in range(period.number - 1, -1, -1)]
    if rolling:
        return [period + -step for step in (3, 2, 1, 0)]
    return [period]


def _shares(part: Period, rule: str) -> list[tuple[int, float]]:
    if part.type is PeriodType.WEEK:
        days = [date.fromordinal(part.start.toordinal() + step) for step in range(7)]
        return [(day.year, 1 / _days_in(day.year)) for day in days]
    months = part.months()
    if rule == "days":
        return [(month.year, month.days / _days_in(month.year)) for month in months]
    return [(month.year, 1 / 12) for month in months]


def _days_in(year: int) -> int:
    return Period(type=PeriodType.YEAR, year=year).days
