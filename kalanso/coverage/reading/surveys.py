"""Which children were asked, and in which quarters were they due?

Settles `surveys`, `survey_areas` and `lots`. Clusters known only by a larger place become a result of that
place (`pooling`); a round in which nobody at all was vaccinated is doubted.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from kalanso.coverage import evidence_tables as tables
from kalanso.coverage.evidence_tables import COVERAGE_INDICATORS, SURVEY_KINDS, EvidenceTable
from kalanso.coverage.reading.cells import ROW, Cells, mapped, quarters, refuse_rows, typed, words_among
from kalanso.coverage.reading.places import known_place, without_repeats
from kalanso.coverage.reading.pooling import NEAREST_TO_BOUND, pooled_results
from kalanso.coverage.reading.receipts import Receipt
from kalanso.store import Column

ENOUGH_CHILDREN = 30  # of a round in which nobody was vaccinated, to doubt it
WIDEST_ERROR = 0.5  # no share has a larger standard deviation
_BOTH = "start/end"
_SPAN = (
    Column(name="period", type="string", meaning="quarters in which these children were due", nullable=True),
    Column(name=_BOTH, type="string", meaning="first and last quarter, such as 2022Q3/2023Q2", nullable=True),
)
_ALIASES = {f"{name}_coverage": name for name in COVERAGE_INDICATORS}


def settle_surveys(
    cells: Cells | None, area_cells: Cells | None, places: pd.DataFrame, areas: list[str],
    doses: pd.DataFrame, strata: pd.DataFrame, receipt: Receipt,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Return (`surveys`, `survey_areas`)."""
    clusters, outside = _clusters(cells, places, areas, doses, receipt)
    pooled = pooled_results(outside, strata)
    stated = _survey_areas(area_cells, places, doses, receipt)
    if len(pooled):
        stated = pd.concat([stated, tables.SURVEY_AREAS.typed(pooled)], ignore_index=True) if len(stated) else (
            tables.SURVEY_AREAS.typed(pooled)
        )  # fmt: skip
    return clusters, stated


def _clusters(
    cells: Cells | None, places: pd.DataFrame, areas: list[str], doses: pd.DataFrame, receipt: Receipt
) -> tuple[pd.DataFrame, pd.DataFrame]:
    nothing = tables.SURVEYS.empty(), tables.SURVEYS.empty()
    if cells is None:
        return nothing
    frame = _with_span(cells, tables.SURVEYS, receipt)
    frame = _counts(frame, "surveys", places, receipt)
    frame = without_repeats(frame, tables.SURVEYS, receipt)
    frame = _doubted(frame, "surveys", "survey", doses, receipt)
    if frame.empty:
        return nothing
    inside = frame["place_code"].isin(set(areas))
    receipt.handled("surveys", "clusters_pooled", frame.loc[~inside, ROW])
    return tables.SURVEYS.typed(frame[inside]), frame[~inside]


def _counts(frame: pd.DataFrame, name: str, places: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    known_place(frame, name, places)
    if "kind" in frame:
        frame["kind"] = frame["kind"].where(frame["kind"] != "", SURVEY_KINDS[0])
        words_among(name, frame, "kind", SURVEY_KINDS)
    refuse_rows(name, frame, frame["children"] < 0, "coverage.folder.negative", "children", "≥ 0")
    refuse_rows(name, frame, frame["vaccinated"] < 0, "coverage.folder.negative", "vaccinated", "≥ 0")
    more = frame["vaccinated"] > frame["children"]
    broken = (frame[["vaccinated", "children"]] % 1 > 0).any(axis=1) & ~more
    receipt.handled(name, "broken_counts", frame.loc[broken, ROW])
    refuse_rows(name, frame, more, "coverage.folder.more_vaccinated", "vaccinated", _most(frame, more))
    return frame


def _most(frame: pd.DataFrame, marked: pd.Series) -> str:
    return "" if not marked.any() else f"≤ {frame.loc[marked, 'children'].iloc[0]:g}"


def _with_span(cells: Cells, table: EvidenceTable, receipt: Receipt) -> pd.DataFrame:
    """Return typed rows with `start` and `end`, however the file writes them."""
    spans = [c.name for c in _SPAN if c.name in cells.frame]
    absent = ("start", "end") if spans else ()
    frame = typed(cells, table, receipt, also=_SPAN, absent=absent)
    for column in spans:
        parts = mapped(frame[column], _cut)
        first, last = parts.map(lambda pair: pair[0]), parts.map(lambda pair: pair[1])
        own_first = frame.get("start", "")
        own_last = frame.get("end", "")
        filled = frame[column] != ""
        frame["start"] = first.where(filled, own_first)
        frame["end"] = last.where(filled, own_last)
    for name, at in (("start", 0), ("end", 1)):
        found = mapped(frame[name], quarters)
        refuse_rows(
            table.name, frame, found.isna(), "coverage.folder.not_a_span", spans[0] if spans else name,
            "2022Q3, 2022Q3/2023Q2",
        )  # fmt: skip
        frame[name] = found.map(lambda covered, at=at: covered[at])
    refuse_rows(
        table.name, frame, frame["end"] < frame["start"], "coverage.folder.ends_before_start", "end",
        "start ≤ end",
    )  # fmt: skip
    frame["indicator"] = mapped(frame["indicator"], lambda code: _ALIASES.get(code.lower(), code.lower()))
    words_among(table.name, frame, "indicator", COVERAGE_INDICATORS)
    return frame.drop(columns=[c for c in spans if c in frame])


def _cut(text: str) -> tuple[str, str]:
    first, _, last = text.partition("/")
    return first.strip(), (last or first).strip()


def _doubted(
    frame: pd.DataFrame, name: str, round_column: str, doses: pd.DataFrame, receipt: Receipt
) -> pd.DataFrame:
    """Set aside blanks and samples without children, and rounds that found nobody vaccinated."""
    nobody = (frame["children"] == 0) | frame["children"].isna() | frame["vaccinated"].isna()
    receipt.set_aside(name, "no_children", frame.loc[nobody, ROW])
    frame = frame[~nobody]
    sums = frame.groupby([round_column, "indicator"]).agg(
        vaccinated=("vaccinated", "sum"), children=("children", "sum"), start=("start", "min"), end=("end", "max")
    )  # fmt: skip
    for row in sums[sums["vaccinated"] == 0].reset_index().to_dict("records"):
        mine = (frame[round_column] == row[round_column]) & (frame["indicator"] == row["indicator"])
        about = {"found": row[round_column], "children": int(row["children"])}
        if row["children"] >= ENOUGH_CHILDREN and _given(doses, row["indicator"], row["start"], row["end"]):
            receipt.set_aside(name, "nobody_vaccinated", frame.loc[mine, ROW], **about)
            frame = frame[~mine]
        else:
            receipt.handled(name, "nobody_vaccinated_kept", frame.loc[mine, ROW], **about)
    return frame


def _given(doses: pd.DataFrame, indicator: str, start: str, end: str) -> bool:
    inside = (doses["indicator"] == f"{indicator}_doses") & doses["period"].between(start, end)
    return bool((doses.loc[inside, "value"] > 0).any())


def _survey_areas(
    cells: Cells | None, places: pd.DataFrame, doses: pd.DataFrame, receipt: Receipt
) -> pd.DataFrame:
    if cells is None:
        return tables.SURVEY_AREAS.empty()
    name = "survey_areas"
    frame = _with_span(cells, tables.SURVEY_AREAS, receipt)
    known_place(frame, name, places)
    if "kind" in frame:
        frame["kind"] = frame["kind"].where(frame["kind"] != "", SURVEY_KINDS[0])
        words_among(name, frame, "kind", SURVEY_KINDS)
    blank = frame["coverage"].isna() | frame["standard_error"].isna()
    receipt.set_aside(name, "blank_result", frame.loc[blank, ROW])
    frame = frame[~blank]
    error = frame["standard_error"]
    wrong = (error <= 0) | (error > WIDEST_ERROR)
    refuse_rows(name, frame, wrong, "coverage.folder.standard_error", "standard_error", "0 < … ≤ 0.5")
    frame = without_repeats(frame, tables.SURVEY_AREAS, receipt)
    zero = (frame["coverage"] == 0) & _contradicted(frame, doses)
    receipt.set_aside(name, "zero_result", frame.loc[zero, ROW])
    frame = frame[~zero]
    inside = frame["coverage"].clip(NEAREST_TO_BOUND, 1 - NEAREST_TO_BOUND)
    moved = inside != frame["coverage"]
    receipt.handled(name, "result_at_bound", frame.loc[moved, ROW])
    return tables.SURVEY_AREAS.typed(frame.assign(coverage=inside))


def _contradicted(frame: pd.DataFrame, doses: pd.DataFrame) -> np.ndarray:
    columns = frame[["indicator", "start", "end"]].itertuples(index=False)
    return np.array([_given(doses, *row) for row in columns], dtype=bool)


def settle_lots(
    cells: Cells | None, places: pd.DataFrame, doses: pd.DataFrame, receipt: Receipt
) -> pd.DataFrame:
    """Return lots with counts, or with a decision and the number that decided it."""
    if cells is None:
        return tables.LOTS.empty()
    frame = _with_span(cells, tables.LOTS, receipt)
    for name in ("vaccinated", "decision_value"):
        if name not in frame:
            frame[name] = np.nan
    frame["decision"] = frame["decision"].str.lower() if "decision" in frame else ""
    words_among("lots", frame, "decision", _words(tables.LOTS.column("decision").values))
    frame = _counts(frame, "lots", places, receipt)
    frame = without_repeats(frame, tables.LOTS, receipt)
    counted = frame["vaccinated"].notna()
    undecided = ~counted & (frame["decision"] != "") & frame["decision_value"].isna()
    refuse_rows("lots", frame, undecided, "coverage.folder.no_decision_value", "decision_value")
    low = frame["decision_value"] < 1
    refuse_rows("lots", frame, low, "coverage.folder.decision_value_low", "decision_value", "≥ 1")
    against = counted & frame["decision_value"].notna() & (frame["decision"] != "")
    against &= (frame["vaccinated"] >= frame["decision_value"]) != (frame["decision"] == "pass")
    refuse_rows("lots", frame, against, "coverage.folder.decision_contradicts", "decision")
    above = frame["decision_value"] > frame["children"]
    refuse_rows("lots", frame, above, "coverage.folder.decision_value", "decision_value", _most(frame, above))
    silent = (~counted & (frame["decision"] == "")) | ~(frame["children"] > 0)
    receipt.set_aside("lots", "no_result", frame.loc[silent, ROW])
    frame = frame[~silent]
    whole = frame[frame["vaccinated"].notna()]
    kept = _doubted(whole, "lots", "round", doses, receipt)
    return tables.LOTS.typed(frame[frame["vaccinated"].isna() | frame[ROW].isin(kept[ROW])])


def _words(words: Iterable[str]) -> list[str]:
    return [*words, ""]
