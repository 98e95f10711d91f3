"""How much do private and non-governmental providers give, and do their reports come?

The share of DTP1 doses by sector, place and year, with the completeness of the sector's reports: doses of those who do not report
are missing from coverage, and what they gave is unknown, not zero.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing, newest
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message

NAME = "sectors"
NEEDS = ("sectors",)
HELPS: tuple[str, ...] = ()
OTHERS = ("private", "ngo")


def compare(dossier: Dossier) -> Answer:
    """Return each sector's share of the doses of a place and year, and what its silence may hide."""
    rows = shares(dossier)
    if rows.empty:
        return Answer(analysis=NAME, findings=missing(dossier, NAME, "sectors_of_doses"))
    table = rows.assign(
        measure="share_of_doses", source=rows["sector"], kind="reported", unit="share", numerator=rows["value"], denominator=rows["total"],
        value=rows["share"], reference=rows["completeness"], reference_source="completeness", gap=0.0,
        verdict=[_verdict(dossier, value) for value in rows["completeness"]],
    )  # fmt: skip
    told = tuple(
        _told(dossier, row) for row in each(newest(rows, ["place_code"], "period")) if row.sector in OTHERS
    )
    return Answer(analysis=NAME, rows=compared(dossier, NAME, table), findings=told)


def shares(dossier: Dossier) -> pd.DataFrame:
    """Return DTP1 doses by place, year and sector, with the share of the place's doses."""
    rows = dossier.rows("sectors")
    rows = rows[(rows["indicator"] == "dtp1") & ~rows["sector"].isin(["all", "unknown", ""])]
    rows = rows[rows["period"].str.len() == 4]
    total = rows.groupby(["place_code", "period"])["value"].transform("sum")
    rows = rows.assign(total=total)[total > 0]
    return rows.assign(share=rows["value"] / rows["total"])


def _verdict(dossier: Dossier, completeness: float) -> str:
    return (
        ""
        if pd.isna(completeness)
        else "low"
        if completeness < dossier.threshold("sectors.completeness")
        else "agrees"
    )


def _told(dossier: Dossier, row: Any) -> Finding:
    unknown, low = pd.isna(row.completeness), _verdict(dossier, row.completeness) == "low"
    which = "unknown" if unknown else "silent" if low else "reports"
    params = {"place": row.place_code, "period": row.period, "sector": row.sector, "share": row.share, "doses": row.value,
              "completeness": None if unknown else row.completeness}  # fmt: skip
    return Finding(
        kind="check" if which == "silent" else "agrees", place_code=row.place_code, period=row.period, indicator="dtp1", source=row.sector,
        value=row.share, severity="attention" if which == "silent" else "note", message=Message(f"triangulation.sectors.{which}", params),
        evidence=(dossier.evidence("sectors", row),),
    )  # fmt: skip
