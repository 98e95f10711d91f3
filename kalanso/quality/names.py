"""Which facility may stand in two sources under two names?

Two places of one level under the same place, of which each is known to one source alone, and whose names sound
alike: probably one facility, so that its doses stand apart or its silence is none. Words that tell neighbours
apart (East, 2 ...) must agree. Names within one list are matched when it is imported; this looks back.
"""

from __future__ import annotations

import datetime
import itertools
import json
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from kalanso.places.names import likeness, parse_name
from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import nothing
from kalanso.quality.tables import QUALITY_FINDINGS

NAME = "names"


def find(evidence: Evidence) -> ir.Table:
    """Return pairs of places that may be one, told at the first of both."""
    if evidence.profile.source.nunique() < 2:
        return nothing()
    known = evidence.places.select("place_code", "name", "level")
    listed = evidence.spoken.select("source", "place_code").distinct().join(known, "place_code")
    frame = listed.join(evidence.above, "place_code").to_pandas()
    rows = pairs_alike(frame, limit=evidence.threshold("names.alike"), most=evidence.threshold("names.most"))
    if rows.empty:
        return nothing()
    return evidence.engine_rows(QUALITY_FINDINGS.arrow(_told(rows, evidence.today.year, evidence.lead)))


def pairs_alike(frame: pd.DataFrame, *, limit: float, most: int) -> pd.DataFrame:
    """Return pairs of places under one place, each of a single and different source, with alike names.

    `frame` has source, place_code, name, level, group_code. Groups of more than `most` places are left
    out: there names say little.
    """
    single = frame.groupby("place_code")["source"].transform("nunique") == 1
    found: list[dict[str, Any]] = []
    for _group, rows in frame[single].groupby(["group_code", "level"], sort=True):
        if rows["source"].nunique() < 2 or len(rows) > most:
            continue
        ordered = rows.sort_values("place_code").to_dict("records")
        for one, other in itertools.combinations(ordered, 2):
            if one["source"] == other["source"]:
                continue
            first, second = parse_name(one["name"]), parse_name(other["name"])
            alike = likeness(first, second)
            if alike >= limit and first.marks == second.marks:
                found.append(
                    {
                        "source": one["source"], "place_code": one["place_code"], "name": one["name"], "alike": alike,
                        "other_source": other["source"], "other_code": other["place_code"],
                        "other_name": other["name"],
                    }
                )  # fmt: skip
    return pd.DataFrame(found)


def _told(rows: pd.DataFrame, year: int, lead: str) -> list[dict[str, Any]]:
    told = []
    for row in rows.to_dict("records"):
        params = {
            "place": row["name"], "other": row["other_name"], "source": row["source"],
            "other_source": row["other_source"], "value": row["alike"], "period": str(year), "indicator": lead,
            "detail": row["other_code"], "expected": None, "other_code": row["other_code"],
        }  # fmt: skip
        told.append(
            {
                "check": NAME, "source": row["source"], "place_code": row["place_code"], "period": str(year),
                "period_type": "year", "period_start": datetime.date(year, 1, 1), "indicator": lead,
                "detail": row["other_code"], "value": float(row["alike"]), "expected": None, "severity": "attention",
                "message": "quality.names.alike", "params": json.dumps(params, ensure_ascii=False),
            }
        )  # fmt: skip
    return told
