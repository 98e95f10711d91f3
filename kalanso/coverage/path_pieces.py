"""How do an area's paths over time follow their scale and memory while their coordinates stand still?

A path x has prior precision Q(sd, memory), tridiagonal. About a point where the evidence has information
I (tridiagonal too) and middle m, its coordinates at present scales are

    z = L' x - L^-1 b,   L L' = Q + I,   b = (Q0 + I) m,

so that where the evidence is Gaussian, z is standard normal whatever the scale and the memory are (the
idea of Papaspiliopoulos, Roberts and Skold 2007, for a path instead of one number). With I = 0 this is
the plain non-centred form. The state holds the path that the same z gives at the reference scales.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.records import Floats


@compiled
def path_entries(size: int, sd: float, memory: float) -> tuple[float, float, float]:
    """Return the precision of a stationary path: at its ends, inside, and between neighbours."""
    if size == 1:
        return 1.0 / (sd * sd), 0.0, 0.0
    unit = 1.0 / (sd * sd * (1.0 - memory * memory))
    return unit, unit * (1.0 + memory * memory), -unit * memory


@inlined
def path_at(free: Any, hold: Any, sd: float, memory: float, w: Any, row: int) -> float:
    """Fill a path and what `path_back` needs into rows of `w`, from the path at the reference scales; return
    the log of its prior density and of the volume by which its coordinates are stretched."""
    size = w.shape[1]
    end, inner, off = path_entries(size, sd, memory)
    path, inverse, below, middle = row + r.PATH, row + r.INVERSE, row + r.BELOW, row + r.MIDDLE
    # Pivots first: a division is all that the next one waits for; roots need not wait for each other.
    pivot, share = 1.0, 0.0
    for t in range(size):
        diagonal = (end if t == 0 or t == size - 1 else inner) + hold[t, r.HOLD_INFORMATION]
        if t > 0:
            beside = off + hold[t - 1, r.HOLD_ONWARD]
            share = beside / pivot
            diagonal -= beside * share
        pivot = diagonal
        w[inverse, t], w[below, t] = pivot, share
    product, total = 1.0, 0.0
    for t in range(size):
        product *= w[inverse, t]
        if product > 1e200 or product < 1e-200:
            total -= 0.5 * math.log(product)
            product = 1.0
    total -= 0.5 * math.log(product)
    for t in range(size):
        w[path, t] = math.sqrt(w[inverse, t])
        w[inverse, t] = 1.0 / w[path, t]
    for t in range(size - 1, 0, -1):
        w[below, t] *= w[path, t - 1]
    white = 0.0
    for t in range(size):
        white = (hold[t, r.HOLD_PULL] - w[below, t] * white) * w[inverse, t]
        w[middle, t] = white
        z = hold[t, r.HOLD_ROOT] * free[t] - hold[t, r.HOLD_MIDDLE]
        if t + 1 < size:
            z += hold[t + 1, r.HOLD_BELOW] * free[t + 1]
        w[path, t] = white + z
    after = 0.0
    for t in range(size - 1, -1, -1):
        value = w[path, t]
        if t + 1 < size:
            value -= w[below, t + 1] * after
        value *= w[inverse, t]
        w[path, t] = value
        total -= (0.5 * (end if t == 0 or t == size - 1 else inner) * value + off * after) * value
        after = value
    variance = sd * sd * (1.0 - memory * memory)
    return total - math.log(sd) - 0.5 * (size - 1) * math.log(variance)


@inlined
def path_back(
    slope: int, hold: Any, sd: float, memory: float, w: Any, row: int, out: Any
) -> tuple[float, float]:
    """Carry slopes in a path (a row of `w`) back to the path at the reference scales (`out`); return those
    in its standard deviation and its memory. Both take in those of the path's prior and of the volume."""
    size = w.shape[1]
    end, inner, off = path_entries(size, sd, memory)
    path, inverse, below, middle = row + r.PATH, row + r.INVERSE, row + r.BELOW, row + r.MIDDLE
    # Slopes in the entries of the precision.
    ends = inside = beside = 0.0
    for t in range(size):
        x, edge = w[path, t], t == 0 or t == size - 1
        pulled = (end if edge else inner) * x
        if t > 0:
            pulled += off * w[path, t - 1]
        if t + 1 < size:
            pulled += off * w[path, t + 1]
            beside -= x * w[path, t + 1]
        w[slope, t] -= pulled
        if edge:
            ends -= 0.5 * x * x
        else:
            inside -= 0.5 * x * x
    # x = L^-T u, from the first quarter on; d_root and d_below are slopes in the entries of L.
    for t in range(size):
        u = w[slope, t] * w[inverse, t]
        if t > 0:
            u = (w[slope, t] - w[below, t] * w[slope, t - 1]) * w[inverse, t]
            w[r.D_BELOW, t] = -w[slope, t - 1] * w[path, t]
        w[slope, t] = u
        w[r.D_ROOT, t] = -u * w[path, t] - w[inverse, t]
        out[t] = hold[t, r.HOLD_ROOT] * u
        if t > 0:
            out[t] += hold[t, r.HOLD_BELOW] * w[slope, t - 1]
    # L^-1 b and L itself, from the last quarter on.
    carried = through = 0.0
    for t in range(size - 1, -1, -1):
        y = (w[slope, t] + carried) * w[inverse, t]
        d_root = w[r.D_ROOT, t] + through - y * w[middle, t]
        half = d_root * w[inverse, t]
        if t == 0 or t == size - 1:
            ends += 0.5 * half
        else:
            inside += 0.5 * half
        if t > 0:
            m = w[below, t]
            d_below = (w[r.D_BELOW, t] - y * w[middle, t - 1] - half * m) * w[inverse, t - 1]
            carried, through = -y * m, -d_below * m
            beside += d_below
    return entry_slopes(size, sd, memory, ends, inside, beside)


@compiled
def entry_slopes(
    size: int, sd: float, memory: float, ends: float, inside: float, beside: float
) -> tuple[float, float]:
    """Carry slopes in the entries of a path's precision, and the prior's own normalisation, to sd and memory."""
    end, inner, off = path_entries(size, sd, memory)
    d_sd = -(2.0 * (ends * end + inside * inner + beside * off) + size) / sd
    if size == 1:
        return d_sd, 0.0
    rest = 1.0 - memory * memory
    steep = 2.0 * memory * end / rest
    d_memory = ends * steep + inside * (2.0 * memory * end + (1.0 + memory * memory) * steep)
    d_memory += beside * (-end - memory * steep)
    return d_sd, d_memory + (size - 1) * memory / rest


def held_path(sd: float, memory: float, information: Floats, onward: Floats, middle: Floats) -> Floats:
    """Return what holds paths (N,T,6) at reference scales: information (N,T), that between a quarter and the
    next (N,T; the last is not read) and the middle (N,T) about which they are standardised."""
    n, size = middle.shape
    end, inner, off = path_entries(size, sd, memory)
    prior = np.full(size, inner)
    prior[[0, -1]] = end
    hold = np.zeros((n, size, r.HOLDS))
    diagonal, beside = prior + information, off + onward[:, :-1]
    hold[:, :, r.HOLD_INFORMATION] = information
    hold[:, :-1, r.HOLD_ONWARD] = onward[:, :-1]
    pull = diagonal * middle
    pull[:, :-1] += beside * middle[:, 1:]
    pull[:, 1:] += beside * middle[:, :-1]
    hold[:, :, r.HOLD_PULL] = pull
    root, below = hold[:, :, r.HOLD_ROOT], hold[:, :, r.HOLD_BELOW]
    root[:, 0] = np.sqrt(diagonal[:, 0])
    for t in range(1, size):
        below[:, t] = beside[:, t - 1] / root[:, t - 1]
        root[:, t] = np.sqrt(diagonal[:, t] - below[:, t] ** 2)
    hold[:, :, r.HOLD_MIDDLE] = root * middle
    hold[:, :-1, r.HOLD_MIDDLE] += below[:, 1:] * middle[:, 1:]
    return hold
