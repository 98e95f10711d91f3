"""Do the exploratory statistics equal their formulas, and stand back where there is nothing to say?"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from kalanso.coverage import exploratory

# a map of nine areas, low in the north-west corner
GRID = np.array([[0.30, 0.35, 0.80], [0.32, 0.40, 0.85], [0.75, 0.82, 0.90]])


def grid():
    """Rook neighbours on the map of nine."""
    matrix = np.zeros((9, 9))
    for row in range(3):
        for column in range(3):
            for down, right in ((0, 1), (1, 0)):
                if row + down < 3 and column + right < 3:
                    one, other = 3 * row + column, 3 * (row + down) + column + right
                    matrix[one, other] = matrix[other, one] = 1
    return csr_array(matrix)


def test_local_moran_and_gi_star_equal_their_formulas():
    values = GRID.ravel()
    table = exploratory.statistics(values, grid(), np.random.default_rng(1))
    z = (values - values.mean()) / values.std()
    matrix = grid().toarray()
    for area in range(9):
        near = np.flatnonzero(matrix[area])
        # Anselin 1995, row-standardised, with esda's n - 1 in the second moment
        moran = (8 / 9) * z[area] * z[near].mean()
        assert table["moran"][area] == pytest.approx(moran)
        own = [area, *near]
        w = len(own)
        expected = values[own].sum() - w * values.mean()
        spread = values.std() * np.sqrt((9 * w - w**2) / 8)
        assert table["gi_star"][area] == pytest.approx(expected / spread)
    assert np.allclose(exploratory.gi_star(values[:, None], grid())[:, 0], table["gi_star"])


def test_the_p_value_equals_that_of_all_ways_to_draw_the_neighbours():
    values, matrix = GRID.ravel(), grid()
    p = exploratory.pseudo_p(values, matrix, np.random.default_rng(3), 20_000)
    for area in range(9):
        near = matrix[[area], :].indices
        others = np.delete(values, area)
        sums = np.array([sum(drawn) for drawn in itertools.combinations(others, len(near))])
        seen = values[near].sum()
        tail = min((sums >= seen - 1e-12).mean(), (sums <= seen + 1e-12).mean())
        assert p[area] == pytest.approx(min(1, 2 * tail), abs=0.015)


def test_a_low_corner_is_low_among_low():
    rng = np.random.default_rng(2)
    side = 12
    matrix = np.kron(np.eye(side), np.eye(side, k=1)) + np.kron(np.eye(side, k=1), np.eye(side))
    values = 0.8 + 0.02 * rng.normal(size=(side, side))
    values[:4, :4] -= 0.4
    table = exploratory.statistics(values.ravel(), csr_array(matrix + matrix.T), rng)
    kinds = table["moran_kind"].to_numpy().reshape(side, side)
    assert (kinds[1:3, 1:3] == "low_among_low").all()
    assert (kinds[6:, 6:] == "none").all()


def test_islands_have_no_statistic_and_break_nothing():
    matrix = grid().toarray()
    matrix[8, :] = matrix[:, 8] = 0
    table = exploratory.statistics(GRID.ravel(), csr_array(matrix), np.random.default_rng(1))
    assert np.isnan(table["moran"][8])
    assert table["moran_kind"][8] == "none"
    assert table["moran"].notna().sum() == 8


@pytest.mark.parametrize("values", [np.full(9, 0.5), np.array([0.5])])
def test_where_all_are_equal_or_alone_nothing_is_said(values):
    touching = grid() if len(values) == 9 else csr_array((1, 1))
    table = exploratory.statistics(values, touching, np.random.default_rng(1))
    assert table["moran"].isna().all()
    assert set(table["moran_kind"]) == {"none"}


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        exploratory.statistics(np.full(9, np.nan), grid(), np.random.default_rng(1))


def test_the_same_seed_gives_the_same_table_and_a_sure_cold_spot_is_cold_in_most_draws(made_up):
    coverage = [0.9, 0.88, 0.91, 0.9, 0.89, 0.9, 0.3, 0.28, 0.31, 0.9, 0.88, 0.9]
    case = made_up(coverage, sd=0.15)
    one, other = (
        exploratory.local_clusters(case.posterior, case.evidence, np.random.default_rng(4)) for _ in range(2)
    )
    assert tuple(one.columns) == exploratory.CLUSTER_COLUMNS
    pd.testing.assert_frame_equal(one, other)
    cold = one.set_index("place_code")["gi_star_probability_low"]
    assert cold["A07"] > 0.95
    assert cold["A01"] < 0.05
