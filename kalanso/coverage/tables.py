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

from kalanso.coverage.evidence_tables import COVERAGE_INDICATORS
from kalanso.store import Audience, Column, Security, TableSpec
from kalanso.vocabulary import Period

STATES = ("draft", "technical_review", "validated", "published")
SPANS = ("quarter", "year", "rolling4")
PLACE_LEVELS = ("area", "parent", "country")
_PER_PERIOD = "children of the period of the row"


def _number(
    name: str, meaning: str, unit: str, *, optional: bool = False, low: float | None = 0.0,
    high: float | None = None, type: str = "float",
) -> Column:  # fmt: skip
    return Column(
        name=name, type=type, meaning=meaning, unit=unit, nullable=optional, minimum=low, maximum=high
    )


def _share(name: str, meaning: str, *, low: float = 0.0, type: str = "float") -> Column:
    return _number(name, meaning, "share", low=low, high=1.0, type=type)


def _text(name: str, meaning: str, values: tuple[str, ...] = ()) -> Column:
    return Column(name=name, type="string", meaning=meaning, values=values)


def _interval(name: str, meaning: str, unit: str, *, low: float | None = 0.0) -> tuple[Column, ...]:
    high = 1.0 if unit == "share" else None
    return (
        _number(f"{name}_mean", f"{meaning}, mean of the draws", unit, low=low, high=high),
        _number(f"{name}_q025", f"{meaning}, lower end of the 95 % interval", unit, low=low, high=high),
        _number(f"{name}_q975", f"{meaning}, upper end of the 95 % interval", unit, low=low, high=high),
    )


_PLACE = _text("place_code", "our key of the place")
_QUARTER = _text("period", "quarter in which the children were due, such as 2024Q1")
_PERIOD = _text("period", "quarter, or calendar year, in which the children were due")
_SPAN = _text("span", "quarter, calendar year, or the four quarters that end with the period", SPANS)
_INDICATOR = _text("indicator", "dtp1: no DTP1 by 12 months is zero-dose; dtp3: no DTP3 is under-immunized", COVERAGE_INDICATORS)  # fmt: skip
_LEVEL = _text("place_level", "area, a place above areas, or the country", PLACE_LEVELS)
_ESTIMATES = (
    _share("coverage_mean", "share of due children with the dose, mean of the draws"),
    _number("coverage_sd", "standard deviation of the draws", "share"),
    *(_share(f"coverage_q{q:03d}", f"quantile {q / 1000:g} of the draws") for q in (25, 250, 500, 750, 975)),
    *_interval("surviving_infants", f"surviving infants: {_PER_PERIOD}", "children"),
    *_interval("missed_children", f"children without the dose by 12 months: {_PER_PERIOD}", "children"),
    _share("probability_below_80", "P(coverage < 0.8)"),
    _number("rank_mean", "rank by missed children among places of the level, 1 = most", "rank", low=1),
    _number("rank_q025", "lower end of the 95 % interval of the rank", "rank", low=1),
    _number("rank_q975", "upper end of the 95 % interval of the rank", "rank", low=1),
)
_SENTENCE = (_text("message", "message id of the sentence"), _text("params", "its parameters (JSON)"))

# What the store adds to each row of a run.
RUN_COLUMNS = (
    Column(name="period_start", type="date", meaning="first day of the period"),
    Column(name="provisional", type="bool", meaning="whether reports of the period may still arrive"),
    _text("run", "which run of the estimate"),
    _text("state", "how far the run was reviewed", STATES),
)
RUN_NAMES = tuple(column.name for column in RUN_COLUMNS)
# Draws are too many to be rewritten when a run moves on: their state stands with their snapshot.
_RUN_OF_DRAWS = RUN_COLUMNS[:-1]
# Where a place is under a security flag, its row is hidden: the district has a row of its own.
_GUARD = Security(coarsen_to="district", delay_days=90)


def _of_run(
    name: str, meaning: str, columns: tuple[Column, ...], key: tuple[str, ...], *,
    audience: Audience = Audience.PROGRAMME, run: tuple[Column, ...] = RUN_COLUMNS,
) -> TableSpec:  # fmt: skip
    return TableSpec(
        name=name,
        version=1,
        meaning=meaning,
        columns=(*columns, *run),
        key=key,
        period_column="period_start",
        place_column="place_code",
        audience=audience,
        security=_GUARD,
    )


_ESTIMATE_COLUMNS = (_PLACE, _QUARTER, _INDICATOR, *_ESTIMATES, _LEVEL)
_ESTIMATE_KEY = ("place_code", "period", "indicator")

COVERAGE_ESTIMATES = _of_run(
    "coverage_estimates",
    "Coverage, surviving infants and missed children by quarter, for every area, every place above and the country",
    _ESTIMATE_COLUMNS,
    _ESTIMATE_KEY,
)
COVERAGE_ESTIMATES_YEARLY = _of_run(
    "coverage_estimates_yearly",
    "The same for calendar years and for four rolling quarters, apart so that no sum counts a child twice",
    (_PLACE, _PERIOD, _SPAN, _INDICATOR, *_ESTIMATES, _LEVEL),
    ("place_code", "period", "span", "indicator"),
)
DROPOUT_CHILDREN = _of_run(
    "dropout_children",
    "Children with DTP1 but without DTP3 by quarter",
    (
        _PLACE, _QUARTER,
        *_interval("dropout_children", f"children with DTP1 but not DTP3: {_PER_PERIOD}", "children"),
        *_interval("dropout_share", "their share among children with DTP1", "share"), _LEVEL,
    ),
    ("place_code", "period"),
)  # fmt: skip
COVERAGE_THRESHOLDS = _of_run(
    "coverage_thresholds",
    "How likely coverage lies under each threshold, over four rolling quarters",
    (
        _PLACE, _QUARTER, _INDICATOR, _share("threshold", "coverage under which a place counts as low"),
        _share("probability_below", "P(coverage < threshold)"), _LEVEL,
    ),
    ("place_code", "period", "indicator", "threshold"),
)  # fmt: skip
BURDEN = _of_run(
    "burden",
    "Areas in order of missed children over four rolling quarters, with how sure the order is",
    (
        _PLACE, _text("parent_code", "the place above"), _QUARTER, _INDICATOR,
        *_interval("missed_children", "children without the dose: children of the four quarters", "children"),
        *_interval("coverage", "share of due children with the dose", "share"),
        _number("rank_mean", "rank among all areas, 1 = most", "rank", low=1),
        _number("rank_q025", "lower end of the 95 % interval of the rank", "rank", low=1),
        _number("rank_q975", "upper end of the 95 % interval of the rank", "rank", low=1),
        _share("probability_top_tenth", "P(among the tenth of areas with most missed children)"),
        _share("probability_in_half", "P(in the smallest set of areas that holds half of them)"),
        Column(name="in_half_list", type="bool", meaning="whether the area is on the fixed list that holds half with probability 0.9"),
        Column(name="group", type="int", meaning="areas of one group cannot be told apart from its first", minimum=1),
    ),
    ("place_code", "period", "indicator"),
)  # fmt: skip
POCKETS = _of_run(
    "pockets",
    "Areas that touch and lie under a threshold, with their joint probability",
    (
        _text("pocket", "key of the pocket"),
        _text("place_code", "the lowest place that holds all areas of the pocket"),
        _QUARTER, _SPAN, _INDICATOR, _share("threshold", "coverage under which an area counts as low"),
        _share("level", "probability from which an area counts as low"),
        Column(name="areas", type="int", meaning="how many areas", minimum=1),
        _text("leading_area", "area with most missed children"), _text("area_codes", "all areas, the surest first (JSON)"),
        _share("joint_probability", "P(all areas are low together)"),
        Column(name="core_areas", type="int", meaning="areas that are low together with the stated probability", minimum=1),
        _share("core_probability", "P(all areas of the core are low together)"),
        *_interval("coverage", "coverage of the pocket", "share"),
        *_interval("surviving_infants", "surviving infants of the pocket over the span", "children"),
        *_interval("missed_children", "children without the dose over the span", "children"),
        _share("share_of_missed_mean", "share of the country's missed children who live here"),
        _text("contexts", "what is known of the people (JSON)"),
        _text("cause", "what a linked record establishes, or `not established`"),
        _text("cause_records", "the records that support the cause (JSON)"),
        *_SENTENCE,
    ),
    ("pocket",),
)  # fmt: skip
POCKET_AREAS = _of_run(
    "pocket_areas",
    "The areas of each pocket",
    (
        _text("pocket", "key of the pocket"), _PLACE, _share("probability_below", "P(coverage of the area < threshold)"),
        Column(name="in_core", type="bool", meaning="whether the area belongs to the core"),
    ),
    ("pocket", "place_code"),
)  # fmt: skip
COVERAGE_CHANGES = _of_run(
    "coverage_changes",
    "Whether coverage rose or fell from one year to the next, with its probability",
    (
        _PLACE, _text("before", "the four quarters that end with this one"), _text("after", "the four quarters that end with this one"),
        _INDICATOR,
        *(_number(c.name, c.meaning, c.unit, low=None) for c in _interval("change", "change of coverage", "share")),
        *(_number(c.name, c.meaning, c.unit, low=None) for c in _interval("missed_change", "change of missed children", "children")),
        _share("probability_rise", "P(coverage rose)"), _share("probability_fall", "P(coverage fell)"), *_SENTENCE, _LEVEL,
    ),
    ("place_code", "before", "after", "indicator"),
)  # fmt: skip
LOCAL_CLUSTERS = _of_run(
    "local_clusters",
    "Exploratory: local Moran's I and Gi* of coverage over the newest four quarters",
    (
        _PLACE, _QUARTER, _INDICATOR, _share("value", "coverage, mean of the draws"),
        _number("moran", "local Moran's I; empty without neighbours", "", optional=True, low=None),
        _number("gi_star", "Gi*; empty without neighbours", "", optional=True, low=None),
        _number("pseudo_p", "share of permutations at least as extreme", "share", optional=True, high=1.0),
        _text("moran_kind", "quadrant, where the false-discovery rate is passed"),
        _number("gi_star_probability_low", "share of draws in which Gi* lies under -1.96", "share", optional=True, high=1.0),
    ),
    ("place_code", "period", "indicator"),
)  # fmt: skip
DRAWS = _of_run(
    "draws",
    "Joint draws of the posterior: rows of one draw belong together over places and quarters",
    (
        _text("place_code", "the area"), _QUARTER,
        Column(name="draw", type="int", meaning="number of the draw", minimum=1),
        _share("dtp1_coverage", "share of due children with DTP1 by 12 months", type="float32"),
        Column(name="dtp3_coverage", type="float32", meaning="share with DTP3; empty where the part is off", unit="share", nullable=True, minimum=0, maximum=1),
        _number("surviving_infants", "surviving infants of the quarter", "children", type="float32"),
    ),
    ("place_code", "period", "draw"),
    run=_RUN_OF_DRAWS,
)  # fmt: skip

COVERAGE_ESTIMATES_PARTNERS = _of_run(
    "coverage_estimates_partners",
    "Validated estimates, for partners",
    _ESTIMATE_COLUMNS,
    _ESTIMATE_KEY,
    audience=Audience.PARTNER,
)
COVERAGE_ESTIMATES_PUBLIC = _of_run(
    "coverage_estimates_public",
    "Published estimates down to the district, for everybody",
    _ESTIMATE_COLUMNS,
    _ESTIMATE_KEY,
    audience=Audience.PUBLIC,
)

# Tables that one run writes; those of releases are made from the first.
RUN_TABLES = (
    COVERAGE_ESTIMATES, COVERAGE_ESTIMATES_YEARLY, DROPOUT_CHILDREN, COVERAGE_THRESHOLDS, BURDEN, POCKETS,
    POCKET_AREAS, COVERAGE_CHANGES, LOCAL_CLUSTERS, DRAWS,
)  # fmt: skip
TABLES = (*RUN_TABLES, COVERAGE_ESTIMATES_PARTNERS, COVERAGE_ESTIMATES_PUBLIC)


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
    """Return the rows of `coverage_estimates` that an audience may see.

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
