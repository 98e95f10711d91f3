"""What share of the children, of every domain, with which interval?

Many indicators times many domains at once. What the indicators are, and whether a cell may be shown, is
decided further up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from kalanso.surveys.estimation.design import Design, Mask, Numbers
from kalanso.surveys.estimation.intervals import effective_size, interval
from kalanso.surveys.estimation.linearization import (
    Totals,
    cluster_correlation,
    freedom,
    moving,
    ratio,
    residuals,
    totals_of_domains,
    variance,
)

ESTIMATE_COLUMNS = (
    "domain", "indicator", "estimate", "standard_error", "low", "high", "lower_bound", "upper_bound",
    "design_effect", "effective_children", "icc", "children", "weighted_children", "numerator",
    "denominator", "clusters", "strata", "lonely_strata", "degrees_of_freedom",
)  # fmt: skip


class IndicatorsRefused(ValueError):
    """Values that are no share: what was expected, what came."""


def shares(
    design: Design, answers: pd.DataFrame, domains: Mapping[str, Mask] | None = None, *,
    denominators: pd.DataFrame | None = None, method: str = "wilson", level: float = 0.95,
    lonely: str = "grand_mean",
) -> pd.DataFrame:  # fmt: skip
    """Return weighted shares with their design-based intervals, a row per domain and indicator.

    `answers` (n children x indicators) holds 0, 1 or missing: a child whose answer is missing stands outside
    of that indicator's denominator. With `denominators` of the same shape, each child brings that many
    visits or intervals, of which `answers` is the number found. `domains` are masks (n) by name; without
    any, all children. Shares run from 0 to 1; `low` and `high` bound the two-sided interval,
    `lower_bound` and `upper_bound` are one-sided, each of the same level. A domain keeps all clusters of
    the strata in which it has members; `lonely_strata` counts those with one cluster. Rows without a
    denominator have a missing estimate. Raises IndicatorsRefused where values are not counts of that kind.
    """
    top, bottom = _values(design, answers, denominators)
    chosen = dict(domains) if domains is not None else {"all": np.ones(design.children, dtype=bool)}
    for name, mask in chosen.items():
        if mask.shape != (design.children,):
            raise IndicatorsRefused(
                f"domain {name!r}: expected {design.children} answers, got a shape of {mask.shape}"
            )
    binary = ((bottom == 0) | (bottom == 1)).all(axis=0)
    frames = [
        _domain(design, name, sums, list(answers.columns), binary, method=method, level=level, lonely=lonely)
        for name, sums in totals_of_domains(design, top, bottom, chosen).items()
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(ESTIMATE_COLUMNS))


def _values(
    design: Design, answers: pd.DataFrame, denominators: pd.DataFrame | None
) -> tuple[Numbers, Numbers]:
    given = answers.to_numpy(dtype=float, na_value=np.nan)
    if given.shape[0] != design.children:
        raise IndicatorsRefused(f"expected {design.children} rows, as in the design, got {given.shape[0]}")
    known = ~np.isnan(given)
    if denominators is None:
        bottom = known.astype(float)
    else:
        if list(denominators.columns) != list(answers.columns) or len(denominators) != len(answers):
            raise IndicatorsRefused("denominators: expected the rows and columns of the answers")
        bottom = np.where(known, denominators.to_numpy(dtype=float, na_value=0.0), 0.0)
    top = np.where(known, given, 0.0)
    wrong = (top < 0) | (top > bottom) | ~np.isfinite(top) | ~np.isfinite(bottom)
    if wrong.any():
        row, column = (int(at[0]) for at in np.nonzero(wrong))
        raise IndicatorsRefused(
            f"row {row + 1}, {answers.columns[column]}: expected from 0 to {bottom[row, column]:g}, "
            f"got {given[row, column]:g}; is it in percent?"
        )
    return top, bottom


def _domain(
    design: Design, name: str, sums: Totals, indicators: Sequence[str], binary: Mask, *,
    method: str, level: float, lonely: str,
) -> pd.DataFrame:  # fmt: skip
    found = ratio(design, sums)
    error = np.sqrt(variance(design, found.scores, found.moving, lonely=lonely))
    asked = sums.plain_bottom.sum(axis=0)
    clusters = np.where(found.strata, design.clusters_per_stratum[:, None], 0).sum(axis=0)
    own = freedom(design, found.strata)
    alike = error <= 1e-14  # sums of scores that are zero but for rounding
    error = np.where(alike, 0.0, error)
    own = np.where(alike, asked - 1, own)
    ends = interval(found.estimate, error, asked, own, level=level, method=method)
    bounds = interval(found.estimate, error, asked, own, level=2 * level - 1, method=method)
    size = effective_size(found.estimate, error, asked, own, level=level)
    icc = np.where(binary, cluster_correlation(sums), np.nan)
    single = (design.clusters_per_stratum == 1)[:, None] & found.strata
    columns: dict[str, Any] = {
        "domain": name, "indicator": list(indicators), "estimate": found.estimate, "standard_error": error,
        "low": ends[0], "high": ends[1], "lower_bound": bounds[0], "upper_bound": bounds[1],
        "design_effect": size.design_effect, "effective_children": size.size, "icc": icc,
        "children": asked.astype(np.int64), "weighted_children": sums.bottom.sum(axis=0),
        "numerator": sums.plain_top.sum(axis=0), "denominator": asked, "clusters": clusters.astype(np.int64),
        "strata": found.strata.sum(axis=0), "lonely_strata": single.sum(axis=0), "degrees_of_freedom": own,
    }  # fmt: skip
    return pd.DataFrame(columns)[list(ESTIMATE_COLUMNS)]


def difference(
    design: Design, answers: pd.DataFrame, first: Mask, second: Mask, *, level: float = 0.95,
    lonely: str = "grand_mean",
) -> pd.DataFrame:  # fmt: skip
    """Return second minus first, indicator by indicator, with the interval of the difference.

    Columns: indicator, first, second, difference, standard_error, low, high, degrees_of_freedom, p_value.
    Both domains are linearized together, so that clusters which hold children of both lower or raise the error
    as they should; two rounds of different clusters are two sets of strata in one design. The interval is the
    plain one with t of the joint degrees of freedom; p asks whether the difference is 0.
    """
    top, bottom = _values(design, answers, None)
    sums = totals_of_domains(design, top, bottom, {"first": first, "second": second})
    one, two = ratio(design, sums["first"]), ratio(design, sums["second"])
    strata = one.strata | two.strata
    scores = two.scores - one.scores
    error = np.sqrt(variance(design, scores, one.moving | two.moving, lonely=lonely))
    own = freedom(design, strata)
    apart = two.estimate - one.estimate
    with np.errstate(divide="ignore", invalid="ignore"):
        t = stats.t.ppf((1 + level) / 2, own)
        p_value = 2 * stats.t.sf(np.abs(apart) / error, own)
    columns: dict[str, Any] = {
        "indicator": list(answers.columns), "first": one.estimate, "second": two.estimate, "difference": apart,
        "standard_error": error, "low": apart - t * error, "high": apart + t * error,
        "degrees_of_freedom": own, "p_value": p_value,
    }  # fmt: skip
    return pd.DataFrame(columns)


def quotient(
    design: Design, numerator: Numbers, denominator: Numbers, members: Mask | None = None, *,
    level: float = 0.95, lonely: str = "grand_mean",
) -> dict[str, float]:  # fmt: skip
    """Return the ratio of two weighted totals, such as doses per child, with its plain t interval.

    `numerator` and `denominator` (n) may be any finite numbers. Keys: estimate, standard_error, low, high,
    degrees_of_freedom.
    """
    chosen = np.ones(design.children, dtype=bool) if members is None else members
    top, bottom = (np.asarray(values, dtype=float)[:, None] for values in (numerator, denominator))
    if not (np.isfinite(top).all() and np.isfinite(bottom).all()):
        raise IndicatorsRefused("expected finite numbers; leave children without an answer out by `members`")
    sums = totals_of_domains(design, top, bottom, {"all": chosen})["all"]
    whole = float(sums.bottom.sum())
    if whole == 0:
        raise IndicatorsRefused("expected a denominator other than 0")
    estimate = float(sums.top.sum()) / whole
    plain = (sums.top - estimate * sums.bottom) / whole
    scores = residuals(design, sums, np.array([estimate]), plain)
    present = design.sums(np.ones((design.children, 1)), chosen) > 0
    strata = np.zeros((len(design.strata), 1), dtype=bool)
    strata[design.stratum_of_cluster[present[:, 0]]] = True
    error = float(np.sqrt(variance(design, scores, moving(design, strata), lonely=lonely))[0])
    own = float(freedom(design, strata)[0])
    half = float(stats.t.ppf((1 + level) / 2, own)) * error if own > 0 else float("nan")
    return {
        "estimate": estimate, "standard_error": error, "low": estimate - half, "high": estimate + half,
        "degrees_of_freedom": own,
    }  # fmt: skip
