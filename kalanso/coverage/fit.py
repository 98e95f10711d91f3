"""Do the draws give back what was observed?

Fitted against observed coverage at surveyed cells, and posterior predictive checks by source and by
place: data are drawn anew from the model and compared with those that came. An estimate that cannot
give back the surveys it was fed is a fire alarm, whatever its intervals say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.aggregates import Numbers, PlaceTree, area_draws, indicators_of, place_tree
from kalanso.coverage.summaries import INTERVAL, quantiles
from kalanso.vocabulary import Message

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

FIT_COLUMNS = (
    "source", "kind", "indicator", "place_code", "cells",
    "observed", "fitted_mean", "replicated_q025", "replicated_q975", "p_value", "message", "params",
)  # fmt: skip
SURPRISING = 0.01  # two-sided p-value under which observed and replicated data are said to differ
GROWTH = 0.025  # yearly growth by which a population of another year is carried over
SHARED_SD = 0.03  # of the sum of areas against a total of one year (log)
POPULATION_SD = {True: 0.05, False: 0.18}  # of a total (log), anchors and others, where the source says none
MOST_DRAWS = 250  # drawn anew for doses: every cell of the country, so not for all draws
SAME_CLUSTER = 0.06  # correlation within clusters, where the draws do not say it
DOSE_SCATTER = ("scatter1", "scatter3")


def fit_table(posterior: Posterior, evidence: Evidence, rng: np.random.Generator) -> pd.DataFrame:
    """Return observed and replicated data of every source, for the country and the places below it.

    Surveys and published survey results: share vaccinated among the children asked, over the
    surveyed cells (`cells`) only. Doses: sum of the reported doses, and the share of cells outside
    their own 95 % prediction (kind `outside`, expected .05). Columns: FIT_COLUMNS. `p_value` is
    two-sided; since the model has seen the data, true values are nearer to 1 than chance alone
    would make them, so a small one weighs all the more.
    """
    tree = place_tree(posterior, evidence)
    rows = [
        *_survey_rows(posterior, evidence, tree, rng),
        *_published_rows(posterior, evidence, tree, rng),
        *_dose_rows(posterior, evidence, tree, rng),
        *_population_rows(posterior, evidence, tree, rng),
    ]
    return pd.DataFrame(rows, columns=list(FIT_COLUMNS))


def _regions(tree: PlaceTree) -> dict[str, Numbers]:
    """Return the country and the places just below it, each with a flag per area (1 inside)."""
    below = [at for at, depth in enumerate(tree.depths) if depth <= 1 and at >= tree.area_count]
    flags = tree.above.toarray()
    return {tree.codes[at]: flags[at - tree.area_count] for at in below} or {tree.codes[0]: np.ones(1)}


def _row(
    source: str,
    kind: str,
    indicator: str,
    place: str,
    cells: int,
    observed: float,
    fitted: Numbers,
    again: Numbers,
) -> dict[str, Any]:
    low, high = quantiles(again, INTERVAL)
    equal = np.isclose(again, observed)
    above = float((again > observed)[~equal].sum() + equal.sum() / 2) / len(again)
    p = min(1.0, 2 * min(above, 1 - above))
    word = "apart" if p < SURPRISING else "close"
    told = {
        "source": source, "place": place, "observed": observed, "fitted": float(fitted.mean()), "low": float(low),
        "high": float(high),
    }  # fmt: skip
    message = Message(f"coverage.fit.{kind}_{word}", told)
    return {
        "source": source, "kind": kind, "indicator": indicator, "place_code": place, "cells": cells,
        "observed": observed, "fitted_mean": float(fitted.mean()), "replicated_q025": float(low),
        "replicated_q975": float(high), "p_value": p, "message": message.id, "params": message.params_json(),
    }  # fmt: skip


def share_at(posterior: Posterior, evidence: Evidence, rows: pd.DataFrame, places: list[Any]) -> Numbers:
    """Return the coverage of each row's place over its quarters `start` to `end` (rows x draws).

    `places[row]` are positions of areas; children of the quarters count alike to their number.
    """
    found = np.empty((len(rows), len(posterior.dtp1_coverage)))
    at = evidence.period_index
    last = len(posterior.periods) - 1
    keys = rows[["indicator", "start", "end"]].reset_index(drop=True)
    for (indicator, start, end), group in keys.groupby(["indicator", "start", "end"], sort=False):
        quarters = range(min(at[str(start)], last), min(at[str(end)], last) + 1)
        surviving, vaccinated = area_draws(posterior, str(indicator), list(quarters))
        for row in group.index:
            inside = places[row]
            found[row] = vaccinated[inside].sum(axis=0) / surviving[inside].sum(axis=0)
    return found


def _known(rows: pd.DataFrame, posterior: Posterior) -> pd.DataFrame:
    return rows[rows["indicator"].isin(indicators_of(posterior))].reset_index(drop=True)


def told(posterior: Posterior, shares: Numbers, recalled: Numbers) -> Numbers:
    """Return the share that mothers and cards tell (rows x draws), given the true one.

    Where there is no card, a vaccinated child is told with the sensitivity of recall, and an
    unvaccinated one wrongly with the share `false_yes` (both from the draws, if they have them).
    """
    draws = shares.shape[1]
    right = np.broadcast_to(posterior.hyper.get("sensitivity", 1.0), (draws,))
    wrong = np.broadcast_to(posterior.hyper.get("false_yes", 0.0), (draws,))
    share = recalled[:, None]
    return (1 - share) * shares + share * (right * shares + wrong * (1 - shares))


def _survey_rows(
    posterior: Posterior, evidence: Evidence, tree: PlaceTree, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    rows = _known(evidence.surveys, posterior)
    rows = rows[rows["children"] > 0].reset_index(drop=True)
    if rows.empty:
        return
    area = rows["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
    recalled = np.clip(1 - rows["card_share"].fillna(1.0).to_numpy(dtype=float), 0, 1)
    shares = told(posterior, share_at(posterior, evidence, rows, [[at] for at in area]), recalled)
    again = replicated_clusters(posterior, shares, rows["children"].to_numpy(), rng)
    children, seen = rows["children"].to_numpy(dtype=float), rows["vaccinated"].to_numpy(dtype=float)
    for (survey, indicator), group in rows.groupby(["survey", "indicator"], sort=False):
        for place, flags in _regions(tree).items():
            inside = group.index[flags[area[group.index]] > 0]
            if len(inside):
                asked = children[inside].sum()
                yield _row(
                    str(survey), "survey", str(indicator), place, len(inside), seen[inside].sum() / asked,
                    (children[inside, None] * shares[inside]).sum(axis=0) / asked, again[inside].sum(axis=0) / asked,
                )  # fmt: skip


def replicated_clusters(
    posterior: Posterior, shares: Numbers, children: Numbers, rng: np.random.Generator
) -> Numbers:
    """Return vaccinated children of clusters drawn anew (rows x draws), beta-binomial."""
    correlation = np.broadcast_to(posterior.hyper.get("same_cluster", SAME_CLUSTER), (shares.shape[1],))
    size = 1 / np.clip(correlation, 1e-4, 0.99) - 1
    inside = np.clip(shares, 1e-6, 1 - 1e-6)
    return rng.binomial(
        children.astype(np.int64)[:, None], rng.beta(inside * size, (1 - inside) * size)
    ).astype(float)


def _published_rows(
    posterior: Posterior, evidence: Evidence, tree: PlaceTree, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    rows = _known(evidence.survey_areas, posterior)
    rows = rows[rows["place_code"].isin(tree.codes)].reset_index(drop=True)
    if rows.empty:
        return
    places = [tree.areas_under(code) for code in rows["place_code"]]
    shares = share_at(posterior, evidence, rows, places)
    bias = rows["bias_sd"].fillna(0.0).to_numpy(dtype=float)
    for at, row in enumerate(rows.to_dict("records")):
        inside = np.clip(shares[at], 1e-6, 1 - 1e-6)
        logit = np.log(inside / (1 - inside)) + bias[at] * rng.standard_normal(len(inside))
        moved = 1 / (1 + np.exp(-logit))
        again = np.clip(moved + row["standard_error"] * rng.standard_normal(len(inside)), 0, 1)
        yield _row(
            row["survey"], "survey", row["indicator"], row["place_code"], len(places[at]), row["coverage"], shares[at], again
        )  # fmt: skip


def _dose_rows(
    posterior: Posterior, evidence: Evidence, tree: PlaceTree, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    names = [f"{dose}_doses" for dose in posterior.indicators]
    for indicator, scatter in zip(names, DOSE_SCATTER, strict=True):
        expected = posterior.fitted.get(indicator)
        rows = evidence.doses[(evidence.doses["indicator"] == indicator) & evidence.doses["value"].notna()]
        if expected is None or rows.empty:
            continue
        area = rows["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
        quarter = rows["period"].map(evidence.period_index).to_numpy(dtype=np.intp)
        picked = np.linspace(0, len(expected) - 1, min(MOST_DRAWS, len(expected))).astype(int)
        fitted = np.asarray(expected)[picked[:, None], area, quarter].T.astype(np.float64)
        again = replicated_doses(fitted, _scatter_of(posterior, scatter, picked, len(expected)), rng)
        seen = rows["value"].to_numpy(dtype=float)
        bounds = quantiles(again, INTERVAL)
        outside = (seen < bounds[:, 0]) | (seen > bounds[:, 1])
        for place, flags in _regions(tree).items():
            inside = np.flatnonzero(flags[area] > 0)
            if len(inside):
                sums = fitted[inside].sum(axis=0), again[inside].sum(axis=0)
                yield _row("doses", "doses", indicator, place, len(inside), float(seen[inside].sum()), *sums)
                yield _row(
                    "doses", "outside", indicator, place, len(inside), float(outside[inside].mean()),
                    np.array([0.05]), _outside_again(again[inside], bounds[inside]),
                )  # fmt: skip


def _outside_again(again: Numbers, bounds: Numbers) -> Numbers:
    """Return in each draw the share of replicated cells outside their own interval."""
    return ((again < bounds[:, :1]) | (again > bounds[:, 1:])).mean(axis=0)


def _scatter_of(posterior: Posterior, name: str, picked: npt.NDArray[np.int_], count: int) -> Numbers:
    """Return the scatter of some of the first `count` draws; infinite (Poisson) where it is not known."""
    given = np.atleast_1d(np.asarray(posterior.hyper.get(name, np.inf), dtype=float))
    return given[picked] if len(given) >= count else np.full(len(picked), given.mean())


def replicated_doses(fitted: Numbers, scatter: Numbers, rng: np.random.Generator) -> Numbers:
    """Return reported doses drawn anew (cells x draws): negative binomial around the fitted ones.

    The variance is mu + mu^2 / scatter.
    """
    if not np.isfinite(scatter).all():
        return rng.poisson(fitted).astype(float)
    return rng.poisson(fitted * rng.gamma(scatter, 1 / scatter, fitted.shape)).astype(float)


def _population_rows(
    posterior: Posterior, evidence: Evidence, tree: PlaceTree, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    rows = evidence.denominators
    rows = rows[rows["place_code"].isin(evidence.area_index)]
    if rows.empty:
        return
    infants, years = infants_by_year(posterior)
    listed = evidence.denominator_sources.set_index("source")
    for source, group in rows.groupby("source", sort=False):
        year = group["period"].to_numpy(dtype=int)
        near = (
            np.isin(year, years)
            if np.isin(year, years).any()
            else np.abs(year - years[0]) == np.abs(year - years[0]).min()
        )
        group, year = group[near], year[near]
        area = group["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
        column = np.abs(year[:, None] - years[None, :]).argmin(axis=1)
        grown = np.exp(GROWTH * (year - years[column]))
        fitted = infants[column, area] * grown[:, None]
        anchor = bool(listed["anchor"].get(source, False))
        sd = float(listed["bias_sd"].get(source, np.nan))
        sd = sd if sd > 0 else POPULATION_SD[anchor]
        for place, flags in _regions(tree).items():
            inside = np.flatnonzero(flags[area] > 0)
            if len(inside):
                total = fitted[inside].sum(axis=0)
                again = total * np.exp(np.hypot(sd, SHARED_SD) * rng.standard_normal(len(total)))
                stated = float(group["surviving_infants"].to_numpy(dtype=float)[inside].sum())
                yield _row(str(source), "population", "", place, len(inside), stated, total, again)


def infants_by_year(posterior: Posterior) -> tuple[Numbers, npt.NDArray[np.int_]]:
    """Return surviving infants of each year (years x areas x draws), and the years.

    A year of which some quarters are estimated counts four times their mean.
    """
    year_of = np.array([int(code[:4]) for code in posterior.periods])
    years = np.unique(year_of)
    sums = [
        4
        / (year_of == year).sum()
        * area_draws(posterior, posterior.first, np.flatnonzero(year_of == year).tolist())[0]
        for year in years
    ]
    return np.stack(sums), years
