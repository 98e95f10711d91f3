"""Have the chains mixed, and how many independent draws are they worth?

Rank-normalised split R-hat and bulk effective sample size of Vehtari, Gelman, Simpson, Carpenter and
Burkner (2021), *Bayesian Analysis* 16(2).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from kalanso.coverage.records import Floats


def split(draws: Floats) -> Floats:
    """Return each chain (C,S) as two halves (2C, S/2)."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, draws.shape[1] - half :]])


def rank_normalised(draws: Floats) -> Floats:
    """Return normal scores of the draws' ranks over all chains."""
    ranks = rankdata(draws, method="average").reshape(draws.shape)
    return ndtri((ranks - 0.375) / (draws.size + 0.25))


def r_hat(draws: Floats) -> float:
    """Return the larger of bulk and folded split R-hat of draws (C,S); infinite where nothing moved."""
    if not np.ptp(draws) > 0:
        return float("inf")
    folded = np.abs(draws - np.median(draws))
    return max(_r_hat(rank_normalised(split(draws))), _r_hat(rank_normalised(split(folded))))


def _r_hat(z: Floats) -> float:
    within = z.var(axis=1, ddof=1).mean()
    if not within > 0:
        return float("inf")
    size = z.shape[1]
    between = size * z.mean(axis=1).var(ddof=1)
    return float(np.sqrt(((size - 1) / size * within + between / size) / within))


def effective_draws(draws: Floats) -> float:
    """Return the bulk effective sample size of draws (C,S); one where a chain did not move."""
    if not np.ptp(draws, axis=1).min() > 0:
        return 1.0
    return _effective(rank_normalised(split(draws)))


def _effective(z: Floats) -> float:
    chains, size = z.shape
    covariance = np.stack([_autocovariance(chain) for chain in z])
    within = covariance[:, 0].mean() * size / (size - 1)
    between = z.mean(axis=1).var(ddof=1) if chains > 1 else 0.0
    total = within * (size - 1) / size + between
    if not total > 0:
        return float(z.size)
    rho = 1.0 - (within - covariance.mean(axis=0)) / total
    rho[0] = 1.0
    # Geyer's initial monotone sequence of sums of neighbouring pairs.
    even = size - size % 2
    pairs = rho[:even:2] + rho[1:even:2]
    negative = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: negative[0] if negative.size else pairs.size])
    time = max(2.0 * pairs.sum() - 1.0, 1.0 / np.log10(z.size))
    return float(z.size / time)


def _autocovariance(x: Floats) -> Floats:
    size = x.size
    spectrum = np.fft.rfft(x - x.mean(), 2 * size)
    return np.fft.irfft(spectrum * np.conj(spectrum), 2 * size)[:size] / size
