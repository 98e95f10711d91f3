"""How far do coders who read the same words agree, beyond what chance alone would bring about?

Krippendorff's alpha by its matrix of coincidences (Content Analysis, 2004, chapter 11): any number of coders, codes on any scale, and units that some
did not read. Answers of a second visit to the same household are such codes too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]
SCALES = ("nominal", "ordinal", "interval")
FIRM, TENTATIVE = 0.8, 2 / 3  # Krippendorff's own bounds
DRAWS = 1000


class CodesRefused(ValueError):
    """Codes that cannot be compared: what was expected, what came."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Alpha with its interval over units (95 %), the share of pairs that are the same, and what the codes are good for.

    `units` were coded by two or more. `verdict`: "firm", "tentative", "too_little", or "one_code" where all codes are one: alpha
    is then not defined, since nothing shows that coders can tell anything apart.
    """

    alpha: float
    low: float
    high: float
    same: float
    units: int
    verdict: str


def krippendorff(codes: pd.DataFrame, *, scale: str = "nominal") -> float:
    """Return alpha of a table of codes: a row per unit, a column per coder, missing where a coder did not code.

    1: all agree; 0: no more than by chance. NaN where all codes are one. Codes of an ordinal or interval scale are numbers. Raises
    CodesRefused without a unit that two coders coded.
    """
    return _alpha(*_coincidences(codes, scale), scale)


def agreement(
    codes: pd.DataFrame, *, scale: str = "nominal", draws: int = DRAWS, rng: np.random.Generator
) -> Agreement:
    """Return alpha, with an interval from units drawn anew with replacement (draws in which all codes are one are left out)."""
    parts, values = _coincidences(codes, scale)
    alpha = _alpha(parts, values, scale)
    whole = parts.sum(axis=0)
    same = float(np.trace(whole) / whole.sum())
    if np.isnan(alpha):
        return Agreement(alpha=alpha, low=alpha, high=alpha, same=same, units=len(parts), verdict="one_code")
    found = np.array(
        [_alpha(parts[rng.integers(len(parts), size=len(parts))], values, scale) for _ in range(draws)]
    )
    low, high = np.nanquantile(found, [0.025, 0.975])
    verdict = "firm" if alpha >= FIRM else "tentative" if alpha >= TENTATIVE else "too_little"
    return Agreement(
        alpha=alpha, low=float(min(low, alpha)), high=float(max(high, alpha)), same=same, units=len(parts), verdict=verdict
    )  # fmt: skip


def _coincidences(codes: pd.DataFrame, scale: str) -> tuple[Numbers, Numbers]:
    """Return the matrix of coincidences of each unit that two or more coded (units x values x values), and the values in their order."""
    if scale not in SCALES:
        raise CodesRefused(f"scale: expected one of {', '.join(SCALES)}, got {scale!r}")
    table = codes.apply(pd.to_numeric) if scale != "nominal" else codes
    named, values = pd.factorize(table.to_numpy(dtype=object).ravel(), sort=scale != "nominal")
    places = named.reshape(table.shape)
    held = np.zeros((len(table), len(values)))
    rows, columns = np.nonzero(places >= 0)
    np.add.at(held, (rows, places[rows, columns]), 1)
    coders = held.sum(axis=1)
    held = held[coders >= 2]
    if not len(held):
        raise CodesRefused("expected units that two coders coded, got none: give them the same units to code")
    pairs = held[:, :, None] * held[:, None, :] - held[:, :, None] * np.eye(held.shape[1])
    numbers = np.asarray(values, dtype=float) if scale != "nominal" else np.arange(len(values), dtype=float)
    return pairs / (held.sum(axis=1) - 1)[:, None, None], numbers


def _alpha(parts: Numbers, values: Numbers, scale: str) -> float:
    whole = parts.sum(axis=0)
    margins = whole.sum(axis=0)
    n, far = margins.sum(), _apart(values, margins, scale)
    expected = (np.outer(margins, margins) * far).sum() / (n - 1)
    return float(1 - (whole * far).sum() / expected) if expected > 0 else float("nan")


def _apart(values: Numbers, margins: Numbers, scale: str) -> Numbers:
    """Return how far two values are from one another, squared."""
    if scale == "nominal":
        return 1.0 - np.eye(len(values))
    if scale == "interval":
        return np.asarray((values[:, None] - values[None, :]) ** 2)
    middle = np.cumsum(margins) - margins / 2
    return np.asarray((middle[:, None] - middle[None, :]) ** 2)
