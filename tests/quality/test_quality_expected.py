"""Does a finding that something known leads one to expect say so, and only in the direction and at the place of what is known?"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from kalanso import definitions, quality
from kalanso.quality.tables import QUALITY_FINDINGS, with_param
from kalanso.vocabulary import Period
from tests.quality.conftest import evidence_of, observed

TREE = {"F1": "D1", "F2": "D1", "F3": "D1", "F4": "D2", "D1": "ML", "D2": "ML"}
LEVELS = {"F1": "facility", "F2": "facility", "F3": "facility", "F4": "facility", "ML": "country"}
STRIKE = {
    "source": "t", "place_code": "D2", "first_day": date(2024, 5, 10), "last_day": date(2024, 6, 10), "kind": "strike", "antigen": "",
    "note": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def beside() -> quality.KnownBeside:
    cards = [
        row
        for place, days in (("F1", (0, 12, 0)), ("F2", (0, 0, 3)), ("F3", (0, 0, 9)))
        for row in observed("stockout_days", days, first="202403", place_code=place, product="penta")
    ]
    closed = observed("facilities_closed", [4], first="202407", place_code="D1")
    return quality.known_beside(evidence_of([*cards, *closed], tree=TREE, levels=LEVELS, events=[STRIKE]))


def why(
    beside: quality.KnownBeside, check: str, case: str, place: str, period: str, **more: Any
) -> str | None:
    params = {"indicator": more.pop("indicator", "dtp1_doses"), "value": 3.0, "expected": 40.0} | more
    when = Period.parse(period)
    row = {
        "check": check, "source": "hmis", "place_code": place, "period": period, "period_type": when.type.value, "period_start": when.start,
        "indicator": params["indicator"], "detail": "", "value": 3.0, "expected": 40.0, "severity": "attention",
        "message": f"quality.{check}.{case}", "params": json.dumps(params),
    }  # fmt: skip
    marked = beside.marked(QUALITY_FINDINGS.arrow([row])).to_pylist()
    assert len(marked) == 1
    assert marked[0]["severity"] == "attention", "nothing is suppressed"
    return json.loads(marked[0]["params"]).get("explained_by")


def test_too_few_doses_are_expected_in_the_month_without_vaccine_and_the_one_after(
    beside: quality.KnownBeside,
) -> None:
    months = {
        period: why(beside, "outliers", "low", "F1", period)
        for period in ("202403", "202404", "202405", "202406")
    }
    assert months == {"202403": None, "202404": "stockout", "202405": "stockout", "202406": None}  # fmt: skip


def test_a_stockout_explains_neither_too_many_doses_nor_those_of_another_vaccine(
    beside: quality.KnownBeside,
) -> None:
    assert why(beside, "outliers", "high", "F1", "202404", value=400.0) is None
    assert why(beside, "outliers", "shared", "F1", "202404", value=400.0) is None
    assert why(beside, "outliers", "low", "F1", "202404", indicator="bcg_doses") is None


def test_a_district_is_explained_by_enough_of_its_facilities_alone(beside: quality.KnownBeside) -> None:
    assert why(beside, "shared_falls", "unclear", "D1", "202404") is None, "one facility in three"
    assert why(beside, "shared_falls", "unclear", "D1", "202405") == "stockout", "two in three"


def test_an_event_explains_places_below_it_and_no_others(beside: quality.KnownBeside) -> None:
    assert why(beside, "completeness", "low_month", "D2", "202405") == "strike"
    assert why(beside, "timeliness", "late", "F4", "202406") == "strike"
    assert why(beside, "completeness", "low_month", "D1", "202405") is None
    assert why(beside, "completeness", "low_month", "ML", "202405") is None
    assert why(beside, "completeness", "over", "D2", "202405") is None, "more reports than were due"


def test_two_months_explain_a_quarter_and_not_a_year(beside: quality.KnownBeside) -> None:
    assert why(beside, "completeness", "low", "D2", "2024Q2") == "strike"
    assert why(beside, "completeness", "low", "D2", "2024") is None


def test_a_shortage_does_not_excuse_children_who_do_not_come_back(beside: quality.KnownBeside) -> None:
    assert why(beside, "dropout", "high", "F1", "202404", first="dtp1_doses", last="dtp3_doses") is None


def test_closed_facilities_explain_missing_reports(beside: quality.KnownBeside) -> None:
    assert why(beside, "completeness", "low_month", "D1", "202407") == "closed"


@pytest.mark.parametrize("kind", ["stockout", "closed", "strike", "conflict", "closure", "epidemic"])
def test_the_sentence_says_what_leads_one_to_expect_it_in_both_languages(kind: str) -> None:
    pack = definitions.load("ML")
    given = {"place": "Niono", "period": "202404", "indicator": "dtp1_doses", "value": 3.0, "expected": 40.0, "n": 30, "score": -5.0,
             "scatter": 5.0, "mad": 4.0, "share": 0.1, "detail": ""}  # fmt: skip
    plain = quality.sentence("quality.outliers.low", given, pack, "en")
    told = quality.sentence("quality.outliers.low", given | {"explained_by": kind}, pack, "en")
    french = quality.sentence("quality.outliers.low", given | {"explained_by": kind}, pack, "fr")

    assert told.startswith(f"{plain} Expected: ")
    assert "Attendu : " in french


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ("{}", '{"explained_by": "stockout"}'),
        ('{"value": 1.50}', '{"value": 1.50, "explained_by": "stockout"}'),
    ],
)
def test_one_more_param_leaves_the_others_as_they_were_written(params: str, found: str) -> None:
    assert with_param(params, "explained_by", "stockout") == found
