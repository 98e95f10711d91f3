"""Are pockets connected, as sure as they claim, and silent about causes that nobody has shown?"""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from kalanso.coverage.pocket_words import (
    NOT_ESTABLISHED,
    POCKET_COLUMNS,
    cause_message,
    latest_window,
    pocket_tables,
)
from kalanso.coverage.pockets import excursion_function, pockets
from kalanso.vocabulary import Message


def line(count):
    """Areas along a road."""
    matrix = np.zeros((count, count))
    for at in range(count - 1):
        matrix[at, at + 1] = matrix[at + 1, at] = 1
    return csr_array(matrix)


def draws_of(low):
    """Coverage .4 where an area is low in a draw, .9 where it is not."""
    return np.where(np.asarray(low, dtype=bool), 0.4, 0.9)


def test_low_areas_that_touch_are_one_pocket_and_those_that_do_not_are_others():
    low = [[1] * 10, [1] * 10, [0] * 10, [1] * 10, [1] * 9 + [0]]
    found = pockets(draws_of(low), line(5), threshold=0.5)
    assert [sorted(pocket.areas.tolist()) for pocket in found] == [[0, 1], [3, 4]]
    assert found[0].joint == 1
    assert found[1].joint == pytest.approx(0.9)


def test_eight_in_ten_is_not_more_than_eight_in_ten():
    assert not pockets(draws_of([[1] * 8 + [0] * 2]), line(1), threshold=0.5)
    assert len(pockets(draws_of([[1] * 9 + [0]]), line(1), threshold=0.5)) == 1


def test_areas_that_are_low_one_by_one_need_not_be_low_together():
    # each of three areas fails in another draw of ten
    low = np.ones((3, 10))
    low[0, 0] = low[1, 1] = low[2, 2] = 0
    pocket = pockets(draws_of(low), line(3), threshold=0.5)[0]
    assert len(pocket.areas) == 3
    assert pocket.joint == pytest.approx(0.7)
    assert len(pocket.core) == 2
    assert pocket.core_joint == pytest.approx(0.8)
    assert abs(int(pocket.core[0]) - int(pocket.core[1])) == 1  # the core touches


@pytest.mark.parametrize("seed", range(8))
def test_the_core_is_nearly_the_largest_that_a_search_over_all_subsets_finds(seed):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(1, 200))
    coverage = 0.45 + 0.06 * common + rng.normal(0, 0.05, size=(7, 200)) + rng.normal(0, 0.03, size=(7, 1))
    touching = line(7)
    level = 0.7
    for pocket in pockets(coverage, touching, threshold=0.52, level=level):
        largest = 1
        for size in range(2, len(pocket.areas) + 1):
            for chosen in itertools.combinations(sorted(pocket.areas.tolist()), size):
                touch = all(b - a == 1 for a, b in itertools.pairwise(chosen))
                if touch and (coverage[list(chosen)] < 0.52).all(axis=0).mean() >= level:
                    largest = size
        assert largest - 1 <= len(pocket.core) <= largest
        assert pocket.core_joint >= level
        assert np.diff(np.sort(pocket.core)).max(initial=1) == 1


def test_the_excursion_function_is_the_joint_probability_of_all_surer_areas():
    low = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]])
    assert excursion_function(draws_of(low), 0.5).tolist() == [0.75, 0.5, 1.0]


def test_a_pocket_that_is_hardly_low_as_a_whole_says_so(made_up):
    case = made_up([0.42] * 40, sd=0.35, per_district=40)
    table, _ = pocket_tables(case.posterior, case.evidence, (0.5,))
    row = table.iloc[0]
    assert row["joint_probability"] < 0.1
    assert (
        Message.from_json(row["message"], row["params"])
        .render("en")
        .endswith(f"sure core: {row['core_areas']}.")
    )
    assert row["message"] == "coverage.pocket.loose"


@pytest.mark.parametrize(("threshold", "level"), [(80, 0.8), (0.8, 1.0), (0.0, 0.8)])
def test_percents_are_refused_as_thresholds(threshold, level):
    with pytest.raises(ValueError, match="shares"):
        pockets(draws_of([[1]]), line(1), threshold=threshold, level=level)


def test_a_neighbour_matrix_of_another_country_is_refused():
    with pytest.raises(ValueError, match="expected 2 areas"):
        pockets(draws_of([[1], [1]]), line(3), threshold=0.5)


def test_the_table_names_places_and_contexts_with_rate_and_burden(made_up):
    covariates = pd.DataFrame(
        {"place_code": [f"A{at:02d}" for at in range(6)], "conflict": [0, 1, 1, 0, 0, 0], "travel_hours": [1, 5, 6, 1, 1, 1]}
    )  # fmt: skip
    case = made_up([0.9, 0.3, 0.35, 0.9, 0.9, 0.3], sd=0.2, covariates=covariates)
    table, members = pocket_tables(case.posterior, case.evidence, (0.5,))
    assert tuple(table.columns) == POCKET_COLUMNS
    first, second = table.to_dict("records")
    assert set(json.loads(first["area_codes"])) == {"A01", "A02"}
    assert first["place_code"] == "D0"
    assert second["place_code"] == second["leading_area"] == "A05"
    assert {found.get("context", found.get("covariate")) for found in json.loads(first["contexts"])} == {
        "conflict", "travel_hours",
    }  # fmt: skip
    assert json.loads(second["contexts"]) == []
    n = case.posterior.surviving_infants[:, 1:3, 4:].astype(float)
    missed = (n * (1 - case.posterior.dtp1_coverage[:, 1:3, 4:])).sum(axis=(1, 2))
    assert first["missed_children_mean"] == pytest.approx(missed.mean(), rel=1e-5)
    assert first["coverage_q025"] < first["coverage_mean"] < first["coverage_q975"]
    assert set(members.loc[members["pocket"] == first["pocket"], "place_code"]) == {"A01", "A02"}
    said = Message.from_json(first["message"], first["params"])
    assert said.render("fr").startswith(
        "Poche de 2 aires de santé qui se touchent autour de A01 (D0), sous 50\u202f%"
    )
    assert (
        Message.from_json(second["message"], second["params"])
        .render("en")
        .startswith("Pocket of 1 health area ")
    )


def test_a_cause_is_not_established_until_a_record_supports_it(made_up):
    case = made_up([0.9, 0.3, 0.35, 0.9, 0.9, 0.3], sd=0.2)
    table, _ = pocket_tables(case.posterior, case.evidence, (0.5,))
    assert set(table["cause"]) == {NOT_ESTABLISHED}
    assert cause_message(NOT_ESTABLISHED, "[]").render("en").startswith("Cause not established")
    records = pd.DataFrame(
        [
            ("A02", "stock-out", "stock", "e-LMIS card 17"),
            ("D0", "stock-out", "stock", "district ledger 2024"),
            ("A01", "distance", "interview", "focus group 3"),
            ("ML", "distrust", "survey", "national survey"),  # of the whole country: shows nothing here
        ],
        columns=["place_code", "cause", "kind", "reference"],
    )
    table, _ = pocket_tables(case.posterior, case.evidence, (0.5,), records=records)
    first, second = table.to_dict("records")
    assert first["cause"] == "stock-out; distance"
    assert second["cause"] == NOT_ESTABLISHED
    assert "focus group 3" in cause_message(first["cause"], first["cause_records"]).render("fr")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("A01", "distance", "opinion", "x"), "row 1: expected a kind"),
        (("A01", "distance", "survey", ""), "row 1: a cause needs"),
    ],
)
def test_a_cause_without_record_is_refused(made_up, row, said):
    case = made_up(draws=5)
    records = pd.DataFrame([row], columns=["place_code", "cause", "kind", "reference"])
    with pytest.raises(ValueError, match=said):
        pocket_tables(case.posterior, case.evidence, (0.5,), records=records)
    with pytest.raises(ValueError, match="reference"):
        pocket_tables(case.posterior, case.evidence, (0.5,), records=records.drop(columns="reference"))


def test_without_low_areas_there_are_no_pockets_and_the_tables_keep_their_columns(made_up):
    case = made_up([0.95] * 4)
    table, members = pocket_tables(case.posterior, case.evidence, (0.5, 0.3))
    assert table.empty
    assert tuple(table.columns) == POCKET_COLUMNS
    assert members.empty


def test_a_short_series_uses_its_newest_quarter():
    assert latest_window(["2024Q1", "2024Q2"]) == ("quarter", "2024Q2", [1])
    assert latest_window([f"2024Q{q}" for q in (1, 2, 3, 4)]) == ("rolling4", "2024Q4", [0, 1, 2, 3])
    with pytest.raises(ValueError, match="at least one quarter"):
        latest_window([])
