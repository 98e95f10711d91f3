"""What does a finding about data quality look like, and what do people say of it?"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kalanso.store import Audience, Column, Security, TableSpec

DOMAINS = ("completeness", "internal", "external", "population")  # the four of WHO's review
WHO_METRICS: Mapping[str, str] = {  # metric -> domain, in WHO's order
    "1a": "completeness", "1b": "completeness", "1c": "completeness", "1d": "completeness",
    "2a": "internal", "2b": "internal", "2c": "internal", "2d": "internal", "2e": "internal",
    "3a": "external", "4a": "population", "4b": "population",
}  # fmt: skip
FLAGS = ("good", "poor", "divergent", "not_judged")
MODES = ("who", "robust")
ALL = "all"
GRADES = ("A", "B", "C", "D", "none")
SEVERITIES = ("note", "attention", "serious")
OF_SILENCE = (
    "not_entered",
    "place_closed",
    "not_vaccinating",
)  # what may be said of a place that fell silent
WAITING_STATUSES = (
    "known",
    "handed_on",
    "correcting",
    "not_entered",
)  # somebody was asked, nothing is settled
CLOSED_STATUSES = (
    "explained",
    "corrected",
    "no_error",
    "place_closed",
    "not_vaccinating",
)  # nothing is left to ask
STATUSES = ("new", *WAITING_STATUSES, *CLOSED_STATUSES)

_WHICH_FINDING = (
    Column(name="check", type="string", meaning="which check found it, such as outliers"),
    Column(name="source", type="string", meaning="source of the numbers"),
    Column(name="place_code", type="string", meaning="where"),
    Column(name="period", type="string", meaning="when; the first period where several are meant"),
    Column(name="period_type", type="string", meaning="length of the period"),
    Column(name="period_start", type="date", meaning="first day of the period"),
    Column(name="indicator", type="string", meaning="which number"),
    Column(name="detail", type="string", meaning="what tells findings of one number apart: the product, the age of the children; empty if nothing"),
)  # fmt: skip
_KEY = ("check", "source", "place_code", "period", "indicator", "detail")
_GUARD = Security(coarsen_to="district", delay_days=90)

QUALITY_FINDINGS = TableSpec(
    name="quality_findings",
    version=1,
    meaning="What the checks found doubtful, with the evidence; nothing is corrected or deleted because of it",
    columns=(
        *_WHICH_FINDING,
        Column(name="value", type="float", meaning="what was found", nullable=True),
        Column(name="expected", type="float", meaning="what would have been expected", nullable=True),
        Column(name="severity", type="string", meaning="how much it matters", values=SEVERITIES),
        Column(name="message", type="string", meaning="id of the sentence that says it"),
        Column(name="params", type="string", meaning="what fills the sentence (JSON), with the evidence"),
    ),
    key=(*_KEY, "message"),
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
    names_places=("params",),
)  # fmt: skip

FINDING_STATUSES = TableSpec(
    name="finding_statuses",
    version=1,
    meaning="What people said last of findings, as the hub hands it over each night; a finding without a row is new",
    columns=(
        *_WHICH_FINDING,
        Column(name="status", type="string", meaning="how it stands with people", values=STATUSES),
        Column(name="said_on", type="date", meaning="day on which it was said"),
    ),
    key=_KEY,
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PROGRAMME,
    security=_GUARD,
)  # fmt: skip

QUALITY_METRICS = TableSpec(
    name="quality_metrics",
    version=1,
    meaning="Metrics of WHO's data quality review (1a to 4b), by district and for the country, with numerator and denominator",
    columns=(
        Column(name="metric", type="string", meaning="number of the metric in the review", values=tuple(WHO_METRICS)),
        Column(name="domain", type="string", meaning="its domain", values=DOMAINS),
        Column(name="source", type="string", meaning="source of the numbers"),
        Column(name="place_code", type="string", meaning="where"),
        Column(name="period", type="string", meaning="year"),
        Column(name="period_type", type="string", meaning="length of the period", values=("year",)),
        Column(name="period_start", type="date", meaning="first day of the year"),
        Column(name="indicator", type="string", meaning="which number, or which form"),
        Column(name="detail", type="string", meaning="with what it is compared: another number, source or survey; empty if nothing"),
        Column(name="numerator", type="float", meaning="what stands above", nullable=True),
        Column(name="denominator", type="float", meaning="what stands below", nullable=True),
        Column(name="value", type="float", meaning="the metric: a share or ratio", nullable=True),
        Column(name="expected", type="float", meaning="with what the value is compared; empty where with a threshold alone", nullable=True),
        Column(name="lower", type="float", meaning="lowest value accepted", nullable=True),
        Column(name="upper", type="float", meaning="highest value accepted", nullable=True),
        Column(name="flag", type="string", meaning="how it is judged", values=FLAGS),
        Column(name="units", type="int", meaning="districts judged, on the row of the country", nullable=True, minimum=0),
        Column(name="units_flagged", type="int", meaning="of these, poor or divergent ones", nullable=True, minimum=0),
    ),
    key=("metric", "source", "place_code", "period", "indicator", "detail"),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip

QUALITY_SCORES = TableSpec(
    name="quality_scores",
    version=1,
    meaning="How good the data of a place are in a year, one line per domain, by WHO's metrics and by the robust checks",
    columns=(
        Column(name="mode", type="string", meaning="whose rules: WHO's metrics, or the robust checks", values=MODES),
        Column(name="place_code", type="string", meaning="where"),
        Column(name="period", type="string", meaning="year"),
        Column(name="period_type", type="string", meaning="length of the period", values=("year",)),
        Column(name="period_start", type="date", meaning="first day of the year"),
        Column(name="domain", type="string", meaning="domain of the review, or all together", values=(*DOMAINS, ALL)),
        Column(name="score", type="float", meaning="share of metrics, or of months, without a doubt", nullable=True, minimum=0, maximum=1),
        Column(name="grade", type="string", meaning="letter of the score, A is best", values=GRADES),
        Column(name="judged", type="float", meaning="metrics, or months, that were judged", minimum=0),
        Column(name="flagged", type="float", meaning="of these, doubtful ones; a finding that asks for attention counts half a month", minimum=0),
        Column(name="reasons", type="string", meaning="what was doubted most often, with how many times (JSON)"),
        Column(name="provisional", type="bool", meaning="whether reports of the year may still arrive"),
    ),
    key=("mode", "place_code", "period", "domain"),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip

TABLES = (QUALITY_FINDINGS, FINDING_STATUSES, QUALITY_METRICS, QUALITY_SCORES)


def with_param(params: str, name: str, value: object) -> str:
    """Return the params of a finding (a JSON object) with one more, the others as they were written."""
    rest = params.strip()[1:-1].strip()
    return f"{{{rest}{', ' if rest else ''}{json.dumps(name)}: {json.dumps(value)}}}"
