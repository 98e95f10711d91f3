"""What is the Cholesky factor of each area's precision, and how are draws made with it?

One area's precision is block-tridiagonal in time with an arrow: pairs of path values, then five tips,
then three fields. Factor, solves and their transposes cost O(T) an area and are compiled.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.compiling import compiled, roomy
from kalanso.coverage.records import Floats

EDGE = r.TIPS + r.FIELDS


class AreaFactor(NamedTuple):
    """Factors: of pairs (N,T,3: l11, l21, l22), with the next pair (N,T,2,2), with the edge (N,T,2,8),
    of tips (N,5,5), of tips with fields (N,5,3); `left` (N,3,3) is what remains for the fields."""

    pair: Floats
    onward: Floats
    across: Floats
    tips: Floats
    to_fields: Floats
    left: Floats

    @classmethod
    def room(cls, areas: int, quarters: int) -> AreaFactor:
        """Return an empty factor."""
        n, t = areas, quarters
        return cls(
            np.zeros((n, t, 3)), np.zeros((n, t, 2, 2)), np.zeros((n, t, 2, EDGE)),
            np.zeros((n, r.TIPS, r.TIPS)), np.zeros((n, r.TIPS, r.FIELDS)), np.zeros((n, r.FIELDS, r.FIELDS)),
        )  # fmt: skip


@roomy
def factor_areas(within: Any, onward: Any, across: Any, tips: Any, f: Any, bad: Any) -> int:
    """Fill the factor; flag areas whose precision is not positive definite, and return how many."""
    b = np.zeros((2, 2))
    edge = np.zeros((2, EDGE))
    rest = np.zeros((EDGE, EDGE))
    count = 0
    for i in range(within.shape[0]):
        bad[i] = not _factor_area(i, within, onward, across, tips, f, b, edge, rest)
        count += bad[i]
    return count


@compiled
def _factor_area(
    i: int, within: Any, onward: Any, across: Any, tips: Any, f: Any, b: Any, edge: Any, rest: Any
) -> bool:
    quarters = within.shape[1]
    _put(tips[i], rest)
    for t in range(quarters):
        _put(within[i, t], b)
        _put(across[i, t], edge)
        if t > 0:
            _carry(f.onward[i, t - 1], f.across[i, t - 1], b, edge)
        if not b[0, 0] > 0.0:
            return False
        l11 = math.sqrt(b[0, 0])
        l21 = b[1, 0] / l11
        d = b[1, 1] - l21 * l21
        if not d > 0.0:
            return False
        l22 = math.sqrt(d)
        f.pair[i, t, 0], f.pair[i, t, 1], f.pair[i, t, 2] = l11, l21, l22
        for a in range(EDGE):
            one = edge[0, a] / l11
            f.across[i, t, 0, a] = one
            f.across[i, t, 1, a] = (edge[1, a] - l21 * one) / l22
        for a in range(EDGE):
            for c in range(EDGE):
                rest[a, c] -= f.across[i, t, 0, a] * f.across[i, t, 0, c]
                rest[a, c] -= f.across[i, t, 1, a] * f.across[i, t, 1, c]
        if t + 1 < quarters:
            for c in range(2):
                one = onward[i, t, 0, c] / l11
                f.onward[i, t, 0, c] = one
                f.onward[i, t, 1, c] = (onward[i, t, 1, c] - l21 * one) / l22
    return _factor_edge(rest, f.tips[i], f.to_fields[i], f.left[i])


@compiled
def _put(values: Any, out: Any) -> None:
    """Copy a small matrix."""
    for a in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[a, c] = values[a, c]


@compiled
def _carry(up: Any, over: Any, b: Any, edge: Any) -> None:
    """Take the previous quarter out of the present one."""
    for a in range(2):
        for c in range(2):
            b[a, c] -= up[0, a] * up[0, c] + up[1, a] * up[1, c]
        for c in range(EDGE):
            edge[a, c] -= up[0, a] * over[0, c] + up[1, a] * over[1, c]


@compiled
def _factor_edge(rest: Any, low: Any, over: Any, left: Any) -> bool:
    for a in range(r.TIPS):
        d = rest[a, a]
        for k in range(a):
            d -= low[a, k] * low[a, k]
        if not d > 0.0:
            return False
        low[a, a] = math.sqrt(d)
        for c in range(a + 1, r.TIPS):
            v = rest[c, a]
            for k in range(a):
                v -= low[c, k] * low[a, k]
            low[c, a] = v / low[a, a]
        for c in range(r.FIELDS):
            v = rest[a, r.TIPS + c]
            for k in range(a):
                v -= low[a, k] * over[k, c]
            over[a, c] = v / low[a, a]
    for a in range(r.FIELDS):
        for c in range(r.FIELDS):
            v = rest[r.TIPS + a, r.TIPS + c]
            for k in range(r.TIPS):
                v -= over[k, a] * over[k, c]
            left[a, c] = v
    return True


@compiled
def tips_given_fields(f: Any, z: Any, fields: Any, out: Any) -> None:
    """Fill tips = L^-T (z - K fields) for all areas."""
    for i in range(z.shape[0]):
        for a in range(r.TIPS - 1, -1, -1):
            v = z[i, a]
            for c in range(r.FIELDS):
                v -= f.to_fields[i, a, c] * fields[i, c]
            for k in range(a + 1, r.TIPS):
                v -= f.tips[i, k, a] * out[i, k]
            out[i, a] = v / f.tips[i, a, a]


@compiled
def paths_given_edge(f: Any, z1: Any, z3: Any, tips: Any, fields: Any, out1: Any, out3: Any) -> None:
    """Fill paths = L^-T (z - W (tips, fields)) for all areas, from the last quarter to the first."""
    quarters = z1.shape[1]
    for i in range(z1.shape[0]):
        for t in range(quarters - 1, -1, -1):
            one, two = z1[i, t], z3[i, t]
            for a in range(r.TIPS):
                one -= f.across[i, t, 0, a] * tips[i, a]
                two -= f.across[i, t, 1, a] * tips[i, a]
            for a in range(r.FIELDS):
                one -= f.across[i, t, 0, r.TIPS + a] * fields[i, a]
                two -= f.across[i, t, 1, r.TIPS + a] * fields[i, a]
            if t + 1 < quarters:
                one -= f.onward[i, t, 0, 0] * out1[i, t + 1] + f.onward[i, t, 0, 1] * out3[i, t + 1]
                two -= f.onward[i, t, 1, 0] * out1[i, t + 1] + f.onward[i, t, 1, 1] * out3[i, t + 1]
            out3[i, t] = two / f.pair[i, t, 2]
            out1[i, t] = (one - f.pair[i, t, 1] * out3[i, t]) / f.pair[i, t, 0]


@compiled
def paths_back(f: Any, g1: Any, g3: Any, tips: Any, fields: Any, out1: Any, out3: Any) -> None:
    """Fill z = L^-1 g for paths, and take their share out of the slopes in tips and fields."""
    quarters = g1.shape[1]
    for i in range(g1.shape[0]):
        for t in range(quarters):
            one, two = g1[i, t], g3[i, t]
            if t > 0:
                one -= f.onward[i, t - 1, 0, 0] * out1[i, t - 1] + f.onward[i, t - 1, 1, 0] * out3[i, t - 1]
                two -= f.onward[i, t - 1, 0, 1] * out1[i, t - 1] + f.onward[i, t - 1, 1, 1] * out3[i, t - 1]
            out1[i, t] = one / f.pair[i, t, 0]
            out3[i, t] = (two - f.pair[i, t, 1] * out1[i, t]) / f.pair[i, t, 2]
            for a in range(r.TIPS):
                tips[i, a] -= f.across[i, t, 0, a] * out1[i, t] + f.across[i, t, 1, a] * out3[i, t]
            for a in range(r.FIELDS):
                fields[i, a] -= (
                    f.across[i, t, 0, r.TIPS + a] * out1[i, t] + f.across[i, t, 1, r.TIPS + a] * out3[i, t]
                )


@compiled
def tips_back(f: Any, tips: Any, fields: Any, out: Any) -> None:
    """Fill z = L^-1 g for tips, and take their share out of the slopes in fields."""
    for i in range(tips.shape[0]):
        for a in range(r.TIPS):
            v = tips[i, a]
            for k in range(a):
                v -= f.tips[i, a, k] * out[i, k]
            out[i, a] = v / f.tips[i, a, a]
        for c in range(r.FIELDS):
            for a in range(r.TIPS):
                fields[i, c] -= f.to_fields[i, a, c] * out[i, a]
