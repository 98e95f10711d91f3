"""Whose reports did not come, or came late?

The checks say how many reports of a district lack. Which structures owe them is read from the reports themselves at the
moment in which somebody asks, so that everybody is told of those places alone that they may see.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from kalanso.vocabulary import Period, PeriodType

COLUMNS = ("source", "indicator", "place_code", "period", "absent", "untimely")
EMPTY = pd.DataFrame(columns=list(COLUMNS))
# Which of the two a finding asks for, by its sentence.
OF_REPORTS = {
    "quality.completeness.low": "absent", "quality.completeness.low_month": "absent", "quality.timeliness.late": "untimely",
}  # fmt: skip


def by_structure(observations: ir.Table, indicators: Iterable[str], first: date, last: date) -> ir.Table:
    """Return the monthly reports that did not come (`absent`) or not in time (`untimely`), a line for each in COLUMNS.

    `indicators` stand for forms, as the findings name them. Rows of one place and month are the same report, whatever age
    or strategy they count. Where the day of arrival is unknown nothing is said of it.
    """
    o = observations
    due = o.filter(
        o.indicator.isin(sorted(set(indicators)) or [""]), o.period_type == PeriodType.MONTH.value,
        o.reports_expected.notnull(), o.period_start >= first, o.period_start <= last,
    )  # fmt: skip
    single = due.group_by("source", "indicator", "place_code", "period").agg(
        expected=due.reports_expected.max(),
        received=due.reports_received.max(),
        on_time=due.reports_on_time.max(),
    )
    told = single.mutate(
        absent=single.received.fill_null(0.0) < single.expected,
        untimely=single.on_time.notnull() & (single.on_time.fill_null(0.0) < single.expected),
    )
    return told.filter(told.absent | told.untimely).select(*COLUMNS)


def lacking(rows: pd.DataFrame, reports: pd.DataFrame, lineage: pd.DataFrame) -> pd.Series:
    """Return for each finding the structures that owe its reports, with their months: those that owe most first.

    `rows` are findings, `reports` what `by_structure` returned, `lineage` has place_code and ancestor_code. Empty where the
    finding asks for no reports, or where the source tells reports of whole districts alone.
    """
    found = [_of(row, reports, lineage) if row.message in OF_REPORTS else () for row in rows.itertuples()]
    return pd.Series(found, index=rows.index, dtype=object)


def _of(row: object, reports: pd.DataFrame, lineage: pd.DataFrame) -> tuple[tuple[str, tuple[str, ...]], ...]:
    place, period = str(row.place_code), Period.parse(str(row.period))  # type: ignore[attr-defined]
    below = set(lineage.loc[lineage["ancestor_code"] == place, "place_code"]) - {place}
    months = {month.code for month in period.months()}
    owed = reports[
        (reports["source"] == row.source)  # type: ignore[attr-defined]
        & (reports["indicator"] == row.indicator)  # type: ignore[attr-defined]
        & reports["place_code"].isin(below)
        & reports["period"].isin(months)
        & reports[OF_REPORTS[str(row.message)]].astype(bool)  # type: ignore[attr-defined]
    ]
    by_place = {str(code): tuple(sorted(part)) for code, part in owed.groupby("place_code")["period"]}
    return tuple(sorted(by_place.items(), key=lambda one: (-len(one[1]), one[0])))


def asked_for(findings: pd.DataFrame) -> list[str]:
    """Return the forms of whose reports some findings speak."""
    return sorted(set(findings.loc[findings["message"].isin(list(OF_REPORTS)), "indicator"]))
