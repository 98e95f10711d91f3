"""Is a fall of doses a fall of vaccination, or have facilities gone silent?

Doses of the newest quarter beside the same quarter a year before, split exactly: ln(doses after / before) =
ln(completeness after / before) + ln(doses per report after / before). Where missing reports explain half of a fall or more,
the sentence says so; it does not say that no child was missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message, Period

NAME = "silence"
NEEDS = ("counts",)
HELPS: tuple[str, ...] = ()


def compare(dossier: Dossier) -> Answer:
    """Return the change of DTP1 doses by place with the share that missing reports explain."""
    rows = split(dossier)
    if rows.empty:
        return Answer(analysis=NAME, findings=missing(dossier, NAME, "quarters"))
    absent = [] if rows["explained"].notna().any() else ["completeness"]
    table = rows.assign(
        measure="change", unit="ratio", source="dtp1_doses", kind="reported", value=rows["change"], numerator=rows["after"],
        denominator=rows["before"], reference_source="reports", reference=rows["of_reports"],
    )  # fmt: skip
    return Answer(
        analysis=NAME, rows=compared(dossier, NAME, table),
        findings=(*_told(dossier, rows), *missing(dossier, NAME, *absent)),
    )  # fmt: skip


def split(dossier: Dossier) -> pd.DataFrame:
    """Return for each place: before, after, change = after / before, of_reports, of_doses (change = product), explained, verdict."""
    counts = dossier.rows("counts")
    rows = counts[(counts["indicator"] == "dtp1_doses") & counts["period"].str.contains("Q")]
    if rows.empty:
        return pd.DataFrame()
    known = [Period.parse(code) for code in sorted(rows["period"].unique())]
    ended = [period for period in known if period.end < dossier.today]
    if not ended:
        return pd.DataFrame()
    last, before = ended[-1].code, (ended[-1] + -4).code
    both = rows[rows["period"] == last].merge(
        rows[rows["period"] == before], on=["place_code", "indicator"], suffixes=("", "_before")
    )
    both = both[both["value_before"] > 0]
    change = both["value"] / both["value_before"]
    reports = (both["completeness"] / both["completeness_before"]).where(both["completeness_before"] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = pd.Series(np.log(reports) / np.log(change), index=both.index)
    fell, rose = (
        change < 1 - dossier.threshold("silence.fall"),
        change > 1 + dossier.threshold("silence.fall"),
    )
    by_reports = fell & (explained >= dossier.threshold("silence.explained"))
    verdict = np.select([by_reports, fell, rose], ["fall_of_reports", "fall_of_doses", "rise"], "steady")
    return pd.DataFrame(
        {
            "place_code": both["place_code"], "period": last, "earlier": before, "indicator": "dtp1", "before": both["value_before"],
            "after": both["value"], "change": change, "of_reports": reports, "of_doses": change / reports,
            "explained": explained.replace([np.inf, -np.inf], np.nan), "completeness": both["completeness"],
            "completeness_before": both["completeness_before"], "verdict": verdict,
        }
    ).reset_index(drop=True)  # fmt: skip


def _told(dossier: Dossier, rows: pd.DataFrame) -> Iterator[Finding]:
    smallest = dossier.threshold("silence.smallest")
    for row in each(rows[(rows["verdict"] != "steady") & (rows["before"] >= smallest)]):
        which: str = row.verdict
        if which == "fall_of_doses" and np.isnan(row.of_reports):
            which = "fall_unknown"
        params: dict[str, Any] = {
            "place": row.place_code, "period": row.period, "earlier": row.earlier, "before": row.before, "after": row.after,
            "change": abs(row.change - 1), "completeness": row.completeness, "completeness_before": row.completeness_before,
            "explained": min(row.explained, 1.0) if not np.isnan(row.explained) else None,
        }  # fmt: skip
        yield Finding(
            kind="changed", place_code=row.place_code, period=row.period, indicator="dtp1", value=row.after, expected=row.before,
            severity={"rise": "note", "fall_of_reports": "attention"}.get(which, "serious"),
            message=Message(f"triangulation.silence.{which}", params),
            evidence=tuple(
                {"table": "indicator_values", "key": {"place_code": row.place_code, "period": code, "indicator": "dtp1_doses"},
                 "snapshot": dossier.snapshots.get("indicator_values", "")}
                for code in (row.period, row.earlier)
            ),
        )  # fmt: skip
