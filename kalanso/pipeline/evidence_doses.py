"""Which doses did each area give, from which vials, and which services were closed?

Lifts what facilities report to the area that they serve, month by month; the rules of a folder then
make quarters of months. A facility that stopped reporting still owes its reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from kalanso.indicators.tables import COVERAGE_SERIES
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_places import Ground
from kalanso.vocabulary import Antigen, Period, PeriodType

DOSES = ("dtp1_doses", "dtp3_doses", "mcv1_doses")
ROUNDS = ("catch_up", "campaign")
LATE = ("12-23m", "24-59m")
BALANCE = ("stock_opening_doses", "doses_received", "stock_closing_doses")
UNBALANCED = 0.1  # share by which records of use may differ from the change of stock
_ROW = ["place_code", "period", "indicator", "age_band", "strategy"]


def reported(holdings: Holdings) -> tuple[pd.DataFrame, list[str]]:
    """Return doses by place as reported, from the source that has most, and the names of the others.

    Columns place_code, period, period_type, indicator, age_band, strategy, value, known (cells
    behind the value), reports_received, reports_expected. Periods are months or quarters.
    """
    table = holdings.observations
    rows = table.filter(table.indicator.isin(DOSES) & table.period_type.isin(["month", "quarter"]))
    rows = rows.filter(rows.sex.isin(["all", "unknown"]))
    counts = rows.group_by("source").agg(n=rows.value.count()).to_pandas().sort_values(["n", "source"])
    if counts.empty or not counts["n"].max():
        return pd.DataFrame(columns=[*_ROW, "period_type", "value"]), []
    chosen = str(counts["source"].iloc[-1])
    return _summed(rows.filter(rows.source == chosen)).to_pandas(), sorted(counts["source"].iloc[:-1])


def _summed(rows: ir.Table) -> ir.Table:
    """Add products up, and sectors; reports are those of one form and are counted once."""
    by_sector = rows.group_by([*_ROW, "period_type", "sector"]).agg(
        value=rows.value.sum(), known=rows.value.count(), reports_received=rows.reports_received.max(),
        reports_expected=rows.reports_expected.max(),
    )  # fmt: skip
    parts = by_sector.filter(by_sector.sector != "all")
    totals = by_sector.filter(by_sector.sector == "all").anti_join(parts, [*_ROW, "period_type"])
    both = parts.union(totals)
    return both.group_by([*_ROW, "period_type"]).agg(
        value=both.value.sum(), known=both.known.sum(), reports_received=both.reports_received.sum(),
        reports_expected=both.reports_expected.sum(),
    )  # fmt: skip


def doses_table(rows: pd.DataFrame, where: Ground) -> pd.DataFrame:
    """Return doses by area and month in the columns of `doses.csv`.

    Strategies of routine work are added up; rounds stay apart. An area's own row is used only where
    none of its facilities reports, so that nothing counts twice.
    """
    rows = rows.assign(value=rows["value"].where(rows["known"] > 0))
    rows = _one_strategy(rows)
    if rows["reports_expected"].notna().any():
        rows = pd.concat([rows, *_silent(rows, where)], ignore_index=True)
    served = rows["place_code"].map(dict(where.area_of))
    rows = rows.assign(area=served, own=rows["place_code"] == served)[served.notna()]
    cell = ["area", "period", "indicator", "age_band", "strategy"]
    # Where no facility gave a number, the area's own row speaks for all of them.
    lower = rows[~rows["own"] & rows["value"].notna()].drop_duplicates(cell)[cell].assign(beside=True)
    rows = rows.merge(lower, on=cell, how="left")
    alone = rows.groupby(cell)["own"].transform("any") & rows["beside"].isna()
    rows = rows[rows["own"] == alone]
    there = rows["value"].notna()
    rows = rows.assign(reports_received=rows["reports_received"].where(there, rows["reports_received"] * 0))
    # A sum of nothing known is not known: min_count.
    sums = rows.groupby(cell)[["value", "reports_received", "reports_expected"]].sum(min_count=1)
    return sums.reset_index().rename(columns={"area": "place_code"})


def _one_strategy(rows: pd.DataFrame) -> pd.DataFrame:
    """Add up the strategies of routine work, leaving out a total that stands beside its parts."""
    routine = ~rows["strategy"].isin(ROUNDS)
    cell = ["place_code", "period", "period_type", "indicator", "age_band"]
    parts = rows[routine & (rows["strategy"] != "all")][cell].drop_duplicates().assign(split=True)
    rows = rows.merge(parts, on=cell, how="left")
    rows = rows[~((rows["strategy"] == "all") & rows["split"].notna())].drop(columns="split")
    rows = rows.assign(strategy=rows["strategy"].where(rows["strategy"].isin(ROUNDS), ""))
    groups = rows.groupby([*cell, "strategy"])
    sums = groups[["value"]].sum(min_count=1)
    return sums.join(groups[["reports_received", "reports_expected"]].max()).reset_index()


def _silent(rows: pd.DataFrame, where: Ground) -> Iterator[pd.DataFrame]:
    """Yield empty rows for months without a row, from a facility's first month on: a report is owed."""
    own = rows[(rows["strategy"] == "") & (rows["age_band"] == "0-11m") & (rows["period_type"] == "month")]
    for indicator, of_one in own.groupby("indicator"):
        months = [
            p.code for p in Period.parse(min(of_one["period"])).until(Period.parse(max(of_one["period"])))
        ]
        first = of_one.groupby("place_code")["period"].min()
        due = of_one.groupby("place_code")["reports_expected"].median()
        whole = pd.MultiIndex.from_product([first.index, months], names=["place_code", "period"]).to_frame(
            index=False
        )
        whole = whole[whole["period"] >= whole["place_code"].map(first)]
        there = pd.MultiIndex.from_frame(of_one[["place_code", "period"]])
        absent = whole[~pd.MultiIndex.from_frame(whole).isin(there)]
        absent = absent[absent["place_code"].isin(list(where.area_of))]
        yield absent.assign(
            indicator=indicator, age_band="0-11m", strategy="", period_type="month", value=np.nan,
            reports_received=0.0, reports_expected=absent["place_code"].map(due),
        )  # fmt: skip


def yearly_doses(holdings: Holdings) -> pd.DataFrame:
    """Return doses that the administrative series states by year, a fourth for each quarter.

    For countries whose monthly reports are not there: WHO's reported series gives doses and target.
    """
    if holdings.manifest(COVERAGE_SERIES) is None:
        return pd.DataFrame()
    table = holdings.read(COVERAGE_SERIES)
    rows = table.filter((table.category == "ADMIN") & table.doses.notnull() & (table.period_type == "year"))
    rows = rows.filter(rows.indicator.isin(["dtp1_coverage", "dtp3_coverage"])).to_pandas()
    rows = rows.sort_values("vintage").drop_duplicates(["place_code", "period", "indicator"], keep="last")
    found = [
        rows.assign(
            period=rows["period"] + f"Q{quarter}",
            indicator=rows["indicator"].str.replace("_coverage", "_doses"),
            value=rows["doses"] / 4,
        )
        for quarter in (1, 2, 3, 4)
    ]
    return pd.concat(found)[["place_code", "period", "indicator", "value"]] if len(rows) else pd.DataFrame()


def stock_table(holdings: Holdings, where: Ground, given: pd.DataFrame) -> pd.DataFrame:
    """Return doses in opened vials by area and month, where every facility's stock cards are there.

    Opening stock plus doses received minus closing stock; months whose records of use differ by more
    than a tenth are left out, since one of both is wrong. Doses given late or in rounds came out of
    the same vials and are taken off.
    """
    rows = _stock_rows(holdings, where)
    if rows.empty:
        return pd.DataFrame()
    opened = rows["stock_opening_doses"] + rows["doses_received"] - rows["stock_closing_doses"]
    used = rows.get("doses_used", np.nan) + rows.get("doses_wasted", 0.0)
    wrong = ((opened - used).abs() > UNBALANCED * opened.abs().clip(lower=1)) & pd.Series(used).notna()
    rows = rows.assign(opened=opened.where((opened >= 0) & ~wrong), wasted=rows.get("doses_wasted", np.nan))
    rows["area"] = rows["place_code"].map(dict(where.area_of))
    cards = rows.groupby(["area", "period"]).agg(
        opened=("opened", "sum"), told=("opened", "count"), all=("opened", "size"), places=("place_code", "nunique")
    )  # fmt: skip
    cards["opened"] = cards["opened"].where(cards["told"] == cards["all"])
    cards["wasted"] = rows.groupby(["area", "period"])["wasted"].sum(min_count=1)
    givers = given[given["indicator"] == "dtp1_doses"].assign(
        area=given["place_code"].map(dict(where.area_of))
    )
    needed = givers.groupby("area")["place_code"].nunique()
    cards = cards.reset_index()
    cards = cards[cards["opened"].notna() & (cards["places"] >= cards["area"].map(needed).fillna(0))]
    late = _late_doses(holdings, where)
    cards = cards.merge(late, on=["area", "period"], how="left")
    wastage = (cards["wasted"] / cards["opened"]).clip(0, 1)
    taken = cards["late"].fillna(0.0) / (1 - wastage.fillna(0.1)).clip(lower=0.2)
    return pd.DataFrame(
        {
            "place_code": cards["area"], "period": cards["period"],
            "doses_used": (cards["opened"] - taken).clip(lower=0), "wastage": wastage,
        }
    )  # fmt: skip


def _stock_rows(holdings: Holdings, where: Ground) -> pd.DataFrame:
    products = [p.code for p in holdings.pack.products if Antigen.DTP in p.antigens]
    table = holdings.observations
    wanted = [*BALANCE, "doses_used", "doses_wasted"]
    rows = table.filter(
        table.indicator.isin(wanted)
        & table.product.isin(products)
        & (table.period_type == PeriodType.MONTH.value)
    )
    rows = rows.filter(rows.value.notnull() & rows.place_code.isin(list(where.area_of)))
    summed = rows.group_by("place_code", "period", "indicator").agg(value=rows.value.sum()).to_pandas()
    wide = summed.pivot(index=["place_code", "period"], columns="indicator", values="value").reset_index()
    if not set(BALANCE) <= set(wide.columns):
        return pd.DataFrame()  # without the change of stock, use is what was reported as given
    return wide.dropna(subset=list(BALANCE))


def _late_doses(holdings: Holdings, where: Ground) -> pd.DataFrame:
    table = holdings.observations
    dtp = table.filter(table.indicator.isin(["dtp1_doses", "dtp2_doses", "dtp3_doses"]))
    late = dtp.filter(dtp.age_band.isin(LATE) | dtp.strategy.isin(ROUNDS))
    summed = late.group_by("place_code", "period").agg(late=late.value.sum()).to_pandas()
    summed["area"] = summed["place_code"].map(dict(where.area_of))
    return summed.dropna(subset=["area"]).groupby(["area", "period"], as_index=False)["late"].sum()


def status_table(holdings: Holdings, where: Ground, rows: pd.DataFrame, periods: list[str]) -> pd.DataFrame:
    """Return the share of each area's services that worked, from dated closures.

    A facility weighs as its doses do among those of its area.
    """
    if holdings.events is None:
        return pd.DataFrame()
    events = holdings.events.filter(ibis._.kind == "closure").to_pandas()
    own = rows[(rows["indicator"] == "dtp1_doses") & rows["value"].notna()]
    totals = own.groupby("place_code")["value"].sum()
    of_area = totals.groupby(totals.index.map(dict(where.area_of))).sum()
    found: dict[tuple[str, str], float] = {}
    for event in events.to_dict("records"):
        place = event["place_code"]
        area = where.area_of.get(place, place)
        if area not in where.above:
            continue
        weight = (
            float(totals.get(place, 0.0) / of_area[area]) if place != area and of_area.get(area, 0) else 1.0
        )
        for code in periods:
            lost = _closed_share(event, Period.parse(code)) * weight
            if lost > 0:
                found[area, code] = min(1.0, found.get((area, code), 0.0) + lost)
    return pd.DataFrame(
        [
            {"place_code": area, "period": code, "functional_share": 1 - lost}
            for (area, code), lost in found.items()
        ]
    )


def _closed_share(event: dict[Any, Any], quarter: Period) -> float:
    first = pd.Timestamp(event["first_day"]).date()
    last = quarter.end if pd.isna(event["last_day"]) else pd.Timestamp(event["last_day"]).date()
    days = (min(last, quarter.end) - max(first, quarter.start)).days + 1
    return max(0, days) / quarter.days
