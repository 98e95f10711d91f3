"""What do all sources say together of a place, and on which published rows does each sentence rest?

Reads the tables of `kalanso.triangulation`, as far as the reader may see them. Which sentences are chosen, and in which
order, is decided by the library. What rests on an estimate that failed its own check is left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kalanso import triangulation
from kalanso.coverage.tables import COVERAGE_ESTIMATES, COVERAGE_ESTIMATES_YEARLY
from kalanso.hub.explore.queries import places, said, series
from kalanso.hub.explore.queries.analyses import CALM
from kalanso.hub.explore.queries.shelf import Shelf, remembered, shared
from kalanso.store import TableSpec
from kalanso.triangulation import NAMES, Sentence
from kalanso.triangulation.narrative import NAME as NARRATIVE
from kalanso.triangulation.narrative import SECTIONS
from kalanso.triangulation.tables import (
    CONFIDENCE_GRADES,
    CONFIDENCE_GRADES_PARTNERS,
    PROPOSED_TARGETS,
    TRIANGULATION,
    TRIANGULATION_FINDINGS,
)
from kalanso.vocabulary import Level, Message, Period

ANALYSES = tuple(name for name in NAMES if name != NARRATIVE)
TOLD = ("changed", "disagrees", "check")  # kinds of findings that ask something of somebody
BY_ESTIMATE = "estimate"


@dataclass(frozen=True, kw_only=True)
class Grade:
    """How far a source's number of a place and year can be trusted, and why."""

    row: dict[str, Any]
    reasons: tuple[Message, ...]
    missing: tuple[str, ...]
    evidence: tuple[Mapping[str, Any], ...]

    @property
    def anchor(self) -> str:
        """Where on the page of grades it is explained."""
        told = (self.row["source"], self.row["kind"], self.row["indicator"] or "cible")
        return "note-" + "-".join("".join(c if c.isalnum() else "-" for c in part) for part in told)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """In how many places an analysis found something, and which evidence it lacks."""

    name: str
    places: int
    agrees: int
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Of how many numbers of an analysis, how many were compared with something, and how many lie far from it."""

    numbers: int
    compared: int
    apart: int

    @property
    def told(self) -> str:
        """What may be said of them: `none`, `apart`, `uncompared` or `calm`; only the last is an all-clear."""
        if not self.numbers:
            return "none"
        return "apart" if self.apart else "calm" if self.compared else "uncompared"


def standing(rows: Iterable[Mapping[str, Any]]) -> Standing:
    """Return how far the numbers of an analysis were compared at all: a number without reference clears nothing."""
    rows = list(rows)
    return Standing(
        numbers=len(rows),
        compared=sum(bool(row["verdict"]) for row in rows),
        apart=sum(row["verdict"] not in CALM for row in rows),
    )


def inside(shelf: Shelf, code: str) -> list[str]:
    """Return the places below one, facilities apart: they have no number of their own beside others."""
    known = places.tree(shelf).places
    below = sorted(places.below(shelf, code) - {code})
    return [one for one in below if one in known and known[one].level != Level.FACILITY]


def _rests_on_estimate(row: Mapping[str, Any]) -> bool:
    told = (row.get("kind"), row.get("source"), row.get("reference_source"))
    return BY_ESTIMATE in told or f'"{COVERAGE_ESTIMATES_YEARLY.name}"' in str(row.get("evidence", ""))


def _read(shelf: Shelf, spec: TableSpec, codes: Iterable[str] | None, **equal: str) -> list[dict[str, Any]]:
    """Return the rows of some places (None: all), without what rests on an estimate that may not leave its own pages."""
    if not shelf.sees(spec) or shelf.manifest(spec) is None:
        return []
    table = shelf.table(spec)
    for column, value in equal.items():
        table = table.filter(table[column] == value)
    if codes is not None:
        table = table.filter(table.place_code.isin(sorted(set(codes))))
    rows = shelf.rows(table.order_by(list(spec.key)))
    if said.tellable(shelf):
        return rows
    runs = {row["source"] for row in rows if row.get("kind") == BY_ESTIMATE}
    return [
        row for row in rows if not _rests_on_estimate(row) and row.get("reference_source") not in runs
    ]  # fmt: skip


@remembered
def _findings(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return the findings about a place and those below it."""
    return _read(shelf, TRIANGULATION_FINDINGS, [code, *inside(shelf, code)])


def _during(rows: Iterable[dict[str, Any]], when: str) -> list[dict[str, Any]]:
    """Return the rows whose period shares a day with the one that is asked for; all where none is."""
    rows = list(rows)
    if not when:
        return rows
    asked = Period.parse(when)
    codes = {row["period"]: Period.parse(row["period"]) for row in rows}
    near = {code for code, one in codes.items() if one.start <= asked.end and asked.start <= one.end}
    return [row for row in rows if row["period"] in near]


@remembered
def years(shelf: Shelf, code: str) -> tuple[str, ...]:
    """Return the years of which something is found in a place or below it, the newest first."""
    rows = [
        row for row in _findings(shelf, code) if row["kind"] != "missing" and row["analysis"] != NARRATIVE
    ]
    return tuple(sorted({str(row["period_start"].year) for row in rows}, reverse=True))


def is_told(shelf: Shelf, code: str, when: str) -> bool:
    """Whether something is found in a period, by its code."""
    return bool(_during((row for row in _findings(shelf, code) if row["kind"] != "missing"), when))


@remembered
def review(shelf: Shelf, code: str, when: str) -> list[Sentence]:
    """Return the sentences of a place's review in a period, section by section; what is missing is told without a period."""
    rows = _findings(shelf, code)
    dated = _during((row for row in rows if row["kind"] != "missing"), when)
    frame = pd.DataFrame(dated, columns=list(TRIANGULATION_FINDINGS.column_names))
    found = triangulation.review(frame, code, inside(shelf, code)) if dated else []
    return [*found, *_missing(shelf, code)]


def _missing(shelf: Shelf, code: str) -> list[Sentence]:
    """Return what is missing in the whole country, as far as the reader sees it."""
    root = places.tree(shelf).root()
    rows = _read(shelf, TRIANGULATION_FINDINGS, {code, *([root.code] if root else [])}, kind="missing")
    if not rows:
        return []
    frame = pd.DataFrame(rows, columns=list(TRIANGULATION_FINDINGS.column_names))
    return triangulation.review(frame, rows[0]["place_code"])


@remembered
def analyses(shelf: Shelf, code: str, when: str) -> list[Asked]:
    """Return what each analysis found in a place and below it, in the order of the field's list."""
    rows = [row for row in _findings(shelf, code) if row["kind"] != "missing"]
    found: dict[str, set[str]] = {}
    agree: Counter[str] = Counter()
    for row in _during(rows, when):
        if row["kind"] in TOLD:
            found.setdefault(row["analysis"], set()).add(row["place_code"])
        else:
            agree[row["analysis"]] += 1
    root = places.tree(shelf).root()
    lacks: dict[str, list[str]] = {}
    for row in _read(shelf, TRIANGULATION_FINDINGS, [root.code] if root else [], kind="missing"):
        lacks.setdefault(row["analysis"], []).append(row["source"])
    return [
        Asked(
            name=name, places=len(found.get(name, ())), agrees=agree[name], missing=tuple(lacks.get(name, ()))
        )
        for name in ANALYSES
    ]


@remembered
def tally(shelf: Shelf, code: str, when: str) -> list[dict[str, Any]]:
    """Return in how many places, here and below, each analysis finds each kind of thing; what is missing counts per kind of evidence."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in _during((row for row in _findings(shelf, code) if row["kind"] in TOLD), when):
        found.setdefault((row["analysis"], row["kind"]), set()).add(row["place_code"])
    for one in analyses(shelf, code, when):
        found[one.name, "missing"] = set(one.missing)
    if not any(found.values()):
        return []
    return [
        {"source": name, "measure": kind, "value": float(len(found.get((name, kind), ())))}
        for name in ANALYSES for kind in SECTIONS
    ]  # fmt: skip


def found_by(shelf: Shelf, code: str, analysis: str, when: str) -> tuple[list[Any], list[Any]]:
    """Return the findings of an analysis about a place itself, and about the places below it, the gravest first."""
    order = {"serious": 0, "attention": 1, "note": 2}
    rows = [row for row in _findings(shelf, code) if row["analysis"] == analysis and row["kind"] != "missing"]
    rows = sorted(_during(rows, when), key=lambda row: (row["period_start"], row["place_code"]), reverse=True)
    rows = sorted(rows, key=lambda row: order[row["severity"]])
    own = [row for row in rows if row["place_code"] == code]
    return own, [row for row in rows if row["place_code"] != code]


@remembered
def numbers(shelf: Shelf, code: str, analysis: str) -> list[dict[str, Any]]:
    """Return the numbers of an analysis about one place, the oldest first."""
    rows = _read(shelf, TRIANGULATION, [code], analysis=analysis)
    return sorted(
        rows, key=lambda row: (row["period_start"], row["measure"], row["indicator"], row["source"])
    )


def numbers_of(shelf: Shelf, code: str, analysis: str, when: str) -> list[dict[str, Any]]:
    """Return those of a period, the newest first."""
    return list(reversed(_during(numbers(shelf, code, analysis), when)))


def grades_table(shelf: Shelf) -> TableSpec:
    """Return the table of grades that the reader may see: the programme's, or the one for partners."""
    return CONFIDENCE_GRADES if shelf.sees(CONFIDENCE_GRADES) else CONFIDENCE_GRADES_PARTNERS


def grades(shelf: Shelf, code: str) -> list[Grade]:
    """Return the grades of all sources of a place; nothing where the reader may see none."""
    return _grades(shelf, code) if shelf.sees(CONFIDENCE_GRADES) else _partners_grades(shelf, code)


@shared(CONFIDENCE_GRADES, COVERAGE_ESTIMATES, about=lambda code: (code,))
def _grades(shelf: Shelf, code: str) -> list[Grade]:
    return _graded(shelf, CONFIDENCE_GRADES, [code])


@shared(CONFIDENCE_GRADES_PARTNERS, about=lambda code: (code,))
def _partners_grades(shelf: Shelf, code: str) -> list[Grade]:
    return _graded(shelf, CONFIDENCE_GRADES_PARTNERS, [code])


def _graded(shelf: Shelf, spec: TableSpec, codes: Iterable[str] | None, **equal: str) -> list[Grade]:
    return [
        Grade(
            row=row, reasons=tuple(Message(one["message"], one["params"]) for one in json.loads(row["reasons"])),
            missing=tuple(json.loads(row["missing"])), evidence=tuple(json.loads(row["evidence"])),
        )
        for row in _read(shelf, spec, codes, **equal)
    ]  # fmt: skip


def grade_of(shelf: Shelf, code: str, indicator: str, source: str, when: str) -> Grade | None:
    """Return the grade of what a source reports of the year in which a period ends; None where there is none."""
    year = str(Period.parse(when).end.year)
    found = (
        one for one in grades(shelf, code)
        if (one.row["indicator"], one.row["source"], one.row["kind"]) == (indicator, source, "administrative")
        and one.row["period"] == year
    )  # fmt: skip
    return next(found, None)


def grade_marks(
    shelf: Shelf, codes: tuple[str, ...], indicator: str, kind: str, when: str, source: str = ""
) -> dict[str, Grade]:
    """Return by place the grade of a kind of number of the year in which a period ends, of one source where it is named; read once for all places."""
    if not codes or not when:
        return {}
    year = str(Period.parse(when).end.year)
    return {
        one.row["place_code"]: one for one in _grades_of(shelf, tuple(sorted(codes)), indicator, kind)
        if one.row["period"] == year and source in ("", one.row["source"])
    }  # fmt: skip


def reported_marks(shelf: Shelf, codes: tuple[str, ...], indicator: str, when: str) -> dict[str, Grade]:
    """Return by place the grade of a reported coverage, such as dtp1_coverage, of the source that pages show."""
    basis = next(iter(series.bases(shelf, indicator)), None)
    if basis is None:
        return {}
    dose = indicator.removesuffix("_coverage")
    return grade_marks(shelf, codes, dose, "administrative", when, basis.source)


@remembered
def grades_among(shelf: Shelf, codes: tuple[str, ...]) -> list[Grade]:
    """Return the grades of all sources of some places, read once for all of them."""
    return _graded(shelf, grades_table(shelf), codes)


def grades_of_kind(shelf: Shelf, kind: str) -> list[Grade]:
    """Return the grades of all places that the reader sees, of numbers that came about in one way."""
    return _graded(shelf, grades_table(shelf), None, kind=kind)


@remembered
def _grades_of(shelf: Shelf, codes: tuple[str, ...], indicator: str, kind: str) -> list[Grade]:
    return _graded(shelf, grades_table(shelf), codes, indicator=indicator, kind=kind)


@remembered
def targets(shelf: Shelf, code: str) -> list[dict[str, Any]]:
    """Return the proposed targets of a place and those below it, from the country downwards."""
    rows = _read(shelf, PROPOSED_TARGETS, [code, *inside(shelf, code)])
    far = {row["place_code"]: abs((row["ratio"] or 1.0) - 1) for row in rows}
    return sorted(
        rows, key=lambda row: (Level(row["level"]).depth, -far[row["place_code"]], row["place_code"])
    )


def rests_on_estimate(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether some rows rest on the estimate, so that the state of its run must stand before them."""
    return any(_rests_on_estimate(row) for row in rows)
