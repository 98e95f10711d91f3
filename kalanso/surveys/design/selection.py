"""Which clusters are drawn, and with which probability was each?

Systematic selection with probability proportional to size, by stratum, with clusters kept in reserve. Households
within clusters belong to `segments` and to the field; weights to `weights`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused, numbers, unique, with_columns

CLUSTER_COLUMNS = (
    "cluster", "stratum", "unit_code", "hit", "role", "reserve_order", "children", "stratum_children",
    "stratum_clusters", "p_cluster",
)  # fmt: skip


def select_clusters(
    frame: pd.DataFrame, *, clusters: int | Mapping[str, int], reserves: int = 0, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the clusters drawn in each stratum, in the order of the frame, and `reserves` further ones.

    `frame` has unit_code, stratum, children (its measure of size); its order is the order of selection, which
    spreads clusters over whatever the frame is sorted by. A start is drawn, then every (children / clusters)th
    child is hit (WHO 2018, annex D). A unit larger than that interval can be hit several times: each hit is a
    cluster of its own, with its own segment or households. `p_cluster` is m N_i / N, the number of hits to be
    expected, which exceeds 1 for such a unit. Reserves are drawn together with the others and then told apart by
    chance, so that p_cluster holds for whoever is used; they are used in `reserve_order` (0: not a reserve).

    Raises SurveyRefused for a unit listed twice, a stratum without a stated number of clusters or without
    children; units without children cannot be drawn and must be merged or named outside the frame first.
    """
    table = with_columns(frame, "frame", ("unit_code", "stratum", "children"))
    unique(table, "frame", ["unit_code"])
    table["children"] = numbers(table, "frame", "children", above=True)
    table["stratum"] = table["stratum"].astype(str)
    strata = list(dict.fromkeys(table["stratum"]))
    wanted = _wanted(strata, clusters)
    if reserves < 0:
        raise ValueError(f"reserves: expected 0 or more, got {reserves}")
    found = [_of_stratum(table[table["stratum"] == one], wanted[one], reserves, rng) for one in strata]
    result = pd.concat(found, ignore_index=True)
    result["cluster"] = [
        f"{row.stratum}-{number:03d}"
        for row, number in zip(result.itertuples(), _counts(result), strict=True)
    ]
    return result[list(CLUSTER_COLUMNS)]


def _counts(table: pd.DataFrame) -> list[int]:
    return [int(number) + 1 for number in table.groupby("stratum").cumcount()]


def _wanted(strata: list[str], clusters: int | Mapping[str, int]) -> dict[str, int]:
    wanted = dict.fromkeys(strata, clusters) if isinstance(clusters, int) else dict(clusters)
    if set(wanted) != set(strata):
        raise SurveyRefused(
            "surveys.design.strata_differ",
            frame=", ".join(sorted(strata)),
            clusters=", ".join(sorted(map(str, wanted))),
        )
    if bad := [one for one, number in wanted.items() if number < 1]:
        raise ValueError(f"clusters: expected at least 1 in every stratum, got {wanted[bad[0]]} in {bad[0]}")
    return wanted


def _of_stratum(units: pd.DataFrame, wanted: int, reserves: int, rng: np.random.Generator) -> pd.DataFrame:
    size = units["children"].to_numpy(float)
    total, drawn = float(size.sum()), wanted + reserves
    at = systematic_hits(size, drawn, start=float(rng.uniform()))
    found = units.iloc[at].reset_index(drop=True)
    order = np.zeros(drawn, dtype=int)
    chosen = rng.permutation(drawn)[:reserves]
    order[chosen] = np.arange(1, reserves + 1)
    return pd.DataFrame(
        {
            "stratum": found["stratum"],
            "unit_code": found["unit_code"],
            "hit": found.groupby("unit_code").cumcount() + 1,
            "role": np.where(order > 0, "reserve", "main"),
            "reserve_order": order,
            "children": found["children"],
            "stratum_children": total,
            "stratum_clusters": wanted,
            "p_cluster": wanted * found["children"] / total,
        }
    )


def systematic_hits(size: np.ndarray, draws: int, *, start: float) -> np.ndarray:
    """Return the position of the unit of each hit; `start` from 0 to 1 is where in the first interval it begins."""
    ends = np.cumsum(size)
    points = (start + np.arange(draws)) * ends[-1] / draws
    return np.minimum(np.searchsorted(ends, points, side="right"), len(size) - 1)
