"""Which doses count toward coverage, and which were given late?

Settles `doses` (children of 0-11 months, one row per area, quarter and dose) and `catchup` (DTP1
given late or in catch-up rounds). Months become quarters; what is doubtful is set aside and said.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from kalanso.coverage import evidence_tables as tables
from kalanso.coverage.evidence_tables import DOSE_INDICATORS, LATE_BANDS
from kalanso.coverage.reading.cells import ROW, Cells, mapped, typed, words_among
from kalanso.coverage.reading.periods import MONTHS, MONTHS_IN_QUARTER, quarters_only, with_quarter
from kalanso.coverage.reading.places import known_place, only_areas, without_repeats
from kalanso.coverage.reading.receipts import Receipt
from kalanso.store import Column

BANDS = ("", "all", "0-11m", "12-23m", "24-59m", "unknown")
STRATEGIES = ("", "all", "fixed", "outreach", "mobile", "unknown", "campaign", "catch_up")
ROUNDS = ("campaign", "catch_up")
UNDER_ONE = "0-11m"
IN_TIME = {"mcv2_doses": "12-23m"}  # the age at which a dose counts; all others count under one year
_SPLITS = ("age_band", "strategy", "sector")
_MEANINGS = ("age of the children", "how they were reached", "who vaccinated")
_EXTRA = tuple(
    Column(name=name, type="string", meaning=meaning, nullable=True)
    for name, meaning in zip(_SPLITS, _MEANINGS, strict=True)
)
_ALIASES = {name.removesuffix("_doses"): name for name in DOSE_INDICATORS}
_CELL = ["place_code", "period", "indicator"]
_REPORTS = ["reports_received", "reports_expected"]


def settle_doses(
    cells: Cells | None, places: pd.DataFrame, areas: list[str], receipt: Receipt
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (`doses`, `catchup`)."""
    if cells is None:
        return tables.DOSES.empty(), tables.CATCHUP.empty()
    frame = _typed(cells, receipt)
    known_place(frame, "doses", places)
    frame = _of_interest(only_areas(frame, "doses", areas, receipt, "place_code"), receipt)
    frame = with_quarter(frame, "doses")
    key = ("place_code", "month", "indicator", *_SPLITS)
    frame = without_repeats(frame, tables.DOSES, receipt, key=key)
    frame = _sound_values(frame, receipt)
    early = frame["indicator"].isin(IN_TIME) & (frame["age_band"] == UNDER_ONE)
    receipt.set_aside("doses", "before_age", frame.loc[early, ROW])
    frame = frame[~early]
    late = (frame["age_band"].isin(LATE_BANDS[:3]) & (frame["age_band"] != _in_time(frame))) | (
        frame["strategy"].isin(ROUNDS)
    )
    catchup = _late(frame[late], receipt)
    doses = _counting(frame[~late], frame, receipt)
    doses = quarters_only(doses, "doses", _CELL, receipt, _joined)
    doses = doses[doses["value"].notna()]
    _gaps(doses, receipt)
    order = doses["place_code"].map({area: number for number, area in enumerate(areas)})
    doses = doses.assign(_order=order).sort_values(["_order", "period", "indicator"])
    return tables.DOSES.typed(doses), catchup


def _typed(cells: Cells, receipt: Receipt) -> pd.DataFrame:
    frame = typed(cells, tables.DOSES, receipt, also=_EXTRA)
    for name in (*_SPLITS, *_REPORTS):
        if name not in frame:
            frame[name] = "" if name in _SPLITS else np.nan
    frame["indicator"] = mapped(frame["indicator"], lambda code: _ALIASES.get(code.lower(), code.lower()))
    frame["age_band"] = mapped(frame["age_band"], _band)
    frame["strategy"] = mapped(frame["strategy"], lambda text: re.sub(r"[\s-]+", "_", text.lower()))
    frame["sector"] = mapped(frame["sector"], str.lower)
    words_among("doses", frame, "age_band", BANDS)
    words_among("doses", frame, "strategy", STRATEGIES)
    return frame


def _band(text: str) -> str:
    bare = re.sub(r"\s+", "", text.lower()).replace("–", "-")
    return re.sub(r"(mois|months|mo)$", "m", bare)


def _of_interest(frame: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    other = ~frame["indicator"].isin(DOSE_INDICATORS)
    example = next(iter(frame.loc[other, "indicator"]), "")
    receipt.set_aside("doses", "other_doses", frame.loc[other, ROW], example=example)
    return frame[~other]


def _sound_values(frame: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    """Set aside blanks, negative doses and zeros for which no report came; mend reports."""
    blank = frame["value"].isna()
    monthly = frame[MONTHS] < MONTHS_IN_QUARTER
    receipt.set_aside("doses", "blank_value", frame.loc[blank & ~monthly, ROW])
    receipt.handled("doses", "blank_month", frame.loc[blank & monthly, ROW])
    negative = frame["value"] < 0
    receipt.set_aside("doses", "negative_doses", frame.loc[negative, ROW])
    silent = (frame["value"] == 0) & (frame["reports_received"] == 0)
    receipt.set_aside("doses", "zero_without_report", frame.loc[silent, ROW])
    # A month that is not known still owes its report: it stays, empty, until its quarter is joined.
    frame = frame.assign(value=frame["value"].where(~(negative | silent)))
    frame = frame[frame["value"].notna() | monthly]
    return _mended_reports(frame, receipt)


def _mended_reports(frame: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    received, expected = frame["reports_received"], frame["reports_expected"]
    odd = (received < 0) | (expected < 0)
    receipt.handled("doses", "negative_reports", frame.loc[odd, ROW])
    received, expected = received.where(~odd), expected.where(~odd)
    unsaid = (received == 0) & (frame["value"] > 0)
    receipt.handled("doses", "doses_without_report", frame.loc[unsaid, ROW])
    received = received.where(~unsaid)
    more = received > expected
    receipt.handled("doses", "more_received", frame.loc[more, ROW])
    expected = expected.where(~(expected == 0) | more)
    return frame.assign(reports_received=received.where(~more, expected), reports_expected=expected)


def _late(frame: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    other = frame["indicator"] != "dtp1_doses"
    receipt.set_aside("doses", "late_other_doses", frame.loc[other, ROW])
    frame = frame[~other & frame["value"].notna()]
    if frame.empty:
        return tables.CATCHUP.empty()
    receipt.handled("doses", "late_doses", frame[ROW])
    # A round whose age was not recorded is not known to have reached children under one year.
    band = frame["age_band"].where(frame["age_band"].isin(LATE_BANDS), "unknown")
    key = ["place_code", "period", "age_band", "strategy"]
    rows = frame.assign(age_band=band, doses=frame["value"])
    summed = rows.groupby(key, as_index=False).agg(doses=("doses", "sum"))
    return tables.CATCHUP.typed(summed)


def _in_time(frame: pd.DataFrame) -> pd.Series:
    return frame["indicator"].map(IN_TIME).fillna(UNDER_ONE)


def _counting(frame: pd.DataFrame, all_rows: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    """Return doses of children of the age at which they count, added up over strategies and sectors."""
    # Bands of doses that count at one age say nothing of those that count at another.
    at = ["place_code", "month", "_age"]
    frame, all_rows = (rows.assign(_age=_in_time(rows)) for rows in (frame, all_rows))
    # Catch-up rounds are series of their own: their bands say nothing of the routine rows.
    banded = all_rows[all_rows["age_band"].isin(LATE_BANDS[:3]) & ~all_rows["strategy"].isin(ROUNDS)]
    split = pd.MultiIndex.from_frame(frame[at]).isin(pd.MultiIndex.from_frame(banded[at]))
    aside = split & (frame["age_band"] != _in_time(frame))
    receipt.set_aside("doses", "age_unsaid_beside_bands", frame.loc[aside, ROW])
    frame = frame[~aside]
    for_all = (frame["age_band"] != _in_time(frame)) & frame["value"].notna()
    if for_all.any():
        receipt.handled("doses", "age_unsaid", frame.loc[for_all, ROW])
    frame = _one_band(frame, receipt)
    for name in ("strategy", "sector"):
        frame = _without_totals(frame, name, receipt)
    return _added(frame)


def _one_band(frame: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    """Where several rows without a band stand side by side, keep the one that says it is a total."""
    key = ["place_code", "month", "indicator", "strategy", "sector"]
    order = frame["age_band"].map({UNDER_ONE: 0, "12-23m": 0, "all": 1, "": 2, "unknown": 3})
    frame = frame.assign(_order=order).sort_values(["_order", ROW], kind="stable")
    twice = frame.duplicated(key, keep="first")
    receipt.set_aside("doses", "age_unsaid_twice", frame.loc[twice, ROW])
    return frame[~twice].drop(columns="_order").sort_values(ROW, kind="stable")


def _without_totals(frame: pd.DataFrame, name: str, receipt: Receipt) -> pd.DataFrame:
    key = ["place_code", "month", "indicator"]
    total = frame[name].isin(["", "all"])
    parts = pd.MultiIndex.from_frame(frame.loc[~total, key])
    aside = total & pd.MultiIndex.from_frame(frame[key]).isin(parts)
    receipt.set_aside("doses", "total_beside_parts", frame.loc[aside, ROW], found=name)
    return frame[~aside]


def _added(frame: pd.DataFrame) -> pd.DataFrame:
    """Add up strategies (same reports) and sectors (reports of their own)."""
    if not frame.duplicated(["place_code", "month", "indicator"]).any():
        return frame
    same = ["place_code", "month", "period", MONTHS, "indicator"]
    sector = frame.groupby([*same, "sector"], as_index=False, sort=False).agg(
        value=("value", _sum), reports_received=("reports_received", "max"),
        reports_expected=("reports_expected", "max"), **{ROW: (ROW, "min")},
    )  # fmt: skip
    return sector.groupby(same, as_index=False, sort=False).agg(
        value=("value", _sum), reports_received=("reports_received", _sum),
        reports_expected=("reports_expected", _sum), **{ROW: (ROW, "min")},
    )  # fmt: skip


def _sum(values: pd.Series) -> float:
    return float(values.sum(min_count=1))


def _joined(months: pd.DataFrame) -> pd.DataFrame:
    """Add months up to quarters.

    Reports are added too. A month without a row or without doses counts as reports that did not
    come: where nothing is said of reports, the months themselves are the reports (2 of 3).
    """
    unknown = months["reports_expected"].isna() | months["reports_received"].isna()
    # One way of counting per area: either its months all speak of reports, or its months are counted.
    silent = unknown & months["value"].notna()
    places = set(months.loc[silent, "place_code"])
    by_month = months["place_code"].isin(places)
    there = months["value"].notna()
    received = np.where(by_month, 1.0, months["reports_received"].fillna(0.0)) * there
    expected = np.where(by_month, 1.0, months["reports_expected"])
    summed = (
        months.assign(reports_received=received, reports_expected=expected, _n=1)
        .groupby(_CELL, as_index=False, sort=False)
        .agg(
            value=("value", _sum), reports_received=("reports_received", "sum"),
            reports_expected=("reports_expected", "mean"), **{ROW: (ROW, "min")},
        )
    )  # fmt: skip
    return summed.assign(
        reports_expected=summed["reports_expected"] * MONTHS_IN_QUARTER, **{MONTHS: MONTHS_IN_QUARTER}
    )


def _gaps(doses: pd.DataFrame, receipt: Receipt) -> None:
    from kalanso.coverage.evidence import quarters_between

    if doses.empty:
        return
    periods = quarters_between(min(doses["period"]), max(doses["period"]))
    known = set(doses["period"])
    empty = [code for code in periods if code not in known]
    if empty:
        receipt.say("empty_quarters", n=len(empty), example=empty[0])
    for indicator in ("dtp1_doses", "dtp3_doses"):
        own = doses[doses["indicator"] == indicator]
        missing = own["place_code"].nunique() * len(periods) - len(own)
        if len(own) and missing:
            receipt.say("missing_cells", n=missing, found=indicator)
