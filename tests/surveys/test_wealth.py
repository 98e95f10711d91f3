"""Is the wealth index the first principal component, weighed, with fifths of equal weight?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kalanso.surveys.cleaning import clean
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.wealth import FIFTHS, wealth_index, with_wealth
from tests.surveys import made


def households(n=600, seed=3):
    """Possessions that hang on one hidden wealth, and one that does not."""
    rng = np.random.default_rng(seed)
    wealth = rng.normal(size=n)
    owned = {
        name: (wealth + rng.normal(size=n) > cut).astype(float)
        for name, cut in (("radio", 0), ("phone", -0.8), ("motorcycle", 0.8), ("floor", 0.3), ("light", 0.5))
    }
    return (
        pd.DataFrame({**owned, "colour": rng.integers(0, 2, n).astype(float)}),
        pd.Series(rng.uniform(0.5, 3, n)),
        wealth,
    )


def test_scores_are_those_of_a_plain_singular_value_decomposition():
    assets, weight, _ = households()
    found = wealth_index(assets, weight)
    # by another way: singular vectors of rows scaled by the roots of their weights
    share = weight.to_numpy() / weight.sum()
    values = assets.to_numpy()
    mean = share @ values
    scaled = (values - mean) / np.sqrt(share @ (values - mean) ** 2)
    _, sizes, vectors = np.linalg.svd(np.sqrt(share)[:, None] * scaled, full_matrices=False)
    first = vectors[0] * np.sign(vectors[0].sum())
    assert found.loadings.to_numpy() == pytest.approx(first, abs=1e-10)
    assert found.score.to_numpy() == pytest.approx(scaled @ first / sizes[0], abs=1e-10)
    assert found.explained == pytest.approx(sizes[0] ** 2 / (sizes**2).sum())
    assert (share * found.score**2).sum() == pytest.approx(1), "the score has variance 1"


def test_two_correlated_possessions_beside_one_have_loadings_in_closed_form():
    # corr(a, b) = r and c independent of both: the first component is (1, 1, 0) / sqrt(2), its size 1 + r
    cells = pd.DataFrame([(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)], columns=["a", "b", "c"])
    weight = pd.Series([3.0 if a == b else 1.0 for a, b in cells[["a", "b"]].itertuples(index=False)])
    found = wealth_index(cells, weight)
    assert found.loadings.to_numpy() == pytest.approx([2**-0.5, 2**-0.5, 0], abs=1e-12)
    assert found.explained == pytest.approx(1.5 / 3)


def test_planted_wealth_is_ranked_and_fifths_weigh_a_fifth_each():
    rng = np.random.default_rng(8)
    n = 4000
    wealth = rng.normal(size=n)
    assets = pd.DataFrame(
        {
            f"a{k}": (wealth + rng.normal(size=n) > cut).astype(float)
            for k, cut in enumerate(np.linspace(-1.5, 1.5, 16))
        }
    )
    weight = pd.Series(rng.uniform(0.5, 3, n))
    found = wealth_index(assets, weight)
    assert found.score.corr(pd.Series(wealth), method="spearman") > 0.85
    shares = weight.groupby(found.fifth).sum() / weight.sum()
    assert set(shares.index) == set(FIFTHS)
    assert shares.to_numpy() == pytest.approx(np.full(5, 0.2), abs=0.01)
    middle = pd.Series(wealth).groupby(found.fifth).mean().reindex(FIFTHS)
    assert middle.is_monotonic_increasing


def test_unknown_values_count_as_the_mean_and_silent_households_have_no_score():
    assets, weight, _ = households(60)
    assets.iloc[0] = np.nan
    assets.loc[1, ["radio", "phone"]] = np.nan
    found = wealth_index(assets.assign(nobody=0.0), weight)
    assert np.isnan(found.score[0])
    assert found.fifth[0] is None
    assert np.isfinite(found.score[1])
    assert found.left_out == ("nobody",)
    # the order of the rows does not matter
    turned = wealth_index(assets.iloc[::-1], weight.iloc[::-1])
    assert turned.score.iloc[::-1].to_numpy()[1:] == pytest.approx(found.score.to_numpy()[1:])


def test_households_that_own_the_same_stand_in_one_fifth():
    assets, weight, _ = households(300)
    found = wealth_index(assets, weight)
    assert found.fifth.groupby([assets[name] for name in assets]).nunique().max() == 1


@pytest.mark.parametrize(
    ("change", "weight", "said"),
    [
        ({"radio": "yes"}, 1.0, "no numbers: radio"),
        ({"radio": 1.0, "phone": 1.0, "motorcycle": 0.0, "floor": 0.0}, 1.0, "at least 3 possessions"),
        ({}, 0.0, "weight above 0"),
    ],
)
def test_possessions_that_cannot_be_ranked_are_refused(change, weight, said):
    assets, _, _ = households(40)
    with pytest.raises(SurveyRefused, match=said):
        wealth_index(assets.assign(**change), pd.Series(np.full(40, weight)))


def surveyed(questions=4):
    people, given, answers = made.made_survey(made.rng(2), children=200)
    assets, _, _ = households(200)
    rows = [
        {"survey": "S1", "child": child, "question": f"asset_{name}", "answer": str(int(value))}
        for name in list(assets)[:questions]
        for child, value in zip(people["child"], assets[name], strict=True)
    ]
    more = pd.DataFrame(rows, columns=["survey", "child", "question", "answer"])
    answers = pd.concat([answers, more], ignore_index=True).assign(row=lambda own: range(1, len(own) + 1))
    return clean(people, given, made.ROUND, answers=answers), assets


def test_children_get_the_fifth_of_their_household_by_what_was_answered():
    cleaned, assets = surveyed()
    found, index = with_wealth(cleaned)
    assert index is not None
    by_hand = wealth_index(assets.iloc[:, :4].set_axis(cleaned.children.index), cleaned.children["weight"])
    assert found.children["wealth"].tolist() == by_hand.fifth.tolist()
    assert index.explained == pytest.approx(by_hand.explained)
    assert cleaned.children["wealth"].isna().all(), "what was cleaned is not changed"


@pytest.mark.parametrize("questions", [0, 2])
def test_too_few_possessions_make_no_index(questions):
    cleaned, _ = surveyed(questions)
    same, index = with_wealth(cleaned)
    assert index is None
    assert same is cleaned


def test_a_wealth_group_that_the_round_brought_stands():
    cleaned, _ = surveyed()
    brought = replace(cleaned, children=cleaned.children.assign(wealth="poor"))
    assert with_wealth(brought)[1] is None
