"""How do an area's levels and paths follow the hyperparameters while their coordinates stand still?

Given growth, recording and what fields give the area, its two paths and three levels y (those of DTP1 and of
going on, the dose level) have about the precision M(theta) = prior(theta) + evidence: pairs of path values,
quarter after quarter, with an arrow to the levels. With R R' = M and h(theta) the pull of evidence and fields,
an area's standard coordinates z and

    y = R^-T (z + R^-1 h)

make the posterior standard normal at every theta as far as the evidence is Gaussian, so that a sampler can move
hyperparameters while z stands still (the idea of Papaspiliopoulos, Roberts and Skold 2007 for a whole area).
`follow` fills y; `following_back` carries slopes back. Growth and recording are standardised too, as the fields are given, once and for
all: no hyperparameter here moves them. `holding` says from what these are made.
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage import records as r
from kalanso.coverage.blocks import pick2, pick3, put2
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.lanes import any_above, where_above
from kalanso.coverage.path_pieces import path_entries

# Columns of the room of a quarter: the factor of its pair (inverses of the roots, and what lies below), that with
# the next pair (rows of this, columns of the next), that with the levels; then R^-1 h.
I11, L21, I22, U11, U12, U21, U22, A10, A11, A12, A20, A21, A22, W1, W2 = range(15)
# Places in the room of the levels: factor (lower triangle, rows after each other), R^-1 h, and y.
C00, C10, C11, C20, C21, C22, V0, V1, V2, Y0, Y1, Y2 = range(12)


@inlined
def given_tips(i: Any, tips: Any, level: Any, f1: Any, f3: Any, reporting: Any) -> tuple[Any, Any]:
    """Return growth and recording for their coordinates, given what fields give the area."""
    off1, off3 = f1 - pick2(level, i, r.MIDDLE_FIELDS), f3 - pick2(level, i, r.MIDDLE_FIELDS + 1)
    off_r = reporting - pick2(level, i, r.MIDDLE_FIELDS + 2)
    by = r.FIELDS_RECORDING
    pull = pick2(level, i, by) * off1 + pick2(level, i, by + 1) * off3 + pick2(level, i, by + 2) * off_r
    recording = (pick2(tips, i, r.RECORDING) - pull) / pick2(level, i, r.ROOT_RECORDING)
    by = r.FIELDS_GROWTH
    pull = pick2(level, i, by) * off1 + pick2(level, i, by + 1) * off3 + pick2(level, i, by + 2) * off_r
    growth = pick2(tips, i, r.GROWTH) - pull - pick2(level, i, r.ROOT_BELOW) * recording
    growth = growth / pick2(level, i, r.ROOT_GROWTH)
    return pick2(level, i, r.MIDDLE_GROWTH) + growth, pick2(level, i, r.MIDDLE_RECORDING) + recording


@inlined
def given_tips_back(i: Any, d_growth: Any, d_recording: Any, level: Any, out: Any) -> tuple[Any, Any, Any]:
    """Carry slopes in growth and recording back to their coordinates (in `out`); return those in fields."""
    z_growth = d_growth / pick2(level, i, r.ROOT_GROWTH)
    z_recording = (d_recording - pick2(level, i, r.ROOT_BELOW) * z_growth) / pick2(level, i, r.ROOT_RECORDING)
    put2(out, i, r.GROWTH, z_growth)
    put2(out, i, r.RECORDING, z_recording)
    one, three = r.FIELDS_GROWTH, r.FIELDS_RECORDING
    return (
        -pick2(level, i, one) * z_growth - pick2(level, i, three) * z_recording,
        -pick2(level, i, one + 1) * z_growth - pick2(level, i, three + 1) * z_recording,
        -pick2(level, i, one + 2) * z_growth - pick2(level, i, three + 2) * z_recording,
    )


@inlined
def follow(
    i: Any, tips: Any, path1: Any, path3: Any, quarter: Any, level: Any, scale: Any, f1: Any, f3: Any,
    reporting: Any, growth: Any, recording: Any, w: Any, a: Any, s: Any,
) -> Any:  # fmt: skip
    """Fill an area's paths (rows of `w`) and levels (`s` from Y0) from their coordinates; return the log of the
    volume by which they are stretched, minus infinity where the precision is not positive."""
    size = w.shape[1]
    end1, inner1, off1 = path_entries(size, scale[r.WALK1], scale[r.CORR1])
    end3, inner3, off3 = path_entries(size, scale[r.WALK3], scale[r.CORR3])
    _begin_levels(i, level, scale, f1, f3, reporting, growth, recording, s)
    total, product, positive = 0.0, 1.0, 1.0
    for t in range(size):
        edge = t == 0 or t == size - 1
        own1, own3 = end1 if edge else inner1, end3 if edge else inner3
        first, second = _factor_pair(i, t, quarter, own1, own3, off1, off3, growth, recording, a, s)
        positive = where_above(first, 0.0, where_above(second, 0.0, positive, 0.0), 0.0)
        product *= first * second
        if any_above(product, 1e150) or any_above(1e-150, product):
            total -= 0.5 * math.log(product)
            product = product * 0.0 + 1.0
    last = _factor_levels(s)
    _solve(i, tips, path1, path3, w, a, s)
    volume = total - 0.5 * math.log(product) - math.log(last)
    return where_above(last, 0.0, where_above(positive, 0.5, volume, -math.inf), -math.inf)


@inlined
def _begin_levels(
    i: Any, level: Any, scale: Any, f1: Any, f3: Any, reporting: Any, growth: Any, recording: Any, s: Any
) -> None:
    """Fill the levels' precision, and what pulls at them, before paths are taken out."""
    q1, q3, loading = 1.0 / scale[r.LOCAL1] ** 2, 1.0 / scale[r.LOCAL3] ** 2, scale[r.LOADING]
    for k in range(6):
        s[C00 + k] = pick2(level, i, r.TOLD + k)
    s[C00] += q1 + loading * loading * q3
    s[C10] -= loading * q3
    s[C11] += q3
    for k in range(3):
        by = r.BY_GIVEN + 3 * k
        pull = pick2(level, i, r.PULL_LEVEL + k) - pick2(level, i, by) * growth
        s[V0 + k] = pull - pick2(level, i, by + 1) * recording - pick2(level, i, by + 2) * reporting
    s[V0] += q1 * f1 - loading * q3 * f3
    s[V1] += q3 * f3


@inlined
def _factor_pair(
    i: Any, t: int, quarter: Any, own1: float, own3: float, off1: float, off3: float, growth: Any, recording: Any,
    a: Any, s: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Take a quarter's pair out of the next one and of the levels; return its two pivots."""
    b11, b21 = pick3(quarter, i, t, r.WITHIN) + own1, pick3(quarter, i, t, r.WITHIN + 1)
    b22 = pick3(quarter, i, t, r.WITHIN + 2) + own3
    across = r.ACROSS
    e10, e11 = pick3(quarter, i, t, across), pick3(quarter, i, t, across + 1)
    e12, e20 = pick3(quarter, i, t, across + 2), pick3(quarter, i, t, across + 3)
    e21, e22 = pick3(quarter, i, t, across + 4), pick3(quarter, i, t, across + 5)
    p1 = pick3(quarter, i, t, r.PULL_PATH) - pick3(quarter, i, t, r.BY_GROWTH) * growth
    p1 -= pick3(quarter, i, t, r.BY_RECORDING) * recording
    p2 = pick3(quarter, i, t, r.PULL_PATH + 1) - pick3(quarter, i, t, r.BY_GROWTH + 1) * growth
    p2 -= pick3(quarter, i, t, r.BY_RECORDING + 1) * recording
    if t > 0:
        u11, u12, u21, u22 = a[t - 1, U11], a[t - 1, U12], a[t - 1, U21], a[t - 1, U22]
        b11 -= u11 * u11 + u21 * u21
        b21 -= u11 * u12 + u21 * u22
        b22 -= u12 * u12 + u22 * u22
        e10 -= u11 * a[t - 1, A10] + u21 * a[t - 1, A20]
        e11 -= u11 * a[t - 1, A11] + u21 * a[t - 1, A21]
        e12 -= u11 * a[t - 1, A12] + u21 * a[t - 1, A22]
        e20 -= u12 * a[t - 1, A10] + u22 * a[t - 1, A20]
        e21 -= u12 * a[t - 1, A11] + u22 * a[t - 1, A21]
        e22 -= u12 * a[t - 1, A12] + u22 * a[t - 1, A22]
        p1 -= u11 * a[t - 1, W1] + u21 * a[t - 1, W2]
        p2 -= u12 * a[t - 1, W1] + u22 * a[t - 1, W2]
    i11 = 1.0 / math.sqrt(b11)
    l21 = b21 * i11
    rest = b22 - l21 * l21
    i22 = 1.0 / math.sqrt(rest)
    a[t, I11], a[t, L21], a[t, I22] = i11, l21, i22
    a[t, A10], a[t, A11], a[t, A12] = e10 * i11, e11 * i11, e12 * i11
    a[t, A20], a[t, A21] = (e20 - l21 * a[t, A10]) * i22, (e21 - l21 * a[t, A11]) * i22
    a[t, A22] = (e22 - l21 * a[t, A12]) * i22
    a[t, W1] = p1 * i11
    a[t, W2] = (p2 - l21 * a[t, W1]) * i22
    a[t, U11] = (pick3(quarter, i, t, r.ONWARD) + off1) * i11
    a[t, U12] = pick3(quarter, i, t, r.ONWARD + 1) * i11
    a[t, U21] = (pick3(quarter, i, t, r.ONWARD + 2) - l21 * a[t, U11]) * i22
    a[t, U22] = (pick3(quarter, i, t, r.ONWARD + 3) + off3 - l21 * a[t, U12]) * i22
    _take_out(t, a, s)
    return b11, rest


@inlined
def _take_out(t: int, a: Any, s: Any) -> None:
    """Take a pair out of the levels' precision and pull."""
    a10, a11, a12, w1 = a[t, A10], a[t, A11], a[t, A12], a[t, W1]
    a20, a21, a22, w2 = a[t, A20], a[t, A21], a[t, A22], a[t, W2]
    s[C00] -= a10 * a10 + a20 * a20
    s[C10] -= a11 * a10 + a21 * a20
    s[C11] -= a11 * a11 + a21 * a21
    s[C20] -= a12 * a10 + a22 * a20
    s[C21] -= a12 * a11 + a22 * a21
    s[C22] -= a12 * a12 + a22 * a22
    s[V0] -= a10 * w1 + a20 * w2
    s[V1] -= a11 * w1 + a21 * w2
    s[V2] -= a12 * w1 + a22 * w2


@compiled
def _factor_levels(s: Any) -> Any:
    """Factor the levels' precision in its place, and solve for their pull; return the product of roots."""
    c00 = math.sqrt(s[C00])
    c10, c20 = s[C10] / c00, s[C20] / c00
    c11 = math.sqrt(s[C11] - c10 * c10)
    c21 = (s[C21] - c20 * c10) / c11
    c22 = math.sqrt(s[C22] - c20 * c20 - c21 * c21)
    s[C00], s[C10], s[C11], s[C20], s[C21], s[C22] = c00, c10, c11, c20, c21, c22
    s[V0] = s[V0] / c00
    s[V1] = (s[V1] - c10 * s[V0]) / c11
    s[V2] = (s[V2] - c20 * s[V0] - c21 * s[V1]) / c22
    return c00 * c11 * c22


@inlined
def _solve(i: Any, tips: Any, path1: Any, path3: Any, w: Any, a: Any, s: Any) -> None:
    """Fill y = R^-T (z + R^-1 h), levels first, then paths from the last quarter on."""
    size = w.shape[1]
    y2 = (pick2(tips, i, r.DOSE) + s[V2]) / s[C22]
    y1 = (pick2(tips, i, r.LEVEL3) + s[V1] - s[C21] * y2) / s[C11]
    y0 = (pick2(tips, i, r.LEVEL1) + s[V0] - s[C10] * y1 - s[C20] * y2) / s[C00]
    s[Y0], s[Y1], s[Y2] = y0, y1, y2
    after1 = after3 = 0.0
    for t in range(size - 1, -1, -1):
        one = pick2(path1, i, t) + a[t, W1] - a[t, A10] * y0 - a[t, A11] * y1 - a[t, A12] * y2
        two = pick2(path3, i, t) + a[t, W2] - a[t, A20] * y0 - a[t, A21] * y1 - a[t, A22] * y2
        if t + 1 < size:
            one -= a[t, U11] * after1 + a[t, U12] * after3
            two -= a[t, U21] * after1 + a[t, U22] * after3
        after3 = two * a[t, I22]
        after1 = (one - a[t, L21] * after3) * a[t, I11]
        w[r.PATH1, t], w[r.PATH3, t] = after1, after3
