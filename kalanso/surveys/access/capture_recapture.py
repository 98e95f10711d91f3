"""How many children are there, when several lists each know some of them?

Two lists: Chapman. Three or more: log-linear Poisson models with dependence between pairs of lists, compared by AIC.
Matching the names of lists is done before; a child missed in matching makes the total too large.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln

from kalanso.surveys.access.counts import Count, Z
from kalanso.surveys.handed_in import SurveyRefused, among, numbers, unique, with_columns

Numbers = npt.NDArray[np.float64]
MOST_MODELS = 1024


def chapman(first: int, second: int, both: int) -> Count:
    """Return the number of children of whom one list has `first`, another `second`, and `both` are on the two.

    N = (n1 + 1)(n2 + 1) / (m + 1) - 1, variance (n1 + 1)(n2 + 1)(n1 - m)(n2 - m) / ((m + 1)^2 (m + 2)) (Chapman 1951,
    Seber 1970). The interval is log-normal on the children on no list (Chao 1987), so that it never lies below the
    number seen.
    """
    if not 0 <= both <= min(first, second) or first < 1 or second < 1:
        raise ValueError(
            f"expected children on both lists among those of each, got {first}, {second}, {both}"
        )
    total = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    return _count(total, variance, first + second - both)


def _count(total: float, variance: float, seen: float) -> Count:
    unseen = max(total - seen, 0.0)
    if unseen < 1e-9 or variance <= 0:
        return Count(method="capture_recapture", estimate=max(total, seen), standard_error=math.sqrt(max(variance, 0.0)), low=min(seen, total), high=max(total, seen))  # fmt: skip
    spread = math.exp(Z * math.sqrt(math.log1p(variance / unseen**2)))
    return Count(
        method="capture_recapture", estimate=total, standard_error=math.sqrt(variance), low=seen + unseen / spread,
        high=seen + unseen * spread,
    )  # fmt: skip


def log_linear(histories: pd.DataFrame, lists: Sequence[str]) -> pd.DataFrame:
    """Return every model of dependence between pairs of lists: its total, error, interval and AIC, best first.

    `histories` has a column of 0 and 1 for each list and `count`, the children with that history; histories that are
    absent have no children. Columns: model ("independent", or pairs such as "a*b + b*c"), parameters, deviance, df,
    aic, aic_weight, estimate, unseen, standard_error, low, high, usable. A model whose total runs away, as when two lists have
    no child in common, is kept and marked not usable (Fienberg 1972; variance n0 + n0^2 var(intercept), Rcapture).
    """
    y, seen_on = _cells(histories, lists)
    pairs = list(combinations(range(len(lists)), 2))
    rows = [_fitted(y, seen_on, chosen, lists) for chosen in _models(pairs)]
    table = pd.DataFrame(rows)
    usable = table["usable"].to_numpy(bool)
    if not usable.any():
        raise SurveyRefused("surveys.access.no_overlap", lists=", ".join(lists))
    relative = np.where(usable, np.exp(-0.5 * (table["aic"] - table.loc[usable, "aic"].min())), 0.0)
    table["aic_weight"] = relative / relative.sum()
    return table.sort_values(["usable", "aic", "model"], ascending=[False, True, True], ignore_index=True)


def _cells(histories: pd.DataFrame, lists: Sequence[str]) -> tuple[Numbers, Numbers]:
    if len(lists) < 3 or len(lists) > 5:
        raise ValueError(f"expected three to five lists, got {len(lists)}; for two use chapman")
    table = with_columns(histories, "histories", [*lists, "count"])
    for name in lists:
        among(table, "histories", name, [0, 1])
    unique(table, "histories", list(lists))
    table["count"] = numbers(table, "histories", "count")
    every = np.array(
        [[(at >> bit) & 1 for bit in range(len(lists))] for at in range(1, 2 ** len(lists))], float
    )
    known = {tuple(int(row[name]) for name in lists): float(row["count"]) for row in table.to_dict("records")}
    if known.get((0,) * len(lists), 0.0) > 0:
        raise SurveyRefused("surveys.access.history_of_none")
    y = np.array([known.get(tuple(int(one) for one in row), 0.0) for row in every])
    if y.sum() == 0:
        raise SurveyRefused("surveys.access.no_overlap", lists=", ".join(lists))
    return y, every


def _models(pairs: list[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    for size in range(len(pairs) + 1):
        yield from combinations(pairs, size)


def _fitted(
    y: Numbers, seen_on: Numbers, chosen: tuple[tuple[int, int], ...], lists: Sequence[str]
) -> dict[str, object]:
    x = np.column_stack([np.ones(len(y)), seen_on, *(seen_on[:, a] * seen_on[:, b] for a, b in chosen)])
    slope, covariance, settled = poisson_fit(x, y)
    fitted = np.exp(np.clip(x @ slope, -50, 50))
    logs = np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / fitted), 0.0)
    unseen = math.exp(min(float(slope[0]), 50.0))
    variance = unseen + unseen**2 * float(covariance[0, 0])
    usable = settled and math.isfinite(variance) and math.sqrt(variance) < 10 * (y.sum() + unseen)
    found = _count(float(y.sum()) + unseen, variance if usable else 0.0, float(y.sum()))
    return {
        "model": " + ".join(f"{lists[a]}*{lists[b]}" for a, b in chosen) or "independent",
        "parameters": x.shape[1],
        "deviance": float(2 * (logs - (y - fitted)).sum()),
        "df": len(y) - x.shape[1],
        "aic": float(-2 * (y * np.log(fitted) - fitted - gammaln(y + 1)).sum() + 2 * x.shape[1]),
        "estimate": found.estimate,
        "unseen": unseen,
        "standard_error": math.sqrt(variance) if usable else math.nan,
        "low": found.low if usable else math.nan,
        "high": found.high if usable else math.nan,
        "usable": usable,
    }


def poisson_fit(x: Numbers, y: Numbers, *, rounds: int = 200) -> tuple[Numbers, Numbers, bool]:
    """Return coefficients, their covariance and whether they settled, of a Poisson regression with log link.

    Iteratively reweighted least squares, halving a step that makes the deviance worse.
    """
    slope: Numbers = np.linalg.lstsq(x, np.log(y + 0.5), rcond=None)[0].astype(float)
    before = _loss(x, y, slope)
    settled = False
    for _ in range(rounds):
        fitted = np.exp(np.clip(x @ slope, -30, 30))
        information = x.T @ (x * fitted[:, None])
        step: Numbers = np.linalg.lstsq(information, x.T @ (y - fitted), rcond=None)[0].astype(float)
        size = 1.0
        while size > 1e-6 and _loss(x, y, slope + size * step) > before + 1e-12 * abs(before):
            size /= 2
        slope = slope + size * step
        now = _loss(x, y, slope)
        if float(np.abs(size * step).max()) < 1e-9:
            settled = True
            break
        before = now
    fitted = np.exp(np.clip(x @ slope, -30, 30))
    covariance: Numbers = np.linalg.pinv(x.T @ (x * fitted[:, None])).astype(float)
    return slope, covariance, settled


def _loss(x: Numbers, y: Numbers, slope: Numbers) -> float:
    linear = np.clip(x @ slope, -30, 30)
    return float((np.exp(linear) - y * linear).sum())


def chosen_count(models: pd.DataFrame, *, averaged: bool = True) -> Count:
    """Return the total of log-linear models: weighted by AIC, or of the best model alone.

    The average carries the spread between models in its variance (Buckland, Burnham and Augustin 1997), so that a
    choice made by the data is not sold as certain.
    """
    usable = models[models["usable"]]
    if not averaged:
        best = usable.iloc[0]
        return Count(
            method="capture_recapture", estimate=float(best["estimate"]), standard_error=float(best["standard_error"]),
            low=float(best["low"]), high=float(best["high"]),
        )  # fmt: skip
    weight = usable["aic_weight"].to_numpy(float)
    estimate = usable["estimate"].to_numpy(float)
    total = float(weight @ estimate)
    error = float(weight @ np.sqrt(usable["standard_error"].to_numpy(float) ** 2 + (estimate - total) ** 2))
    # every model reproduces the children seen: what differs is how many were not
    seen = float((usable["estimate"] - usable["unseen"]).iloc[0])
    return _count(total, error**2, seen)
