"""In which quarters were the children of a survey due, and what did it find?

Clusters where the children's answers are there, else the published result with an error from the
size of the sample. Children of 12-23 months at interview were due their first dose 10 to 22 months
before, so a survey speaks of past quarters, not of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from kalanso.indicators.tables import COVERAGE_SERIES
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_places import Ground
from kalanso.simulation.tables import SURVEY_CHILDREN, SURVEY_CLUSTERS
from kalanso.vocabulary import Period, PeriodType

# Months before the interview in which children of an age group were due DTP1: a dose due at six
# weeks, so one to two months after birth.
DUE_BEFORE = {"12-23 m": (22, 10), "24-35 m": (34, 22)}
DESIGN_EFFECT = 2.0  # of national cluster samples on vaccination: the usual range is 1.5 to 3
UNKNOWN_ERROR = 0.02  # of a national survey whose sample size is not stated
SMALLEST_ERROR = 0.005
EXTERNAL_ERROR = 0.05  # of estimates by others, whose own error is not published
EXTERNAL_BIAS = 0.3  # logit scale: they lean on the same reports
_RESULT = ["survey", "place_code", "indicator"]


def clusters_table(holdings: Holdings, where: Ground) -> pd.DataFrame:
    """Return the clusters of surveys whose answers stand in the store."""
    if any(holdings.manifest(spec) is None for spec in (SURVEY_CHILDREN, SURVEY_CLUSTERS)):
        return pd.DataFrame()
    children = holdings.read(SURVEY_CHILDREN).to_pandas()
    clusters = holdings.read(SURVEY_CLUSTERS).to_pandas()
    children = children[children["age_months"].between(12, 23)]
    found = []
    for indicator in ("dtp1", "dtp3"):
        own = children.groupby(["survey", "cluster"], as_index=False).agg(
            vaccinated=(indicator, "sum"), children=(indicator, "size"), card_share=("card_seen", "mean")
        )
        found.append(own.assign(indicator=indicator))
    rows = pd.concat(found).merge(clusters, on=["survey", "cluster"], validate="many_to_one")
    spans = [due(first, last, DUE_BEFORE["12-23 m"]) for first, last in zip(rows["fieldwork_start"], rows["fieldwork_end"], strict=True)]  # fmt: skip
    rows = rows.assign(
        start=[first for first, _ in spans], end=[last for _, last in spans],
        stratum=rows["stratum"].str.rsplit(", ", n=1).str[-1], cluster=rows["cluster"].astype(str),
    )  # fmt: skip
    rows = rows[rows["place_code"].isin(set(where.above))]
    return rows[["survey", "cluster", "place_code", "start", "end", "indicator", "vaccinated", "children", "stratum", "card_share"]]  # fmt: skip


def due(first: date, last: date, months: tuple[int, int]) -> tuple[str, str]:
    """Return the first and last quarter in which children interviewed between two days were due."""
    earliest = Period.containing(pd.Timestamp(first).date(), PeriodType.MONTH) + -months[0]
    latest = Period.containing(pd.Timestamp(last).date(), PeriodType.MONTH) + -months[1]
    return earliest.to(PeriodType.QUARTER).code, latest.to(PeriodType.QUARTER).code


def results_table(
    holdings: Holdings, where: Ground, *, known: Iterable[str] = (), first: str = "", last: str = "9"
) -> tuple[pd.DataFrame, list[str]]:
    """Return published survey results, and the names of estimates by others that were left out.

    Surveys whose clusters are `known` are left out, and those of children due outside of the
    quarters `first` to `last`. Estimates by others were made from surveys and from the same
    reports: they are used, with an error and a bias of their own, only where no survey is there.
    """
    if holdings.manifest(COVERAGE_SERIES) is None:
        return pd.DataFrame(), []
    table = holdings.read(COVERAGE_SERIES)
    rows = table.filter(table.indicator.isin(["dtp1_coverage", "dtp3_coverage"]) & table.coverage.notnull())
    frame = rows.filter(rows.period_type == "year").to_pandas()
    frame = frame[frame["place_code"].isin(set(where.above))]
    frame = frame.assign(indicator=frame["indicator"].str.removesuffix("_coverage"))
    surveys = _surveys(frame[(frame["category"] == "SURVEY") & ~frame["survey"].isin(set(known))])
    surveys = _inside(surveys, first, last)
    others = _inside(_others(frame[frame["category"] == "WUENIC"]), first, last)
    if len(surveys) or known:
        return surveys, sorted(set(others["survey"])) if len(others) else []
    return others, []


def _inside(rows: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    return rows[(rows["start"] >= first) & (rows["end"] <= last)] if len(rows) else rows


def _surveys(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep one result per survey: doses by card or memory, by 12 months of age, youngest children."""
    rows = rows[rows["evidence"].isin(["card or history", ""]) & rows["children_age"].isin([*DUE_BEFORE, ""])]
    if rows.empty:
        return pd.DataFrame()
    rows = rows.assign(
        _by=rows["vaccinated_by"].map({"12 m": 0}).fillna(1),
        _age=rows["children_age"].map({"12-23 m": 0, "": 1}).fillna(2),
    )
    best = rows.sort_values(["_by", "_age", "vintage", "validity"]).drop_duplicates(_RESULT)
    found = []
    for row in best.to_dict("records"):
        year = int(row["collected_year"]) if not pd.isna(row["collected_year"]) else int(row["period"]) + 1
        span = due(
            date(year, 7, 1), date(year, 7, 1), DUE_BEFORE.get(row["children_age"], DUE_BEFORE["12-23 m"])
        )
        share = float(np.clip(row["coverage"], 0.0, 1.0))
        found.append(
            {
                **{name: row[name] for name in _RESULT}, "start": span[0], "end": span[1], "coverage": share,
                "standard_error": standard_error(share, row["children"]), "kind": "survey",
                "card_share": row["card_seen_share"],
            }
        )  # fmt: skip
    return pd.DataFrame(found)


def standard_error(share: float, children: float | None) -> float:
    """Return the error of a share from its sample size and the design effect of 2."""
    if children is None or pd.isna(children) or children <= 0:
        return UNKNOWN_ERROR
    inside = min(max(share, 0.02), 0.98)
    return max(SMALLEST_ERROR, float(np.sqrt(DESIGN_EFFECT * inside * (1 - inside) / children)))


def _others(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        return pd.DataFrame()
    rows = rows.sort_values("vintage").drop_duplicates(["place_code", "period", "indicator"], keep="last")
    return pd.DataFrame(
        {
            "survey": "wuenic", "place_code": rows["place_code"], "start": rows["period"] + "Q1",
            "end": rows["period"] + "Q4", "indicator": rows["indicator"], "coverage": rows["coverage"].clip(0, 1),
            "standard_error": EXTERNAL_ERROR, "bias_sd": EXTERNAL_BIAS, "kind": "external",
        }
    )  # fmt: skip
