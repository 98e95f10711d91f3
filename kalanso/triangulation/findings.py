"""What is one comparison, and what is one sentence about it?

The forms in which every analysis answers: rows in the columns of `triangulation`, and findings, each a
sentence with the rows on which it rests. How a sentence reads is said by the catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.tables import TRIANGULATION, TRIANGULATION_FINDINGS
from kalanso.vocabulary import Message, Period

_TEXTS = tuple(c.name for c in TRIANGULATION.columns if c.type == "string")
MOST_EVIDENCE = 6  # rows named with one sentence


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence: what kind, where, when, about which number, and the rows on which it rests."""

    kind: str
    place_code: str
    period: str
    message: Message
    severity: str = "attention"
    indicator: str = ""
    source: str = ""
    value: float | None = None
    expected: float | None = None
    evidence: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What one analysis found: rows in the columns of `triangulation`, and findings."""

    analysis: str
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    findings: tuple[Finding, ...] = ()

    @property
    def missing(self) -> tuple[Finding, ...]:
        """The findings that name absent evidence."""
        return tuple(found for found in self.findings if found.kind == "missing")


def compared(
    dossier: Dossier, analysis: str, rows: pd.DataFrame | Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    """Return rows with exactly the columns of `triangulation`; what is not given is empty.

    `period` may be a year as a number. `gap` is computed where a reference is given.
    """
    frame = pd.DataFrame(rows)
    if frame.empty:
        return pd.DataFrame(columns=list(TRIANGULATION.column_names))
    periods = frame["period"].astype(str)
    known = {code: Period.parse(code) for code in periods.unique()}
    found: dict[str, Any] = {}
    for column in TRIANGULATION.columns:
        name = column.name
        if name in frame:
            given = frame[name]
            found[name] = given.fillna("").astype(str) if name in _TEXTS else given
        else:
            found[name] = "" if name in _TEXTS else np.nan
    out = pd.DataFrame(found, index=frame.index)
    out["analysis"], out["period"] = analysis, periods
    out["level"] = frame["place_code"].map(dossier.levels).fillna("")
    out["period_type"] = periods.map({code: one.type.value for code, one in known.items()})
    out["period_start"] = periods.map({code: one.start for code, one in known.items()})
    numbers = [c.name for c in TRIANGULATION.columns if c.type == "float"]
    out[numbers] = out[numbers].apply(pd.to_numeric).astype(float)
    gap = out["value"] - out["reference"]
    out["gap"] = out["gap"].where(out["gap"].notna(), gap)
    key = list(TRIANGULATION.key)
    return out.drop_duplicates(key).sort_values(key).reset_index(drop=True)


def findings_table(dossier: Dossier, answers: Iterable[Answer]) -> pd.DataFrame:
    """Return all findings in the columns of `triangulation_findings`."""
    rows = [_row(dossier, answer.analysis, found) for answer in answers for found in answer.findings]
    frame = pd.DataFrame(rows, columns=list(TRIANGULATION_FINDINGS.column_names))
    for name in ("value", "expected"):
        frame[name] = pd.to_numeric(frame[name]).astype(float)
    key = list(TRIANGULATION_FINDINGS.key)
    return frame.drop_duplicates(key).sort_values(key).reset_index(drop=True)


def _row(dossier: Dossier, analysis: str, found: Finding) -> dict[str, Any]:
    period = Period.parse(found.period)
    return {
        "analysis": analysis, "kind": found.kind, "place_code": found.place_code,
        "level": dossier.levels.get(found.place_code, ""), "period": period.code, "period_type": period.type.value,
        "period_start": period.start, "indicator": found.indicator, "source": found.source,
        "value": _number(found.value), "expected": _number(found.expected), "severity": found.severity,
        "message": found.message.id, "params": found.message.params_json(),
        "evidence": json.dumps([_located(dossier, item) for item in found.evidence[:MOST_EVIDENCE]], ensure_ascii=False, sort_keys=True),
    }  # fmt: skip


def _located(dossier: Dossier, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of evidence with the snapshot in which it stands, where that is known by now."""
    return {**item, "snapshot": item["snapshot"] or dossier.snapshots.get(item["table"], "")}


def _number(value: float | None) -> float:
    return np.nan if value is None or not np.isfinite(value) else float(value)


def missing(dossier: Dossier, analysis: str, *absent: str) -> tuple[Finding, ...]:
    """Return one finding per kind of evidence that an analysis needs and does not have."""
    period = str(dossier.today.year)
    return tuple(
        Finding(
            kind="missing", place_code=dossier.root, period=period, severity="note", source=name,
            message=Message("triangulation.missing.table", {"analysis": analysis, "evidence": name}),
        )
        for name in absent
    )  # fmt: skip


def newest(rows: pd.DataFrame, by: Sequence[str], when: str = "year") -> pd.DataFrame:
    """Return the rows of the newest period of each group."""
    return rows[rows[when] == rows.groupby(list(by))[when].transform("max")]


def rounded(children: float) -> float:
    """Return children in two significant figures: what sources give apart from one another claims no more."""
    if abs(children) < 10:
        return round(children)
    size = 10 ** (int(np.floor(np.log10(abs(children)))) - 1)
    return float(round(children / size) * size)
