"""Which clusters does chance draw from a frame, what became of each, and who may see which?

The drawing is that of `kalanso.surveys.design`: here it gets names, teams and segments. A place under a security flag is
shown to those who work on the study and to those who see such places as they are; others see that it is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kalanso.hub.studies.models import Draw, Round
from kalanso.hub.studies.queries.rounds import language, unseen
from kalanso.surveys.design import choose_segments, reach, segments_for, select_clusters
from kalanso.surveys.design.replacements import LOG_COLUMNS
from kalanso.vocabulary import Message

WHOLE = "T"  # the stratum of a draw without strata
CSV_COLUMNS = (
    "cluster", "stratum", "stratum_name", "role", "reserve_order", "unit_code", "name", "place_code", "hit", "children", "stratum_children",
    "stratum_clusters", "p_cluster", "segments", "segment", "p_segment", "team", "households", "state", "reason", "replaces", "cells",
)  # fmt: skip
_PROTECTED = ("unit_code", "name", "place_code", "children", "p_cluster", "cells")


def chosen(frame: Sequence[Mapping[str, Any]], asked: Mapping[str, Any], seed: int) -> list[dict[str, Any]]:
    """Return the clusters that a seed draws from a frame (unit_code, stratum, children; name, stratum_name, place_code).

    `asked`: clusters and reserves of each stratum, teams, households a cluster, `segment_above` and `segment_size` in children (0: no
    segments). The frame's own order is the order of selection. Raises SurveyRefused.
    """
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(list(frame))
    drawn = select_clusters(table, clusters=int(asked["clusters"]), reserves=int(asked["reserves"]), rng=rng)
    told = (
        table.assign(stratum=table["stratum"].astype(str)).drop_duplicates("unit_code").set_index("unit_code")
    )
    for name in ("name", "stratum_name", "place_code", *(["cells"] if "cells" in told else [])):
        drawn[name] = drawn["unit_code"].map(told[name])
    drawn = _in_segments(drawn, asked, rng)
    drawn["households"] = int(asked["households"])
    drawn["team"] = _teams(drawn, int(asked["teams"]))
    columns = [name for name in CSV_COLUMNS if name in drawn]
    found: list[dict[str, Any]] = [_plain(row) for row in drawn[columns].to_dict("records")]
    return found


def _in_segments(drawn: pd.DataFrame, asked: Mapping[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """Cut large units into segments of equal chance and draw one of each: the field sketches and numbers them."""
    drawn["segments"], drawn["segment"], drawn["p_segment"] = 1, 1, 1.0
    above = float(asked.get("segment_above") or 0)
    large = drawn[(drawn["children"] > above) & (above > 0)]
    if large.empty:
        return drawn
    sized = segments_for(
        large[["cluster"]].assign(households=large["children"]), households_per_segment=float(asked["segment_size"])
    )  # fmt: skip
    parts = pd.DataFrame(
        [
            {"cluster": row["cluster"], "segment": number, "households": 1}
            for row in sized.to_dict("records")
            for number in range(1, int(row["segments"]) + 1)
        ]
    )
    taken = choose_segments(parts, rng=rng).set_index("cluster")
    number = sized.set_index("cluster")["segments"]
    here = drawn["cluster"].isin(taken.index)
    codes = drawn.loc[here, "cluster"]
    drawn.loc[here, "segments"] = codes.map(number)
    drawn.loc[here, "segment"] = codes.map(taken["segment"])
    drawn.loc[here, "p_segment"] = codes.map(taken["p_segment"])
    return drawn


def _teams(drawn: pd.DataFrame, teams: int) -> list[int]:
    """Share neighbouring clusters out among teams; a reserve belongs to the team of its neighbours."""
    main = (drawn["role"] == "main").to_numpy()
    before = np.maximum(np.cumsum(main) - 1, 0)
    return [int(number) for number in np.minimum(before * teams // max(int(main.sum()), 1), teams - 1) + 1]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): value.item() if isinstance(value, np.generic) else value for name, value in row.items()
    }


def newest(one: Round) -> Draw | None:
    """Return the draw that counts: the newest."""
    return one.draws.select_related("by").first()


def drawn_for(one: Round, clusters: Mapping[str, str]) -> Draw | None:
    """Return the draw from which interviews come: the newest that drew all their clusters (code -> place, "" unknown), each in its place.

    None where no draw of the round did.
    """
    for draw in one.draws.select_related("by"):
        places = {row["cluster"]: row["place_code"] or "" for row in draw.clusters}
        if all(
            code in places and (not place or not places[code] or place == places[code])
            for code, place in clusters.items()
        ):
            return draw
    return None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A draw as somebody may see it: its clusters with what became of each, sentences on who is spoken of, protected ones."""

    rows: list[dict[str, Any]]
    log: list[dict[str, Any]]
    sentences: list[str]
    hidden: int
    main: int
    replaced: int
    next_reserve: dict[str, str]
    strata: int
    segmented: bool
    repeated: bool


def standing(draw: Draw, person: Any) -> Standing:
    """Return a draw as somebody may see it."""
    lines = list(draw.replacements.select_related("by"))
    found = reach(pd.DataFrame(draw.clusters), log_of(lines))
    hidden = protected(draw, person)
    rows = []
    for row in found.clusters.to_dict("records"):
        kept = _plain(row)
        if kept["cluster"] in hidden:
            kept |= dict.fromkeys(_PROTECTED, "") | {"protected": True}
        rows.append(kept)
    rows.sort(key=lambda row: row["state"] == "unused")  # reserves that wait stand last
    log = [_line(one, hidden) for one in lines]
    called = {row["stratum"]: row["stratum_name"] for row in draw.clusters}
    said = [
        _said(row, called) for row in found.strata.to_dict("records") if row["unreachable"]
    ]  # before anybody went, nothing can be said of who was reached
    waiting: dict[str, str] = {}
    for row in sorted(rows, key=lambda one: one["reserve_order"]):
        if row["role"] == "reserve" and row["state"] == "unused":
            waiting.setdefault(row["stratum"], row["cluster"])
    return Standing(
        rows=rows, log=log, sentences=said, hidden=len(hidden), main=sum(row["role"] == "main" for row in rows), replaced=len(lines),
        next_reserve=waiting, strata=len(called), segmented=any(row["segments"] > 1 for row in draw.clusters),
        repeated=any(int(row.get("hit") or 1) > 1 for row in draw.clusters),
    )  # fmt: skip


def _said(row: Mapping[Any, Any], called: Mapping[str, str]) -> str:
    params = json.loads(str(row["params"]))
    return Message(str(row["message"]), params | {"stratum": called[row["stratum"]]}).render(language())


def _line(one: Any, hidden: frozenset[str]) -> dict[str, Any]:
    away = one.cluster in hidden or one.replaced_by in hidden
    return {
        "cluster": one.cluster, "replaced_by": one.replaced_by, "reason": one.reason, "told": "" if away else one.told,
        "decided_on": None if away else one.decided_on, "month": one.decided_on, "by": None if away else one.by, "protected": away,
    }  # fmt: skip


def log_of(lines: Sequence[Any]) -> pd.DataFrame:
    """Return the log of replacements in the columns that the library takes."""
    rows = [
        {"cluster": one.cluster, "replaced_by": one.replaced_by, "reason": one.reason, "decided_on": str(one.decided_on),
         "decided_by": str(one.by)}
        for one in lines
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(LOG_COLUMNS))


def protected(draw: Draw, person: Any) -> frozenset[str]:
    """Return the drawn clusters whose place somebody may not see: those under a flag, for whoever is neither of the team nor cleared."""
    away = unseen(person, draw.round, {row["place_code"] for row in draw.clusters} - {"", None})
    return frozenset(row["cluster"] for row in draw.clusters if row["place_code"] in away)


def expected_clusters(draw: Draw) -> list[dict[str, Any]]:
    """Return the drawn clusters that are to be visited, reserves in place of those that could not be."""
    found = reach(pd.DataFrame(draw.clusters), log_of(list(draw.replacements.select_related("by")))).clusters
    visited = set(found.loc[found["state"] == "visited", "cluster"])
    return [row for row in draw.clusters if row["cluster"] in visited]


def csv_rows(draw: Draw, person: Any) -> list[dict[str, Any]]:
    """Return a draw as a file, with what somebody may not see left empty."""
    return [{name: row.get(name, "") for name in CSV_COLUMNS} for row in standing(draw, person).rows]


def names_of_clusters(draw: Draw | None) -> dict[str, str]:
    """Return what telephones call each drawn cluster, reserves with it."""
    if draw is None:
        return {}
    return {row["cluster"]: f"{row['cluster']} · {row['name']}" for row in draw.clusters}
