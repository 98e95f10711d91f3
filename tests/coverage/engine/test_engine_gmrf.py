"""Fields on graphs: scalings with known answers, islands, and the sparse factor against a dense one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from kalanso.coverage.gmrf import Pattern, structure
from kalanso.coverage.gmrf.cholesky import NotPositiveDefinite

# Six areas, edges 1-2, 1-4, 2-4, 3-5, area 6 alone: scalings 2/9, 1/4 and 1 (naomi, test-car.R).
PAIRS = np.array([[0, 1], [0, 3], [1, 3], [2, 4]])


def test_components_have_their_known_scalings() -> None:
    found = structure(6, PAIRS)

    scale = np.where(found.single, 1.0, found.scale[found.component])
    assert scale == pytest.approx([2 / 9, 2 / 9, 1 / 4, 2 / 9, 1 / 4, 1.0], abs=1e-12)


def test_a_single_area_keeps_its_effect_and_others_lose_their_components_mean() -> None:
    found = structure(6, PAIRS)

    centred = found.centred(np.array([1.0, 2.0, 5.0, 3.0, 7.0, 4.0]))

    assert centred == pytest.approx([-1.0, 0.0, -1.0, 1.0, 1.0, 4.0])


def test_neighbours_outside_the_country_are_refused() -> None:
    with pytest.raises(ValueError, match="expected numbers from 0 to 2"):
        structure(3, np.array([[0, 3]]))


def _grid(side: int) -> sp.csc_matrix:
    line = sp.diags([2.0, -1.0, -1.0], [0, 1, -1], shape=(side, side))
    eye = sp.identity(side)
    return sp.csc_matrix(sp.kron(line, eye) + sp.kron(eye, line) + 0.3 * sp.identity(side * side))


def test_the_sparse_factor_agrees_with_a_dense_one() -> None:
    matrix = _grid(7)
    dense = matrix.toarray()
    b = np.random.default_rng(1).normal(size=49)

    factor = Pattern.of(matrix).factor(matrix)

    assert factor.solve(b) == pytest.approx(np.linalg.solve(dense, b))
    assert factor.logdet == pytest.approx(np.linalg.slogdet(dense)[1])
    assert factor.inverse_diagonal() == pytest.approx(np.diag(np.linalg.inv(dense)))
    assert factor.forward(b) @ factor.forward(b) == pytest.approx(b @ np.linalg.solve(dense, b))


def test_a_rounded_factor_is_that_of_nearly_the_same_matrix_both_ways() -> None:
    matrix = _grid(7)
    b, c = np.random.default_rng(1).normal(size=(2, 49))

    whole = Pattern.of(matrix).factor(matrix)
    rounded = whole.rounded()

    assert rounded.solve(b) == pytest.approx(whole.solve(b), rel=1e-5)
    assert c @ rounded.forward(b) == pytest.approx(rounded.backward(c) @ b, rel=1e-12)


def test_a_matrix_without_factor_is_refused() -> None:
    matrix = _grid(4)
    with pytest.raises(NotPositiveDefinite, match="positive definite"):
        Pattern.of(matrix).factor(matrix - 10 * sp.identity(16, format="csc"))
