"""Do the small nouns hold their promises?"""

from __future__ import annotations

import pytest

from kalanso.vocabulary import AgeGroup, Antigen, Dose, Estimate, Level


def test_only_doses_before_the_first_birthday_count_for_coverage() -> None:
    assert [age.value for age in AgeGroup if age.counts_for_coverage] == ["0-11m"]


@pytest.mark.parametrize(
    ("code", "dose"),
    [("dtp1", Dose(Antigen.DTP, 1)), ("bcg", Dose(Antigen.BCG)), ("MCV2", Dose(Antigen.MCV, 2))],
)
def test_a_dose_is_read_from_its_code(code: str, dose: Dose) -> None:
    assert Dose.parse(code) == dose
    assert dose.code == code.lower()


def test_a_series_named_without_a_number_means_its_first_dose() -> None:
    assert Dose.parse("dtp").code == "dtp1"


@pytest.mark.parametrize("code", ["penta1", "", "dtp12x"])
def test_a_product_or_a_misspelling_is_no_dose(code: str) -> None:
    with pytest.raises(ValueError, match="expected a dose"):
        Dose.parse(code)


def test_an_estimate_lies_inside_its_interval() -> None:
    assert Estimate(value=0.7, low=0.6, high=0.8).width == pytest.approx(0.2)
    with pytest.raises(ValueError, match="low <= value <= high"):
        Estimate(value=0.9, low=0.6, high=0.8)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Estimate(value=0.7, low=0.6, high=0.8, level=95)


def test_a_parent_stands_higher_than_its_children() -> None:
    ladder = [Level.COUNTRY, Level.REGION, Level.DISTRICT, Level.HEALTH_AREA, Level.FACILITY]
    assert [level.depth for level in ladder] == sorted({level.depth for level in ladder})
