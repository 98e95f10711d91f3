"""Are the tables beside the estimates those that somebody would count by hand, and do they hide what the estimates hide?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kalanso import definitions
from kalanso.simulation.household_doors import household_list
from kalanso.simulation.household_settings import Fieldwork
from kalanso.surveys import beside as tables
from kalanso.surveys import composition, contrasts, estimation
from kalanso.surveys.cleaning import clean
from kalanso.surveys.estimates import estimate, vaccination_status
from kalanso.surveys.record import record
from kalanso.surveys.responses import responses
from kalanso.surveys.schedule import schedule_table
from kalanso.surveys.tables import POLICIES
from kalanso.surveys.weight_origins import WeightOrigin
from tests.surveys import made

SCHEDULE = schedule_table(definitions.load("ML"))


@pytest.fixture(scope="module")
def survey():
    people, given, answers = made.made_survey(made.rng(4), children=900, villages=8)
    return record(clean(people, given, made.ROUND), SCHEDULE, policy=POLICIES[2], answers=answers)


@pytest.fixture(scope="module")
def published(survey):
    return estimate(survey, groups=("sex", "displaced"))


SAMPLE = pd.DataFrame(
    {"cluster": ["a", "a", "b", "c"], "stratum": ["N", "N", "N", "S"], "cohort": ["1", "2", "1", "1"]}
)
HOMES = pd.DataFrame(
    [
        ("a", 1, "absent", 1), ("a", 1, "completed", 2), ("a", 2, "refused", 1), ("a", 3, "vacant", 1), ("b", 1, "absent", 1),
        ("b", 2, "not_capable", 1), ("c", 1, "completed", 1), ("elsewhere", 1, "completed", 1),
    ],
    columns=["cluster", "household", "outcome", "attempt"],
).astype(str)  # fmt: skip
TALKS = pd.DataFrame(
    [("a", 1, 1, "1"), ("a", 1, 2, "0"), ("c", 1, 1, "0"), ("c", 1, 1, "1")],
    columns=["cluster", "household", "child", "consent"],
).astype(str)  # fmt: skip


def exported(rows):
    return rows.assign(
        id=[f"uuid:{n}" for n in range(len(rows))], today=[f"2025-02-{n:02d}" for n in range(1, len(rows) + 1)], round="S1", interviewer="E1"
    )  # fmt: skip


def test_households_count_by_their_last_visit_and_empty_ones_are_none():
    analysed = pd.DataFrame({"stratum": ["N", "S"]})
    found = responses(SAMPLE, exported(TALKS), analysed, exported(HOMES)).set_index("stratum")
    homes = ["homes", "homes_done", "homes_refused", "homes_absent", "homes_other"]
    assert found.loc["N", homes].tolist() == [4, 1, 1, 1, 1]
    assert found.loc["S", homes].tolist() == [1, 1, 0, 0, 0]
    assert found.loc["N", ["clusters", "asked", "agreed", "refused", "analysed"]].tolist() == [2, 2, 1, 1, 1]
    assert found.loc["S", ["asked", "agreed", "refused"]].tolist() == [1, 1, 0], "the last interview counts"
    assert (found.loc["all"] == found.loc["N"] + found.loc["S"]).all()


def test_without_a_household_list_nobody_knows_of_absent_households():
    found = responses(SAMPLE, exported(TALKS), pd.DataFrame({"stratum": ["N"]}))
    assert found["homes"].isna().all()
    assert found.loc[found["stratum"] == "all", "asked"].tolist() == [3]


def test_the_made_up_household_list_holds_every_interview_and_others_beside():
    talks = exported(TALKS.iloc[[0, 2]])
    found = household_list(pd.concat([talks] * 1), Fieldwork(), np.random.default_rng(1))
    assert (found["outcome"] == "completed").sum() == 2
    assert not found.duplicated(["cluster", "household"]).any()


def test_the_composition_of_a_kind_adds_up_counted_and_weighed(survey):
    found = composition.composition(survey, ["sex", "mother_education"])
    sums = found.groupby(["cohort", "kind"])[["share", "weighted_share"]].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(sums.shape))
    people = survey.children
    own = people[people["cohort"] == "12-23m"]
    girls = own["sex"].eq("female").fillna(False)
    row = found[(found["cohort"] == "12-23m") & (found["value"] == "female")].iloc[0]
    assert row["children"] == girls.sum()
    assert row["weighted_share"] == pytest.approx(own.loc[girls, "weight"].sum() / own["weight"].sum())
    assert set(found.loc[found["kind"] == "mother_education", "value"]) == {""}, (
        "who says nothing is counted too"
    )


def test_weights_are_told_with_what_they_cost(survey):
    found = composition.weights_told(survey).set_index(["cohort", "stratum"])
    weight = survey.children.loc[survey.children["cohort"] == "12-23m", "weight"].to_numpy(dtype=float)
    row = found.loc[("12-23m", "all")]
    assert row["unequal"] == pytest.approx(1 + weight.var() / weight.mean() ** 2)
    assert (row["lowest"], row["highest"], row["total"]) == pytest.approx(
        (weight.min(), weight.max(), weight.sum())
    )
    strata = found.drop(index=("12-23m", "all")).loc["12-23m"]
    assert (strata["children"].sum(), strata["clusters"].sum()) == (row["children"], row["clusters"])


def test_p_values_are_corrected_as_r_corrects_them():
    # p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") of R
    assert contrasts.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert contrasts.holm(np.array([np.nan, 0.6, 0.7]))[1:] == pytest.approx([1, 1])
    assert np.isnan(contrasts.holm(np.array([np.nan]))[0])


def test_every_pair_that_is_shown_is_compared_once(survey, published):
    found = contrasts.contrasts(survey, published, "crude_coverage", "dtp1", ["stratum", "sex", "displaced"])
    pairs = found[(found["kind"] == "stratum") & (found["cohort"] == "12-23m")]
    assert len(pairs) == 15
    girls = published[
        (published["domain"] == "female")
        & (published["indicator"] == "crude_coverage")
        & (published["detail"] == "dtp1")
    ]
    told = found[found["kind"] == "sex"].set_index("cohort")["first_share"]
    assert told.to_dict() == pytest.approx(girls.set_index("cohort")["estimate"].to_dict())
    assert (found["adjusted_p"] >= found["p_value"] - 1e-12).all()


def test_a_value_that_is_not_shown_is_compared_with_none(survey, published):
    hidden = published.assign(status=published["status"].mask(published["domain"] == "yes", "suppressed"))
    found = contrasts.contrasts(survey, hidden, "crude_coverage", "dtp1", ["displaced"])
    assert found.empty


def test_answers_by_vaccination_are_the_weighted_shares_with_the_rao_scott_test(survey):
    found = contrasts.drivers_by_vaccination(survey)
    row = found[
        (found["cohort"] == "12-23m") & (found["item"] == "benefits") & (found["status"] == "dtp3")
    ].iloc[0]
    own = survey.children["cohort"].eq("12-23m").to_numpy(dtype=bool)
    answer = survey.answers["benefits"]
    asked = answer.isin(["1", "2", "3", "4"])
    status = vaccination_status(survey)
    inside = own & asked.to_numpy() & status.eq("dtp3").to_numpy()
    weight = survey.children["weight"].to_numpy(dtype=float)[inside]
    assert row["estimate"] == pytest.approx((weight * answer[inside].isin(["3", "4"])).sum() / weight.sum())
    positive = answer.isin(["3", "4"]).astype(float).where(asked)
    test = estimation.independence(estimation.design(survey.children), positive, status, own)
    assert (row["f"], row["p_value"]) == pytest.approx((test.f, test.p_value))


def test_statuses_of_few_children_are_neither_shown_nor_tested(survey):
    few = np.flatnonzero(survey.children["cohort"].eq("12-23m") & vaccination_status(survey).eq("zero_dose"))[
        10:
    ]
    answers = survey.answers.copy()
    answers.loc[few, "intention"] = None
    found = contrasts.drivers_by_vaccination(replace(survey, answers=answers))
    rows = found[(found["cohort"] == "12-23m") & (found["item"] == "intention")].set_index("status")
    assert rows.loc["zero_dose", "shown"] == "suppressed"
    assert np.isnan(rows.loc["zero_dose", "estimate"])
    assert rows["p_value"].notna().all(), "dropout and DTP3 are compared all the same"


def test_no_answers_no_table(survey):
    assert contrasts.drivers_by_vaccination(
        replace(survey, answers=pd.DataFrame(index=survey.children.index))
    ).empty


def test_curves_end_at_the_share_with_a_dated_dose_and_stop_where_few_children_tell(survey):
    found = tables.curves(survey)
    own = found[(found["cohort"] == "12-23m") & (found["dose"] == "dtp3")]
    at, members = survey.column("dtp3"), survey.children["cohort"].eq("12-23m").to_numpy(dtype=bool)
    weight = survey.children["weight"].to_numpy(dtype=float)
    dated = members & survey.due[:, at] & ~np.isnan(survey.paper_ages[:, at])
    assert own["share"].iloc[-1] == pytest.approx(
        weight[dated].sum() / weight[members & survey.due[:, at]].sum()
    )
    young = found[found["kind"] == tables.CENSORED]
    ages = survey.children.loc[survey.children["cohort"] == "18w-11m", "age_days"].dropna().sort_values()
    assert set(young["dose"]) == {"dtp1"}
    assert young["age_days"].max() <= ages.iloc[-25]
    assert young["share"].diff().dropna().ge(-1e-9).all()
    assert young["low"].notna().all()


def test_pipes_are_drawn_of_shown_strata_alone_and_low_clusters_are_counted(survey, published):
    hidden = published.assign(status=published["status"].mask(published["stratum"] == "Z0", "suppressed"))
    assert "Z0" not in set(tables.pipes(survey, hidden)["stratum"])
    whole = tables.pipes(survey, published)
    own = whole[(whole["cohort"] == "12-23m") & (whole["stratum"] == "Z1")]
    row = published[
        (published["cohort"] == "12-23m") & (published["stratum"] == "Z1") & (published["indicator"] == "crude_coverage") & (published["detail"] == "dtp1")
    ].iloc[0]  # fmt: skip
    assert (own["value"] * own["weight"]).sum() / own["weight"].sum() == pytest.approx(row["estimate"])
    counts = tables.low_counts(survey, below=0.9).set_index(["cohort", "stratum"])
    slow = 0
    people = survey.children.assign(got=survey.crude[:, survey.column("dtp1")])
    for _, part in people[(people["cohort"] == "12-23m") & (people["stratum"] == "Z1")].groupby("cluster"):
        slow += int(part["got"].mean() < 0.9)
    assert counts.loc[("12-23m", "Z1"), "low"] == slow
    assert counts.loc[("12-23m", "Z1"), "clusters"] == len(own)


def test_the_version_of_the_schedule_changes_with_any_of_its_rows_and_not_with_their_order():
    rows = SCHEDULE[SCHEDULE["dose"].isin(made.ROUND.doses)]
    version = tables.schedule_version(rows)
    assert len(version) == 12
    assert tables.schedule_version(rows.iloc[::-1]) == version
    for column, value in (("min_age_d", 41), ("source", "elsewhere"), ("geo_scope", "19 districts")):
        assert tables.schedule_version(rows.assign(**{column: value})) != version
    assert {"dtp1", "mcv2"} <= set(rows["dose"])


def test_all_tables_of_a_survey_are_there(survey, published):
    sample = survey.children[["cluster", "stratum"]].assign(cohort="x").drop_duplicates()
    found = tables.beside(
        survey,
        published,
        SCHEDULE,
        sample=sample,
        answers=exported(TALKS),
        origin=WeightOrigin(),
        groups=("sex", "vaccination"),
    )
    for name in (
        "responses",
        "composition",
        "weights",
        "schedule",
        "low_clusters",
        "pipes",
        "curves",
        "contrasts",
        "drivers",
    ):
        assert len(getattr(found, name)), name
    assert set(found.contrasts["kind"]) == {"stratum", "sex"}
    assert found.schedule["dose"].tolist()[:2] == ["bcg", "opv1"], "in the order of the round"
