"""Of which part of the population does a survey speak, where drawn clusters could not be reached?

Reads the draw and the log of replacements of a study. Results then describe the children who could be reached; of all of them only
bounds are told, for DTP1, with nothing supposed of the children whom nobody saw.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kalanso.surveys.design import reach, whole_population
from kalanso.surveys.design.precision import wilson
from kalanso.surveys.design.replacements import LOG_COLUMNS
from kalanso.surveys.handed_in import SurveyRefused

DRAW, REPLACED = "draw.csv", "replacements.csv"
REACHED_COLUMNS = ("stratum", "cohort", "unreachable", "drawn", "share", "whole_low", "whole_high")
STRATA_COLUMNS = (
    "stratum", "attempted", "visited", "unreachable", "accessible_share", "accessible_low", "accessible_high",
)  # fmt: skip
_ORDER = "reserve_order"


def unreached(folder: Path, sample: pd.DataFrame) -> pd.DataFrame:
    """Return the strata of which clusters could not be reached (STRATA_COLUMNS); none where nothing was replaced.

    Strata are those of `sample` (cluster, stratum): a draw may call them otherwise, so they are joined by the codes of their clusters.
    `draw.csv` has the clusters as drawn (cluster, stratum, role, reserve_order), `replacements.csv` the log. Raises SurveyRefused
    where a log stands without its draw, or does not fit it.
    """
    if not (folder / REPLACED).exists():
        return pd.DataFrame(columns=list(STRATA_COLUMNS))
    if not (folder / DRAW).exists():
        raise SurveyRefused("surveys.design.log_without_draw", file=DRAW)
    drawn = pd.read_csv(folder / DRAW, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    log = pd.read_csv(folder / REPLACED, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if _ORDER in drawn:
        drawn[_ORDER] = pd.to_numeric(drawn[_ORDER], errors="coerce")
    strata = reach(drawn, log.reindex(columns=list(LOG_COLUMNS)) if log.empty else log).strata
    strata = _as_in(sample, drawn, strata)
    return strata[strata["unreachable"] > 0].reset_index(drop=True)


def _as_in(sample: pd.DataFrame, drawn: pd.DataFrame, strata: pd.DataFrame) -> pd.DataFrame:
    """Return what became of clusters by the strata of the sample: of each, that of the drawn strata in which its clusters lie.

    A drawn stratum of which no cluster is in the sample stays under its own code: nobody was reached there.
    """
    own = dict(zip(sample["cluster"].astype(str), sample["stratum"].astype(str), strict=True))
    pairs = pd.DataFrame(
        {"drawn": drawn["stratum"].astype(str), "stratum": drawn["cluster"].astype(str).map(own)}
    )
    pairs = pairs.dropna().drop_duplicates()
    counts = strata.assign(drawn=strata["stratum"].astype(str))[
        ["drawn", "attempted", "visited", "unreachable"]
    ]
    joined = counts.merge(pairs, on="drawn", how="left")
    joined["stratum"] = joined["stratum"].fillna(joined["drawn"])
    found = joined.groupby("stratum", as_index=False)[["attempted", "visited", "unreachable"]].sum()
    there = (found["visited"] + found["unreachable"]).astype(float)
    found["accessible_share"] = (found["visited"] / there.where(there > 0)).astype(float)
    found["accessible_low"], found["accessible_high"] = wilson(
        found["accessible_share"].to_numpy(float), there.to_numpy(float)
    )
    return found


def bounds(strata: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Return REACHED_COLUMNS: for each such stratum and cohort the bounds on DTP1 of all children, empty where no result is shown."""
    own = estimates[
        (estimates["indicator"] == "crude_coverage") & (estimates["detail"] == "dtp1") & (estimates["domain_kind"] == "all")
    ]  # fmt: skip
    rows = strata.assign(
        stratum=strata["stratum"].astype(str), drawn=strata["visited"] + strata["unreachable"], share=strata["accessible_share"]
    ).merge(
        pd.DataFrame({"cohort": list(dict.fromkeys(estimates["cohort"]))}), how="cross"
    )  # fmt: skip
    rows = rows.merge(
        own[["stratum", "cohort", "estimate", "low", "high"]], on=["stratum", "cohort"], how="left"
    )
    rows["whole_low"], rows["whole_high"] = float("nan"), float("nan")
    known = rows["low"].notna() & rows["high"].notna()
    if known.any():
        held = whole_population(rows[known].rename(columns={"estimate": "coverage"}))
        rows.loc[known, ["whole_low", "whole_high"]] = held[["whole_low", "whole_high"]].to_numpy()
    return rows[list(REACHED_COLUMNS)]
