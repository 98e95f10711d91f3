"""How many children does each source count, and how do the sources hang together?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.coverage import evidence_tables as tables
from kalanso.coverage.faults import EvidenceRefused
from kalanso.coverage.reading.cells import ROW, Cells, mapped, refuse_rows, typed
from kalanso.coverage.reading.places import known_place, without_repeats
from kalanso.coverage.reading.receipts import Receipt
from kalanso.vocabulary import NotAPeriod, Period, PeriodType


def settle_denominators(
    cells: Cells | None, places: pd.DataFrame, areas: list[str], receipt: Receipt
) -> pd.DataFrame:
    """Return populations per calendar year; those of zero, below zero or blank are set aside."""
    if cells is None:
        return tables.DENOMINATORS.empty()
    years = cells.frame.get("period")
    if years is not None:
        cells = Cells(cells.name, cells.frame.assign(period=_years(cells)), cells.separator)
    frame = typed(cells, tables.DENOMINATORS, receipt)
    known_place(frame, "denominators", places)
    value = frame["surviving_infants"]
    for reason, wrong in (
        ("blank_value", value.isna()), ("zero_population", value == 0), ("negative_population", value < 0),
    ):  # fmt: skip
        receipt.set_aside("denominators", reason, frame.loc[wrong, ROW])
    frame = without_repeats(frame[value > 0], tables.DENOMINATORS, receipt)
    without = set(areas) - set(frame["place_code"])
    if len(frame) and without:
        receipt.say("areas_without_population", n=len(without), example=min(without))
    return tables.DENOMINATORS.typed(frame)


def _years(cells: Cells) -> pd.Series:
    found = mapped(cells.frame["period"], _year)
    wrong = cells.frame.assign(period=cells.frame["period"])
    refuse_rows("denominators", wrong, found.isna(), "coverage.folder.not_a_year", "period", "2024")
    return found.astype(float)


def _year(code: object) -> float:
    try:
        period = Period.parse(str(code).removesuffix(".0"))
    except NotAPeriod:
        return np.nan
    return float(period.year) if period.type is PeriodType.YEAR else np.nan


def settle_sources(cells: Cells | None, denominators: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    """Return what is said of each source; says it where no source anchors the level."""
    if cells is None:
        if len(denominators):
            receipt.say("no_anchor", n=int(denominators["source"].nunique()))
        return tables.DENOMINATOR_SOURCES.empty()
    frame = typed(cells, tables.DENOMINATOR_SOURCES, receipt)
    frame = without_repeats(frame, tables.DENOMINATOR_SOURCES, receipt)
    if "bias_sd" in frame:
        refuse_rows(
            "denominator_sources", frame, frame["bias_sd"] == 0, "coverage.folder.zero_bias", "bias_sd", "> 0"
        )
    if "parent_source" in frame:
        _refuse_circles(frame)
    frame = tables.DENOMINATOR_SOURCES.typed(frame)
    used = frame["source"].isin(set(denominators["source"]) | set(frame["parent_source"]))
    if not used.all():
        receipt.say("source_without_rows", n=int((~used).sum()), found=", ".join(frame.loc[~used, "source"]))
    if len(denominators) and not frame.loc[used, "anchor"].any():
        receipt.say("no_anchor", n=int(denominators["source"].nunique()))
    return frame


def _refuse_circles(frame: pd.DataFrame) -> None:
    above = dict(zip(frame["source"], frame["parent_source"], strict=True))
    rows = dict(zip(frame["source"], frame[ROW], strict=True))
    for start in above:
        seen = [start]
        while above.get(seen[-1]):
            seen.append(above[seen[-1]])
            if seen[-1] in seen[:-1]:
                raise EvidenceRefused(
                    "coverage.folder.circle", file="denominator_sources.csv", row=int(rows[start]),
                    column="parent_source", found=" → ".join(seen[:6]),
                )  # fmt: skip
