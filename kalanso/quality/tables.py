"""What does a finding about data quality look like, and what do people say of it?"""

from __future__ import annotations

from kalanso.store import Audience, Column, Security, TableSpec

SEVERITIES = ("note", "attention", "serious")
STATUSES = ("new", "known", "correcting", "corrected", "no_error")

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

TABLES = (QUALITY_FINDINGS, FINDING_STATUSES)
