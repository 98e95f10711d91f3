"""Which clusters of which surveys speak of which quarters?

The second dose of a cluster whose first is known is read as "of those with the first", so that the same
children are not counted twice.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.lot_pieces import COUNTED, FAILED, PASSED
from kalanso.coverage.priors import Priors
from kalanso.coverage.question import Question
from kalanso.coverage.records import Clusters, Floats
from kalanso.coverage.strata_design import StrataDesign, strata_design

DTP1, DTP3_OF_DTP1, DTP3 = range(3)


def clusters_of(
    evidence: Evidence, question: Question, priors: Priors
) -> tuple[Clusters, list[str], Floats, StrataDesign]:
    """Return all clusters by area, the rounds that carry a bias, the standard deviation of each, and the
    strata of clusters."""
    frame = evidence.surveys if question.surveys else evidence.surveys.iloc[:0]
    lots = _lot_rows(evidence, question, priors)
    rows = pd.concat([_survey_rows(evidence, frame, question), lots], ignore_index=True)
    rows = rows[rows["children"] > 0]
    inside = rows["place_code"].isin(set(evidence.areas))
    # Rounds that only larger places know carry their bias too (`larger_lots`).
    biased = rows[(rows["bias_sd"] > 0) & (inside | rows["place_code"].isin(set(lots["place_code"])))]
    biased = biased.drop_duplicates("survey")
    names = list(biased["survey"])
    rows = rows[inside]
    if not question.recall:
        rows = rows.assign(recalled=0.0)
    area = rows["place_code"].map(evidence.area_index).to_numpy(int)
    order = np.argsort(area, kind="stable")
    rows, area = rows.iloc[order], area[order]
    strata = strata_design(evidence, rows)
    clusters = Clusters(
        np.searchsorted(area, np.arange(len(evidence.areas) + 1)).astype(np.int64),
        rows["kind"].to_numpy(np.int64),
        np.asarray(rows["start"].map(evidence.period_index), np.int64),
        np.asarray(rows["end"].map(evidence.period_index), np.int64),
        np.rint(rows["vaccinated"].to_numpy(float)).astype(np.int64),
        np.rint(rows["children"].to_numpy(float)).astype(np.int64),
        rows["recalled"].to_numpy(np.float64),
        np.array([names.index(s) if s in names else -1 for s in rows["survey"]], np.int64),
        rows["decision"].to_numpy(np.int64),
        strata.places(rows["stratum"]),
        strata.mix,
    )
    return clusters, names, biased["bias_sd"].to_numpy(np.float64), strata


def on_cohorts(evidence: Evidence, frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return the rows on the question's doses, their quarters as those in which the FIRST dose was due.

    Children due the second dose in a quarter were due the first `lag` quarters before; those due it
    before the series are left out.
    """
    frame = frame[frame["indicator"].isin(question.indicators)]
    lag = question.step.lag
    if not lag or frame.empty:
        return frame
    back = np.where(frame["indicator"] == question.second, lag, 0)
    first, last = (frame[name].map(evidence.period_index).to_numpy(int) - back for name in ("start", "end"))
    codes = np.array(evidence.periods, object)
    moved = frame.assign(start=codes[np.maximum(first, 0)], end=codes[np.maximum(last, 0)])
    return moved[last >= 0]


def _survey_rows(evidence: Evidence, frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    frame = on_cohorts(evidence, frame, question)
    key = ["survey", "cluster", "place_code", "start", "end"]
    if "stratum" in frame:
        key.append("stratum")
    one = frame[frame["indicator"] == question.first]
    three = frame[frame["indicator"] == question.second]
    both = three.merge(one[[*key, "vaccinated", "children"]], on=key, how="left", suffixes=("", "_one"))
    nested = (both["children"] == both["children_one"]) & (both["vaccinated"] <= both["vaccinated_one"])
    paired = both[nested].assign(children=both.loc[nested, "vaccinated_one"], kind=DTP3_OF_DTP1)
    found = pd.concat([one.assign(kind=DTP1), paired, both[~nested].assign(kind=DTP3)], ignore_index=True)
    cards = found["card_share"] if "card_share" in found else pd.Series(np.nan, index=found.index)
    return found.assign(
        recalled=(1.0 - cards.astype(float)).fillna(0.0).clip(0.0, 1.0),
        bias_sd=found["bias_sd"].astype(float).fillna(0.0) if "bias_sd" in found else 0.0,
        survey=found["survey"].astype(str),
        decision=COUNTED,
        stratum=found["stratum"].fillna("").astype(str) if "stratum" in found else "",
    )


def larger_lot_rows(evidence: Evidence, question: Question, priors: Priors) -> pd.DataFrame:
    """Return the lots of places above areas, in the form of clusters."""
    rows = _lot_rows(evidence, question, priors)
    return rows[~rows["place_code"].isin(set(evidence.areas)) & (rows["children"] > 0)]


def _lot_rows(evidence: Evidence, question: Question, priors: Priors) -> pd.DataFrame:
    """Lots as clusters of their own round, which carries a bias (the usual one unless stated): counts where
    they are known, else the decision and the number that it rests on."""
    frame = on_cohorts(evidence, evidence.lots if question.lots else evidence.lots.iloc[:0], question)
    counted = frame["vaccinated"].notna()
    frame = frame[
        counted
        | (frame["decision"].isin(["pass", "fail"]) & frame["decision_value"].between(1, frame["children"]))
    ]
    counted = frame["vaccinated"].notna()
    outcome = np.where(frame["decision"] == "pass", PASSED, FAILED)
    frame = frame.assign(
        vaccinated=frame["vaccinated"].where(counted, frame["decision_value"]),
        outcome=np.where(counted, COUNTED, outcome),
    )
    return pd.DataFrame(
        {
            "survey": "lots " + frame["round"].astype(str),
            "place_code": frame["place_code"],
            "start": frame["start"],
            "end": frame["end"],
            "vaccinated": frame["vaccinated"],
            "children": frame["children"],
            "kind": np.where(frame["indicator"] == question.first, DTP1, DTP3),
            "recalled": 0.0,
            "bias_sd": frame["bias_sd"].astype(float).fillna(priors.fixed("surveys", "round_bias_sd")),
            "decision": frame["outcome"].astype(int),
            "stratum": "",
        }
    )
