"""How probable are the reports, surveys and denominators of each area, and how does that change?

The log density of all areas given globals, hyperparameters and fields, with exact slopes in
everything (`estimation` §2.1-2.4). An area has residual levels b1, b3, its log dose level
omega = s + log sigma(l1) (the shear that straightens the ridge between coverage and population), growth,
DTP3 recording, and two paths. They are its coordinates themselves, or follow from standard ones
(`following`), so that hyperparameters can travel while coordinates stand still. Areas are taken in blocks
(`blocks`), all lanes of which are computed at once.
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage import records as r
from kalanso.coverage.area_places import area_at, source_residuals
from kalanso.coverage.blocks import Block, pick, pick2, pick3, put, put2
from kalanso.coverage.cohort_pieces import cluster_density
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.denominator_pieces import level_density
from kalanso.coverage.following import given_tips_back
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
from kalanso.coverage.lanes import LANES, any_above, in_lanes, of_lane, sum_of_lanes, with_lane
from kalanso.coverage.open_pieces import open_density, population_density
from kalanso.coverage.path_pieces import entry_slopes, path_density
from kalanso.coverage.records import Sums, Work
from kalanso.coverage.report_density import routine_density


@inlined
def rooms(work: Any) -> Any:
    """Return the arrays of a block's work as rooms in lanes (`strata` is for one cluster at a time)."""
    sums = work.sums
    return Work(
        in_lanes(work.rows), in_lanes(work.residuals), in_lanes(work.present), in_lanes(work.rho),
        in_lanes(work.slopes), in_lanes(work.logs), work.strata, in_lanes(work.pairs), in_lanes(work.levels),
        in_lanes(work.pairs_back), in_lanes(work.levels_back),
        Sums(
            in_lanes(sums.scale), in_lanes(sums.trend1), in_lanes(sums.trend3), in_lanes(sums.season),
            in_lanes(sums.timing), in_lanes(sums.source_bias), in_lanes(sums.source_precision),
            in_lanes(sums.source_slope), in_lanes(sums.bend),
        ),
    )  # fmt: skip


@compiled
def areas_density(
    tips: Any, path1: Any, path3: Any, fields: Any, further: Any, at: Any, hold: Any, reports: Any,
    clusters: Any, targets: Any, calendar: Any, pulls: Any, out: Any, work: Any,
) -> float:  # fmt: skip
    """Return the log density summed over areas and fill `out` (records.Slopes) with its slopes.

    `further` are coordinates beyond the areas' own; `pulls` are slopes that come from evidence on
    several areas. `work` is room for a block of areas.
    """
    total, areas, size = 0.0, tips.shape[0], LANES
    out.survey_bias[:] = 0.0
    out.stratum1[:] = 0.0
    out.stratum3[:] = 0.0
    _clear(out)
    _clear(work.sums)
    for first in range(0, areas, LANES):
        size = min(LANES, areas - first)
        if size < LANES:
            _gather(work.sums, LANES, out)
        total += _block(
            Block(first, size), tips, path1, path3, fields, further, at, hold, reports, clusters, targets,
            calendar, pulls, out, work,
        )  # fmt: skip
        if total == -math.inf:
            return total
    _gather(work.sums, size, out)
    return total


@compiled
def _clear(sums: Any) -> None:
    """Begin the slopes in what all areas share anew, lane by lane or as they are read (`Sums`, `Slopes`)."""
    sums.scale[:] = 0.0
    sums.trend1[:] = 0.0
    sums.trend3[:] = 0.0
    sums.season[:] = 0.0
    sums.timing[:] = 0.0
    sums.source_bias[:] = 0.0
    sums.source_precision[:] = 0.0
    sums.source_slope[:] = 0.0
    sums.bend[:] = 0.0


@compiled
def _gather(sums: Any, size: int, out: Any) -> None:
    """Add the first lanes of what was summed up to the slopes, and begin anew: spare lanes count nowhere."""
    for lane in range(size):
        for k in range(sums.scale.shape[0]):
            out.scale[k] += sums.scale[k, lane]
        for t in range(sums.trend1.shape[0]):
            out.trend1[t] += sums.trend1[t, lane]
            out.trend3[t] += sums.trend3[t, lane]
            out.season[t] += sums.season[t, lane]
            out.timing[t] += sums.timing[t, lane]
        for k in range(out.source_bias.shape[0]):
            out.source_bias[k] += sums.source_bias[k, lane]
            out.source_precision[k] += sums.source_precision[k, lane]
            out.source_slope[k] += sums.source_slope[k, lane]
        for k in range(sums.bend.shape[0]):
            out.bend[k, 0] += sums.bend[k, 0, lane]
            out.bend[k, 1] += sums.bend[k, 1, lane]
    _clear(sums)


@inlined
def _block(
    i: Any, tips: Any, path1: Any, path3: Any, fields: Any, further: Any, at: Any, hold: Any, reports: Any,
    clusters: Any, targets: Any, calendar: Any, pulls: Any, out: Any, work: Any,
) -> float:  # fmt: skip
    """Return the log density of one block of areas."""
    room, scale = rooms(work), at.scale
    w, sums = room.rows, room.sums
    levels, level, s, growth, total = area_at(i, tips, path1, path3, fields, at, hold, calendar, room)
    if any_above(-1e300, total):
        return -math.inf
    _, _, _, _, field, grown, recording = levels
    total -= 0.5 * (grown * grown + recording * recording)
    for t in range(w.shape[1]):
        w[r.D_ETA1, t] = pick2(pulls.eta1, i, t)
        w[r.D_ETA3, t] = pick2(pulls.eta3, i, t)
        w[r.D_OFFSET, t] = pick2(pulls.offset, i, t)
    value, d_recording = routine_density(i, recording, at, reports, sums, w)
    total += value
    surveyed = _surveyed(i, at, clusters, out, work)
    d_s, d_growth = _sum_offsets(calendar, sums, w)
    density, d_level, d_grow, d_reporting = _level(
        i, s, growth, field, further, at, targets, pulls, sums, out, room, work
    )
    d_s += d_level
    d_growth += d_grow
    put(out.reporting, i, d_reporting)
    sums.scale[r.GROWTH_MEAN] += d_growth
    sums.scale[r.GROWTH_SD] += d_growth * grown
    d_growth = d_growth * scale[r.GROWTH_SD] - grown
    d_recording += pick(pulls.slip, i) * scale[r.RECORDING_SD] - recording
    prior = _back(
        i, levels, d_s, -d_s * (1.0 - level), d_growth, d_recording, d_reporting, at, hold, sums, out, room
    )
    return surveyed + _of_block(i, total + density + prior)


@compiled
def _of_block(i: Any, value: Any) -> float:
    """Return the sum over the areas of a block."""
    if i.size == LANES:
        return sum_of_lanes(value)
    total = 0.0
    for lane in range(i.size):
        total += of_lane(value, lane)
    return total


@inlined
def _surveyed(i: Any, at: Any, clusters: Any, out: Any, work: Any) -> float:
    """Return the log density of the clusters in a block, area by area: few areas have any."""
    total = 0.0
    for lane in range(i.size):
        area = i.first + lane
        for j in range(clusters.start[area], clusters.start[area + 1]):
            total += cluster_density(area, j, at, clusters, out, work.rows[:, :, lane], work.strata)
    return total


@inlined
def _sum_offsets(calendar: Any, sums: Any, w: Any) -> tuple[Any, Any]:
    d_s = d_growth = 0.0
    for t in range(w.shape[1]):
        d_s += w[r.D_OFFSET, t]
        d_growth += w[r.D_OFFSET, t] * calendar.years[t]
        sums.season[t] += w[r.D_OFFSET, t]
    return d_s, d_growth


@inlined
def _level(
    i: Any, s: Any, growth: Any, field: Any, further: Any, at: Any, targets: Any, pulls: Any, sums: Any,
    out: Any, room: Any, work: Any,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """Denominators, their slopes in time and recounts of a block of areas."""
    size, slopes = targets.log_level.shape[1], room.slopes
    d_growth = 0.0 * s
    total = 0.0 * s
    source_residuals(i, growth, field, at, targets, room.residuals, room.present, room.rho)
    for k in range(size):
        seen = pick2(targets.slope_seen, i, k)
        off = seen * (pick2(targets.slope, i, k) - growth - at.source_slope[k]) / targets.slope_sd
        total -= 0.5 * off * off
        d_growth += off / targets.slope_sd
        sums.source_slope[k] += off / targets.slope_sd
    told = level_density(
        s - targets.centre, room.residuals, at.source_precision, room.present, targets.wild_allowed, room.rho,
        slopes, room.logs,
    )  # fmt: skip
    for lane in range(i.size):
        if targets.open[i.first + lane] != r.HIDDEN:
            known = _known(i.first + lane, lane, of_lane(s, lane), further, at, targets, pulls, out, work)
            told = with_lane(told, lane, known)
    for k in range(size):
        sums.source_bias[k] -= slopes[4 + k]
        d_growth -= slopes[4 + k] * pick2(targets.years, i, k)
        sums.source_precision[k] += slopes[4 + size + k]
    sums.scale[r.LOCALR] += slopes[3] * 2.0 * at.scale[r.LOCALR]
    return total + told, slopes[0], d_growth, slopes[2]


@inlined
def _known(
    area: int, lane: int, s: float, further: Any, at: Any, targets: Any, pulls: Any, out: Any, work: Any
) -> float:
    """Return the density of one area's denominators where over-reporting is open, and fill the lane's slopes."""
    slopes, logs = work.slopes[:, lane], work.logs[:, lane]
    residuals, present, place = work.residuals[:, lane], work.present[:, lane], targets.open[area]
    if place == r.POPULATION:
        told = population_density(
            s - targets.centre, residuals, at.source_precision, present, targets.wild_allowed, slopes, logs
        )
        slopes[2], slopes[3] = pulls.rho[area], 0.0
        return told
    told = open_density(
        s - targets.centre, further[place], residuals, at.source_precision, present, targets.wild_allowed,
        work.rho[:, lane], pulls.rho[area], slopes, logs,
    )  # fmt: skip
    out.further[place] = slopes[1]
    return told


@inlined
def _back(
    i: Any, levels: Any, d_dose: Any, d_l1: Any, d_growth: Any, d_recording: Any, d_reporting: Any, at: Any,
    hold: Any, sums: Any, out: Any, work: Any,
) -> Any:  # fmt: skip
    """Return the prior density of levels and paths; carry all slopes back to coordinates and hyperparameters."""
    b1, b3, u1, u3, ur, _, _ = levels
    w, scale, d = work.rows, at.scale, work.levels_back
    d_l1, d_l3 = _sum_quarters(i, d_l1, sums, out, w)
    f1, f3 = scale[r.FIELD1] * u1, scale[r.FIELD3] * u3
    total, d_f1, d_f3 = _level_prior(b1, b3, f1, f3, scale, sums)
    # The prior pulls at levels as it pulls at the fields behind them, the other way.
    d_b1, d_b3, d_fr = d_l1 - d_f1 + scale[r.LOADING] * d_f3, d_l3 - d_f3, d_reporting
    prior1, ends1, inside1, beside1 = path_density(w, r.PATH1, scale[r.WALK1], scale[r.CORR1], r.D_PATH1)
    prior3, ends3, inside3, beside3 = path_density(w, r.PATH3, scale[r.WALK3], scale[r.CORR3], r.D_PATH3)
    if hold.follows:
        d[LK], d[LK + 1], d[LK + 2] = d_b1, d_b3, d_dose
        more, more1, more3 = _followed_back(i, f1, f3, d_growth, d_recording, at, hold, sums, out, work)
        d_f1, d_f3, d_fr = d_f1 + more[0], d_f3 + more[1], d_fr + more[2]
        ends1, inside1, beside1 = ends1 + more1[0], inside1 + more1[1], beside1 + more1[2]
        ends3, inside3, beside3 = ends3 + more3[0], inside3 + more3[1], beside3 + more3[2]
    else:
        for t in range(w.shape[1]):
            put2(out.path1, i, t, w[r.D_PATH1, t])
            put2(out.path3, i, t, w[r.D_PATH3, t])
        put2(out.tips, i, r.LEVEL1, d_b1)
        put2(out.tips, i, r.LEVEL3, d_b3)
        put2(out.tips, i, r.DOSE, d_dose)
        put2(out.tips, i, r.GROWTH, d_growth)
        put2(out.tips, i, r.RECORDING, d_recording)
    _path_scales_back((ends1, inside1, beside1), (ends3, inside3, beside3), at, w.shape[1], sums)
    put2(out.fields, i, 0, _unbend(d_f1, scale, r.FIELD1, 0, u1, i, hold, at.bend, sums))
    put2(out.fields, i, 1, _unbend(d_f3, scale, r.FIELD3, 1, u3, i, hold, at.bend, sums))
    put2(out.fields, i, 2, _unbend(d_fr, scale, r.FIELDR, 2, ur, i, hold, at.bend, sums))
    return total + prior1 + prior3


@inlined
def _sum_quarters(i: Any, d_l1: Any, sums: Any, out: Any, w: Any) -> tuple[Any, Any]:
    """Pass the slopes in log odds on to trends, access and paths; return those in the levels."""
    d_l3 = 0.0
    for t in range(w.shape[1]):
        d_l1 += w[r.D_ETA1, t]
        d_l3 += w[r.D_ETA3, t]
        sums.trend1[t] += w[r.D_ETA1, t]
        sums.trend3[t] += w[r.D_ETA3, t]
        put2(out.access, i, t, w[r.D_ETA1, t])
        w[r.D_PATH1, t] = w[r.D_ETA1, t]
        w[r.D_PATH3, t] = w[r.D_ETA3, t]
    put(out.base1, i, d_l1)
    put(out.base3, i, d_l3)
    return d_l1, d_l3


@inlined
def _level_prior(b1: Any, b3: Any, f1: Any, f3: Any, scale: Any, sums: Any) -> tuple[Any, Any, Any]:
    """Return the density of levels given what fields give, and its slopes in that."""
    sd1, sd3 = scale[r.LOCAL1], scale[r.LOCAL3]
    v1, v3 = (b1 - f1) / sd1, (b3 - scale[r.LOADING] * b1 - f3) / sd3
    sums.scale[r.LOADING] += v3 * b1 / sd3
    sums.scale[r.LOCAL1] += (v1 * v1 - 1.0) / sd1
    sums.scale[r.LOCAL3] += (v3 * v3 - 1.0) / sd3
    return -0.5 * (v1 * v1 + v3 * v3) - math.log(sd1 * sd3), v1 / sd1, v3 / sd3


@inlined
def _followed_back(
    i: Any, f1: Any, f3: Any, d_growth: Any, d_recording: Any, at: Any, hold: Any, sums: Any, out: Any, work: Any,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Carry slopes in levels and paths back to their coordinates and to hyperparameters; return those that reach
    the effects of fields, and those in the entries of both paths' precisions."""
    w, scale, d, back = work.rows, at.scale, work.levels_back, work.pairs_back
    quarter, level = hold.quarter, hold.level
    follow_back(i, w, work.pairs, work.levels, back, d, out)
    size = w.shape[1]
    ends1 = inside1 = beside1 = ends3 = inside3 = beside3 = 0.0
    for t in range(size):
        m1, m2 = back[M1, t], back[M2, t]
        d_growth -= pick3(quarter, i, t, r.BY_GROWTH) * m1 + pick3(quarter, i, t, r.BY_GROWTH + 1) * m2
        d_recording -= pick3(quarter, i, t, r.BY_RECORDING) * m1
        d_recording -= pick3(quarter, i, t, r.BY_RECORDING + 1) * m2
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
        d_growth -= pick2(level, i, by) * d[LM + k]
        d_recording -= pick2(level, i, by + 1) * d[LM + k]
        d_fr -= pick2(level, i, by + 2) * d[LM + k]
    d_f1, d_f3 = _level_scales_back(f1, f3, d, scale, sums)
    more1, more3, more_r = given_tips_back(i, d_growth, d_recording, level, out.tips)
    return (d_f1 + more1, d_f3 + more3, d_fr + more_r), (ends1, inside1, beside1), (ends3, inside3, beside3)


@compiled
def _level_scales_back(f1: Any, f3: Any, d: Any, scale: Any, sums: Any) -> tuple[Any, Any]:
    """Carry slopes in the levels' precision and pulls back to local scales and the loading; return those in the
    effects of fields."""
    sd1, sd3, loading = scale[r.LOCAL1], scale[r.LOCAL3], scale[r.LOADING]
    q1, q3 = 1.0 / sd1**2, 1.0 / sd3**2
    m1, m3 = d[LM], d[LM + 1]
    d_q1 = d[D_C] + f1 * m1
    d_q3 = loading * loading * d[D_C] - loading * d[D_C + 1] + d[D_C + 2] + f3 * m3 - loading * f3 * m1
    sums.scale[r.LOADING] += q3 * (2.0 * loading * d[D_C] - d[D_C + 1] - f3 * m1)
    sums.scale[r.LOCAL1] -= 2.0 * d_q1 * q1 / sd1
    sums.scale[r.LOCAL3] -= 2.0 * d_q3 * q3 / sd3
    return q1 * m1, q3 * (m3 - loading * m1)


@compiled
def _path_scales_back(entries1: Any, entries3: Any, at: Any, size: int, sums: Any) -> None:
    scale = at.scale
    d_sd, d_memory = entry_slopes(size, scale[r.WALK1], scale[r.CORR1], entries1[0], entries1[1], entries1[2])
    sums.scale[r.WALK1] += d_sd
    sums.scale[r.CORR1] += d_memory
    d_sd, d_memory = entry_slopes(size, scale[r.WALK3], scale[r.CORR3], entries3[0], entries3[1], entries3[2])
    sums.scale[r.WALK3] += d_sd
    sums.scale[r.CORR3] += d_memory


@inlined
def _unbend(
    effect: Any, scale: Any, place: int, k: int, value: Any, i: Any, hold: Any, bend: Any, sums: Any
) -> Any:
    """Carry a slope in a field's effect back to its scale and to the free field; note the slopes in the bend."""
    middle = pick2(hold.fields, i, k)
    sums.scale[place] += effect * value
    slope = effect * scale[place]
    sums.bend[k, 0] += slope * middle
    # The free field less its middle is what the bend's second factor stretches.
    sums.bend[k, 1] += slope * (value - bend[k, 0] * middle) / bend[k, 1]
    return slope * bend[k, 1]
