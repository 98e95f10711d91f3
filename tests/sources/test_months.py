"""Which period does a messy cell mean?"""

from __future__ import annotations

import contextlib
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso.sources.months import find_period, month_number, nearest_month, year_number
from kalanso.vocabulary import NotAPeriod, Period, PeriodType


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("Décembre 2023", "202312"),
        ("Decembre 2023", "202312"),
        ("DÉCEMBRE  2023", "202312"),
        ("déc-23", "202312"),
        ("déc. 23", "202312"),
        ("Dec-23", "202312"),
        ("janv.-23", "202301"),
        ("aoû 23", "202308"),
        ("Août\u00a02023", "202308"),
        ("mai 2023", "202305"),
        ("2023 juin", "202306"),
        ("February 2023", "202302"),
        ("2023-12", "202312"),
        ("2023/4", "202304"),
        ("12/2023", "202312"),
        ("202312", "202312"),
        (202312, "202312"),
        (202312.0, "202312"),
        ("2023 M12", "202312"),
        ("31/12/2023", "202312"),
        ("12/31/2023", "202312"),
        ("2023-12-31 00:00:00", "202312"),
        ("1er janvier 2023", "202301"),
        (date(2023, 12, 1), "202312"),
        (datetime(2023, 12, 31, 23, 59), "202312"),  # noqa: DTZ001
        (45261, "202312"),
        ("45261", "202312"),
        ("T4 2023", "2023Q4"),
        ("Q4 2023", "2023Q4"),
        ("2023T4", "2023Q4"),
        ("4T2023", "2023Q4"),
        ("2023Q4", "2023Q4"),
        ("4e trimestre 2023", "2023Q4"),
        ("4ème trimestre 2023", "2023Q4"),
        ("Quatrième trimestre 2023", "2023Q4"),
        ("1er trimestre 2023", "2023Q1"),
        ("4th quarter of 2023", "2023Q4"),
        ("oct-déc 2023", "2023Q4"),
        ("Janvier - Mars 2023", "2023Q1"),
        ("Semaine 3 2024", "2024W3"),
        ("Semaine épidémiologique n° 3 de 2024", "2024W3"),
        ("Week 53 2020", "2020W53"),
        ("S12 2024", "2024W12"),
        ("2024W3", "2024W3"),
        ("2024-W03", "2024W3"),
        ("Semestre 1 2024", "2024S1"),
        ("2024S1", "2024S1"),
        ("2023", "2023"),
        ("Année 2023", "2023"),
        (2023, "2023"),
    ],
)
def test_a_period_is_read_as_people_write_it(cell: object, code: str) -> None:
    assert find_period(cell).code == code


@pytest.mark.parametrize(
    "cell",
    ["", "Total", "13/2023", "202313", "T5 2023", "Semaine 54 2024", "Décembre", "32/12/2023", "12", None, True, "x" * 500],
)  # fmt: skip
def test_what_is_no_period_is_refused(cell: object) -> None:
    with pytest.raises(NotAPeriod):
        find_period(cell)


@pytest.mark.parametrize("cell", ["05/04/2023", "S1 2024"])
def test_what_can_be_two_periods_is_refused_until_a_person_says_which(cell: str) -> None:
    with pytest.raises(NotAPeriod, match="may be"):
        find_period(cell)


def test_a_person_can_say_how_dates_and_half_years_are_written() -> None:
    assert find_period("05/04/2023", day_first=True).code == "202304"
    assert find_period("05/04/2023", day_first=False).code == "202305"
    assert find_period("S1 2024", kind=PeriodType.WEEK).code == "2024W1"
    assert find_period("S1 2024", kind=PeriodType.HALF).code == "2024S1"


def test_a_month_that_stands_alone_needs_its_year() -> None:
    assert find_period("Août", year=2022).code == "202208"
    assert find_period("8", year=2022).code == "202208"


def test_a_period_of_another_length_than_stated_is_refused() -> None:
    with pytest.raises(NotAPeriod, match="quarter"):
        find_period("T4 2023", kind=PeriodType.MONTH)


def test_a_misspelt_month_is_refused_with_the_nearest_name() -> None:
    assert nearest_month("Decmbre 2023") == "decembre"
    with pytest.raises(NotAPeriod, match="did you mean decembre"):
        find_period("Decmbre 2023")


def test_months_and_years_are_told_from_other_numbers() -> None:
    assert [month_number(cell) for cell in ("Juillet", "juil.", "07", 7, 13, "Total")] == [
        7,
        7,
        7,
        7,
        None,
        None,
    ]
    assert [year_number(cell) for cell in ("2023", 2023.0, "Année 2023", 23, "x")] == [
        2023,
        2023,
        2023,
        None,
        None,
    ]


@settings(max_examples=60, derandomize=True)
@given(st.integers(1950, 2150), st.integers(1, 12), st.sampled_from(["{y}-{m:02d}", "{m}/{y}", "{y}{m:02d}"]))
def test_every_month_is_read_back_from_every_form(year: int, month: int, form: str) -> None:
    assert find_period(form.format(y=year, m=month)) == Period.month(year, month)


@settings(max_examples=150, derandomize=True)
@given(st.text(max_size=30))
def test_any_text_is_a_period_or_is_refused(text: str) -> None:
    with contextlib.suppress(NotAPeriod):
        assert isinstance(find_period(text), Period)
