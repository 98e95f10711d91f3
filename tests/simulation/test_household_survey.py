"""Does the made-up household survey hold what it says: its size, its truth, its mistakes, and nothing by chance twice?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kalanso.simulation.household_children import (
    DOSES,
    Chances,
    ages_at_doses,
    expected_answers,
    share_by_interview,
)
from kalanso.simulation.household_settings import COHORTS, NO_MISTAKES, Catchment, Fieldwork, Mistakes
from kalanso.simulation.household_survey import HouseholdSurvey, household_survey
from kalanso.surveys import instruments

AREAS = (
    Catchment(place_code="A", dtp1_coverage=0.9, dtp3_given_dtp1=0.85, urban=True),
    Catchment(place_code="B", dtp1_coverage=0.5, dtp3_given_dtp1=0.6),
)


def survey(seed: int = 1, **changes: object) -> HouseholdSurvey:
    fieldwork = replace(Fieldwork(children=380, villages=40), **changes)  # type: ignore[arg-type]
    return household_survey(AREAS, fieldwork, np.random.default_rng(seed))


def test_as_many_children_as_asked_of_both_cohorts_in_drawn_villages() -> None:
    found = survey(mistakes=NO_MISTAKES)

    assert len(found.submissions) == 380
    assert set(found.sample["cohort"]) == set(COHORTS)
    assert found.sample.groupby("stratum")["cluster"].nunique().to_dict() == {"A": 12, "B": 12}
    assert set(found.submissions["cluster"]) <= set(found.sample["cluster"])
    assert (found.sample["weight"] > 0).all()


def test_the_same_seed_gives_the_same_survey_and_another_one_another() -> None:
    one, again, other = survey(1), survey(1), survey(2)

    pd.testing.assert_frame_equal(one.submissions, again.submissions)
    assert not one.submissions.equals(other.submissions)


def test_every_planted_mistake_is_listed_with_what_it_is() -> None:
    found = survey()
    rows = found.submissions.set_index("id")

    assert set(found.planted["mistake"]) >= {"without_a_day", "before_birth", "interview_twice"}
    for one in found.planted[found.planted["mistake"] == "before_birth"].itertuples():
        assert rows.at[one.submission, one.variable] < rows.at[one.submission, "dob_history"]
    assert survey(mistakes=NO_MISTAKES).planted.empty


def test_doses_keep_their_ages_and_intervals() -> None:
    n = 4000
    ages = ages_at_doses(np.full(n, 0.8), np.full(n, 0.7), Chances(), np.random.default_rng(3))

    first = ages["dtp1"][np.isfinite(ages["dtp1"])]
    assert (first >= 42).all()
    assert (first < 365).all()
    both = np.isfinite(ages["dtp2"])
    assert (ages["dtp2"][both] - ages["dtp1"][both] >= 27).all(), "28 days, dates by whole days"
    assert np.isfinite(ages["dtp1"]).mean() == pytest.approx(0.8, abs=0.02)
    assert np.isfinite(ages["dtp3"]).sum() / both.sum() == pytest.approx(0.7**0.5, abs=0.03)
    for series in ("opv", "pcv", "rota"):
        third, second = ages[f"{series}3"], ages[f"{series}2"]
        assert (third >= second).all(), "no later dose without an earlier one"


@pytest.mark.parametrize("cohort", list(COHORTS))
def test_the_share_by_interview_is_that_of_simulated_children(cohort: str) -> None:
    n, chances, rng = 60_000, Chances(), np.random.default_rng(4)
    low, high = COHORTS[cohort]
    ages = ages_at_doses(np.full(n, 1.0), np.full(n, 0.5), chances, rng)["dtp1"]

    seen = (ages <= rng.integers(low, high + 1, n)).mean()

    assert share_by_interview(low, high, chances) == pytest.approx(seen, abs=0.004)


def test_what_is_answered_lies_off_the_truth_by_memory_alone() -> None:
    sure = expected_answers(0.8, card=(1.0, 1.0), recall=(0.5, 0.5))
    forgetful = expected_answers(0.8, card=(0.0, 0.0), recall=(0.9, 0.1))

    listed = expected_answers(0.8, card=(0.0, 0.0), recall=(0.9, 0.1), register=0.5)

    assert sure == pytest.approx(0.8)
    assert listed == pytest.approx(0.8 * 0.95 + 0.2 * 0.1), "a register finds half of what is forgotten"
    assert forgetful == pytest.approx(0.8 * 0.9 + 0.2 * 0.1)


def test_a_catchment_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"A, dtp1_coverage: expected a share between 0 and 1, got 1\.2"):
        Catchment(place_code="A", dtp1_coverage=1.2, dtp3_given_dtp1=0.5)


def test_everything_answered_is_a_choice_of_the_form_but_for_the_planted_mistakes() -> None:
    found = survey(mistakes=Mistakes(code_unknown=9.0, without_a_day=9.0, interview_twice=9.0))
    form = instruments.filled("child", survey="s", doses=DOSES)
    read = instruments.read_answers({"": found.submissions}, form).rows
    faulty = read[read["status"].ne("ok")]

    planted = set(zip(found.planted["submission"], found.planted["variable"], strict=True))
    again = {(f"{submission}-bis", variable) for submission, variable in planted}
    assert set(zip(faulty["submission"], faulty["variable"], strict=True)) <= planted | again
    assert set(faulty["status"]) == {"unknown_code", "not_a_date"}
    written = found.planted[found.planted["mistake"].isin(["code_unknown", "without_a_day"])]
    told = set(zip(faulty["submission"], faulty["variable"], strict=True))
    assert set(zip(written["submission"], written["variable"], strict=True)) <= told

    clean = survey(mistakes=NO_MISTAKES)
    assert set(instruments.read_answers({"": clean.submissions}, form).rows["status"]) == {"ok"}
