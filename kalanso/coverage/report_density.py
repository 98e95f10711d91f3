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
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.pieces import log_of_sum

# Log of a mean beyond which it is not computed: such states are refused by their density.
HIGHEST = 300.0
# Counts so many times above their mean may be slips of digits: a thousandth of outliers, spread over e^20.
FAR = 3.0
TYPED = math.log(1e-3 / 20.0)
# The largest log excess of one count that moves another.
MOST_EXCESS = 0.7


@compiled
def count_density(
    y: float, log_mu: float, mu: float, kappa: float, log_kappa: float, table: float, table_slope: float,
    wide_table: float, wide: float, log_wide: float, log_odds: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Return the log density of one count (negative binomial, up to -log y!, with a rare wide component
    and, far above the mean, typing errors), its slopes in log mu and kappa, and the share of the regular component."""
    log_sum = log_of_sum(log_mu, mu, kappa)
    excess = (y + kappa) / (kappa + mu)
    ll = table + kappa * log_kappa + y * log_mu - (y + kappa) * log_sum
    slope = kappa * (y - mu) / (kappa + mu)
    d_kappa = table_slope + log_kappa + 1.0 - log_sum - excess
    if log_odds == -np.inf:
        return ll, slope, d_kappa, 1.0
    other = wide_table + wide * log_wide + y * log_mu - (y + wide) * log_of_sum(log_mu, mu, wide)
    steep = wide * (y - mu) / (wide + mu)
    if y > FAR * mu:
        other, near = with_typing_errors(y, other, wide_table, wide)
        steep *= near
    gap = other - ll + log_odds
    if gap < -30.0:
        return ll, slope, d_kappa, 1.0
    if gap > 30.0:
        return other + log_odds, steep, 0.0, 0.0
    odds = math.exp(gap)
    regular = 1.0 / (1.0 + odds)
    slope = regular * slope + (1.0 - regular) * steep
    if odds < 1e-3:
        return ll + odds * (1.0 - odds * (0.5 - odds / 3.0)), slope, regular * d_kappa, regular
    return ll + math.log1p(odds), slope, regular * d_kappa, regular


@compiled
def with_typing_errors(y: float, other: float, wide_table: float, wide: float) -> tuple[float, float]:
    """Return the log density of an outlier that may be a slip of digits, and the share of the wide component.

    The wide component falls exponentially: a number a thousand times too high would drag the country
    along. One outlier in a thousand may be any number up to e^20, each power of ten alike, whatever the
    mean is. Log y! follows from the wide component's table of log gamma (y + wide) - log gamma (wide).
    """
    log_factorial = wide_table + math.lgamma(wide) + (1.0 - wide) * math.log(y + 0.5 * wide)
    gap = log_factorial - math.log(y + 1.0) + TYPED - other
    if gap > 30.0:
        return other + gap, 0.0
    odds = math.exp(gap)
    return other + math.log1p(odds), 1.0 / (1.0 + odds)


@compiled
def excess_of(y: float, mu: float, kappa: float) -> tuple[float, float, float]:
    """Return the log of how much a quarter's first doses exceed their mean, as far as that is more than
    chance, and its slopes in log mu and in kappa.

    With a gamma factor that two counts share, the mean of the second given the first is multiplied by
    (kappa + y) / (kappa + mu); bounded, since a typing error says nothing of other doses.
    """
    return excess_at(math.log((kappa + y) / (kappa + mu)), y, mu, kappa)


@compiled
def excess_at(log_ratio: float, y: float, mu: float, kappa: float) -> tuple[float, float, float]:
    """The same, where the log of (kappa + y) / (kappa + mu) is known."""
    bent = 1.0 - 2.0 / (math.exp(2.0 / MOST_EXCESS * log_ratio) + 1.0)
    slope = 1.0 - bent * bent
    return MOST_EXCESS * bent, -slope * mu / (kappa + mu), slope * (1.0 / (kappa + y) - 1.0 / (kappa + mu))


@inlined
def routine_density(i: int, recording: float, at: Any, reports: Any, out: Any, w: Any) -> tuple[float, float]:
    """Return the log density of an area's routine counts, and its slope in recording."""
    total, log_kappa = 0.0, math.log(at.scale[r.KAPPA1])
    for t in range(w.shape[1]):
        w[r.EXCESS, t] = 0.0
        w[r.EXCESS_MEAN, t] = 0.0
        w[r.EXCESS_KAPPA, t] = 0.0
        w[r.D_EXCESS, t] = 0.0
    for t in range(w.shape[1]):
        if reports.seen1[i, t]:
            total += _first(i, t, log_kappa, at, reports, out, w)
    value, d_recording = _thirds(i, at.scale[r.RECORDING_SD] * recording, recording, at, reports, out, w)
    total += value
    for t in range(w.shape[1]):
        less = w[r.D_EXCESS, t] * w[r.EXCESS_MEAN, t]
        if less != 0.0:
            out.scale[r.KAPPA1] += w[r.D_EXCESS, t] * w[r.EXCESS_KAPPA, t]
            out.scale[r.COMPLETE] += less * reports.log_complete1[i, t]
            out.timing[t] += less
            w[r.D_ETA1, t] += less * (1.0 - w[r.P, t])
            w[r.D_OFFSET, t] += less
    return total, d_recording


@inlined
def _first(i: int, t: int, log_kappa: float, at: Any, reports: Any, out: Any, w: Any) -> float:
    """First doses of one quarter."""
    scale, y = at.scale, reports.y1[i, t]
    kappa = scale[r.KAPPA1]
    j = reports.slot1[i, t]
    shift = scale[r.COMPLETE] * reports.log_complete1[i, t] + at.timing[t]
    mu = w[r.DOSES, t] if shift == 0.0 else w[r.DOSES, t] * math.exp(shift)
    log_mu = w[r.OFFSET, t] + w[r.LOGP, t] + shift
    ll, g, d_kappa, _ = count_density(
        y, log_mu, mu, kappa, log_kappa,
        at.kappa_table1[j], at.kappa_slope1[j], reports.outlier_table[j], reports.outlier_kappa,
        reports.log_outlier_kappa, reports.log_outlier_odds,
    )  # fmt: skip
    log_ratio = at.kappa_log1[j] - log_of_sum(log_mu, mu, kappa)
    w[r.EXCESS, t], w[r.EXCESS_MEAN, t], w[r.EXCESS_KAPPA, t] = excess_at(log_ratio, y, mu, kappa)
    out.scale[r.KAPPA1] += d_kappa
    out.scale[r.COMPLETE] += g * reports.log_complete1[i, t]
    out.timing[t] += g
    w[r.D_ETA1, t] += g * (1.0 - w[r.P, t])
    w[r.D_OFFSET, t] += g
    return ll


@inlined
def _thirds(
    i: int, slip: float, recording: float, at: Any, reports: Any, out: Any, w: Any
) -> tuple[float, float]:
    """Third doses of all quarters: what first doses exceed their mean by, they share. Slope in recording."""
    scale = at.scale
    kappa, late_share, shared = scale[r.KAPPA3], scale[r.KERNEL], scale[r.SHARED]
    log_kappa = math.log(kappa)
    total = d_recording = d_kappa = d_complete = d_kernel = d_shared = 0.0
    for t in range(w.shape[1]):
        if reports.seen3[i, t]:
            j = reports.slot3[i, t]
            due, soon = third_doses(t - reports.lag, w, late_share)
            shift = scale[r.COMPLETE] * reports.log_complete3[i, t] + at.timing[t] + shared * w[r.EXCESS, t]
            ll, g, d, _ = count_density(
                reports.y3[i, t], math.log(due) + slip + shift, due * math.exp(slip + shift), kappa, log_kappa,
                at.kappa_table3[j], at.kappa_slope3[j], reports.outlier_table[j], reports.outlier_kappa,
                reports.log_outlier_kappa, reports.log_outlier_odds,
            )  # fmt: skip
            total += ll
            d_recording += g
            d_kappa += d
            d_complete += g * reports.log_complete3[i, t]
            out.timing[t] += g
            d_shared += g * w[r.EXCESS, t]
            w[r.D_EXCESS, t] += g * shared
            _third_slopes(t - reports.lag, g, soon, w)
            if t > reports.lag:
                d_kernel += g * ((1.0 - soon) / late_share - soon / (1.0 - late_share))
    out.scale[r.KAPPA3] += d_kappa
    out.scale[r.COMPLETE] += d_complete
    out.scale[r.KERNEL] += d_kernel
    out.scale[r.SHARED] += d_shared
    out.scale[r.RECORDING_SD] += d_recording * recording
    return total, d_recording * scale[r.RECORDING_SD]


@compiled
def third_doses(t: int, w: Any, late_share: float) -> tuple[float, float]:
    """Return the second doses due to be given when those of cohort t are, and the share of them of that cohort;
    the rest is of the cohort before."""
    if t == 0:
        return max(w[r.GIVEN, 0], 1e-300), 1.0
    own = (1.0 - late_share) * w[r.GIVEN, t]
    due = max(own + late_share * w[r.GIVEN, t - 1], 1e-300)
    return due, own / due


@compiled
def _third_slopes(t: int, g: float, soon: float, w: Any) -> None:
    w[r.D_ETA1, t] += g * soon * (1.0 - w[r.P, t])
    w[r.D_ETA3, t] += g * soon * (1.0 - w[r.Q, t])
    w[r.D_OFFSET, t] += g * soon
    if t > 0:
        late = 1.0 - soon
        w[r.D_ETA1, t - 1] += g * late * (1.0 - w[r.P, t - 1])
        w[r.D_ETA3, t - 1] += g * late * (1.0 - w[r.Q, t - 1])
        w[r.D_OFFSET, t - 1] += g * late
