"""What is true in the example country, and what do its surveys look like?

The truth that no partner ever sees, kept so that checks and estimates can be scored. All of it is
private: it must never stand beside the tables that are computed from reports.
"""

from __future__ import annotations

from kalanso.store import Audience, Column, TableSpec

_PLACE = Column(name="place_code", type="string", meaning="our key of the place")
_PERIOD = (
    Column(name="period", type="string", meaning="DHIS2 code of the period"),
    Column(name="period_type", type="string", meaning="length of the period"),
    Column(name="period_start", type="date", meaning="first day of the period"),
)
FAULT_KINDS = (
    "over_reporting", "digit_heaping", "lumped_month", "copied_month", "swapped_doses", "typo_times_ten",
    "transposed_digits", "stock_unbalanced", "zero_for_missing", "documented_series",
)  # fmt: skip

TRUTH_BIRTHS = TableSpec(
    name="truth_births",
    version=1,
    meaning="Children really born and still alive at one year, by health area and month of birth",
    columns=(
        _PLACE,
        *_PERIOD,
        Column(name="births", type="int", meaning="live births", minimum=0),
        Column(name="surviving_infants", type="int", meaning="of these, children who reach their first birthday", minimum=0),
    ),
    key=("place_code", "period"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

TRUTH_COVERAGE = TableSpec(
    name="truth_coverage",
    version=1,
    meaning="Shares of the children born in a quarter who really had the dose, by health area of residence",
    columns=(
        _PLACE,
        *_PERIOD,
        Column(name="surviving_infants", type="int", meaning="children born in the quarter who reach one year", minimum=0),
        Column(name="dtp1_coverage", type="float", meaning="share with DTP1 before 12 months", minimum=0, maximum=1, nullable=True),
        Column(name="dtp3_coverage", type="float", meaning="share with DTP3 before 12 months", minimum=0, maximum=1, nullable=True),
        Column(name="mcv1_coverage", type="float", meaning="expected share with MCV1, before disruptions", minimum=0, maximum=1, nullable=True),
    ),
    key=("place_code", "period"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

TRUTH_ZERO_DOSE = TableSpec(
    name="truth_zero_dose",
    version=1,
    meaning="Children really without DTP1: of the quarter's birth cohort, and living at the quarter's end",
    columns=(
        _PLACE,
        *_PERIOD,
        Column(name="zero_dose", type="int", meaning="children born in the quarter without DTP1 by 12 months", minimum=0),
        Column(name="under_immunized", type="int", meaning="children born in the quarter without DTP3 by 12 months", minimum=0),
        Column(name="dropout", type="int", meaning="children born in the quarter with DTP1 but not DTP3 by 12 months", minimum=0),
        Column(name="backlog_0_11m", type="int", meaning="children aged 0-11 months without DTP1 at the quarter's end, those not yet due included", minimum=0),
        Column(name="backlog_12_23m", type="int", meaning="children aged 12-23 months without DTP1 at the quarter's end", minimum=0),
        Column(name="backlog_24_59m", type="int", meaning="children aged 24-59 months without DTP1 at the quarter's end", minimum=0),
    ),
    key=("place_code", "period"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

PLANTED_FAULTS = TableSpec(
    name="planted_faults",
    version=1,
    meaning="Every error that was put into the reports on purpose, so that checks can be scored",
    columns=(
        Column(name="kind", type="string", meaning="kind of error", values=FAULT_KINDS),
        _PLACE,
        *_PERIOD,
        Column(name="last_period", type="string", meaning="last period concerned"),
        Column(name="indicator", type="string", meaning="number concerned; the first of the report where all are"),
        Column(name="age_band", type="string", meaning="age band concerned"),
        Column(name="true_value", type="float", meaning="what should have been written (sum over the periods)"),
        Column(name="reported_value", type="float", meaning="what was written (sum over the periods)"),
        Column(name="reached", type="bool", meaning="whether the report came, so that the error can be seen"),
    ),
    key=("kind", "place_code", "period", "indicator", "age_band"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

SURVEY_CLUSTERS = TableSpec(
    name="demo_survey_clusters",
    version=1,
    meaning="Clusters of the household surveys, drawn with probability proportional to size",
    columns=(
        Column(name="survey", type="string", meaning="identifier of the survey"),
        Column(name="cluster", type="int", meaning="number of the cluster", minimum=1),
        _PLACE,
        Column(name="stratum", type="string", meaning="region and setting within which clusters were drawn"),
        Column(name="probability", type="float", meaning="chance of the cluster to be drawn", minimum=0),
        Column(name="fieldwork_start", type="date", meaning="first day of fieldwork"),
        Column(name="fieldwork_end", type="date", meaning="last day of fieldwork"),
    ),
    key=("survey", "cluster"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

SURVEY_CHILDREN = TableSpec(
    name="demo_survey_children",
    version=1,
    meaning="Children of the household surveys as the interviewers found them",
    columns=(
        Column(name="survey", type="string", meaning="identifier of the survey"),
        Column(name="cluster", type="int", meaning="number of the cluster", minimum=1),
        Column(name="child", type="int", meaning="number of the child within the cluster", minimum=1),
        _PLACE,
        Column(name="age_months", type="int", meaning="completed months at interview", minimum=0),
        Column(name="weight", type="float", meaning="design weight", minimum=0),
        Column(name="card_seen", type="bool", meaning="whether a vaccination card was seen"),
        Column(name="dtp1", type="bool", meaning="DTP1 by card, or by recall where no card was seen"),
        Column(name="dtp3", type="bool", meaning="DTP3 by card, or by recall where no card was seen"),
    ),
    key=("survey", "cluster", "child"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

TRUTH_SURVEY_CHILDREN = TableSpec(
    name="truth_survey_children",
    version=1,
    meaning="What the surveyed children had really received",
    columns=(
        Column(name="survey", type="string", meaning="identifier of the survey"),
        Column(name="cluster", type="int", meaning="number of the cluster", minimum=1),
        Column(name="child", type="int", meaning="number of the child within the cluster", minimum=1),
        Column(name="dtp1", type="bool", meaning="whether DTP1 was given by the interview"),
        Column(name="dtp3", type="bool", meaning="whether DTP3 was given by the interview"),
    ),
    key=("survey", "cluster", "child"),
    audience=Audience.PRIVATE,
)  # fmt: skip

PLANTED_SOURCES = TableSpec(
    name="planted_sources",
    version=1,
    meaning="What was planted in the other sources of the example country, so that the source catalogue can be scored",
    columns=(
        Column(name="kind", type="string", meaning="what was planted", values=(
            "redundant", "disagreement", "silent", "absent", "corrected", "delay", "uncovered", "stopped", "unheld")),
        Column(name="source", type="string", meaning="in which source"),
        Column(name="indicator", type="string", meaning="in which number"),
        _PLACE,
        Column(name="first_period", type="string", meaning="from when; empty where no period is meant"),
        Column(name="last_period", type="string", meaning="until when; empty where no period is meant"),
        Column(name="value", type="float", meaning="how much: factor of a disagreement, doses corrected, months until final", nullable=True),
    ),
    key=("kind", "source", "indicator", "place_code", "first_period"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

TABLES = (
    TRUTH_BIRTHS, TRUTH_COVERAGE, TRUTH_ZERO_DOSE, PLANTED_FAULTS, SURVEY_CLUSTERS, SURVEY_CHILDREN,
    TRUTH_SURVEY_CHILDREN, PLANTED_SOURCES,
)  # fmt: skip
