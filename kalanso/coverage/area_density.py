"""How probable are the reports, surveys and denominators of each area, and how does that change?

The log density of all areas given globals, hyperparameters and fields, with exact slopes in
everything (`estimation` §2.1-2.4). An area has residual levels b1, b3, its log dose level
omega = s + log sigma(l1) (the shear that straightens the ridge between coverage and population), growth,
DTP3 recording, and two paths. They are its coordinates themselves, or follow from standard ones
(`following`), so that hyperparameters can travel while coordinates stand still.
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage import records as r
from kalanso.coverage.cohort_pieces import cluster_density
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.denominator_pieces import level_density
from kalanso.coverage.following import Y0, follow, given_tips, given_tips_back
from kalanso.coverage.following_back import (
    D_C,
    D_OFF1,
    D_OFF3,
    D_OWN1,
    D_OWN3,
    LK,
    LM,
    M1,
    M2,
    follow_back,
)  # fmt: skip
from kalanso.coverage.open_pieces import open_density, open_reporting, population_density
from kalanso.coverage.path_pieces import entry_slopes, path_density
from kalanso.coverage.pieces import share_of
from kalanso.coverage.report_density import HIGHEST, routine_density


@compiled
def areas_density(
    tips: Any, path1: Any, path3: Any, fields: Any, further: Any, at: Any, hold: Any, reports: Any,
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
            i, tips[i], path1[i], path3[i], fields[i], further, at, hold, reports, clusters, targets,
            calendar, pulls, out, work,
        )  # fmt: skip
    return total


@inlined
def _area(
    i: int, tips: Any, path1: Any, path3: Any, fields: Any, further: Any, at: Any, hold: Any,
    reports: Any, clusters: Any, targets: Any, calendar: Any, pulls: Any, out: Any, work: Any,
) -> float:  # fmt: skip
    w, scale = work.rows, at.scale
    levels, level, s, growth, total = area_at(i, tips, path1, path3, fields, at, hold, calendar, work)
    if total == -math.inf:
        return total
    _, _, _, _, field, grown, recording = levels
    total -= 0.5 * (grown * grown + recording * recording)
    for t in range(w.shape[1]):
        w[r.D_ETA1, t] = pulls.eta1[i, t]
        w[r.D_ETA3, t] = pulls.eta3[i, t]
        w[r.D_OFFSET, t] = pulls.offset[i, t]
    value, d_recording = routine_density(i, recording, at, reports, out, w)
    total += value
    for j in range(clusters.start[i], clusters.start[i + 1]):
        total += cluster_density(i, j, at, clusters, out, w, work.strata)
    d_s, d_growth = _sum_offsets(calendar, out, w)
    density, d_level, d_grow, d_reporting = _level(
        i, s, growth, field, further, at, targets, pulls, out, work.sources
    )
    d_s += d_level
    d_growth += d_grow
    out.reporting[i] = d_reporting
    out.scale[r.GROWTH_MEAN] += d_growth
    out.scale[r.GROWTH_SD] += d_growth * grown
    d_growth = d_growth * scale[r.GROWTH_SD] - grown
    d_recording += pulls.slip[i] * scale[r.RECORDING_SD] - recording
    prior = _back(
        i, levels, d_s, -d_s * (1.0 - level), d_growth, d_recording, d_reporting, at, hold, out, work
    )
    return total + density + prior


@inlined
def area_at(
    i: int, tips: Any, path1: Any, path3: Any, fields: Any, at: Any, hold: Any, calendar: Any, work: Any
) -> tuple[Any, float, float, float, float]:
    """Fill an area's quarters; return its levels (b1, b3, three fields in their standard deviations, growth in its
    own, recording in its own), coverage at its level, the dose level s, its growth, and the log of the volume by
    which its coordinates are stretched."""
    w, scale = work.rows, at.scale
    u1, u3 = _bent_field(i, 0, fields, at.bend, hold), _bent_field(i, 1, fields, at.bend, hold)
    ur = _bent_field(i, 2, fields, at.bend, hold)
    b1, b3, dose, grown, recording = (
        tips[r.LEVEL1],
        tips[r.LEVEL3],
        tips[r.DOSE],
        tips[r.GROWTH],
        tips[r.RECORDING],
    )
    volume = 0.0
    if hold.follows:
        f1, f3, reporting = scale[r.FIELD1] * u1, scale[r.FIELD3] * u3, scale[r.FIELDR] * ur
        grown, recording = given_tips(tips, hold.level[i], f1, f3, reporting)
        volume = follow(
            tips, path1, path3, hold.quarter[i], hold.level[i], scale, f1, f3, reporting, grown, recording, w,
            work.pairs, work.levels,
        )  # fmt: skip
        b1, b3, dose = work.levels[Y0], work.levels[Y0 + 1], work.levels[Y0 + 2]
    else:
        for t in range(w.shape[1]):
            w[r.PATH1, t], w[r.PATH3, t] = path1[t], path3[t]
    l1 = at.base1[i] + b1
    log_level, level = share_of(l1)
    s = dose - log_level
    growth = scale[r.GROWTH_MEAN] + scale[r.GROWTH_SD] * grown
    shares(i, l1, at.base3[i] + b3, s, growth, at, calendar, w)
    return (b1, b3, u1, u3, ur, grown, recording), level, s, growth, volume


@inlined
def _bent_field(i: int, k: int, fields: Any, bend: Any, hold: Any) -> float:
    middle = hold.fields[i, k]
    return bend[k, 0] * middle + bend[k, 1] * (fields[k] - middle)


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
def _back(
    i: int, levels: Any, d_dose: float, d_l1: float, d_growth: float, d_recording: float, d_reporting: float,
    at: Any, hold: Any, out: Any, work: Any,
) -> float:  # fmt: skip
    """Return the prior density of levels and paths; carry all slopes back to coordinates and hyperparameters."""
    b1, b3, u1, u3, ur, _, _ = levels
    w, scale, d = work.rows, at.scale, work.levels_back
    d_l1, d_l3 = _sum_quarters(i, d_l1, out, w)
    f1, f3 = scale[r.FIELD1] * u1, scale[r.FIELD3] * u3
    total, d_f1, d_f3 = _level_prior(b1, b3, f1, f3, scale, out)
    # The prior pulls at levels as it pulls at the fields behind them, the other way.
    d_b1, d_b3, d_fr = d_l1 - d_f1 + scale[r.LOADING] * d_f3, d_l3 - d_f3, d_reporting
    prior1, ends1, inside1, beside1 = path_density(w[r.PATH1], scale[r.WALK1], scale[r.CORR1], w[r.D_PATH1])
    prior3, ends3, inside3, beside3 = path_density(w[r.PATH3], scale[r.WALK3], scale[r.CORR3], w[r.D_PATH3])
    if hold.follows:
        d[LK], d[LK + 1], d[LK + 2] = d_b1, d_b3, d_dose
        more, more1, more3 = _followed_back(i, f1, f3, d_growth, d_recording, at, hold, out, work)
        d_f1, d_f3, d_fr = d_f1 + more[0], d_f3 + more[1], d_fr + more[2]
        ends1, inside1, beside1 = ends1 + more1[0], inside1 + more1[1], beside1 + more1[2]
        ends3, inside3, beside3 = ends3 + more3[0], inside3 + more3[1], beside3 + more3[2]
    else:
        for t in range(w.shape[1]):
            out.path1[i, t], out.path3[i, t] = w[r.D_PATH1, t], w[r.D_PATH3, t]
        out.tips[i, r.LEVEL1], out.tips[i, r.LEVEL3], out.tips[i, r.DOSE] = d_b1, d_b3, d_dose
        out.tips[i, r.GROWTH], out.tips[i, r.RECORDING] = d_growth, d_recording
    _path_scales_back((ends1, inside1, beside1), (ends3, inside3, beside3), at, w.shape[1], out)
    out.fields[i, 0] = _unbend(d_f1, scale, r.FIELD1, 0, u1, i, hold, at.bend, out)
    out.fields[i, 1] = _unbend(d_f3, scale, r.FIELD3, 1, u3, i, hold, at.bend, out)
    out.fields[i, 2] = _unbend(d_fr, scale, r.FIELDR, 2, ur, i, hold, at.bend, out)
    return total + prior1 + prior3


@inlined
def _sum_quarters(i: int, d_l1: float, out: Any, w: Any) -> tuple[float, float]:
    """Pass the slopes in log odds on to trends, access and paths; return those in the levels."""
    d_l3 = 0.0
    for t in range(w.shape[1]):
        d_l1 += w[r.D_ETA1, t]
        d_l3 += w[r.D_ETA3, t]
        out.trend1[t] += w[r.D_ETA1, t]
        out.trend3[t] += w[r.D_ETA3, t]
        out.access[i, t] = w[r.D_ETA1, t]
        w[r.D_PATH1, t] = w[r.D_ETA1, t]
        w[r.D_PATH3, t] = w[r.D_ETA3, t]
    out.base1[i] = d_l1
    out.base3[i] = d_l3
    return d_l1, d_l3


@inlined
def _level_prior(
    b1: float, b3: float, f1: float, f3: float, scale: Any, out: Any
) -> tuple[float, float, float]:
    """Return the density of levels given what fields give, and its slopes in that."""
    sd1, sd3 = scale[r.LOCAL1], scale[r.LOCAL3]
    v1, v3 = (b1 - f1) / sd1, (b3 - scale[r.LOADING] * b1 - f3) / sd3
    out.scale[r.LOADING] += v3 * b1 / sd3
    out.scale[r.LOCAL1] += (v1 * v1 - 1.0) / sd1
    out.scale[r.LOCAL3] += (v3 * v3 - 1.0) / sd3
    return -0.5 * (v1 * v1 + v3 * v3) - math.log(sd1 * sd3), v1 / sd1, v3 / sd3


@inlined
def _followed_back(
    i: int, f1: float, f3: float, d_growth: float, d_recording: float, at: Any, hold: Any, out: Any, work: Any
) -> tuple[Any, Any, Any]:
    """Carry slopes in levels and paths back to their coordinates and to hyperparameters; return those that reach
    the effects of fields, and those in the entries of both paths' precisions."""
    w, scale, d, back = work.rows, at.scale, work.levels_back, work.pairs_back
    quarter, level = hold.quarter[i], hold.level[i]
    follow_back(w, work.pairs, work.levels, back, d, out.tips[i], out.path1[i], out.path3[i])
    size = w.shape[1]
    ends1 = inside1 = beside1 = ends3 = inside3 = beside3 = 0.0
    for t in range(size):
        d_growth -= quarter[t, r.BY_GROWTH] * back[M1, t] + quarter[t, r.BY_GROWTH + 1] * back[M2, t]
        d_recording -= quarter[t, r.BY_RECORDING] * back[M1, t] + quarter[t, r.BY_RECORDING + 1] * back[M2, t]
        if t == 0 or t == size - 1:
            ends1 += back[D_OWN1, t]
            ends3 += back[D_OWN3, t]
        else:
            inside1 += back[D_OWN1, t]
            inside3 += back[D_OWN3, t]
        if t + 1 < size:
            beside1 += back[D_OFF1, t]
            beside3 += back[D_OFF3, t]
    d_fr = 0.0
    for k in range(3):
        by = r.BY_GIVEN + 3 * k
        d_growth -= level[by] * d[LM + k]
        d_recording -= level[by + 1] * d[LM + k]
        d_fr -= level[by + 2] * d[LM + k]
    d_f1, d_f3 = _level_scales_back(f1, f3, d, scale, out)
    more1, more3, more_r = given_tips_back(d_growth, d_recording, level, out.tips[i])
    return (d_f1 + more1, d_f3 + more3, d_fr + more_r), (ends1, inside1, beside1), (ends3, inside3, beside3)


@compiled
def _level_scales_back(f1: float, f3: float, d: Any, scale: Any, out: Any) -> tuple[float, float]:
    """Carry slopes in the levels' precision and pulls back to local scales and the loading; return those in the
    effects of fields."""
    sd1, sd3, loading = scale[r.LOCAL1], scale[r.LOCAL3], scale[r.LOADING]
    q1, q3 = 1.0 / sd1**2, 1.0 / sd3**2
    m1, m3 = d[LM], d[LM + 1]
    d_q1 = d[D_C] + f1 * m1
    d_q3 = loading * loading * d[D_C] - loading * d[D_C + 1] + d[D_C + 2] + f3 * m3 - loading * f3 * m1
    out.scale[r.LOADING] += q3 * (2.0 * loading * d[D_C] - d[D_C + 1] - f3 * m1)
    out.scale[r.LOCAL1] -= 2.0 * d_q1 * q1 / sd1
    out.scale[r.LOCAL3] -= 2.0 * d_q3 * q3 / sd3
    return q1 * m1, q3 * (m3 - loading * m1)


@compiled
def _path_scales_back(entries1: Any, entries3: Any, at: Any, size: int, out: Any) -> None:
    scale = at.scale
    d_sd, d_memory = entry_slopes(size, scale[r.WALK1], scale[r.CORR1], entries1[0], entries1[1], entries1[2])
    out.scale[r.WALK1] += d_sd
    out.scale[r.CORR1] += d_memory
    d_sd, d_memory = entry_slopes(size, scale[r.WALK3], scale[r.CORR3], entries3[0], entries3[1], entries3[2])
    out.scale[r.WALK3] += d_sd
    out.scale[r.CORR3] += d_memory


@inlined
def _unbend(
    effect: float, scale: Any, place: int, k: int, value: float, i: int, hold: Any, bend: Any, out: Any
) -> float:
    """Carry a slope in a field's effect back to its scale and to the free field; note the slopes in the bend."""
    middle = hold.fields[i, k]
    out.scale[place] += effect * value
    slope = effect * scale[place]
    out.bend[k, 0] += slope * middle
    # The free field less its middle is what the bend's second factor stretches.
    out.bend[k, 1] += slope * (value - bend[k, 0] * middle) / bend[k, 1]
    return slope * bend[k, 1]


@compiled
def areas_shares(
    members: Any, tips: Any, path1: Any, path3: Any, fields: Any, at: Any, hold: Any, targets: Any,
    calendar: Any, out: Any, work: Any,
) -> None:  # fmt: skip
    """Fill what evidence on several areas reads (records.Shares) of some areas."""
    w, room = work.rows, work.sources
    size = targets.log_level.shape[1]
    for i in members:
        levels, _, s, growth, _ = area_at(i, tips[i], path1[i], path3[i], fields[i], at, hold, calendar, work)
        for t in range(w.shape[1]):
            out.p[i, t] = w[r.P, t]
            out.q[i, t] = w[r.Q, t]
            out.offset[i, t] = w[r.OFFSET, t]
        out.slip[i] = at.scale[r.RECORDING_SD] * levels[6]
        source_residuals(i, growth, levels[4], at, targets, room[0], room[1])
        out.reporting[i] = room[1, 0]
        if targets.open[i] >= 0:
            out.rho[i], _, _ = open_reporting(
                s - targets.centre, out.further[targets.open[i]], room[0, :size], at.source_precision,
                targets.seen[i], room[1],
            )  # fmt: skip
