"""Where does an area stand: its levels, its quarters, its doses, given all coordinates?

What the density, the information of the evidence and draws all read of an area (or of a block of areas in
lanes), and what evidence on several areas reads (`areas_shares`).
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage import records as r
from kalanso.coverage.blocks import pick, pick2
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.following import Y0, follow, given_tips
from kalanso.coverage.lanes import where_above
from kalanso.coverage.open_pieces import open_reporting
from kalanso.coverage.pieces import share_of
from kalanso.coverage.report_density import HIGHEST


@inlined
def area_at(
    i: Any, tips: Any, path1: Any, path3: Any, fields: Any, at: Any, hold: Any, calendar: Any, work: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """Fill an area's quarters; return its levels (b1, b3, three fields in their standard deviations, growth in its
    own, recording in its own), coverage at its level, the dose level s, its growth, and the log of the volume by
    which its coordinates are stretched."""
    w, scale = work.rows, at.scale
    u1, u3 = _bent_field(i, 0, fields, at.bend, hold), _bent_field(i, 1, fields, at.bend, hold)
    ur = _bent_field(i, 2, fields, at.bend, hold)
    b1, b3, dose, grown, recording = (
        pick2(tips, i, r.LEVEL1),
        pick2(tips, i, r.LEVEL3),
        pick2(tips, i, r.DOSE),
        pick2(tips, i, r.GROWTH),
        pick2(tips, i, r.RECORDING),
    )
    volume = 0.0 * b1
    if hold.follows:
        f1, f3, reporting = scale[r.FIELD1] * u1, scale[r.FIELD3] * u3, scale[r.FIELDR] * ur
        grown, recording = given_tips(i, tips, hold.level, f1, f3, reporting)
        volume = follow(
            i, tips, path1, path3, hold.quarter, hold.level, scale, f1, f3, reporting, grown, recording, w,
            work.pairs, work.levels,
        )  # fmt: skip
        b1, b3, dose = work.levels[Y0], work.levels[Y0 + 1], work.levels[Y0 + 2]
    else:
        for t in range(w.shape[1]):
            w[r.PATH1, t], w[r.PATH3, t] = pick2(path1, i, t), pick2(path3, i, t)
    l1 = pick(at.base1, i) + b1
    log_level, level = share_of(l1)
    s = dose - log_level
    growth = scale[r.GROWTH_MEAN] + scale[r.GROWTH_SD] * grown
    shares(i, l1, pick(at.base3, i) + b3, s, growth, at, calendar, w)
    return (b1, b3, u1, u3, ur, grown, recording), level, s, growth, volume


@inlined
def _bent_field(i: Any, k: int, fields: Any, bend: Any, hold: Any) -> Any:
    middle = pick2(hold.fields, i, k)
    return bend[k, 0] * middle + bend[k, 1] * (pick2(fields, i, k) - middle)


@inlined
def shares(i: Any, l1: Any, l3: Any, s: Any, growth: Any, at: Any, calendar: Any, w: Any) -> None:
    """Fill coverage p, continuation q, doses due per quarter and the log offset; clear the slopes.

    Quarters follow each other, so growth multiplies by the same factor from one to the next.
    """
    step = math.exp(0.25 * growth)
    first = s + growth * calendar.years[0]
    due = math.exp(where_above(first, HIGHEST, HIGHEST, first))
    for t in range(w.shape[1]):
        log_p, p = share_of(l1 + pick2(at.access, i, t) + at.trend1[t] + w[r.PATH1, t])
        q = 1.0 / (1.0 + math.exp(-(l3 + at.trend3[t] + w[r.PATH3, t])))
        w[r.LOGP, t], w[r.P, t], w[r.Q, t] = log_p, p, q
        w[r.OFFSET, t] = s + at.season[t] + growth * calendar.years[t]
        w[r.DOSES, t] = due * at.season_factor[t] * p
        due *= step
        w[r.GIVEN, t] = w[r.DOSES, t] * where_above(q, 1e-300, q, 1e-300)
        w[r.D_ETA1, t] = 0.0
        w[r.D_ETA3, t] = 0.0
        w[r.D_OFFSET, t] = 0.0


@inlined
def source_residuals(
    i: Any, growth: Any, field: Any, at: Any, targets: Any, residuals: Any, present: Any, rho: Any
) -> None:
    """Fill what `level_density` reads of an area: denominators less bias, growth and centre, and which are there;
    and of its reporting the mean, the variance, the recounted log ratio and its variance."""
    for k in range(targets.log_level.shape[1]):
        residual = pick2(targets.log_level, i, k) - targets.centre - at.source_bias[k]
        residuals[k] = residual - growth * pick2(targets.years, i, k)
        present[k] = 1.0 * pick2(targets.seen, i, k)
    rho[0] = pick(at.reporting, i) + at.scale[r.FIELDR] * field
    rho[1] = at.scale[r.LOCALR] ** 2
    rho[2] = pick(targets.recount, i)
    rho[3] = pick(targets.recount_variance, i)


@compiled
def areas_shares(
    members: Any, tips: Any, path1: Any, path3: Any, fields: Any, at: Any, hold: Any, targets: Any,
    calendar: Any, out: Any, work: Any,
) -> None:  # fmt: skip
    """Fill what evidence on several areas reads (records.Shares) of some areas."""
    w, residuals, rho = work.rows, work.residuals, work.rho
    for i in members:
        levels, _, s, growth, _ = area_at(i, tips, path1, path3, fields, at, hold, calendar, work)
        for t in range(w.shape[1]):
            out.p[i, t] = w[r.P, t]
            out.q[i, t] = w[r.Q, t]
            out.offset[i, t] = w[r.OFFSET, t]
        out.slip[i] = at.scale[r.RECORDING_SD] * levels[6]
        source_residuals(i, growth, levels[4], at, targets, residuals, work.present, rho)
        out.reporting[i] = rho[0]
        if targets.open[i] >= 0:
            out.rho[i], _, _ = open_reporting(
                s - targets.centre, out.further[targets.open[i]], residuals, at.source_precision,
                work.present, rho,
            )  # fmt: skip
