"""Do weights bring back the population, with every factor visible, and do margins hold to the last digit?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import root

from kalanso.surveys import design
from kalanso.surveys.handed_in import SurveyRefused


def clusters(**changes):
    return pd.DataFrame(
        {
            "cluster": ["A", "B", "C"], "stratum": ["S", "S", "T"], "p_cluster": [0.1, 0.2, 0.5],
            "p_segment": [1.0, 0.5, 1.0], "households_listed": [100, 60, 40],
        }
    ).assign(**changes)  # fmt: skip


def households(**outcomes):
    told = {
        "A": ["completed"] * 8 + ["refused", "vacant"],
        "B": ["completed"] * 6,
        "C": ["completed"] * 4,
    } | outcomes
    return pd.DataFrame(
        [(cluster, at, outcome) for cluster, all_of in told.items() for at, outcome in enumerate(all_of)],
        columns=["cluster", "household", "outcome"],
    )


def children(**outcomes):
    told = {"A": ["completed"] * 4 + ["absent"], "B": ["completed"] * 3, "C": ["completed"] * 2} | outcomes
    return pd.DataFrame(
        [(cluster, at, 1, outcome) for cluster, all_of in told.items() for at, outcome in enumerate(all_of)],
        columns=["cluster", "household", "child", "outcome"],
    )


def test_every_factor_stands_in_a_column_and_the_weight_is_their_product():
    found = design.weights(clusters(), households(), children())

    first = found.children[found.children["cluster"] == "A"].iloc[0]
    assert first["p_household"] == 0.1
    assert first["base_weight"] == pytest.approx(1 / (0.1 * 0.1))
    assert first["household_response"] == pytest.approx(9 / 8)  # the vacant one is no refusal
    assert first["child_response"] == pytest.approx(5 / 4)
    assert first["lost_clusters"] == 1.0
    assert first["weight"] == pytest.approx(100 * 9 / 8 * 5 / 4)
    assert len(found.children) == 9


def test_a_cluster_without_an_interview_is_carried_by_the_others_of_its_stratum():
    lost = households(A=["refused"] * 5 + ["not_visited"] * 5)
    none = children(A=[])

    found = design.weights(clusters(), lost, none)

    # A stands for 100 / .1 households, B for 60 / (.2 x .5)
    assert set(found.children["cluster"]) == {"B", "C"}
    carried = found.children.set_index("cluster")["lost_clusters"]
    assert carried["B"].iloc[0] == pytest.approx((1000 + 600) / 600)
    assert carried["C"].iloc[0] == 1.0


def test_a_cluster_in_which_no_child_lives_is_a_finding_and_not_a_loss():
    found = design.weights(clusters(), households(), children(A=[]))

    assert (found.children["lost_clusters"] == 1.0).all()
    assert found.receipt.set_index("cluster").loc["A", "children_eligible"] == 0


def test_the_receipt_counts_what_became_of_households_and_children():
    receipt = design.weights(clusters(), households(), children()).receipt.set_index("cluster")

    row = receipt.loc["A"]
    assert list(
        row[
            [
                "households_selected",
                "households_eligible",
                "households_completed",
                "children_eligible",
                "children_completed",
            ]
        ]
    ) == [10, 9, 8, 5, 4]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (
            (clusters(p_cluster=[0.1, 0.0, 0.5]), households(), children()),
            "clusters, row 3, column p_cluster",
        ),
        ((clusters(), households(A=["asleep"]), children(A=[])), "column outcome"),
        (
            (clusters(), households(), children(A=["completed"] * 9)),
            "household 8 of cluster A was not completed",
        ),
        (
            (clusters(households_listed=[5, 60, 40]), households(), children()),
            "10 households selected out of 5",
        ),
        ((clusters(), households(C=["refused"]), children(C=[])), "Stratum T: no cluster has an interview"),
        (
            (clusters(cluster=["A", "B", "D"]), households(), children()),
            "column cluster: expected one of A, B, D, got C",
        ),
        (
            (clusters(), pd.concat([households(), households()]), children()),
            "a row of its own for each cluster, household",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused(tables, said):
    with pytest.raises(SurveyRefused, match=said):
        design.weights(*tables)


def test_weights_recover_the_number_of_children_of_a_population_that_answers_badly():
    rng = np.random.default_rng(1)
    homes = rng.integers(40, 120, size=30)
    units = pd.DataFrame({"unit_code": [f"U{at}" for at in range(30)], "stratum": "S", "children": homes})

    totals = []
    for _ in range(60):
        drawn = design.select_clusters(units, clusters=8, rng=rng)
        listed = drawn.rename(columns={"children": "households_listed"})
        answered = pd.DataFrame(
            [
                (one.cluster, at, rng.choice(["completed", "refused"], p=[0.8, 0.2]))
                for one in drawn.itertuples()
                for at in range(20)
            ],
            columns=["cluster", "household", "outcome"],
        )
        seen = answered[answered["outcome"] == "completed"].assign(child=1)
        seen["outcome"] = rng.choice(["completed", "absent"], size=len(seen), p=[0.9, 0.1])
        totals.append(design.weights(listed, answered, seen).children["weight"].sum())

    # each household has one child
    assert np.mean(totals) == pytest.approx(homes.sum(), rel=0.02)


def sample(seed=1, size=400):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], p=[0.4, 0.6], size=size),
            "zone": rng.choice(["urban", "rural", "nomad"], p=[0.6, 0.3, 0.1], size=size),
            "weight": rng.uniform(0.5, 2, size=size),
            "vaccinated": rng.integers(0, 2, size=size),
        }
    )


MARGINS = {"sex": {"f": 520.0, "m": 480.0}, "zone": {"urban": 250.0, "rural": 650.0, "nomad": 100.0}}


def test_weighted_totals_are_the_margins_to_ten_digits():
    raked = design.rake(sample(), MARGINS)

    for name, wanted in MARGINS.items():
        totals = raked.groupby(name)["weight"].sum()
        assert totals.to_dict() == pytest.approx(wanted, rel=1e-10)
    assert (raked["weight"] == sample()["weight"] * raked["raking"]).all()


def test_raking_is_the_calibration_whose_equations_newton_solves():
    given = sample()
    categories = [(name, one) for name, wanted in MARGINS.items() for one in wanted]
    indicator = np.column_stack([(given[name] == one).astype(float) for name, one in categories])
    target = np.array([MARGINS[name][one] for name, one in categories])
    kept = [0, 1, 2, 3]  # the last zone follows from the totals

    def miss(of):
        factor = np.exp(indicator[:, kept] @ of)
        return (indicator[:, kept].T @ (given["weight"] * factor) - target[kept]) / 1000

    solved = root(miss, np.zeros(4), tol=1e-13)

    factor = np.exp(indicator[:, kept] @ solved.x)
    assert design.rake(given, MARGINS)["raking"].to_numpy() == pytest.approx(factor, rel=1e-8)


def test_raking_agrees_with_the_survey_package():
    svy = pytest.importorskip("svy", reason="the extra `survey` is not installed")
    pl = pytest.importorskip("polars", reason="the extra `survey` is not installed")
    given = sample()
    theirs = svy.Sample(
        pl.from_dict({name: given[name].tolist() for name in given}), svy.Design(wgt="weight")
    )

    raked = theirs.weighting.rake(controls=MARGINS, tol=1e-12, max_iter=1000)

    name = raked.design.wgt
    assert design.rake(given, MARGINS)["weight"].to_numpy() == pytest.approx(
        raked.data[name].to_numpy(), rel=1e-6
    )


def test_shares_keep_the_sum_of_weights():
    shares = {"sex": {"f": 0.52, "m": 0.48}}

    raked = design.rake(sample(), shares)

    assert raked["weight"].sum() == pytest.approx(sample()["weight"].sum())


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        (
            {"sex": {"f": 500.0, "m": 500.0}, "zone": {"urban": 200, "rural": 600, "nomad": 100}},
            "sex 1000, zone 900",
        ),
        ({"sex": {"f": 1000.0}}, "column sex: expected one of f, got m"),
        (
            {"zone": {"urban": 1.0, "rural": 1.0, "nomad": 1.0, "camp": 1.0}},
            "nobody in the sample is in category camp",
        ),
        ({"zone": {"urban": 1.0, "rural": 1.0, "nomad": 0.0}}, "category nomad has nobody in the population"),
        ({"age": {"1": 1.0}}, "missing: age"),
    ],
)
def test_margins_that_cannot_hold_are_refused(margins, said):
    with pytest.raises(SurveyRefused, match=said):
        design.rake(sample(), margins)


def test_margins_that_contradict_each_other_are_refused_and_not_approached():
    table = pd.DataFrame({"sex": ["f", "m"], "zone": ["urban", "rural"], "weight": [1.0, 1.0]})

    with pytest.raises(SurveyRefused, match="No weights satisfy the margins sex, zone together"):
        design.rake(table, {"sex": {"f": 10.0, "m": 5.0}, "zone": {"urban": 5.0, "rural": 10.0}})
