"""Which rows do the figures of a survey read?

Clusters for the organ pipe, nested intervals for the inchworm, parts for stacked bars. Drawing them belongs to
`kalanso.figures`, the names of rows and parts in a language to whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from kalanso.surveys.estimation import interval
from kalanso.surveys.measures import find_measure
from kalanso.surveys.record import Record

LEVELS = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.01)


def cluster_shares(record: Record, indicator: str, detail: str, *, cohort: str, stratum: str) -> pd.DataFrame:
    """Return the clusters of a stratum with children of a cohort: cluster, value, weight, children.

    `value` is the weighted share in the cluster; weighted by `weight` the values give the estimate of the stratum.
    """
    measure = find_measure(record, indicator, detail)
    people = record.children
    own = people["cohort"].eq(cohort) & people["stratum"].astype(str).eq(stratum) & (measure.asked > 0)
    rows = pd.DataFrame(
        {
            "cluster": people["cluster"],
            "weight": people["weight"] * measure.asked,
            "found": people["weight"] * measure.found,
        }
    )
    summed = (
        rows[own]
        .groupby("cluster")
        .agg(weight=("weight", "sum"), found=("found", "sum"), children=("found", "size"))
        .reset_index()
    )
    return summed.assign(value=summed["found"] / summed["weight"])[["cluster", "value", "weight", "children"]]


def nested_intervals(estimates: pd.DataFrame, label: str, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
    """Return intervals of several levels for rows of SURVEY_ESTIMATES that have one.

    Columns: label (from the column of that name), value, level, low, high, lower_bound, upper_bound. Rows that are
    suppressed or bear no interval are left out.
    """
    rows = estimates[estimates["low"].notna()].reset_index(drop=True)
    parts = []
    for method, own in rows.groupby("method"):
        given = [
            own[name].to_numpy(dtype=float)
            for name in ("estimate", "standard_error", "children", "degrees_of_freedom")
        ]
        for level in levels:
            low, high = interval(*given, level=level, method=str(method))
            part = own[["lower_bound", "upper_bound"]].assign(
                label=own[label], value=own["estimate"], level=level, low=low, high=high
            )
            parts.append(part)
    columns = ["label", "value", "level", "low", "high", "lower_bound", "upper_bound"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def parts_of(estimates: pd.DataFrame, parts: Mapping[str, str], label: str = "detail") -> pd.DataFrame:
    """Return rows of several indicators as the parts of one whole each: label, part, value, children.

    `parts` maps indicators to what they are called, in the order in which they are drawn: the `timing_` ones for coverage
    and timeliness, `besd_positive` and `besd_concerning` for answers.
    """
    rows = estimates[estimates["indicator"].isin(parts)]
    order = pd.Categorical(rows["indicator"], categories=list(parts))
    rows = rows.assign(
        order=order.codes, label=rows[label], part=rows["indicator"].map(dict(parts)), value=rows["estimate"]
    )
    first = {name: at for at, name in enumerate(dict.fromkeys(rows["label"]))}
    rows = rows.assign(place=rows["label"].map(first)).sort_values(["place", "order"], ignore_index=True)
    return rows[["label", "part", "value", "children"]]
