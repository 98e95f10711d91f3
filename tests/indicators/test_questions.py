"""Is a question checked at the door, and can it be written down?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kalanso import definitions
from kalanso.indicators import DenominatorChoice, IndicatorQuestion, QuestionRefused
from kalanso.vocabulary import AgeGroup, Level, PeriodType, Tree


def asked(**choices: Any) -> IndicatorQuestion:
    plain: dict[str, Any] = {
        "indicators": ("dtp1_coverage",), "period_type": PeriodType.QUARTER, "today": date(2025, 1, 15),
    }  # fmt: skip
    return IndicatorQuestion(**(plain | choices))


def test_a_question_survives_being_written_down() -> None:
    question = asked(
        tree=Tree.ADMINISTRATIVE, levels=(Level.CERCLE,), sources=("dhis2",), adjust_k=0.25, rolling=True,
        ages=(AgeGroup.UNDER_1, AgeGroup.UNKNOWN),
        denominator=DenominatorChoice(population="live_births", source="wpp", base_year=2009, growth=0.03),
    )  # fmt: skip

    assert IndicatorQuestion.from_dict(question.to_dict()) == question


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"indicators": ()}, "at least one code"),
        ({"indicators": ("dtp1_doses", "dtp1_doses")}, "each code once"),
        ({"adjust_k": 25}, "a number from 0 to 1, got 25"),
        ({"cumulative": True, "rolling": True}, "not both"),
        ({"cumulative": True, "period_type": PeriodType.YEAR}, "expected months or quarters"),
        ({"rolling": True, "period_type": PeriodType.MONTH}, "expected quarters, got month"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionRefused, match=said):
        asked(**choices)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"rule": "thirds"}, "expected one of twelfths, days"),
        ({"growth": 0.03}, "needs a base_year"),
        ({"base_year": 2009, "growth": 3}, "is it in percent"),
        ({"base_year": 209}, "expected 1970 to 2075"),
    ],
)
def test_a_denominator_that_makes_no_sense_is_refused(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionRefused, match=said):
        DenominatorChoice(**choices)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"indicators": ("dtp9_coverage",)}, "the pack ML has no 'dtp9_coverage'"),
        ({"indicators": ("vaccine_wastage",)}, "is not computed from counts"),
        ({"denominator": DenominatorChoice(population="dtp1_doses")}, "expected the code of a population"),
    ],
)
def test_codes_are_checked_against_the_pack(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionRefused, match=said):
        asked(**choices).check_against(definitions.load("ML"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"period_type": "fortnight"}, "fortnight"),
        ({"levels": ["canton"]}, "canton"),
        ({"denominators": {}}, "got 'denominators'"),
        ({"denominator": {"sauce": "wpp"}}, "sauce"),
        ({"today": "yesterday"}, "yesterday"),
    ],
)
def test_a_written_question_with_a_slip_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionRefused, match=said):
        IndicatorQuestion.from_dict(asked().to_dict() | change)
