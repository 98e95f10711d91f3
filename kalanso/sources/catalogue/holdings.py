"""Which source holds which indicator, at which level, since when, and how completely?

The matrix "who holds which indicator at which level", from the numbers themselves.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from kalanso.sources.catalogue.tables import SOURCE_HOLDINGS
from kalanso.vocabulary import Period

GROUP = ["source", "series", "indicator", "level", "period_type"]


def holdings(found: ir.Table, published: pd.DataFrame, places: pd.DataFrame, engine: Any) -> pd.DataFrame:
    """Return the rows of SOURCE_HOLDINGS, of counts and of published coverage.

    `found` are rows of `cells.told` in `engine`; `published` has the columns of CELL; `places` are rows of
    that table. Products, ages and strategies of one indicator are one number.
    """
    levels = engine.rows(_arrow(places[["place_code", "level"]]))
    rows = found.inner_join(levels, "place_code").mutate(series=ibis.literal(""))
    by_period = rows.group_by([*GROUP, "period"]).agg(
        numbers=ibis._.count(), expected=ibis._.expected.sum(), received=ibis._.received.sum()
    )
    by_place = rows.group_by(GROUP).agg(places=ibis._.place_code.nunique())
    made = [_summed(by_period.to_pandas(), by_place.to_pandas())]
    if len(published):
        level = dict(zip(places["place_code"], places["level"], strict=True))
        own = published[published["value"].notna()].assign(level=published["place_code"].map(level))
        own = own.dropna(subset=["level"])
        periods = own.groupby([*GROUP, "period"]).agg(numbers=("place_code", "nunique")).reset_index()
        periods = periods.assign(expected=float("nan"), received=float("nan"))
        each = own.groupby(GROUP)["place_code"].nunique().rename("places").reset_index()
        made.append(_summed(periods, each))
    known = places.groupby("level")["place_code"].nunique()
    table = pd.concat([part for part in made if len(part)] or made, ignore_index=True)
    table["places_known"] = table["level"].map(known).fillna(0).astype(int)
    return table[list(SOURCE_HOLDINGS.column_names)]


def _arrow(frame: pd.DataFrame) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False)


def _summed(by_period: pd.DataFrame, by_place: pd.DataFrame) -> pd.DataFrame:
    """Put periods in order and say how full the rectangle of places and periods is."""
    columns = list(SOURCE_HOLDINGS.column_names)
    if by_period.empty:
        return pd.DataFrame(columns=columns)
    parsed = {code: Period.parse(str(code)) for code in by_period["period"].unique()}
    places = by_place.set_index(GROUP)["places"]
    made = []
    groups: Any = by_period.groupby(GROUP, sort=True)
    for key, rows in groups:
        span = sorted(parsed[code] for code in rows["period"])
        between = len(span[0].until(span[-1]))
        numbers, held = int(rows["numbers"].sum()), int(places[key])
        expected = rows["expected"].sum(min_count=1)
        made.append(
            dict(zip(GROUP, key, strict=True)) | {
                "first_period": span[0].code, "last_period": span[-1].code, "last_day": span[-1].end,
                "periods": len(span), "periods_between": between, "places": held, "places_known": 0,
                "numbers": numbers, "completeness": numbers / (held * between),
                "reports_expected": None if pd.isna(expected) else float(expected),
                "reports_received": None if pd.isna(expected) else float(rows["received"].sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(made, columns=columns)
