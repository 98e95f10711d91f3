"""How many children begin and do not finish, and where do later doses exceed first ones?

DTP1 to DTP3, DTP1 to MCV1, MCV1 to MCV2: children lost between two doses of one year, and negative dropout, which
cannot be: doses of another place, of another age, or a mistake of the form (WHO Data Quality Review, module 2:
later doses may exceed first ones by 2 %).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing
from kalanso.triangulation.ratios import Pair, absent, paired, told

NAME = "dropout"
NEEDS = ("counts",)
HELPS: tuple[str, ...] = ()


def pairs(dossier: Dossier) -> tuple[Pair, ...]:
    """Return the pairs of doses; a ratio above 1 + tolerance is negative dropout."""
    high = 1 + dossier.threshold("dropout.tolerance")
    return tuple(
        Pair(measure=name, first=first, last=last, low=1 - dossier.threshold("dropout.high"), high=high)
        for name, first, last in (
            ("dtp1_dtp3", "dtp1_doses", "dtp3_doses"), ("dtp1_mcv1", "dtp1_doses", "mcv1_doses"),
            ("mcv1_mcv2", "mcv1_doses", "mcv2_doses"),
        )
    )  # fmt: skip


def compare(dossier: Dossier) -> Answer:
    """Return dropout shares by place and year: (first - last) / first, negative where last exceeds first."""
    wanted = pairs(dossier)
    rows = paired(dossier, wanted)
    findings: list[Finding] = []
    if len(rows):
        rows["verdict"] = rows["verdict"].map({"low": "high", "high": "negative", "agrees": "agrees"})
        findings = told(dossier, rows, lambda measure, verdict: f"triangulation.dropout.{measure}.{verdict}")
        rows["value"], rows["unit"] = 1 - rows["value"], "share"
    table = compared(dossier, NAME, rows)
    return Answer(
        analysis=NAME, rows=table, findings=(*findings, *missing(dossier, NAME, *absent(dossier, wanted)))
    )


def share(first: Any, last: Any) -> Any:
    """Return (first - last) / first; NaN where nothing was begun."""
    first, last = np.asarray(first, float), np.asarray(last, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(first > 0, (first - last) / first, np.nan)
