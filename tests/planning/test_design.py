"""Do suggestions say what speaks for them, and is the cost of a child what a hand would reckon?"""

from __future__ import annotations

import pytest

from kalanso import definitions, planning
from kalanso.definitions.approaches import ApproachRule
from kalanso.places.tables import PLACE_CONTEXTS


def rule(approach: str, on: str, value: str) -> ApproachRule:
    return ApproachRule(
        approach=approach, on=on, value=value, source="working proposal", why={"fr": "x", "en": "x"}
    )


RULES = (
    rule("boats", "context", "island"), rule("boats", "barrier", "supply"), rule("groups", "barrier", "gender"), rule("hours", "context", "urban"),
)  # fmt: skip


def test_what_answers_place_and_obstacle_comes_first_and_nothing_is_scored() -> None:
    found = planning.suggest(RULES, contexts={"island", "urban"}, barriers={"supply", "gender"})
    assert [(one.approach, one.group, len(one.reasons)) for one in found] == [
        ("boats", "both", 2), ("groups", "obstacle", 1), ("hours", "place", 1),
    ]  # fmt: skip
    assert planning.suggest(RULES, contexts=(), barriers=()) == ()


def test_a_context_is_no_obstacle_of_the_same_name() -> None:
    rules = (rule("a", "context", "security"),)
    assert planning.suggest(rules, contexts=(), barriers={"security"}) == ()


def test_a_child_costs_what_a_hand_reckons() -> None:
    # 12 clinics at 650,000: 7,800,000. Of 800, 1,000 and 1,300 children a tenth, a fifth and three tenths: 80, 200 and 390.
    found = planning.costing(
        unit_cost=650_000,
        units=12,
        missed=(800, 1000, 1300),
        shares=planning.Shares(low=0.1, central=0.2, high=0.3),
    )
    assert (found.cost, found.fewest, found.central, found.most) == pytest.approx((7_800_000, 80, 200, 390))
    assert found.dearest == pytest.approx(97_500)
    assert found.per_child == pytest.approx(39_000)
    assert found.cheapest == pytest.approx(20_000)


def test_where_nobody_would_be_reached_no_cost_of_a_child_is_told() -> None:
    found = planning.costing(
        unit_cost=10, units=1, missed=(0, 5, 9), shares=planning.Shares(low=0.0, central=0.0, high=0.5)
    )
    assert (found.dearest, found.per_child) == (None, None)
    assert found.cheapest == pytest.approx(10 / 4.5)


@pytest.mark.parametrize("shares", [(0.3, 0.2, 0.4), (-0.1, 0.2, 0.4), (0.1, 0.2, 1.2)])
def test_shares_out_of_order_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        planning.Shares(low=shares[0], central=shares[1], high=shares[2])


@pytest.mark.parametrize(
    ("unit_cost", "units", "missed"),
    [(0, 1, (1, 2, 3)), (5, 0, (1, 2, 3)), (5, 1, (3, 2, 1)), (5, 1, (-1, 2, 3))],
)
def test_costs_and_children_that_cannot_be_are_refused(unit_cost: float, units: float, missed: tuple[float, float, float]) -> None:  # fmt: skip
    with pytest.raises(ValueError, match="costing"):
        planning.costing(
            unit_cost=unit_cost,
            units=units,
            missed=missed,
            shares=planning.Shares(low=0.1, central=0.2, high=0.3),
        )


def test_the_rules_speak_of_contexts_and_obstacles_that_there_are() -> None:
    rules = definitions.approach_rules()
    known = next(column for column in PLACE_CONTEXTS.columns if column.name == "context").values
    assert {one.value for one in rules if one.on == "context"} <= set(known or ())
    # Written out here: the library knows nothing of the hub, whose own test holds the same against its lists.
    domains = {"supply", "access", "demand", "gender", "security", "staff", "data", "finance", "governance"}
    assert {one.value for one in rules if one.on == "barrier"} == domains
    assert all(one.why["fr"] and one.why["en"] for one in rules)
