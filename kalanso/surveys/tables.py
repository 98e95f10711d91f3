"""What do the tables of household surveys look like, as received, as corrected and as published?"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kalanso.store import Audience, Column, Security, Suppression, TableSpec

SOURCES = ("card", "register", "history")
POLICIES = ("RECORDS_NOT_SOUGHT", "SOUGHT_IF_NO_CARD", "SOUGHT_FOR_ALL")
DISTANCES = ("under_30_min", "30_to_59_min", "60_min_or_more")  # to the post of vaccination
STATUSES = ("shown", "bracketed", "suppressed", "no_children")
_SURVEY = Column(name="survey", type="string", meaning="identifier of the survey round")
_ROW = Column(name="row", type="int", meaning="line of the file or submission, from 1", minimum=1)
_INTERVIEW = Column(
    name="interview", type="int", minimum=1, nullable=True,
    meaning="line of survey_children, the interview that said it; empty in rows of version 1",
)  # fmt: skip
_CHILD = Column(
    name="child", type="string", meaning="salted identifier of the child, never a name", nullable=True
)


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, type="string", meaning=meaning, nullable=True)


def _without_interview(rows: ir.Table) -> ir.Table:
    """Rows of version 1 did not say in which interview they were said."""
    return rows.mutate(interview=ibis.null("int64"))


SURVEY_CHILDREN = TableSpec(
    name="survey_children",
    version=1,
    meaning="Interviewed children as they were received; nothing is changed here, corrections stand in their own table",
    columns=(
        _SURVEY, _ROW, _CHILD,
        _text("stratum", "part of the sample within which clusters were drawn"),
        _text("cluster", "primary sampling unit; its label counts within its stratum"),
        _text("place_code", "where the child lives"),
        _text("cohort", "age cohort for which the child was chosen"),
        _text("weight", "design weight as received"),
        _text("interview_date", "day of the interview as written"),
        _text("birth_card", "birth date on the card as written"),
        _text("birth_register", "birth date in the register as written"),
        _text("birth_history", "birth date as the caregiver says, as written"),
        _text("sex", "female or male"),
        _text("card_ever", "whether the child ever had a card: yes, no, unknown"),
        _text("card_seen", "whether the card was seen: yes, no"),
        _text("register_seen", "whether the register of the facility was seen: yes, no"),
        _text("bcg_scar", "whether a scar of BCG was seen: yes, no"),
        _text("mother_education", "schooling of the mother"),
        _text("wealth", "wealth group, where asked"),
        _text("distance", "how far the vaccination post is"),
        _text("displaced", "whether the household was displaced: yes, no"),
    ),
    key=("survey", "row"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

SURVEY_DOSES = TableSpec(
    name="survey_doses",
    version=2,
    meaning="What each source says of each dose of each child, as it was received",
    columns=(
        _SURVEY, _ROW, _CHILD, _INTERVIEW,
        _text("dose", "code of the dose, such as dtp1"),
        _text("source", "card, register, or history (what the caregiver says)"),
        _text("answer", "yes (also a tick without a date), no, unknown"),
        _text("date", "day on which it was given, as written"),
    ),
    key=("survey", "row"),
    audience=Audience.PRIVATE,
    upgrades={1: _without_interview},
)  # fmt: skip

SURVEY_ANSWERS = TableSpec(
    name="survey_answers",
    version=2,
    meaning="Answers of caregivers on behavioural and social drivers and other questions, as received",
    columns=(
        _SURVEY, _ROW, _CHILD, _INTERVIEW,
        Column(name="question", type="string", meaning="key of the question"),
        _text("answer", "code of the answer; several codes parted by spaces where several may be chosen"),
    ),
    key=("survey", "row"),
    audience=Audience.PRIVATE,
    upgrades={1: _without_interview},
)  # fmt: skip

SURVEY_CORRECTIONS = TableSpec(
    name="survey_corrections",
    version=1,
    meaning="Every change between what was received and what was analysed: which value, by whom, by which rule",
    columns=(
        _SURVEY,
        Column(name="number", type="int", meaning="order in which it was done, from 1", minimum=1),
        Column(name="table", type="string", meaning="which table is corrected", values=("survey_children", "survey_doses", "survey_answers")),
        Column(name="row", type="int", meaning="line of the received table", minimum=1),
        _CHILD,
        Column(name="field", type="string", meaning="column; `row` where the whole line was set aside"),
        _text("before", "value as received"),
        _text("after", "value as analysed; empty where nothing is left"),
        Column(name="rule", type="string", meaning="rule of cleaning, or `person` where somebody decided"),
        Column(name="who", type="string", meaning="who corrected: a role or a salted identifier; `rule` for a rule"),
        _text("why", "the reason that a person gave"),
    ),
    key=("survey", "number"),
    audience=Audience.PRIVATE,
)  # fmt: skip


def _share(name: str, meaning: str) -> Column:
    return Column(name=name, type="float", meaning=meaning, unit="share", nullable=True, minimum=0, maximum=1)


SURVEY_ESTIMATES = TableSpec(
    name="survey_estimates",
    version=1,
    meaning="Design-based estimates of a household survey, by indicator, cohort, stratum and domain",
    columns=(
        _SURVEY,
        Column(name="indicator", type="string", meaning="what is measured, such as crude_coverage"),
        Column(name="vcqi", type="string", meaning="name of the indicator in VCQI; empty where it has none"),
        Column(name="detail", type="string", meaning="dose, pair of doses or question; empty if nothing"),
        Column(name="cohort", type="string", meaning="age cohort of the children; cohorts are not mixed unasked"),
        Column(name="stratum", type="string", meaning="stratum, or `all`"),
        Column(name="domain_kind", type="string", meaning="by what children are grouped, such as sex; `all`"),
        Column(name="domain", type="string", meaning="which group; `all`"),
        Column(name="weighted", type="bool", meaning="whether design weights count; if not, the base is a part of the sample and there is no interval"),
        Column(name="estimate", type="float", meaning="the share; of missed_doses_... doses per visit, which may exceed 1", unit="share", nullable=True, minimum=0),
        Column(name="standard_error", type="float", meaning="its standard error", unit="share", nullable=True, minimum=0),
        _share("low", "lower end of the two-sided interval"),
        _share("high", "upper end of the two-sided interval"),
        _share("lower_bound", "one-sided lower bound of the same level"),
        _share("upper_bound", "one-sided upper bound of the same level"),
        Column(name="design_effect", type="float", meaning="(n - 1) / n_eff, 1 where it would be less", nullable=True, minimum=0),
        Column(name="icc", type="float", meaning="correlation of children of one cluster", nullable=True),
        Column(name="numerator", type="float", meaning="children, visits or intervals found, unweighted", nullable=True, minimum=0),
        Column(name="denominator", type="float", meaning="children, visits or intervals asked, unweighted", nullable=True, minimum=0),
        Column(name="children", type="int", meaning="children behind the denominator", unit="children", minimum=0),
        Column(name="weighted_children", type="float", meaning="sum of the weights of the denominator", nullable=True, minimum=0),
        Column(name="clusters", type="int", meaning="clusters of the strata with children", minimum=0),
        Column(name="lonely_strata", type="int", meaning="of these strata, those with one cluster: their spread is a guess", minimum=0),
        Column(name="degrees_of_freedom", type="float", meaning="clusters minus strata; children minus 1 where all answer alike", nullable=True),
        Column(name="level", type="float", meaning="level of the interval and of the bounds", minimum=0, maximum=1),
        Column(name="method", type="string", meaning="kind of interval"),
        Column(name="evidence", type="string", meaning="whether records of facilities were sought", values=POLICIES),
        Column(name="mode", type="string", meaning="rules by which doses are valid", values=("vcqi", "strict")),
        Column(name="grace_days", type="int", meaning="days taken off minimum ages and intervals", unit="days", minimum=0),
        Column(name="status", type="string", meaning="shown; bracketed (25 to 49 children); suppressed (fewer); no children", values=STATUSES),
    ),
    key=("survey", "indicator", "detail", "cohort", "stratum", "domain_kind", "domain"),
    audience=Audience.PRIVATE,
    # of missed doses per visit alone there may be more than one
    rules=(
        ("estimate: expected at most 1, but of missed_doses_...", "\"estimate\" > 1 + 1e-9 AND NOT starts_with(\"indicator\", 'missed_doses_')"),
    ),
)  # fmt: skip

KINDS = (
    "household", "lots", "phone", "respondent_driven", "time_location", "capture_recapture", "key_informants",
    "settlements",
)  # fmt: skip
FORMS = ("counts", "decision", "estimate")
DIRECTIONS = ("none", "too_high", "too_low", "unknown")
INDICATORS = ("dtp1", "dtp3", "mcv1", "mcv2")
_GUARD = Security(coarsen_to="district", delay_days=90)
SMALL = 25  # children: below, no result is shown to those who do not work with the rows

SURVEY_EVIDENCE = TableSpec(
    name="survey_evidence",
    version=1,
    meaning="What each round of a survey says of coverage, with its own bias and error and the label that goes with it: counts, decisions or estimates, by the quarters in which the children were due",
    columns=(
        Column(name="round", type="string", meaning="the round of the survey"),
        Column(name="kind", type="string", meaning="how it was made", values=KINDS),
        Column(name="form", type="string", meaning="which columns speak: counts, a decision on a lot, or an estimate with its error", values=FORMS),
        Column(name="place_code", type="string", meaning="the place of which it speaks"),
        Column(name="cluster", type="string", meaning="the cluster; empty where it speaks of the whole place"),
        Column(name="start", type="string", meaning="first quarter in which these children were due this dose (DTP3: with DTP1)"),
        Column(name="end", type="string", meaning="last such quarter, itself included"),
        Column(name="indicator", type="string", meaning="which dose", values=INDICATORS),
        Column(name="children", type="float", meaning="children asked about", unit="children", nullable=True, minimum=0),
        Column(name="vaccinated", type="float", meaning="of these, vaccinated", unit="children", nullable=True, minimum=0),
        Column(name="decision", type="string", meaning="outcome of a lot; empty where counts or an estimate speak", values=("pass", "fail", "")),
        Column(name="decision_value", type="float", meaning="at least this many vaccinated children make a pass", unit="children", nullable=True, minimum=0),
        Column(name="coverage", type="float", meaning="estimate", unit="share", nullable=True, minimum=0, maximum=1),
        _share("card_share", "share of these children of whom a card or register was seen; empty if unknown"),
        Column(name="chosen", type="bool", meaning="whether places were chosen on purpose: the row speaks of its own place alone"),
        Column(name="standard_error", type="float", meaning="of the estimate, from sampling alone", unit="share", nullable=True, minimum=0),
        Column(name="bias", type="float", meaning="by how much the method is thought to lie above the truth", unit="logit"),
        Column(name="bias_sd", type="float", meaning="how far it may lie off beyond that (standard deviation); empty: the usual one of rapid rounds", unit="logit", nullable=True, minimum=0),
        Column(name="bias_direction", type="string", meaning="to which side the method errs", values=DIRECTIONS),
        Column(name="message", type="string", meaning="message id of the label that travels with the number"),
        Column(name="params", type="string", meaning="what fills it (JSON)"),
        Column(name="assumptions", type="string", meaning="message ids of what must hold (JSON list)"),
    ),
    key=("round", "kind", "place_code", "cluster", "start", "end", "indicator"),
    part_by=("round",),  # a study is withdrawn without the others
    place_column="place_code",
    audience=Audience.PROGRAMME,
    security=_GUARD,
    suppression=Suppression(
        column="children", below=SMALL, also=("vaccinated", "coverage", "standard_error", "card_share", "decision")
    ),
)  # fmt: skip

SURVEY_VOICES = TableSpec(
    name="survey_voices",
    version=1,
    meaning="How many people a published study listened to in each place: where no household could be surveyed, this is what is known",
    columns=(
        Column(name="round", type="string", meaning="the round of the survey"),
        Column(name="place_code", type="string", meaning="where people were heard"),
        Column(name="interviews", type="int", meaning="interviews held", unit="interviews", minimum=0),
        Column(name="focus_groups", type="int", meaning="focus groups held", unit="groups", minimum=0),
    ),
    key=("round", "place_code"),
    place_column="place_code",
    audience=Audience.PROGRAMME,
    security=_GUARD,
)  # fmt: skip

SURVEY_FORM_ANSWERS = TableSpec(
    name="survey_form_answers",
    version=1,
    meaning="Every answer to a form as it came, one row per variable; raw answers are never changed",
    columns=(
        Column(name="form", type="string", meaning="which form"),
        Column(name="version", type="string", meaning="version of the form on the telephone; empty if unsaid"),
        Column(name="submission", type="string", meaning="key of the submission, from the server"),
        Column(name="row", type="string", meaning="key of the row: the submission, or a row of one of its repeats"),
        Column(name="repeat", type="string", meaning="the repeat in which it lies; empty outside of repeats"),
        Column(name="variable", type="string", meaning="variable of the form's codebook"),
        Column(name="value", type="string", meaning="what was answered, as text; codes of several choices with blanks between"),
        Column(name="status", type="string", meaning="whether the form admits the value", values=("ok", "unknown_variable", "unknown_code", "not_a_number", "not_a_date")),
    ),
    key=("form", "row", "variable"),
)  # fmt: skip

SURVEY_FORM_CORRECTIONS = TableSpec(
    name="survey_form_corrections",
    version=1,
    meaning="Corrections of answers, in their order: who changed what into what, when and why",
    columns=(
        Column(name="submission", type="string", meaning="key of the submission"),
        Column(name="row", type="string", meaning="key of the row"),
        Column(name="variable", type="string", meaning="variable of the form's codebook"),
        Column(name="before", type="string", meaning="value that stood there; empty: none"),
        Column(name="after", type="string", meaning="value that stands there since; empty: none"),
        Column(name="reason", type="string", meaning="why"),
        Column(name="corrected_by", type="string", meaning="code of the person"),
        Column(name="corrected_on", type="string", meaning="day, such as 2024-11-05"),
    ),
    key=("row", "variable", "before", "after", "corrected_on"),
)  # fmt: skip

TABLES = (
    SURVEY_CHILDREN, SURVEY_DOSES, SURVEY_ANSWERS, SURVEY_CORRECTIONS, SURVEY_ESTIMATES,
    SURVEY_EVIDENCE, SURVEY_FORM_ANSWERS, SURVEY_FORM_CORRECTIONS,
)  # fmt: skip
# Only these ever stand in a store, where nothing can be destroyed: rows of single children stay files of their study.
PUBLISHED_TABLES = (SURVEY_EVIDENCE, SURVEY_VOICES)
