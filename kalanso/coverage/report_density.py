"""How probable are an area's routine counts, and how does that change?

Counts of first and third doses given what is expected of each quarter (`estimation` §2.3): negative
binomial with a rare wide component. What first doses exceed their mean by, third doses of the quarter
share, since a closed week or an outreach round moves them together: otherwise such swings would
pass for coverage.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.blocks import pick2, pick_of
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.lanes import any_above, where_above
from kalanso.coverage.pieces import log_with_one

# Log of a mean beyond which it is not computed: such states are refused by their density.
HIGHEST = 300.0
# Counts so many times above their mean may be slips of digits: a thousandth of outliers, spread over e^20.
FAR = 3.0
TYPED = math.log(1e-3 / 20.0)
# The largest log excess of one count that moves another.
MOST_EXCESS = 0.7


@compiled
def count_density(
    y: Any, log_mu: Any, mu: Any, kappa: float, log_kappa: float, table: Any, table_slope: Any, wide_table: Any,
    wide: float, log_wide: float, log_odds: float,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """Return the log density of one count (negative binomial, up to -log y!, with a rare wide component
    and, far above the mean, typing errors), its slopes in log mu and kappa, and the share of the regular component."""
    whole = kappa + mu
    log_sum, part = math.log(whole), 1.0 / whole
    excess = (y + kappa) * part
    ll = table + kappa * log_kappa + y * log_mu - (y + kappa) * log_sum
    slope = kappa * (y - mu) * part
    d_kappa = table_slope + log_kappa + 1.0 - log_sum - excess
    if log_odds == -np.inf:
        return ll, slope, d_kappa, 1.0 + 0.0 * slope
    whole = wide + mu
    other = wide_table + wide * log_wide + y * log_mu - (y + wide) * math.log(whole)
    steep = wide * (y - mu) / whole
    if any_above(y, FAR * mu):
        typed, near = with_typing_errors(y, other, wide_table, wide)
        other = where_above(y, FAR * mu, typed, other)
        steep *= where_above(y, FAR * mu, near, 1.0)
    gap = other - ll + log_odds
    odds = math.exp(-math.fabs(gap))
    near = 1.0 / (1.0 + odds)
    regular = where_above(gap, 0.0, odds * near, near)
    slope = regular * slope + (1.0 - regular) * steep
    return ll + where_above(gap, 0.0, gap, 0.0) + log_with_one(odds), slope, regular * d_kappa, regular


@compiled
def with_typing_errors(y: Any, other: Any, wide_table: Any, wide: float) -> tuple[Any, Any]:
    """Return the log density of an outlier that may be a slip of digits, and the share of the wide component.

    The wide component falls exponentially: a number a thousand times too high would drag the country
    along. One outlier in a thousand may be any number up to e^20, each power of ten alike, whatever the
    mean is. Log y! follows from the wide component's table of log gamma (y + wide) - log gamma (wide).
    """
    log_factorial = wide_table + math.lgamma(wide) + (1.0 - wide) * math.log(y + 0.5 * wide)
    gap = log_factorial - math.log(y + 1.0) + TYPED - other
    odds = math.exp(-math.fabs(gap))
    part = 1.0 / (1.0 + odds)
    return other + where_above(gap, 0.0, gap, 0.0) + log_with_one(odds), where_above(
        gap, 0.0, odds * part, part
    )


@compiled
def excess_of(y: Any, mu: Any, kappa: float) -> tuple[Any, Any, Any]:
    """Return the log of how much a quarter's first doses exceed their mean, as far as that is more than
    chance, and its slopes in log mu and in kappa.

    With a gamma factor that two counts share, the mean of the second given the first is multiplied by
    (kappa + y) / (kappa + mu); bounded, since a typing error says nothing of other doses.
    """
    bent = 1.0 - 2.0 / (math.exp(2.0 / MOST_EXCESS * math.log((kappa + y) / (kappa + mu))) + 1.0)
    slope, part = 1.0 - bent * bent, 1.0 / (kappa + mu)
    return MOST_EXCESS * bent, -slope * mu * part, slope * (1.0 / (kappa + y) - part)


@inlined
def routine_density(i: Any, recording: Any, at: Any, reports: Any, sums: Any, w: Any) -> tuple[Any, Any]:
    """Return the log density of an area's routine counts, and its slope in recording."""
    total, log_kappa = 0.0, math.log(at.scale[r.KAPPA1])
    for t in range(w.shape[1]):
        total += _first(i, t, log_kappa, at, reports, sums, w)
    value, d_recording = _thirds(i, recording, at, reports, sums, w)
    total += value
    for t in range(w.shape[1]):
        less = w[r.D_EXCESS, t] * w[r.EXCESS_MEAN, t]
        sums.scale[r.KAPPA1] += w[r.D_EXCESS, t] * w[r.EXCESS_KAPPA, t]
        sums.scale[r.COMPLETE] += less * pick2(reports.log_complete1, i, t)
        sums.timing[t] += less
        w[r.D_ETA1, t] += less * (1.0 - w[r.P, t])
        w[r.D_OFFSET, t] += less
    return total, d_recording


@inlined
def _first(i: Any, t: int, log_kappa: float, at: Any, reports: Any, sums: Any, w: Any) -> Any:
    """First doses of one quarter, and by how much they exceed their mean."""
    scale, y, seen = at.scale, pick2(reports.y1, i, t), pick2(reports.seen1, i, t)
    kappa, complete = scale[r.KAPPA1], pick2(reports.log_complete1, i, t)
    shift = scale[r.COMPLETE] * complete + at.timing[t]
    mu = w[r.DOSES, t] * math.exp(shift)
    ll, g, d_kappa, _ = count_density(
        y, w[r.OFFSET, t] + w[r.LOGP, t] + shift, mu, kappa, log_kappa,
        pick_of(at.kappa_table1, reports.slot1, i, t), pick_of(at.kappa_slope1, reports.slot1, i, t),
        pick2(reports.outlier1, i, t), reports.outlier_kappa, reports.log_outlier_kappa,
        reports.log_outlier_odds,
    )  # fmt: skip
    excess, by_mean, by_kappa = excess_of(y, mu, kappa)
    w[r.EXCESS, t], w[r.EXCESS_MEAN, t], w[r.EXCESS_KAPPA, t] = seen * excess, seen * by_mean, seen * by_kappa
    w[r.D_EXCESS, t] = 0.0
    g *= seen
    sums.scale[r.KAPPA1] += seen * d_kappa
    sums.scale[r.COMPLETE] += g * complete
    sums.timing[t] += g
    w[r.D_ETA1, t] += g * (1.0 - w[r.P, t])
    w[r.D_OFFSET, t] += g
    return seen * ll


@inlined
def _thirds(i: Any, recording: Any, at: Any, reports: Any, sums: Any, w: Any) -> tuple[Any, Any]:
    """Third doses of all quarters: what first doses exceed their mean by, they share. Slope in recording."""
    scale = at.scale
    kappa, late_share, shared = scale[r.KAPPA3], scale[r.KERNEL], scale[r.SHARED]
    log_kappa, slip = math.log(kappa), scale[r.RECORDING_SD] * recording
    total = d_recording = d_kappa = d_complete = d_kernel = d_shared = 0.0
    for t in range(reports.lag, w.shape[1]):
        seen, complete = pick2(reports.seen3, i, t), pick2(reports.log_complete3, i, t)
        due, soon = third_doses(t - reports.lag, w, late_share)
        shift = scale[r.COMPLETE] * complete + at.timing[t] + shared * w[r.EXCESS, t] + slip
        ll, g, d, _ = count_density(
            pick2(reports.y3, i, t), math.log(due) + shift, due * math.exp(shift), kappa, log_kappa,
            pick_of(at.kappa_table3, reports.slot3, i, t), pick_of(at.kappa_slope3, reports.slot3, i, t),
            pick2(reports.outlier3, i, t), reports.outlier_kappa, reports.log_outlier_kappa,
            reports.log_outlier_odds,
        )  # fmt: skip
        g *= seen
        total += seen * ll
        d_recording += g
        d_kappa += seen * d
        d_complete += g * complete
        sums.timing[t] += g
        d_shared += g * w[r.EXCESS, t]
        w[r.D_EXCESS, t] += g * shared
        _third_slopes(t - reports.lag, g, soon, w)
        if t > reports.lag:
            d_kernel += g * ((1.0 - soon) / late_share - soon / (1.0 - late_share))
    sums.scale[r.KAPPA3] += d_kappa
    sums.scale[r.COMPLETE] += d_complete
    sums.scale[r.KERNEL] += d_kernel
    sums.scale[r.SHARED] += d_shared
    sums.scale[r.RECORDING_SD] += d_recording * recording
    return total, d_recording * scale[r.RECORDING_SD]


@compiled
def third_doses(t: int, w: Any, late_share: float) -> tuple[Any, Any]:
    """Return the second doses due to be given when those of cohort t are, and the share of them of that cohort;
    the rest is of the cohort before."""
    own = w[r.GIVEN, t]
    if t == 0:
        return where_above(own, 1e-300, own, 1e-300), 1.0 + 0.0 * own
    own = (1.0 - late_share) * own
    due = own + late_share * w[r.GIVEN, t - 1]
    due = where_above(due, 1e-300, due, 1e-300)
    return due, own / due


@compiled
def _third_slopes(t: int, g: Any, soon: Any, w: Any) -> None:
    w[r.D_ETA1, t] += g * soon * (1.0 - w[r.P, t])
    w[r.D_ETA3, t] += g * soon * (1.0 - w[r.Q, t])
    w[r.D_OFFSET, t] += g * soon
    if t > 0:
        late = g * (1.0 - soon)
        w[r.D_ETA1, t - 1] += late * (1.0 - w[r.P, t - 1])
        w[r.D_ETA3, t - 1] += late * (1.0 - w[r.Q, t - 1])
        w[r.D_OFFSET, t - 1] += late
