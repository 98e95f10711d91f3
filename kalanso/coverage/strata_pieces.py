"""How do the strata of one area differ, while the area's coverage stays what it says?

Survey clusters are drawn within strata, such as town and village. If P is an area's share and pi_s the
share of its children in stratum s, then stratum s has sigma(logit P + delta_s - c), with c such that the
weighted mean over strata is P exactly: coverage of the area keeps its meaning, and a common shift of all
effects changes nothing (`estimation` §2.4).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kalanso.coverage.compiling import compiled, roomy

EDGE = 1e-9


@compiled
def strata_shares(mean: float, weights: Any, effects: Any, out: Any) -> float:
    """Fill each stratum's share (`out`) for an area's `mean`; return the sum of weights times p (1 - p).

    The offset c is found by Newton's method kept within the effects' range, where it must lie.
    """
    inside = min(max(mean, EDGE), 1.0 - EDGE)
    logit = math.log(inside / (1.0 - inside))
    low, high = math.inf, -math.inf
    for s in range(effects.size):
        if weights[s] > 0.0:
            low, high = min(low, effects[s]), max(high, effects[s])
    offset, spread = 0.5 * (low + high), 0.0
    for _ in range(60):
        total = spread = 0.0
        for s in range(effects.size):
            if weights[s] > 0.0:
                p = 1.0 / (1.0 + math.exp(-(logit + effects[s] - offset)))
                total += weights[s] * p
                spread += weights[s] * p * (1.0 - p)
        gap = total - inside
        if abs(gap) < 1e-14 * spread:
            break
        if gap > 0.0:
            low = offset
        else:
            high = offset
        step = offset + gap / spread
        offset = step if low < step < high else 0.5 * (low + high)
        if high - low < 1e-15:
            break
    spread = 0.0
    for s in range(effects.size):
        out[s] = 1.0 / (1.0 + math.exp(-(logit + effects[s] - offset)))
        spread += weights[s] * out[s] * (1.0 - out[s])
    return spread


@compiled
def strata_back(
    slopes: Any, shares: Any, weights: Any, spread: float, in_effects: Any, in_weights: Any
) -> float:
    """Carry slopes in the strata's shares back: return the slope in the mean, add to those in effects, and
    fill those in weights (which need not sum to one while they are moved)."""
    total = 0.0
    for s in range(shares.size):
        total += slopes[s] * shares[s] * (1.0 - shares[s])
    for s in range(shares.size):
        in_effects[s] += shares[s] * (1.0 - shares[s]) * (slopes[s] - weights[s] * total / spread)
        in_weights[s] = -shares[s] * total / spread
    return total / spread


@compiled
def stratum_means(
    s: int, base: float, going: float, weights: Any, effects1: Any, effects3: Any, room: Any
) -> tuple[float, float]:
    """Return the share of stratum s with the first dose, and of these the share with the second.

    The second holds among those with the first, so its weights are the strata's parts of these. `room`
    (6,S) receives both families of shares and the second's weights, for `stratum_means_back`.
    """
    room[3, 0] = strata_shares(base, weights, effects1, room[0])
    for k in range(effects1.size):
        room[2, k] = weights[k] * room[0, k] / max(base, EDGE)
    room[4, 0] = strata_shares(going, room[2], effects3, room[1])
    return room[0, s], room[1, s]


@roomy
def stratum_means_back(
    s: int, d_one: float, d_three: float, base: float, weights: Any, room: Any, in_effects1: Any,
    in_effects3: Any,
) -> tuple[float, float]:  # fmt: skip
    """Carry slopes in what `stratum_means` returned back to base and going; add to those in effects."""
    slopes, in_weights = np.zeros(weights.size), np.empty(weights.size)
    d_base = d_going = 0.0
    if d_three != 0.0:
        slopes[s] = d_three
        d_going = strata_back(slopes, room[1], room[2], room[4, 0], in_effects3, in_weights)
        for k in range(weights.size):
            slopes[k] = in_weights[k] * weights[k] / max(base, EDGE)
            d_base -= in_weights[k] * room[2, k] / max(base, EDGE)
        slopes[s] += d_one
    else:
        slopes[s] = d_one
    d_base += strata_back(slopes, room[0], weights, room[3, 0], in_effects1, in_weights)
    return d_base, d_going
