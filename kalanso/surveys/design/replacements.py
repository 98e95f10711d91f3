"""Which drawn clusters could not be visited, why, by which others were they replaced, and what does that cost?

A cluster replaced for insecurity is no longer spoken of: the result covers the accessible population, and the
whole population is known between bounds only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kalanso.surveys.design.precision import wilson
from kalanso.surveys.handed_in import SurveyRefused, among, numbers, refuse_rows, unique, with_columns
from kalanso.vocabulary import Message

# reason -> whether the children of such a cluster are still there, unseen
REASONS = {
    "insecurity": True,
    "flooded": True,
    "authority_refused": True,
    "community_refused": True,
    "too_far": True,
    "emptied": False,  # the people have left: nobody lives there who was not seen
    "no_children": False,
    "not_found": False,
}
LOG_COLUMNS = ("cluster", "replaced_by", "reason", "decided_on", "decided_by")


@dataclass(frozen=True)
class Reach:
    """What became of the clusters drawn.

    `clusters`: the drawn ones with `state` (visited, unreachable, without_children, unused), `reason` and
    `replaces`. `strata`: stratum, attempted, visited, unreachable, accessible_share with `accessible_low` and
    `accessible_high` (95 %, Wilson on clusters, each of which stands for the same number of children), and the
    sentence to be shown with every result (message, params).
    """

    clusters: pd.DataFrame
    strata: pd.DataFrame


def reach(clusters: pd.DataFrame, log: pd.DataFrame) -> Reach:
    """Return what became of drawn clusters (see `select_clusters`) by a log of replacements.

    `log` has cluster (not visited), replaced_by (a reserve of the same stratum; empty where none was left), reason
    (see REASONS), decided_on and decided_by. Every reserve used must be the next in order. Raises SurveyRefused,
    naming the row, for an unknown or repeated cluster or reason, a reserve taken out of turn or from another
    stratum, and a line that nobody signed.
    """
    drawn = with_columns(clusters, "clusters", ("cluster", "stratum", "role", "reserve_order"))
    unique(drawn, "clusters", ["cluster"])
    lines = with_columns(log, "log", LOG_COLUMNS)
    lines["replaced_by"] = lines["replaced_by"].fillna("").astype(str)
    _check(drawn, lines)
    table = drawn.set_index("cluster", drop=False)
    table["state"] = ["visited" if role == "main" else "unused" for role in table["role"]]
    table["reason"], table["replaces"] = "", ""
    for number, line in enumerate(lines.to_dict("records"), start=2):
        cluster, reason, reserve = (str(line[name]) for name in ("cluster", "reason", "replaced_by"))
        if table.loc[cluster, "state"] == "unused":
            raise SurveyRefused("surveys.design.not_in_use", row=number, cluster=cluster)
        table.loc[cluster, "state"] = "unreachable" if REASONS[reason] else "without_children"
        table.loc[cluster, "reason"] = reason
        if reserve:
            _take(table, cluster, reserve, number)
    return Reach(table.reset_index(drop=True), _by_stratum(table))


def _check(drawn: pd.DataFrame, lines: pd.DataFrame) -> None:
    among(lines, "log", "cluster", list(drawn["cluster"]))
    among(lines, "log", "reason", list(REASONS))
    unique(lines, "log", ["cluster"])
    for column in ("decided_on", "decided_by"):
        blank = lines[column].isna() | (lines[column].astype(str).str.strip() == "")
        refuse_rows(lines, "log", column, blank, Message("surveys.expected.value"))
    reserves = list(drawn.loc[drawn["role"] == "reserve", "cluster"])
    said = Message("surveys.expected.among", {"known": ", ".join(reserves[:30])})
    unknown = (lines["replaced_by"] != "") & ~lines["replaced_by"].isin(reserves)
    refuse_rows(lines, "log", "replaced_by", unknown, said)


def _take(table: pd.DataFrame, cluster: str, reserve: str, row: int) -> None:
    stratum = table.loc[cluster, "stratum"]
    waiting = table[
        (table["stratum"] == stratum) & (table["role"] == "reserve") & (table["state"] == "unused")
    ]
    following = waiting.sort_values("reserve_order")["cluster"]
    expected = str(following.iloc[0]) if len(following) else ""
    if reserve != expected:
        raise SurveyRefused("surveys.design.out_of_turn", row=row, found=reserve, expected=expected or "-")
    table.loc[reserve, ["state", "replaces"]] = ["visited", cluster]


def _by_stratum(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for stratum, group in table[table["state"] != "unused"].groupby("stratum", sort=True):
        unreachable = int((group["state"] == "unreachable").sum())
        visited = int((group["state"] == "visited").sum())
        # clusters without children say nothing of where children can be reached
        there = visited + unreachable
        share = visited / there if there else float("nan")
        low, high = wilson(pd.Series([share]).to_numpy(), pd.Series([float(there)]).to_numpy())
        said = _sentence(str(stratum), unreachable, there, share)
        rows.append(
            {
                "stratum": stratum, "attempted": len(group), "visited": visited, "unreachable": unreachable,
                "accessible_share": share, "accessible_low": float(low[0]), "accessible_high": float(high[0]),
                "message": said.id, "params": said.params_json(),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _sentence(stratum: str, unreachable: int, there: int, share: float) -> Message:
    told = {"stratum": stratum, "n": unreachable, "attempted": there, "share": share}
    return Message("surveys.design.accessible_only" if unreachable else "surveys.design.all_accessible", told)


def whole_population(
    results: pd.DataFrame, *, unreached_low: float = 0.0, unreached_high: float = 1.0
) -> pd.DataFrame:
    """Return bounds on the coverage of the whole population from that of the accessible one.

    `results` has coverage, low, high (of the accessible population) and accessible_share. With A the accessible
    share, the whole lies between A low + (1 - A) u and A high + (1 - A) v, u and v being the least and greatest
    coverage that is thought possible where nobody went: 0 and 1 unless something is known. Where `results` has
    accessible_low and accessible_high, A may be anything between them, unless every cluster was accessible. Adds
    whole_low, whole_high, message, params. There is no middle value on purpose: nothing was seen there.
    """
    if not 0 <= unreached_low <= unreached_high <= 1:
        raise ValueError(f"expected shares in order, got {unreached_low:g} and {unreached_high:g}")
    table = with_columns(results, "results", ("coverage", "low", "high", "accessible_share"))
    for column in ("coverage", "low", "high", "accessible_share"):
        table[column] = numbers(table, "results", column, high=1)
    share = table["accessible_share"]
    ends = [
        numbers(table, "results", name, high=1).where(share < 1, 1.0) if name in table else share
        for name in ("accessible_low", "accessible_high")
    ]
    low = [reached * table["low"] + (1 - reached) * unreached_low for reached in ends]
    high = [reached * table["high"] + (1 - reached) * unreached_high for reached in ends]
    table["whole_low"], table["whole_high"] = np.minimum(low[0], low[1]), np.maximum(high[0], high[1])
    said = [
        Message("surveys.design.whole_bounds", {"low": low, "high": high, "share": share})
        for low, high, share in zip(
            table["whole_low"], table["whole_high"], table["accessible_share"], strict=True
        )
    ]
    table["message"], table["params"] = [one.id for one in said], [one.params_json() for one in said]
    return table
