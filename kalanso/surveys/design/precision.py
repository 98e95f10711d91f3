"""How wide will the intervals of a sample be, for the whole and for its parts?

Before fieldwork: from numbers of children and a design effect. Intervals of results come from estimation, with
the design effect that was found.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.stats import norm

from kalanso.surveys.handed_in import numbers, with_columns

SUPPRESSED_BELOW = 25  # children; VCQI's marks
BRACKETED_BELOW = 50
PRECISION_COLUMNS = (
    "group", "children", "effective_children", "low", "high", "half_width", "too_wide", "shown",
)  # fmt: skip


def precision(
    groups: pd.DataFrame,
    *,
    expected: float = 0.5,
    deff: float = 1.5,
    too_wide: float = 0.10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the interval that each group of a sample would have if its coverage were `expected`.

    `groups` has group and children (interviews); it may have its own `expected` and `deff`, and keeps its other
    columns. The interval is Wilson's with children / deff; `half_width` is half of its length; `too_wide` says
    that it exceeds that limit. `shown`: suppressed (fewer than 25 children), bracketed (25 to 49) or plain.
    """
    if not 0 < too_wide < 1 or not 0 < level < 1:
        raise ValueError(f"expected too_wide and level between 0 and 1, got {too_wide:g} and {level:g}")
    table = with_columns(groups, "groups", ("group", "children"))
    for name, value in (("expected", expected), ("deff", deff)):
        if name not in table:
            table[name] = value
    children = numbers(table, "groups", "children", low=1)
    p = numbers(table, "groups", "expected", high=1).to_numpy()
    loss = numbers(table, "groups", "deff", above=True).to_numpy()
    effective = children.to_numpy() / loss
    low, high = wilson(p, effective, level=level)
    table["effective_children"], table["low"], table["high"] = effective, low, high
    table["half_width"] = (high - low) / 2
    table["too_wide"] = table["half_width"] > too_wide
    table["shown"] = np.select(
        [children < SUPPRESSED_BELOW, children < BRACKETED_BELOW], ["suppressed", "bracketed"], "plain"
    )
    others = [name for name in table if name not in PRECISION_COLUMNS]
    return table[[*PRECISION_COLUMNS, *others]]


def wilson(p: np.ndarray, effective: np.ndarray, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Wilson's interval of shares `p` out of `effective` children."""
    z = float(norm.ppf((1 + level) / 2))
    middle = (p + z**2 / (2 * effective)) / (1 + z**2 / effective)
    half = z * np.sqrt(p * (1 - p) / effective + (z / (2 * effective)) ** 2) / (1 + z**2 / effective)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def clusters_for_half_width(
    expected: float, half_width: float, *, children_per_cluster: float, icc: float, level: float = 0.95
) -> int:
    """Return the fewest clusters whose planned interval (Wilson) is at most `half_width` on either side.

    A second way to the answer of `sample_size`, from the interval itself instead of WHO's formula for it.
    """
    if not 0 < half_width < 0.5 or children_per_cluster < 1:
        raise ValueError(
            f"expected a half width below 0.5 and a child per cluster, got {half_width:g} and {children_per_cluster:g}"
        )
    deff = 1 + (children_per_cluster - 1) * icc
    low, high = 0, 1
    while _half(expected, high * children_per_cluster / deff, level) > half_width:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if _half(expected, middle * children_per_cluster / deff, level) > half_width:
            low = middle
        else:
            high = middle
    return high


def _half(p: float, effective: float, level: float) -> float:
    low, high = wilson(np.array([p]), np.array([effective]), level=level)
    return math.nextafter(float(high[0] - low[0]) / 2, 0.0)
