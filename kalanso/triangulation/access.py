"""Do children go without a dose where services are far, few, or in conflict?

Spearman's rank correlation over districts between the share without DTP1 and each measure of access (facilities and sessions per
child, distance, conflict, poverty), with Fisher's interval. A correlation over places names no cause and says nothing of single children.
Facilities that closed and people who arrived are told by `ground`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation import ground
from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing, newest
from kalanso.triangulation.inputs import ACCESS_MEASURES
from kalanso.vocabulary import Message

NAME = "access"
NEEDS = ("access", "coverage")
HELPS: tuple[str, ...] = ()
_BELIEVED = ("estimate", "survey", "administrative")
Z = 1.959964


def compare(dossier: Dossier) -> Answer:
    """Return the correlation of each measure of access with the share of children without DTP1 over districts."""
    shares = without_dose(dossier)
    measures = dossier.rows("access")
    rows, told = [], []
    for measure in ACCESS_MEASURES:
        both = measures[measures["measure"] == measure].merge(shares, on="place_code")
        if len(both) < dossier.threshold("access.fewest_districts") or both["value"].nunique() < 2:
            continue
        rho, low, high = spearman(both["value"].to_numpy(float), both["without"].to_numpy(float))
        year = str(int(both["year"].max()))
        verdict = "high" if low > 0 else "low" if high < 0 else "agrees"
        rows.append({
            "place_code": dossier.root, "period": year, "indicator": "dtp1", "measure": "rank_correlation", "source": measure,
            "kind": str(both["kind"].iloc[0]), "value": rho, "low": low, "high": high, "unit": "ratio", "denominator": len(both), "verdict": verdict,
        })  # fmt: skip
        told.append(_told(dossier, measure, year, rho, low, high, len(both), verdict))
    # Where too few districts have a coverage, what is told of access does not lack.
    there = set(measures["measure"]) if shares.empty else {row["source"] for row in rows}
    absent = [
        *(["districts"] if shares.empty else []),
        *(f"access_{measure}" for measure in ACCESS_MEASURES if measure not in there),
    ]
    return Answer(
        analysis=NAME,
        rows=compared(dossier, NAME, rows),
        findings=(*told, *ground.changes(dossier), *missing(dossier, NAME, *absent)),
    )


def without_dose(dossier: Dossier) -> pd.DataFrame:
    """Return the share without DTP1 of each district (place_code, year, kind, without), by the surest kind that most have."""
    rows = dossier.rows("coverage")
    rows = rows[(rows["indicator"] == "dtp1") & rows["place_code"].isin(dossier.of_level("district"))]
    for kind in _BELIEVED:
        own = rows[rows["kind"] == kind]
        if own["place_code"].nunique() >= dossier.threshold("access.fewest_districts"):
            latest = newest(own, ["place_code"]).drop_duplicates("place_code")
            return latest.assign(without=1 - latest["value"])[["place_code", "year", "kind", "without"]]
    return pd.DataFrame(columns=["place_code", "year", "kind", "without"])


def spearman(first: Any, second: Any) -> tuple[float, float, float]:
    """Return Spearman's rho (ties get mean ranks) with Fisher's 95 % interval; the variance is that of Bonett and Wright (2000)."""
    one, other = (pd.Series(values).rank().to_numpy() for values in (first, second))
    rho = float(np.corrcoef(one, other)[0, 1])
    inside = float(np.clip(rho, -0.999999, 0.999999))
    reach = Z * np.sqrt((1 + inside**2 / 2) / (len(one) - 3))
    return rho, float(np.tanh(np.arctanh(inside) - reach)), float(np.tanh(np.arctanh(inside) + reach))


def _told(
    dossier: Dossier, measure: str, year: str, rho: float, low: float, high: float, n: int, verdict: str
) -> Finding:
    params = {
        "place": dossier.root,
        "period": year,
        "access": measure,
        "rho": rho,
        "low": low,
        "high": high,
        "districts": n,
    }
    key = {"analysis": NAME, "measure": "rank_correlation", "source": measure}
    which = {"high": "more", "low": "less", "agrees": "none"}[verdict]
    return Finding(
        kind="check" if verdict != "agrees" else "agrees", place_code=dossier.root, period=year, indicator="dtp1", source=measure,
        value=rho, severity="attention" if verdict != "agrees" else "note",
        message=Message(f"triangulation.access.{which}", params),
        evidence=({"table": "triangulation", "key": key, "snapshot": ""},),
    )  # fmt: skip
