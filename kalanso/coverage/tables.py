"""What do the tables of estimates, pockets and draws look like?

The same columns stand in the files that `kalanso estimate` writes and in the store; in the store
each row also carries its run, the run's state and whether reports of its period may still arrive.
Estimates are for the programme until they are validated; what partners and the public may see is
made by `released`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pandas as pd

from kalanso.coverage.comparison_tables import COMPARISON_TABLES, LATER_TABLES
from kalanso.coverage.guard_tables import GUARD_TABLES
from kalanso.coverage.run_columns import (
    INDICATOR,
    LEVEL,
    PER_PERIOD,
    PERIOD,
    PLACE,
    QUARTER,
    RUN_NAMES,
    RUN_OF_DRAWS,
    SENTENCE,
    SPAN,
    STATES,
    interval,
    number,
    of_run,
    share,
    text,
)
from kalanso.store import Audience, Column, TableSpec
from kalanso.vocabulary import Period

_ESTIMATES = (
    share("coverage_mean", "share of due children with the dose, mean of the draws"),
    number("coverage_sd", "standard deviation of the draws", "share"),
    *(share(f"coverage_q{q:03d}", f"quantile {q / 1000:g} of the draws") for q in (25, 250, 500, 750, 975)),
    *interval("surviving_infants", f"surviving infants: {PER_PERIOD}", "children"),
    *interval("missed_children", f"children without the dose by 12 months: {PER_PERIOD}", "children"),
    share("probability_below_80", "P(coverage < 0.8)"),
    number("rank_mean", "rank by missed children among places of the level, 1 = most", "rank", low=1),
    number("rank_q025", "lower end of the 95 % interval of the rank", "rank", low=1),
    number("rank_q975", "upper end of the 95 % interval of the rank", "rank", low=1),
)
_ESTIMATE_COLUMNS = (PLACE, QUARTER, INDICATOR, *_ESTIMATES, LEVEL)
_ESTIMATE_KEY = ("place_code", "period", "indicator")
_YEARLY_COLUMNS = (PLACE, PERIOD, SPAN, INDICATOR, *_ESTIMATES, LEVEL)
_YEARLY_KEY = ("place_code", "period", "span", "indicator")

COVERAGE_ESTIMATES = of_run(
    "coverage_estimates",
    "Coverage, surviving infants and missed children by quarter, for every area, every place above and the country",
    _ESTIMATE_COLUMNS,
    _ESTIMATE_KEY,
)
COVERAGE_ESTIMATES_YEARLY = of_run(
    "coverage_estimates_yearly",
    "The same for calendar years and for four rolling quarters, apart so that no sum counts a child twice",
    _YEARLY_COLUMNS,
    _YEARLY_KEY,
)
DROPOUT_CHILDREN = of_run(
    "dropout_children",
    "Children with DTP1 but without DTP3 by quarter",
    (
        PLACE, QUARTER,
        *interval("dropout_children", f"children with DTP1 but not DTP3: {PER_PERIOD}", "children"),
        *interval("dropout_share", "their share among children with DTP1", "share"), LEVEL,
    ),
    ("place_code", "period"),
)  # fmt: skip
COVERAGE_THRESHOLDS = of_run(
    "coverage_thresholds",
    "How likely coverage lies under each threshold, over four rolling quarters",
    (
        PLACE, QUARTER, INDICATOR, share("threshold", "coverage under which a place counts as low"),
        share("probability_below", "P(coverage < threshold)"), LEVEL,
    ),
    ("place_code", "period", "indicator", "threshold"),
)  # fmt: skip
BURDEN = of_run(
    "burden",
    "Areas in order of missed children over four rolling quarters, with how sure the order is",
    (
        PLACE, text("parent_code", "the place above"), QUARTER, INDICATOR,
        *interval("missed_children", "children without the dose: children of the four quarters", "children"),
        *interval("coverage", "share of due children with the dose", "share"),
        number("rank_mean", "rank among all areas, 1 = most", "rank", low=1),
        number("rank_q025", "lower end of the 95 % interval of the rank", "rank", low=1),
        number("rank_q975", "upper end of the 95 % interval of the rank", "rank", low=1),
        share("probability_top_tenth", "P(among the tenth of areas with most missed children)"),
        share("probability_in_half", "P(in the smallest set of areas that holds half of them)"),
        Column(name="in_half_list", type="bool", meaning="whether the area is on the fixed list that holds half with probability 0.9"),
        Column(name="group", type="int", meaning="areas of one group cannot be told apart from its first", minimum=1),
    ),
    ("place_code", "period", "indicator"),
)  # fmt: skip
POCKETS = of_run(
    "pockets",
    "Areas that touch and lie under a threshold, with their joint probability",
    (
        text("pocket", "key of the pocket"),
        text("place_code", "the lowest place that holds all areas of the pocket"),
        QUARTER, SPAN, INDICATOR, share("threshold", "coverage under which an area counts as low"),
        share("level", "probability from which an area counts as low"),
        Column(name="areas", type="int", meaning="how many areas", minimum=1),
        text("leading_area", "area with most missed children"), text("area_codes", "all areas, the surest first (JSON)"),
        share("joint_probability", "P(all areas are low together)"),
        Column(name="core_areas", type="int", meaning="areas that are low together with the stated probability", minimum=1),
        share("core_probability", "P(all areas of the core are low together)"),
        *interval("coverage", "coverage of the pocket", "share"),
        *interval("surviving_infants", "surviving infants of the pocket over the span", "children"),
        *interval("missed_children", "children without the dose over the span", "children"),
        share("share_of_missed_mean", "share of the country's missed children who live here"),
        text("contexts", "what is known of the people (JSON)"),
        text("cause", "what a linked record establishes, or `not established`"),
        text("cause_records", "the records that support the cause (JSON)"),
        *SENTENCE,
    ),
    ("pocket",),
    names_places=("pocket", "leading_area", "area_codes", "params", "cause_records"),
)  # fmt: skip
POCKET_AREAS = of_run(
    "pocket_areas",
    "The areas of each pocket",
    (
        text("pocket", "key of the pocket"), PLACE, share("probability_below", "P(coverage of the area < threshold)"),
        Column(name="in_core", type="bool", meaning="whether the area belongs to the core"),
    ),
    ("pocket", "place_code"),
    names_places=("pocket",),
)  # fmt: skip
COVERAGE_CHANGES = of_run(
    "coverage_changes",
    "Whether coverage rose or fell from one year to the next, with its probability",
    (
        PLACE, text("before", "the four quarters that end with this one"), text("after", "the four quarters that end with this one"),
        INDICATOR,
        *(number(c.name, c.meaning, c.unit, low=None) for c in interval("change", "change of coverage", "share")),
        *(number(c.name, c.meaning, c.unit, low=None) for c in interval("missed_change", "change of missed children", "children")),
        share("probability_rise", "P(coverage rose)"), share("probability_fall", "P(coverage fell)"), *SENTENCE, LEVEL,
    ),
    ("place_code", "before", "after", "indicator"),
)  # fmt: skip
LOCAL_CLUSTERS = of_run(
    "local_clusters",
    "Exploratory: local Moran's I and Gi* of coverage over the newest four quarters",
    (
        PLACE, QUARTER, INDICATOR, share("value", "coverage, mean of the draws"),
        number("moran", "local Moran's I; empty without neighbours", "", optional=True, low=None),
        number("gi_star", "Gi*; empty without neighbours", "", optional=True, low=None),
        number("pseudo_p", "share of permutations at least as extreme", "share", optional=True, high=1.0),
        text("moran_kind", "quadrant, where the false-discovery rate is passed"),
        number("gi_star_probability_low", "share of draws in which Gi* lies under -1.96", "share", optional=True, high=1.0),
    ),
    ("place_code", "period", "indicator"),
)  # fmt: skip
DRAWS = of_run(
    "draws",
    "Joint draws of the posterior: rows of one draw belong together over places and quarters",
    (
        text("place_code", "the area"), QUARTER,
        Column(name="draw", type="int", meaning="number of the draw", minimum=1),
        share("dtp1_coverage", "share of due children with DTP1 by 12 months", type="float32"),
        Column(name="dtp3_coverage", type="float32", meaning="share with DTP3; empty where the part is off", unit="share", nullable=True, minimum=0, maximum=1),
        number("surviving_infants", "surviving infants of the quarter", "children", type="float32"),
    ),
    ("place_code", "period", "draw"),
    run=RUN_OF_DRAWS,
)  # fmt: skip

COVERAGE_ESTIMATES_PARTNERS = of_run(
    "coverage_estimates_partners",
    "Validated estimates, for partners",
    _ESTIMATE_COLUMNS,
    _ESTIMATE_KEY,
    audience=Audience.PARTNER,
)
COVERAGE_ESTIMATES_PUBLIC = of_run(
    "coverage_estimates_public",
    "Published estimates down to the district, for everybody",
    _ESTIMATE_COLUMNS,
    _ESTIMATE_KEY,
    audience=Audience.PUBLIC,
)
COVERAGE_ESTIMATES_YEARLY_PARTNERS = of_run(
    "coverage_estimates_yearly_partners",
    "Validated estimates over years and over four rolling quarters, for partners",
    _YEARLY_COLUMNS,
    _YEARLY_KEY,
    audience=Audience.PARTNER,
)
COVERAGE_ESTIMATES_YEARLY_PUBLIC = of_run(
    "coverage_estimates_yearly_public",
    "Published estimates over years and over four rolling quarters down to the district, for everybody",
    _YEARLY_COLUMNS,
    _YEARLY_KEY,
    audience=Audience.PUBLIC,
)
KEPT_RUNS = of_run(
    "kept_runs",
    "Every run that was kept, over its newest period for all places and over all periods for the country: to set one run beside another",
    (
        PLACE, PERIOD, SPAN, INDICATOR, *interval("coverage", "share of due children with the dose", "share"),
        *interval("surviving_infants", f"surviving infants: {PER_PERIOD}", "children"),
        *interval("missed_children", f"children without the dose by 12 months: {PER_PERIOD}", "children"), LEVEL,
    ),
    ("run", "place_code", "period", "span", "indicator"),
    run=RUN_OF_DRAWS,
    part_by=("run",),
)  # fmt: skip

# Tables that one run writes; later ones are made after it, those of releases from the first.
RUN_TABLES = (
    COVERAGE_ESTIMATES, COVERAGE_ESTIMATES_YEARLY, DROPOUT_CHILDREN, COVERAGE_THRESHOLDS, BURDEN, POCKETS,
    POCKET_AREAS, COVERAGE_CHANGES, LOCAL_CLUSTERS, *GUARD_TABLES, *COMPARISON_TABLES, DRAWS,
)  # fmt: skip
TABLES = (
    *RUN_TABLES, *LATER_TABLES, COVERAGE_ESTIMATES_PARTNERS, COVERAGE_ESTIMATES_PUBLIC,
    COVERAGE_ESTIMATES_YEARLY_PARTNERS, COVERAGE_ESTIMATES_YEARLY_PUBLIC, KEPT_RUNS,
)  # fmt: skip


def file_columns(spec: TableSpec) -> list[str]:
    """Return the columns that stand in the files of a run: all but those that the store adds."""
    return [name for name in spec.column_names if name not in RUN_NAMES]


def with_run(
    rows: pd.DataFrame, *, run: str, state: str, provisional: Collection[str], period: str | None = None
) -> pd.DataFrame:
    """Return rows of a file with the columns that the store adds.

    `provisional` are the quarters whose reports may still arrive; a year or a span is provisional
    with its last quarter. `period` serves rows that name none (pockets' areas); rows of changes are
    dated by `after`.
    """
    if state not in STATES:
        raise ValueError(f"state: expected one of {', '.join(STATES)}, got {state!r}")
    code = next((rows[name] for name in ("period", "after") if name in rows), None)
    if code is None:
        if period is None:
            raise ValueError("expected rows with a period, or the period of all rows")
        code = pd.Series(period, index=rows.index, dtype=object)
    dates = {one: Period.parse(one).start for one in code.unique()}
    late = {one: _last_quarter(one) in set(provisional) for one in code.unique()}
    return rows.assign(
        period_start=pd.Series([dates[one] for one in code], index=rows.index, dtype=object),
        provisional=pd.Series([late[one] for one in code], index=rows.index, dtype=bool),
        run=run,
        state=state,
    )


def _last_quarter(code: str) -> str:
    return code if "Q" in code else f"{code}Q4"


def provisional_quarters(periods: list[str], *, today: dt.date, days: int = 90) -> list[str]:
    """Return the quarters that ended less than so many days ago: their reports may still arrive."""
    return [code for code in periods if (today - Period.parse(code).end).days < days]


def released(rows: pd.DataFrame, audience: Audience, *, district_or_above: Collection[str]) -> pd.DataFrame:
    """Return the rows of `coverage_estimates`, or of the yearly ones, that an audience may see.

    The programme sees every run. Partners see validated and published runs, the public published
    ones and no place below the district. Raises ValueError for private rows.
    """
    if audience is Audience.PRIVATE:
        raise ValueError("released: expected an audience other than private")
    if audience is Audience.PROGRAMME:
        return rows
    if audience is Audience.PARTNER:
        return rows[rows["state"].isin(STATES[2:])]
    return rows[(rows["state"] == STATES[3]) & rows["place_code"].isin(set(district_or_above))]
