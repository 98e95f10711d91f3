"""How many children does each interviewed child stand for, and how did that number come about?

Every factor stays a column; `weight` is their product. Raking is a further factor (`raking`). Estimates belong to
estimation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused, among, numbers, unique, with_columns

FACTORS = ("base_weight", "household_response", "child_response", "lost_clusters")
HOUSEHOLD_OUTCOMES = {
    "completed": True, "refused": True, "absent": True, "not_capable": True, "not_visited": True,
    "vacant": False, "destroyed": False, "not_a_dwelling": False,
}  # fmt: skip
CHILD_OUTCOMES = ("completed", "refused", "absent", "caregiver_absent", "not_capable")


@dataclass(frozen=True)
class Weights:
    """`children`: those interviewed, with p_cluster, p_segment, p_household, every factor and `weight`.

    `receipt` counts per cluster what became of households and children, so that response rates can be published.
    """

    children: pd.DataFrame
    receipt: pd.DataFrame


def weights(clusters: pd.DataFrame, households: pd.DataFrame, children: pd.DataFrame) -> Weights:
    """Return the design weights of interviewed children, corrected for non-response.

    `clusters`: cluster, stratum, p_cluster, households_listed (in the segment, where one was drawn), p_segment.
    `households`: cluster, household, outcome; all that were selected, reached or not. `children`: cluster,
    household, child, outcome; all eligible ones of completed households, so that those not seen are counted.

    base_weight = 1 / (p_cluster p_segment p_household), p_household = selected / listed. household_response =
    eligible / completed households of the cluster, child_response = eligible / completed children of the cluster.
    A cluster without any interview hands its weight to the others of its stratum (`lost_clusters`), as its children
    would otherwise vanish from the total (WHO 2018, annex J). Raises SurveyRefused for unknown or repeated keys and
    outcomes, and for a stratum without any interview.
    """
    sampled = _clusters(clusters)
    homes = _households(households, sampled)
    seen = _children(children, homes)
    receipt = _receipt(sampled, homes, seen)
    done = seen[seen["outcome"] == "completed"].drop(columns="outcome")
    table = done.merge(receipt, on="cluster", how="left", validate="many_to_one")
    table["weight"] = table[list(FACTORS)].prod(axis=1)
    others = [name for name in children if name not in {"cluster", "household", "child", "outcome"}]
    keys = ["stratum", "cluster", "household", "child"]
    table = table[[*keys, *others, "p_cluster", "p_segment", "p_household", *FACTORS, "weight"]]
    return Weights(table.reset_index(drop=True), receipt)


def _clusters(clusters: pd.DataFrame) -> pd.DataFrame:
    table = with_columns(clusters, "clusters", ("cluster", "stratum", "p_cluster", "households_listed"))
    unique(table, "clusters", ["cluster"])
    if "p_segment" not in table:
        table["p_segment"] = 1.0
    # a unit larger than the interval of selection has more than one hit to be expected
    table["p_cluster"] = numbers(table, "clusters", "p_cluster", above=True)
    table["p_segment"] = numbers(table, "clusters", "p_segment", above=True, high=1)
    table["households_listed"] = numbers(table, "clusters", "households_listed", low=1)
    return table[["cluster", "stratum", "p_cluster", "p_segment", "households_listed"]]


def _households(households: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    table = with_columns(households, "households", ("cluster", "household", "outcome"))
    among(table, "households", "cluster", list(clusters["cluster"]))
    among(table, "households", "outcome", list(HOUSEHOLD_OUTCOMES))
    unique(table, "households", ["cluster", "household"])
    return table[["cluster", "household", "outcome"]]


def _children(children: pd.DataFrame, homes: pd.DataFrame) -> pd.DataFrame:
    table = with_columns(children, "children", ("cluster", "household", "child", "outcome"))
    among(table, "children", "outcome", CHILD_OUTCOMES)
    unique(table, "children", ["cluster", "household", "child"])
    opened = homes[homes["outcome"] == "completed"]
    known = pd.MultiIndex.from_frame(opened[["cluster", "household"]])
    at = pd.MultiIndex.from_frame(table[["cluster", "household"]])
    outside = np.flatnonzero(~at.isin(known))
    if outside.size:
        row = table.iloc[int(outside[0])]
        raise SurveyRefused(
            "surveys.design.child_without_household",
            row=int(outside[0]) + 2,
            household=str(row["household"]),
            cluster=str(row["cluster"]),
            n=int(outside.size),
        )
    return table


def _receipt(clusters: pd.DataFrame, homes: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    table = clusters.copy()

    def count(rows: pd.DataFrame) -> pd.Series:
        return table["cluster"].map(rows.groupby("cluster").size()).fillna(0).astype(int)

    table["households_selected"] = count(homes)
    table["households_eligible"] = count(homes[homes["outcome"].map(HOUSEHOLD_OUTCOMES)])
    table["households_completed"] = count(homes[homes["outcome"] == "completed"])
    table["children_eligible"] = count(seen)
    table["children_completed"] = count(seen[seen["outcome"] == "completed"])
    more = table["households_selected"] > table["households_listed"]
    if more.any():
        row = table[more].iloc[0]
        raise SurveyRefused(
            "surveys.design.more_selected_than_listed",
            cluster=str(row["cluster"]),
            selected=int(row["households_selected"]),
            listed=int(row["households_listed"]),
        )
    table["p_household"] = table["households_selected"] / table["households_listed"]
    # a cluster in which nothing was selected has no base weight of its own: its stratum carries it
    taken = table["p_household"].where(table["households_selected"] > 0, 1.0)
    table["base_weight"] = 1 / (table["p_cluster"] * table["p_segment"] * taken)
    table["household_response"] = _ratio(table["households_eligible"], table["households_completed"])
    table["child_response"] = _ratio(table["children_eligible"], table["children_completed"])
    table["lost_clusters"] = _lost(table)
    return table


def _ratio(eligible: pd.Series, completed: pd.Series) -> pd.Series:
    # 1 where nobody was eligible or nobody answered; the latter is the business of `lost_clusters`
    return (eligible / completed.where(completed > 0)).where(completed > 0, 1.0)


def _lost(table: pd.DataFrame) -> pd.Series:
    """Return the factor by which the answering clusters of a stratum also stand for those that are lost.

    Lost is a cluster in which households or children were eligible and none was interviewed; one that has no
    eligible child is a finding, not a loss. Clusters count by the households listed that they stand for.
    """
    stands = table["households_listed"] / (table["p_cluster"] * table["p_segment"])
    no_home = (table["households_completed"] == 0) & (
        (table["households_eligible"] > 0) | (table["households_selected"] == 0)
    )
    lost = no_home | ((table["children_completed"] == 0) & (table["children_eligible"] > 0))
    all_of = stands.groupby(table["stratum"]).transform("sum")
    kept = stands.where(~lost, 0.0).groupby(table["stratum"]).transform("sum")
    if (kept == 0).any():
        raise SurveyRefused(
            "surveys.design.stratum_without_interview", stratum=str(table.loc[kept == 0, "stratum"].iloc[0])
        )
    return (all_of / kept).where(~lost, 1.0)
