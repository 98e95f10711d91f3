"""Is every period of DHIS2 the right one of ours, or refused by its name?"""

from __future__ import annotations

from datetime import date

import pytest

from kalanso.sources.dhis2 import DhisFault
from kalanso.sources.dhis2.periods import TYPES, period_of, periods_between, runs, type_of
from kalanso.vocabulary import PeriodType


@pytest.mark.parametrize(
    ("code", "kind", "first", "last"),
    [
        ("202401", "month", "2024-01-01", "2024-01-31"), ("2024Q1", "quarter", "2024-01-01", "2024-03-31"),
        ("2024S2", "half", "2024-07-01", "2024-12-31"), ("2024AprilS2", "half_april", "2024-10-01", "2025-03-31"),
        ("2024", "year", "2024-01-01", "2024-12-31"), ("2024April", "year_april", "2024-04-01", "2025-03-31"),
        ("2024July", "year_july", "2024-07-01", "2025-06-30"), ("2024Oct", "year_october", "2024-10-01", "2025-09-30"),
        # ISO weeks: one digit or two, week 53, and the edges of years.
        ("2024W3", "week", "2024-01-15", "2024-01-21"), ("2024W03", "week", "2024-01-15", "2024-01-21"),
        ("2020W53", "week", "2020-12-28", "2021-01-03"), ("2021W1", "week", "2021-01-04", "2021-01-10"),
        ("2024W1", "week", "2024-01-01", "2024-01-07"), ("2025W1", "week", "2024-12-30", "2025-01-05"),
        ("2026W53", "week", "2026-12-28", "2027-01-03"),
    ],
)  # fmt: skip
def test_a_period_is_the_same_days(code: str, kind: str, first: str, last: str) -> None:
    period = period_of(code)
    assert (period.type.value, period.start.isoformat(), period.end.isoformat()) == (kind, first, last)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("20240115", "Daily"), ("2024WedW3", "WeeklyWed"), ("2024ThuW12", "WeeklyThu"), ("2024SatW1", "WeeklySat"),
        ("2024SunW53", "WeeklySun"), ("2024BiW1", "BiWeekly"), ("202401B", "BiMonthly"), ("2024NovQ1", "QuarterlyNov"),
        ("2024NovS1", "SixMonthlyNov"), ("2024Sep", "FinancialSep"), ("2024Nov", "FinancialNov"),
    ],
)  # fmt: skip
def test_a_period_without_counterpart_is_refused_by_its_name(code: str, name: str) -> None:
    with pytest.raises(DhisFault, match=name) as caught:
        period_of(code)
    assert code in caught.value.render("fr")


@pytest.mark.parametrize(
    "code", ["202413", "2021W53", "2024W54", "2024Q5", "2024-01", "24", "", "mars 2024", "2024W0"]
)
def test_what_is_no_period_is_refused(code: str) -> None:
    with pytest.raises(DhisFault) as caught:
        period_of(code)
    assert caught.value.case == "not_a_period"


def test_every_type_reads_the_code_that_it_writes() -> None:
    for name, kind in TYPES.items():
        for period in periods_between(kind, date(2019, 1, 1), date(2021, 12, 31)):
            assert period_of(period.code) == period, name
    with pytest.raises(DhisFault, match="Daily"):
        type_of("Daily")


def test_weeks_are_cut_into_runs_that_lose_none() -> None:
    weeks = periods_between(PeriodType.WEEK, date(2020, 1, 1), date(2021, 12, 31))
    cut = runs(weeks, 3)
    assert {len(run) for run in cut[:-1]} == {13}
    assert [week for run in cut for week in run] == list(weeks)
    assert [week.code for week in weeks if week.code.endswith("W53")] == ["2020W53"]
    months = periods_between(PeriodType.MONTH, date(2024, 1, 1), date(2024, 12, 31))
    assert [len(run) for run in runs(months, 6)] == [6, 6]
    assert [
        len(run) for run in runs(periods_between(PeriodType.YEAR, date(2020, 1, 1), date(2022, 12, 31)), 6)
    ] == [1] * 3
    assert runs((), 6) == []
