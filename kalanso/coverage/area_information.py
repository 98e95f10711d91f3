"""How much does the evidence of each area fix its coordinates?

Expected (Gauss-Newton) information of reports, surveys and denominators in one area's coordinates:
the two paths, quarter after quarter, and eight tips (five levels, three fields). That part is
always positive. The curvature of the logistic is kept beside it: averaged over draws, the sum is the
precision of the best Gaussian (without it coverage is placed too low). Chance-free parts (priors) are
added by `add_prior`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_places import area_at, source_residuals
from kalanso.coverage.cohort_pieces import cohort_share
from kalanso.coverage.compiling import compiled, roomy
from kalanso.coverage.denominator_pieces import PRIOR_PRECISION, level_density
from kalanso.coverage.lot_pieces import decision_information
from kalanso.coverage.open_pieces import population_density
from kalanso.coverage.pieces import cluster_size_information
from kalanso.coverage.records import Floats
from kalanso.coverage.report_density import HIGHEST, count_density, excess_of, third_doses

EDGE = r.TIPS + r.FIELDS


class Information(NamedTuple):
    """Blocks of the areas' precision: paths within a quarter (N,T,2,2), with the next quarter
    (N,T,2,2), with tips (N,T,2,8), tips (N,8,8). Order of a pair: DTP1, DTP3.

    `curve` (N,T,2) and `curve_level` (N) are what the bends of the logistic add to the log odds of each
    quarter and to the level, of either sign; `merged` puts them into the blocks. `sources` (N,8) is what a
    shift of all sources does where the dose level is that of children alone.
    """

    within: Floats
    onward: Floats
    across: Floats
    tips: Floats
    curve: Floats
    curve_level: Floats
    sources: Floats

    @classmethod
    def zeros(cls, areas: int, quarters: int) -> Information:
        """Return no information."""
        n, t = areas, quarters
        return cls(
            np.zeros((n, t, 2, 2)),
            np.zeros((n, t, 2, 2)),
            np.zeros((n, t, 2, EDGE)),
            np.zeros((n, EDGE, EDGE)),
            np.zeros((n, t, 2)),
            np.zeros(n),
            np.zeros((n, EDGE)),
        )

    def merged(self, share: Floats) -> Information:
        """Return blocks in which a share (N) of the curvature is put in, and none left apart."""
        within, across, tips = self.within.copy(), self.across.copy(), self.tips.copy()
        for dose, level in ((0, r.LEVEL1), (1, r.LEVEL3)):
            value = share[:, None] * self.curve[:, :, dose]
            within[:, :, dose, dose] += value
            across[:, :, dose, level] += value
            tips[:, level, level] += value.sum(axis=1)
        tips[:, r.LEVEL1, r.LEVEL1] += share * self.curve_level
        return Information(
            within, self.onward, across, tips, np.zeros_like(self.curve), np.zeros_like(self.curve_level),
            self.sources,
        )  # fmt: skip

    def moved(self, tips: Floats, before: Floats, now: Floats) -> Information:
        """Return the same where more is told of tips (N,8,8), and the reporting's field has another scale."""
        there = self.tips + tips
        ratio = now[r.FIELDR] / before[r.FIELDR]
        there[:, r.TIPS + 2] *= ratio
        there[:, :, r.TIPS + 2] *= ratio
        return self._replace(tips=there)


@roomy
def add_information(
    weight: float, tips: Any, path1: Any, path3: Any, fields: Any, at: Any, hold: Any, reports: Any,
    clusters: Any, targets: Any, calendar: Any, into: Any, work: Any,
) -> None:  # fmt: skip
    """Add the expected information at one state, times `weight`, to `into` (Information)."""
    w = work.rows
    edge = np.zeros(EDGE)
    for i in range(tips.shape[0]):
        levels, level, s, growth, _ = area_at(i, tips, path1, path3, fields, at, hold, calendar, work)
        w[r.D_OFFSET, 0] = 0.0
        _of_reports(i, weight, level, levels[6], at, reports, calendar, into, w, edge)
        for j in range(clusters.start[i], clusters.start[i + 1]):
            _of_cluster(i, j, weight, at, clusters, into, w, edge)
        pull = w[r.D_OFFSET, 0]
        pull += _of_level(i, weight, level, s, growth, levels[4], at, targets, into, work, edge)
        into.curve_level[i] -= weight * pull * level * (1.0 - level)


@roomy
def add_told(
    weight: float, members: Any, told: Any, tips: Any, path1: Any, path3: Any, fields: Any, at: Any, hold: Any,
    calendar: Any, into: Any, work: Any,
) -> None:  # fmt: skip
    """Add what reports that are not the areas' own alone say of members (attendance_term.Told)."""
    w, scale = work.rows, at.scale
    edge = np.zeros(EDGE)
    for m in range(members.size):
        i = members[m]
        _, level, _, _, _ = area_at(i, tips, path1, path3, fields, at, hold, calendar, work)
        lean = 0.0
        for t in range(w.shape[1]):
            lean += (level - w[r.P, t]) / w.shape[1]
            edge[:] = 0.0
            _on_quarter(i, t, weight * told.first[m, t], 1.0 - w[r.P, t], 0.0, edge, into)
            edge[r.LEVEL3] = 1.0 - w[r.Q, t]
            edge[r.RECORDING] = scale[r.RECORDING_SD]
            _on_quarter(i, t, weight * told.third[m, t], 0.0, 1.0 - w[r.Q, t], edge, into)
            _outer(i, weight * told.third[m, t], edge, into)
        edge[:] = 0.0
        edge[r.LEVEL1], edge[r.DOSE] = lean, 1.0
        _outer(i, weight * told.elsewhere[m], edge, into)
        edge[r.LEVEL1], edge[r.DOSE] = lean * told.own[m], told.own[m]
        # A register's level less doses given: both its doses and its mean reporting lower what is left.
        edge[r.TIPS + 2] = scale[r.FIELDR]
        _outer(i, weight * told.register[m], edge, into)


@compiled
def _outer(i: int, value: float, edge: Any, into: Any) -> None:
    for a in range(EDGE):
        if edge[a] != 0.0:
            for b in range(EDGE):
                into.tips[i, a, b] += value * edge[a] * edge[b]


@compiled
def _on_quarter(i: int, t: int, value: float, one: float, three: float, edge: Any, into: Any) -> None:
    """Add value * j j' where j is (one, three) on the paths of quarter t; tips are added apart."""
    into.within[i, t, 0, 0] += value * one * one
    into.within[i, t, 0, 1] += value * one * three
    into.within[i, t, 1, 0] += value * one * three
    into.within[i, t, 1, 1] += value * three * three
    for a in range(EDGE):
        into.across[i, t, 0, a] += value * one * edge[a]
        into.across[i, t, 1, a] += value * three * edge[a]


@compiled
def _of_reports(
    i: int, weight: float, level: float, recording: float, at: Any, reports: Any, calendar: Any, into: Any,
    w: Any, edge: Any,
) -> None:  # fmt: skip
    scale = at.scale
    for t in range(w.shape[1]):
        w[r.EXCESS, t] = 0.0
        w[r.EXCESS_MEAN, t] = 0.0
        if reports.seen1[i, t]:
            _of_first(i, t, weight, level, at, reports, calendar, into, w, edge)
        if reports.seen3[i, t]:
            cohort = t - reports.lag
            due, soon = third_doses(cohort, w, scale[r.KERNEL])
            # Where the second dose comes later, what it shares with the quarter's first doses lies outside
            # the band of the precision, and is left to the sampler.
            follows = -scale[r.SHARED] * w[r.EXCESS_MEAN, t] if reports.lag == 0 else 0.0
            shift = scale[r.COMPLETE] * reports.log_complete3[i, t] + at.timing[t]
            shift += scale[r.SHARED] * w[r.EXCESS, t] + scale[r.RECORDING_SD] * recording
            h, g = count_information(
                reports.y3[i, t], math.log(due) + shift, scale[r.KAPPA3],
                at.kappa_table3[reports.slot3[i, t]], reports.outlier_table[reports.slot3[i, t]],
                reports.outlier_kappa, reports.log_outlier_odds,
            )  # fmt: skip
            _of_third(i, cohort, h * weight, soon, follows, level, scale, calendar, into, w, edge)
            w[r.D_OFFSET, 0] += g * (1.0 - follows)
            _bend_third(i, cohort, g * weight * soon, into, w)
            into.curve[i, t, 0] -= weight * g * follows * w[r.P, t] * (1.0 - w[r.P, t])
            if cohort > 0:
                _bend_third(i, cohort - 1, g * weight * (1.0 - soon), into, w)


@compiled
def _of_first(
    i: int, t: int, weight: float, level: float, at: Any, reports: Any, calendar: Any, into: Any, w: Any,
    edge: Any,
) -> None:  # fmt: skip
    scale = at.scale
    log_mu = w[r.OFFSET, t] + w[r.LOGP, t] + scale[r.COMPLETE] * reports.log_complete1[i, t] + at.timing[t]
    h, g = count_information(
        reports.y1[i, t], log_mu, scale[r.KAPPA1], at.kappa_table1[reports.slot1[i, t]],
        reports.outlier_table[reports.slot1[i, t]], reports.outlier_kappa, reports.log_outlier_odds,
    )  # fmt: skip
    w[r.EXCESS, t], w[r.EXCESS_MEAN, t], _ = excess_of(
        reports.y1[i, t], math.exp(min(log_mu, HIGHEST)), scale[r.KAPPA1]
    )
    h *= weight
    w[r.D_OFFSET, 0] += g
    into.curve[i, t, 0] += weight * g * w[r.P, t] * (1.0 - w[r.P, t])
    edge[:] = 0.0
    edge[r.LEVEL1] = level - w[r.P, t]
    edge[r.DOSE] = 1.0
    edge[r.GROWTH] = scale[r.GROWTH_SD] * calendar.years[t]
    _on_quarter(i, t, h, 1.0 - w[r.P, t], 0.0, edge, into)
    _outer(i, h, edge, into)


@compiled
def count_information(
    y: float, log_mu: float, kappa: float, table: float, wide_table: float, wide: float, log_odds: float
) -> tuple[float, float]:
    """Return the information of one count on its log mean, and its slope there."""
    mu = math.exp(min(log_mu, HIGHEST))
    _, slope, _, regular = count_density(
        y, log_mu, mu, kappa, math.log(kappa), table, 0.0, wide_table, wide, math.log(wide), log_odds
    )
    seen = kappa * mu * (y + kappa) / (kappa + mu) ** 2
    return regular * seen + (1.0 - regular) * wide * mu / (wide + mu), slope


@compiled
def _bend_third(i: int, t: int, g: float, into: Any, w: Any) -> None:
    into.curve[i, t, 0] += g * w[r.P, t] * (1.0 - w[r.P, t])
    into.curve[i, t, 1] += g * w[r.Q, t] * (1.0 - w[r.Q, t])


@compiled
def _of_third(
    i: int,
    t: int,
    h: float,
    soon: float,
    follows: float,
    level: float,
    scale: Any,
    calendar: Any,
    into: Any,
    w: Any,
    edge: Any,
) -> None:
    late = 1.0 - soon
    one, three = (soon - follows) * (1.0 - w[r.P, t]), soon * (1.0 - w[r.Q, t])
    before1 = before3 = 0.0
    years = (soon - follows) * calendar.years[t]
    if t > 0:
        before1, before3 = late * (1.0 - w[r.P, t - 1]), late * (1.0 - w[r.Q, t - 1])
        years += late * calendar.years[t - 1]
    edge[:] = 0.0
    edge[r.LEVEL1] = one + before1 - (1.0 - follows) * (1.0 - level)
    edge[r.LEVEL3] = three + before3
    edge[r.DOSE] = 1.0 - follows
    edge[r.GROWTH] = scale[r.GROWTH_SD] * years
    edge[r.RECORDING] = scale[r.RECORDING_SD]
    _on_quarter(i, t, h, one, three, edge, into)
    _outer(i, h, edge, into)
    if t > 0:
        _on_quarter(i, t - 1, h, before1, before3, edge, into)
        into.onward[i, t - 1, 0, 0] += h * before1 * one
        into.onward[i, t - 1, 0, 1] += h * before1 * three
        into.onward[i, t - 1, 1, 0] += h * before3 * one
        into.onward[i, t - 1, 1, 1] += h * before3 * three


@compiled
def _of_cluster(i: int, j: int, weight: float, at: Any, clusters: Any, into: Any, w: Any, edge: Any) -> None:
    scale = at.scale
    share, base = cohort_share(j, clusters, w)
    a = (1.0 - scale[r.CLUSTER]) / scale[r.CLUSTER]
    if clusters.decision[j] == 0:
        h = weight * cluster_size_information(share, clusters.children[j], a)
    else:
        within = min(max(share, 1e-4), 1.0 - 1e-4)
        h = weight * decision_information(clusters.vaccinated[j], clusters.children[j], within, a)
    if clusters.kind[j] != 1:
        h *= (1.0 - clusters.recalled[j] * (1.0 - scale[r.SENSITIVITY] + scale[r.FALSE_YES])) ** 2
    size = clusters.last[j] - clusters.first[j] + 1
    total = squares = 0.0
    for again in range(2):
        for t in range(clusters.first[j], clusters.last[j] + 1):
            one, three = _cohort_shares(clusters.kind[j], w[r.P, t], w[r.Q, t], size, base)
            if again == 0:
                total += one + three
                squares += (one + three) ** 2
                continue
            edge[:] = 0.0
            edge[r.LEVEL1], edge[r.LEVEL3] = one, three
            # A cohort's quarters are told apart here, so that the precision keeps its band; the area's
            # level is informed as by the whole cohort.
            share = h * total * total / max(squares, 1e-300)
            _on_quarter(i, t, share, one, three, edge, into)
            _outer(i, share, edge, into)


@compiled
def _cohort_shares(kind: int, p: float, q: float, size: int, base: float) -> tuple[float, float]:
    """Return the slopes of a cluster's share in one quarter's log odds of p and of q."""
    if kind == 0:
        return p * (1.0 - p) / size, 0.0
    if kind == 1:
        return 0.0, p * q * (1.0 - q) / (size * base)
    return p * (1.0 - p) * q / size, p * q * (1.0 - q) / size


@compiled
def _of_level(
    i: int, weight: float, level: float, s: float, growth: float, field: float, at: Any, targets: Any,
    into: Any, work: Any, edge: Any,
) -> float:  # fmt: skip
    size = targets.log_level.shape[1]
    residuals, present, rho, slopes = work.residuals, work.present, work.rho, work.slopes
    pulled = precision = 0.0
    source_residuals(i, growth, field, at, targets, residuals, present, rho)
    for k in range(size):
        if targets.seen[i, k]:
            pulled += at.source_precision[k] * targets.years[i, k]
            precision += at.source_precision[k]
        if targets.slope_seen[i, k]:
            into.tips[i, r.GROWTH, r.GROWTH] += weight * (at.scale[r.GROWTH_SD] / targets.slope_sd) ** 2
    alone = targets.open[i] == r.POPULATION
    if alone:
        population_density(
            s - targets.centre, residuals, at.source_precision, present, targets.wild_allowed, slopes, work.logs
        )  # fmt: skip
    else:
        level_density(
            s - targets.centre, residuals, at.source_precision, present, targets.wild_allowed, rho, slopes,
            work.logs,
        )  # fmt: skip
    edge[:] = 0.0
    edge[r.LEVEL1] = -(1.0 - level)
    edge[r.DOSE] = 1.0
    edge[r.GROWTH] = at.scale[r.GROWTH_SD] * pulled / (precision + PRIOR_PRECISION)
    if alone:
        for a in range(EDGE):
            into.sources[i, a] += weight * slopes[1] * edge[a]
    else:
        edge[r.TIPS + 2] = -at.scale[r.FIELDR]
    _outer(i, weight * slopes[1], edge, into)
    return slopes[0]


def add_prior(scale: Floats, into: Information) -> None:
    """Add the precision of the areas' own priors at the reference scales."""
    for place, (sd, corr) in enumerate(((scale[r.WALK1], scale[r.CORR1]), (scale[r.WALK3], scale[r.CORR3]))):
        unit = 1.0 / (sd * sd * (1.0 - corr * corr))
        inner = np.full(into.within.shape[1], unit * (1.0 + corr * corr))
        inner[[0, -1]] = unit if inner.size > 1 else 1.0 / (sd * sd)
        into.within[:, :, place, place] += inner
        into.onward[:, :-1, place, place] -= unit * corr
    one, three = np.zeros(EDGE), np.zeros(EDGE)
    one[[r.LEVEL1, r.TIPS]] = 1.0 / scale[r.LOCAL1], -scale[r.FIELD1] / scale[r.LOCAL1]
    three[[r.LEVEL1, r.LEVEL3, r.TIPS + 1]] = -scale[r.LOADING], 1.0, -scale[r.FIELD3]
    three /= scale[r.LOCAL3]
    into.tips[:] += np.outer(one, one) + np.outer(three, three)
    for place in (r.GROWTH, r.RECORDING):
        into.tips[:, place, place] += 1.0
