"""What do vials, registers and the doors of facilities say?

Settles `stock`, `recounts`, `facility_status`, `attendance` and `displacement`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.coverage import evidence_tables as tables
from kalanso.coverage.evidence_tables import ATTENDANCE_KINDS, DOSE_INDICATORS
from kalanso.coverage.reading.cells import ROW, Cells, refuse_rows, typed, words_among
from kalanso.coverage.reading.periods import MONTHS, MONTHS_IN_QUARTER, quarters_only, with_quarter
from kalanso.coverage.reading.places import known_place, only_areas, without_repeats
from kalanso.coverage.reading.receipts import Receipt


def settle_stock(cells: Cells | None, places: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    """Return doses in opened vials by quarter; a quarter counts only where all its months are there."""
    if cells is None:
        return tables.STOCK.empty()
    frame = with_quarter(typed(cells, tables.STOCK, receipt), "stock")
    known_place(frame, "stock", places)
    frame = without_repeats(frame, tables.STOCK, receipt, key=("place_code", "month"))
    if "wastage" not in frame:
        frame["wastage"] = np.nan
    value = frame["doses_used"]
    receipt.set_aside("stock", "blank_value", frame.loc[value.isna(), ROW])
    receipt.set_aside("stock", "negative_stock", frame.loc[value < 0, ROW])
    # Opening nothing in a whole period is a broken stock card or a closed service, and has no logarithm.
    receipt.set_aside("stock", "zero_stock", frame.loc[value == 0, ROW])
    frame = frame[value > 0]
    key = ["place_code", "period"]
    monthly = frame[MONTHS] < MONTHS_IN_QUARTER
    whole = (
        frame[monthly].groupby(key)["month"].transform("nunique").reindex(frame.index) == MONTHS_IN_QUARTER
    )
    receipt.set_aside("stock", "months_missing", frame.loc[monthly & ~whole, ROW])
    return tables.STOCK.typed(
        quarters_only(frame[~monthly | whole], "stock", key, receipt, _stock_of_quarter)
    )


def _stock_of_quarter(months: pd.DataFrame) -> pd.DataFrame:
    wasted = months["wastage"] * months["doses_used"]
    summed = (
        months.assign(wastage=wasted)
        .groupby(["place_code", "period"], as_index=False, sort=False)
        .agg(doses_used=("doses_used", "sum"), wastage=("wastage", lambda w: w.sum(min_count=MONTHS_IN_QUARTER)),
             **{ROW: (ROW, "min")})
    )  # fmt: skip
    return summed.assign(wastage=summed["wastage"] / summed["doses_used"], **{MONTHS: MONTHS_IN_QUARTER})


def settle_recounts(
    cells: Cells | None, places: pd.DataFrame, areas: list[str], receipt: Receipt
) -> pd.DataFrame:
    """Return doses counted again; months are added up, since both sides speak of the same months."""
    if cells is None:
        return tables.RECOUNTS.empty()
    frame = with_quarter(typed(cells, tables.RECOUNTS, receipt), "recounts")
    known_place(frame, "recounts", places)
    frame = only_areas(frame, "recounts", areas, receipt, "place_code")
    frame["indicator"] = frame["indicator"].replace({n.removesuffix("_doses"): n for n in DOSE_INDICATORS})
    words_among("recounts", frame, "indicator", DOSE_INDICATORS)
    frame = without_repeats(frame, tables.RECOUNTS, receipt, key=("place_code", "month", "indicator"))
    sound = (frame["recounted"] > 0) & (frame["reported"] > 0)
    receipt.set_aside("recounts", "no_recount", frame.loc[~sound, ROW])
    key = ["place_code", "period", "indicator"]

    def add(months: pd.DataFrame) -> pd.DataFrame:
        summed = months.groupby(key, as_index=False, sort=False).agg(
            recounted=("recounted", "sum"), reported=("reported", "sum"), **{ROW: (ROW, "min")}
        )
        return summed.assign(**{MONTHS: MONTHS_IN_QUARTER})

    return tables.RECOUNTS.typed(quarters_only(frame[sound], "recounts", key, receipt, add))


def settle_status(cells: Cells | None, places: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    """Return how much of each place's services worked; months without a row worked as usual."""
    if cells is None:
        return tables.FACILITY_STATUS.empty()
    frame = with_quarter(typed(cells, tables.FACILITY_STATUS, receipt), "facility_status")
    known_place(frame, "facility_status", places)
    frame = without_repeats(frame, tables.FACILITY_STATUS, receipt, key=("place_code", "month"))
    blank = frame["functional_share"].isna()
    receipt.set_aside("facility_status", "blank_value", frame.loc[blank, ROW])

    def mean(months: pd.DataFrame) -> pd.DataFrame:
        lost = months.assign(functional_share=1 - months["functional_share"])
        summed = lost.groupby(["place_code", "period"], as_index=False, sort=False).agg(
            functional_share=("functional_share", "sum"), **{ROW: (ROW, "min")}
        )
        share = 1 - summed["functional_share"] / MONTHS_IN_QUARTER
        return summed.assign(functional_share=share, **{MONTHS: MONTHS_IN_QUARTER})

    joined = quarters_only(frame[~blank], "facility_status", ["place_code", "period"], receipt, mean)
    return tables.FACILITY_STATUS.typed(joined)


def settle_attendance(
    cells: Cells | None, places: pd.DataFrame, areas: list[str], receipt: Receipt
) -> pd.DataFrame:
    """Return where children go outside their own area; a hub that is no area, or attracts itself, is set aside."""
    if cells is None:
        return tables.ATTENDANCE.empty()
    frame = typed(cells, tables.ATTENDANCE, receipt)
    for name in ("from_code", "share"):
        if name not in frame:
            frame[name] = "" if name == "from_code" else np.nan
    known_place(frame, "attendance", places)
    known_place(frame[frame["from_code"] != ""], "attendance", places, "from_code")
    words_among("attendance", frame, "kind", ATTENDANCE_KINDS)
    frame = without_repeats(frame, tables.ATTENDANCE, receipt)
    hub = frame["kind"] == "hub"
    above = hub & ~frame["place_code"].isin(set(areas))
    receipt.set_aside("attendance", "hub_above", frame.loc[above, ROW])
    itself = hub & (frame["from_code"] == frame["place_code"])
    receipt.set_aside("attendance", "hub_itself", frame.loc[itself & ~above, ROW])
    return tables.ATTENDANCE.typed(frame[~(above | itself)].drop(columns=ROW))


def settle_displacement(
    cells: Cells | None, places: pd.DataFrame, areas: list[str], receipt: Receipt
) -> pd.DataFrame:
    """Return which areas' children moved; of a quarter's months the last counts."""
    if cells is None:
        return tables.DISPLACEMENT.empty()
    frame = with_quarter(typed(cells, tables.DISPLACEMENT, receipt), "displacement")
    if "children_change" not in frame:
        frame["children_change"] = np.nan
    known_place(frame, "displacement", places)
    frame = only_areas(frame, "displacement", areas, receipt, "place_code")
    frame = without_repeats(frame, tables.DISPLACEMENT, receipt, key=("place_code", "month"))
    refuse_rows(
        "displacement", frame, frame["children_change"] < -1, "coverage.folder.out_of_range", "children_change",
        "-1 – ∞",
    )  # fmt: skip
    key = ["place_code", "period"]

    def last(months: pd.DataFrame) -> pd.DataFrame:
        return months.sort_values("month").drop_duplicates(key, keep="last")

    return tables.DISPLACEMENT.typed(quarters_only(frame, "displacement", key, receipt, last))
