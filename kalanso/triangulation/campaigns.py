"""Do campaigns find more never-vaccinated children than routine figures leave?

The share of children seen by a round who had never been vaccinated, with Wilson's interval, beside the share without DTP1
that routine coverage leaves. Rounds see children of several ages and hear of status from memory: the comparison
shows direction, not size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message

NAME = "campaigns"
NEEDS = ("campaigns", "coverage")
HELPS: tuple[str, ...] = ()


def compare(dossier: Dossier) -> Answer:
    """Return the zero-dose share of each round beside the one that routine coverage leaves."""
    # Loads the estimator's libraries: pages that only show sentences need none of them.
    from kalanso.coverage.place_evidence import wilson

    rounds = dossier.rows("campaigns")
    rounds = rounds[rounds["seen"] > 0]
    rounds = rounds.assign(year=rounds["period"].str[:4].astype(int))
    coverage = dossier.rows("coverage")
    routine = coverage[(coverage["kind"] == "administrative") & (coverage["indicator"] == "dtp1")]
    both = rounds.merge(
        routine.drop_duplicates(["place_code", "year"])[["place_code", "year", "value", "source"]],
        on=["place_code", "year"],
    )
    if both.empty:
        return Answer(analysis=NAME, findings=missing(dossier, NAME, "coverage_of_campaign"))
    seen, found = both["seen"].to_numpy(float), both["zero_dose"].to_numpy(float)
    found = np.minimum(found, seen)
    effect = np.full(len(both), dossier.threshold("campaigns.design_effect"))
    both["low"], both["high"] = wilson(found, seen, effect)
    both["share"], both["left"] = found / seen, 1 - both["value"]
    both["verdict"] = np.select(
        [both["low"] > both["left"], both["high"] < both["left"]], ["above", "below"], "agrees"
    )
    rows = [
        {
            "place_code": row.place_code, "period": row.period, "indicator": "dtp1", "measure": "zero_dose_share", "source": row.campaign,
            "kind": "campaign", "value": row.share, "low": row.low, "high": row.high, "unit": "share", "numerator": row.zero_dose,
            "denominator": row.seen, "reference_source": row.source, "reference": row.left, "verdict": row.verdict,
        }
        for row in each(both)
    ]  # fmt: skip
    told = tuple(_told(dossier, row) for row in each(both))
    return Answer(analysis=NAME, rows=compared(dossier, NAME, rows), findings=told)


def _told(dossier: Dossier, row: Any) -> Finding:
    params = {"place": row.place_code, "period": row.period, "campaign": row.campaign, "found": row.zero_dose, "seen": row.seen,
              "share": row.share, "coverage": row.value}  # fmt: skip
    which = row.verdict
    if which == "above" and row.left < 0:
        which = "above_impossible"
    return Finding(
        kind="agrees" if which == "agrees" else "disagrees", place_code=row.place_code, period=row.period, indicator="dtp1",
        source=row.campaign, value=row.share, expected=row.left, severity="serious" if which.startswith("above") else "note",
        message=Message(f"triangulation.campaigns.{which}", params), evidence=(dossier.evidence("campaigns", row),),
    )  # fmt: skip
