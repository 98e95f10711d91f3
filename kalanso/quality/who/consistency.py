"""Domain 2: do the numbers agree with themselves: within the year, over the years, with each other?

2a extreme outliers, 2b moderate outliers, 2c outliers by the modified z-score, 2d consistency over time,
2e consistency between related indicators (WHO Data Quality Review, module 1, 2017, domain 2). Outliers are
judged among the months of one year, as there; what twelve numbers can show is said in the manual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kalanso.quality.who.numbers import Numbers
from kalanso.quality.who.rows import (
    DIVERGENT,
    GOOD,
    NOT_JUDGED,
    against_country,
    divided,
    judged,
    outside,
    rows,
    together,
)
from kalanso.quality.who.time import ratio_to_before

MAD_TO_SD = 1.486
MEAN_AD_TO_SD = 1.253314
OUTLIERS = {"2a": "extreme", "2b": "moderate", "2c": "modified"}
KINDS = ("equal", "at_least", "dropout", "level")
_SERIES = ["source", "indicator", "place_code"]


def metrics(numbers: Numbers, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """Return 2a to 2e of one year."""
    monthly = numbers.monthly[numbers.monthly["indicator"].isin(list(rules["elements"]))]
    return together(
        [
            outliers(numbers, monthly[monthly["year"] == year], rules),
            over_time(numbers, monthly, rules, year),
            *(related(numbers, rule, year) for rule in rules["relations"]),
        ]
    )


def scores(monthly: pd.DataFrame) -> pd.DataFrame:
    """Return the months with `z` and `modified_z`, unsigned, within source, number and place.

    z = |x - mean| / sd, with the sd of a sample. Modified z = |x - median| / (1.486 MAD), or / (1.253314 mean
    absolute deviation from the median) where MAD = 0 (Iglewicz and Hoaglin 1993, as in WHO's tool). Series
    that do not vary, and single numbers, have no score (empty).
    """
    groups = monthly.groupby(_SERIES, sort=False)["value"]
    spread = groups.transform("std")
    z = (monthly["value"] - groups.transform("mean")).abs() / spread.where(spread > 0)
    away = (monthly["value"] - groups.transform("median")).abs()
    by_series = away.groupby([monthly[name] for name in _SERIES], sort=False)
    mad, mean_ad = by_series.transform("median"), by_series.transform("mean")
    scatter = (MAD_TO_SD * mad).where(mad > 0, MEAN_AD_TO_SD * mean_ad)
    return monthly.assign(z=z, modified_z=away / scatter.where(scatter > 0))


def outliers(numbers: Numbers, monthly: pd.DataFrame, rules: Mapping[str, Any]) -> pd.DataFrame:
    """2a, 2b, 2c: values that are outliers / values of the year; a unit with enough of them is divergent.

    For the country: those of all units over all their values, as WHO's tool scores it.
    """
    parts = []
    units = monthly[monthly["place_code"].map(numbers.levels) != "country"]
    scored = scores(units)
    country = next((code for code, level in numbers.levels.items() if level == "country"), None)
    for metric, name in OUTLIERS.items():
        column = "modified_z" if name == "modified" else "z"
        rule = rules["outliers"][name]
        marked = scored.assign(far=(scored[column] > rule["limit"]).astype(int))
        keys = ["source", "indicator", "year"]
        own = marked.groupby([*keys, "place_code"], as_index=False)["far"].agg(["sum", "size"])
        own = own.rename(columns={"sum": "numerator", "size": "denominator"})
        own["flag"] = np.where(own["numerator"] >= rule["divergent"], DIVERGENT, GOOD)
        if country is not None:
            whole = own.groupby(keys, as_index=False)[["numerator", "denominator"]].sum()
            own = pd.concat([own, whole.assign(place_code=country, flag=NOT_JUDGED)], ignore_index=True)
        share = divided(own["numerator"], own["denominator"])
        parts.append(rows(own, metric=metric, levels=numbers.levels, value=share))
    return together(parts)


def over_time(numbers: Numbers, monthly: pd.DataFrame, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """2d: sum of the year / mean (or forecast) of the years before; divergent outside 33 % of the
    country's ratio (`compared_with: country`) or of 1 (`itself`)."""
    rule = rules["over_time"]
    yearly = monthly.groupby([*_SERIES, "year"], as_index=False).agg(value=("value", "sum"))
    found = ratio_to_before(
        yearly, by=_SERIES, value="value", year=year, before=rules["years_before"], trend=rule["trend"]
    )
    if found.empty:
        return found
    if rule["compared_with"] == "itself":
        found = found.assign(expected=1.0, lower=1 - rule["band"], upper=1 + rule["band"])
    else:
        found = against_country(found, numbers.levels, ["source", "indicator"], rule["band"])
    return rows(
        found,
        metric="2d",
        levels=numbers.levels,
        flag=outside(found["value"], found["lower"], found["upper"]),
    )


def related(numbers: Numbers, rule: Mapping[str, Any], year: int) -> pd.DataFrame:
    """2e: sums of two related numbers A and B of the year, compared by the kind of their relation.

    `equal`: A / B within 1 +- band. `at_least`: A / B not below 1 - band. `dropout`: (A - B) / A not
    negative. `level`: A / B within the country's A / B +- band.
    """
    if rule["kind"] not in KINDS:
        raise ValueError(f"who.relations.kind: expected one of {', '.join(KINDS)}, got {rule['kind']!r}")
    first, second, kind = rule["first"], rule["second"], rule["kind"]
    sums = numbers.monthly[numbers.monthly["year"] == year]
    sums = sums.groupby([*_SERIES, "year"], as_index=False).agg(value=("value", "sum"))
    keys = ["source", "place_code", "year"]
    one = sums[sums["indicator"] == first].drop(columns="indicator").rename(columns={"value": "one"})
    other = sums[sums["indicator"] == second].drop(columns="indicator").rename(columns={"value": "other"})
    both = one.merge(other, on=keys)
    if both.empty:
        return both
    made = {"metric": "2e", "levels": numbers.levels, "indicator": first, "detail": f"{kind}:{second}"}
    if kind == "dropout":
        value = divided(both["one"] - both["other"], both["one"]).mask(both["one"] == both["other"], 0.0)
        numerator, flag = both["one"] - both["other"], judged(value, value < 0, DIVERGENT)
        return rows(
            both, **made, numerator=numerator, denominator=both["one"], value=value, lower=0.0, flag=flag
        )
    both = both.assign(
        numerator=both["one"], denominator=both["other"], value=divided(both["one"], both["other"])
    )
    band = rule["band"]
    if kind == "level":
        both = against_country(both, numbers.levels, ["source", "year"], band)
        nation = both["place_code"].map(numbers.levels) == "country"
        flag = outside(both["value"], both["lower"], both["upper"]).mask(nation, NOT_JUDGED)
        return rows(both.assign(expected=both["expected"].mask(nation)), **made, flag=flag)
    both = both.assign(expected=1.0, lower=1 - band, upper=1 + band if kind == "equal" else np.inf)
    flag = outside(both["value"], both["lower"], both["upper"])
    return rows(both.assign(upper=both["upper"].where(np.isfinite(both["upper"]))), **made, flag=flag)
