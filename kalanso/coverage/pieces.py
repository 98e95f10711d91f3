"""What does one report, one cluster or one denominator say, as a number and its slopes?

The smallest pieces of the likelihood, compiled: each returns the log-likelihood, its derivative and
the information it carries. They are put together for one area in `area_density`; each stands beside
a slow plain copy in the tests.
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage.compiling import compiled
from kalanso.coverage.lanes import where_above


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
    its slope in the share and its slope in a, by finite products and sums (integers only, no gamma function)."""
    alpha, beta = share * a, (1.0 - share) * a
    ll = d_alpha = d_beta = d_total = 0.0
    product = 1.0
    for q in range(m):
        part = 1.0 / (a + q)
        d_total -= part
        if q < y:
            factor = alpha + q
            d_alpha += 1.0 / factor
        else:
            factor = beta + (q - y)
            d_beta += 1.0 / factor
        product *= factor * part
        if not 1e-200 < product < 1e200:
            ll += math.log(product)
            product = 1.0
    ll += math.log(product)
    return ll, a * (d_alpha - d_beta), share * d_alpha + (1.0 - share) * d_beta + d_total


@compiled
def log_with_one(x: Any) -> Any:
    """Return log(1 + x) of numbers, or of numbers in lanes, from 0 to 1, without loss where they are small."""
    whole = 1.0 + x
    return math.log(whole) + (x - (whole - 1.0)) / whole


@compiled
def share_of(x: Any) -> tuple[Any, Any]:
    """Return log of the logistic function and the function itself, with one exponential."""
    e = math.exp(-math.fabs(x))
    share = 1.0 / (1.0 + e)
    return where_above(x, 0.0, 0.0, x) - log_with_one(e), where_above(x, 0.0, share, e * share)


@compiled
def cluster_size_information(share: float, m: int, a: float) -> float:
    """Return the information of m children of one cluster on their share (quasi-binomial)."""
    icc = 1.0 / (1.0 + a)
    v = share * (1.0 - share)
    return m / (max(v, 1e-4) * (1.0 + (m - 1) * icc))
