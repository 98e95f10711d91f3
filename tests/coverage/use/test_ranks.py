"""Do ranks, sets and changes say no more than the draws know?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kalanso.coverage import ranks
from kalanso.vocabulary import Message


def test_probability_below_counts_draws(made_up):
    case = made_up()
    table = ranks.probability_below(case.posterior, case.evidence, (0.5, 0.8), span="quarter")
    row = table[(table.place_code == "A03") & (table.period == "2024Q1") & (table.threshold == 0.5)].iloc[0]
    share = case.posterior.dtp1_coverage[:, 3, 4]
    assert row["probability_below"] == pytest.approx((share < 0.5).mean())
    wide = table.pivot_table(index=["place_code", "period"], columns="threshold", values="probability_below")
    assert (wide[0.8] >= wide[0.5]).all()
    assert "ML" in set(table["place_code"])


@pytest.mark.parametrize("thresholds", [(), (0.0,), (80,)])
def test_a_threshold_that_is_no_share_is_refused(made_up, thresholds):
    case = made_up(draws=3)
    with pytest.raises(ValueError, match="thresholds"):
        ranks.probability_below(case.posterior, case.evidence, thresholds)


def test_the_smallest_half_equals_a_search_over_all_subsets():
    rng = np.random.default_rng(5)
    missed = rng.gamma(1.0, 20.0, size=(7, 30))
    found = ranks.half_set(missed)
    for draw in range(30):
        of_draw = missed[:, draw]
        smallest = next(
            size
            for size in range(1, 8)
            if any(
                of_draw[list(chosen)].sum() >= of_draw.sum() / 2
                for chosen in itertools.combinations(range(7), size)
            )
        )
        assert found.sizes[draw] == smallest
    assert found.probability.sum() == pytest.approx(found.sizes.mean())


def test_a_list_that_is_fixed_beforehand_needs_more_areas_than_each_draw_alone():
    rng = np.random.default_rng(6)
    missed = rng.gamma(1.0, 20.0, size=(40, 500))  # nobody knows which area is which
    found = ranks.half_set(missed)
    assert len(found.list) > np.median(found.sizes)
    held = missed[found.list].sum(axis=0) >= missed.sum(axis=0) / 2
    assert held.mean() >= 0.9
    shorter = missed[found.list[:-1]].sum(axis=0) >= missed.sum(axis=0) / 2
    assert shorter.mean() < 0.9
    low, high = found.size_interval()
    assert low <= np.median(found.sizes) <= high
    assert f"{len(found.list)}" in found.message().render("fr")
    assert found.message().render("en").startswith("Half of the missed children live in")


def test_one_area_holds_half_alone():
    found = ranks.half_set(np.array([[3.0, 4.0]]))
    assert found.sizes.tolist() == [1, 1]
    assert found.list.tolist() == [0]
    assert found.message().render("en").startswith("Half of the missed children live in 1 health area (")


def test_places_are_of_one_group_until_the_leader_has_more_with_nine_chances_in_ten():
    steps = np.linspace(-1, 1, 101)
    missed = np.stack([100 + steps, 99.9 + 0 * steps, 50 + steps, 50 - steps, 1 + 0 * steps])
    assert ranks.groups(missed).tolist() == [1, 1, 2, 2, 3]


def test_the_burden_table_shows_rate_and_burden_and_chances(made_up):
    case = made_up(infants=[10, 100, 40, 10, 100, 30])
    table = ranks.burden(case.posterior, case.evidence)
    last = table[table["period"] == "2024Q4"]
    assert last.iloc[0]["place_code"] == "A01"  # 100 children a quarter at 50 %
    assert last["missed_children_mean"].is_monotonic_decreasing
    assert last["group"].is_monotonic_increasing
    assert last["probability_top_tenth"].sum() == pytest.approx(1)  # a tenth of six areas: one
    assert last["coverage_mean"].between(0, 1).all()
    assert last.iloc[0]["in_half_list"]
    assert set(last["parent_code"]) == {"D0", "D1"}


def test_a_change_is_the_share_of_draws_that_change(made_up):
    case = made_up(periods=["2024Q1", "2024Q2"])
    case.posterior.dtp1_coverage[:, 2, 1] = np.minimum(case.posterior.dtp1_coverage[:, 2, 0] + 0.05, 1)
    table = ranks.changes(case.posterior, case.evidence, before="2024Q1", after="2024Q2", span="quarter")
    row = table.set_index("place_code").loc["A02"]
    assert row["probability_rise"] == pytest.approx(1)
    assert row["change_mean"] == pytest.approx(0.05, abs=0.01)
    assert row["missed_change_mean"] < 0
    said = Message.from_json(row["message"], row["params"])
    assert (
        said.render("fr")
        == "Hausse presque certaine de la couverture DTC1 de T1 2024 à T2 2024 (plus de 9 chances sur 10)."
    )
    none = ranks.changes(
        case.posterior, case.evidence, before="2024Q1", after="2024Q2", span="quarter", least=0.2
    )
    assert none.set_index("place_code").loc["A02", "message"] == "coverage.change.stable"


@pytest.mark.parametrize(
    ("rise", "fall", "said"),
    [
        (0.97, 0.03, "Almost surely a rise of DTP1 coverage from Q1 2024 to Q2 2024 (more than 9 chances in 10)."),
        (0.05, 0.91, "Probably a fall of DTP1 coverage from Q1 2024 to Q2 2024 (9 chances in 10)."),
        (0.80, 0.20, "Probably a rise of DTP1 coverage from Q1 2024 to Q2 2024 (8 chances in 10)."),
        (0.05, 0.05, "No change of DTP1 coverage that matters from Q1 2024 to Q2 2024."),
        (0.6, 0.4, "Whether DTP1 coverage rose or fell from Q1 2024 to Q2 2024 cannot be told (6 chances in 10 of a rise)."),
    ],
)  # fmt: skip
def test_a_change_is_said_in_chances_out_of_ten(rise, fall, said):
    message = ranks.change_message(rise, fall, before="2024Q1", after="2024Q2")
    assert message.render("en") == said


def test_of_provisional_periods_no_change_is_said(made_up):
    case = made_up()
    table = ranks.changes(
        case.posterior, case.evidence, before="2023Q4", after="2024Q4", provisional=["2024Q4"]
    )
    assert set(table["message"]) == {"coverage.change.provisional"}


def test_a_period_without_draws_is_refused_with_those_there_are(made_up):
    case = made_up(draws=3)
    with pytest.raises(ValueError, match=r"2023Q4.*got '2030Q1'"):
        ranks.changes(case.posterior, case.evidence, before="2030Q1", after="2024Q4")
