"""Does the next cluster go where it narrows the answer, and only as far as the draws can tell?"""

from __future__ import annotations

import numpy as np
import pytest

from kalanso import planning
from kalanso.planning.survey_sites import SITE_COLUMNS, expected_variance
from kalanso.vocabulary import Message


def draws(count=4000, seed=1):
    """Three areas: one large and unknown, one large and known, one small and unknown."""
    rng = np.random.default_rng(seed)
    level = 0.5 * rng.normal(size=count)
    eta = np.stack(
        [
            0.5 + level + 0.6 * rng.normal(size=count),
            0.5 + 0.05 * rng.normal(size=count),
            0.5 + 0.6 * rng.normal(size=count),
        ]
    )
    coverage = 1 / (1 + np.exp(-eta))
    children = np.array([[1000.0], [1000.0], [100.0]])
    return (children * (1 - coverage)).sum(axis=0), coverage


CLUSTER = {"children": 15, "cluster_correlation": 0.1}


def test_the_large_unknown_area_comes_first():
    target, coverage = draws()
    table = planning.survey_value(target, coverage, ["big", "known", "small"], ["D", "D", "E"], **CLUSTER)
    assert tuple(table.columns) == SITE_COLUMNS
    assert table["place_code"].iloc[0] == "big"
    rows = table.set_index("place_code")
    assert rows.loc["big", "clear"]
    assert rows.loc["big", "sd_after"] < rows.loc["big", "sd_now"]
    assert rows.loc["known", "variance_removed"] < 0.05
    for row in table.itertuples():
        assert Message.from_json(row.message, row.params).render("fr") != Message.from_json(
            row.message, row.params
        ).render("en")


@pytest.mark.parametrize("correlation", [0.0, 0.1])
@pytest.mark.parametrize("children", [5, 30])
def test_the_linear_rule_agrees_with_reweighting_every_outcome(children, correlation):
    target, coverage = draws()
    table = planning.survey_value(
        target,
        coverage,
        ["big", "known", "small"],
        ["D"] * 3,
        children=children,
        cluster_correlation=correlation,
    ).set_index("place_code")
    for at, area in enumerate(["big", "known", "small"]):
        exact = expected_variance(target, coverage[at], children=children, cluster_correlation=correlation)
        removed = 1 - exact / target.var()
        assert table.loc[area, "variance_removed"] == pytest.approx(removed, abs=0.03)


def test_reweighting_equals_a_simulation_of_surveys():
    target, coverage = draws(count=3000)
    rng = np.random.default_rng(3)
    left = []
    for truth in rng.integers(0, 3000, size=300):
        size = 1 / 0.1 - 1
        share = rng.beta(coverage[0, truth] * size, (1 - coverage[0, truth]) * size)
        found = rng.binomial(15, share)
        simulated = rng.binomial(15, rng.beta(coverage[0] * size, (1 - coverage[0]) * size))
        left.append(target[simulated == found].var())
    exact = expected_variance(target, coverage[0], **CLUSTER)
    assert np.mean(left) == pytest.approx(exact, rel=0.06)


def test_chance_correlations_are_not_sold_as_knowledge():
    rng = np.random.default_rng(4)
    coverage = rng.uniform(0.4, 0.9, size=(300, 200))
    target = rng.normal(size=200)  # has nothing to do with any area
    areas = [f"A{at}" for at in range(300)]
    table = planning.survey_value(target, coverage, areas, ["D"] * 300, **CLUSTER)
    assert table["clear"].mean() < 0.1
    assert table["variance_removed"].mean() < 0.004


def test_a_second_cluster_next_to_the_first_is_worth_less():
    rng = np.random.default_rng(5)
    shared, other = rng.normal(size=(2, 4000))
    eta = np.stack([shared, shared + 0.01 * rng.normal(size=4000), 0.8 * other])
    coverage = 1 / (1 + np.exp(-eta))
    target = (1 - coverage).sum(axis=0) * 100
    order = planning.next_clusters(
        target, coverage, ["twin", "sister", "other"], how_many=3, children=60, cluster_correlation=0.02
    )
    first, second = order["place_code"].iloc[:2]
    assert first in {"twin", "sister"}
    assert second == "other"
    assert order["variance_removed"].is_monotonic_increasing
    alone = planning.survey_value(
        target, coverage, ["twin", "sister", "other"], ["D"] * 3, children=60, cluster_correlation=0.02
    )
    assert order["variance_removed"].iloc[0] == pytest.approx(alone["variance_removed"].iloc[0], abs=0.01)


def test_several_clusters_equal_the_gaussian_formula():
    target, coverage = draws()
    order = planning.next_clusters(target, coverage, ["big", "known", "small"], how_many=3, **CLUSTER)
    at = [["big", "known", "small"].index(code) for code in order["place_code"]]
    joint = np.cov(np.vstack([target, coverage[at]]))
    noise = (coverage[at] * (1 - coverage[at])).mean(axis=1) * (1 + 14 * 0.1) / 15
    known = joint[0, 1:] @ np.linalg.solve(joint[1:, 1:] + np.diag(noise), joint[1:, 0]) / joint[0, 0]
    assert order["variance_removed"].iloc[-1] == pytest.approx(known)


def test_where_everybody_is_vaccinated_a_cluster_shows_nothing():
    target = np.arange(50.0)
    coverage = np.stack([np.ones(50), np.linspace(0.4, 0.6, 50)])
    table = planning.survey_value(target, coverage, ["full", "half"], ["D", "D"], **CLUSTER).set_index(
        "place_code"
    )
    assert table.loc["full", "variance_removed"] == 0
    assert not table.loc["full", "clear"]
    order = planning.next_clusters(target, coverage, ["full", "half"], how_many=2, **CLUSTER)
    assert set(order["place_code"]) == {"half"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"children": 0}, "at least one child"), ({"cluster_correlation": 1.0}, "correlation from 0"),
        ({"target": np.ones(50)}, "draws that differ"), ({"target": np.arange(5.0)}, "10 draws|draws, got"),
        ({"coverage": np.full((2, 50), 80.0)}, "shares from 0"), ({"coverage": np.full((3, 50), 0.5)}, "2 areas"),
    ],
)  # fmt: skip
def test_draws_that_cannot_be_used_are_refused(changes, said):
    given = {
        "target": np.arange(50.0), "coverage": np.full((2, 50), 0.5), "areas": ["a", "b"], "districts": ["D", "D"],
        "children": 15, "cluster_correlation": 0.1,
    } | changes  # fmt: skip
    with pytest.raises(ValueError, match=said):
        planning.survey_value(
            given.pop("target"), given.pop("coverage"), given.pop("areas"), given.pop("districts"), **given
        )
    with pytest.raises(ValueError, match="how_many"):
        planning.next_clusters(*draws(50), ["a", "b", "c"], how_many=0, **CLUSTER)
