"""What do we say in the monthly review: what changed, what disagrees, what to check, what is missing?

Chooses and orders findings by rules; writes no sentence that no finding carries. The place's own findings come before those of places
below; among these, a finding that three or more places share is said once with their names. Every sentence keeps the
rows on which it rests, so that a page can link each.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding
from kalanso.triangulation.inputs import each
from kalanso.triangulation.tables import SEVERITIES
from kalanso.vocabulary import Message

NAME = "narrative"
NEEDS: tuple[str, ...] = ()
HELPS: tuple[str, ...] = ()
SECTIONS = ("changed", "disagrees", "check", "missing")
MOST = 6  # sentences of a section: a review has an hour
SHARED = 3  # places from which a finding is said once for all
NAMED = 5  # places named in such a sentence
TOLD_LEVELS = ("country", "region", "district")


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence of the review: where it belongs, what it says, and the rows on which it rests."""

    section: str
    place_code: str
    analysis: str
    severity: str
    message: Message
    evidence: tuple[Mapping[str, Any], ...]


def compare(dossier: Dossier, answers: Sequence[Answer]) -> Answer:
    """Return one finding per country, region and district that counts what the others found there and below."""
    counted: dict[str, Counter[str]] = {}
    latest: dict[str, str] = {}
    for answer in answers:
        for found in answer.findings:
            code = found.place_code
            while code:
                counted.setdefault(code, Counter())[found.kind] += 1
                latest[code] = max(latest.get(code, ""), found.period[:4])
                code = dossier.parents.get(code, "")
    told = tuple(
        Finding(
            kind="check", place_code=code, period=latest[code], severity="note",
            message=Message("triangulation.narrative.counts", {"place": code} | {kind: counted[code][kind] for kind in SECTIONS}),
            evidence=({"table": "triangulation_findings", "key": {"place_code": code}, "snapshot": ""},),
        )
        for code in sorted(counted) if dossier.levels.get(code) in TOLD_LEVELS
    )  # fmt: skip
    return Answer(analysis=NAME, findings=told)


def review(
    findings: pd.DataFrame, place: str, below: Sequence[str] = (), *, most: int = MOST
) -> list[Sentence]:
    """Return the sentences of a place's review from rows of `triangulation_findings`, section by section.

    `below` are the places whose findings count with it. Serious ones come first; at most `most` a section.
    """
    rows = findings[findings["analysis"] != NAME]
    own, others = rows[rows["place_code"] == place], rows[rows["place_code"].isin(list(below))]
    said: list[Sentence] = []
    for section in SECTIONS:
        first = [_said(row) for row in _ordered(own[own["kind"] == section])]
        then = _together(others[others["kind"] == section], place)
        said += [*first, *then][:most] if section != "missing" else _missing(own)[:most]
    return said


def _missing(rows: pd.DataFrame) -> list[Sentence]:
    """Name each absent kind of evidence once, with the analyses that wait for it, the most awaited first."""
    rows = rows[rows["kind"] == "missing"]
    waiting = rows.groupby("source")["analysis"].unique()
    order = sorted(waiting.index, key=lambda name: (-len(waiting[name]), name))
    return [
        Sentence(
            section="missing", place_code=str(rows["place_code"].iloc[0]), analysis=NAME, severity="note", evidence=(),
            message=Message("triangulation.narrative.missing", {"evidence": name, "analyses": list(waiting[name])}),
        )
        for name in order
    ]  # fmt: skip


def _ordered(rows: pd.DataFrame) -> list[Any]:
    order = {name: -number for number, name in enumerate(SEVERITIES)}
    keyed = rows.assign(_order=rows["severity"].map(order))
    newest_first = keyed.sort_values(["period_start"], ascending=False, kind="stable")
    return each(newest_first.sort_values(["_order"], kind="stable"))


def _said(row: Any) -> Sentence:
    return Sentence(
        section=row.kind, place_code=row.place_code, analysis=row.analysis, severity=row.severity,
        message=Message.from_json(row.message, row.params), evidence=tuple(json.loads(row.evidence)),
    )  # fmt: skip


def _together(rows: pd.DataFrame, place: str) -> list[Sentence]:
    """Say once what three or more places share, and singly what fewer do, the most serious and most shared first."""
    said: list[tuple[tuple[int, int, str], Sentence]] = []
    for message, group in rows.groupby("message", sort=True):
        ordered = _ordered(group)
        severity = ordered[0].severity
        places = list(dict.fromkeys(row.place_code for row in ordered))
        rank = (-SEVERITIES.index(severity), -len(places), str(message))
        if len(places) < SHARED:
            said += [(rank, _said(row)) for row in ordered]
            continue
        params = {"place": place, "analysis": ordered[0].analysis, "n": len(places), "places": places[:NAMED], "example": str(message),
                  "params": json.loads(ordered[0].params)}  # fmt: skip
        evidence = tuple(item for row in ordered[:NAMED] for item in json.loads(row.evidence)[:1])
        said.append((rank, Sentence(
            section=ordered[0].kind, place_code=place, analysis=ordered[0].analysis, severity=severity,
            message=Message("triangulation.narrative.several", params), evidence=evidence,
        )))  # fmt: skip
    return [sentence for _, sentence in sorted(said, key=lambda item: item[0])]
