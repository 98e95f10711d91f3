"""Domain 1: did reports come, in time, filled in, and as many as in other years?

1a reporting completeness, 1b timeliness, 1c completeness of data elements, 1d consistency of
reporting over time (WHO Data Quality Review, module 1, 2017, domain 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kalanso.quality.who.numbers import Numbers
from kalanso.quality.who.rows import against_country, below, divided, outside, rows, together
from kalanso.quality.who.time import ratio_to_before


def metrics(numbers: Numbers, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """Return 1a to 1d of one year."""
    return together(
        [
            received(numbers, rules, year),
            timely(numbers, rules, year),
            filled(numbers, rules, year),
            over_time(numbers, rules, year),
        ]
    )


def received(numbers: Numbers, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """1a: reports received / reports expected; poor below the threshold (90 %).

    Not cut at 100 %: more reports than expected is itself a fault, which DHIS2's reporting rate hides.
    """
    reports = numbers.reports[numbers.reports["year"] == year]
    share = divided(reports["received"], reports["expected"])
    return rows(
        reports, metric="1a", levels=numbers.levels, indicator=reports["form"], numerator=reports["received"],
        denominator=reports["expected"], value=share, expected=None, lower=rules["reports"], flag=below(share, rules["reports"]),
    )  # fmt: skip


def timely(numbers: Numbers, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """1b: reports received in time / reports expected; poor below the threshold (75 %)."""
    reports = numbers.reports[(numbers.reports["year"] == year) & (numbers.reports["timed"] > 0)]
    share = divided(reports["on_time"], reports["timed"])
    return rows(
        reports, metric="1b", levels=numbers.levels, indicator=reports["form"], numerator=reports["on_time"],
        denominator=reports["timed"], value=share, expected=None, lower=rules["timely"], flag=below(share, rules["timely"]),
    )  # fmt: skip


def filled(numbers: Numbers, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """1c: values given / values due (expected reports x elements); poor below the threshold (90 %).

    A value is due in each month with a report due, from each place that ever gave this number.
    """
    cells = numbers.filled[
        (numbers.filled["year"] == year) & numbers.filled["indicator"].isin(list(rules["elements"]))
    ]
    share = divided(cells["given"], cells["due"])
    return rows(
        cells, metric="1c", levels=numbers.levels, numerator=cells["given"], denominator=cells["due"],
        value=share, lower=rules["filled"], flag=below(share, rules["filled"]),
    )  # fmt: skip


def over_time(numbers: Numbers, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """1d: reporting rate of the year / mean (or forecast) of the years before; divergent outside 33 % of the country's ratio."""
    reports = numbers.reports.assign(rate=divided(numbers.reports["received"], numbers.reports["expected"]))
    found = ratio_to_before(
        reports, by=["source", "form", "place_code"], value="rate", year=year, before=rules["years_before"],
        trend=rules["reports_over_time"]["trend"],
    ).rename(columns={"form": "indicator"})  # fmt: skip
    if found.empty:
        return found
    found = against_country(
        found, numbers.levels, ["source", "indicator"], rules["reports_over_time"]["band"]
    )
    return rows(
        found,
        metric="1d",
        levels=numbers.levels,
        flag=outside(found["value"], found["lower"], found["upper"]),
    )
