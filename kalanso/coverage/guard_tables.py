"""What do the tables look like that guard an estimate, and those that people act on?

The living backlog with its assumptions, the priority list of each district, the ledger of the
evidence, the checks against the data, and where the estimate must not be used.
"""

from __future__ import annotations

from kalanso.coverage.run_columns import (
    LEVEL,
    PLACE,
    QUARTER,
    SENTENCE,
    SPAN,
    interval,
    number,
    of_run,
    share,
    text,
)
from kalanso.store import Column

AGE_BANDS = ("0-11m", "12-23m", "24-59m")
_COUNTRY = text("place_code", "the country")


def _whole(name: str, meaning: str, *, low: float = 0) -> Column:
    return Column(name=name, type="int", meaning=meaning, minimum=low)


def _chance(name: str, meaning: str, *, optional: bool = False) -> Column:
    return number(name, meaning, "share", optional=optional, high=1.0)


LIVING_BACKLOG = of_run(
    "living_backlog",
    "Children who live without DTP1 at the end of a quarter, by age; never added to the missed children of a cohort",
    (
        PLACE, text("period", "quarter at whose end the children are counted"),
        text("date", "its last day"), text("age_band", "age on that day", AGE_BANDS),
        *interval("without_dtp1", "living children of the band without DTP1", "children"),
        number("not_yet_due_mean", "of these, too young for DTP1 (band 0-11m)", "children"),
        _chance("before_first_quarter_share", "part that rests on cohorts before the first estimated quarter"),
        *SENTENCE, LEVEL,
    ),
    ("place_code", "period", "age_band"),
)  # fmt: skip
BACKLOG_ASSUMPTIONS = of_run(
    "backlog_assumptions",
    "What the living backlog assumes where nothing was measured",
    (
        _COUNTRY, text("name", "the assumption"), number("value", "its middle", "", low=None),
        number("low", "lower end of its 95 % interval", "", low=None), number("high", "upper end", "", low=None),
        text("kind", "share or ratio"), text("reason", "message id of the reason, or words"), text("source", "where the number comes from"),
    ),
    ("place_code", "name"),
)  # fmt: skip
PRIORITIES = of_run(
    "priorities",
    "The areas of each district in order of missed children, with RED/REC categories as chances and the next step",
    (
        text("district_code", "the place just above the area"), PLACE, QUARTER, SPAN,
        _whole("position", "place in the district's list", low=1),
        _whole("group", "areas of one group cannot be told apart from its first", low=1),
        *interval("missed_children", "zero-dose children over the span", "children"),
        *interval("coverage", "DTP1 coverage over the span", "share"),
        share("probability_in_district_half", "P(among the areas that hold half of the district's missed children)"),
        share("probability_in_country_half", "P(among the areas that hold half of the country's)"),
        *(
            _chance(f"probability_category_{number}", f"P(RED/REC category {number}); empty without DTP3", optional=True)
            for number in (1, 2, 3, 4)
        ),
        _whole("category", "the most probable category; 0 without DTP3"),
        _chance("own_evidence_share", "part of the estimate that rests on the area's own evidence", optional=True),
        *SENTENCE, text("action", "message id of the next step"), text("action_params", "its parameters (JSON)"),
    ),
    ("place_code",),
)  # fmt: skip
EVIDENCE_LEDGER = of_run(
    "evidence_ledger",
    "On which evidence each area's coverage rests, and which source does not fit the others",
    (
        PLACE, share("survey_share", "part of the information from the area's survey clusters"),
        share("routine_share", "part from its doses over its populations"), share("own_share", "both together"),
        share("borrowed_share", "the rest: neighbours, places alike, totals, prior"),
        text("source_apart", "source that lies furthest from the joint estimate; empty where there is none"),
        number("gap_sd", "how far, in its own standard deviations", "standard deviations", low=None),
        text("finding", "what that suggests; empty: nothing", ("", "denominators", "numerators", "catchments")), *SENTENCE,
    ),
    ("place_code",),
)  # fmt: skip
SOURCE_GAPS = of_run(
    "source_gaps",
    "How far each source lies from the joint estimate, area by area, from the source's own middle",
    (
        PLACE, text("source", "the source"), text("kind", "what it speaks of", ("survey", "population", "doses")),
        number("gap", "distance (log; log odds for surveys)", "log", low=None),
        number("gap_sd", "in the source's own standard deviations", "standard deviations", low=None),
    ),
    ("place_code", "source", "kind"),
)  # fmt: skip
FIT_CHECKS = of_run(
    "fit_checks",
    "Whether the draws give back the data: observed, fitted and drawn anew, by source and place",
    (
        text("source", "the source"),
        text("kind", "survey: share vaccinated; doses: their sum; outside: share of cells outside their prediction; population: children", ("survey", "doses", "outside", "population")),
        text("indicator", "which dose; empty for populations"), PLACE, _whole("cells", "how many clusters, cells or areas", low=1),
        number("observed", "what came", ""), number("fitted_mean", "what the draws expect", ""),
        number("replicated_q025", "lower end of what the model would give again", ""),
        number("replicated_q975", "upper end", ""), share("p_value", "two-sided; small: the model does not give back the data"), *SENTENCE,
    ),
    ("source", "kind", "indicator", "place_code"),
)  # fmt: skip
USABILITY = of_run(
    "usability",
    "Where coverage of the newest four quarters is too unsure to decide on",
    (
        PLACE, LEVEL, _whole("depth", "steps below the country"), share("width", "width of the 95 % interval of coverage"),
        Column(name="usable", type="bool", meaning="whether the interval is narrow enough"), *SENTENCE,
    ),
    ("place_code",),
)  # fmt: skip
REFUSALS = of_run(
    "refusals",
    "What this estimate must not be used for, in sentences",
    (_COUNTRY, _whole("position", "order of the sentences", low=1), *SENTENCE),
    ("place_code", "position"),
)
CORRECTED_POPULATIONS = of_run(
    "corrected_populations",
    "Estimated surviving infants of each area and year beside what every source states",
    (
        text("source", "the source"), PLACE, text("period", "calendar year"),
        number("stated", "surviving infants that the source states", "children per year"),
        *interval("surviving_infants", "estimated surviving infants of the year", "children per year"),
        *(number(c.name, c.meaning, "ratio") for c in interval("ratio", "stated over estimated", "ratio")),
    ),
    ("source", "place_code", "period"),
)  # fmt: skip

GUARD_TABLES = (
    LIVING_BACKLOG, BACKLOG_ASSUMPTIONS, PRIORITIES, EVIDENCE_LEDGER, SOURCE_GAPS, FIT_CHECKS, USABILITY,
    REFUSALS, CORRECTED_POPULATIONS,
)  # fmt: skip
