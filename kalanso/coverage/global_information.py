"""How do the globals share in the information of the areas?

Slopes of covariates, trends, reporting and source biases act on an area exactly as its own level,
paths and dose level do; their rows of the precision follow from the areas' information by a linear
map D from globals to areas: D' A D, and A D for the cross block. Globals that act otherwise
(hyperparameters, seasons, biases of rounds) are probed by differences in `whitening`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_information import EDGE, Information
from kalanso.coverage.denominator_pieces import PRIOR_PRECISION
from kalanso.coverage.layout import ACTING
from kalanso.coverage.model import Model
from kalanso.coverage.records import Flags, Floats

FIELD_R = r.TIPS + 2


@dataclass(frozen=True, eq=False)
class Shifts:
    """What a change of globals does to areas: levels l1, l3, mean of reporting (N), paths (N,T), and how far
    the sources' population falls where the dose level is that of children alone (N)."""

    level1: Floats
    level3: Floats
    reporting: Floats
    path1: Floats
    path3: Floats
    population: Floats


@dataclass(frozen=True, eq=False)
class Column:
    """Precision between one global and the areas: paths (N,T), tips and fields (N,8), and the sources'
    population where the dose level is that of children alone (N)."""

    path1: Floats
    path3: Floats
    edge: Floats
    population: Floats


def acting(model: Model) -> Flags:
    """Return which globals act through levels, paths and reporting alone."""
    flags = np.zeros(model.layout.size, bool)
    for name in ACTING:
        flags[model.layout.blocks[name]] = True
    return flags


def source_weights(model: Model, gamma: Floats) -> Floats:
    """Return how far one unit of each bias lowers an area's population (N,B)."""
    d, b = model.design, model.layout.blocks
    precision = np.exp(-2 * gamma[b["source_sd"]]) * d.targets.seen
    share = precision / (precision.sum(axis=1, keepdims=True) + PRIOR_PRECISION)
    return np.asarray(share @ d.sources.mixing)


def shifts(model: Model, gamma: Floats, j: int, weights: Floats) -> Shifts:
    """Return what a unit change of global j does to the areas; `weights` as `source_weights`."""
    d, b = model.design, model.layout.blocks
    n, t = d.shape
    zero, still = np.zeros(n), np.zeros((n, t))
    if b["slopes1"].start <= j < b["slopes1"].stop:
        return Shifts(d.covariates[:, j - b["slopes1"].start], zero, zero, still, still, zero)
    if b["slopes3"].start <= j < b["slopes3"].stop:
        return Shifts(zero, d.covariates[:, j - b["slopes3"].start], zero, still, still, zero)
    for dose in ("1", "3"):
        if b[f"steps{dose}"].start <= j < b[f"steps{dose}"].stop:
            sd = np.exp(model.layout.at(gamma, f"trend_sd{dose}"))
            path = np.tile(sd * model.layout.walk[:, j - b[f"steps{dose}"].start], (n, 1))
            return (
                Shifts(zero, zero, zero, path, still, zero)
                if dose == "1"
                else Shifts(zero, zero, zero, still, path, zero)
            )
    if j == b["reporting"].start:
        return Shifts(zero, zero, np.ones(n), still, still, zero)
    if j == b["reporting"].start + 1:
        return Shifts(zero, zero, d.conflict, still, still, zero)
    if j == b["closed"].start:
        return Shifts(zero, zero, zero, d.closed, still, zero)
    # A higher bias lowers the population, which is as if reporting were lower.
    lower = weights[:, j - b["source_bias"].start]
    alone = d.targets.open == r.POPULATION
    return Shifts(zero, zero, np.where(alone, 0.0, -lower), still, still, np.where(alone, lower, 0.0))


def column(information: Information, shift: Shifts, field_sd: float) -> Column:
    """Return A D e_j: the areas' information applied to a shift.

    Reporting acts as its field does, divided by the field's standard deviation.
    """
    i = information
    edge = i.tips[:, :, r.LEVEL1] * shift.level1[:, None] + i.tips[:, :, r.LEVEL3] * shift.level3[:, None]
    edge = edge + i.tips[:, :, FIELD_R] * (shift.reporting / field_sd)[:, None]
    edge += i.sources * shift.population[:, None]
    edge += np.einsum("nta,nt->na", i.across[:, :, 0], shift.path1)
    edge += np.einsum("nta,nt->na", i.across[:, :, 1], shift.path3)
    paths = []
    for dose in (0, 1):
        path = i.across[:, :, dose, r.LEVEL1] * shift.level1[:, None]
        path = path + i.across[:, :, dose, r.LEVEL3] * shift.level3[:, None]
        path += i.across[:, :, dose, FIELD_R] * (shift.reporting / field_sd)[:, None]
        for other, moved in ((0, shift.path1), (1, shift.path3)):
            path += i.within[:, :, dose, other] * moved
            path[:, :-1] += i.onward[:, :-1, dose, other] * moved[:, 1:]
            path[:, 1:] += i.onward[:, :-1, other, dose] * moved[:, :-1]
        paths.append(path)
    moved = i.sources[:, r.LEVEL1] * shift.level1 + i.sources[:, r.DOSE] * shift.population
    return Column(paths[0], paths[1], edge, moved)


def gathered(model: Model, gamma: Floats, found: Column, weights: Floats, field_sd: float) -> Floats:
    """Return D' c: a column of the areas' precision as each acting global feels it (G; 0 for others)."""
    d, b = model.design, model.layout.blocks
    out = np.zeros(model.layout.size)
    reporting = found.edge[:, FIELD_R] / field_sd
    out[b["slopes1"]] = d.covariates.T @ found.edge[:, r.LEVEL1]
    out[b["slopes3"]] = d.covariates.T @ found.edge[:, r.LEVEL3]
    for dose, path in (("1", found.path1), ("3", found.path3)):
        sd = np.exp(model.layout.at(gamma, f"trend_sd{dose}"))
        out[b[f"steps{dose}"]] = sd * (model.layout.walk.T @ path.sum(axis=0))
    out[b["reporting"]] = reporting.sum(), reporting @ d.conflict
    out[b["closed"]] = (d.closed * found.path1).sum()
    alone = d.targets.open == r.POPULATION
    out[b["source_bias"]] = -(weights.T @ np.where(alone, 0.0, reporting))
    out[b["source_bias"]] += weights.T @ found.population
    return out


def bias_information(model: Model, gamma: Floats) -> Floats:
    """Return the information of sources on each other's biases (B,B), populations integrated out."""
    d, b = model.design, model.layout.blocks
    precision = np.exp(-2 * gamma[b["source_sd"]]) * d.targets.seen
    total = precision.sum(axis=1) + PRIOR_PRECISION
    inner = np.diag(precision.sum(axis=0)) - precision.T @ (precision / total[:, None])
    return np.asarray(d.sources.mixing.T @ inner @ d.sources.mixing)


__all__ = ["EDGE", "acting", "bias_information", "column", "gathered", "shifts", "source_weights"]
