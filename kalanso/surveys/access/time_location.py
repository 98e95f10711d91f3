"""What do caregivers met at wells, markets, crossings or distributions say, when they have no fixed home?

Sites and days are drawn, people counted and drawn at each; whoever comes often would be met often, and counts less.
"""

from __future__ import annotations

import math

import pandas as pd

from kalanso.surveys.access.findings import Finding, share_interval
from kalanso.surveys.access.methods import METHODS
from kalanso.surveys.handed_in import SurveyRefused, among, numbers, refuse_rows, unique, with_columns
from kalanso.vocabulary import Message


def time_location(people: pd.DataFrame) -> Finding:
    """Return the coverage among people who come to the sites of the frame within its period.

    `people`: person, site_day (which site on which day), p_site_day (its chance to be drawn), counted (people there
    who could have been drawn), interviewed (of these), visits (days within the period on which this person comes to
    any site of the frame, as told), vaccinated (0 or 1). The weight is
    1 / (p_site_day x interviewed / counted) / visits: somebody seen on v days has v chances (Karon and Wejnert 2012).
    The variance is that between site days, drawn with replacement (Taylor), with site days - 1 degrees of freedom.
    """
    columns = ["person", "site_day", "p_site_day", "counted", "interviewed", "visits", "vaccinated"]
    table = with_columns(people, "people", columns)
    unique(table, "people", ["person", "site_day"])
    among(table, "people", "vaccinated", [0, 1])
    p_day = numbers(table, "people", "p_site_day", above=True, high=1)
    counted = numbers(table, "people", "counted", low=1)
    interviewed = numbers(table, "people", "interviewed", low=1)
    more = interviewed > counted
    refuse_rows(
        table, "people", "interviewed", more, Message("surveys.expected.not_above", {"other": "counted"})
    )
    visits = numbers(table, "people", "visits", low=1)
    weight = 1 / (p_day * interviewed / counted) / visits
    days = table["site_day"].nunique()
    if days < 2:
        raise SurveyRefused("surveys.access.one_site_day")
    share = float((weight * table["vaccinated"]).sum() / weight.sum())
    rest = (weight * (table["vaccinated"] - share)).groupby(table["site_day"]).sum() / weight.sum()
    # residuals of a ratio sum to zero over all site days
    error = math.sqrt(days / (days - 1) * float((rest**2).sum()))
    low, high = share_interval(share, error, children=len(table), units=days)
    return Finding(
        method=METHODS["time_location"], coverage=share, standard_error=error, low=low, high=high,
        children=len(table), params={"days": days},
    )  # fmt: skip
