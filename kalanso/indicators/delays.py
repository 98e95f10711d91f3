"""How soon is a number known in full, and which recent periods are therefore provisional?

From kept states of a store: the share of the final number that stood there so many months after its
period (a reporting triangle, as in nowcasting of notifications). A function tells whoever shows a
number whether it may still grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kalanso.indicators.tables import PROVISIONAL_PERIODS, REPORTING_DELAYS
from kalanso.vocabulary import Period

SERIES = ["source", "indicator", "place_code"]
FEWEST = 3  # periods from which a delay is learnt


def months_after(period_end: date, known_on: date) -> int:
    """Return how many months after the month in which a period ended a number was looked at (0: the same month)."""
    return (known_on.year - period_end.year) * 12 + known_on.month - period_end.month


def reporting_delays(triangle: pd.DataFrame, *, settled: int = 4) -> pd.DataFrame:
    """Return the rows of REPORTING_DELAYS: the share of the final number known after so many months.

    `triangle` has source, indicator, place_code, period, known_on and value: each kept state once, sums over
    what stood there on that day. The number of the newest state is taken as final where it is at least
    `settled` months after its period; other periods teach nothing. A period that had no row yet in a
    state counts as nothing known. Sums over periods: share = sum known / sum final.
    """
    columns = list(REPORTING_DELAYS.column_names)
    made: list[pd.DataFrame] = []
    for _, rows in triangle.groupby("source"):
        days = sorted(rows["known_on"].unique())
        ends = {code: Period.parse(str(code)).end for code in rows["period"].unique()}
        final = rows[rows["known_on"] == days[-1]].set_index([*SERIES, "period"])["value"]
        ages = [months_after(ends[code], days[-1]) for code in final.index.get_level_values("period")]
        final = final[(pd.Series(ages, index=final.index) >= settled) & (final > 0)]
        if final.empty or len(days) < 2:
            continue
        for day in days[:-1]:
            known = rows[rows["known_on"] == day].set_index([*SERIES, "period"])["value"]
            beside = final.to_frame("final").assign(known=known.reindex(final.index).fillna(0.0))
            after = [months_after(ends[code], day) for code in beside.index.get_level_values("period")]
            ended = [ends[code] < day for code in beside.index.get_level_values("period")]
            beside = beside.assign(months_after=after, known_on=day)[ended].reset_index()
            made.append(beside[beside["months_after"] <= settled])
    if not made:
        return pd.DataFrame(columns=columns)
    every = pd.concat(made).sort_values("known_on")
    every = every.drop_duplicates([*SERIES, "period", "months_after"], keep="last")
    sums = every.groupby([*SERIES, "months_after"]).agg(
        periods=("period", "size"), known=("known", "sum"), final=("final", "sum")
    ).reset_index()  # fmt: skip
    return sums.assign(known_share=sums["known"] / sums["final"])[columns]


@dataclass(frozen=True)
class Delays:
    """After how many months the numbers of each series count as final.

    `final_after` maps (source, indicator, place_code) to months; series that taught too little are not
    there, and `days` after the end of the period hold for them.
    """

    final_after: Mapping[tuple[str, str, str], int]
    days: int

    def provisional(self, source: str, indicator: str, place: str, period: Period, *, known_on: date) -> bool:
        """Whether a number that was looked at on a day may still grow."""
        if period.end >= known_on:
            return True
        months = self.final_after.get((source, indicator, place))
        if months is None:
            return period.end >= known_on - timedelta(days=self.days)
        return months_after(period.end, known_on) < months


def learnt(delays: pd.DataFrame, *, complete: float, days: int) -> Delays:
    """Return what rows of REPORTING_DELAYS teach: the first month from which `complete` of the number is known.

    A series that never reaches that share within the months looked at is final only after them.
    """
    found: dict[tuple[str, str, str], int] = {}
    groups: Any = delays[delays["periods"] >= FEWEST].groupby(SERIES)
    for key, rows in groups:
        short = rows.loc[rows["known_share"] < complete, "months_after"]
        found[tuple(key)] = int(short.max()) + 1 if len(short) else int(rows["months_after"].min())
    return Delays(found, days)


def provisional_periods(newest: pd.DataFrame, delays: pd.DataFrame, rules: Delays) -> pd.DataFrame:
    """Return the rows of PROVISIONAL_PERIODS: numbers of the newest state that may still grow.

    `newest` has source, indicator, place_code, period and known_on, the day of the newest state in which
    the source changed.
    """
    shares = delays.set_index([*SERIES, "months_after"])["known_share"].to_dict()
    made: list[dict[str, Any]] = []
    rows: list[Any] = list(newest.drop_duplicates([*SERIES, "period"]).itertuples(index=False))
    for row in rows:
        period = Period.parse(str(row.period))
        if rules.provisional(row.source, row.indicator, row.place_code, period, known_on=row.known_on):
            age = months_after(period.end, row.known_on)
            made.append({
                "source": row.source, "indicator": row.indicator, "place_code": row.place_code,
                "period": period.code, "period_type": period.type.value, "period_start": period.start,
                "known_on": row.known_on, "known_share": shares.get((row.source, row.indicator, row.place_code, age)),
                "learnt": (row.source, row.indicator, row.place_code) in rules.final_after,
            })  # fmt: skip
    return pd.DataFrame(made, columns=list(PROVISIONAL_PERIODS.column_names))
