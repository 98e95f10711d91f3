"""Which numbers do all areas share, what is believed of them, and how do they reach an area?

The globals gamma stand in one vector of unbounded coordinates: slopes of covariates, trends, biases
of sources and rounds, and the hyperparameters on log or logit scales. `Layout` names their places,
turns them into a `Setting` for the compiled density, and carries its slopes back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.designing import Design
from kalanso.coverage.frame import Frame
from kalanso.coverage.pieces import gamma_table, share_of
from kalanso.coverage.priors import Prior, Priors, bounded
from kalanso.coverage.records import Flags, Floats, Setting, Slopes
from kalanso.coverage.scalars import OwnPriors, Scalars

# Name of the coordinate, place in `Setting.scale`, and how it is bounded.
SCALARS = (
    ("field1", r.FIELD1, "log"), ("local1", r.LOCAL1, "log"), ("path1", r.WALK1, "log"),
    ("memory1", r.CORR1, "tanh"), ("field3", r.FIELD3, "log"), ("local3", r.LOCAL3, "log"),
    ("path3", r.WALK3, "log"), ("memory3", r.CORR3, "tanh"), ("loading", r.LOADING, "plain"),
    ("field_reporting", r.FIELDR, "log"), ("local_reporting", r.LOCALR, "log"),
    ("scatter1", r.KAPPA1, "log"), ("scatter3", r.KAPPA3, "log"), ("same_cluster", r.CLUSTER, "logit"),
    ("growth", r.GROWTH_MEAN, "plain"), ("completeness", r.COMPLETE, "logit"), ("late", r.LATE, "plain"),
    ("late_share", r.KERNEL, "logit"), ("sensitivity", r.SENSITIVITY, "logit"),
    ("false_yes", r.FALSE_YES, "logit"), ("shared_scatter", r.SHARED, "logit"),
)  # fmt: skip
BOUNDED = {name: kind for name, _, kind in SCALARS}
PLACED = {name: place for name, place, _ in SCALARS}
# Pairs (field, local) whose prior is that of a total scale and a spatial share.
BLENDS = (
    ("field1", "local1", "coverage", "level_sd", "level_spatial_share"),
    ("field3", "local3", "continuation", "level_sd", "level_spatial_share"),
    ("field_reporting", "local_reporting", "reporting", "area_sd", "area_spatial_share"),
)
MEMORIES = ("memory1", "memory3")
# Coordinates with a prior of their own.
ALONE = (
    ("path1", "coverage", "path_sd"), ("path3", "continuation", "path_sd"),
    ("memory1", "coverage", "path_memory"), ("memory3", "continuation", "path_memory"),
    ("loading", "continuation", "follows_level"), ("scatter1", "reporting", "scatter"),
    ("scatter3", "reporting", "scatter"), ("same_cluster", "surveys", "same_cluster"),
    ("growth", "population", "growth"), ("completeness", "reporting", "completeness"),
    ("late", "reporting", "late"), ("late_share", "continuation", "late_share"),
    ("sensitivity", "surveys", "sensitivity"), ("false_yes", "surveys", "false_yes"),
    ("shared_scatter", "reporting", "shared_scatter"), ("timing_sd", "reporting", "timing_sd"), ("trend_sd1", "coverage", "trend_sd"), ("trend_sd3", "continuation", "trend_sd"),
)  # fmt: skip
# Globals that act on areas through their levels, paths and mean reporting alone.
ACTING = ("slopes1", "slopes3", "steps1", "steps3", "reporting", "source_bias", "closed")
# Coordinates with a prior of their own that are there only with the evidence that needs them.
RARE = (("stock_sd", "stock", "scatter"),)


def log_prior(prior: Prior, x: float) -> tuple[float, float]:
    """Return the log density of a coordinate and its slope.

    A `normal` prior is of the coordinate itself; `away` and `lognormal` are priors of exp(x), the
    Jacobian included.
    """
    if prior.kind == "normal":
        mean, sd = prior.numbers
        z = (x - mean) / sd
        return -0.5 * z * z, -z / sd
    if prior.kind == "lognormal":
        median, sd = prior.numbers
        z = (x - math.log(median)) / sd
        return -0.5 * z * z, -z / sd
    if prior.kind == "away":
        value = math.exp(x)
        return x - prior.numbers[0] * value, 1.0 - prior.numbers[0] * value
    raise ValueError(f"expected a normal, lognormal or away prior, got {prior.kind}")


def log_blend(scale: Prior, share: Prior, field: float, local: float) -> tuple[float, float, float]:
    """Return the log density of (log field sd, log local sd) and its slopes, given priors of the total
    scale sqrt(field^2 + local^2) and of the share field^2 / total^2 (BYM2, Riebler et al. 2016)."""
    log_share, share_value = share_of(2.0 * (field - local))
    log_rest, rest = share_of(2.0 * (local - field))
    # log total = field - log sqrt(share), which cannot overflow.
    density, d_log_total = log_prior(scale, field - 0.5 * log_share)
    one, two = share.numbers
    density += one * log_share + two * log_rest
    turn = 2.0 * (one * rest - two * share_value)
    return density, d_log_total * share_value + turn, d_log_total * rest - turn


@dataclass(frozen=True, eq=False)
class Layout:
    """Places of all globals, for one design and one file of priors."""

    design: Design
    priors: Priors

    @cached_property
    def held(self) -> dict[str, float]:
        """Scalars that the question fixes, in natural units: they have no place in gamma.

        Interaction of type I is a path without memory (`estimation` §2.1: D1 independent from quarter
        to quarter), type II one that remembers.
        """
        return dict.fromkeys(MEMORIES, 0.0) if self.design.question.interaction == "I" else {}

    @cached_property
    def blocks(self) -> dict[str, slice]:
        """The place of each block in gamma."""
        d = self.design
        _, quarters = d.shape
        columns = d.covariates.shape[1]
        k = len(d.sources.names)
        sizes = {
            "slopes1": columns, "slopes3": columns, "steps1": quarters - 1, "steps3": quarters - 1,
            "season": 3, "timing": quarters, "source_bias": len(d.sources.bias_names), "source_slope": k, "source_sd": k,
            "reporting": 2, "closed": 1, "survey_bias": len(d.survey_names),
            "strata1": d.strata.contrasts.shape[1], "strata3": d.strata.contrasts.shape[1],
            **{name: int(name not in self.held) for name, _, _ in SCALARS}, "trend_sd1": 1, "trend_sd3": 1,
            "timing_sd": 1, "wastage": int(bool(d.stock.places)), "stock_sd": int(bool(d.stock.places)),
            "attraction": len(d.attendance.attractions),
        }  # fmt: skip
        found, start = {}, 0
        for name, size in sizes.items():
            found[name] = slice(start, start + size)
            start += size
        return found

    @cached_property
    def size(self) -> int:
        """Number of globals."""
        return max(block.stop for block in self.blocks.values())

    @cached_property
    def names(self) -> list[str]:
        """One name per global."""
        found = []
        for name, block in self.blocks.items():
            size = block.stop - block.start
            found += [name] if size == 1 else [f"{name}[{j}]" for j in range(size)]
        return found

    @cached_property
    def hyper(self) -> Flags:
        """Which globals are hyperparameters (scales and shares), N(0,1)-free coordinates."""
        flags = np.zeros(self.size, bool)
        scales = ("trend_sd1", "trend_sd3", "timing_sd", "source_sd", "stock_sd")
        for name in (*(n for n, _, _ in SCALARS), *scales):
            flags[self.blocks[name]] = True
        return flags

    def at(self, gamma: Floats, name: str) -> float:
        """Return one scalar coordinate."""
        return float(gamma[self.blocks[name].start])

    @cached_property
    def gaussian(self) -> tuple[Floats, Floats]:
        """Means and precisions of the globals with normal priors; precision 0 for the others."""
        p, d = self.priors, self.design
        mean, sd = np.zeros(self.size), np.full(self.size, np.inf)
        for block, section in (("slopes1", "coverage"), ("slopes3", "continuation")):
            place = self.blocks[block]
            mean[place], sd[place] = 0.0, p(section, "slope").numbers[1]
            mean[place.start], sd[place.start] = self._prior(section, "intercept").numbers
        for block in ("steps1", "steps3", "season", "timing"):
            sd[self.blocks[block]] = 1.0
        mean[self.blocks["source_bias"]] = d.sources.bias_mean
        sd[self.blocks["source_bias"]] = d.sources.bias_sd
        sd[self.blocks["source_slope"]] = p.fixed("population", "growth_source_sd")
        place = self.blocks["reporting"].start
        mean[place], sd[place] = p("reporting", "mean").numbers
        shift, spread = p("reporting", "conflict").numbers
        mean[place + 1], sd[place + 1] = shift + d.question.conflict_reporting, spread
        mean[self.blocks["closed"]], sd[self.blocks["closed"]] = p("coverage", "closed").numbers
        sd[self.blocks["survey_bias"]] = d.survey_bias_sd
        mean[self.blocks["attraction"]], sd[self.blocks["attraction"]] = d.attendance.mean, d.attendance.sd
        sd[self.blocks["wastage"]] = p.fixed("stock", "shared_sd")
        for block, entry in (("strata1", "stratum"), ("strata3", "stratum_going_on")):
            mean[self.blocks[block]], sd[self.blocks[block]] = p("surveys", entry).numbers
        return mean, 1.0 / sd**2

    def _prior(self, section: str, entry: str) -> Prior:
        """Return the prior of an entry, that of the dose where it has one of its own."""
        asked = self.design.question
        return self.priors.of_dose(section, entry, asked.second if section == "continuation" else asked.first)

    @cached_property
    def _alone(self) -> list[tuple[str, str, str]]:
        there = self.blocks
        return [one for one in (*ALONE, *RARE) if there[one[0]].stop > there[one[0]].start]

    def natural(self, gamma: Floats, name: str) -> float:
        """Return a scalar in natural units, held or not."""
        if name in self.held:
            return self.held[name]
        return bounded(BOUNDED[name], self.at(gamma, name))[0]

    @cached_property
    def start(self) -> Floats:
        """A plausible point: prior means, and middles of scales."""
        gamma = self.gaussian[0].copy()
        for name, section, entry in self._alone:
            prior = self._prior(section, entry)
            gamma[self.blocks[name]] = prior.numbers[0] if prior.kind == "normal" else math.log(prior.value)
        for field, local, section, scale, _ in BLENDS:
            middle = self._prior(section, scale).value
            gamma[self.blocks[field]] = gamma[self.blocks[local]] = math.log(middle * math.sqrt(0.5))
        gamma[self.blocks["source_sd"]] = math.log(self.priors("population", "source_sd").value)
        if (told := self.design.question.recall_error) is not None:
            gamma[self.blocks["sensitivity"]] = _logit(told.sensitivity)
            gamma[self.blocks["false_yes"]] = _logit(1.0 - told.specificity)
        return gamma

    def natural_slope(self, gamma: Floats, name: str) -> float:
        """Return the slope of a scalar's natural value in its coordinate."""
        return bounded(BOUNDED[name], self.at(gamma, name))[1]

    def density(self, gamma: Floats) -> tuple[float, Floats]:
        """Return the log prior of all globals and its slope."""
        mean, precision = self.gaussian
        off = gamma - mean
        slope = -precision * off
        total = 0.5 * float(off @ slope)
        total += self._own.density(gamma, slope)
        for i, j, scale, share in self._blended:
            value, d_i, d_j = log_blend(scale, share, gamma[i], gamma[j])
            total += value
            slope[i] += d_i
            slope[j] += d_j
        return total, slope

    @cached_property
    def _own(self) -> OwnPriors:
        """The priors of globals that have one of their own."""
        sources, of_sources = self.blocks["source_sd"], self.priors("population", "source_sd")
        alone = [(self.blocks[name].start, self._own_prior(name, *entry)) for name, *entry in self._alone]
        return OwnPriors.of([*alone, *((place, of_sources) for place in range(sources.start, sources.stop))])

    @cached_property
    def _scalars(self) -> Scalars:
        return Scalars.of(
            SCALARS, {name: self.blocks[name].start for name, *_ in SCALARS if name not in self.held}
        )

    @cached_property
    def _blended(self) -> list[tuple[int, int, Prior, Prior]]:
        """Places of a field's spread and of the areas' own, priors of the whole and of the share."""
        return [
            (
                self.blocks[field].start,
                self.blocks[local].start,
                self._prior(section, scale),
                self._prior(section, share),
            )
            for field, local, section, scale, share in BLENDS
        ]

    @cached_property
    def _season_sd(self) -> float:
        return self.priors.fixed("population", "season_sd")

    @cached_property
    def _fixed_scales(self) -> tuple[float, float]:
        """Spreads of growth and of recording, which no data change."""
        growth = self.priors.fixed("population", "growth_area_sd")
        return growth, self._prior("continuation", "recording_sd").value

    def _own_prior(self, name: str, section: str, entry: str) -> Prior:
        """Recall that the question fixes is held by a tight prior."""
        told = self.design.question.recall_error
        if told is not None and name in ("sensitivity", "false_yes"):
            share = told.sensitivity if name == "sensitivity" else 1.0 - told.specificity
            return Prior("normal", (_logit(share), 0.05), "stated by the question")
        return self._prior(section, entry)

    def scales(self, gamma: Floats) -> Floats:
        """Return the hyperparameters in natural units, in the places of `records`."""
        scale = np.zeros(r.SCALES)
        scale[self._scalars.into] = self._scalars.natural(gamma)
        for name, value in self.held.items():
            scale[PLACED[name]] = value
        scale[r.GROWTH_SD], scale[r.RECORDING_SD] = self._fixed_scales
        return scale

    @cached_property
    def walk(self) -> Floats:
        """Carries standard normal steps (T-1) to a random walk that sums to zero (T)."""
        quarters = self.design.shape[1]
        walk = np.tril(np.ones((quarters, max(quarters - 1, 0))), -1)
        return walk - walk.mean(axis=0)

    def _timing(self, gamma: Floats) -> Floats:
        """Return by how much reported doses of each quarter are moved everywhere (T), in sum by nothing."""
        steps = gamma[self.blocks["timing"]]
        return np.asarray(math.exp(self.at(gamma, "timing_sd")) * (steps - steps.mean()))

    def timing_slope(self, gamma: Floats, moved: Floats) -> Floats:
        """Carry slopes in what moves all reports of a quarter (T) back to gamma, late reports included."""
        slope, b = np.zeros(self.size), self.blocks
        slope[b["timing"]] = math.exp(self.at(gamma, "timing_sd")) * (moved - moved.mean())
        slope[b["timing_sd"]] = moved @ self._timing(gamma)
        slope[b["late"]] = moved @ self.design.calendar.newest
        return slope

    def setting(self, gamma: Floats, frame: Frame) -> Setting:
        """Return what gamma says to each area, in the coordinates of a frame."""
        d, b = self.design, self.blocks
        scale = self.scales(gamma)
        counts = d.reports.counts
        tables = [np.empty(counts.size) for _ in range(4)]
        gamma_table(counts, scale[r.KAPPA1], tables[0], tables[1])
        gamma_table(counts, scale[r.KAPPA3], tables[2], tables[3])
        mean, conflict = gamma[b["reporting"]]
        season = self._season_sd * (d.season @ gamma[b["season"]])
        return Setting(
            base1=d.covariates @ gamma[b["slopes1"]],
            base3=d.covariates @ gamma[b["slopes3"]],
            access=d.closed * gamma[b["closed"]],
            trend1=math.exp(self.at(gamma, "trend_sd1")) * (self.walk @ gamma[b["steps1"]]),
            trend3=math.exp(self.at(gamma, "trend_sd3")) * (self.walk @ gamma[b["steps3"]]),
            season=season,
            season_factor=np.exp(season),
            timing=self._timing(gamma) + scale[r.LATE] * d.calendar.newest,
            reporting=mean + conflict * d.conflict,
            source_bias=d.sources.mixing @ gamma[b["source_bias"]],
            source_precision=np.exp(-2 * gamma[b["source_sd"]]),
            source_slope=np.ascontiguousarray(gamma[b["source_slope"]]),
            survey_bias=np.ascontiguousarray(gamma[b["survey_bias"]]),
            stratum1=d.strata.contrasts @ gamma[b["strata1"]],
            stratum3=d.strata.contrasts @ gamma[b["strata3"]],
            kappa_table1=tables[0], kappa_slope1=tables[1],
            kappa_table3=tables[2], kappa_slope3=tables[3],
            scale=scale,
            bend=frame.bend(scale),
        )  # fmt: skip

    def slope(self, gamma: Floats, at: Setting, out: Slopes, frame: Frame) -> Floats:
        """Carry the density's slopes in a setting back to gamma."""
        d, b = self.design, self.blocks
        slope = np.zeros(self.size)
        slope[b["slopes1"]] = d.covariates.T @ out.base1
        slope[b["slopes3"]] = d.covariates.T @ out.base3
        slope[b["closed"]] = (d.closed * out.access).sum() if d.closed.any() else 0.0
        for dose, out_trend, trend in (("1", out.trend1, at.trend1), ("3", out.trend3, at.trend3)):
            sd = math.exp(self.at(gamma, f"trend_sd{dose}"))
            slope[b[f"steps{dose}"]] = sd * (self.walk.T @ out_trend)
            slope[b[f"trend_sd{dose}"]] = out_trend @ trend
        slope[b["season"]] = self._season_sd * (d.season.T @ out.season)
        moved = out.timing - out.timing.mean()
        slope[b["timing"]] = math.exp(self.at(gamma, "timing_sd")) * moved
        slope[b["timing_sd"]] = out.timing @ self._timing(gamma)
        out.scale[r.LATE] += out.timing @ d.calendar.newest
        slope[b["reporting"]] = out.reporting.sum(), out.reporting @ d.conflict
        slope[b["source_bias"]] = d.sources.mixing.T @ out.source_bias
        slope[b["source_sd"]] = out.source_precision * -2.0 * at.source_precision
        slope[b["source_slope"]] = out.source_slope
        slope[b["survey_bias"]] = out.survey_bias
        slope[b["strata1"]] = d.strata.contrasts.T @ out.stratum1
        slope[b["strata3"]] = d.strata.contrasts.T @ out.stratum3
        out.scale[:] += frame.slope(at.scale, at.bend, out.bend)
        scalars = self._scalars
        slope[scalars.at] = out.scale[scalars.into] * scalars.slope(at.scale[scalars.into])
        return slope


def _logit(share: float) -> float:
    share = min(max(share, 1e-4), 1 - 1e-4)
    return math.log(share / (1 - share))
