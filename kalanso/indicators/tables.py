"""What do the tables of counts and of indicator values look like?

`observations` holds every number as its source reported it; `indicator_values` what the evaluator
made of them; `coverage_series` the coverage others published; `events` what happened when.
"""

from __future__ import annotations

from kalanso.store import Audience, Column, Security, Suppression, TableSpec

STATUSES = ("reported", "zero", "missing", "suppressed")
AGE_BANDS = ("0-11m", "12-23m", "24-59m", "60m+", "unknown", "all")
STRATEGIES = ("fixed", "outreach", "mobile", "campaign", "catch_up", "unknown", "all")
SECTORS = ("public", "private", "ngo", "unknown", "all")
SEXES = ("female", "male", "unknown", "all")
PERIOD_TYPES = (
    "week", "month", "quarter", "half", "half_april", "year",
    "year_april", "year_july", "year_october",
)  # fmt: skip

_PLACE = Column(name="place_code", type="string", meaning="our key of the place")
_PERIOD = (
    Column(name="period", type="string", meaning="DHIS2 code of the period, such as 202401"),
    Column(name="period_type", type="string", meaning="length of the period", values=PERIOD_TYPES),
    Column(name="period_start", type="date", meaning="first day of the period"),
)

OBSERVATIONS = TableSpec(
    name="observations",
    version=1,
    meaning="Every number as its source reported it, and every blank that the source left",
    columns=(
        Column(name="source", type="string", meaning="short name of the import, such as mali-snis"),
        _PLACE,
        *_PERIOD,
        Column(name="indicator", type="string", meaning="code in the indicator pack, such as dtp1_doses"),
        Column(name="value", type="float", meaning="the number; empty where missing or suppressed", nullable=True),
        Column(name="status", type="string", meaning="whether a number was reported", values=STATUSES),
        Column(name="product", type="string", meaning="product as the source names it (penta, hexa); empty if unsaid"),
        Column(name="age_band", type="string", meaning="age of the children", values=AGE_BANDS),
        Column(name="strategy", type="string", meaning="how the children were reached", values=STRATEGIES),
        Column(name="sector", type="string", meaning="who vaccinated", values=SECTORS),
        Column(name="sex", type="string", meaning="sex of the children", values=SEXES),
        Column(name="reports_expected", type="float", meaning="reports due on the form that carries this number", nullable=True, minimum=0),
        Column(name="reports_received", type="float", meaning="reports received of these", nullable=True, minimum=0),
        Column(name="reports_on_time", type="float", meaning="reports received on time", nullable=True, minimum=0),
    ),
    key=("source", "place_code", "period", "indicator", "product", "age_band", "strategy", "sector", "sex"),
    part_by=("source",),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=Security(coarsen_to="district", delay_days=90, sums=("value", "reports_expected", "reports_received", "reports_on_time")),
)  # fmt: skip

INDICATOR_VALUES = TableSpec(
    name="indicator_values",
    version=1,
    meaning="Indicators computed from observations, at every level of the tree",
    columns=(
        Column(name="source", type="string", meaning="source of the numerator"),
        _PLACE,
        Column(name="level", type="string", meaning="level of the place in the tree"),
        Column(name="tree", type="string", meaning="tree along which numbers were added up", values=("health", "administrative")),
        *_PERIOD,
        Column(name="indicator", type="string", meaning="code in the indicator pack, such as dtp1_coverage"),
        Column(name="numerator", type="float", meaning="what was counted", nullable=True),
        Column(name="denominator", type="float", meaning="out of how many, for the same period", nullable=True),
        Column(name="denominator_name", type="string", meaning="which population, with its source", nullable=True),
        Column(name="value", type="float", meaning="the indicator: a share from 0 upwards, or a count", nullable=True),
        Column(name="unit", type="string", meaning="share or count or category", values=("share", "count", "category")),
        Column(name="adjusted", type="bool", meaning="whether the numerator was adjusted for missing reports"),
        Column(name="cumulative", type="bool", meaning="whether the period counts from the start of its year"),
        Column(name="completeness", type="float", meaning="reports received / expected behind the numerator", nullable=True, minimum=0),
        Column(name="places_expected", type="int", meaning="places below that should contribute", nullable=True, minimum=0),
        Column(name="places_reporting", type="int", meaning="places below that did", nullable=True, minimum=0),
        Column(name="provisional", type="bool", meaning="whether reports may still arrive"),
        Column(name="caveat", type="string", meaning="message id of what makes the value doubtful", nullable=True),
    ),
    key=("source", "place_code", "tree", "period", "indicator", "denominator_name", "adjusted", "cumulative"),
    part_by=("source",),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=Security(coarsen_to="district", delay_days=90),
    suppression=Suppression(column="numerator", below=5, also=("value",)),
)  # fmt: skip

COVERAGE_SERIES = TableSpec(
    name="coverage_series",
    version=1,
    meaning="Coverage that others published: administrative, official, WHO/UNICEF and survey results, kept apart",
    columns=(
        Column(name="source", type="string", meaning="short name of the import"),
        _PLACE,
        *_PERIOD,
        Column(name="indicator", type="string", meaning="coverage indicator, such as dtp1_coverage"),
        Column(name="category", type="string", meaning="whose number it is", values=("ADMIN", "OFFICIAL", "WUENIC", "SURVEY", "OTHER")),
        Column(name="coverage", type="float", meaning="the share of the target that was vaccinated", nullable=True, minimum=0),
        Column(name="doses", type="float", meaning="doses given, where stated", nullable=True, minimum=0),
        Column(name="target", type="float", meaning="target population, where stated", nullable=True, minimum=0),
        Column(name="survey", type="string", meaning="identifier of the survey; empty for others"),
        Column(name="survey_title", type="string", meaning="name of the survey", nullable=True),
        Column(name="evidence", type="string", meaning="card, history, card or history; empty for others"),
        Column(name="validity", type="string", meaning="crude, valid; empty for others"),
        Column(name="children_age", type="string", meaning="age of the children at interview; empty for others"),
        Column(name="vaccinated_by", type="string", meaning="age by which doses count, such as 12 m; empty for others"),
        Column(name="collected_year", type="int", meaning="year of fieldwork", nullable=True),
        Column(name="card_seen_share", type="float", meaning="share of children whose card was seen", nullable=True, minimum=0, maximum=1),
        Column(name="children", type="float", meaning="children in the sample", nullable=True, minimum=0),
        Column(name="vintage", type="string", meaning="edition of the publication, since series are revised backwards"),
    ),
    key=("source", "place_code", "period", "indicator", "category", "survey", "evidence", "validity", "children_age", "vaccinated_by", "vintage"),
    part_by=("source",),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PUBLIC,
)  # fmt: skip

EVENTS = TableSpec(
    name="events",
    version=1,
    meaning="What happened where and when: strikes, new vaccines, stock-outs, campaigns, changes of forms",
    columns=(
        Column(name="source", type="string", meaning="short name of the import"),
        _PLACE,
        Column(name="first_day", type="date", meaning="when it began"),
        Column(name="last_day", type="date", meaning="when it ended; empty while it lasts", nullable=True),
        Column(name="kind", type="string", meaning="what happened", values=(
            "strike", "stockout", "campaign", "catch_up", "product_change", "form_change",
            "conflict", "closure", "epidemic", "other")),
        Column(name="antigen", type="string", meaning="antigen concerned; empty for all"),
        Column(name="note", type="string", meaning="the source's own words", nullable=True),
    ),
    key=("source", "place_code", "first_day", "kind", "antigen"),
    part_by=("source",),
    place_column="place_code",
    audience=Audience.PARTNER,
    security=Security(coarsen_to="district", delay_days=90),
)  # fmt: skip

RECOUNTS = TableSpec(
    name="recounts",
    version=1,
    meaning="Doses counted again at facilities: register, tally sheet, monthly report and what the system holds, side by side",
    columns=(
        Column(name="source", type="string", meaning="short name of the round of visits"),
        _PLACE,
        *_PERIOD,
        Column(name="indicator", type="string", meaning="what was counted again, such as dtp1_doses"),
        Column(name="register", type="float", meaning="doses found in the register; empty if there was none", nullable=True, minimum=0),
        Column(name="tally_sheet", type="float", meaning="doses on the tally sheets; empty if there were none", nullable=True, minimum=0),
        Column(name="monthly_report", type="float", meaning="doses on the report kept at the facility; empty if there was none", nullable=True, minimum=0),
        Column(name="in_system", type="float", meaning="doses that the system (DHIS2) holds for the facility; empty if none", nullable=True, minimum=0),
        Column(name="weight", type="float", meaning="facilities for which this one stands in the sample; 1 where all were visited", minimum=0),
    ),
    key=("source", "place_code", "period", "indicator"),
    part_by=("source",),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=Security(coarsen_to="district", delay_days=90, sums=("register", "tally_sheet", "monthly_report", "in_system")),
)  # fmt: skip

_GUARD = Security(coarsen_to="district", delay_days=90)
_SERIES = (
    Column(name="source", type="string", meaning="short name of the import"),
    Column(name="indicator", type="string", meaning="code in the indicator pack, such as dtp1_doses"),
    _PLACE,
)

REPORTING_DELAYS = TableSpec(
    name="reporting_delays",
    version=1,
    meaning="How much of the final number is known so many months after its period, by district, from kept states",
    columns=(
        *_SERIES,
        Column(name="months_after", type="int", meaning="months after the one in which the period ended", minimum=0),
        Column(name="periods", type="int", meaning="periods from which this was learnt", minimum=1),
        Column(name="known", type="float", meaning="what was known then, summed over these periods", minimum=0),
        Column(name="final", type="float", meaning="what is known now of the same periods", minimum=0),
        Column(name="known_share", type="float", meaning="known / final; above 1 where numbers were corrected downwards", unit="share", minimum=0),
    ),
    key=("source", "indicator", "place_code", "months_after"),
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip

PROVISIONAL_PERIODS = TableSpec(
    name="provisional_periods",
    version=1,
    meaning="Numbers that may still grow: recent periods, by what reporting delays taught",
    columns=(
        *_SERIES,
        *_PERIOD,
        Column(name="known_on", type="date", meaning="day of the newest state of this source"),
        Column(name="known_share", type="float", meaning="share of the final number that is usually known by then; empty where nothing was learnt", unit="share", nullable=True, minimum=0),
        Column(name="learnt", type="bool", meaning="whether delays of this district decided, and not the usual number of days"),
    ),
    key=("source", "indicator", "place_code", "period"),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip

TABLES = (
    OBSERVATIONS, INDICATOR_VALUES, COVERAGE_SERIES, EVENTS, RECOUNTS, REPORTING_DELAYS, PROVISIONAL_PERIODS,
)  # fmt: skip
