"""From which distributions is a country drawn whose evidence will be estimated, and what goes wrong there?

Every parameter of the truth and of the sources is a distribution, so that a proof of calibration can
draw countries from the prior of the estimator and, on purpose, from outside it (`STRESSES`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np

FIRST_PERIOD = "2022Q1"


@dataclass(frozen=True)
class Normal:
    """A normal distribution by mean and standard deviation."""

    mean: float
    sd: float

    def draw(self, rng: np.random.Generator) -> float:
        """Return one value."""
        return float(rng.normal(self.mean, self.sd))

    def wider(self, factor: float) -> Normal:
        """Return the distribution with its spread multiplied."""
        return Normal(self.mean, self.sd * factor)


@dataclass(frozen=True)
class Uniform:
    """A uniform distribution between two ends; widened, it stays inside `least` and `most`."""

    low: float
    high: float
    least: float = 1e-3
    most: float = np.inf

    def draw(self, rng: np.random.Generator) -> float:
        """Return one value."""
        return float(np.clip(rng.uniform(self.low, self.high), self.least, self.most))

    def wider(self, factor: float) -> Uniform:
        """Return the distribution stretched about its middle."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2 * factor
        return Uniform(middle - half, middle + half, self.least, self.most)


@dataclass(frozen=True)
class Share:
    """A beta distribution of a share between 0 and 1."""

    a: float
    b: float

    def draw(self, rng: np.random.Generator) -> float:
        """Return one value."""
        return float(rng.beta(self.a, self.b))

    def wider(self, factor: float) -> Share:
        """Return the distribution with both weights divided."""
        return Share(self.a / factor, self.b / factor)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of the target population: what is declared of it, and how its areas err.

    `bias_sd` is the declared standard deviation, in the middle of the series, of the error that all
    areas share on the log scale; `parent` the source whose totals it takes over with that error;
    `base_year` the year from which it projects. Its yearly growth is wrong by N(0, `drift_sd`) in all
    areas alike, and by N(0, `drift_area_sd`) in each.
    """

    name: str
    bias_sd: float
    area_error: Uniform
    parent: str = ""
    base_year: int | None = None
    drift_sd: float = 0.02
    drift_area_sd: float = 0.03
    anchor: bool = False
    covers_conflict: bool = True


SOURCES = (
    Source(
        name="census", bias_sd=0.04, area_error=Uniform(0.05, 0.15), base_year=2022, anchor=True,
        covers_conflict=False,
    ),
    Source(name="projection", bias_sd=0.15, area_error=Uniform(0.15, 0.40), base_year=2009),
    Source(name="worldpop", bias_sd=0.10, area_error=Uniform(0.15, 0.35), parent="projection"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CoverageSettings:
    """Distributions of coverage: DTP1 of children due, and DTP3 of children with DTP1."""

    intercept: Normal = Normal(1.2, 0.6)
    slope: Normal = Normal(0.0, 0.5)  # of each covariate
    level_sd: Uniform = Uniform(0.4, 1.1)
    level_spatial_share: Share = Share(2.0, 1.5)
    time_sd: Uniform = Uniform(0.03, 0.15)  # step of the random walk, a quarter
    interaction_sd: Uniform = Uniform(0.1, 0.4)  # of an area's own walk about its level
    interaction_persistence: Uniform = Uniform(0.4, 0.9, most=0.98)
    stay_intercept: Normal = Normal(2.0, 0.4)
    stay_slope: Normal = Normal(0.0, 0.3)
    stay_level_sd: Uniform = Uniform(0.2, 0.6)
    stay_level_spatial_share: Share = Share(2.0, 1.5)
    stay_follows_level: Normal = Normal(0.3, 0.2)  # a3: where DTP1 is low, more children drop out
    stay_time_sd: Uniform = Uniform(0.02, 0.1)
    stay_interaction_sd: Uniform = Uniform(0.05, 0.25)
    stay_interaction_persistence: Uniform = Uniform(0.4, 0.9, most=0.98)
    plausible: tuple[float, float] = (0.35, 0.97)  # national DTP1; other draws are drawn again


@dataclass(frozen=True, kw_only=True)
class PopulationSettings:
    """Distributions of the children due, and the sources that try to count them."""

    median_size: float = 130.0  # surviving infants of an area a quarter
    size_sd: float = 0.6
    growth: Normal = Normal(0.03, 0.015)  # of an area, a year
    season_sd: float = 0.03
    sources: tuple[Source, ...] = SOURCES
    year_noise_sd: float = 0.01  # of one year's figure about the source's own line
    error_degrees: float | None = None  # of Student's t of area errors; None is normal
    anchor_bias: float | None = None  # in declared standard deviations; None is drawn
    drift_since_base: bool = False  # wrong growth has added to the bias since the base year, undeclared
    declare_parents: bool = True


@dataclass(frozen=True, kw_only=True)
class ReportingSettings:
    """Distributions of routine reports: net over-reporting, scatter, reports that never came."""

    bias: Normal = Normal(0.03, 0.1)
    bias_area_sd: Uniform = Uniform(0.08, 0.25)
    bias_spatial_share: Uniform = Uniform(0.0, 0.6, least=0.0, most=1.0)
    third_dose_sd: float = 0.03
    scatter: Uniform = Uniform(10.0, 40.0, least=2.0)  # kappa of the negative binomial
    shared_scatter: Uniform = Uniform(0.0, 0.9, least=0.0, most=1.0)  # share that both doses have in common
    swing_sd: float = 0.0  # of an area's doses of both kinds, log scale, lasting (`swing_memory`)
    swing_memory: float = 0.6
    timing_sd: Uniform = Uniform(0.0, 0.05)  # of a quarter's doses everywhere: strikes, catching up
    completeness_power: Uniform = Uniform(0.8, 1.0, most=1.0)  # psi
    completeness: tuple[float, ...] = (0.8, 0.15, 0.05)  # chances of 3, 2 and 1 reports of 3
    missing: float = 0.07
    missing_in_conflict: float = 0.25  # more
    missing_follows_coverage: float = 0.0  # log odds of a missing cell per standard deviation of low DTP1
    conflict_bias: float = 0.0
    outliers: float = 0.0  # share of cells multiplied or divided by ten
    # Share of DTP3 doses given in the quarter after the one in which the child was due.
    delay: Uniform = Uniform(0.55, 0.8, least=0.0, most=1.0)
    attendance: float = 0.0  # share of the neighbours' children who go to the urban area beside them
    hubs: float = (
        0.0  # share of districts whose largest area attracts children of all its others, as evidence says
    )
    hub_share: Uniform = Uniform(0.15, 0.4, most=0.9)  # of these children, by hub
    hub_share_sd: float = 0.3  # by home about that of its hub, log odds


@dataclass(frozen=True, kw_only=True)
class SurveySettings:
    """Rounds of household surveys, and rarer evidence that is off unless asked for."""

    rounds: tuple[int, ...] = (2, 3)  # one of these
    clusters_per_area: float = 1.07  # over all rounds
    most_clusters: int = 750
    clusters: int | None = None  # a fixed number instead
    children: float = 10.0
    same_cluster: Uniform = Uniform(0.03, 0.1, most=0.5)  # intra-cluster correlation
    quarters: int = 4  # due quarters of the children asked
    recall: tuple[float, float] | None = None  # sensitivity and specificity
    by_region: bool = False  # direct estimates by region instead of clusters
    stock: bool = False
    recounts: float = 0.0  # share of cells recounted
    lots: float = 0.0  # lots per accessible area


@dataclass(frozen=True, kw_only=True)
class EvidenceSettings:
    """All distributions from which a country and its evidence are drawn."""

    first_period: str = FIRST_PERIOD
    conflict_share: float = 0.18
    urban_share: float = 0.2
    islands: int = 0  # areas without neighbours
    coverage: CoverageSettings = field(default_factory=CoverageSettings)
    population: PopulationSettings = field(default_factory=PopulationSettings)
    reporting: ReportingSettings = field(default_factory=ReportingSettings)
    surveys: SurveySettings = field(default_factory=SurveySettings)


def wider(settings: EvidenceSettings, factor: float) -> EvidenceSettings:
    """Return the settings with every distribution of a parameter spread out by a factor."""
    parts = {}
    for name in ("coverage", "population", "reporting", "surveys"):
        part = getattr(settings, name)
        changed = {
            one.name: getattr(part, one.name).wider(factor)
            for one in fields(part)
            if isinstance(getattr(part, one.name), (Normal, Uniform, Share))
        }
        parts[name] = replace(part, **changed)
    sources = tuple(
        replace(one, area_error=one.area_error.wider(factor)) for one in settings.population.sources
    )
    parts["population"] = replace(parts["population"], sources=sources)
    return replace(settings, **parts)


def _population(settings: EvidenceSettings, **changes: object) -> EvidenceSettings:
    return replace(settings, population=replace(settings.population, **changes))  # type: ignore[arg-type]


def _reporting(settings: EvidenceSettings, **changes: object) -> EvidenceSettings:
    return replace(settings, reporting=replace(settings.reporting, **changes))  # type: ignore[arg-type]


def _surveys(settings: EvidenceSettings, **changes: object) -> EvidenceSettings:
    return replace(settings, surveys=replace(settings.surveys, **changes))  # type: ignore[arg-type]


STRESSES: Mapping[str, Callable[[EvidenceSettings], EvidenceSettings]] = {
    "wrong_anchor": lambda one: _population(one, anchor_bias=2.5),
    "missing_not_at_random": lambda one: _reporting(one, missing_follows_coverage=1.5),
    "conflict_reporting": lambda one: _reporting(one, conflict_bias=0.2),
    "undeclared_parent": lambda one: _population(one, declare_parents=False),
    "drift_since_base": lambda one: _population(one, drift_since_base=True),
    "few_clusters": lambda one: _surveys(one, clusters=30),
    "no_survey": lambda one: _surveys(one, clusters=0),
    "wide_parameters": lambda one: wider(one, 1.5),
    "heavy_tails": lambda one: _population(one, error_degrees=4.0),
    "outliers": lambda one: _reporting(one, outliers=0.005),
    "swings": lambda one: _reporting(one, swing_sd=0.1),
    "attendance": lambda one: _reporting(one, attendance=0.15),
    "hubs": lambda one: _reporting(one, hubs=0.5),
}
