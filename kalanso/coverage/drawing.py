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
from kalanso.coverage.area_places import area_at, source_residuals
from kalanso.coverage.attendance_term import Attendance
from kalanso.coverage.compiling import roomy
from kalanso.coverage.denominator_pieces import (
    component_logs,
    reporting_with_recount,
    source_component,
)
from kalanso.coverage.model import Model
from kalanso.coverage.open_pieces import open_reporting
from kalanso.coverage.records import Floats, Work
from kalanso.coverage.report_density import third_doses


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
        state.tips, state.path1, state.path3, d.field.centred(state.fields), state.further, at,
        model.frame.hold, d.reports, d.targets, d.calendar, chance, Work.room(t, len(d.sources.names), len(d.strata.names)), out,
    )  # fmt: skip
    for term in model.terms:
        if isinstance(term, Attendance):
            out[3, term.members], out[4, term.members] = term.reported(
                state.gamma, at, model.shares(state, at)
            )
    return Drawn(*out)


@roomy
def _draw_areas(
    tips: Any, path1: Any, path3: Any, fields: Any, further: Any, at: Any, hold: Any, reports: Any,
    targets: Any, calendar: Any, chance: Any, work: Any, out: Any,
) -> None:  # fmt: skip
    w, scale = work.rows, at.scale
    for i in range(tips.shape[0]):
        levels, _, s, growth, _ = area_at(i, tips, path1, path3, fields, at, hold, calendar, work)
        nu = _population(i, s, growth, levels[4], further, at, targets, work, chance[i])
        for t in range(w.shape[1]):
            due, _ = third_doses(max(t - reports.lag, 0), w, scale[r.KERNEL])
            out[0, i, t] = w[r.P, t]
            out[1, i, t] = w[r.P, t] * w[r.Q, t]
            out[2, i, t] = math.exp(nu + at.season[t] + growth * calendar.years[t])
            out[3, i, t] = w[r.DOSES, t] * math.exp(
                scale[r.COMPLETE] * reports.log_complete1[i, t] + at.timing[t]
            )
            shift = scale[r.COMPLETE] * reports.log_complete3[i, t] + at.timing[t]
            out[4, i, t] = due * math.exp(shift + scale[r.RECORDING_SD] * levels[6])


@roomy
def _population(
    i: int, s: float, growth: float, field: float, further: Any, at: Any, targets: Any, work: Any, chance: Any
) -> float:
    """Draw log population in the middle of the series, given the dose level s: first which source is
    wildly off, if any, then a normal. Where over-reporting is open, it is what over-reporting leaves."""
    residuals, present, rho, weights = work.residuals, work.present, work.rho, work.logs
    source_residuals(i, growth, field, at, targets, residuals, present, rho)
    if targets.open[i] == r.POPULATION:
        return s
    if targets.open[i] >= 0:
        value, _, _ = open_reporting(
            s - targets.centre, further[targets.open[i]], residuals, at.source_precision, present, rho
        )
        return s - value
    _, rho_mean, rho_variance = reporting_with_recount(rho[0], rho[1], rho[2], rho[3])
    gap = s - targets.centre - rho_mean
    count = at.source_precision.size + 1 if targets.wild_allowed else 1
    top = component_logs(
        gap, residuals, at.source_precision, present, rho_variance, targets.wild_allowed, weights
    )
    weights[:count] = np.exp(weights[:count] - top)
    weights[:count] /= weights[:count].sum()
    chosen, passed = 0, weights[0]
    while chosen < count - 1 and chance[0] > passed:
        chosen += 1
        passed += weights[chosen]
    _, mean, variance = source_component(residuals, at.source_precision, present, chosen - 1)
    precision = 1.0 / variance + 1.0 / rho_variance
    centre = (mean / variance + gap / rho_variance) / precision
    return targets.centre + centre + chance[1] / math.sqrt(precision)
