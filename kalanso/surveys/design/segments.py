"""Into how many segments is a large cluster cut, which of them is visited, and which households in it?

A segment is a part of a cluster that a team can walk, sketched with what can be seen: paths, a mosque, a well.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.surveys.handed_in import numbers, unique, with_columns


def segments_for(clusters: pd.DataFrame, *, households_per_segment: float) -> pd.DataFrame:
    """Return clusters (cluster, households) with `segments`: as many as bring each nearest to the wanted size."""
    if households_per_segment <= 0:
        raise ValueError(f"households_per_segment: expected more than 0, got {households_per_segment:g}")
    table = with_columns(clusters, "clusters", ("cluster", "households"))
    unique(table, "clusters", ["cluster"])
    households = numbers(table, "clusters", "households", low=1)
    table["segments"] = np.maximum(np.floor(households / households_per_segment + 0.5), 1).astype(int)
    return table


def choose_segments(segments: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Return one segment per cluster, drawn by its size, with `p_segment` = its size / that of the cluster.

    `segments` has cluster, segment, households (counted or estimated by eye; the same number everywhere gives each
    segment the same chance). Raises SurveyRefused for a segment listed twice or without households (WHO 2018,
    annex E).
    """
    table = with_columns(segments, "segments", ("cluster", "segment", "households"))
    unique(table, "segments", ["cluster", "segment"])
    table["households"] = numbers(table, "segments", "households", above=True)
    table["p_segment"] = table["households"] / table.groupby("cluster")["households"].transform("sum")
    ends = table.groupby("cluster")["p_segment"].cumsum()
    names = list(dict.fromkeys(table["cluster"]))
    point = table["cluster"].map(dict(zip(names, rng.uniform(size=len(names)), strict=True)))
    # the last segment of a cluster ends at 1, whatever the rounding of the sum
    last = ~table["cluster"].duplicated(keep="last")
    reached = (point < ends) | last
    return table[reached].drop_duplicates("cluster").reset_index(drop=True)


def choose_households(listing: pd.DataFrame, *, per_cluster: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the households drawn in each cluster, with `p_household` = drawn / listed.

    `listing` has cluster and household, in the order of the walk: every k-th household is taken from a start drawn by
    chance, so that the whole cluster is crossed (WHO 2018, annex F). A cluster with fewer households than `per_cluster` is
    taken whole. Adds `order`, the number of the household in its cluster's listing.
    """
    if per_cluster < 1:
        raise ValueError(f"per_cluster: expected at least 1 household, got {per_cluster}")
    table = with_columns(listing, "listing", ("cluster", "household"))
    unique(table, "listing", ["cluster", "household"])
    table["order"] = table.groupby("cluster").cumcount() + 1
    parts = []
    for _, group in table.groupby("cluster", sort=False):
        listed = len(group)
        if listed <= per_cluster:
            parts.append(group.assign(p_household=1.0))
            continue
        points = (rng.uniform() + np.arange(per_cluster)) * listed / per_cluster
        parts.append(group.iloc[np.floor(points).astype(int)].assign(p_household=per_cluster / listed))
    return pd.concat(parts, ignore_index=True)
