"""What do the surveys alone say of every area, helped by covariates and neighbours?

Direct estimates of surveyed areas on the logit scale, a Fay-Herriot model with a BYM2 map, the same
population for everyone: good small-area practice without routine data.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from kalanso.coverage.baselines.fay_herriot import AreaData, Indices, fit, predict
from kalanso.coverage.baselines.rows import INDICATORS, NoBaseline, Numbers, official_targets
from kalanso.coverage.evidence import Evidence
from kalanso.coverage.steps import DEFAULT
from kalanso.coverage.summaries import coverage_estimates
from kalanso.simulation.evidence_fields import Neighbourhood

DRAWS = 500
DESIGN_EFFECT = 1.5  # of some ten children of one cluster
FEWEST_PER_SLOPE = 5  # survey results
PULL = 4.0  # children of the national share added where the variance of an area is reckoned


def surveys_only(evidence: Evidence, rng: np.random.Generator, *, draws: int = DRAWS) -> pd.DataFrame:
    """Return the survey-only estimates in the columns of `coverage_estimates`.

    Raises NoBaseline without clusters, or without any population of the areas.
    """
    return coverage_estimates(surveys_only_draws(evidence, rng, draws=draws), evidence)


def surveys_only_draws(
    evidence: Evidence, rng: np.random.Generator, *, draws: int = DRAWS, quarters: Sequence[int] | None = None
) -> Any:
    """Return joint draws in the fields of a posterior that hold draws, areas and periods.

    `quarters` are the positions of those wanted (all). DTP3 is modelled among children with DTP1, so that
    it never exceeds it; `dtp3_coverage` is None where no clusters speak of it. Quarters between the middles
    of two rounds lie on the line between their levels, those outside take the nearest. Children due are
    those of the official population, its gaps filled by its median: they have no uncertainty.
    """
    wanted = list(range(len(evidence.periods)) if quarters is None else quarters)
    first = _drawn(evidence, _rounds(evidence, "dtp1"), rng, draws, wanted)
    try:
        stay = _drawn(evidence, _rounds(evidence, "dtp3"), rng, draws, wanted)
    except NoBaseline:
        stay = None
    due = official_targets(evidence)[:, wanted]
    due = np.where(np.isfinite(due), due, np.nanmedian(due))
    return SimpleNamespace(
        areas=list(evidence.areas),
        periods=[evidence.periods[at] for at in wanted],
        indicators=DEFAULT,
        dtp1_coverage=first.astype(np.float32),
        dtp3_coverage=None if stay is None else (first * stay).astype(np.float32),
        surviving_infants=np.broadcast_to(due.astype(np.float32), first.shape),
    )


def _rounds(evidence: Evidence, indicator: str) -> pd.DataFrame:
    """Return children and successes by area and round: vaccinated of all, or DTP3 of those with DTP1."""
    assert indicator in INDICATORS
    surveys = evidence.surveys
    surveys = surveys[surveys["place_code"].isin(evidence.area_index)]
    keys = ["survey", "start", "end", "place_code"]
    sums = surveys.groupby([*keys, "indicator"])[["vaccinated", "children"]].sum().reset_index()
    found = sums[sums["indicator"] == "dtp1"]
    if indicator == "dtp3":
        third = sums[sums["indicator"] == "dtp3"][[*keys, "vaccinated"]]
        found = found.merge(third, on=keys, suffixes=("_one", ""))
        found = found.assign(
            children=found["vaccinated_one"],
            vaccinated=np.minimum(found["vaccinated"], found["vaccinated_one"]),
        )
    found = found[found["children"] > 0].reset_index(drop=True)
    if found.empty:
        raise NoBaseline(f"surveys: expected clusters with {indicator}, got none; try another method")
    order = evidence.period_index
    return found.assign(
        area=found["place_code"].map(evidence.area_index),
        middle=(found["start"].map(order) + found["end"].map(order)) / 2,
    )


def _drawn(
    evidence: Evidence, rows: pd.DataFrame, rng: np.random.Generator, draws: int, quarters: list[int]
) -> Numbers:
    """Return joint draws (S, N, T) of the share of one step in some quarters."""
    rounds = np.sort(rows["middle"].unique())
    which = np.searchsorted(rounds, rows["middle"].to_numpy())
    count, children = rows["vaccinated"].to_numpy(float), rows["children"].to_numpy(float)
    national = np.bincount(which, count) / np.bincount(which, children)
    pulled = (count + PULL * national[which]) / (children + PULL)
    pulled = np.clip(pulled, 0.02, 0.98)
    area = rows["area"].to_numpy(int)
    covariates = _covariates(evidence, area)
    if len(rows) <= len(rounds):
        raise NoBaseline(f"surveys: expected more than {len(rounds)} areas with clusters, got {len(rows)}")
    data = AreaData(
        y=logit((count + 0.5) / (children + 1)),
        variances=DESIGN_EFFECT / (children * pulled * (1 - pulled)),
        design=np.column_stack([np.eye(len(rounds))[which], covariates[area]]),
        area=area,
        areas=len(evidence.areas),
        smooth=_smooth(evidence),
    )
    fitted = fit(data)
    at_first = np.column_stack([_eye(len(rounds), len(covariates)), covariates])
    level, covariance = predict(data, fitted, at_first)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    levels = fitted.slopes[: len(rounds)]
    drawn = level + (root @ rng.normal(size=(len(level), draws))).T
    course = np.interp(quarters, rounds, levels - levels[0])
    return np.asarray(expit(drawn[:, :, None] + course[None, None, :]))


def _eye(rounds: int, areas: int) -> Numbers:
    """Return the design of the first round for every area."""
    found = np.zeros((areas, rounds))
    found[:, 0] = 1.0
    return found


def _covariates(evidence: Evidence, surveyed: Indices) -> Numbers:
    """Return standardised covariates (N, P): those that vary, and vary apart, among surveyed areas.

    A flag of areas that no survey enters says nothing of its effect. Where there are too few results
    for slopes there are none.
    """
    names = evidence.covariate_names
    found = np.zeros((len(evidence.areas), 0))
    if not names or not len(evidence.covariates) or len(surveyed) < FEWEST_PER_SLOPE * (len(names) + 1):
        return found
    for column in evidence.covariates[names].to_numpy(float).T:
        spread = column[surveyed].std()
        if not spread > 0:
            continue
        more = np.column_stack([found, (column - column[surveyed].mean()) / spread])
        known = np.column_stack([np.ones(len(surveyed)), more[surveyed]])
        if np.linalg.matrix_rank(known, tol=1e-6 * len(known)) == known.shape[1]:
            found = more
    return found


def _smooth(evidence: Evidence) -> Numbers | None:
    """Return the covariance of the scaled intrinsic autoregression over the map; None without neighbours."""
    pairs = evidence.neighbours
    if pairs.empty:
        return None
    ends = np.column_stack(
        [pairs[name].map(evidence.area_index) for name in ("place_code", "neighbour_code")]
    )
    ends = ends[ends[:, 0] < ends[:, 1]].astype(np.int64)
    map_ = Neighbourhood(len(evidence.areas), ends)
    precision = np.zeros((len(evidence.areas),) * 2)
    precision[ends[:, 0], ends[:, 1]] = precision[ends[:, 1], ends[:, 0]] = -1.0
    np.fill_diagonal(precision, -precision.sum(axis=1))
    found = np.zeros_like(precision)
    for component in np.unique(map_.component):
        inside = np.flatnonzero(map_.component == component)
        block = np.ix_(inside, inside)
        centred = 1.0 / len(inside)
        found[block] = np.linalg.inv(precision[block] + centred) - centred if len(inside) > 1 else 1.0
        found[block] /= map_.scale[component]
    return found
