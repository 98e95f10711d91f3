"""Does each interviewed child get the stratum, cohort and weight of its cluster, under a name that nobody can trace back?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from kalanso.surveys import instruments
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.child_rows import Received
from kalanso.surveys.sampled_children import sampled

SAMPLE = pd.DataFrame(
    [("V1", "A", "ML-1", "18w-11m", 10.0), ("V1", "A", "ML-1", "12-23m", 12.0)],
    columns=["cluster", "stratum", "place_code", "cohort", "weight"],
)
COHORTS = {"18w-11m": (126, 364), "12-23m": (365, 730)}
CHILD = {
    "cluster": "V1", "household": "3", "child": "1", "consent": "1", "today": "2025-01-20", "dob_history": "2023-12-20", "sex": "f",
    "penta1_card_date": "2024-02-01", "besd_intention": "all", "minutes_to_centre": "45",
}  # fmt: skip


def read(*interviews: dict[str, str], salt: str = "secret", sample: pd.DataFrame = SAMPLE) -> Received:
    form = instruments.load("child")
    main = pd.DataFrame([{"KEY": f"uuid:{n}", **one} for n, one in enumerate(interviews)]).fillna("")
    found = instruments.received(instruments.read_answers({"": main}, form).rows, form, survey="s")
    return sampled(found, sample, salt=salt, cohorts=COHORTS)


def test_a_child_stands_with_the_stratum_cohort_and_weight_of_its_cluster() -> None:
    child = read(CHILD).children.iloc[0]

    assert child[["stratum", "place_code", "cohort", "weight", "distance"]].to_list() == [
        "A", "ML-1", "12-23m", "12.0", "30_to_59_min",
    ]  # fmt: skip


def test_a_younger_child_has_the_weight_of_its_own_cohort() -> None:
    child = read({**CHILD, "dob_history": "2024-06-20"}).children.iloc[0]

    assert (child["cohort"], child["weight"]) == ("18w-11m", "10.0")


@pytest.mark.parametrize("born", ["2021-01-01", "2023-02-31", ""])
def test_a_child_of_no_cohort_has_no_weight_and_stays_for_cleaning_to_say(born: str) -> None:
    child = read({**CHILD, "dob_history": born}).children.iloc[0]

    assert pd.isna(child["cohort"])
    assert child["weight"] is None


def test_two_interviews_of_one_child_have_one_name_in_every_table() -> None:
    found = read(CHILD, CHILD, {**CHILD, "child": "2"})

    assert found.children["child"].nunique() == 2
    assert set(found.doses["child"]) == set(found.answers["child"]) == set(found.children["child"])


def test_names_are_the_same_under_one_secret_and_others_under_another() -> None:
    one, again, other = read(CHILD), read(CHILD), read(CHILD, salt="another")

    assert one.children["child"].equals(again.children["child"])
    assert not one.children["child"].equals(other.children["child"])
    assert "V1" not in one.children["child"].iloc[0]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"salt": ""}, "secret text"),
        ({"sample": SAMPLE.drop(columns="weight")}, "weight is missing"),
        ({"sample": pd.concat([SAMPLE, SAMPLE])}, "stands there twice"),
        ({"sample": SAMPLE.assign(cluster="V9")}, "not drawn: V1"),
    ],
)
def test_a_sample_that_does_not_fit_is_refused_with_what(told: dict[str, Any], said: str) -> None:
    with pytest.raises(SurveyRefused, match=said):
        read(CHILD, **told)


@pytest.mark.parametrize(
    ("minutes", "distance"),
    [("29", "under_30_min"), ("60", "60_min_or_more"), ("-5", None), ("an hour", None)],
)
def test_a_distance_that_cannot_be_is_none(minutes: str, distance: str | None) -> None:
    assert read({**CHILD, "minutes_to_centre": minutes}).children.iloc[0]["distance"] == distance
