"""The density's slopes against differences, its pieces against slow plain copies, its map against itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma, gammaln

from kalanso.coverage.convergence import effective_draws, r_hat
from kalanso.coverage.denominator_pieces import WILD_SHARE, level_density
from kalanso.coverage.model import Model
from kalanso.coverage.pieces import beta_binomial, gamma_table
from kalanso.coverage.pieces import digamma as own_digamma
from kalanso.coverage.report_density import count_density, excess_of
from kalanso.coverage.variational import fit_gaussian
from kalanso.coverage.whitener import Whitener
from tests.coverage.engine.slopes import assert_slopes


@pytest.mark.parametrize(
    "name",
    [
        "plain_model",
        "following_model",
        "tied_model",
        "stock_model",
        "hub_model",
        "hub_stock_model",
        "hub_lag_model",
    ],
)
def test_slopes_agree_with_differences(name: str, request: pytest.FixtureRequest) -> None:
    model: Model = request.getfixturevalue(name)
    rng = np.random.default_rng(0)
    x = model.start() + 0.1 * rng.normal(size=model.size)
    further = model.bounds[4]
    locals_ = rng.choice(np.arange(model.layout.size, further), 60, replace=False)

    assert_slopes(model, x, [*range(model.layout.size), *locals_, *range(further, model.size)])


def test_a_state_far_outside_is_refused_not_computed(plain_model: Model) -> None:
    x = plain_model.start()
    x[0] = 1e3

    assert plain_model(x)[0] == -np.inf


def test_one_count_is_a_mixture_of_two_negative_binomials(plain_model: Model) -> None:
    reports = plain_model.design.reports
    y, mu, kappa = 40.0, 60.0, 20.0
    table, slope = np.empty(1), np.empty(1)
    gamma_table(np.array([y]), kappa, table, slope)
    wide = gammaln(y + reports.outlier_kappa) - gammaln(reports.outlier_kappa)

    found, *_ = count_density(
        y, np.log(mu), mu, kappa, np.log(kappa), table[0], slope[0], wide, reports.outlier_kappa,
        reports.log_outlier_kappa, reports.log_outlier_odds,
    )  # fmt: skip

    share, k = reports.outlier_share, reports.outlier_kappa
    regular = stats.nbinom.pmf(y, kappa, kappa / (kappa + mu))
    outlier = stats.nbinom.pmf(y, k, k / (k + mu))
    # The density leaves out y! and the constant share of regular reports.
    slow = np.log(regular + share / (1 - share) * outlier) + gammaln(y + 1)
    assert found == pytest.approx(slow)


@pytest.mark.parametrize("y", [150.0, 400.0, 900.0, 6e3, 1e7])
def test_a_slip_of_digits_pulls_at_nothing(plain_model: Model, y: float) -> None:
    reports = plain_model.design.reports
    kappa, k = 20.0, reports.outlier_kappa
    table, slope = np.empty(1), np.empty(1)
    gamma_table(np.array([y]), kappa, table, slope)

    def found(log_mu: float) -> tuple[float, float, float, float]:
        return count_density(
            y, log_mu, np.exp(log_mu), kappa, np.log(kappa), table[0], slope[0], gammaln(y + k) - gammaln(k), k,
            reports.log_outlier_kappa, reports.log_outlier_odds,
        )  # fmt: skip

    at = np.log(45.0)
    value, pull, *_ = found(at)
    assert pull == pytest.approx((found(at + 1e-5)[0] - found(at - 1e-5)[0]) / 2e-5, rel=1e-4, abs=1e-6)
    mu, share = 45.0, reports.outlier_share
    parts = [
        stats.nbinom.logpmf(y, kappa, kappa / (kappa + mu)),
        np.log(share / (1 - share)) + stats.nbinom.logpmf(y, k, k / (k + mu)),
        np.log(share / (1 - share)) + np.log(1e-3 / 20) - np.log(y + 1),
    ]
    assert value - gammaln(y + 1) == pytest.approx(np.logaddexp.reduce(parts), abs=0.01)
    if y > 1e3:
        assert abs(pull) < 1e-3


def test_one_cluster_is_beta_binomial() -> None:
    y, m, share, icc = 6, 10, 0.7, 0.06
    a = (1 - icc) / icc

    found, *_ = beta_binomial(y, m, share, a)

    slow = stats.betabinom.logpmf(y, m, share * a, (1 - share) * a) - np.log(
        np.exp(gammaln(m + 1) - gammaln(y + 1) - gammaln(m - y + 1))
    )
    assert found == pytest.approx(slow)


def test_the_level_is_the_integral_over_population_and_reporting() -> None:
    residuals, precisions = np.array([0.2, -0.1]), np.array([25.0, 9.0])
    rho = np.array([0.05, 0.04, 0.1, 0.02])
    s = 0.3
    slopes = np.zeros(8)

    found = level_density(s, residuals, precisions, np.ones(2), False, rho, slopes, np.zeros(3))

    nu = np.linspace(-8, 8, 20001)
    density = stats.norm.logpdf(nu, 0, 2) + stats.norm.logpdf(s - nu, rho[0], np.sqrt(rho[1]))
    density += stats.norm.logpdf(rho[2], s - nu, np.sqrt(rho[3]))
    for residual, precision in zip(residuals, precisions, strict=True):
        density += stats.norm.logpdf(residual, nu, precision**-0.5)
    slow = np.log(np.trapezoid(np.exp(density), nu))
    # Left out: normalising constants that do not depend on any parameter.
    constants = -0.5 * np.log(2 * np.pi) * 4 - np.log(2) + np.log(1 / (1 - WILD_SHARE * 2))
    assert found == pytest.approx(slow - constants)


def test_digamma_agrees_with_scipy() -> None:
    for x in (0.05, 0.7, 3.0, 5.99, 6.0, 250.0):
        assert own_digamma(x) == pytest.approx(digamma(x), rel=1e-10)


def test_the_map_and_its_transpose_agree(plain_model: Model) -> None:
    rng = np.random.default_rng(2)
    fitted = fit_gaussian(plain_model, plain_model.start(), rng, whitener=Whitener.of(plain_model))
    y, z = rng.normal(size=(2, plain_model.size))

    assert fitted.moved < 3.0
    assert y @ fitted.map.spread(z) == pytest.approx(fitted.map.back(y) @ z)


def test_independent_chains_count_in_full_and_stuck_ones_do_not() -> None:
    rng = np.random.default_rng(4)
    free = rng.normal(size=(4, 500))
    stuck = free * 0.1 + np.arange(4)[:, None]

    assert effective_draws(free) == pytest.approx(2000, rel=0.2)
    assert r_hat(free) < 1.01
    assert r_hat(stuck) > 2
    assert effective_draws(stuck) < 20


def test_chains_that_never_moved_pass_no_gate() -> None:
    frozen = np.full((2, 300), 0.7)

    assert effective_draws(frozen) == 1
    assert r_hat(frozen) == np.inf


def test_excess_of_first_doses_is_the_mean_of_a_shared_gamma_factor_and_bounded() -> None:
    """Against the posterior mean by summing over a fine grid of the factor; slopes against differences."""
    y, mu, kappa, step = 70.0, 60.0, 25.0, 1e-5
    factor = np.linspace(1e-3, 6.0, 60_000)
    weight = np.exp((kappa - 1 + y) * np.log(factor) - (kappa + mu) * factor)
    exact = math.log((factor * weight).sum() / weight.sum())
    value, in_mean, in_kappa = excess_of(y, mu, kappa)
    assert value == pytest.approx(exact, abs=1e-3)
    ahead, behind = excess_of(y, mu * math.exp(step), kappa)[0], excess_of(y, mu * math.exp(-step), kappa)[0]
    assert in_mean == pytest.approx((ahead - behind) / (2 * step), rel=1e-6)
    ahead, behind = excess_of(y, mu, kappa + step)[0], excess_of(y, mu, kappa - step)[0]
    assert in_kappa == pytest.approx((ahead - behind) / (2 * step), rel=1e-5)
    assert excess_of(10_000.0, 60.0, kappa)[0] < 0.7
