"""Is it said truthfully where weights come from, and is a product that is not the weight found?"""

from __future__ import annotations

import pandas as pd
import pytest

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.weight_origins import weight_origin

SAMPLE = pd.DataFrame(
    {
        "cluster": ["a", "a", "b"],
        "stratum": "N",
        "cohort": ["1", "2", "1"],
        "weight": ["50.00", "50.00", "90.00"],
    }
)
KEPT = pd.DataFrame(
    {"cluster": ["a", "b", "c"], "stratum": "N", "p_cluster": ["0.25", "0.125", "0.5"], "p_segment": ["1", "1", "1"], "p_household": ["0.1", "0.1", "0"],
     "base_weight": ["40", "80", ""], "household_response": ["1.25", "1.125", "1"], "child_response": "1", "lost_clusters": "1", "weight": ["50", "90", "0"]}
)  # fmt: skip


def test_factors_beside_the_sample_are_followed_to_its_weights():
    found = weight_origin(SAMPLE, KEPT)
    assert (found.kind, found.rows, found.beside, found.holds) == ("followed", 3, True, True)
    assert found.factors[3] == "base_weight"


def test_factors_within_the_sample_are_followed_too_with_their_raking():
    own = SAMPLE.assign(base_weight=[40, 40, 80], household_response=1.25, raking=[1, 1, 0.9])
    found = weight_origin(own)
    assert (found.kind, found.beside, found.holds) == ("followed", False, True)
    assert found.factors == ("base_weight", "household_response", "raking")


def test_a_weight_rounded_to_a_whole_number_is_still_that_weight_and_another_is_not():
    own = SAMPLE.assign(weight=[1000, 1000, 1001], base_weight=[1000.4, 1000.4, 1003.0])
    found = weight_origin(own)
    assert (found.differing, found.lacking, found.holds) == (1, 0, False)


def test_factors_that_do_not_multiply_to_the_weight_are_counted():
    assert weight_origin(SAMPLE.assign(weight=[50, 51, 90]), KEPT).differing == 1
    # 80 is not 1 / (0.5 × 1 × 0.1): whoever reads the chances would follow another weight
    assert weight_origin(SAMPLE, KEPT.assign(p_cluster=["0.25", "0.5", "0.5"])).differing == 1


def test_a_cluster_without_factors_is_counted_and_so_is_a_factor_that_is_no_number():
    assert weight_origin(SAMPLE, KEPT[KEPT["cluster"] != "b"]).lacking == 1
    found = weight_origin(SAMPLE, KEPT.assign(child_response=["1", "n/a", "1"]))
    assert (found.differing, found.lacking, found.holds) == (0, 1, False)


def test_the_table_beside_goes_before_columns_of_the_sample():
    found = weight_origin(SAMPLE.assign(base_weight=1, child_response=7), KEPT)
    assert found.holds


def test_a_table_beside_without_any_factor_says_nothing():
    found = weight_origin(SAMPLE, KEPT[["cluster", "weight"]])
    assert (found.kind, found.beside) == ("received", False)


def test_without_factors_weights_are_equal_or_received():
    assert weight_origin(SAMPLE).kind == "received"
    assert weight_origin(SAMPLE.assign(weight="12.5")).kind == "equal"
    assert weight_origin(SAMPLE.assign(weight="")).kind == "received", "nobody knows what is not there"


def test_a_raking_alone_is_a_part():
    found = weight_origin(SAMPLE.assign(raking=1.1))
    assert (found.kind, found.holds) == ("partial", False)


def test_chances_alone_are_followed():
    assert weight_origin(
        SAMPLE.assign(weight=[40, 40, 80], p_cluster=[0.25, 0.25, 0.125], p_segment=1, p_household=0.1)
    ).holds


def test_margins_are_named_with_what_they_did():
    children = pd.DataFrame({"raking": [0.9, 1.2, 1.0]})
    found = weight_origin(SAMPLE, KEPT, margins={"sex": {"female": 0.5, "male": 0.5}}, children=children)
    assert (found.raked_low, found.raked_high, found.holds) == (0.9, 1.2, True)
    assert weight_origin(SAMPLE, KEPT, children=children).margins == {}


def test_factors_that_name_no_cluster_or_one_twice_are_refused():
    with pytest.raises(SurveyRefused, match="cluster"):
        weight_origin(SAMPLE, KEPT.drop(columns="cluster"))
    with pytest.raises(SurveyRefused):
        weight_origin(SAMPLE, pd.concat([KEPT, KEPT]))
