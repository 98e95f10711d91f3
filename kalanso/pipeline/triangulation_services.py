"""Which vials and sectors does a store tell of, for the analyses of all sources?

Lifts what facilities report to their area and district. What coverage others state is gathered in `triangulation_evidence`, ways to services in `triangulation_access`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kalanso.pipeline.evidence import Holdings
from kalanso.vocabulary import Antigen

_DTP = ("dtp1_doses", "dtp2_doses", "dtp3_doses")
_PRODUCT = "penta"
_CELL = ["place_code", "period", "indicator", "age_band", "sector"]


def stock(holdings: Holdings, places: pd.DataFrame) -> pd.DataFrame | None:
    """Return doses used, given and days without stock by area and by district, month by month, for products that hold DTP.

    Only facilities that tell both of their stock and of their doses count, so that the two are of the same children.
    """
    products = [one.code for one in holdings.pack.products if Antigen.DTP in one.antigens]
    o = holdings.observations
    rows = o.filter(
        o.indicator.isin(["doses_used", "stockout_days"])
        & o.product.isin(products)
        & (o.period_type == "month")
        & o.value.notnull()
    )
    summed = rows.group_by("place_code", "period", "indicator").agg(value=rows.value.sum())
    wide = (
        summed.to_pandas()
        .pivot(index=["place_code", "period"], columns="indicator", values="value")
        .reset_index()
    )
    if wide.empty or "doses_used" not in wide:
        return None
    own = wide.merge(_given(holdings), on=["place_code", "period"], how="inner")
    own = own.rename(columns={"doses_used": "used"}).dropna(subset=["used"])
    if "stockout_days" not in own:
        own["stockout_days"] = float("nan")
    lifted = []
    for level in ("health_area", "district"):
        above = at_level(places, level)
        part = own.assign(place_code=own["place_code"].map(above)).dropna(subset=["place_code"])
        groups = part.groupby(["place_code", "period"])
        lifted.append(
            groups.agg(
                used=("used", "sum"), given=("given", "sum"), stockout_days=("stockout_days", "max")
            ).reset_index()
        )
    return pd.concat(lifted, ignore_index=True).assign(
        product=_PRODUCT, stockout_days=lambda t: t["stockout_days"].clip(upper=31)
    )


def _given(holdings: Holdings) -> pd.DataFrame:
    """Return all DTP doses by reporting place and month, whatever the age and the occasion: they came out of the same vials."""
    o = holdings.observations
    rows = o.filter(
        o.indicator.isin(list(_DTP))
        & (o.period_type == "month")
        & o.value.notnull()
        & o.sex.isin(["all", "unknown"])
    )
    frame = rows.group_by(*_CELL, "strategy").agg(value=rows.value.sum()).to_pandas()
    split = ~frame["strategy"].isin(["all", "campaign", "catch_up"])
    parts = pd.MultiIndex.from_frame(frame.loc[split, _CELL].drop_duplicates())
    # A total that stands beside its parts would count twice.
    total = (frame["strategy"] == "all") & pd.MultiIndex.from_frame(frame[_CELL]).isin(parts)
    return (
        frame[~total]
        .groupby(["place_code", "period"], as_index=False)["value"]
        .sum()
        .rename(columns={"value": "given"})
    )


def at_level(places: pd.DataFrame, level: str) -> Mapping[str, str]:
    """Return the place of a level that holds each place, itself included."""
    above = dict(zip(places["place_code"], places["parent_code"], strict=True))
    levels = dict(zip(places["place_code"], places["level"], strict=True))
    found = {}
    for code in above:
        here = code
        while here and levels.get(here) != level:
            here = above.get(here, "")
        if here:
            found[code] = here
    return found


def sectors(holdings: Holdings, places: pd.DataFrame) -> pd.DataFrame | None:
    """Return yearly DTP1 doses by sector for districts and the country, with the share of reports that came."""
    o = holdings.observations
    rows = o.filter(
        (o.indicator == "dtp1_doses")
        & (o.period_type == "month")
        & o.strategy.notin(["campaign", "catch_up"])
    )
    rows = rows.filter(rows.sector.notin(["all", "unknown"]) & rows.age_band.isin(["0-11m", "unknown"]))
    if not rows.count().execute():
        return None
    reports = rows.group_by("place_code", "sector", "period").agg(
        value=rows.value.sum(), due=rows.reports_expected.max(), came=rows.reports_received.max()
    )
    frame = reports.to_pandas()
    lifted = []
    for level in ("district", "country"):
        part = frame.assign(
            place_code=frame["place_code"].map(at_level(places, level)), period=frame["period"].str[:4]
        )
        part = part.dropna(subset=["place_code"])
        lifted.append(
            part.groupby(["place_code", "period", "sector"], as_index=False)[["value", "due", "came"]].sum(
                min_count=1
            )
        )
    found = pd.concat(lifted, ignore_index=True).dropna(subset=["value"])
    return found.assign(indicator="dtp1", completeness=found["came"] / found["due"].where(found["due"] > 0))
