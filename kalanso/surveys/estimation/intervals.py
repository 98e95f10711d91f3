"""Between which shares does the truth lie, when children were drawn in clusters?

Intervals for a share on an effective sample size, as the WHO coverage survey manual of 2018 and VCQI
(`svyp_ci_calc`) compute them: the size is divided by the design effect, then made smaller for few degrees
of freedom (Dean and Pagano 2015, Journal of Survey Statistics and Methodology 3:484-503).
The standard error itself belongs to `linearization`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from scipy import stats

from kalanso.surveys.estimation.design import Numbers


class EffectiveSize(NamedTuple):
    """Effective sample size after the adjustment for degrees of freedom, and the design effect before it."""

    size: Numbers
    design_effect: Numbers


def effective_size(
    share: Numbers, error: Numbers, children: Numbers, freedom: Numbers, *, level: float = 0.95
) -> EffectiveSize:
    """Return the sample size that simple random sampling would need for the same precision.

    n_eff = p(1 - p) / SE^2 and DEFF = (n - 1) / n_eff; where p is 0 or 1, or SE is 0, n_eff = n and DEFF = 1.
    n_eff* = n_eff (z / t_df)^2. Where DEFF < 1, n_eff* = n and DEFF = 1. Arguments have one shape; without
    degrees of freedom the size is NaN.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = share * (1 - share)
        still = (error == 0) | (spread <= 0)
        size = np.where(still, children, spread / error**2)
        effect = np.where(still, 1.0, (children - 1) / size)
        z, t = stats.norm.ppf((1 + level) / 2), stats.t.ppf((1 + level) / 2, freedom)
        adjusted = np.where(freedom > 0, size * (z / t) ** 2, np.nan)
    above = effect < 1  # the cluster sample cannot be taken to know more than its children say
    adjusted = np.where(above & (freedom > 0), children, adjusted)
    unknown = np.isnan(share) | np.isnan(error)
    effect = np.where(unknown, np.nan, np.where(above, 1.0, effect))
    return EffectiveSize(size=np.where(unknown, np.nan, adjusted), design_effect=effect)


def wilson(p: Numbers, n: Numbers, alpha: float) -> tuple[Numbers, Numbers]:
    """Return the modified Wilson interval (the default of VCQI)."""
    z = stats.norm.ppf(1 - alpha / 2)
    middle = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def clopper_pearson(p: Numbers, n: Numbers, alpha: float) -> tuple[Numbers, Numbers]:
    """Return the modified Clopper-Pearson interval: beta quantiles with x = p n, which need not be whole."""
    x = p * n
    low = np.where(x <= 0, 0.0, stats.beta.ppf(alpha / 2, x, n - x + 1))
    high = np.where(x >= n, 1.0, stats.beta.ppf(1 - alpha / 2, x + 1, n - x))
    return low, high


def logit(p: Numbers, n: Numbers, alpha: float) -> tuple[Numbers, Numbers]:
    """Return the logit interval; where all children answer alike it does not exist, and Clopper-Pearson stands in."""
    z = stats.norm.ppf(1 - alpha / 2)
    odds = np.log(p / (1 - p))
    half = z / np.sqrt(n * p * (1 - p))
    same = (p <= 0) | (p >= 1)
    exact = clopper_pearson(p, n, alpha)
    low, high = (1 / (1 + np.exp(-(odds + sign * half))) for sign in (-1, 1))
    return np.where(same, exact[0], low), np.where(same, exact[1], high)


def jeffreys(p: Numbers, n: Numbers, alpha: float) -> tuple[Numbers, Numbers]:
    """Return the Jeffreys interval: beta quantiles with half a child added to each side."""
    x = p * n
    low = np.where(x <= 0, 0.0, stats.beta.ppf(alpha / 2, x + 0.5, n - x + 0.5))
    high = np.where(x >= n, 1.0, stats.beta.ppf(1 - alpha / 2, x + 0.5, n - x + 0.5))
    return low, high


def agresti_coull(p: Numbers, n: Numbers, alpha: float) -> tuple[Numbers, Numbers]:
    """Return the Agresti-Coull interval: a plain one around the middle of Wilson's."""
    z = stats.norm.ppf(1 - alpha / 2)
    size = n + z**2
    middle = (p * n + z**2 / 2) / size
    half = z * np.sqrt(middle * (1 - middle) / size)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def fleiss(p: Numbers, n: Numbers, alpha: float) -> tuple[Numbers, Numbers]:
    """Return Wilson's interval with continuity correction (Fleiss, Statistical Methods for Rates and Proportions)."""
    z = stats.norm.ppf(1 - alpha / 2)
    below = z**2 - 2 - 1 / n + 4 * p * (n * (1 - p) + 1)
    above = z**2 + 2 - 1 / n + 4 * p * (n * (1 - p) - 1)
    low = (2 * n * p + z**2 - 1 - z * np.sqrt(np.maximum(below, 0))) / (2 * (n + z**2))
    high = (2 * n * p + z**2 + 1 + z * np.sqrt(np.maximum(above, 0))) / (2 * (n + z**2))
    return np.where(p <= 0, 0.0, low), np.where(p >= 1, 1.0, high)


# One line adds a method: (share, effective size, alpha) -> (low, high).
METHODS: Mapping[str, Callable[[Numbers, Numbers, float], tuple[Numbers, Numbers]]] = {
    "wilson": wilson,
    "clopper_pearson": clopper_pearson,
    "logit": logit,
    "jeffreys": jeffreys,
    "agresti_coull": agresti_coull,
    "fleiss": fleiss,
}


def interval(
    share: Numbers, error: Numbers, children: Numbers, freedom: Numbers, *, level: float = 0.95,
    method: str = "wilson",
) -> tuple[Numbers, Numbers]:  # fmt: skip
    """Return the lower and upper ends of the two-sided interval for shares of equal shape.

    Its ends at level 0.90 are the one-sided 95 % bounds. Raises ValueError for an unknown method or level.
    """
    if method not in METHODS:
        raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    if not 0 < level < 1:
        raise ValueError(f"level: expected a share between 0 and 1, such as 0.95, got {level}")
    p, e, n, df = (np.asarray(value, dtype=float) for value in (share, error, children, freedom))
    size = effective_size(p, e, n, df, level=level).size
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = METHODS[method](p, size, 1 - level)
    unknown = np.isnan(size)
    # rounding must not leave the estimate outside of its interval
    low, high = np.minimum(np.clip(low, 0, 1), p), np.maximum(np.clip(high, 0, 1), p)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
