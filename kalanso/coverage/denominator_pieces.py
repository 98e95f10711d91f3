"""What do several denominators, and recounts, say about how many doses one area reports per dose due?

The target population nu and the reporting bias rho of an area are Gaussian given the sources, so
both are integrated exactly: what is left is the density of s = nu + rho (`estimation-collapse`
§1, collapse of denominators), here as a mixture in which at most one source may be wildly off.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kalanso.coverage.compiling import compiled
from kalanso.coverage.lanes import where_above

# Weak prior of log population about its country-wide centre.
PRIOR_PRECISION = 0.25
# A source that is wildly off errs by this many of its usual standard deviations.
WILD = 5.0
WILD_SHARE = 0.02


@compiled
def source_component(residuals: Any, precisions: Any, present: Any, wild: int) -> tuple[Any, Any, Any]:
    """Return (log evidence, posterior mean of nu less its centre, its variance).

    `residuals` are log denominators less bias, growth and centre (0 where a source is not there), `present` 1 for
    those that are there; `wild` is the source that is off in this component, or -1.
    """
    total, weighted, quadratic, logs = PRIOR_PRECISION, 0.0, 0.0, 0.0
    for k in range(precisions.size):
        ip = precisions[k] / (WILD * WILD) if k == wild else precisions[k]
        told = ip * present[k]
        total += told
        weighted += told * residuals[k]
        quadratic += told * residuals[k] * residuals[k]
        logs += 0.5 * math.log(ip) * present[k]
    variance = 1.0 / total
    evidence = -0.5 * (quadratic - weighted * weighted * variance) + logs - 0.5 * math.log(total)
    return evidence, weighted * variance, variance


@compiled
def reporting_with_recount(mean: Any, variance: Any, seen: Any, seen_variance: Any) -> tuple[Any, Any, Any]:
    """Return (log evidence, mean, variance) of rho once a recount has shown it with an error (0: no recount)."""
    total = variance + seen_variance
    share = where_above(seen_variance, 0.0, variance / total, 0.0)
    gap = seen - mean
    evidence = -0.5 * gap * gap / total - 0.5 * math.log(total)
    return where_above(seen_variance, 0.0, evidence, 0.0), mean + share * gap, variance * (1.0 - share)


@compiled
def component_logs(
    gap: Any, residuals: Any, precisions: Any, present: Any, rho_variance: Any, wild_allowed: bool, logs: Any
) -> Any:
    """Fill the log density of each component (none off, then each source off); return the largest.

    `gap` is the dose level less the mean of reporting. A source that is not there cannot be off.
    """
    sources = precisions.size
    top = gap * 0.0 - np.inf
    for c in range(sources + 1 if wild_allowed else 1):
        evidence, mean, variance = source_component(residuals, precisions, present, c - 1)
        total = variance + rho_variance
        off = gap - mean
        prior = math.log(WILD_SHARE) if c > 0 else math.log(1.0 - WILD_SHARE * sources)
        value = evidence + prior - 0.5 * off * off / total - 0.5 * math.log(total)
        if c > 0:
            value = where_above(present[c - 1], 0.5, value, -np.inf)
        logs[c] = value
        top = where_above(value, top, value, top)
    return top


@compiled
def level_density(
    s: Any,
    residuals: Any,
    precisions: Any,
    present: Any,
    wild_allowed: bool,
    rho: Any,
    slopes: Any,
    logs: Any,
) -> Any:
    """Return the log density of an area's dose level s given its denominators, and its slopes.

    `rho` holds (prior mean, prior variance, recounted log ratio, variance of it or 0).
    `slopes` (4 + 2K) receives d/ds, information on s, d/d rho mean, d/d rho variance, then
    d/d residual and d/d precision of each source. `logs` (1 + K) is room.
    """
    seen, rho_mean, rho_variance = reporting_with_recount(rho[0], rho[1], rho[2], rho[3])
    top = component_logs(s - rho_mean, residuals, precisions, present, rho_variance, wild_allowed, logs)
    for place in range(4 + 2 * precisions.size):
        slopes[place] = 0.0
    count = precisions.size + 1 if wild_allowed else 1
    whole = 0.0
    for c in range(count):
        logs[c] = math.exp(logs[c] - top)
        whole += logs[c]
    d_mean = d_variance = 0.0
    for c in range(count):
        dm, dv = component_slopes(
            s, rho_mean, rho_variance, residuals, precisions, present, c - 1, logs[c] / whole, slopes
        )
        d_mean += dm
        d_variance += dv
    recount_slopes(rho, d_mean, d_variance, slopes)
    return seen + top + math.log(whole)


@compiled
def component_slopes(
    s: Any, rho_mean: Any, rho_variance: Any, residuals: Any, precisions: Any, present: Any, wild: int, share: Any,
    slopes: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Add one component's slopes, weighted by its share; return those in the mean and variance of rho."""
    size = precisions.size
    _, mean, variance = source_component(residuals, precisions, present, wild)
    certain = 1.0 / (variance + rho_variance)
    d_mean = (s - mean - rho_mean) * certain
    d_variance = 0.5 * (d_mean * d_mean - certain)
    slopes[0] -= share * d_mean
    slopes[1] += share * certain
    for k in range(size):
        factor = 1.0 / (WILD * WILD) if k == wild else 1.0
        ip = precisions[k] * factor
        told = share * present[k]
        off = residuals[k] - mean
        slopes[4 + k] += told * (d_mean * ip * variance - ip * off)
        d_ip = d_mean * off * variance - d_variance * variance * variance
        d_ip += -0.5 * off * off + 0.5 / ip - 0.5 * variance
        slopes[4 + size + k] += told * d_ip * factor
    return share * d_mean, share * d_variance


@compiled
def recount_slopes(rho: Any, d_mean: Any, d_variance: Any, slopes: Any) -> None:
    """Carry slopes in rho's mean and variance after a recount back to those before it."""
    total = rho[1] + rho[3]
    gap, kept = rho[2] - rho[0], rho[3] / total
    told = d_mean * kept + gap / total
    spread = d_mean * gap * kept / total + d_variance * kept * kept
    spread += 0.5 * gap * gap / (total * total) - 0.5 / total
    slopes[2] = where_above(rho[3], 0.0, told, d_mean)
    slopes[3] = where_above(rho[3], 0.0, spread, d_variance)
