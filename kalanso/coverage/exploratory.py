"""Where would a first look at the map see clusters of low coverage?

Local Moran's I (LISA) and Gi* by esda, on the posterior mean as if it were data. They are shown
beside the pockets, never instead of them: they compare areas with their neighbours, not with a
target, and do not know how sure each estimate is.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from libpysal.weights import W
from scipy.sparse import csr_array

from kalanso.coverage.aggregates import Numbers, area_draws
from kalanso.coverage.pocket_words import latest_window
from kalanso.coverage.pockets import neighbour_matrix

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

PERMUTATIONS = 999
QUADRANTS = {1: "high_among_high", 2: "low_among_high", 3: "low_among_low", 4: "high_among_low"}
NONE = "none"
CLUSTER_COLUMNS = (
    "place_code", "period", "indicator", "value",
    "moran", "gi_star", "pseudo_p", "moran_kind", "gi_star_probability_low",
)  # fmt: skip


def local_clusters(
    posterior: Posterior, evidence: Evidence, rng: np.random.Generator, *, indicator: str = "",
    false_discoveries: float = 0.05,
) -> pd.DataFrame:  # fmt: skip
    """Return local Moran's I and Gi* of the coverage of the newest four quarters, one row per area.

    `moran_kind` is the quadrant where the pseudo p-value passes the false-discovery rate
    (Benjamini and Hochberg), else "none"; areas without neighbours have no statistic (empty, "none").
    `gi_star_probability_low` is the share of draws in which Gi* lies under -1.96: how often the area
    would be called a cold spot, had that draw been the data.
    """
    indicator = indicator or posterior.first
    _, period, quarters = latest_window(posterior.periods)
    surviving, vaccinated = area_draws(posterior, indicator, quarters)
    draws = vaccinated / surviving
    touching = neighbour_matrix(evidence)
    table = statistics(draws.mean(axis=1), touching, rng, false_discoveries=false_discoveries)
    cold = (gi_star(draws, touching) < -1.96).mean(axis=1)
    table["gi_star_probability_low"] = np.where(table["gi_star"].notna(), cold, np.nan)
    table = table.assign(place_code=list(posterior.areas), period=period, indicator=indicator)
    return table[list(CLUSTER_COLUMNS)]


def statistics(
    values: Numbers, touching: csr_array, rng: np.random.Generator, *, permutations: int = PERMUTATIONS,
    false_discoveries: float = 0.05,
) -> pd.DataFrame:  # fmt: skip
    """Return local Moran's I and Gi* of values (areas) by esda, with a pseudo p-value.

    Raises ValueError for values that are not finite. Where all values are equal, or nothing
    touches, there is nothing to compare: the columns are empty.
    """
    if not np.isfinite(values).all():
        raise ValueError("values: expected finite numbers, one per area")
    count = len(values)
    columns = {name: np.full(count, np.nan) for name in ("moran", "gi_star", "pseudo_p")}
    kinds = np.full(count, NONE, dtype=object)
    joined = np.flatnonzero(np.diff(touching.indptr) > 0)
    if len(joined) > 2 and np.ptp(values[joined]) > 0:
        near = touching[joined][:, joined]
        moran, gi = _by_esda(values[joined], near)
        p = pseudo_p(values[joined], near, rng, permutations)
        columns["moran"][joined], columns["gi_star"][joined], columns["pseudo_p"][joined] = moran.Is, gi.Zs, p
        clear = p <= _cut(p, false_discoveries)
        kinds[joined[clear]] = [QUADRANTS[int(quadrant)] for quadrant in moran.q[clear]]
    return pd.DataFrame({"value": values, **columns, "moran_kind": kinds})


def _by_esda(values: Numbers, touching: csr_array) -> tuple[Any, Any]:
    # loaded here: esda takes seconds to import
    from esda import G_Local, Moran_Local

    near = {at: touching.indices[a:b].tolist() for at, (a, b) in enumerate(pairwise(touching.indptr))}
    weights = W(near, silence_warnings=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of areas with one neighbour
        moran = Moran_Local(values, weights, transformation="r", permutations=0)
        return moran, G_Local(values, weights, transform="B", star=True, permutations=0)


def pseudo_p(values: Numbers, touching: csr_array, rng: np.random.Generator, permutations: int) -> Numbers:
    """Return two-sided p-values of both statistics when the other values change places.

    Given the area itself, local Moran's I and Gi* rise and fall with the sum of its neighbours, so
    both have this p-value: twice the smaller tail of that sum among neighbours drawn from all other
    areas. (esda's own permutations would have to be compiled anew in every process.)
    """
    count = len(values)
    sizes = np.diff(touching.indptr)
    others = np.argsort(rng.random((permutations, count - 1)), axis=1)[:, : sizes.max()]
    found = np.ones(count)
    for area, seen in enumerate(touching @ values):
        drawn = np.delete(values, area)[others[:, : sizes[area]]].sum(axis=1)
        tail = min((drawn >= seen - 1e-12).sum(), (drawn <= seen + 1e-12).sum())
        found[area] = min(1.0, 2 * (tail + 1) / (permutations + 1))
    return found


def _cut(p: Numbers, rate: float) -> float:
    """Return the largest p-value that passes Benjamini and Hochberg's rule, or -1."""
    ordered = np.sort(p)
    passed = ordered <= rate * np.arange(1, len(p) + 1) / len(p)
    return float(ordered[passed].max()) if passed.any() else -1.0


def gi_star(values: Numbers, touching: csr_array) -> Numbers:
    """Return Gi* (Ord and Getis 1995, equation 15) of each draw (areas x draws), weights 0 and 1.

    z = (sum of self and neighbours - w m) / (s sqrt((n w - w^2) / (n - 1))), w of them, with the
    mean m and the spread s (divisor n) of all areas.
    """
    count = len(values)
    size = (np.diff(touching.indptr) + 1.0)[:, None]
    near = values + touching @ values
    spread = values.std(axis=0) * np.sqrt(np.maximum(count * size - size**2, 0) / max(count - 1, 1))
    return np.divide(near - size * values.mean(axis=0), spread, out=np.zeros_like(near), where=spread > 0)
