"""Does the catalogue of the example country find what was planted in its sources, and nothing else?

Counts, kind by kind, what was planted, what was found, what was missed and what was named without
having been planted. Only sources whose every fault is known are scored.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kalanso.indicators import delays
from kalanso.simulation.other_sources import SURVEILLANCE, WORKBOOKS

SCORED = (WORKBOOKS, SURVEILLANCE, "")
Facts = set[tuple[str, ...]]


def score(
    found: Mapping[str, pd.DataFrame], planted: pd.DataFrame, *, complete: float, days: int
) -> pd.DataFrame:
    """Return kind, planted, found, missed and false_alarms.

    `found` are the tables of the catalogue by name; `planted` rows of PLANTED_SOURCES. `complete` and `days`
    are the pack's thresholds of provisional periods.
    """
    told = _told(found, complete, days)
    rows = []
    for kind in sorted(set(planted["kind"])):
        truth = _planted(planted, kind)
        named = told[kind]
        rows.append({
            "kind": kind, "planted": len(truth), "found": len(truth & named), "missed": len(truth - named),
            "false_alarms": len(named - truth),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _planted(planted: pd.DataFrame, kind: str) -> Facts:
    rows = planted[planted["kind"] == kind]
    columns = {
        "redundant": ["source", "indicator"], "silent": ["source", "indicator", "place_code", "first_period", "last_period"],
        "corrected": ["source", "indicator"], "stopped": ["source", "indicator", "first_period"],
        "unheld": ["indicator"], "uncovered": ["indicator", "place_code"],
    }.get(kind, ["source", "indicator", "place_code"])  # fmt: skip
    if kind == "delay":
        rows = rows.assign(value=rows["value"].astype(int).astype(str))
        columns = ["source", "indicator", "place_code", "value"]
    return _facts(rows, columns)


def _told(found: Mapping[str, pd.DataFrame], complete: float, days: int) -> dict[str, Facts]:
    gaps, agreed = found["catalogue_gaps"], found["source_agreement"]
    gaps = gaps[gaps["source"].isin(SCORED)]
    twice = agreed[agreed["verdict"] == "redundant"]
    twice = pd.concat(
        [
            twice[["source", "indicator"]],
            twice[["other", "indicator"]].set_axis(["source", "indicator"], axis=1),
        ]
    )
    apart = found["source_differences"]
    apart = apart[(apart["source"].isin(SCORED)) | (apart["other"].isin(SCORED))].assign(source=WORKBOOKS)
    corrected = found["source_revisions"]
    rules = delays.learnt(found["reporting_delays"], complete=complete, days=days)
    kinds = {
        "silent": ["source", "indicator", "place_code", "first_period", "last_period"],
        "stopped": ["source", "indicator", "first_period"], "unheld": ["indicator"],
        "uncovered": ["indicator", "place_code"], "absent": ["source", "indicator", "place_code"],
    }  # fmt: skip
    return {
        "redundant": _facts(twice[twice["source"] == WORKBOOKS], ["source", "indicator"]),
        "disagreement": _facts(apart, ["source", "indicator", "place_code"]),
        "corrected": _facts(corrected[corrected["settled_changed"] > 0], ["source", "indicator"]),
        "delay": {
            (source, indicator, place, str(months))
            for (source, indicator, place), months in rules.final_after.items()
            if source == WORKBOOKS and place != "ML"
        },
        **{kind: _facts(gaps[gaps["kind"] == kind], columns) for kind, columns in kinds.items()},
    }


def _facts(rows: pd.DataFrame, columns: list[str]) -> Facts:
    return {tuple(map(str, row)) for row in rows[columns].itertuples(index=False, name=None)}
