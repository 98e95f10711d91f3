"""Is a plan the best that money can buy, and does it say whom it leaves out?"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from kalanso import planning
from kalanso.coverage.assumptions import Assumption
from kalanso.vocabulary import Message


def approach(code, value, low=None, high=None):
    effect = Assumption(
        name=f"effect of {code}", value=value, low=low or value, high=high or value, reason="set by the test"
    )
    return planning.Approach(code=code, effect=effect)


OUTREACH, MOBILE = approach("outreach", 0.4, 0.25, 0.55), approach("mobile", 0.7, 0.5, 0.85)


def case(seed, areas=6, draws=200, districts=2):
    """Areas of two districts, with costs that rise with distance."""
    rng = np.random.default_rng(seed)
    codes = [f"A{at}" for at in range(areas)]
    missed = rng.gamma(4, 25 * rng.gamma(2, 1, size=(areas, 1)), size=(areas, draws))
    costs = pd.DataFrame(
        [(code, one, cost * rng.uniform(0.5, 2)) for code in codes for one, cost in (("outreach", 300), ("mobile", 900))],
        columns=["place_code", "approach", "cost"],
    )  # fmt: skip
    return planning.options(
        costs, [OUTREACH, MOBILE], missed=missed, areas=codes,
        districts=[f"D{at % districts}" for at in range(areas)], rng=rng,
    )  # fmt: skip


def all_plans(given):
    """Every way to choose at most one approach per area."""
    per_area = [[None, *np.flatnonzero(given.area_of == area)] for area in range(len(given.areas))]
    for picked in itertools.product(*per_area):
        yield [option for option in picked if option is not None]


def allowed(given, picked, budget, floor):
    costs = given.table["cost"].to_numpy()
    if costs[picked].sum() > budget:
        return False
    for district in set(given.districts):
        missed = given.missed[[d == district for d in given.districts]].mean(axis=1).sum()
        inside = [option for option in picked if given.table["district_code"][option] == district]
        if given.reached[inside].mean(axis=1).sum() < floor * missed * (1 - 1e-9):
            return False
    return True


@pytest.mark.parametrize(("seed", "floor"), [(1, 0.0), (2, 0.1), (3, 0.2), (4, 0.0)])
def test_the_plan_is_the_best_of_all_that_are_possible(seed, floor):
    given = case(seed)
    best = max(
        given.reached[picked].sum(axis=0).mean()
        for picked in all_plans(given)
        if allowed(given, picked, 2000, floor)
    )
    found = planning.plan(given, budget=2000, floor=floor)
    assert found.reached.mean() == pytest.approx(best, rel=2e-4)
    assert found.cost <= 2000


@pytest.mark.parametrize("seed", [5, 6])
def test_the_careful_plan_is_the_best_for_the_worst_draws(seed):
    given = case(seed, areas=5)

    def worst_fifth(picked):
        return np.sort(given.reached[picked].sum(axis=0))[:40].mean()

    best = max(worst_fifth(picked) for picked in all_plans(given) if allowed(given, picked, 2000, 0))
    found = planning.plan(given, budget=2000, objective=planning.CAREFUL)
    assert np.sort(found.reached)[:40].mean() == pytest.approx(best, rel=6e-3)


def test_the_careful_plan_prefers_what_is_sure():
    rng = np.random.default_rng(1)
    missed = np.stack([np.full(400, 90.0), rng.choice([0.0, 220.0], 400)])  # sure; perhaps nobody
    costs = pd.DataFrame({"place_code": ["sure", "unsure"], "approach": "mobile", "cost": 100.0})
    given = planning.options(
        costs,
        [approach("mobile", 0.5)],
        missed=missed,
        areas=["sure", "unsure"],
        districts=["D", "D"],
        rng=rng,
    )
    assert planning.plan(given, budget=100).chosen["place_code"].tolist() == ["unsure"]
    careful = planning.plan(given, budget=100, objective=planning.CAREFUL)
    assert careful.chosen["place_code"].tolist() == ["sure"]


def test_the_plan_says_whom_it_leaves_out_and_why():
    given = case(7)
    only = given.table["place_code"] != "A5"
    given = planning.Options(
        table=given.table[only], reached=given.reached[only.to_numpy()], missed=given.missed, areas=given.areas,
        districts=given.districts, assumptions=given.assumptions,
    )  # fmt: skip
    found = planning.plan(given, budget=900)
    served, left = set(found.chosen["place_code"]), set(found.left_out["place_code"])
    assert served | left == set(given.areas)
    assert not served & left
    assert found.left_out["missed_children_mean"].is_monotonic_decreasing
    why = found.left_out.set_index("place_code")["message"]
    assert why["A5"] == "planning.left_out.no_option"
    assert set(why.drop("A5")) == {"planning.left_out.budget"}
    for row in found.left_out.itertuples():
        assert Message.from_json(row.message, row.params).render("fr")
    assert len(set(found.chosen["place_code"])) == len(found.chosen)  # one approach per area
    assert found.message().render("en").startswith("With ")
    assert set(found.assumptions["name"]) == {"effect of outreach", "effect of mobile"}


def test_districts_show_what_was_missed_and_reached_on_every_draw():
    given = case(8)
    found = planning.plan(given, budget=2500, floor=0.1)
    assert (found.districts["reached_share_mean"] >= 0.09).all()
    assert found.districts["reached_mean"].sum() == pytest.approx(found.reached.mean())
    assert found.districts["missed_children_mean"].sum() == pytest.approx(given.missed.sum(axis=0).mean())


def test_doubt_about_an_effect_reaches_the_total():
    rng = np.random.default_rng(1)
    missed = np.full((50, 1000), 100.0)
    costs = pd.DataFrame({"place_code": [f"A{at}" for at in range(50)], "approach": "outreach", "cost": 1.0})
    given = planning.options(
        costs, [OUTREACH], missed=missed, areas=costs["place_code"].tolist(), districts=["D"] * 50, rng=rng
    )
    found = planning.plan(given, budget=50)
    low, high = np.quantile(found.reached, [0.025, 0.975])
    assert low / 5000 == pytest.approx(0.25, abs=0.02)  # the effect's own interval, not one fiftieth of it
    assert high / 5000 == pytest.approx(0.55, abs=0.02)


def test_a_capacity_bounds_what_an_option_reaches():
    costs = pd.DataFrame({"place_code": ["A0"], "approach": ["mobile"], "cost": [1.0], "capacity": [30.0]})
    given = planning.options(
        costs,
        [MOBILE],
        missed=np.full((1, 50), 1000.0),
        areas=["A0"],
        districts=["D"],
        rng=np.random.default_rng(1),
    )
    assert (given.reached == 30).all()


def test_more_money_never_reaches_fewer_children():
    table = planning.frontier(case(9), [0, 500, 1000, 2000, 1e6])
    assert table["reached_mean"].is_monotonic_increasing
    assert table["reached_mean"].iloc[0] == 0
    with_floor = planning.frontier(case(9), [0, 1e6], floor=0.2)
    assert with_floor["reached_mean"].isna().tolist() == [True, False]


def test_a_floor_that_no_action_meets_names_the_districts():
    with pytest.raises(planning.PlanRefused, match="D0, D1") as refused:
        planning.plan(case(10), budget=1e9, floor=0.99)
    assert "99" in refused.value.message.render("fr")


def test_a_budget_that_is_too_small_names_the_sum_that_would_do():
    given = case(11)
    with pytest.raises(planning.PlanRefused) as refused:
        planning.plan(given, budget=10, floor=0.2)
    needed = refused.value.message.params["needed"]
    assert planning.plan(given, budget=needed * 1.0001, floor=0.2).cost == pytest.approx(needed)
    with pytest.raises(planning.PlanRefused):
        planning.plan(given, budget=needed * 0.99, floor=0.2)


def test_without_options_everybody_is_left_out():
    given = planning.options(
        pd.DataFrame(columns=["place_code", "approach", "cost"]), [OUTREACH], missed=np.full((1, 20), 5.0),
        areas=["A0"], districts=["D"], rng=np.random.default_rng(1),
    )  # fmt: skip
    found = planning.plan(given, budget=100)
    assert found.chosen.empty
    assert found.left_out["place_code"].tolist() == ["A0"]
    assert found.reached.sum() == 0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("X", "outreach", 1.0), "row 1, place_code"),
        (("A0", "drones", 1.0), "row 1, approach: expected one of outreach"),
        (("A0", "outreach", 0.0), "row 1, cost"),
        (("A0", "outreach", float("nan")), "row 1, cost"),
    ],
)
def test_a_wrong_row_of_costs_is_named(row, said):
    costs = pd.DataFrame([row], columns=["place_code", "approach", "cost"])
    with pytest.raises(ValueError, match=said):
        planning.options(
            costs,
            [OUTREACH],
            missed=np.full((1, 20), 5.0),
            areas=["A0"],
            districts=["D"],
            rng=np.random.default_rng(1),
        )


def test_an_option_that_stands_twice_and_negative_children_are_refused():
    costs = pd.DataFrame({"place_code": ["A0", "A0"], "approach": "outreach", "cost": 1.0})
    rest = {"areas": ["A0"], "districts": ["D"], "rng": np.random.default_rng(1)}
    with pytest.raises(ValueError, match="row 2, approach: expected each approach once"):
        planning.options(costs, [OUTREACH], missed=np.full((1, 20), 5.0), **rest)
    with pytest.raises(ValueError, match="0 or more"):
        planning.options(costs[:1], [OUTREACH], missed=np.full((1, 20), -5.0), **rest)
    with pytest.raises(ValueError, match="missing"):
        planning.options(costs.drop(columns="cost"), [OUTREACH], missed=np.full((1, 20), 5.0), **rest)


@pytest.mark.parametrize(
    "how", [{"budget": -1}, {"budget": 1, "floor": 20}, {"budget": 1, "objective": "bold"}]
)
def test_a_question_that_makes_no_sense_is_refused(how):
    with pytest.raises(ValueError, match="expected"):
        planning.plan(case(1), **how)
