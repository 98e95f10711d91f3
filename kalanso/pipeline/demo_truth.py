"""What is true in the example country, added up as estimates are, for those who ask to see it?

Coverage and missed children by quarter and over four rolling quarters, for areas and every place above, from
the private tables of the truth. Only a store that is a demonstration ever holds the table.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from kalanso.coverage.aggregates import QUARTER, ROLLING, windows
from kalanso.coverage.run_columns import LEVEL
from kalanso.coverage.steps import DEFAULT
from kalanso.places.trees import lineage
from kalanso.simulation.tables import TRUTH_COVERAGE, TRUTH_ZERO_DOSE
from kalanso.store import Audience, Column, Security, TableSpec
from kalanso.vocabulary import Level, Period, Tree

DEMO_TRUTH = TableSpec(
    name="demo_truth",
    version=1,
    meaning="SIMULATED truth of the example country, to hold the estimate against: by quarter of birth, six weeks before the first dose is due",
    columns=(
        Column(name="place_code", type="string", meaning="our key of the place"),
        Column(name="period", type="string", meaning="quarter, or the last of four rolling quarters"),
        Column(name="span", type="string", meaning="which of both", values=(QUARTER, ROLLING)),
        Column(name="period_start", type="date", meaning="first day of the period named"),
        Column(name="indicator", type="string", meaning="which dose", values=DEFAULT),
        Column(name="coverage", type="float", meaning="true share with the dose by 12 months", unit="share", minimum=0, maximum=1),
        Column(name="surviving_infants", type="float", meaning="children born in the span who reach one year", unit="children", minimum=0),
        Column(name="missed_children", type="float", meaning="of these, children without the dose by 12 months", unit="children", minimum=0),
        LEVEL,
    ),
    key=("place_code", "period", "span", "indicator"),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PROGRAMME,
    security=Security(coarsen_to="district", delay_days=90),
)  # fmt: skip
_MISSED = {"dtp1": "zero_dose", "dtp3": "under_immunized"}
_COUNTS = ["surviving_infants", *_MISSED.values()]


def demo_truth(
    coverage: pd.DataFrame, zero_dose: pd.DataFrame, places: pd.DataFrame, parents: pd.DataFrame, *, on: date
) -> pd.DataFrame:
    """Return the rows of DEMO_TRUTH from `truth_coverage`, `truth_zero_dose` and the tree of places.

    Counts are added up over places and quarters; a cohort without children has no row.
    """
    keys = ["place_code", "period"]
    counts = coverage[[*keys, "surviving_infants"]].merge(zero_dose[[*keys, *_MISSED.values()]], on=keys)
    above = lineage(parents, places, tree=Tree.HEALTH.value, on=on)
    quarterly = (
        counts.merge(above[["place_code", "ancestor_code"]], on="place_code")
        .groupby(["ancestor_code", "period"], as_index=False)[_COUNTS]
        .sum()
        .rename(columns={"ancestor_code": "place_code"})
    )
    periods = sorted(quarterly["period"].unique())
    codes = {code: [periods[at] for at in four] for code, four in windows(periods, ROLLING)}
    rolling = [
        quarterly[quarterly["period"].isin(four)].groupby("place_code", as_index=False)[_COUNTS].sum().assign(period=code)
        for code, four in codes.items()
    ]  # fmt: skip
    spans = [quarterly.assign(span=QUARTER), *(rows.assign(span=ROLLING) for rows in rolling)]
    found = pd.concat([_of_dose(rows, dose) for rows in spans for dose in DEFAULT])
    levels = dict(zip(places["place_code"], places["level"], strict=True))
    starts = {code: Period.parse(code).start for code in periods}
    return found.assign(
        period_start=found["period"].map(starts),
        place_level=found["place_code"].map(levels).map(_place_level),
    )[list(DEMO_TRUTH.column_names)].reset_index(drop=True)


def _of_dose(rows: pd.DataFrame, dose: str) -> pd.DataFrame:
    rows = rows[rows["surviving_infants"] > 0]
    infants, missed = rows["surviving_infants"].astype(float), rows[_MISSED[dose]].astype(float)
    return rows[["place_code", "period", "span"]].assign(
        indicator=dose, coverage=1 - missed / infants, surviving_infants=infants, missed_children=missed
    )


def _place_level(level: str) -> str:
    if level == Level.COUNTRY.value:
        return "country"
    return "area" if level == Level.HEALTH_AREA.value else "parent"


def truth_of(country: object, *, on: date) -> pd.DataFrame:
    """Return the rows of DEMO_TRUTH of a simulated country."""
    names = (TRUTH_COVERAGE.name, TRUTH_ZERO_DOSE.name, "places", "place_parents")
    return demo_truth(*(getattr(country, name).to_pandas() for name in names), on=on)
