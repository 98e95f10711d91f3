"""What does the analysis of a round say: what was cleaned, coverage and zero-dose children of each cohort, drivers?

Cohorts are never put together. Cells of few children were hidden by the library before anything was kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from kalanso.figures.survey_words import (
    PRIORITY,
    ages_told,
    called,
    group_called,
    group_place,
    kind_called,
    left_out_told,
    read_told,
    unreached_told,
)
from kalanso.hub.studies.models import Analysis, Round
from kalanso.hub.studies.queries.rounds import language
from kalanso.surveys.contrasts import STATUSES
from kalanso.vocabulary import Message, UnknownMessage

ALL = "all"
DTP1 = ("crude_coverage", "dtp1")
# Indicator and detail; None where its name says all.
COVERAGE: tuple[tuple[str, str | None], ...] = (
    DTP1,
    ("zero_dose", None),
    ("zero_dose_no_vaccine_at_all", None),
    ("zero_dose_had_bcg_or_opv", None),
    ("zero_dose_had_other_vaccines", None),
    ("crude_coverage", "dtp3"),
    ("crude_coverage", "mcv1"),
    ("fully_vaccinated_crude", None),
)
DRIVERS = tuple(("besd_positive", key) for key in PRIORITY)
# What tells where children are lost: doses that count, papers, dropout, occasions that were missed.
FURTHER: tuple[tuple[str, str | None], ...] = (
    ("valid_coverage", "dtp1"), ("valid_coverage", "dtp3"), ("fully_vaccinated_valid", None), ("invalid_dose", "dtp1"), ("interval_too_short", "dtp"),
    ("paper_with_date", "either"), ("dropout_weighted", "dtp1 dtp3"), ("dropout_weighted", "dtp1 mcv1"), ("missed_children_crude", "any"),
    ("missed_children_crude_uncorrected", "any"),
)  # fmt: skip
SHOWN = (*COVERAGE, *FURTHER, *DRIVERS)
# By what children are compared: the columns of that table.
COMPARED: tuple[tuple[str, str], ...] = (("zero_dose", "dtp1"), DTP1, ("crude_coverage", "dtp3"))
VACCINATION = "vaccination"  # of which children families are asked: by this status
DIFFERS = 0.05
STRATA_AT_MOST = 40
DRAWINGS = "pictures.json"  # what the worker says of its drawings


@dataclass(frozen=True, kw_only=True)
class Line:
    """One indicator, or one stratum, with its cells."""

    name: str
    cells: Sequence[Mapping[str, Any] | None]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a round says of one cohort."""

    name: str
    ages: str
    first: Mapping[str, Any] | None
    zero: Mapping[str, Any] | None
    whole: Sequence[Line]
    further: Sequence[Line]
    groups: Sequence[tuple[str, Sequence[Line]]]
    compared: Sequence[str]
    drivers: Sequence[Line]
    statuses: Sequence[str]
    by_status: Sequence[Line]
    headings: Sequence[str]
    strata: Sequence[Line]
    left_out: int


def told(one: Round, analysis: Analysis, *, detail: bool) -> list[Told]:
    """Return what the analysis says, cohort by cohort; by stratum for those who may see it so."""
    return [_cohort(cohort, analysis, detail=detail) for cohort in one.cohorts]


def _cohort(cohort: Mapping[str, Any], analysis: Analysis, *, detail: bool) -> Told:
    every = [row for row in analysis.results if row["cohort"] == cohort["name"]]
    own = [row for row in every if row.get("domain_kind", ALL) == ALL]
    cells = {(row["indicator"], row["detail"], row["stratum"]): row for row in own}
    details = {row["indicator"]: row["detail"] for row in own}
    keys = [(name, detail_ or details.get(name, "")) for name, detail_ in COVERAGE]
    names = [called(*key, language()) for key in keys]
    codes = sorted({row["stratum"] for row in own} - {ALL}) if detail else []
    codes = codes if len(codes) > 1 else []  # one alone says what the whole says
    asked = [row for row in every if row.get("domain_kind") == VACCINATION]
    compared = [row for row in every if row.get("domain_kind", ALL) not in (ALL, VACCINATION)]
    return Told(
        name=cohort["name"], ages=ages_told((cohort["from_days"], cohort["to_days"]), language()),
        first=cells.get((*DTP1, ALL)), zero=cells.get((*keys[1], ALL)),
        whole=[Line(name=name, cells=[cells.get((*key, ALL))]) for name, key in zip(names, keys, strict=True)],
        further=_further(cells, details),
        groups=_groups([row for row in compared if row["stratum"] == ALL]),
        statuses=[group_called(VACCINATION, name, language()) for name in STATUSES] if asked else [], by_status=_by_status(asked),
        compared=[called(*key, language()) for key in COMPARED],
        drivers=[
            Line(name=_driver(key), cells=[cells[name, key, ALL]]) for name, key in DRIVERS if (name, key, ALL) in cells
        ],
        headings=names,
        strata=[
            Line(name=_stratum(code, analysis), cells=[cells.get((*key, code)) for key in keys]) for code in codes[:STRATA_AT_MOST]
        ],
        left_out=max(0, len(codes) - STRATA_AT_MOST),
    )  # fmt: skip


def _further(
    cells: Mapping[tuple[str, str, str], Mapping[str, Any]], details: Mapping[str, str]
) -> list[Line]:
    """Return what tells where children are lost; analyses made before it was kept have none."""
    keys = [(name, detail if detail is not None else details.get(name, "")) for name, detail in FURTHER]
    return [
        Line(name=called(*key, language()), cells=[cells[*key, ALL]]) for key in keys if (*key, ALL) in cells
    ]


def _groups(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Line]]]:
    """Return, for each way of grouping children, a line for each group, in its order."""
    cells = {(row["domain_kind"], row["domain"], row["indicator"], row["detail"]): row for row in rows}
    found: dict[str, list[Line]] = {}
    for kind, name in sorted({key[:2] for key in cells}, key=lambda key: group_place(*key)):
        line = Line(
            name=group_called(kind, name, language()),
            cells=[cells.get((kind, name, *key)) for key in COMPARED],
        )
        found.setdefault(kind, []).append(line)
    return [(kind_called(kind, language()), lines) for kind, lines in found.items()]


def _by_status(rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return a line for each priority question, with its answers by vaccination status and whether these differ."""
    cells = {(row["detail"], row["domain"]): row for row in rows}
    tests = {row["detail"]: row.get("p_value") for row in rows}
    return [
        Line(name=_driver(key), cells=[cells.get((key, status)) for status in STATUSES], note=_differs(tests[key]))
        for key in PRIORITY
        if key in tests
    ]  # fmt: skip


def _differs(p_value: float | None) -> str:
    if p_value is None:
        return _("pas comparé : trop peu d'enfants")
    return _("les réponses diffèrent") if p_value < DIFFERS else _("aucune différence établie")


def _stratum(code: str, analysis: Analysis) -> str:
    return str(analysis.strata.get(code, {}).get("name") or code)


def _driver(key: str) -> str:
    return Message(f"figures.survey.driver.{key}").render(language())


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was received, what was odd in the files, and what each rule of cleaning found: those that found something before the others."""

    submissions: int
    refused: int
    children: int
    read: Sequence[str]
    unoffered: Sequence[str]
    found: Sequence[tuple[str, int]]
    silent: Sequence[str]


def receipt(analysis: Analysis) -> Receipt:
    """Return the receipt of an analysis in words."""
    received = {row["what"]: row["n"] for row in analysis.receipt if row["part"] == "received"}
    read = {row["what"]: row["n"] for row in analysis.receipt if row["part"] == "read"}
    unoffered = [
        left_out_told(row["what"], row["scope"], row["n"], language())
        for row in analysis.receipt
        if row["part"] == "left_out"
    ]
    rules = [(row["what"], row["n"]) for row in analysis.receipt if row["part"] == "cleaned"]
    return Receipt(
        submissions=received.get("submissions", 0), refused=received.get("without_consent", 0),
        children=received.get("children", 0), read=read_told(read, language()), unoffered=unoffered, found=[(_rule(rule, n), n) for rule, n in rules if n],
        silent=[_rule(rule, 0) for rule, n in rules if not n],
    )  # fmt: skip


def unreached(analysis: Analysis, *, detail: bool) -> list[str]:
    """Say that not every drawn cluster could be reached, and in which strata, for those who may see strata."""
    rows = [row for row in analysis.receipt if row["part"] == "reached"]
    if not rows:
        return []
    whole = Message("figures.survey.accessible").render(language())
    named = [
        unreached_told(_stratum(row["what"], analysis), row["n"], row["drawn"], row["share"], language())
        for row in rows
    ]
    return [whole, *(named if detail else [])]


def _rule(rule: str, n: int) -> str:
    try:
        return Message(f"surveys.rule.{rule}", {"n": n}).render(language())
    except UnknownMessage:
        return rule


def drawings(analysis: Analysis, *, detail: bool) -> list[dict[str, Any]]:
    """Return the drawings that the worker made, with words and table in the language of the page; by stratum for those who may.

    None where the analysis was made before there were drawings.
    """
    path = analysis.folder / DRAWINGS
    if DRAWINGS not in analysis.outputs or not path.is_file():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))[language()]
    return [one | {"locale": language()} for one in found if detail or not one["by_stratum"]]
