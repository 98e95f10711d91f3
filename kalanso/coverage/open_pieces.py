"""How probable are an area's population and over-reporting where each is needed by itself?

Stock and attendance outside the own area speak of children, not of reports: there rho is a coordinate
instead of being integrated out. rho = r + c z, where r and c are the mean and standard deviation of
rho given s were no source wildly off, so that z is standard normal but for those; the joint density of
(s, z) is exact, and integrated over z it is that of `denominator_pieces`.
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage.compiling import compiled
from kalanso.coverage.denominator_pieces import (
    component_logs,
    component_slopes,
    recount_slopes,
    reporting_with_recount,
    source_component,
)


@compiled
def open_reporting(
    s: float, z: float, residuals: Any, precisions: Any, present: Any, rho: Any
) -> tuple[float, float, float]:
    """Return rho of an area (`rho` as in `level_density`), the share of s that it takes, and c."""
    _, rho_mean, rho_variance = reporting_with_recount(rho[0], rho[1], rho[2], rho[3])
    _, mean, variance = source_component(residuals, precisions, present, -1)
    share = rho_variance / (variance + rho_variance)
    spread = math.sqrt(share * variance)
    return rho_mean + share * (s - mean - rho_mean) + spread * z, share, spread


@compiled
def open_density(
    s: float, z: float, residuals: Any, precisions: Any, present: Any, wild_allowed: bool, rho: Any,
    pull: float, slopes: Any, logs: Any,
) -> float:  # fmt: skip
    """Return the log density of (s, z), and fill its slopes as `level_density` does, d/dz in place of the
    information. `pull` is a slope in rho that comes from evidence on several areas.
    """
    size = residuals.size
    seen, rho_mean, rho_variance = reporting_with_recount(rho[0], rho[1], rho[2], rho[3])
    _, mean, variance = source_component(residuals, precisions, present, -1)
    value, share, spread = open_reporting(s, z, residuals, precisions, present, rho)
    nu, off = s - value, value - rho_mean
    total = seen + population_density(nu, residuals, precisions, present, wild_allowed, slopes, logs)
    d_nu = slopes[0]
    total += math.log(spread) - 0.5 * off * off / rho_variance - 0.5 * math.log(rho_variance)
    d_value = pull - d_nu - off / rho_variance
    # How the map from z follows the variances of the population and of rho.
    both = variance + rho_variance
    gap = s - mean - rho_mean
    d_spread = 1.0 / spread + d_value * z
    d_mean = off / rho_variance + d_value * (1.0 - share)
    d_rho = 0.5 * (off * off / rho_variance - 1.0) / rho_variance
    d_rho += d_value * gap * variance / (both * both) + d_spread * (1.0 - share) ** 2 / (2.0 * spread)
    d_variance = -d_value * gap * rho_variance / (both * both) + d_spread * share**2 / (2.0 * spread)
    for k in range(size):
        if present[k]:
            slopes[4 + k] -= d_value * share * precisions[k] * variance
            d_precision = (
                -d_value * share * (residuals[k] - mean) * variance - d_variance * variance * variance
            )
            slopes[4 + size + k] += d_precision
    slopes[0] = d_nu + d_value * share
    slopes[1] = d_value * spread
    recount_slopes(rho, d_mean, d_rho, slopes)
    return total


@compiled
def population_density(
    nu: float, residuals: Any, precisions: Any, present: Any, wild_allowed: bool, slopes: Any, logs: Any
) -> float:
    """Return the log density of log population given the sources, and fill its slopes as `level_density`."""
    slopes[:] = 0.0
    top = component_logs(nu, residuals, precisions, present, 0.0, wild_allowed, logs)
    whole = 0.0
    for c in range(precisions.size + 1 if wild_allowed else 1):
        logs[c] = math.exp(logs[c] - top)
        whole += logs[c]
    for c in range(precisions.size + 1 if wild_allowed else 1):
        component_slopes(nu, 0.0, 0.0, residuals, precisions, present, c - 1, logs[c] / whole, slopes)
    return top + math.log(whole)
