"""Are there as many children as the manual says, and do intervals become as wide as was promised?"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from kalanso.surveys import design
from kalanso.surveys.design.precision import clusters_for_half_width
from kalanso.surveys.handed_in import SurveyRefused


@pytest.mark.parametrize(
    ("expected", "half_width", "children"),
    [(0.5, 0.10, 103), (0.8, 0.10, 88), (0.5, 0.05, 401), (0.8, 0.05, 306), (0.9, 0.05, 216)],
)
def test_effective_children_are_those_of_annex_b(expected, half_width, children):
    assert math.ceil(design.effective_children(expected, half_width)) == children
    assert math.ceil(design.effective_children(1 - expected, half_width)) == children


def test_a_coverage_nearer_to_full_than_the_half_width_keeps_the_size_of_the_edge():
    edge = design.effective_children(0.05, 0.05)

    assert design.effective_children(0.01, 0.05) == pytest.approx(edge)
    assert design.effective_children(0.99, 0.05) == pytest.approx(edge)


@pytest.mark.parametrize(("icc", "deff"), [(1 / 24, 1.375), (1 / 6, 2.5), (1 / 3, 4.0)])
def test_ten_children_per_cluster_cost_what_the_icc_says(icc, deff):
    assert design.design_effect(10, icc) == pytest.approx(deff)


def test_less_than_one_child_per_cluster_costs_nothing():
    assert design.design_effect(0.4, 0.3) == 1.0


def question(**changes):
    told = {
        "cohorts": (
            design.Cohort(name="18w-11m", expected=0.8, half_width=0.1, children_per_household=0.25),
            design.Cohort(name="12-23m", expected=0.5, half_width=0.1, children_per_household=0.5),
        ),
        "households_per_cluster": 20, "icc": 1 / 6, "response": 0.9, "weight_cv": 0.3,
    }  # fmt: skip
    return design.SampleQuestion(**(told | changes))


def test_each_cohort_gets_its_own_size_and_the_larger_need_drives_the_clusters():
    table = design.sample_size(question()).set_index("cohort")

    young, old = table.loc["18w-11m"], table.loc["12-23m"]
    assert young["deff"] == pytest.approx(1 + (20 * 0.25 * 0.9 - 1) / 6)
    assert old["deff"] == pytest.approx(1 + (20 * 0.5 * 0.9 - 1) / 6)
    assert young["children"] == math.ceil(88 * young["deff"] * 1.09) == 152
    assert young["children_selected"] == math.ceil(88 * young["deff"] * 1.09 / 0.9)
    assert old["households"] == math.ceil(old["children_selected"] / 0.5)
    assert young["clusters"] == 34
    assert list(table["drives"]) == [True, False]


def test_the_size_gives_the_width_that_was_asked_for():
    simple = question(response=1.0, weight_cv=0.0, icc=0.05)
    table = design.sample_size(simple)

    planned = design.precision(
        table.rename(columns={"cohort": "group"})[["group", "children", "expected", "deff"]]
    )

    # the formula keeps to the half width on the side of one half, where the interval is longer
    longer = planned["expected"] - planned["low"]
    assert (longer <= 0.1).all()
    assert (longer > 0.09).all()


def test_the_interval_itself_asks_for_about_as_many_clusters_as_the_formula():
    children = math.ceil(design.effective_children(0.5, 0.1)) * design.design_effect(10, 1 / 6)

    assert clusters_for_half_width(0.5, 0.1, children_per_cluster=10, icc=1 / 6) == pytest.approx(
        children / 10, abs=3
    )


@pytest.mark.parametrize(
    ("children", "low", "high"),
    [(1146, 0.465, 0.535), (573, 0.450, 0.550), (191, 0.414, 0.586), (95, 0.380, 0.620)],
)
def test_the_sample_of_the_hub_has_the_widths_that_were_measured(children, low, high):
    groups = pd.DataFrame({"group": ["all"], "children": [children]})

    found = design.precision(groups, expected=0.5, deff=1.5).iloc[0]

    assert (round(found["low"], 3), round(found["high"], 3)) == (low, high)
    assert found["too_wide"] == (children == 95)


@pytest.mark.parametrize(
    ("children", "shown"), [(24, "suppressed"), (25, "bracketed"), (49, "bracketed"), (50, "plain")]
)
def test_small_groups_are_marked_as_vcqi_does(children, shown):
    found = design.precision(pd.DataFrame({"group": ["g"], "children": [children]}))

    assert found["shown"].iloc[0] == shown


@pytest.mark.parametrize(
    "wrong",
    [{"icc": 1.2}, {"response": 0}, {"weight_cv": -1}, {"households_per_cluster": 0}, {"cohorts": ()}],
)
def test_a_question_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        design.sample_size(question(**wrong))


@pytest.mark.parametrize(("expected", "half_width"), [(80, 0.1), (0.8, 10), (0.5, 0), (np.nan, 0.1)])
def test_percents_instead_of_shares_are_refused(expected, half_width):
    with pytest.raises(ValueError, match="expected a coverage from 0 to 1"):
        design.effective_children(expected, half_width)


def test_a_group_without_a_number_is_named_with_its_row():
    groups = pd.DataFrame({"group": ["a", "b"], "children": [100, "many"]})

    with pytest.raises(
        SurveyRefused, match="groups, row 3, column children: expected a number of at least 1, got many"
    ):
        design.precision(groups)
    with pytest.raises(SurveyRefused) as refusal:
        design.precision(groups[["group"]])
    assert "il manque : children" in refusal.value.render("fr")
