"""By which age do children have a dose, when many are too young to tell? And do groups differ?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso import definitions
from kalanso.surveys import comparisons, dose_ages
from kalanso.surveys.cleaning import clean
from kalanso.surveys.dose_ages import Ages, kaplan_meier, turnbull
from kalanso.surveys.drawn_weights import raked
from kalanso.surveys.estimation import design, shares
from kalanso.surveys.record import RecordRefused, record
from kalanso.surveys.schedule import schedule_table
from kalanso.surveys.tables import POLICIES
from tests.surveys import made
from tests.surveys.messy import ROUND, children, doses

MALI = schedule_table(definitions.load("ML"))


def test_kaplan_and_meier_by_hand():
    # five children: doses at 50 and 80 days, censored at 60, 90, 90
    age, came = np.array([50.0, 60, 80, 90, 90]), np.array([True, False, True, False, False])
    curve = kaplan_meier(age, came, np.ones(5))
    assert curve["share"].tolist() == pytest.approx([1 / 5, 1 - 4 / 5 * 2 / 3])


def test_freireich_remission_times_as_published():
    # 21 patients on 6-MP (Freireich et al. 1963, Blood 21:699): survival .857, .807, .753, .690, .627, .538, .448
    months = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    seen = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(np.array(months, dtype=float), np.array(seen, dtype=bool), np.ones(21))
    assert (1 - curve["share"]).tolist() == pytest.approx(
        [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.booleans(), st.integers(1, 4)), min_size=2, max_size=25))
def test_where_every_dose_has_its_day_turnbull_is_kaplan_and_meier(rows):
    age, came, weight = (np.array(column) for column in zip(*rows, strict=True))
    age, came, weight = age.astype(float), came.astype(bool), weight.astype(float)
    ages = Ages(np.where(came, age - 1, age), np.where(came, age, np.inf))
    found = turnbull(ages, weight, tolerance=1e-13)
    for row in kaplan_meier(age, came, weight).itertuples():
        assert found.loc[found["until"] <= row.until, "mass"].sum() == pytest.approx(row.share, abs=1e-6)
    assert found["mass"].sum() == pytest.approx(1)


def test_turnbull_with_doses_of_unknown_day_has_the_likelihood_of_the_best_grid_point():
    # doses on day 10 and 20, one some time before day 15, one child without a dose at 12
    ages = Ages(np.array([9.0, 19, -1, 12]), np.array([10.0, 20, 15, np.inf]))
    found = turnbull(ages, np.ones(4), tolerance=1e-13)

    def likelihood(masses):
        early, middle, late = masses  # until 10, after 12 until 15, until 20
        return early * late * (early + middle) * (middle + late)

    grid = np.linspace(0, 1, 201)
    best = max(likelihood((a, b, 1 - a - b)) for a in grid for b in grid[grid <= 1 - a])
    mass = found.set_index("until")["mass"]
    assert found["until"].tolist() == [10, 15, 20]
    assert likelihood((mass[10], mass[15], mass[20])) >= best - 1e-9


@pytest.fixture(scope="module")
def survey():
    people, given, _ = made.made_survey(made.rng(3), children=400)
    return record(clean(people, given, made.ROUND), MALI, policy=POLICIES[1])


def test_the_share_by_age_grows_and_says_whom_it_leaves_out(survey):
    found = dose_ages.dose_by_age(survey, "dtp1", "18w-11m", [70, 98, 126, 182, 270])
    assert found["share"].is_monotonic_increasing
    assert ((found["low"] < found["share"]) & (found["share"] < found["high"])).all()
    young = survey.children["cohort"].eq("18w-11m")
    assert (found["children"] + found["left_out"]).tolist() == [young.sum()] * 5
    assert found["undated"].iloc[0] > 0


def test_children_too_young_to_tell_do_not_lower_the_share_of_those_who_had_the_time():
    # every child is vaccinated on day 150; half are seen at 130 days, half at 200
    who = ["child | cohort | interview_date | birth_card | cluster"]
    given = ["child | dose | source | answer | date"]
    for at in range(20):
        old = at % 2 == 0
        who.append(f"C{at} | 18w-11m | 2025-02-10 | {'2024-07-25' if old else '2024-10-03'} | {at % 4}")
        if old:
            given.append(f"C{at} | dtp1 | card | - | 2024-12-22")
    one = record(clean(children("\n".join(who)), doses("\n".join(given)), ROUND), MALI, policy=POLICIES[0])

    found = dose_ages.dose_by_age(one, "dtp1", "18w-11m", [149, 150])

    assert one.crude[:, one.column("dtp1")].mean() == 0.5
    assert found["share"].tolist() == pytest.approx([0, 1])


def test_intervals_by_age_hold_the_truth_in_most_simulated_cohorts():
    held, truth = 0, 1 - np.exp(-(120 - 42) / 60)
    chance = np.random.default_rng(2)
    for _ in range(40):
        villages, size = 16, 12
        pull = np.repeat(chance.normal(0, 0.2, villages), size)
        came = 42 + chance.exponential(60, villages * size) * np.exp(pull - 0.02)
        seen = chance.integers(126, 300, villages * size).astype(float)
        undated = chance.uniform(size=len(seen)) < 0.2
        got = came <= seen
        day = np.ceil(came)
        after = np.where(got, np.where(undated, -1, day - 1), seen)
        until = np.where(got, np.where(undated, seen, day), np.inf)
        frame = pd.DataFrame({"stratum": "one", "cluster": np.repeat(range(villages), size), "weight": 1.0})
        sample = dose_ages.design(frame)
        points = np.array([120.0])
        share = dose_ages._by(Ages(after, until), sample.weight, points)
        error = np.sqrt(dose_ages._left_out_one(sample, Ages(after, until), points, share).variance)
        low, high = dose_ages._logit_ends(share, error, villages - 1, 0.95)
        held += int(low[0] <= truth <= high[0])
    assert held >= 34  # 38 of 40 to be expected


def test_clusters_left_out_are_begun_from_the_whole_and_end_where_they_would_anyway():
    chance = np.random.default_rng(9)
    n, size = 12, 20
    came = 42 + chance.gamma(1.2, 30, n * size) * np.exp(np.repeat(chance.normal(0, 0.3, n), size))
    seen = chance.integers(60, 300, n * size).astype(float)
    got, undated = came <= seen, chance.uniform(size=n * size) < 0.2
    day = np.ceil(came)
    ages = Ages(
        np.where(got, np.where(undated, -1, day - 1), seen),
        np.where(got, np.where(undated, seen, day), np.inf),
    )
    frame = pd.DataFrame({"stratum": "one", "cluster": np.repeat(range(n), size), "weight": 1.0})
    points = np.array([60.0, 90, 150])
    sample = dose_ages.design(frame)
    share = dose_ages._by(ages, sample.weight, points)

    slow = sum(
        (n - 1) / n * (dose_ages._by(Ages(ages.after[kept], ages.until[kept]), sample.weight[kept], points) - share) ** 2
        for kept in (frame["cluster"].to_numpy() != at for at in range(n))
    )  # fmt: skip
    quick = dose_ages._left_out_one(sample, ages, points, share).variance
    assert np.sqrt(quick) == pytest.approx(np.sqrt(slow), rel=0.005)


def test_raked_errors_by_age_are_those_of_residuals_where_no_child_is_too_young_to_tell():
    # clusters differ by how many girls they have, girls are vaccinated less often: raking by sex takes much of the spread away
    who = ["child | cohort | interview_date | birth_card | cluster | sex"]
    given = ["child | dose | source | answer | date"]
    chance = np.random.default_rng(4)
    for at in range(600):
        girl = chance.uniform() < (0.2, 0.35, 0.5, 0.65, 0.8)[at % 20 % 5]
        who.append(f"C{at} | 12-23m | 2025-02-10 | 2023-08-10 | {at % 20} | {'female' if girl else 'male'}")
        if chance.uniform() < (0.3 if girl else 0.9):
            given.append(f"C{at} | dtp1 | card | - | 2023-10-10")
    cleaned = clean(children("\n".join(who)), doses("\n".join(given)), ROUND)
    margins = {"sex": {"female": 0.5, "male": 0.5}}
    plain, told = (record(one, MALI, policy=POLICIES[0]) for one in (cleaned, raked(cleaned, margins)))

    found, before = (dose_ages.dose_by_age(one, "dtp1", "12-23m", [300]).iloc[0] for one in (told, plain))
    got = pd.DataFrame({"dtp1": told.crude[:, told.column("dtp1")].astype(float)})
    residuals = shares(design(told.children), got).iloc[0]

    assert found["share"] == pytest.approx(residuals["estimate"], abs=1e-6)
    assert found["standard_error"] == pytest.approx(residuals["standard_error"], rel=0.03)
    assert found["standard_error"] < 0.8 * before["standard_error"]


def test_clusters_without_which_nobody_can_rake_anew_are_counted():
    # girls' mothers never went to school and boys' did, but for one cluster: without it both margins contradict each other
    who = ["child | cohort | interview_date | birth_card | cluster | sex | mother_education"]
    given = ["child | dose | source | answer | date"]
    for at in range(160):
        girl, other = at % 2 == 0, at % 8 == 0 and at % 3 == 0
        school = "none" if girl != other else "primary"
        who.append(
            f"C{at} | 12-23m | 2025-02-10 | 2023-08-10 | {at % 8} | {'female' if girl else 'male'} | {school}"
        )
        if at % 5:
            given.append(f"C{at} | dtp1 | card | - | 2023-10-10")
    cleaned = clean(children("\n".join(who)), doses("\n".join(given)), ROUND)
    margins = {
        "sex": {"female": 0.5, "male": 0.5},
        "mother_education": {"none": 0.46, "primary": 0.54},
    }

    told = record(raked(cleaned, margins), MALI, policy=POLICIES[0])
    plain = record(cleaned, MALI, policy=POLICIES[0])

    assert dose_ages.dose_by_age(told, "dtp1", "12-23m", [300])["not_raked"].tolist() == [1]
    assert dose_ages.dose_by_age(plain, "dtp1", "12-23m", [300])["not_raked"].tolist() == [0]


def test_cumulative_curves_end_at_the_share_with_a_date(survey):
    curve = dose_ages.cumulative_coverage(survey, "dtp1", "12-23m")
    at, old = survey.column("dtp1"), survey.children["cohort"].eq("12-23m").to_numpy()
    weight = survey.children["weight"].to_numpy()
    dated = ~np.isnan(survey.paper_ages[:, at])
    assert curve["share"].is_monotonic_increasing
    assert curve["share"].iloc[-1] == pytest.approx(weight[old & dated].sum() / weight[old].sum())
    gaps = dose_ages.cumulative_interval(survey, "dtp1", "dtp2", "12-23m")
    assert gaps["share"].iloc[-1] == pytest.approx(1)
    assert gaps["interval_days"].min() > 0


def test_ages_that_nobody_reached_and_doses_nobody_asked_for_are_refused(survey):
    with pytest.raises(RecordRefused, match="that of the oldest child, got 900"):
        dose_ages.dose_by_age(survey, "dtp1", "18w-11m", [900])
    with pytest.raises(RecordRefused, match="a cohort with children"):
        dose_ages.dose_by_age(survey, "dtp1", "24-35m", [90])
    with pytest.raises(RecordRefused, match="until a later one"):
        turnbull(Ages(np.array([5.0]), np.array([5.0])), np.ones(1))


def test_two_groups_are_compared_cohort_by_cohort_with_what_they_share(survey):
    found = comparisons.compare(survey, "crude_coverage", "dtp1", "sex", "female", "male")
    assert found["cohort"].tolist() == ["18w-11m", "12-23m"]
    row = found.iloc[1]
    assert row.difference == pytest.approx(row.second_share - row.first_share)
    assert row.low < row.difference < row.high
    assert (row.p_value < 0.05) == (row.low > 0 or row.high < 0)
    assert (
        comparisons.compare(survey, "crude_coverage", "dtp1", "stratum", "Z0", "Z1")["vcqi"].iloc[0]
        == "RI_COVG_01"
    )


def test_comparisons_that_cannot_be_made_are_refused(survey):
    with pytest.raises(RecordRefused, match="bears weights"):
        comparisons.compare(survey, "dropout", "dtp1 dtp3", "sex", "female", "male")
    with pytest.raises(RecordRefused, match="indicator of this survey"):
        comparisons.compare(survey, "crude_coverage", "hpv1", "sex", "female", "male")
    with pytest.raises(RecordRefused, match="got neither"):
        comparisons.compare(survey, "crude_coverage", "dtp1", "sex", "female", "neither")
    with pytest.raises(RecordRefused, match="kind: expected"):
        comparisons.compare(survey, "crude_coverage", "dtp1", "clan", "a", "b")
