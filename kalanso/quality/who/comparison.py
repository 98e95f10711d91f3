"""Domains 3 and 4: do routine numbers agree with surveys, and populations with each other?

3a routine coverage over survey coverage; 4a the country's population in several sources; 4b populations of
units between sources, and related populations of one source (WHO Data Quality Review, module 1, 2017, domains
3 and 4). One formula serves units and the country: routine over survey, never the inverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kalanso.quality.who.numbers import Numbers
from kalanso.quality.who.rows import divided, outside, rows, together


def external(numbers: Numbers, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """3a: coverage from routine reports / coverage of the latest survey of the last years; divergent outside 33 %.

    The numerator is routine coverage (doses / target of the year), the denominator that of the survey.
    """
    rule = rules["outside"]
    recent = numbers.surveys[numbers.surveys["year"].between(year - rule["years"], year)]
    recent = recent.sort_values(["year", "survey"]).drop_duplicates(["place_code", "indicator"], keep="last")
    routine = numbers.coverage[numbers.coverage["year"] == year]
    both = routine.merge(
        recent[["place_code", "indicator", "survey", "value"]], on=["place_code", "indicator"]
    )
    if both.empty:
        return both
    share = divided(both["numerator"], both["denominator"])
    detail = both["survey"] + " | " + both["denominator_name"]
    ratio = divided(share, both["value"])
    low, high = 1 - rule["band"], 1 + rule["band"]
    return rows(
        both, metric="3a", levels=numbers.levels, detail=detail, numerator=share, denominator=both["value"],
        value=ratio, expected=1.0, lower=low, upper=high, flag=outside(ratio, low, high),
    )  # fmt: skip


def populations(numbers: Numbers, rules: Mapping[str, Any], year: int) -> pd.DataFrame:
    """4a (country) and 4b (units): one population over another; divergent outside 10 %.

    The same population in two sources, in alphabetical order of their names; and the pairs of
    `who.populations.pairs` within one source.
    """
    rule = rules["populations"]
    people = numbers.populations[numbers.populations["year"] == year]
    people = people[people["indicator"] != "population_growth_rate"]
    parts = [_between_sources(people), *(_within(people, pair) for pair in rule["pairs"])]
    low, high = 1 - rule["band"], 1 + rule["band"]
    found = []
    for part in parts:
        if part.empty:
            continue
        ratio = divided(part["value"], part["other"])
        part = part.assign(numerator=part["value"], denominator=part["other"])
        part = part.assign(value=ratio, expected=1.0, lower=low, upper=high, flag=outside(ratio, low, high))
        # One pass over both levels, so that the country's row counts its units; then each has its number.
        made = rows(part, metric="4b", levels=numbers.levels)
        national = made["place_code"].map(numbers.levels) == "country"
        found.append(made.assign(metric=made["metric"].mask(national, "4a")))
    return together(found)


def _between_sources(people: pd.DataFrame) -> pd.DataFrame:
    keys = ["place_code", "indicator", "year"]
    pairs = people.merge(people, on=keys, suffixes=("", "_other"))
    pairs = pairs[pairs["source"] < pairs["source_other"]]
    return pairs.rename(columns={"value_other": "other"}).assign(detail=pairs["source_other"])


def _within(people: pd.DataFrame, pair: Mapping[str, str]) -> pd.DataFrame:
    keys = ["source", "place_code", "year"]
    one = people[people["indicator"] == pair["first"]]
    other = people[people["indicator"] == pair["second"]][[*keys, "value"]].rename(columns={"value": "other"})
    return one.merge(other, on=keys).assign(detail=pair["second"])
