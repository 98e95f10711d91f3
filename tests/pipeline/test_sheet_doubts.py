"""Are numbers of a sheet that look mistyped pointed out, and all others left alone?

A place F usually reports 50 first doses and 42 third ones a month.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from kalanso import definitions
from kalanso.pipeline.sheet_doubts import ABOVE, COLUMNS, FAR, doubts

TOLD = definitions.load("ML").section("quality")
PLAIN = {"place_code": "F", "period": "202501", "period_type": "month", "product": "", "age_band": "0-11m", "strategy": "all"}  # fmt: skip
USUAL = pd.DataFrame(
    [
        ("F", "month", "dtp1_doses", "", 50.0, 50.0, 36),
        ("F", "month", "dtp3_doses", "", 42.0, 42.0, 36),
        ("F", "month", "doses_received", "penta", 180.0, 180.0, 36),
        ("NEW", "month", "dtp1_doses", "", 50.0, 50.0, 2),
    ],
    columns=["place_code", "period_type", "indicator", "product", "usual_low", "usual_high", "periods"],
)


def found(*numbers: tuple[str, float | None], **more: Any) -> list[tuple[str, str, float, float]]:
    rows = [{**PLAIN, "indicator": code, "value": value, **more} for code, value in numbers]
    told = doubts(
        pd.DataFrame(rows, columns=list(COLUMNS)),
        USUAL,
        pairs=TOLD["dropout"]["pairs"],
        limits=TOLD["sheets"],
    )
    return [(one["kind"], one["indicator"], one["value"], one["other"]) for one in told]


def test_a_row_with_1200_third_doses_after_44_first_ones_is_doubted_twice() -> None:
    assert found(("dtp1_doses", 44), ("dtp3_doses", 1200)) == [
        (FAR, "dtp3_doses", 1200.0, 42.0),
        (ABOVE, "dtp3_doses", 1200.0, 44.0),
    ]


@pytest.mark.parametrize(("first", "third"), [(44, 38), (44, 44), (44, None), (None, 44), (90, 12)])
def test_a_likely_row_is_left_alone(first: float | None, third: float | None) -> None:
    assert found(("dtp1_doses", first), ("dtp3_doses", third)) == []


def test_a_number_far_below_is_doubted_too() -> None:
    assert found(("dtp1_doses", 4)) == [(FAR, "dtp1_doses", 4.0, 50.0)]
    assert found(("dtp1_doses", 6)) == []


def test_a_place_that_reported_two_periods_has_no_usual_number() -> None:
    assert found(("dtp1_doses", 5000), place_code="NEW") == []
    assert found(("dtp1_doses", 5000), place_code="UNKNOWN") == []


def test_doses_of_different_ages_or_periods_are_not_compared() -> None:
    rows = [
        {**PLAIN, "indicator": "dtp1_doses", "value": 40.0, "age_band": "0-11m"},
        {**PLAIN, "indicator": "dtp3_doses", "value": 45.0, "age_band": "12-23m"},
        {**PLAIN, "indicator": "dtp3_doses", "value": 45.0, "period": "202502"},
    ]
    assert doubts(
        pd.DataFrame(rows), USUAL, pairs=TOLD["dropout"]["pairs"], limits=TOLD["sheets"]
    ) == []  # fmt: skip


def test_a_stock_is_held_against_what_is_usual_of_the_same_vaccine() -> None:
    assert found(("doses_received", 0), product="penta") == [(FAR, "doses_received", 0.0, 180.0)]
    assert found(("doses_received", 0), product="bcg") == []


def test_doses_given_are_one_series_whatever_product_gave_them() -> None:
    assert found(("dtp1_doses", 4), product="hexa") == [(FAR, "dtp1_doses", 4.0, 50.0)]


def test_campaign_doses_are_no_routine() -> None:
    assert found(("dtp1_doses", 5000), strategy="campaign") == []


def test_the_furthest_from_likely_comes_first() -> None:
    told = found(("opv1_doses", 40), ("opv3_doses", 41), ("dtp1_doses", 44), ("dtp3_doses", 1200))

    assert [one[1] for one in told] == ["dtp3_doses", "dtp3_doses", "opv3_doses"]
