"""Which numbers of a sheet look mistyped, before anything of it is published?

Two rules that need no model: a third dose above the first in one place and period, and a number an order of
magnitude from what its place usually reports. Doubts block nothing and change nothing. What is doubtful in
all published numbers is asked by `check`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from kalanso import definitions, places
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.places_known import KnownPlaces
from kalanso.sources.stock_lots import OF_A_PRODUCT
from kalanso.store import Store
from kalanso.vocabulary import Tree

ABOVE, FAR = "later_above_first", "far_from_usual"
COLUMNS = ("place_code", "period", "period_type", "indicator", "product", "age_band", "strategy", "value")
ROUTINE = ("all", "fixed", "outreach", "mobile")
_SERIES = ["place_code", "period_type", "indicator", "product"]


def doubts(
    rows: pd.DataFrame, usual: pd.DataFrame, *, pairs: Sequence[Sequence[str]], limits: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return doubtful numbers: kind, place_code, period, indicator, product, value, other_indicator, other.

    `rows` has COLUMNS; `usual` what `usually` returned. `other` is the first dose, or what the place usually
    reports. The furthest from likely come first.
    """
    counted = rows[rows["value"].notna() & rows["strategy"].isin(ROUTINE)]
    found = [*_above_first(counted, pairs), *_far(counted, usual, limits)]
    return sorted(found, key=lambda one: (-_apart(one), one["place_code"], one["period"], one["kind"]))


def _apart(one: Mapping[str, Any]) -> float:
    low, high = sorted((one["value"] + 1.0, one["other"] + 1.0))
    return float(high / max(low, 1.0))


def _above_first(rows: pd.DataFrame, pairs: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    keys = ["place_code", "period", "product", "age_band", "strategy"]
    found: list[dict[str, Any]] = []
    for first, last in pairs:
        earlier = rows[rows["indicator"] == first][[*keys, "value"]]
        later = rows[rows["indicator"] == last][[*keys, "value"]]
        both = later.merge(earlier, on=keys, suffixes=("", "_first"))
        found += [
            _doubt(ABOVE, row, indicator=last, other_indicator=first, other=row["value_first"])
            for row in both[both["value"] > both["value_first"]].to_dict("records")
        ]
    return found


def _far(rows: pd.DataFrame, usual: pd.DataFrame, limits: Mapping[str, float]) -> list[dict[str, Any]]:
    sums = _of_series(rows).groupby([*_SERIES, "period"], as_index=False)["value"].sum()
    known = usual[usual["periods"] >= limits["periods"]]
    both = sums.merge(known, on=_SERIES)
    high = both["value"] > limits["far"] * both["usual_high"]
    low = both["value"] * limits["far"] < both["usual_low"]
    distance = (both["value"] - both["usual_high"]).where(high, both["usual_low"] - both["value"])
    return [
        _doubt(
            FAR, row, indicator=row["indicator"], other_indicator="",
            other=row["usual_high"] if row["value"] > row["usual_high"] else row["usual_low"],
        )
        for row in both[(high | low) & (distance >= limits["difference"])].to_dict("records")
    ]  # fmt: skip


def _of_series(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave the product to what is counted for each apart: doses given are one series, whatever brand gave them."""
    return rows.assign(product=rows["product"].where(rows["indicator"].isin(OF_A_PRODUCT), ""))


def _doubt(kind: str, row: Mapping[Any, Any], **told: Any) -> dict[str, Any]:
    other = float(told.pop("other"))
    return {
        "kind": kind, "place_code": row["place_code"], "period": row["period"], "product": row["product"],
        "value": float(row["value"]), "other": other, **told,
    }  # fmt: skip


def usually(store: Store, known: KnownPlaces, rows: pd.DataFrame, *, today: date) -> pd.DataFrame:
    """Return what the places of a sheet usually report: place_code, period_type, indicator, product, usual_low, usual_high, periods.

    `product` is empty but for what is counted for each product apart. Medians of published routine numbers of the last three years, those of facilities added up to the place of
    the sheet. Where sources or ages differ, the lowest and highest of their medians; `periods` is the most that
    any of them has.
    """
    columns = [*_SERIES, "usual_low", "usual_high", "periods"]
    if rows.empty or store.latest(OBSERVATIONS.name) is None:
        return pd.DataFrame(columns=columns)
    asked = set(rows["place_code"])
    below = places.lineage(known.parents, known.places, tree=Tree.HEALTH.value, on=today)
    below = below[below["ancestor_code"].isin(asked)][["place_code", "ancestor_code"]]
    own = pd.DataFrame({"place_code": sorted(asked), "ancestor_code": sorted(asked)})
    below = pd.concat([below, own]).drop_duplicates()
    table = store.read(OBSERVATIONS)
    wanted = table.filter(
        table.place_code.isin(sorted(set(below["place_code"])))
        & table.indicator.isin(sorted(set(rows["indicator"])))
        & table.period_type.isin(sorted(set(rows["period_type"])))
        & table.strategy.isin(ROUTINE)
        & (table.period_start >= date(today.year - 3, today.month, 1))
        & table.value.notnull()
    ).select("source", "place_code", "period", "period_type", "indicator", "product", "age_band", "value")
    held = _of_series(wanted.to_pandas()).merge(below, on="place_code")
    if held.empty:
        return pd.DataFrame(columns=columns)
    held["place_code"] = held["ancestor_code"]
    apart = ["source", "age_band"]
    sums = held.groupby([*_SERIES, *apart, "period"], as_index=False)["value"].sum()
    medians = sums.groupby([*_SERIES, *apart])["value"].agg(usual="median", n="count").reset_index()
    found = medians.groupby(_SERIES).agg(
        usual_low=("usual", "min"), usual_high=("usual", "max"), periods=("n", "max")
    )
    return found.reset_index()[columns]


def of_sheet(
    store: Store, known: KnownPlaces, rows: pd.DataFrame, *, today: date
) -> tuple[dict[str, Any], ...]:
    """Return the doubts about the placed rows of a sheet, by the thresholds of the store's country."""
    told = definitions.load(store.country).section("quality")
    return tuple(
        doubts(
            rows, usually(store, known, rows, today=today), pairs=told["dropout"]["pairs"],
            limits=told["sheets"],
        )
    )  # fmt: skip


__all__ = ["ABOVE", "COLUMNS", "FAR", "doubts", "of_sheet", "usually"]
