"""Is every child drawn with the probability that is written beside it, and is every change of plan accounted for?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso.surveys import design
from kalanso.surveys.design.selection import CLUSTER_COLUMNS, systematic_hits
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.vocabulary import Message


def frame(sizes=(50, 30, 20, 80, 120, 500, 40, 60, 100, 90), stratum="S"):
    return pd.DataFrame(
        {"unit_code": [f"{stratum}{at}" for at in range(len(sizes))], "stratum": stratum, "children": sizes}
    )


def test_a_stratum_has_as_many_clusters_and_reserves_as_were_asked_for():
    both = pd.concat([frame(), frame(stratum="T")])

    drawn = design.select_clusters(both, clusters={"S": 4, "T": 2}, reserves=2, rng=np.random.default_rng(1))

    assert tuple(drawn.columns) == CLUSTER_COLUMNS
    assert drawn.groupby(["stratum", "role"]).size().to_dict() == {
        ("S", "main"): 4, ("S", "reserve"): 2, ("T", "main"): 2, ("T", "reserve"): 2,
    }  # fmt: skip
    assert sorted(drawn.loc[drawn["role"] == "reserve", "reserve_order"]) == [1, 1, 2, 2]
    assert drawn["cluster"].is_unique


def test_each_unit_is_hit_as_often_as_its_probability_says():
    rng = np.random.default_rng(2)
    table = frame()

    hits = pd.Series(0.0, index=table["unit_code"])
    for _ in range(200):
        drawn = design.select_clusters(table, clusters=4, reserves=2, rng=rng)
        hits = hits.add(drawn[drawn["role"] == "main"].groupby("unit_code").size(), fill_value=0)

    expected = 4 * table["children"].to_numpy() / table["children"].sum()
    assert hits[table["unit_code"]].to_numpy() / 200 == pytest.approx(expected, abs=0.12)
    assert expected.max() > 1  # a unit larger than the interval is hit more than once


def test_a_unit_hit_twice_makes_two_clusters_with_their_hits_numbered():
    drawn = design.select_clusters(frame((10, 10, 80)), clusters=4, rng=np.random.default_rng(3))

    large = drawn[drawn["unit_code"] == "S2"]
    assert list(large["hit"]) == list(range(1, len(large) + 1))
    assert len(large) >= 3
    assert large["p_cluster"].iloc[0] == pytest.approx(3.2)


@given(st.lists(st.floats(0.5, 500), min_size=1, max_size=12), st.integers(1, 9))
@settings(max_examples=50, deadline=None)
def test_walking_along_the_children_one_by_one_hits_the_same_units(sizes, draws):
    size = np.array(sizes)
    starts = (np.arange(400) + 0.5) / 400

    counted = np.mean(
        [np.bincount(systematic_hits(size, draws, start=s), minlength=len(size)) for s in starts], axis=0
    )

    assert counted == pytest.approx(draws * size / size.sum(), abs=draws / 400 + 0.01)


def test_weights_of_clusters_give_back_the_number_of_children():
    rng = np.random.default_rng(4)
    table = frame(tuple(rng.integers(20, 200, size=60)))
    vaccinated = rng.binomial(table["children"], rng.beta(4, 2, size=60))

    totals = []
    for _ in range(150):
        drawn = design.select_clusters(table, clusters=10, rng=rng).merge(
            table.assign(vaccinated=vaccinated)[["unit_code", "vaccinated"]], on="unit_code"
        )
        totals.append((drawn["vaccinated"] / drawn["p_cluster"]).sum())

    assert np.mean(totals) == pytest.approx(vaccinated.sum(), rel=0.05)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"children": [10, 0]}, "frame, row 3, column children"),
        ({"unit_code": ["A", "A"]}, "a row of its own for each unit_code"),
        ({"children": [10, None]}, "frame, row 3, column children"),
    ],
)
def test_a_frame_with_a_fault_is_refused_with_its_row(change, said):
    table = frame((10, 20)).assign(**change)

    with pytest.raises(SurveyRefused, match=said):
        design.select_clusters(table, clusters=1, rng=np.random.default_rng(1))


def test_a_stratum_without_a_number_of_clusters_is_refused():
    with pytest.raises(SurveyRefused, match="The frame has the strata S, clusters were asked for in T"):
        design.select_clusters(frame(), clusters={"T": 3}, rng=np.random.default_rng(1))


def cells():
    return pd.DataFrame(
        {
            "cell_code": list("abcdefgh"),
            "stratum": ["N"] * 6 + ["S"] * 2,
            "children": [5, 0, 60, 3, 70, 2, 40, 30],
            "longitude": [0, 0.01, 0.02, 1.0, 1.01, 1.02, 0, 0.01],
            "latitude": [14.0] * 6 + [12.0] * 2,
        }
    )


def test_small_cells_join_their_neighbours_and_no_child_is_lost():
    merged = design.merged_cells(cells(), least=50)

    assert dict(zip(merged.members["cell_code"], merged.members["unit_code"], strict=True)) == {
        "a": "c", "b": "c", "c": "c", "d": "e", "e": "e", "f": "e", "g": "g", "h": "g",
    }  # fmt: skip
    assert merged.units["children"].sum() == 210
    assert (merged.units["children"] >= 50).all()


def test_a_cell_thought_empty_lies_in_a_unit_that_can_be_drawn():
    merged = design.merged_cells(cells(), least=50)

    assert "b" in set(merged.members["cell_code"])


def test_a_stratum_with_too_few_children_is_refused_by_name():
    with pytest.raises(SurveyRefused, match="Stratum S has 70 children in all, fewer than the 100"):
        design.merged_cells(cells(), least=100)


def test_the_serpentine_walks_each_band_the_other_way():
    grid = pd.DataFrame(
        [(f"{y}{x}", "S", x, y) for y in (2, 1) for x in (1, 2, 3)],
        columns=["unit_code", "stratum", "longitude", "latitude"],
    )

    walked = design.serpentine(grid, bands=2)

    assert list(walked["unit_code"]) == ["21", "22", "23", "13", "12", "11"]


def test_segments_are_as_near_to_the_wanted_size_as_whole_numbers_allow():
    clusters = pd.DataFrame({"cluster": list("abc"), "households": [40, 260, 149]})

    assert list(design.segments_for(clusters, households_per_segment=100)["segments"]) == [1, 3, 1]


def test_one_segment_per_cluster_is_drawn_by_its_size():
    one = pd.DataFrame({"segment": [1, 2, 3], "households": [10, 30, 60]})
    segments = pd.concat([one.assign(cluster=f"c{at}") for at in range(800)])

    drawn = design.choose_segments(segments, rng=np.random.default_rng(5))

    assert list(drawn["cluster"]) == [f"c{at}" for at in range(800)]
    assert (drawn.groupby("segment").size() / 800).to_numpy() == pytest.approx([0.1, 0.3, 0.6], abs=0.06)
    assert (drawn["p_segment"] == drawn["households"] / 100).all()


def test_a_cluster_of_one_segment_has_it_for_certain():
    segments = pd.DataFrame({"cluster": ["b"], "segment": [1], "households": [5]})

    assert design.choose_segments(segments, rng=np.random.default_rng(5))["p_segment"].iloc[0] == 1.0


def test_households_are_drawn_across_the_whole_walk_with_one_chance_for_each():
    listing = pd.DataFrame({"cluster": "a", "household": range(1, 48)})
    rng = np.random.default_rng(8)

    drawn = pd.concat([design.choose_households(listing, per_cluster=10, rng=rng) for _ in range(400)])

    assert len(drawn) == 4000
    assert (drawn["p_household"] == 10 / 47).all()
    assert (drawn.groupby("household").size() / 400).to_numpy() == pytest.approx(10 / 47, abs=0.08)
    assert set(np.diff(design.choose_households(listing, per_cluster=10, rng=rng)["order"])) <= {4, 5}


def test_a_small_cluster_is_visited_whole():
    listing = pd.DataFrame({"cluster": ["a"] * 3, "household": [1, 2, 3]})

    drawn = design.choose_households(listing, per_cluster=10, rng=np.random.default_rng(1))

    assert len(drawn) == 3
    assert (drawn["p_household"] == 1).all()


def test_a_household_listed_twice_is_refused():
    listing = pd.DataFrame({"cluster": ["a", "a"], "household": [1, 1]})

    with pytest.raises(SurveyRefused, match="listing, row 3, column household"):
        design.choose_households(listing, per_cluster=1, rng=np.random.default_rng(1))


def drawn_clusters():
    return pd.DataFrame(
        {
            "cluster": ["S-001", "S-002", "S-003", "S-004", "S-005", "T-001"],
            "stratum": ["S"] * 5 + ["T"],
            "role": ["main", "main", "main", "reserve", "reserve", "main"],
            "reserve_order": [0, 0, 0, 2, 1, 0],
        }
    )


def log(*lines):
    columns = ["cluster", "replaced_by", "reason", "decided_on", "decided_by"]
    return pd.DataFrame([(*line, "2024-11-02", "supervisor 2") for line in lines], columns=columns)


def test_a_cluster_replaced_for_insecurity_narrows_what_the_result_speaks_of():
    found = design.reach(drawn_clusters(), log(("S-002", "S-005", "insecurity")))

    states = found.clusters.set_index("cluster")["state"].to_dict()
    assert states == {
        "S-001": "visited", "S-002": "unreachable", "S-003": "visited", "S-004": "unused", "S-005": "visited",
        "T-001": "visited",
    }  # fmt: skip
    row = found.strata.set_index("stratum").loc["S"]
    assert (row["attempted"], row["visited"], row["unreachable"]) == (4, 3, 1)
    assert row["accessible_share"] == 0.75
    assert "1 grappe sur 4" in Message.from_json(row["message"], row["params"]).render("fr")


def test_a_reserve_that_cannot_be_reached_either_is_counted_as_well():
    found = design.reach(
        drawn_clusters(), log(("S-002", "S-005", "insecurity"), ("S-005", "S-004", "insecurity"))
    )

    assert found.strata.set_index("stratum").loc["S", "accessible_share"] == pytest.approx(3 / 5)


def test_a_village_that_was_left_by_all_takes_nothing_from_the_accessible_population():
    found = design.reach(drawn_clusters(), log(("S-002", "S-005", "emptied")))

    assert found.strata.set_index("stratum").loc["S", "accessible_share"] == 1.0
    assert found.clusters.set_index("cluster").loc["S-002", "state"] == "without_children"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("S-002", "S-004", "insecurity")], "S-005 is the next one"),
        ([("T-001", "S-005", "insecurity")], "- is the next one"),
        ([("S-009", "", "insecurity")], "column cluster"),
        ([("S-002", "", "rain")], "column reason"),
        ([("S-002", "S-001", "insecurity")], "column replaced_by"),
        ([("S-002", "", "flooded"), ("S-002", "", "flooded")], "a row of its own"),
        ([("S-005", "", "flooded")], "reserve that was not in use"),
    ],
)
def test_a_log_that_breaks_a_rule_is_refused_with_its_row(lines, said):
    with pytest.raises(SurveyRefused, match=said):
        design.reach(drawn_clusters(), log(*lines))


def test_a_replacement_that_nobody_signed_is_refused():
    with pytest.raises(SurveyRefused, match="row 2, column decided_by: expected a value"):
        design.reach(drawn_clusters(), log(("S-002", "S-005", "flooded")).assign(decided_by=" "))


def test_what_nobody_saw_lies_between_none_and_all():
    results = pd.DataFrame({"coverage": [0.8], "low": [0.7], "high": [0.9], "accessible_share": [0.6]})

    bounds = design.whole_population(results).iloc[0]
    narrower = design.whole_population(results, unreached_high=0.5).iloc[0]

    assert (bounds["whole_low"], bounds["whole_high"]) == pytest.approx((0.42, 0.94))
    assert narrower["whole_high"] == pytest.approx(0.6 * 0.9 + 0.4 * 0.5)


def test_doubt_about_the_accessible_share_widens_the_bounds():
    known = pd.DataFrame({"coverage": [0.8], "low": [0.7], "high": [0.9], "accessible_share": [0.6]})
    doubted = known.assign(accessible_low=0.4, accessible_high=0.8)

    bounds = design.whole_population(doubted, unreached_low=0.2, unreached_high=0.5).iloc[0]

    assert bounds["whole_low"] == pytest.approx(0.4 * 0.7 + 0.6 * 0.2)
    assert bounds["whole_high"] == pytest.approx(0.8 * 0.9 + 0.2 * 0.5)


def test_an_accessible_population_that_is_all_has_the_bounds_of_its_interval():
    results = pd.DataFrame(
        {"coverage": [0.8], "low": [0.7], "high": [0.9], "accessible_share": [1.0], "accessible_low": [0.8]}
    )

    bounds = design.whole_population(results).iloc[0]

    assert (bounds["whole_low"], bounds["whole_high"]) == pytest.approx((0.7, 0.9))


def test_chosen_places_stand_for_nobody_but_themselves():
    six = [f"area {at}" for at in range(1, 7)]

    label = design.scope(six, chosen=True)

    assert label.render("fr").startswith(
        "Ce résultat décrit uniquement 6 lieux, choisis et non tirés au sort : area 1,"
    )
    assert "stands for rural Sikasso" in design.scope(six, chosen=False, frame="rural Sikasso").render("en")
    with pytest.raises(ValueError, match="the name of their frame"):
        design.scope(six, chosen=False)
