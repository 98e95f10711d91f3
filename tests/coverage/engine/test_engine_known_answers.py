"""Published answers of others, reckoned again with the engine's own pieces.

Inputs and results of R-INLA 26.8.7 stand in the fixtures of jejjohnson/pyrox
(packages/pyrox-lgm/tests/fixtures/rinla, commit ddfd19d); the Scottish counts are those of Clayton and
Kaldor (1987) as in Breslow and Clayton (1993). R-INLA integrates over its hyperparameters; here they
stand at their mode, so that agreement is to a few percent of a standard deviation.
"""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from kalanso.coverage.area_information import Information, add_prior
from kalanso.coverage.gmrf import Pattern, structure
from kalanso.coverage.path_pieces import path_entries
from kalanso.coverage.records import (
    CORR1,
    CORR3,
    FIELD1,
    FIELD3,
    LOCAL1,
    LOCAL3,
    SCALES,
    WALK1,
    WALK3,
)

# fmt: off
CASES = [
    9, 39, 11, 9, 15, 8, 26, 7, 6, 20, 13, 5, 3, 8, 17, 9, 2, 7, 9, 7, 16, 31, 11, 7, 19, 15, 7, 10, 16, 11, 5, 3,
    7, 8, 11, 9, 11, 8, 6, 4, 10, 8, 2, 6, 19, 3, 2, 3, 28, 6, 1, 1, 1, 1, 0, 0,
]
EXPECTED = [
    1.4, 8.7, 3.0, 2.5, 4.3, 2.4, 8.1, 2.3, 2.0, 6.6, 4.4, 1.8, 1.1, 3.3, 7.8, 4.6, 1.1, 4.2, 5.5, 4.4, 10.5, 22.7,
    8.8, 5.6, 15.5, 12.5, 6.0, 9.0, 14.4, 10.2, 4.8, 2.9, 7.0, 8.5, 12.3, 10.1, 12.7, 9.4, 7.2, 5.3, 18.8, 15.8,
    4.3, 14.6, 50.7, 8.2, 5.6, 9.3, 88.7, 19.6, 3.4, 3.6, 5.7, 7.0, 4.2, 1.8,
]
OUTDOOR = [
    16, 16, 10, 24, 10, 24, 10, 7, 7, 16, 7, 16, 10, 24, 7, 16, 10, 7, 7, 10, 7, 16, 10, 7, 1, 1, 7, 7, 10, 10, 7,
    24, 10, 7, 7, 0, 10, 1, 16, 0, 1, 16, 16, 0, 1, 7, 1, 1, 0, 1, 1, 0, 1, 1, 16, 10,
]  # percent of the work force in agriculture, fishing and forestry
# Neighbours with a higher number, district after district (those without one left out).
EDGES = {
    0: "1 53", 1: "2 55", 2: "3 5 7 55", 3: "4 5 55", 4: "5 6 15 30 55", 5: "6 7", 6: "7 8 12 15", 7: "8",
    8: "9 10 12", 9: "10", 10: "11 12", 11: "12", 12: "13 15", 13: "14 15", 14: "15 17",
    15: "16 17 18 27 28 30", 16: "17 18", 18: "27 29", 19: "20 23 29 37 38 42", 20: "21 22 23", 21: "22 23 24",
    22: "24 26", 23: "24 42 52", 24: "25 26 52", 25: "26 52", 27: "28 29", 28: "29 30 31 33 34 35 36",
    29: "36 37", 30: "31 44 45", 31: "33 43 44", 32: "33 34 35 37 38 39 40 41 43", 33: "34 43", 34: "35",
    35: "36 37", 36: "37", 37: "38", 38: "39 42", 39: "40 42", 40: "41 42 46 48", 41: "43 46", 42: "48 51 52",
    43: "44 45 46", 44: "45", 45: "46 47", 46: "47 48", 47: "48 49 50", 48: "49 50 51", 49: "50", 50: "51",
    51: "52", 53: "54",
}
LOG_PRECISION, LOGIT_PHI = 1.53624, 2.50855
INTERCEPT, SLOPE = (-0.124927, 0.112905), (0.273210, 0.116403)
EFFECT = {0: (1.00489, 0.345940), 1: (1.11889, 0.180844), 21: (0.01407, 0.176679), 48: (-0.957415, 0.180873), 54: (-1.38584, 0.591085)}
FIELD = {0: (2.10383, 0.767325), 1: (2.43025, 0.522456), 54: (-3.00704, 1.23690)}

SERIES = [
    1.32337, 1.52939, 3.61135, 1.72527, 2.39457, 3.10728, 2.30989, 1.49185, 1.43825, 1.55612, 1.0413, 1.20782,
    1.28228, 1.6597, 2.55394, 2.39915, 1.2312, 0.766986, 0.0601776, -0.159715, -0.55925, -0.696488, 0.433284,
    -1.16077, -0.306922, 0.630518, 0.814522, 2.92624, 1.60726, 1.91396, 0.422681, -0.528033, 0.286472, 1.90022,
    1.54832, 0.981872, 1.55117, 0.157746, 0.275635, 1.19327, 2.72865, 1.9384, 0.597101, 2.57752, 1.05522, 1.47683,
    2.03848, 0.553322, -0.182799, -0.125275, -0.323409, -0.782226, -0.0684525, 0.0617981, 0.662487, 0.399308,
    1.47534, -0.433674, 1.78008, 2.06146, 2.4662, 1.25933, 1.85841, -0.0686304, -0.0394768, -0.433991, -2.36295,
    -0.0352941, 1.15661, -0.870269, -0.470049, 1.17581, 2.46366, 3.26404, 1.47404, 0.503737, -0.993339, -1.29969,
    0.886514, 0.550548,
]
SERIES_NOISE, SERIES_PRECISION, SERIES_RHO = 2.83288, -0.186071, 1.22900
SERIES_PATH = {0: 0.401875, 2: 2.40390, 23: -1.89924, 66: -2.96307}
# fmt: on


def test_scottish_lip_cancer_comes_out_as_r_inla_published_it() -> None:
    """BYM2 (Riebler et al. 2016): the scaled field, the sparse factor and its inverse, and the Gaussian that is nearest."""
    pairs = np.array([(i, int(j)) for i, text in EDGES.items() for j in text.split()])
    graph = structure(56, pairs)
    tau, phi = np.exp(LOG_PRECISION), 1 / (1 + np.exp(-LOGIT_PHI))
    y, exposure = np.array(CASES, float), np.array(EXPECTED)
    by_field, by_own = np.sqrt(phi / tau), np.sqrt((1 - phi) / tau)
    n = 56
    # x = intercept, slope, field u (sums to zero), own v; log mean = offset + A x.
    a = sp.hstack(
        [np.ones((n, 1)), np.array(OUTDOOR)[:, None] / 10, by_field * sp.identity(n), by_own * sp.identity(n)]
    ).tocsr()
    # The field's prior leaves its mean free; a stiff sum stands for the constraint.
    field = graph.precision + 1e4 * np.ones((n, n)) / n
    prior = sp.block_diag([sp.diags([1e-8, 1e-3]), sp.csc_matrix(field), sp.identity(n)]).tocsc()
    x = np.zeros(2 + 2 * n)
    lift = np.zeros(n)
    for _ in range(60):
        # The mean under a Gaussian, not at its top: counts are small, and R-INLA corrects for that too.
        mean = exposure * np.exp(a @ x + lift / 2)
        precision = sp.csc_matrix(prior + a.T @ sp.diags(mean) @ a)
        factor = Pattern.of(precision).factor(precision)
        x = x + factor.solve(a.T @ (y - mean) - prior @ x)
        covariance = np.linalg.inv(precision.toarray())
        lift = np.einsum("ij,jk,ik->i", a.toarray(), covariance, a.toarray())
    sd = np.sqrt(factor.inverse_diagonal())
    effect = by_field * x[2 : 2 + n] + by_own * x[2 + n :]
    both = sp.hstack([sp.csr_matrix((n, 2)), by_field * sp.identity(n), by_own * sp.identity(n)]).toarray()
    effect_sd = np.sqrt(np.einsum("ij,jk,ik->i", both, covariance, both))

    for place, (middle, width) in enumerate((INTERCEPT, SLOPE)):
        assert x[place] == pytest.approx(middle, abs=0.15 * width)
        assert sd[place] == pytest.approx(width, rel=0.1)
    for district, (middle, width) in EFFECT.items():
        assert effect[district] == pytest.approx(middle, abs=0.15 * width), district
        assert effect_sd[district] == pytest.approx(width, rel=0.1), district
    for district, (middle, width) in FIELD.items():
        assert x[2 + district] == pytest.approx(middle, abs=0.25 * width), district


def _path_covariance(size: int, sd: float, corr: float) -> np.ndarray:
    end, inner, off = path_entries(size, sd, corr)
    precision = np.diag(np.full(size, inner)) + off * (np.eye(size, k=1) + np.eye(size, k=-1))
    precision[0, 0] = precision[-1, -1] = end
    return np.asarray(np.linalg.inv(precision))


def test_a_path_has_the_covariance_of_a_stationary_first_order_process() -> None:
    lags = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))

    assert _path_covariance(9, 0.7, 0.85) == pytest.approx(0.7**2 * 0.85**lags)
    assert _path_covariance(9, 0.7, 0.0) == pytest.approx(0.7**2 * np.eye(9))
    assert _path_covariance(1, 0.7, 0.85) == pytest.approx(np.array([[0.49]]))


def test_the_prior_precision_of_paths_is_the_inverse_of_their_covariance() -> None:
    scale = np.ones(SCALES)
    scale[[WALK1, CORR1, WALK3, CORR3]] = 0.7, 0.85, 0.3, -0.2
    scale[[FIELD1, LOCAL1, FIELD3, LOCAL3]] = 0.5, 0.6, 0.2, 0.3
    for quarters in (1, 2, 7):
        into = Information.zeros(1, quarters)
        add_prior(scale, into)
        for dose, (sd, corr) in enumerate(((0.7, 0.85), (0.3, -0.2))):
            found = np.diag(into.within[0, :, dose, dose])
            for t in range(quarters - 1):
                found[t, t + 1] = found[t + 1, t] = into.onward[0, t, dose, dose]
            assert found == pytest.approx(np.linalg.inv(_path_covariance(quarters, sd, corr)))


def test_a_noisy_autoregressive_series_comes_out_as_r_inla_published_it() -> None:
    y, n = np.array(SERIES), len(SERIES)
    path = _path_covariance(n, np.exp(-SERIES_PRECISION / 2), np.tanh(SERIES_RHO / 2))
    weight = np.linalg.inv(path + np.exp(-SERIES_NOISE) * np.eye(n))
    spread = 1 / weight.sum()
    middle = spread * (weight @ y).sum()
    states = path @ weight @ (y - middle)

    assert middle == pytest.approx(0.924655, abs=0.02)
    assert spread**0.5 == pytest.approx(0.243914, rel=0.1)
    for t, value in SERIES_PATH.items():
        assert states[t] == pytest.approx(value, abs=0.15), t


def test_every_component_is_scaled_to_a_geometric_mean_variance_of_one() -> None:
    """Two grids, a pair and two islands: Freni-Sterrantino et al. 2018."""
    grid = [(5 * i + j, 5 * i + j + 1) for i in range(4) for j in range(4)]
    grid += [(5 * i + j, 5 * i + j + 5) for i in range(3) for j in range(5)]
    pairs = [*grid, *[(20 + a, 20 + a + 1) for a in range(6)], (27, 28)]
    found = structure(31, np.array(pairs))
    centre = np.column_stack([found.centred(column) for column in np.eye(31)])
    # The precision carries a thousandth of a neighbour's pull, so that it has an inverse.
    variance = np.diag(centre @ np.linalg.inv(found.precision.toarray()) @ centre.T)

    for members in (range(20), range(20, 27), range(27, 29)):
        assert np.exp(np.log(variance[list(members)]).mean()) == pytest.approx(1.0, abs=0.01)
    assert variance[29:] == pytest.approx([1.0, 1.0])
    assert list(np.flatnonzero(found.single)) == [29, 30]
