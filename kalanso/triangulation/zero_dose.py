"""How many zero-dose children does every estimator count, and do they name the same districts?

Target minus doses; a survey, or WHO/UNICEF, times surviving infants of an independent source; the desk methods of
Countdown to 2030 (denominator derived from DTP1, ANC1 or BCG); the estimate of Kalanso. A zero-dose child is one
of a year's birth cohort without DTP1. Target minus doses may be negative: it is kept as it is, since that is what it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.derived import derived_infants
from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing, newest, rounded
from kalanso.triangulation.inputs import each
from kalanso.triangulation.ranks import kendall, overlap
from kalanso.vocabulary import Message

NAME = "zero_dose"
NEEDS = ("coverage",)
HELPS = ("populations", "counts")
ESTIMATORS = (
    "target_minus_doses", "survey", "who_unicef", "dtp1_derived", "anc1_derived", "bcg_derived", "estimate",
)  # fmt: skip
_COLUMNS = [
    "place_code",
    "period",
    "source",
    "kind",
    "value",
    "low",
    "high",
    "numerator",
    "denominator",
    "of",
    "evidence",
]


def compare(dossier: Dossier) -> Answer:
    """Return zero-dose children by estimator, place and year, the agreement of their ranks, and what to tell."""
    counted = estimators(dossier)
    if counted.empty:
        return Answer(analysis=NAME, findings=missing(dossier, NAME, "dtp1"))
    rows = counted.drop(columns=["of", "evidence"]).assign(
        indicator="dtp1", measure="zero_dose", unit="children"
    )
    agreement = _agreement(dossier, counted)
    told = [*_range(dossier, counted), *_ranked(dossier, agreement)]
    table = compared(dossier, NAME, pd.concat([rows, pd.DataFrame(agreement)], ignore_index=True))
    absent = [name for name in ESTIMATORS if name not in set(counted["source"])]
    return Answer(
        analysis=NAME,
        rows=table,
        findings=(*told, *missing(dossier, NAME, *(f"estimator_{n}" for n in absent))),
    )


def estimators(dossier: Dossier) -> pd.DataFrame:
    """Return zero-dose children by every estimator that the evidence allows."""
    parts = [*_stated(dossier), *_derived(dossier)]
    found = pd.DataFrame(parts, columns=_COLUMNS)
    return (
        found.dropna(subset=["value"])
        .drop_duplicates(["place_code", "period", "source"])
        .reset_index(drop=True)
    )


def _stated(dossier: Dossier) -> Iterator[dict[str, Any]]:
    rows = dossier.rows("coverage")
    rows = rows[rows["indicator"] == "dtp1"].sort_values(
        ["place_code", "year", "kind", "children"], ascending=[True, True, True, False]
    )
    for row in each(rows):
        of = row.source if row.kind in {"administrative", "survey", "external"} else ""
        common = {"place_code": row.place_code, "period": row.year, "of": of}
        own = dossier.evidence("coverage", row)
        if row.kind == "administrative" and not np.isnan(row.doses + row.target):
            yield common | {
                "source": "target_minus_doses", "kind": "administrative", "value": row.target - row.doses, "low": np.nan,
                "high": np.nan, "numerator": row.doses, "denominator": row.target, "evidence": (own,),
            }  # fmt: skip
        elif row.kind == "estimate" and not np.isnan(row.missed):
            yield common | {
                "source": "estimate", "kind": "estimate", "value": row.missed, "low": row.missed_low,
                "high": row.missed_high, "numerator": np.nan, "denominator": row.target, "evidence": (own,),
            }  # fmt: skip
        elif row.kind in {"survey", "who_unicef", "external"}:
            infants = dossier.independent_infants(row.place_code, row.year)
            if infants is None:
                continue
            value, low, high = ((1 - share) * infants[0] for share in (row.value, row.high, row.low))
            evidence = (own, dossier.evidence("populations", infants[1]))
            yield common | {
                "source": row.kind, "kind": row.kind, "value": value, "low": low, "high": high, "numerator": np.nan,
                "denominator": infants[0], "evidence": evidence,
            }  # fmt: skip


def _derived(dossier: Dossier) -> Iterator[dict[str, Any]]:
    for row in derived_infants(dossier):
        yield {
            "place_code": row.place_code, "period": row.year, "source": f"{row.method}_derived", "kind": "derived",
            "value": row.infants - row.doses, "of": "", "low": np.nan, "high": np.nan, "numerator": row.doses,
            "denominator": row.infants, "evidence": row.evidence,
        }  # fmt: skip


def _agreement(dossier: Dossier, counted: pd.DataFrame) -> list[dict[str, Any]]:
    """Return Kendall's tau and the overlap of the first k districts for every pair of estimators, newest year of each pair."""
    districts = set(dossier.of_level("district"))
    own = counted[counted["place_code"].isin(districts)]
    found = []
    for one, other in combinations([n for n in ESTIMATORS if n in set(own["source"])], 2):
        both = own[own["source"] == one].merge(own[own["source"] == other], on=["place_code", "period"])
        if both.empty:
            continue
        both = both[both["period"] == both["period"].max()].set_index("place_code").sort_index()
        if len(both) < dossier.threshold("zero_dose.fewest_districts"):
            continue
        most = max(1, min(int(dossier.threshold("zero_dose.top")), len(both) // 2))
        common = {
            "place_code": dossier.root, "period": both["period"].iloc[0], "indicator": "dtp1", "source": one,
            "kind": "pair", "reference_source": other, "denominator": len(both), "unit": "ratio",
        }  # fmt: skip
        tau = kendall(both["value_x"].to_numpy(float), both["value_y"].to_numpy(float))
        shared = overlap(both["value_x"], both["value_y"], most)
        found += [
            common | {"measure": "rank_agreement", "value": tau},
            common | {"measure": "top_overlap", "value": shared, "numerator": round(shared * most), "denominator": most},
        ]  # fmt: skip
    return found


def _range(dossier: Dossier, counted: pd.DataFrame) -> Iterator[Finding]:
    """Tell, for every place, the lowest and the highest estimator of the newest year that has two of them."""
    several = counted.groupby(["place_code", "period"])["source"].transform("nunique") > 1
    latest = newest(counted[several], ["place_code"], "period").sort_values(["place_code", "value", "source"])
    numbers = latest["place_code"].value_counts()
    lowest, highest = (latest.drop_duplicates("place_code", keep=end) for end in ("first", "last"))
    limit = dossier.threshold("zero_dose.near")
    for low, high in zip(each(lowest), each(highest), strict=True):
        params: Mapping[str, Any] = {
            "place": low.place_code, "period": str(low.period), "low": rounded(low.value), "high": rounded(high.value), "low_source": low.source,
            "high_source": high.source, "low_of": low.of, "high_of": high.of, "n": int(numbers[low.place_code]),
        }  # fmt: skip
        negative = low.value < 0
        near = not negative and high.value <= limit * max(low.value, 1.0)
        which = "negative" if negative else "near" if near else "range"
        yield Finding(
            kind="agrees" if which == "near" else "disagrees", place_code=low.place_code, period=str(low.period), indicator="dtp1",
            value=low.value, expected=high.value,
            severity={"near": "note", "range": "attention", "negative": "serious"}[which],
            message=Message(f"triangulation.zero_dose.{which}", params), evidence=(*low.evidence, *high.evidence),
        )  # fmt: skip


def _ranked(dossier: Dossier, agreement: list[dict[str, Any]]) -> Iterator[Finding]:
    """Tell the pair of estimators whose districts agree least."""
    taus = [row for row in agreement if row["measure"] == "rank_agreement" and not np.isnan(row["value"])]
    if not taus:
        return
    worst = min(taus, key=lambda row: (row["value"], row["source"], row["reference_source"]))
    shared = next(
        row for row in agreement
        if row["measure"] == "top_overlap" and (row["source"], row["reference_source"]) == (worst["source"], worst["reference_source"])
    )  # fmt: skip
    same = worst["value"] >= dossier.threshold("zero_dose.same_order")
    which = "same_order" if same else "other_order"
    params = {
        "place": dossier.root, "period": str(worst["period"]), "one": worst["source"], "other": worst["reference_source"],
        "tau": worst["value"], "shared": shared["numerator"], "most": shared["denominator"], "districts": worst["denominator"],
    }  # fmt: skip
    yield Finding(
        kind="agrees" if same else "disagrees", place_code=dossier.root, period=str(worst["period"]), indicator="dtp1",
        source=worst["source"], value=worst["value"], severity="note" if same else "attention",
        message=Message(f"triangulation.zero_dose.{which}", params),
        evidence=({"table": "triangulation", "key": {"analysis": NAME, "measure": "rank_agreement", "source": worst["source"],
                   "reference_source": worst["reference_source"], "period": str(worst["period"])}, "snapshot": ""},),
    )  # fmt: skip
