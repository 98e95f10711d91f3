"""How probable are the reports, surveys and denominators of each area, and how does that change?

The log density of all areas given globals, hyperparameters and fields, with exact slopes in
everything (`estimation` §2.1-2.4). Coordinates of an area are its residual levels b1, b3, its log
dose level omega = s + log sigma(l1) (the shear that straightens the ridge between coverage and
population), growth, DTP3 recording, and two paths; those that are standardised by hyperparameters
are read from values at the reference point (`Setting.reference`) and carried to the present one.
On the way they are bent: as a scale moves, posterior means and deviations move with powers of it, so
that hyperparameters can travel while these coordinates stand still (partial centring).
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage import records as r
from kalanso.coverage.cohort_pieces import cluster_density
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.denominator_pieces import level_density
from kalanso.coverage.open_pieces import open_density, open_reporting, population_density
from kalanso.coverage.path_pieces import path_at, path_back
from kalanso.coverage.pieces import share_of
from kalanso.coverage.report_density import HIGHEST, routine_density


@compiled
def areas_density(
    tips: Any, path1: Any, path3: Any, fields: Any, further: Any, at: Any, anchor: Any, reports: Any,
    clusters: Any, targets: Any, calendar: Any, pulls: Any, out: Any, work: Any,
) -> float:  # fmt: skip
    """Return the log density summed over areas and fill `out` (records.Slopes) with its slopes.

    `further` are coordinates beyond the areas' own; `pulls` are slopes that come from evidence on
    several areas.
    """
    total = 0.0
    out.trend1[:] = 0.0
    out.trend3[:] = 0.0
    out.season[:] = 0.0
    out.timing[:] = 0.0
    out.source_bias[:] = 0.0
    out.source_precision[:] = 0.0
    out.source_slope[:] = 0.0
    out.survey_bias[:] = 0.0
    out.stratum1[:] = 0.0
    out.stratum3[:] = 0.0
    out.scale[:] = 0.0
    out.bend[:] = 0.0
    for i in range(tips.shape[0]):
        total += _area(
            i, tips[i], path1[i], path3[i], fields[i], further, at, anchor, reports, clusters, targets,
            calendar, pulls, out, work,
        )  # fmt: skip
    return total


@inlined
def _area(
    i: int, tips: Any, path1: Any, path3: Any, fields: Any, further: Any, at: Any, anchor: Any,
    reports: Any, clusters: Any, targets: Any, calendar: Any, pulls: Any, out: Any, work: Any,
) -> float:  # fmt: skip
    w, scale = work.rows, at.scale
    levels, level, s, growth, total = area_at(i, tips, path1, path3, fields, at, anchor, calendar, w)
    total -= 0.5 * (levels[0] ** 2 + levels[1] ** 2 + tips[r.GROWTH] ** 2 + tips[r.RECORDING] ** 2)
    for t in range(w.shape[1]):
        w[r.D_ETA1, t] = pulls.eta1[i, t]
        w[r.D_ETA3, t] = pulls.eta3[i, t]
        w[r.D_OFFSET, t] = pulls.offset[i, t]
    total += routine_density(i, tips[r.RECORDING], at, reports, out, w)
    for j in range(clusters.start[i], clusters.start[i + 1]):
        total += cluster_density(i, j, at, clusters, out, w, work.strata)
    d_s, d_growth = _sum_offsets(calendar, out, w)
    density, d_level, d_grow, d_reporting = _level(
        i, s, growth, levels[6], further, at, targets, pulls, out, work.sources
    )
    d_s += d_level
    d_growth += d_grow
    total += density
    out.reporting[i] = d_reporting
    out.scale[r.FIELDR] += d_reporting * levels[6]
    out.scale[r.GROWTH_MEAN] += d_growth
    out.scale[r.GROWTH_SD] += d_growth * tips[r.GROWTH]
    out.tips[i, r.GROWTH] = d_growth * scale[r.GROWTH_SD] - tips[r.GROWTH]
    out.tips[i, r.RECORDING] += pulls.slip[i] * scale[r.RECORDING_SD] - tips[r.RECORDING]
    out.tips[i, r.DOSE] = d_s
    _levels_back(i, -d_s * (1.0 - level), d_reporting, tips, fields, levels, at, anchor, out, w)
    _paths_back(i, at, anchor, out, w)
    return total


@inlined
def area_at(
    i: int, tips: Any, path1: Any, path3: Any, fields: Any, at: Any, anchor: Any, calendar: Any, w: Any
) -> tuple[Any, float, float, float, float]:
    """Fill an area's quarters; return its levels (`standard_levels`), coverage at its level, the dose
    level s, its growth, and the prior density of its paths."""
    levels = standard_levels(i, tips, fields, at, anchor)
    scale = at.scale
    paths = path_at(path1, anchor.path1[i], scale[r.WALK1], scale[r.CORR1], w, r.PATH1)
    paths += path_at(path3, anchor.path3[i], scale[r.WALK3], scale[r.CORR3], w, r.PATH3)
    l1 = at.base1[i] + levels[2]
    log_level, level = share_of(l1)
    s = tips[r.DOSE] - log_level
    growth = scale[r.GROWTH_MEAN] + scale[r.GROWTH_SD] * tips[r.GROWTH]
    shares(i, l1, at.base3[i] + levels[3], s, growth, at, calendar, w)
    return levels, level, s, growth, paths


@inlined
def standard_levels(
    i: int, tips: Any, fields: Any, at: Any, anchor: Any
) -> tuple[float, float, float, float, float, float, float]:
    """Return standardised residual levels v1, v3, levels b1, b3 at present scales, and the three fields."""
    scale, ref, bend = at.scale, at.reference, at.bend
    free1, free3 = reference_levels(tips, fields, ref)
    v1 = bend[r.BEND_LOCAL1, 0] * anchor.local1[i] + bend[r.BEND_LOCAL1, 1] * (free1 - anchor.local1[i])
    v3 = bend[r.BEND_LOCAL3, 0] * anchor.local3[i] + bend[r.BEND_LOCAL3, 1] * (free3 - anchor.local3[i])
    u1 = _bent_field(i, 0, fields, bend, anchor)
    u3 = _bent_field(i, 1, fields, bend, anchor)
    ur = _bent_field(i, 2, fields, bend, anchor)
    b1 = scale[r.FIELD1] * u1 + scale[r.LOCAL1] * v1
    b3 = scale[r.LOADING] * b1 + scale[r.FIELD3] * u3 + scale[r.LOCAL3] * v3
    return v1, v3, b1, b3, u1, u3, ur


@compiled
def reference_levels(tips: Any, fields: Any, ref: Any) -> tuple[float, float]:
    """Return the residual levels standardised by the reference scales."""
    free1 = (tips[r.LEVEL1] - ref[r.FIELD1] * fields[0]) / ref[r.LOCAL1]
    free3 = tips[r.LEVEL3] - ref[r.LOADING] * tips[r.LEVEL1] - ref[r.FIELD3] * fields[1]
    return free1, free3 / ref[r.LOCAL3]


@inlined
def _bent_field(i: int, k: int, fields: Any, bend: Any, anchor: Any) -> float:
    middle = anchor.fields[i, k]
    row = r.BEND_FIELDS + k
    return bend[row, 0] * middle + bend[row, 1] * (fields[k] - middle)


@inlined
def shares(i: int, l1: float, l3: float, s: float, growth: float, at: Any, calendar: Any, w: Any) -> None:
    """Fill coverage p, continuation q, doses due per quarter and the log offset; clear the slopes.

    Quarters follow each other, so growth multiplies by the same factor from one to the next.
    """
    step = math.exp(0.25 * growth)
    due = math.exp(min(s + growth * calendar.years[0], HIGHEST))
    for t in range(w.shape[1]):
        log_p, p = share_of(l1 + at.access[i, t] + at.trend1[t] + w[r.PATH1, t])
        q = 1.0 / (1.0 + math.exp(-(l3 + at.trend3[t] + w[r.PATH3, t])))
        w[r.LOGP, t], w[r.P, t], w[r.Q, t] = log_p, p, q
        w[r.OFFSET, t] = s + at.season[t] + growth * calendar.years[t]
        w[r.DOSES, t] = due * at.season_factor[t] * p
        due *= step
        w[r.GIVEN, t] = w[r.DOSES, t] * max(q, 1e-300)
        w[r.D_ETA1, t] = 0.0
        w[r.D_ETA3, t] = 0.0
        w[r.D_OFFSET, t] = 0.0


@inlined
def _sum_offsets(calendar: Any, out: Any, w: Any) -> tuple[float, float]:
    d_s = d_growth = 0.0
    for t in range(w.shape[1]):
        d_s += w[r.D_OFFSET, t]
        d_growth += w[r.D_OFFSET, t] * calendar.years[t]
        out.season[t] += w[r.D_OFFSET, t]
    return d_s, d_growth


@inlined
def source_residuals(
    i: int, growth: float, field: float, at: Any, targets: Any, residuals: Any, rho: Any
) -> None:
    """Fill what `level_density` reads of an area: denominators less bias, growth and centre; and of its
    reporting the mean, the variance, the recounted log ratio and its variance."""
    for k in range(targets.log_level.shape[1]):
        residuals[k] = targets.log_level[i, k] - targets.centre - at.source_bias[k]
        residuals[k] -= growth * targets.years[i, k]
    rho[0] = at.reporting[i] + at.scale[r.FIELDR] * field
    rho[1] = at.scale[r.LOCALR] ** 2
    rho[2], rho[3] = targets.recount[i], targets.recount_variance[i]


@inlined
def _level(
    i: int, s: float, growth: float, field: float, further: Any, at: Any, targets: Any, pulls: Any, out: Any,
    room: Any,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Denominators, their slopes in time and recounts of one area."""
    size = targets.log_level.shape[1]
    residuals, rho, slopes = room[0], room[1], room[2, : 4 + 2 * size]
    total = d_growth = 0.0
    source_residuals(i, growth, field, at, targets, residuals, rho)
    for k in range(size):
        if targets.slope_seen[i, k]:
            off = (targets.slope[i, k] - growth - at.source_slope[k]) / targets.slope_sd
            total -= 0.5 * off * off
            d_growth += off / targets.slope_sd
            out.source_slope[k] += off / targets.slope_sd
    place = targets.open[i]
    if place == r.POPULATION:
        total += population_density(
            s - targets.centre, residuals[:size], at.source_precision, targets.seen[i], targets.wild_allowed,
            slopes,
        )  # fmt: skip
        slopes[2], slopes[3] = pulls.rho[i], 0.0
    elif place < 0:
        total += level_density(
            s - targets.centre, residuals[:size], at.source_precision, targets.seen[i], targets.wild_allowed,
            rho, slopes,
        )  # fmt: skip
    else:
        total += open_density(
            s - targets.centre, further[place], residuals[:size], at.source_precision, targets.seen[i],
            targets.wild_allowed, rho, pulls.rho[i], slopes,
        )  # fmt: skip
        out.further[place] = slopes[1]
    for k in range(size):
        if targets.seen[i, k]:
            out.source_bias[k] -= slopes[4 + k]
            d_growth -= slopes[4 + k] * targets.years[i, k]
            out.source_precision[k] += slopes[4 + size + k]
    out.scale[r.LOCALR] += slopes[3] * 2.0 * at.scale[r.LOCALR]
    return total, slopes[0], d_growth, slopes[2]


@inlined
def _levels_back(
    i: int, d_l1: float, d_reporting: float, tips: Any, fields: Any, levels: Any, at: Any, anchor: Any,
    out: Any, w: Any,
) -> None:  # fmt: skip
    v1, v3, b1, _, u1, u3, _ = levels
    scale, ref, bend = at.scale, at.reference, at.bend
    d_l3 = 0.0
    for t in range(w.shape[1]):
        d_l1 += w[r.D_ETA1, t]
        d_l3 += w[r.D_ETA3, t]
        out.trend1[t] += w[r.D_ETA1, t]
        out.trend3[t] += w[r.D_ETA3, t]
        out.access[i, t] = w[r.D_ETA1, t]
    out.base1[i] = d_l1
    out.base3[i] = d_l3
    d_b1 = d_l1 + scale[r.LOADING] * d_l3
    out.scale[r.LOADING] += d_l3 * b1
    out.scale[r.FIELD1] += d_b1 * u1
    out.scale[r.LOCAL1] += d_b1 * v1
    out.scale[r.FIELD3] += d_l3 * u3
    out.scale[r.LOCAL3] += d_l3 * v3
    free1, free3 = reference_levels(tips, fields, ref)
    d_v1 = _unbend(d_b1 * scale[r.LOCAL1] - v1, free1, anchor.local1[i], r.BEND_LOCAL1, bend, out)
    d_v3 = _unbend(d_l3 * scale[r.LOCAL3] - v3, free3, anchor.local3[i], r.BEND_LOCAL3, bend, out)
    row = r.BEND_FIELDS
    d_u1 = _unbend(d_b1 * scale[r.FIELD1], fields[0], anchor.fields[i, 0], row, bend, out)
    d_u3 = _unbend(d_l3 * scale[r.FIELD3], fields[1], anchor.fields[i, 1], row + 1, bend, out)
    d_ur = _unbend(d_reporting * scale[r.FIELDR], fields[2], anchor.fields[i, 2], row + 2, bend, out)
    out.tips[i, r.LEVEL1] = d_v1 / ref[r.LOCAL1] - d_v3 * ref[r.LOADING] / ref[r.LOCAL3]
    out.tips[i, r.LEVEL3] = d_v3 / ref[r.LOCAL3]
    out.fields[i, 0] = d_u1 - d_v1 * ref[r.FIELD1] / ref[r.LOCAL1]
    out.fields[i, 1] = d_u3 - d_v3 * ref[r.FIELD3] / ref[r.LOCAL3]
    out.fields[i, 2] = d_ur


@inlined
def _unbend(slope: float, free: float, middle: float, row: int, bend: Any, out: Any) -> float:
    """Carry a slope in a bent coordinate back to the free one; note the slopes in the bend."""
    out.bend[row, 0] += slope * middle
    out.bend[row, 1] += slope * (free - middle)
    return slope * bend[row, 1]


@inlined
def _paths_back(i: int, at: Any, anchor: Any, out: Any, w: Any) -> None:
    scale = at.scale
    for t in range(w.shape[1]):
        w[r.D_PATH1, t] = w[r.D_ETA1, t]
        w[r.D_PATH3, t] = w[r.D_ETA3, t]
    d_sd, d_memory = path_back(
        r.D_PATH1, anchor.path1[i], scale[r.WALK1], scale[r.CORR1], w, r.PATH1, out.path1[i]
    )
    out.scale[r.WALK1] += d_sd
    out.scale[r.CORR1] += d_memory
    d_sd, d_memory = path_back(
        r.D_PATH3, anchor.path3[i], scale[r.WALK3], scale[r.CORR3], w, r.PATH3, out.path3[i]
    )
    out.scale[r.WALK3] += d_sd
    out.scale[r.CORR3] += d_memory


@compiled
def areas_shares(
    members: Any, tips: Any, path1: Any, path3: Any, fields: Any, at: Any, anchor: Any, targets: Any,
    calendar: Any, out: Any, work: Any,
) -> None:  # fmt: skip
    """Fill what evidence on several areas reads (records.Shares) of some areas."""
    w, room = work.rows, work.sources
    size = targets.log_level.shape[1]
    for i in members:
        levels, _, s, growth, _ = area_at(i, tips[i], path1[i], path3[i], fields[i], at, anchor, calendar, w)
        for t in range(w.shape[1]):
            out.p[i, t] = w[r.P, t]
            out.q[i, t] = w[r.Q, t]
            out.offset[i, t] = w[r.OFFSET, t]
        out.slip[i] = at.scale[r.RECORDING_SD] * tips[i, r.RECORDING]
        source_residuals(i, growth, levels[6], at, targets, room[0], room[1])
        out.reporting[i] = room[1, 0]
        if targets.open[i] >= 0:
            out.rho[i], _, _ = open_reporting(
                s - targets.centre, out.further[targets.open[i]], room[0, :size], at.source_precision,
                targets.seen[i], room[1],
            )  # fmt: skip
