"""What do published studies of every kind say to an estimate, and of which of its areas?

Reads `survey_evidence` and lays it out as the model's clusters, lots and results. A row of places chosen on purpose speaks
of its own place: it is never spread over a larger one. What cannot be heard is left out and named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kalanso.coverage.evidence_tables import COVERAGE_INDICATORS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_places import Ground
from kalanso.places.trees import links_on
from kalanso.surveys.evidence_rows import area_rows, cluster_rows, lot_rows
from kalanso.surveys.tables import SURVEY_EVIDENCE
from kalanso.vocabulary import Message, Tree


@dataclass(frozen=True, kw_only=True)
class Studies:
    """Rows of studies as the tables of an evidence folder, their names, and the sentences that go with them."""

    clusters: pd.DataFrame
    areas: pd.DataFrame
    lots: pd.DataFrame
    names: frozenset[str]
    notes: tuple[Message, ...]


def studies(holdings: Holdings, where: Ground, *, first: str, last: str) -> Studies:
    """Return what published studies say of children due between two quarters.

    Rows below an area count for that area; those of chosen places only where the area is the place itself, or the one
    that a facility of the study serves. `notes` carry the label of every row that is heard, and what was left out.
    """
    rows = holdings.read(SURVEY_EVIDENCE).to_pandas() if holdings.manifest(SURVEY_EVIDENCE) else None
    if rows is None or rows.empty:
        nothing = pd.DataFrame()
        return Studies(clusters=nothing, areas=nothing, lots=nothing, names=frozenset(), notes=())
    placed = rows.assign(heard_at=_places(rows, holdings, where))
    early = (placed["start"] < first) | (placed["end"] > last)
    other = ~placed["indicator"].isin(COVERAGE_INDICATORS)
    above = placed["heard_at"].eq("") & placed["chosen"]
    lost = placed["heard_at"].eq("") & ~placed["chosen"]
    notes = [
        _left_out("studies_chosen", placed[above]), _left_out("studies_unknown_place", placed[lost]),
        _left_out("studies_other_quarters", placed[early & ~placed["heard_at"].eq("")]),
    ]  # fmt: skip
    heard = _lifted(placed[~early & ~other & placed["heard_at"].ne("")])
    return Studies(
        clusters=cluster_rows(heard), areas=area_rows(heard), lots=lot_rows(heard), names=frozenset(heard["round"]),
        notes=(*labels(heard), *(note for note in notes if note is not None)),
    )  # fmt: skip


def labels(rows: pd.DataFrame) -> tuple[Message, ...]:
    """Return the labels of rows of evidence, each once: they go wherever the numbers go."""
    told = rows.drop_duplicates(["message", "params"]).sort_values(["round", "message", "params"])
    return tuple(
        Message(str(name), json.loads(params))
        for name, params in told[["message", "params"]].itertuples(index=False)
    )


def _places(rows: pd.DataFrame, holdings: Holdings, where: Ground) -> pd.Series:
    """Return for each row the place of the estimate of which it may speak; "" where there is none."""
    links = links_on(holdings.parents, tree=Tree.ADMINISTRATIVE.value, on=holdings.today)
    links |= links_on(holdings.parents, tree=Tree.HEALTH.value, on=holdings.today)
    levels = dict(zip(holdings.places["place_code"], holdings.places["level"], strict=True))
    areas = frozenset(where.areas)
    found = []
    for code, chosen in rows[["place_code", "chosen"]].itertuples(index=False):
        if chosen:
            served = links.get(code, "") if levels.get(code) == "facility" else code
            found.append(served if served in areas else "")
        else:
            found.append(_upwards(code, links, where))
    return pd.Series(found, index=rows.index)


def _upwards(code: str, links: Mapping[str, str], where: Ground) -> str:
    """Return a place of the estimate as it is, else the area in which a smaller place lies."""
    if code in where.above:
        return code
    if code in where.area_of:
        return where.area_of[code]
    seen = {code}
    while (upper := links.get(code, "")) and upper not in seen:
        if upper in where.above:
            return upper if upper in where.areas else ""
        seen.add(upper)
        code = upper
    return ""


def _lifted(rows: pd.DataFrame) -> pd.DataFrame:
    """Put rows at the place where they are heard; clusters keep the name of the smaller place they came from."""
    moved = rows["heard_at"] != rows["place_code"]
    named = rows["place_code"] + ":" + rows["cluster"]
    return rows.assign(
        cluster=rows["cluster"].where(~(moved & rows["cluster"].ne("")), named), place_code=rows["heard_at"]
    ).drop(columns="heard_at")


def _left_out(name: str, rows: pd.DataFrame) -> Message | None:
    if rows.empty:
        return None
    found = ", ".join(sorted(set(rows["round"])))
    return Message(f"pipeline.evidence.{name}", {"found": found, "n": len(rows)})
