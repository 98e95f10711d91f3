"""What do several denominators, and recounts, say about how many doses one area reports per dose due?

The target population nu and the reporting bias rho of an area are Gaussian given the sources, so
both are integrated exactly: what is left is the density of s = nu + rho (`estimation-collapse`
§1, collapse of denominators), here as a mixture in which at most one source may be wildly off.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kalanso.coverage.compiling import compiled, roomy

# Weak prior of log population about its country-wide centre.
PRIOR_PRECISION = 0.25
# A source that is wildly off errs by this many of its usual standard deviations.
WILD = 5.0
WILD_SHARE = 0.02


@compiled
def source_component(residuals: Any, precisions: Any, present: Any, wild: int) -> tuple[float, float, float]:
    """Return (log evidence, posterior mean of nu less its centre, its variance).

    `residuals` are log denominators less bias, growth and centre; `wild` is the source that is off
    in this component, or -1.
    """
    total = PRIOR_PRECISION
    weighted = quadratic = logs = 0.0
    for k in range(residuals.size):
        if present[k]:
            ip = precisions[k] / (WILD * WILD) if k == wild else precisions[k]
            total += ip
            weighted += ip * residuals[k]
            quadratic += ip * residuals[k] * residuals[k]
            logs += 0.5 * math.log(ip)
    evidence = -0.5 * (quadratic - weighted * weighted / total) + logs - 0.5 * math.log(total)
    return evidence, weighted / total, 1.0 / total


@compiled
def reporting_with_recount(
    mean: float, variance: float, seen: float, seen_variance: float
) -> tuple[float, float, float]:
    """Return (log evidence, mean, variance) of rho once a recount has shown it with an error."""
    if not seen_variance > 0.0:
        return 0.0, mean, variance
    total = variance + seen_variance
    share = variance / total
    gap = seen - mean
    evidence = -0.5 * gap * gap / total - 0.5 * math.log(total)
    return evidence, mean + share * gap, variance * (1.0 - share)


@compiled
def component_logs(
    gap: float, residuals: Any, precisions: Any, present: Any, rho_variance: float, logs: Any
) -> float:
    """Fill the log density of each component (none off, then each source off); return the largest.

    `gap` is the dose level less the mean of reporting. A source that is not there cannot be off.
    """
    top = -np.inf
    for c in range(logs.size):
        if c > 0 and not present[c - 1]:
            logs[c] = -np.inf
            continue
        evidence, mean, variance = source_component(residuals, precisions, present, c - 1)
        total = variance + rho_variance
        off = gap - mean
        prior = math.log(WILD_SHARE) if c > 0 else math.log(1.0 - WILD_SHARE * residuals.size)
        logs[c] = evidence + prior - 0.5 * off * off / total - 0.5 * math.log(total)
        top = max(top, logs[c])
    return top


@roomy
def level_density(
    s: float, residuals: Any, precisions: Any, present: Any, wild_allowed: bool, rho: Any, slopes: Any
) -> float:
    """Return the log density of an area's dose level s given its denominators, and its slopes.

    `rho` holds (prior mean, prior variance, recounted log ratio, variance of it or 0).
    `slopes` (4 + 2K) receives d/ds, information on s, d/d rho mean, d/d rho variance, then
    d/d residual and d/d precision of each source.
    """
    size = residuals.size
    seen, rho_mean, rho_variance = reporting_with_recount(rho[0], rho[1], rho[2], rho[3])
    slopes[:] = 0.0
    logs = np.empty(size + 1 if wild_allowed else 1)
    top = component_logs(s - rho_mean, residuals, precisions, present, rho_variance, logs)
    sum_ = 0.0
    for c in range(logs.size):
        sum_ += math.exp(logs[c] - top)
    d_mean = d_variance = 0.0
    for c in range(logs.size):
        share = math.exp(logs[c] - top) / sum_
        if share > 0.0:
            dm, dv = component_slopes(
                s, rho_mean, rho_variance, residuals, precisions, present, c - 1, share, slopes
            )
            d_mean += dm
            d_variance += dv
    recount_slopes(rho, d_mean, d_variance, slopes)
    return seen + top + math.log(sum_)


@compiled
def component_slopes(
    s: float, rho_mean: float, rho_variance: float, residuals: Any, precisions: Any, present: Any,
    wild: int, share: float, slopes: Any,
) -> tuple[float, float]:  # fmt: skip
    """Add one component's slopes, weighted by its share; return those in the mean and variance of rho."""
    size = residuals.size
    _, mean, variance = source_component(residuals, precisions, present, wild)
    total = variance + rho_variance
    gap = s - mean - rho_mean
    d_mean = gap / total
    d_variance = 0.5 * (gap * gap / (total * total) - 1.0 / total)
    slopes[0] -= share * d_mean
    slopes[1] += share / total
    for k in range(size):
        if present[k]:
            factor = 1.0 / (WILD * WILD) if k == wild else 1.0
            ip = precisions[k] * factor
            off = residuals[k] - mean
            slopes[4 + k] += share * (d_mean * ip * variance - ip * off)
            d_ip = d_mean * off * variance - d_variance * variance * variance
            d_ip += -0.5 * off * off + 0.5 / ip - 0.5 * variance
            slopes[4 + size + k] += share * d_ip * factor
    return share * d_mean, share * d_variance


@compiled
def recount_slopes(rho: Any, d_mean: float, d_variance: float, slopes: Any) -> None:
    """Carry slopes in rho's mean and variance after a recount back to those before it."""
    if not rho[3] > 0.0:
        slopes[2] = d_mean
        slopes[3] = d_variance
        return
    total = rho[1] + rho[3]
    gap = rho[2] - rho[0]
    slopes[2] = d_mean * rho[3] / total + gap / total
    slopes[3] = d_mean * gap * rho[3] / (total * total) + d_variance * (rho[3] / total) ** 2
    slopes[3] += 0.5 * gap * gap / (total * total) - 0.5 / total
