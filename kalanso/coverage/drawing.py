"""Which coverage, which children and which doses does one state of the country mean?

Turns a state of the sampler into what people read. The population, integrated out while sampling,
is drawn here from its exact distribution given the state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kalanso.coverage import records as r
from kalanso.coverage.area_density import paths_at, shares, standard_levels, third_doses
from kalanso.coverage.denominator_pieces import (
    WILD_SHARE,
    reporting_with_recount,
    source_component,
)
from kalanso.coverage.model import Model
from kalanso.coverage.pieces import compiled, share_of
from kalanso.coverage.records import Floats, Work


@dataclass(frozen=True, eq=False)
class Drawn:
    """One draw: coverage with DTP1 and DTP3, children due, expected reported doses (all N,T)."""

    dtp1: npt.NDArray[np.float32]
    dtp3: npt.NDArray[np.float32]
    infants: npt.NDArray[np.float32]
    doses1: npt.NDArray[np.float32]
    doses3: npt.NDArray[np.float32]


def draw_of(model: Model, x: Floats, rng: np.random.Generator) -> Drawn:
    """Return what a state means, with populations drawn given it."""
    d, state = model.design, model.state(x)
    n, t = d.shape
    at = model.layout.setting(state.gamma, model.frame)
    out = np.empty((5, n, t), np.float32)
    chance = np.column_stack([rng.random(n), rng.standard_normal(n)])
    _draw_areas(
        state.tips, state.path1, state.path3, d.field.centred(state.fields), at, model.frame.anchor, d.reports,
        d.targets, d.calendar, chance, Work.room(t, len(d.sources.names)), out,
    )  # fmt: skip
    return Drawn(*out)


@compiled
def _draw_areas(
    tips: Any, path1: Any, path3: Any, fields: Any, at: Any, anchor: Any, reports: Any, targets: Any,
    calendar: Any, chance: Any, work: Any, out: Any,
) -> None:  # fmt: skip
    w, scale = work.rows, at.scale
    for i in range(tips.shape[0]):
        levels = standard_levels(i, tips[i], fields[i], at, anchor)
        paths_at(i, path1[i], path3[i], at, anchor, w)
        l1, l3 = at.base1[i] + levels[2], at.base3[i] + levels[3]
        log_level, _ = share_of(l1)
        s = tips[i, r.DOSE] - log_level
        growth = scale[r.GROWTH_MEAN] + scale[r.GROWTH_SD] * tips[i, r.GROWTH]
        shares(i, l1, l3, s, growth, at, calendar, w)
        nu = _population(i, s, growth, levels[6], at, targets, work.sources, chance[i])
        for t in range(w.shape[1]):
            due, _ = third_doses(t, w, scale[r.KERNEL])
            late = scale[r.LATE] * calendar.newest[t]
            out[0, i, t] = w[r.P, t]
            out[1, i, t] = w[r.P, t] * w[r.Q, t]
            out[2, i, t] = math.exp(nu + at.season[t] + growth * calendar.years[t])
            out[3, i, t] = w[r.DOSES, t] * math.exp(scale[r.COMPLETE] * reports.log_complete1[i, t] + late)
            shift = scale[r.COMPLETE] * reports.log_complete3[i, t] + late
            out[4, i, t] = due * math.exp(shift + scale[r.RECORDING_SD] * tips[i, r.RECORDING])


@compiled
def _population(
    i: int, s: float, growth: float, field: float, at: Any, targets: Any, room: Any, chance: Any
) -> float:
    """Draw log population in the middle of the series, given the dose level s: first which source is
    wildly off, if any, then a normal."""
    size = targets.log_level.shape[1]
    residuals = room[0]
    for k in range(size):
        residuals[k] = targets.log_level[i, k] - targets.centre - at.source_bias[k]
        residuals[k] -= growth * targets.years[i, k]
    _, rho_mean, rho_variance = reporting_with_recount(
        at.reporting[i] + at.scale[r.FIELDR] * field, at.scale[r.LOCALR] ** 2, targets.recount[i],
        targets.recount_variance[i],
    )  # fmt: skip
    count = size + 1 if targets.wild_allowed else 1
    logs = np.full(count, -np.inf)
    for c in range(count):
        if c == 0 or targets.seen[i, c - 1]:
            evidence, mean, variance, _ = source_component(
                residuals[:size], at.source_precision, targets.seen[i], c - 1
            )
            gap = s - targets.centre - mean - rho_mean
            total = variance + rho_variance
            prior = math.log(WILD_SHARE) if c > 0 else math.log(1.0 - WILD_SHARE * size)
            logs[c] = evidence + prior - 0.5 * gap * gap / total - 0.5 * math.log(total)
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    chosen, passed = 0, weights[0]
    while chosen < count - 1 and chance[0] > passed:
        chosen += 1
        passed += weights[chosen]
    _, mean, variance, _ = source_component(
        residuals[:size], at.source_precision, targets.seen[i], chosen - 1
    )
    precision = 1.0 / variance + 1.0 / rho_variance
    centre = (mean / variance + (s - targets.centre - rho_mean) / rho_variance) / precision
    return targets.centre + centre + chance[1] / math.sqrt(precision)
