"""What does one report, one cluster or one denominator say, as a number and its slopes?

The smallest pieces of the likelihood, compiled: each returns the log-likelihood, its derivative and
the information it carries. They are put together for one area in `area_density`; each stands beside
a slow plain copy in the tests.
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage.compiling import compiled


@compiled
def digamma(x: float) -> float:
    """Return the derivative of log gamma, x > 0 (recurrence to 6, then the asymptotic series)."""
    shift = 0.0
    while x < 6.0:
        shift -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y / 132))))
    return shift + math.log(x) - 0.5 / x - series


@compiled
def gamma_table(counts: Any, kappa: float, log_out: Any, slope_out: Any) -> None:
    """Fill log gamma(y + kappa) - log gamma(kappa) and its slope in kappa, for distinct counts y."""
    base, base_slope = math.lgamma(kappa), digamma(kappa)
    for j in range(counts.size):
        log_out[j] = math.lgamma(counts[j] + kappa) - base
        slope_out[j] = digamma(counts[j] + kappa) - base_slope


@compiled
def beta_binomial(y: int, m: int, share: float, a: float) -> tuple[float, float, float]:
    """Return log BetaBin(y of m; mean `share`, a = (1 - icc)/icc) up to the binomial coefficient,
    its slope in the share and its slope in a, by finite sums (integers only, no gamma function)."""
    alpha, beta = share * a, (1.0 - share) * a
    ll = d_alpha = d_beta = d_total = 0.0
    for q in range(y):
        ll += math.log(alpha + q)
        d_alpha += 1.0 / (alpha + q)
    for q in range(m - y):
        ll += math.log(beta + q)
        d_beta += 1.0 / (beta + q)
    for q in range(m):
        ll -= math.log(a + q)
        d_total -= 1.0 / (a + q)
    return ll, a * (d_alpha - d_beta), share * d_alpha + (1.0 - share) * d_beta + d_total


@compiled
def log_sigmoid(x: float) -> float:
    """Return log of the logistic function."""
    if x > 0:
        return -math.log1p(math.exp(-x))
    return x - math.log1p(math.exp(x))


@compiled
def share_of(x: float) -> tuple[float, float]:
    """Return log of the logistic function and the function itself, with one exponential."""
    if x > 0:
        e = math.exp(-x)
        return -math.log1p(e), 1.0 / (1.0 + e)
    e = math.exp(x)
    return x - math.log1p(e), e / (1.0 + e)


@compiled
def log_of_sum(log_large: float, large: float, small: float) -> float:
    """Return log(large + small), by its series where `small` is a few percent (error below 1e-9)."""
    x = small / large
    if x < 0.02:
        return log_large + x * (1.0 - x * (0.5 - x * (1.0 / 3.0 - 0.25 * x)))
    return math.log(large + small)


@compiled
def cluster_size_information(share: float, m: int, a: float) -> float:
    """Return the information of m children of one cluster on their share (quasi-binomial)."""
    icc = 1.0 / (1.0 + a)
    v = share * (1.0 - share)
    return m / (max(v, 1e-4) * (1.0 + (m - 1) * icc))
