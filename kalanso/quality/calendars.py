"""Where in time does each period of a source stand?

Turns period codes into steps that can be subtracted, the season within the year, and blocks of two
to four years within which a series is compared with itself.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from kalanso.vocabulary import NotAPeriod, Period, PeriodType

PER_YEAR = {
    PeriodType.WEEK: 52, PeriodType.MONTH: 12, PeriodType.QUARTER: 4,
    PeriodType.HALF: 2, PeriodType.HALF_APRIL: 2,
}  # fmt: skip
SHORTEST_BLOCK = 8  # periods; for yearly series, whose two years would be two numbers

SCHEMA = pa.schema(
    [
        ("source", pa.string()), ("period_type", pa.string()), ("period", pa.string()),
        ("period_start", pa.date32()), ("step", pa.int32()), ("season", pa.int16()),
        ("block", pa.int16()), ("year", pa.int16()),
    ]
)  # fmt: skip


def calendar(profile: pd.DataFrame) -> pa.Table:
    """Return one row per source and period of the profile (source, period_type, period).

    `step` counts periods since 1900, `season` from 1 within the year. `block` numbers stretches
    of at least two and less than four years, so that a series is compared with its own time.
    Raises NotAPeriod where a code is none, or is of another type than the row says.
    """
    rows: list[dict[str, object]] = []
    for (source, kind), part in profile.groupby(["source", "period_type"], sort=True):
        periods = {code: _parsed(code, str(kind), str(source)) for code in sorted(part.period.unique())}
        steps = {code: period - Period(type=period.type, year=1900) for code, period in periods.items()}
        first, span = min(steps.values()), max(steps.values()) - min(steps.values()) + 1
        shortest = max(2 * PER_YEAR.get(PeriodType(str(kind)), 1), SHORTEST_BLOCK)
        blocks = max(1, span // shortest)
        rows += [
            {
                "source": source, "period_type": kind, "period": code, "period_start": period.start,
                "step": steps[code], "season": period.number, "year": period.year,
                "block": (steps[code] - first) * blocks // span,
            }
            for code, period in periods.items()
        ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _parsed(code: str, kind: str, source: str) -> Period:
    period = Period.parse(code)
    if period.type.value != kind:
        raise NotAPeriod(f"source {source}: period {code!r} is a {period.type.value}, its row says {kind}")
    return period
