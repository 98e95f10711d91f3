"""How probable is an area's path over time, and how does that follow its scale and memory?

A stationary first-order process: its precision Q(sd, memory) is tridiagonal, and all that scale and memory do
goes through three entries: at the ends, inside, and between neighbours.
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage.compiling import compiled, inlined


@compiled
def path_entries(size: int, sd: float, memory: float) -> tuple[float, float, float]:
    """Return the precision of a stationary path: at its ends, inside, and between neighbours."""
    if size == 1:
        return 1.0 / (sd * sd), 0.0, 0.0
    unit = 1.0 / (sd * sd * (1.0 - memory * memory))
    return unit, unit * (1.0 + memory * memory), -unit * memory


@inlined
def path_density(w: Any, row: int, sd: float, memory: float, slope: int) -> tuple[Any, Any, Any, Any]:
    """Return the log density of a path (a row of `w`) and its slopes in the three entries; add those in the path
    to the row `slope`."""
    size = w.shape[1]
    end, inner, off = path_entries(size, sd, memory)
    total = ends = inside = beside = 0.0
    for t in range(size):
        x, edge = w[row, t], t == 0 or t == size - 1
        pulled = (end if edge else inner) * x
        if t > 0:
            pulled += off * w[row, t - 1]
        if t + 1 < size:
            pulled += off * w[row, t + 1]
            beside -= x * w[row, t + 1]
        w[slope, t] -= pulled
        total -= 0.5 * x * pulled
        if edge:
            ends -= 0.5 * x * x
        else:
            inside -= 0.5 * x * x
    variance = sd * sd * (1.0 - memory * memory)
    return total - math.log(sd) - 0.5 * (size - 1) * math.log(variance), ends, inside, beside


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
