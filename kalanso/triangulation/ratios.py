"""How do two counts of the same children stand to one another?

The step that dropout, first contacts and same-visit doses share: two counts of a place and year beside each other,
and whether chance could explain how far they part. What the parting means is said by each analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Finding, newest
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two counts, and the band in which last / first is unremarkable."""

    measure: str
    first: str
    last: str
    low: float
    high: float


def paired(dossier: Dossier, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return last / first of every pair by place and year.

    `verdict` is low or high where the ratio lies outside the band by more than chance: two counts of independent
    children differ by chance with the square root of their sum, times `ratios.chance`.
    """
    counts = dossier.rows("counts")
    yearly = counts[counts["period"].str.len() == 4]
    found = []
    for pair in pairs:
        both = yearly[yearly["indicator"] == pair.first].merge(
            yearly[yearly["indicator"] == pair.last], on=["place_code", "period"], suffixes=("", "_last")
        )
        both = both[both["value"] > 0]
        ratio = both["value_last"] / both["value"]
        slack = (
            dossier.threshold("ratios.chance") * np.sqrt(both["value"] + both["value_last"]) / both["value"]
        )
        verdict = np.select([ratio < pair.low - slack, ratio > pair.high + slack], ["low", "high"], "agrees")
        found.append(
            pd.DataFrame(
                {
                    "place_code": both["place_code"], "period": both["period"], "indicator": pair.first.split("_")[0],
                    "measure": pair.measure, "source": pair.last, "reference_source": pair.first, "kind": "reported",
                    "value": ratio, "numerator": both["value_last"], "denominator": both["value"], "unit": "ratio",
                    "gap_children": both["value"] - both["value_last"], "verdict": verdict,
                }
            )
        )  # fmt: skip
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def absent(dossier: Dossier, pairs: Sequence[Pair]) -> list[str]:
    """Return the counts that a list of pairs needs and that no place has."""
    known = set(dossier.rows("counts")["indicator"])
    return sorted({code for pair in pairs for code in (pair.first, pair.last) if code not in known})


def told(dossier: Dossier, rows: pd.DataFrame, sentence: Callable[[str, str], str]) -> list[Finding]:
    """Return one finding per place and pair of the newest year that lies outside its band.

    `sentence` names the message of a measure and its verdict.
    """
    found: list[Finding] = []
    if rows.empty:
        return found
    latest = newest(rows, ["place_code", "measure"], "period")
    for row in each(latest[latest["verdict"].isin(["low", "high", "negative"])]):
        params: dict[str, Any] = {
            "place": row.place_code, "period": row.period, "first": row.reference_source, "last": row.source, "ratio": row.value,
            "first_count": row.denominator, "last_count": row.numerator, "share": abs(1 - row.value),
        }  # fmt: skip
        found.append(
            Finding(
                kind="check", place_code=row.place_code, period=row.period, indicator=row.indicator, source=row.source,
                value=row.numerator, expected=row.denominator, severity="serious" if row.verdict == "negative" else "attention",
                message=Message(sentence(row.measure, row.verdict), params),
                evidence=tuple(_where(dossier, row, code) for code in (row.reference_source, row.source)),
            )
        )  # fmt: skip
    return found


def _where(dossier: Dossier, row: Any, code: str) -> dict[str, Any]:
    key = {"place_code": row.place_code, "period": row.period, "indicator": code}
    return {
        "table": "indicator_values",
        "key": key,
        "snapshot": dossier.snapshots.get("indicator_values", ""),
    }
