"""What do the tables look like in which every source stands beside every other?

One long table of numbers, one of sentences with their evidence, the grades of confidence, and the
targets that may be proposed. They hold estimates, so they are for the programme.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import ibis
import ibis.expr.types as ir

from kalanso.store import Audience, Column, Security, TableSpec

KINDS = ("changed", "disagrees", "check", "agrees", "missing")
GRADES = ("A", "B", "C", "D")
QUALITIES = ("good", "fair", "unknown", "poor")  # from best to worst
SEVERITIES = ("note", "attention", "serious")
VERDICTS = (
    "", "agrees", "above", "below", "apart", "negative", "high", "low", "steady", "rise", "fall_of_reports", "fall_of_doses",
    "more_given_than_used", "explained", "unexplained", "many", "few",
    "numerator", "denominator", "catchment", "several", "not_established",
)  # fmt: skip
_table = partial(
    TableSpec, version=1, period_column="period_start", place_column="place_code", audience=Audience.PROGRAMME,
    security=Security(coarsen_to="district", delay_days=90),
)  # fmt: skip


def _text(name: str, meaning: str, values: tuple[str, ...] = ()) -> Column:
    return Column(name=name, type="string", meaning=meaning, values=values)


def _number(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name=name, type="float", meaning=meaning, unit=unit, nullable=True)


_ANALYSIS = _text("analysis", "which analysis set the numbers beside one another")
_WHERE_WHEN = (
    _text("place_code", "our key of the place"),
    _text("level", "level of the place in the tree"),
    _text("period", "DHIS2 code of the period, such as 202401"),
    _text("period_type", "length of the period"),
    Column(name="period_start", type="date", meaning="first day of the period"),
)
_INDICATOR = _text("indicator", "which dose or service; empty for populations")
_EVIDENCE = _text("evidence", "rows on which the sentence rests: table, key and snapshot of each (JSON)")
_SENTENCE = (
    _text("message", "message id of the sentence"), _text("params", "its parameters (JSON)"), _EVIDENCE,
)  # fmt: skip


def _without_age(rows: ir.Table) -> ir.Table:
    """Return rows of version 1, which knew no ages apart."""
    return rows.mutate(age_band=ibis.literal(""))


TRIANGULATION = _table(
    name="triangulation",
    version=2,
    upgrades={1: _without_age},
    meaning="Numbers of every source set beside one another: what each says, what it is compared with, and by how much they differ",
    columns=(
        _ANALYSIS, *_WHERE_WHEN, _INDICATOR,
        _text("measure", "what the number measures, such as coverage or zero_dose"),
        _text("source", "whose number it is, or which estimator"),
        _text("kind", "how the number came about"),
        _text("age_band", "age of those who were counted; empty: all ages together"),
        _number("value", "the number: a share, a ratio or children"),
        _number("low", "lower end of its 95 % interval; empty: none is claimed"),
        _number("high", "upper end of it"),
        Column(name="unit", type="string", meaning="share, ratio, children or count", values=("share", "ratio", "children", "count")),
        _number("numerator", "what was counted"),
        _number("denominator", "out of how many"),
        _text("reference_source", "whose number it is compared with; empty: none"),
        _number("reference", "the number that it is compared with"),
        _number("gap", "number minus reference"),
        _number("gap_children", "the gap in children", "children"),
        _text("verdict", "what the comparison says", VERDICTS),
    ),
    key=("analysis", "place_code", "period", "indicator", "measure", "source", "kind", "reference_source", "age_band"),
    part_by=("analysis",),
)  # fmt: skip

TRIANGULATION_FINDINGS = _table(
    name="triangulation_findings",
    meaning="What the sources say together: what changed, what disagrees, what to check, what is missing, each with its evidence",
    columns=(
        _ANALYSIS, _text("kind", "what the sentence is for", KINDS), *_WHERE_WHEN, _INDICATOR,
        _text("source", "whose number it is about; empty: several"),
        _number("value", "the number that it is about"),
        _number("expected", "what it was compared with"),
        _text("severity", "how much it matters", SEVERITIES),
        *_SENTENCE,
    ),
    key=("analysis", "kind", "place_code", "period", "indicator", "source", "message"),
    names_places=("params", "evidence"),
)  # fmt: skip

CONFIDENCE_GRADES = _table(
    name="confidence_grades",
    meaning="How far each source can be trusted in each place: its quality and its agreement with sources that do not depend on it",
    columns=(
        *_WHERE_WHEN, _INDICATOR, _text("source", "whose number it is"), _text("kind", "how the number came about"),
        _number("value", "the number that is graded"),
        _text("grade", "A can decide alone; B can with its interval; C only beside another source; D not", GRADES),
        _text("quality", "quality of the source here", QUALITIES),
        _text("agreement", "agreement with independent sources", QUALITIES),
        _text("reasons", "message ids with parameters that made the grade (JSON)"),
        _text("missing", "evidence that would settle it and is not there (JSON)"),
        _EVIDENCE,
    ),
    key=("place_code", "period", "indicator", "source", "kind"),
    names_places=("reasons", "evidence"),
)  # fmt: skip

CONFIDENCE_GRADES_PARTNERS = replace(
    CONFIDENCE_GRADES,
    name="confidence_grades_partners",
    meaning="The same for partners: grades of what sources say, without those of estimates, which may not be validated yet",
    audience=Audience.PARTNER,
)

PROPOSED_TARGETS = _table(
    name="proposed_targets",
    meaning="Targets that may be proposed to the national immunization centre, beside the present ones; nothing is changed anywhere",
    columns=(
        *_WHERE_WHEN,
        _number("present", "target in use: surviving infants of the year", "children"),
        _text("present_source", "whose target it is"),
        _number("proposed", "target that is proposed", "children"),
        _number("low", "lower end of what the sources allow", "children"),
        _number("high", "upper end of it", "children"),
        _number("ratio", "proposed / present"),
        _text("sources", "sources of the proposal (JSON)"),
        *_SENTENCE,
    ),
    key=("place_code", "period"),
    names_places=("params", "evidence"),
)  # fmt: skip

TABLES = (
    TRIANGULATION,
    TRIANGULATION_FINDINGS,
    CONFIDENCE_GRADES,
    CONFIDENCE_GRADES_PARTNERS,
    PROPOSED_TARGETS,
)
