"""Do the small tables of periods agree with the calendar?"""

from __future__ import annotations

import pytest

from kalanso.indicators.calendars import GRAINS, outlines, reported_periods, target_shares, windows
from kalanso.vocabulary import Period, PeriodType


def holder(reported: str, asked: PeriodType) -> list[str]:
    rows = reported_periods(asked).to_pylist()
    return [row["period"] for row in rows if row["reported"] == reported]


@pytest.mark.parametrize(
    ("reported", "asked", "period"),
    [
        ("202402", PeriodType.QUARTER, ["2024Q1"]),
        ("2024Q4", PeriodType.YEAR, ["2024"]),
        ("202403", PeriodType.YEAR_APRIL, ["2023April"]),
        ("2024S1", PeriodType.YEAR_APRIL, []),
        ("2024", PeriodType.MONTH, []),
        ("2024", PeriodType.YEAR_JULY, []),
        # week 1 of 2026 begins on 29 December 2025; its Thursday is 1 January
        ("2026W1", PeriodType.MONTH, ["202601"]),
        ("2020W53", PeriodType.YEAR, ["2020"]),
        ("2020W53", PeriodType.WEEK, ["2020W53"]),
        ("202401", PeriodType.WEEK, []),
    ],
)
def test_a_reported_period_belongs_to_the_asked_one_that_holds_it(
    reported: str, asked: PeriodType, period: list[str]
) -> None:
    assert holder(reported, asked) == period


@pytest.mark.parametrize(
    "asked", [PeriodType.MONTH, PeriodType.QUARTER, PeriodType.YEAR, PeriodType.YEAR_APRIL]
)
@pytest.mark.parametrize("rule", ["twelfths", "days"])
def test_the_targets_of_a_year_s_periods_add_up_to_the_year(asked: PeriodType, rule: str) -> None:
    shares = target_shares(asked, cumulative=False, rolling=False, rule=rule).to_pylist()

    assert sum(row["share"] for row in shares if row["year"] == "2024") == pytest.approx(1)


def test_the_last_cumulative_month_is_due_the_whole_year() -> None:
    shares = target_shares(PeriodType.MONTH, cumulative=True, rolling=False, rule="twelfths").to_pylist()

    assert [row["share"] for row in shares if row["period"] == "202412"] == [pytest.approx(1)]


def test_a_week_over_new_year_takes_a_part_of_both_years() -> None:
    shares = target_shares(PeriodType.WEEK, cumulative=False, rolling=False, rule="twelfths").to_pylist()

    assert {row["year"]: row["share"] * 365 for row in shares if row["period"] == "2026W1"} == {
        "2025": pytest.approx(3),
        "2026": pytest.approx(4),
    }


def test_four_rolling_quarters_end_with_the_asked_one() -> None:
    rows = windows(PeriodType.QUARTER, cumulative=False, rolling=True).to_pylist()

    assert [row["part"] for row in rows if row["period"] == "2024Q2"] == [
        "2023Q3",
        "2023Q4",
        "2024Q1",
        "2024Q2",
    ]


def test_slots_of_a_grain_are_consecutive_within_a_period() -> None:
    rows = outlines(PeriodType.QUARTER, cumulative=True, rolling=False).to_pylist()
    month = next(
        row for row in rows if row["period"] == "2024Q3" and row["grain"] == GRAINS[PeriodType.MONTH]
    )

    assert month["last_slot"] - month["first_slot"] + 1 == 9
    assert month["window_start"] == Period.parse("202401").start
