"""How do slopes in an area's levels and paths go back to coordinates, fields and hyperparameters?

The way back through `following`. For slopes g in y, with k = R^-1 g and m = R^-T k, the slope in the pull is m,
that in the factor is -(y k' + m w') on its own places (w = R^-1 h), less one over each root for the volume, and
the factor's slope becomes that of the precision by going back through the factorisation (reverse accumulation of a
Cholesky factor: Smith 1995, J. Comput. Graph. Stat. 4:134).
"""

from __future__ import annotations

from typing import Any

from kalanso.coverage import records as r
from kalanso.coverage.blocks import put2
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.following import (
    A10,
    A11,
    A12,
    A20,
    A21,
    A22,
    C00,
    C10,
    C11,
    C20,
    C21,
    C22,
    I11,
    I22,
    L21,
    U11,
    U12,
    U21,
    U22,
    V0,
    V1,
    V2,
    W1,
    W2,
    Y0,
    Y1,
    Y2,
)

# Rows of the room of slopes, by quarter: R^-1 g, M^-1 g, then slopes in the entries of the precision: of the pair
# (both paths), and with the next quarter.
K1, K2, M1, M2, D_OWN1, D_OWN3, D_OFF1, D_OFF3 = range(8)
# Places in the room of the levels' slopes: R^-1 g, M^-1 g, slopes in the precision's lower triangle.
LK, LM, D_C = 0, 3, 6


@inlined
def follow_back(i: Any, w: Any, a: Any, s: Any, back: Any, d: Any, out: Any) -> None:
    """Carry slopes in paths (rows D_PATH of `w`) and levels (`d` from LK) back to coordinates (`out`), and fill
    slopes in the pulls (`back`, `d` from LM) and in the entries of the precision (`back`, `d` from D_C)."""
    size = w.shape[1]
    _whiten(w, a, s, back, d)
    for t in range(size):
        put2(out.path1, i, t, back[K1, t])
        put2(out.path3, i, t, back[K2, t])
    put2(out.tips, i, r.LEVEL1, d[LK])
    put2(out.tips, i, r.LEVEL3, d[LK + 1])
    put2(out.tips, i, r.DOSE, d[LK + 2])
    _spread(w, a, s, back, d)
    _levels_back(s, d)
    d_b11 = d_b21 = d_b22 = 0.0
    e10 = e11 = e12 = e20 = e21 = e22 = 0.0
    for t in range(size - 1, -1, -1):
        d_b11, d_b21, d_b22, e10, e11, e12, e20, e21, e22 = _pair_back(
            t, w, a, s, back, d, d_b11, d_b21, d_b22, e10, e11, e12, e20, e21, e22
        )


@inlined
def _whiten(w: Any, a: Any, s: Any, back: Any, d: Any) -> None:
    """k = R^-1 g: paths from the first quarter on, then levels."""
    size = w.shape[1]
    k1 = k2 = 0.0
    g0, g1, g2 = d[LK], d[LK + 1], d[LK + 2]
    for t in range(size):
        one, two = w[r.D_PATH1, t], w[r.D_PATH3, t]
        if t > 0:
            one -= a[t - 1, U11] * k1 + a[t - 1, U21] * k2
            two -= a[t - 1, U12] * k1 + a[t - 1, U22] * k2
        k1 = one * a[t, I11]
        k2 = (two - a[t, L21] * k1) * a[t, I22]
        back[K1, t], back[K2, t] = k1, k2
        g0 -= a[t, A10] * k1 + a[t, A20] * k2
        g1 -= a[t, A11] * k1 + a[t, A21] * k2
        g2 -= a[t, A12] * k1 + a[t, A22] * k2
    d[LK] = g0 / s[C00]
    d[LK + 1] = (g1 - s[C10] * d[LK]) / s[C11]
    d[LK + 2] = (g2 - s[C20] * d[LK] - s[C21] * d[LK + 1]) / s[C22]


@inlined
def _spread(w: Any, a: Any, s: Any, back: Any, d: Any) -> None:
    """m = R^-T k: levels, then paths from the last quarter on."""
    size = w.shape[1]
    m2 = d[LK + 2] / s[C22]
    m1 = (d[LK + 1] - s[C21] * m2) / s[C11]
    m0 = (d[LK] - s[C10] * m1 - s[C20] * m2) / s[C00]
    d[LM], d[LM + 1], d[LM + 2] = m0, m1, m2
    after1 = after3 = 0.0
    for t in range(size - 1, -1, -1):
        one = back[K1, t] - a[t, A10] * m0 - a[t, A11] * m1 - a[t, A12] * m2
        two = back[K2, t] - a[t, A20] * m0 - a[t, A21] * m1 - a[t, A22] * m2
        if t + 1 < size:
            one -= a[t, U11] * after1 + a[t, U12] * after3
            two -= a[t, U21] * after1 + a[t, U22] * after3
        after3 = two * a[t, I22]
        after1 = (one - a[t, L21] * after3) * a[t, I11]
        back[M1, t], back[M2, t] = after1, after3


@compiled
def _levels_back(s: Any, d: Any) -> None:
    """Slopes in the levels' precision (lower triangle, each entry once) from those in its factor."""
    c00, c10, c11, c20, c21, c22 = s[C00], s[C10], s[C11], s[C20], s[C21], s[C22]
    k0, k1, k2, m0, m1, m2 = d[LK], d[LK + 1], d[LK + 2], d[LM], d[LM + 1], d[LM + 2]
    y0, y1, y2, v0, v1, v2 = s[Y0], s[Y1], s[Y2], s[V0], s[V1], s[V2]
    d00, d10, d20 = -(y0 * k0 + m0 * v0) - 1.0 / c00, -(y1 * k0 + m1 * v0), -(y2 * k0 + m2 * v0)
    d11, d21 = -(y1 * k1 + m1 * v1) - 1.0 / c11, -(y2 * k1 + m2 * v1)
    d22 = -(y2 * k2 + m2 * v2) - 1.0 / c22
    e22 = 0.5 * d22 / c22
    d20 -= 2.0 * c20 * e22
    d21 -= 2.0 * c21 * e22
    e21 = d21 / c11
    d20 -= c10 * e21
    d10 -= c20 * e21
    e11 = 0.5 * (d11 - c21 * e21) / c11
    d10 -= 2.0 * c10 * e11
    e10, e20 = d10 / c00, d20 / c00
    e00 = 0.5 * (d00 - c10 * e10 - c20 * e20) / c00
    d[D_C], d[D_C + 1], d[D_C + 2], d[D_C + 3], d[D_C + 4], d[D_C + 5] = e00, e10, e11, e20, e21, e22


@inlined
def _pair_back(
    t: int, w: Any, a: Any, s: Any, back: Any, d: Any, d_b11: Any, d_b21: Any, d_b22: Any, e10: Any, e11: Any,
    e12: Any, e20: Any, e21: Any, e22: Any,
) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any]:  # fmt: skip
    """Go back through one quarter: given the slopes in the next quarter's pair and its border with the levels,
    return those in this one's."""
    a10, a11, a12, a20, a21, a22 = a[t, A10], a[t, A11], a[t, A12], a[t, A20], a[t, A21], a[t, A22]
    w1, w2, k1, k2 = a[t, W1], a[t, W2], back[K1, t], back[K2, t]
    # What is in the factor with the levels: from y and w, from the levels' precision, from the next quarter.
    c00, c10, c11, c20, c21, c22 = d[D_C], d[D_C + 1], d[D_C + 2], d[D_C + 3], d[D_C + 4], d[D_C + 5]
    d10 = -(s[Y0] * k1 + d[LM] * w1) - (2.0 * c00 * a10 + c10 * a11 + c20 * a12)
    d11 = -(s[Y1] * k1 + d[LM + 1] * w1) - (c10 * a10 + 2.0 * c11 * a11 + c21 * a12)
    d12 = -(s[Y2] * k1 + d[LM + 2] * w1) - (c20 * a10 + c21 * a11 + 2.0 * c22 * a12)
    d20 = -(s[Y0] * k2 + d[LM] * w2) - (2.0 * c00 * a20 + c10 * a21 + c20 * a22)
    d21 = -(s[Y1] * k2 + d[LM + 1] * w2) - (c10 * a20 + 2.0 * c11 * a21 + c21 * a22)
    d22 = -(s[Y2] * k2 + d[LM + 2] * w2) - (c20 * a20 + c21 * a21 + 2.0 * c22 * a22)
    i11, l21, i22 = a[t, I11], a[t, L21], a[t, I22]
    x1, x3, m1, m2 = w[r.PATH1, t], w[r.PATH3, t], back[M1, t], back[M2, t]
    r11, r21, r22 = -(x1 * k1 + m1 * w1) - i11, -(x3 * k1 + m2 * w1), -(x3 * k2 + m2 * w2) - i22
    if t + 1 < w.shape[1]:
        u11, u12, u21, u22 = a[t, U11], a[t, U12], a[t, U21], a[t, U22]
        d10 -= u11 * e10 + u12 * e20
        d11 -= u11 * e11 + u12 * e21
        d12 -= u11 * e12 + u12 * e22
        d20 -= u21 * e10 + u22 * e20
        d21 -= u21 * e11 + u22 * e21
        d22 -= u21 * e12 + u22 * e22
        n1, n3, h1, h3 = w[r.PATH1, t + 1], w[r.PATH3, t + 1], back[M1, t + 1], back[M2, t + 1]
        g11 = -(n1 * k1 + h1 * w1) - (a10 * e10 + a11 * e11 + a12 * e12) - 2.0 * u11 * d_b11 - u12 * d_b21
        g12 = -(n3 * k1 + h3 * w1) - (a10 * e20 + a11 * e21 + a12 * e22) - 2.0 * u12 * d_b22 - u11 * d_b21
        g21 = -(n1 * k2 + h1 * w2) - (a20 * e10 + a21 * e11 + a22 * e12) - 2.0 * u21 * d_b11 - u22 * d_b21
        g22 = -(n3 * k2 + h3 * w2) - (a20 * e20 + a21 * e21 + a22 * e22) - 2.0 * u22 * d_b22 - u21 * d_b21
        o21, o22 = g21 * i22, g22 * i22
        o11, o12 = (g11 - l21 * o21) * i11, (g12 - l21 * o22) * i11
        r11 -= o11 * u11 + o12 * u12
        r21 -= o21 * u11 + o22 * u12
        r22 -= o21 * u21 + o22 * u22
        back[D_OFF1, t], back[D_OFF3, t] = o11, o22
    e20, e21, e22 = d20 * i22, d21 * i22, d22 * i22
    e10, e11, e12 = (d10 - l21 * e20) * i11, (d11 - l21 * e21) * i11, (d12 - l21 * e22) * i11
    r11 -= e10 * a10 + e11 * a11 + e12 * a12
    r21 -= e20 * a10 + e21 * a11 + e22 * a12
    r22 -= e20 * a20 + e21 * a21 + e22 * a22
    d_b22 = 0.5 * r22 * i22
    d_b21 = (r21 - 2.0 * l21 * d_b22) * i11
    d_b11 = 0.5 * (r11 - l21 * d_b21) * i11
    back[D_OWN1, t], back[D_OWN3, t] = d_b11, d_b22
    return d_b11, d_b21, d_b22, e10, e11, e12, e20, e21, e22
