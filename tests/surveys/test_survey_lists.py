"""Do lists, listings and buildings count the children who were planted, and refuse what nobody can know?"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln

from kalanso.coverage import evidence_tables
from kalanso.surveys import access, evidence_rows
from kalanso.surveys.access.capture_recapture import poisson_fit
from kalanso.surveys.handed_in import SurveyRefused
from tests.surveys.populations import LISTS, dependent, histories, listing


def test_chapman_is_its_formula():
    found = access.chapman(100, 100, 20)

    assert found.estimate == pytest.approx(101 * 101 / 21 - 1)
    assert found.standard_error**2 == pytest.approx(101 * 101 * 80 * 80 / (21**2 * 22))
    assert 180 < found.low < found.estimate < found.high


def test_chapman_finds_the_planted_children_with_intervals_that_hold_them():
    rng = np.random.default_rng(1)

    totals, held = [], 0
    for _ in range(1500):
        first, second = rng.uniform(size=400) < 0.4, rng.uniform(size=400) < 0.3
        found = access.chapman(int(first.sum()), int(second.sum()), int((first & second).sum()))
        totals.append(found.estimate)
        held += found.low <= 400 <= found.high

    assert np.mean(totals) == pytest.approx(400, rel=0.01)
    assert 0.93 <= held / 1500 <= 0.975


def test_two_lists_without_a_common_child_still_have_a_lower_bound():
    found = access.chapman(30, 20, 0)

    assert found.low >= 50
    assert found.high > 2 * found.estimate


def test_lists_that_hold_the_same_children_know_all_of_them():
    found = access.chapman(30, 30, 30)

    assert (found.low, found.estimate, found.high) == (30, 30, 30)


@pytest.mark.parametrize("counts", [(10, 10, 11), (10, 0, 0), (10, 10, -1)])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ValueError, match="expected children on both lists"):
        access.chapman(*counts)


# Cases of hepatitis A in a college of Taiwan on three lists (Chao, Tsay, Lin, Shau and Chao 2001, Statistics in
# Medicine 20, table II): 271 cases, of which lists P, Q and E hold 135, 122 and 126.
HEPATITIS = pd.DataFrame(
    [(1, 1, 1, 28), (1, 1, 0, 21), (1, 0, 1, 17), (1, 0, 0, 69), (0, 1, 1, 18), (0, 1, 0, 55), (0, 0, 1, 63)],
    columns=["P", "Q", "E", "count"],
)


def test_the_published_lists_give_the_published_totals():
    models = access.log_linear(HEPATITIS, LISTS).set_index("model")

    assert len(models) == 8
    assert round(models.loc["independent", "estimate"]) == 388
    assert models.loc["independent", "deviance"] == pytest.approx(24.36, abs=0.01)
    assert round(models.loc["P*Q + P*E + Q*E", "estimate"]) == 1313


def test_all_pairs_of_three_lists_have_a_total_in_closed_form():
    models = access.log_linear(HEPATITIS, LISTS).set_index("model")

    unseen = 28 * 69 * 55 * 63 / (21 * 17 * 18)
    assert models.loc["P*Q + P*E + Q*E", "unseen"] == pytest.approx(unseen, rel=1e-6)
    variance = unseen + unseen**2 * sum(1 / one for one in HEPATITIS["count"])
    assert models.loc["P*Q + P*E + Q*E", "standard_error"] == pytest.approx(variance**0.5, rel=1e-6)


def test_one_dependent_pair_has_a_total_in_closed_form():
    # with P and Q dependent, E is independent of them together: unseen = (E alone) x (not E) / (E and another)
    models = access.log_linear(HEPATITIS, LISTS).set_index("model")

    assert models.loc["P*Q", "unseen"] == pytest.approx(63 * (21 + 69 + 55) / (28 + 17 + 18), rel=1e-6)


def test_another_way_to_the_greatest_likelihood_gives_the_same_coefficients():
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(20), rng.normal(size=(20, 2))])
    y = rng.poisson(np.exp(x @ [2.0, 0.5, -0.3])).astype(float)

    slope, covariance, settled = poisson_fit(x, y)

    def loss(of):
        return (np.exp(x @ of) - y * (x @ of) + gammaln(y + 1)).sum()

    other = minimize(
        loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000}
    )
    assert settled
    assert slope == pytest.approx(other.x, abs=1e-5)
    fitted = np.exp(x @ slope)
    assert covariance == pytest.approx(np.linalg.inv(x.T @ (x * fitted[:, None])), rel=1e-8)


def test_planted_dependence_between_two_lists_is_found_and_the_total_with_it():
    rng = np.random.default_rng(3)

    alone, chosen, held, right = [], [], 0, 0
    for _ in range(60):
        models = access.log_linear(histories(dependent(rng)), LISTS)
        alone.append(models.set_index("model").loc["independent", "estimate"])
        count = access.chosen_count(models)
        chosen.append(count.estimate)
        held += count.low <= 600 <= count.high
        right += "P*Q" in models["model"].iloc[0]

    assert np.mean(alone) < 570  # positive dependence makes the missed look fewer
    assert np.median(chosen) == pytest.approx(600, rel=0.04)
    assert held >= 54
    assert right >= 57


def test_independent_lists_hold_the_truth_with_the_best_model_too():
    rng = np.random.default_rng(4)

    held = 0
    for _ in range(60):
        on = rng.uniform(size=(500, 3)) < [0.5, 0.4, 0.3]
        count = access.chosen_count(access.log_linear(histories(on), LISTS))
        held += count.low <= 500 <= count.high

    assert held >= 54


def test_a_model_whose_total_runs_away_is_kept_and_marked():
    apart = HEPATITIS.assign(count=[0, 0, 17, 69, 18, 55, 63])

    models = access.log_linear(apart, LISTS)

    assert not models["usable"].all()
    assert models.loc[~models["usable"], "low"].isna().all()
    assert models.loc[~models["usable"], "aic_weight"].sum() == 0
    assert models["usable"].iloc[0]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            pd.concat([HEPATITIS, pd.DataFrame([(0, 0, 0, 3)], columns=HEPATITIS.columns)]),
            "Children on none of the lists",
        ),
        (pd.concat([HEPATITIS, HEPATITIS]), "a row of its own for each P, Q, E"),
        (HEPATITIS.assign(P=2), "column P: expected one of 0, 1"),
        (HEPATITIS.assign(count=-1), "column count: expected a number of at least 0"),
        (HEPATITIS.assign(count=0), "too few children in common"),
    ],
)
def test_histories_that_cannot_be_are_refused(table, said):
    with pytest.raises(SurveyRefused, match=said):
        access.log_linear(table, LISTS)


def test_two_lists_are_sent_to_chapman():
    with pytest.raises(ValueError, match="for two use chapman"):
        access.log_linear(HEPATITIS, ["P", "Q"])


def test_a_listing_is_corrected_by_what_the_check_found():
    check = access.Validation(checked=50, checked_missed=40, found_missed=60, found_listed=30)

    found = access.corrected_listing(200, check, rng=np.random.default_rng(1))

    assert check.predictive_value == 0.8
    assert check.sensitivity == 0.5
    assert found.estimate == pytest.approx(320)
    assert found.low < 320 < found.high


def test_a_listing_finds_the_planted_children_with_intervals_that_hold_them():
    rng = np.random.default_rng(5)

    held, totals = 0, []
    for _ in range(300):
        listed, check = listing(rng)
        found = access.corrected_listing(listed, check, draws=2000, rng=rng)
        totals.append(found.estimate)
        held += found.low <= 500 <= found.high

    assert np.mean(totals) == pytest.approx(500, rel=0.03)
    assert 0.92 <= held / 300 <= 0.99


def test_a_check_in_clusters_makes_the_interval_wider():
    check = access.Validation(checked=50, checked_missed=40, found_missed=60, found_listed=30)

    plain = access.corrected_listing(200, check, rng=np.random.default_rng(1))
    clustered = access.corrected_listing(200, check, deff=3.0, rng=np.random.default_rng(1))

    assert clustered.high - clustered.low > 1.3 * (plain.high - plain.low)


def test_both_shares_of_a_check_have_their_interval():
    shares = (
        access.Validation(checked=40, checked_missed=40, found_missed=20, found_listed=5)
        .shares()
        .set_index("name")
    )

    assert list(shares["value"]) == [1.0, 0.25]
    assert shares.loc["predictive_value", "high"] == 1.0
    # the posterior itself, summed on a grid
    at = (np.arange(200_000) + 0.5) / 200_000
    below = np.cumsum(at**4.5 * (1 - at) ** 14.5)
    ends = at[np.searchsorted(below / below[-1], [0.025, 0.975])]
    assert shares.loc["sensitivity", ["low", "high"]].tolist() == pytest.approx(ends, abs=1e-4)


def test_what_people_said_is_named_beside_a_number_without_a_survey():
    assert (
        access.beside(12, 4).render("fr")
        == "Pas d’enquête ménages ici ; entretiens : 12, groupes de discussion : 4."
    )


@pytest.mark.parametrize("check", [(0, 0, 10, 5), (10, 5, 10, 0)])
def test_a_listing_without_a_check_says_who_and_not_how_many(check):
    checked, missed, found, listed = check
    validation = access.Validation(
        checked=checked, checked_missed=missed, found_missed=found, found_listed=listed
    )

    with pytest.raises(SurveyRefused, match="It says who may be missed, not how many"):
        access.corrected_listing(40, validation, rng=np.random.default_rng(1))


def test_parts_larger_than_their_whole_are_refused():
    with pytest.raises(ValueError, match="expected parts no larger than their whole"):
        access.Validation(checked=3, checked_missed=4, found_missed=1, found_listed=0)


FACTORS = {
    "inhabited": access.Factor(value=0.8, low=0.7, high=0.9, source="walk of 2024"),
    "people_per_building": access.Factor(value=5, low=4, high=6.25, source="census"),
    "child_share": access.Factor(value=0.04, low=0.035, high=0.046, source="census"),
}


def settlements(**changes):
    return pd.DataFrame(
        {"settlement": ["a", "b", "c"], "place_code": ["P", "P", "Q"], "buildings": [100, 50, 10], "visited": [True, False, True]}
    ).assign(**changes)  # fmt: skip


def test_children_of_settlements_are_buildings_times_factors():
    counts, table = access.children_of_settlements(settlements(), **FACTORS, rng=np.random.default_rng(1))

    assert counts["P"].estimate == pytest.approx(150 * 0.8 * 5 * 0.04)
    assert counts["P"].low < counts["P"].estimate < counts["P"].high
    never = table[~table["visited"]].iloc[0]
    assert never["children"] == pytest.approx(8)
    assert json.loads(never["params"])["n"] == 1


def test_the_error_of_shared_factors_does_not_average_out_over_settlements():
    many = pd.DataFrame(
        {"settlement": [f"s{at}" for at in range(200)], "place_code": "P", "buildings": 10, "visited": True}
    )
    rng = np.random.default_rng(2)

    counts, _ = access.children_of_settlements(many, **FACTORS, rng=rng)

    shared = sum((np.log(one.high / one.low) / 3.92) ** 2 for one in FACTORS.values()) ** 0.5
    assert counts["P"].log_error == pytest.approx(shared, rel=0.05)


def test_settlements_hold_the_planted_children_as_often_as_they_say():
    rng = np.random.default_rng(6)

    held = 0
    for _ in range(300):
        truth = np.prod([one.draws(1, rng)[0] for one in FACTORS.values()])
        own = np.exp(0.3 * rng.normal(size=3) - 0.045)
        counts, _ = access.children_of_settlements(
            settlements(place_code="P"), **FACTORS, draws=1000, rng=rng
        )
        held += counts["P"].low <= truth * (own @ [100, 50, 10]) <= counts["P"].high

    assert 0.92 <= held / 300 <= 0.98


def test_a_factor_without_a_source_is_refused():
    with pytest.raises(ValueError, match="and a source"):
        access.Factor(value=1, low=0.5, high=2, source=" ")


def test_a_settlement_with_a_negative_number_is_refused():
    with pytest.raises(SurveyRefused, match="settlements, row 2, column buildings"):
        access.children_of_settlements(
            settlements(buildings=[-1, 2, 3]), **FACTORS, rng=np.random.default_rng(1)
        )


def count(method, estimate, error=0.1):
    return access.Count(
        method=method, estimate=estimate, standard_error=estimate * error, low=estimate * np.exp(-1.96 * error),
        high=estimate * np.exp(1.96 * error),
    )  # fmt: skip


def test_missed_children_out_of_a_target_are_a_coverage_with_both_errors():
    found = access.coverage_of(count("capture_recapture", 200), count("settlements", 1000, error=0.2))

    assert found.coverage == pytest.approx(0.8)
    assert found.standard_error == pytest.approx(0.2 * np.hypot(0.1, 0.2), rel=1e-3)
    assert found.low < 0.8 < found.high
    assert "environ 200 enfants manqués déduits de plusieurs listes, sur 1\u202f000" in found.label.render(
        "fr"
    )


def test_more_missed_children_than_children_are_refused():
    with pytest.raises(SurveyRefused, match="more are missed than there are"):
        access.coverage_of(count("capture_recapture", 200), count("settlements", 150))


def test_a_finding_fits_the_table_of_the_joint_model_with_its_label():
    found = access.coverage_of(count("key_informants", 200), count("settlements", 1000))

    told = access.evidence(
        found, round="yorosso-2025", place_code="ML0404", start="2023Q4", end="2024Q3", indicator="dtp1"
    )

    typed = evidence_tables.SURVEY_AREAS.typed(evidence_rows.area_rows(told)).iloc[0]
    assert typed["coverage"] == pytest.approx(0.8)
    assert typed["bias_sd"] == 0.5
    row = told.iloc[0]
    assert row["bias_direction"] == "too_high"
    assert json.loads(row["assumptions"]) == list(found.method.assumptions)
