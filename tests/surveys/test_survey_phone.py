"""Do answers by telephone and at sites find planted coverage, and are those without a voice kept between bounds?"""

from __future__ import annotations

import numpy as np
import pytest

from kalanso.surveys import access
from kalanso.surveys.access.methods import METHODS
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.tables import DIRECTIONS, KINDS
from kalanso.vocabulary import Message
from tests.surveys.populations import MARGINS, called, market


def test_raked_answers_find_the_coverage_of_those_who_can_be_called():
    rng = np.random.default_rng(1)

    naive, found, held = [], [], 0
    for _ in range(60):
        table = called(rng)
        one = access.phone_coverage(table, margins=MARGINS, phoneless_share=0.3).reachable
        naive.append(table["vaccinated"].mean())
        found.append(one.coverage)
        held += one.low <= 0.69 <= one.high

    assert np.mean(naive) > 0.74
    assert np.mean(found) == pytest.approx(0.69, abs=0.01)
    assert held >= 53


def test_the_error_of_raked_answers_is_that_between_simulated_samples():
    rng = np.random.default_rng(2)

    found = [
        access.phone_coverage(called(rng), margins=MARGINS, phoneless_share=0.3).reachable for _ in range(80)
    ]

    spread = np.std([one.coverage for one in found])
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.2)


def test_nothing_known_of_the_phoneless_leaves_them_between_none_and_all():
    found = access.phone_coverage(called(np.random.default_rng(3)), margins=MARGINS, phoneless_share=0.4)

    assert found.whole_low == pytest.approx(0.6 * found.reachable.low)
    assert found.whole_high == pytest.approx(0.6 * found.reachable.high + 0.4)
    assert "40 %" in found.bounds.render("fr").replace("\u202f", " ")


def test_bounds_hold_the_coverage_of_everybody_whatever_the_phoneless_are():
    rng = np.random.default_rng(4)

    held = 0
    for _ in range(60):
        phoneless = rng.uniform(0, 1)
        found = access.phone_coverage(called(rng), margins=MARGINS, phoneless_share=0.3)
        held += found.whole_low <= 0.7 * 0.69 + 0.3 * phoneless <= found.whole_high

    assert held == 60


def test_an_odds_ratio_from_a_survey_narrows_the_bounds_and_lowers_the_estimate():
    table = called(np.random.default_rng(5))

    blind = access.phone_coverage(table, margins=MARGINS, phoneless_share=0.3)
    told = access.phone_coverage(table, margins=MARGINS, phoneless_share=0.3, odds_ratio=(0.3, 0.6))

    assert blind.whole_low < told.whole_low < told.whole_high < blind.whole_high
    assert told.reachable.bias > 0
    assert told.reachable.bias_sd < blind.reachable.bias_sd


def test_every_factor_of_a_weight_stays_a_column():
    found = access.phone_coverage(called(np.random.default_rng(6)), margins=MARGINS, phoneless_share=0.3)

    table = found.respondents
    assert (table["weight"] == table["numbers_weight"] * table["raking"]).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"numbers_held": 0}, "column numbers_held: expected a number of at least 1"),
        ({"vaccinated": 9}, "column vaccinated: expected one of 0, 1"),
        ({"wealth": "none"}, "column wealth: expected one of poor, rich"),
        ({"respondent": "r"}, "a row of its own for each respondent"),
    ],
)
def test_answers_that_cannot_be_are_refused(change, said):
    with pytest.raises(SurveyRefused, match=said):
        access.phone_coverage(
            called(np.random.default_rng(7)).assign(**change), margins=MARGINS, phoneless_share=0.3
        )


@pytest.mark.parametrize("wrong", [{"phoneless_share": 30}, {"phoneless_share": 0.3, "odds_ratio": (0, 1)}])
def test_shares_and_ratios_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        access.phone_coverage(called(np.random.default_rng(8)), margins=MARGINS, **wrong)


def test_whoever_comes_often_counts_less_and_planted_coverage_is_found():
    rng = np.random.default_rng(9)

    naive, off, held = [], [], 0
    for _ in range(60):
        table, truth = market(rng)
        found = access.time_location(table)
        naive.append(table["vaccinated"].mean() - truth)
        off.append(found.coverage - truth)
        held += found.low <= truth <= found.high

    assert np.mean(naive) > 0.08
    assert abs(np.mean(off)) < 0.02
    assert held >= 54


def test_a_single_site_day_has_no_error_and_is_refused():
    table, _ = market(np.random.default_rng(10))

    with pytest.raises(SurveyRefused, match="a single site day"):
        access.time_location(table[table["site_day"] == table["site_day"].iloc[0]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"visits": 0}, "column visits"), ({"p_site_day": 0}, "column p_site_day"),
        ({"interviewed": 500}, "column interviewed: expected no more than counted"),
    ],
)  # fmt: skip
def test_people_with_impossible_numbers_are_refused(change, said):
    table, _ = market(np.random.default_rng(11))

    with pytest.raises(SurveyRefused, match=said):
        access.time_location(table.assign(**change))


@pytest.mark.parametrize("name", list(METHODS))
def test_every_way_has_its_direction_its_label_and_what_must_hold_in_both_languages(name):
    method = METHODS[name]
    told = {
        "n": 10, "coverage": 0.5, "low": 0.4, "high": 0.6, "phoneless": 0.2, "seeds": 3, "days": 4, "target": 100.0,
    }  # fmt: skip

    assert method.kind in KINDS
    assert method.direction in DIRECTIONS
    assert method.assumptions
    for locale in ("fr", "en"):
        assert Message(method.label, told).render(locale).startswith(("Pas d’enquête", "No household survey"))
        assert all(Message(one).render(locale) for one in method.assumptions)
