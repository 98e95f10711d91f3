"""Where would one more survey cluster narrow the answer most?

Before a cluster is interviewed nobody knows what it will find; on average over what it may find, it
takes away a share of the variance of the missed children of a district or of the country. With a
linear update that share is the squared correlation between the answer and what the cluster would
measure, over the joint draws; `expected_variance` reckons it without that shortcut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaln, gammaln

from kalanso.vocabulary import Message

Numbers = npt.NDArray[np.float64]
SITE_COLUMNS = (
    "place_code", "district_code", "sd_now", "sd_after", "variance_removed", "standard_error", "clear",
    "district_variance_removed", "message", "params",
)  # fmt: skip


def survey_value(
    target: Numbers, coverage: Numbers, areas: Sequence[str], districts: Sequence[str], *, children: int,
    cluster_correlation: float, effective_draws: float | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return how much of the variance of an answer one cluster in each area would take away.

    `target` (draws) is the answer, such as the missed children of the country; `coverage` (areas x
    draws) of the children who would be asked, `children` of them in a cluster whose answers have the
    correlation `cluster_correlation`. `variance_removed` is a share, corrected for the correlation
    that draws show by chance; `standard_error` comes from the number of effective draws, and `clear`
    says whether the share exceeds twice that error: where it does not, the areas cannot be told
    apart, and `district_variance_removed` (a cluster in an area of the district taken by chance) is
    the better guide. Most is first.
    """
    _check(target, coverage, areas, districts, children, cluster_correlation)
    count = effective_draws or len(target)
    spread = coverage.var(axis=1, ddof=1)
    # where coverage is surely 0 or 1 a cluster has nothing to see
    seen = np.maximum(spread + _noise(coverage, children, cluster_correlation), np.finfo(float).tiny)
    shared = (coverage - coverage.mean(axis=1, keepdims=True)) @ (target - target.mean()) / (len(target) - 1)
    variance = float(target.var(ddof=1))
    plain = shared**2 / (seen * variance)
    # a correlation of zero shows a square of 1 / (n - 1) by chance; what the cluster cannot see has none
    chance = (1 - plain) / (count - 2) * spread / seen
    removed = np.clip(plain - chance, 0, 1)
    error = 2 * np.sqrt(np.maximum(plain, 1 / count) * (1 - plain) / count) * np.sqrt(spread / seen)
    table = pd.DataFrame(
        {"place_code": list(areas), "district_code": list(districts), "sd_now": np.sqrt(variance)}
    )
    table["variance_removed"], table["standard_error"] = removed, error
    table["sd_after"] = np.sqrt(variance * (1 - removed))
    table["clear"] = removed > 2 * error
    table["district_variance_removed"] = table.groupby("district_code")["variance_removed"].transform("mean")
    said = [_sentence(row) for row in table.to_dict("records")]
    table["message"], table["params"] = [one.id for one in said], [one.params_json() for one in said]
    order = ["variance_removed", "place_code"]
    return table.sort_values(order, ascending=[False, True], ignore_index=True)[list(SITE_COLUMNS)]


def _sentence(row: Mapping[Any, Any]) -> Message:
    kind = "clear" if row["clear"] else "unclear"
    told = {"place": row["place_code"], "district": row["district_code"], "share": row["variance_removed"]}
    return Message(f"planning.site.{kind}", told)


def _check(
    target: Numbers, coverage: Numbers, areas: Sequence[str], districts: Sequence[str], children: int,
    cluster_correlation: float,
) -> None:  # fmt: skip
    if coverage.shape != (len(areas), len(target)) or len(districts) != len(areas):
        raise ValueError(
            f"expected coverage of {len(areas)} areas x {len(target)} draws, got {coverage.shape}, "
            f"and {len(districts)} districts"
        )
    if len(target) < 10:
        raise ValueError(f"expected at least 10 draws, got {len(target)}: a correlation needs many")
    if children < 1 or not 0 <= cluster_correlation < 1:
        raise ValueError(
            "expected at least one child and a correlation from 0 to 1, "
            f"got {children} and {cluster_correlation}"
        )
    if not (np.isfinite(target).all() and (coverage >= 0).all() and (coverage <= 1).all()):
        raise ValueError("expected finite answers and coverage as shares from 0 to 1")
    if not target.var() > 0:
        raise ValueError("target: expected draws that differ; nothing is left to be narrowed")


def _noise(coverage: Numbers, children: int, correlation: float) -> Numbers:
    """Return the variance of a cluster's share around the area's coverage (areas)."""
    return (coverage * (1 - coverage)).mean(axis=1) * (1 + (children - 1) * correlation) / children


def next_clusters(
    target: Numbers, coverage: Numbers, areas: Sequence[str], *, how_many: int, children: int,
    cluster_correlation: float,
) -> pd.DataFrame:  # fmt: skip
    """Return a good order for several clusters: each is the best after those before it.

    Columns: position, place_code, variance_removed (by all clusters so far, share). An area may come
    twice. The draws are updated as a Gaussian would be (square-root filter, Whitaker and Hamill
    2002), so that a second cluster next to the first is worth less.
    """
    _check(target, coverage, areas, list(areas), children, cluster_correlation)
    if how_many < 1:
        raise ValueError(f"how_many: expected at least one cluster, got {how_many}")
    noise = _noise(coverage, children, cluster_correlation)
    scale = np.sqrt(len(target) - 1)
    shares = (coverage - coverage.mean(axis=1, keepdims=True)) / scale
    answer = (target - target.mean()) / scale
    before = float(answer @ answer)
    rows = []
    for position in range(1, how_many + 1):
        seen = np.maximum((shares**2).sum(axis=1) + noise, np.finfo(float).tiny)
        best = int(np.argmax((shares @ answer) ** 2 / seen))
        own = shares[best].copy()
        keep = 1 / (1 + np.sqrt(noise[best] / seen[best])) / seen[best]
        answer = answer - keep * (answer @ own) * own
        shares = shares - keep * (shares @ own)[:, None] * own[None, :]
        removed = 1 - float(answer @ answer) / before
        rows.append({"position": position, "place_code": areas[best], "variance_removed": removed})
    return pd.DataFrame(rows)


def expected_variance(
    target: Numbers, coverage: Numbers, *, children: int, cluster_correlation: float
) -> float:
    """Return the variance of the answer to be expected after a cluster in one area.

    Sums over every possible number of vaccinated children, the draws reweighted by their
    beta-binomial probability: slower than `survey_value`, and without its linear shortcut.
    """
    found = np.arange(children + 1)[:, None]
    share = np.clip(coverage, 1e-9, 1 - 1e-9)[None, :]
    log = gammaln(children + 1) - gammaln(found + 1) - gammaln(children - found + 1)
    if cluster_correlation > 0:
        size = 1 / cluster_correlation - 1
        a, b = share * size, (1 - share) * size
        log = log + betaln(found + a, children - found + b) - betaln(a, b)
    else:
        log = log + found * np.log(share) + (children - found) * np.log1p(-share)
    weight = np.exp(log)  # outcomes x draws
    chance = weight.mean(axis=1)
    mean = (weight * target).mean(axis=1) / chance
    square = (weight * target**2).mean(axis=1) / chance
    return float((chance * (square - mean**2)).sum() / chance.sum())
