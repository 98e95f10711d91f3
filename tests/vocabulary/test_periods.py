"""Do periods follow the calendar and DHIS2?"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso.vocabulary import NotAPeriod, Period, PeriodType, format_value

CODES = [
    ("202401", date(2024, 1, 1), date(2024, 1, 31)),
    ("202402", date(2024, 2, 1), date(2024, 2, 29)),
    ("2024Q4", date(2024, 10, 1), date(2024, 12, 31)),
    ("2024W3", date(2024, 1, 15), date(2024, 1, 21)),
    ("2020W53", date(2020, 12, 28), date(2021, 1, 3)),
    ("2024S2", date(2024, 7, 1), date(2024, 12, 31)),
    ("2024AprilS1", date(2024, 4, 1), date(2024, 9, 30)),
    ("2024AprilS2", date(2024, 10, 1), date(2025, 3, 31)),
    ("2024", date(2024, 1, 1), date(2024, 12, 31)),
    ("2024April", date(2024, 4, 1), date(2025, 3, 31)),
    ("2024July", date(2024, 7, 1), date(2025, 6, 30)),
    ("2024Oct", date(2024, 10, 1), date(2025, 9, 30)),
]


@pytest.mark.parametrize(("code", "first", "last"), CODES)
def test_a_dhis2_code_names_its_days_and_is_written_back(code: str, first: date, last: date) -> None:
    period = Period.parse(code)
    assert (period.start, period.end, period.code) == (first, last, code)


@pytest.mark.parametrize(
    ("written", "code"), [("2024-01", "202401"), ("2024W03", "2024W3"), ("2024-Q1", "2024Q1")]
)
def test_other_common_spellings_are_read(written: str, code: str) -> None:
    assert Period.parse(written).code == code


@pytest.mark.parametrize(
    "text", ["", "202413", "2024Q5", "2024W54", "2023W53", "2024S3", "24Q1", "janvier", "1850"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(NotAPeriod):
        Period.parse(text)


def test_week_53_exists_only_in_long_years_and_week_1_may_begin_in_december() -> None:
    assert (Period.parse("2020W53") + 1).code == "2021W1"
    assert (Period.parse("2024W52") + 1).code == "2025W1"
    assert Period.parse("2025W1").start == date(2024, 12, 30)


def test_a_week_belongs_to_the_month_of_its_thursday() -> None:
    assert Period.parse("2025W1").to(PeriodType.MONTH).code == "202501"


def test_periods_of_two_types_have_no_order() -> None:
    with pytest.raises(NotAPeriod, match="different types"):
        assert Period.parse("202401") < Period.parse("2024Q1")


def test_a_quarter_has_its_three_months() -> None:
    assert [month.code for month in Period.parse("2024Q4").months()] == ["202410", "202411", "202412"]


def test_a_range_holds_both_ends() -> None:
    codes = [p.code for p in Period.parse("2022Q4").until(Period.parse("2023Q2"))]
    assert codes == ["2022Q4", "2023Q1", "2023Q2"]


def test_periods_are_named_as_readers_write_them() -> None:
    assert format_value("202412", "period", "fr") == "décembre 2024"
    assert format_value("2024Q4", "period", "en") == "Q4 2024"
    assert format_value("2024W3", "period", "fr") == "semaine 3, 2024"


days = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(day=days, kind=st.sampled_from(PeriodType), steps=st.integers(-80, 80))
def test_periods_tile_the_calendar(day: date, kind: PeriodType, steps: int) -> None:
    period = Period.containing(day, kind)
    assert period.start <= day <= period.end
    assert Period.parse(period.code) == period
    assert (period + 1).start == period.end + timedelta(days=1)
    assert (period + steps) - period == steps
