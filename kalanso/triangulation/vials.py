"""Do doses given fit the vials that were opened, and does a stock-out show in the doses?

Doses given / doses used by place and month: more given than used is impossible but for a month's carry-over. Stock-outs:
mean change of DTP1 doses (logarithm, against the place's own median) in months with a stock-out of five days or
more and in the months after, against all other months; the standard error is over places, each counted once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message, Period

NAME = "vials"
NEEDS = ("stock",)
HELPS = ("counts",)
LAGS = (0, 1, 2, 3)
Z = 1.959964


def compare(dossier: Dossier) -> Answer:
    """Return given / used by place and year, and the fall of doses by months after a stock-out."""
    yearly = _usage(dossier)
    lags = after_stockouts(dossier)
    rows = [*_usage_rows(yearly), *_lag_rows(dossier, lags)]
    told = (*_told_usage(dossier, yearly), *_told_lag(dossier, lags))
    absent = ([] if len(yearly) else ["doses_given"]) + ([] if len(lags) else ["stockouts"])
    return Answer(
        analysis=NAME, rows=compared(dossier, NAME, rows), findings=(*told, *missing(dossier, NAME, *absent))
    )


def _usage(dossier: Dossier) -> pd.DataFrame:
    rows = dossier.rows("stock").dropna(subset=["given"])
    if rows.empty:
        return pd.DataFrame(columns=["place_code", "year", "product", "given", "used", "months", "ratio"])
    rows = rows.assign(year=rows["period"].str[:4].astype(int))
    sums = rows.groupby(["place_code", "year", "product"], as_index=False).agg(
        given=("given", "sum"), used=("used", "sum"), months=("period", "nunique")
    )
    sums = sums[(sums["used"] > 0) & (sums["months"] >= dossier.threshold("vials.months"))]
    return sums.assign(ratio=sums["given"] / sums["used"])


def _usage_rows(yearly: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in each(yearly):
        yield {
            "place_code": row.place_code, "period": row.year, "indicator": "doses_used", "measure": "given_to_used", "source": row.product,
            "kind": "stock", "value": row.ratio, "unit": "ratio", "numerator": row.given, "denominator": row.used, "reference": 1.0,
            "reference_source": "vials", "verdict": "more_given_than_used" if row.ratio > 1.1 else "agrees",
        }  # fmt: skip


def after_stockouts(dossier: Dossier) -> pd.DataFrame:
    """Return lag, fall (1 - ratio of doses), low, high, places, months: how doses stand `lag` months after a stock-out."""
    stock = dossier.rows("stock").dropna(subset=["stockout_days"])
    counts = dossier.rows("counts")
    doses = counts[
        (counts["indicator"] == "dtp1_doses")
        & counts["period"].str.fullmatch(r"\d{6}")
        & (counts["value"] > 0)
    ]
    if stock.empty or doses.empty:
        return pd.DataFrame()
    out = stock.groupby(["place_code", "period"], as_index=False)["stockout_days"].max()
    number = {
        code: Period.parse(code).year * 12 + Period.parse(code).number
        for code in {*out["period"], *doses["period"]}
    }
    out = out.assign(
        step=out["period"].map(number), out=out["stockout_days"] >= dossier.threshold("vials.days")
    )
    log = np.log(doses["value"])
    doses = doses.assign(
        step=doses["period"].map(number), log=log - log.groupby(doses["place_code"]).transform("median")
    )
    found = []
    for lag in LAGS:
        shifted = out[["place_code", "step", "out"]].assign(step=out["step"] + lag)
        both = doses.merge(shifted, on=["place_code", "step"])
        means = both.pivot_table(index="place_code", columns="out", values="log", aggfunc="mean")
        if not {True, False} <= set(means.columns):
            continue
        change = (means[True] - means[False]).dropna()
        if len(change) < dossier.threshold("vials.places"):
            continue
        middle, reach = float(change.mean()), Z * float(change.std(ddof=1)) / np.sqrt(len(change))
        found.append({"lag": lag, "fall": 1 - np.exp(middle), "low": 1 - np.exp(middle + reach), "high": 1 - np.exp(middle - reach),
                      "places": len(change), "months": int(both["out"].sum()), "period": str(doses["period"].max())})  # fmt: skip
    return pd.DataFrame(found)


def _lag_rows(dossier: Dossier, lags: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in each(lags):
        yield {
            "place_code": dossier.root, "period": row.period, "indicator": "dtp1", "measure": "fall_after_stockout", "source": f"lag_{row.lag}",
            "kind": "computed", "value": row.fall, "low": row.low, "high": row.high, "unit": "share", "numerator": row.months,
            "denominator": row.places, "verdict": "below" if row.low > 0 else "agrees",
        }  # fmt: skip


def _told_usage(dossier: Dossier, yearly: pd.DataFrame) -> Iterator[Finding]:
    latest = (
        yearly[yearly["year"] == yearly.groupby(["place_code", "product"])["year"].transform("max")]
        if len(yearly)
        else yearly
    )
    for row in each(latest[latest["ratio"] > 1.1]):
        params = {
            "place": row.place_code,
            "period": str(row.year),
            "given": row.given,
            "used": row.used,
            "product": row.product,
            "share": row.ratio - 1,
        }
        key = {"place_code": row.place_code, "period": str(row.year), "product": row.product}
        yield Finding(
            kind="check", place_code=row.place_code, period=str(row.year), indicator="dtp1", source=row.product, value=row.given,
            expected=row.used, severity="serious", message=Message("triangulation.vials.more_given", params),
            evidence=({"table": "observations", "key": key, "snapshot": dossier.snapshots.get("observations", "")},),
        )  # fmt: skip


def _told_lag(dossier: Dossier, lags: pd.DataFrame) -> Iterator[Finding]:
    if lags.empty:
        return
    worst = each(lags.sort_values(["fall", "lag"], ascending=[False, True]))[0]
    clear = worst.low > 0
    which = ("fall" if worst.lag else "fall_at_once") if clear else "no_fall"
    params = {"place": dossier.root, "period": worst.period, "lag": worst.lag, "n": worst.lag, "fall": worst.fall, "low": worst.low,
              "high": worst.high, "n_places": worst.places}  # fmt: skip
    key = {"analysis": NAME, "measure": "fall_after_stockout", "source": f"lag_{worst.lag}"}
    yield Finding(
        kind="changed" if clear else "agrees", place_code=dossier.root, period=worst.period, indicator="dtp1", source="stock",
        value=worst.fall, severity="attention" if clear else "note",
        message=Message(f"triangulation.vials.{which}", params),
        evidence=({"table": "triangulation", "key": key, "snapshot": ""},),
    )  # fmt: skip
