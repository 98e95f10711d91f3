"""How far can the numbers be trusted of which somebody asks in a list, place by place and source by source?

Grades exist for DTP1, DTP3 and targets, of a source's newest year, down to the health area. A question about a facility, or
about another dose of the same report, is told the nearest one: the reader sees place, dose and year of what is graded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from kalanso.hub.explore.queries import beside, doors, places, shelf
from kalanso.hub.explore.queries.beside import Grade
from kalanso.vocabulary import Level, Period

OF_DOSES = ("_doses", "_coverage")
FIRST_DOSE, TARGET = "dtp1", ""
_LOOKED_AT = (Level.HEALTH_AREA.value, Level.DISTRICT.value)


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """The grades of some places, by place, source and indicator, and where a place without one looks for it."""

    grades: Mapping[tuple[str, str, str], Grade] = field(default_factory=dict)
    line: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, row: Mapping[str, Any]) -> Grade | None:
        """Return the grade that stands nearest to a number of a source: its own place and dose before others."""
        code, indicator = str(row["place_code"]), str(row["indicator"])
        stem = next((indicator.removesuffix(end) for end in OF_DOSES if indicator.endswith(end)), TARGET)
        wanted = (stem, FIRST_DOSE) if stem else (TARGET,)
        found = (
            self.grades.get((place, str(row["source"]), one))
            for place in self.line.get(code, (code,)) for one in wanted
        )  # fmt: skip
        return next((grade for grade in found if grade is not None), None)


def confidence(here: shelf.Shelf, codes: Iterable[str]) -> Confidence:
    """Return the grades of what sources say of some places, and of their areas and districts, read once."""
    known = places.tree(here)
    line = {
        code: (code, *(one.code for one in reversed(known.above(code)) if one.level in _LOOKED_AT))
        for code in set(codes) if code in known.places
    }  # fmt: skip
    asked = tuple(sorted({place for found in line.values() for place in found}))
    graded = beside.grades_among(here, asked) if asked else []
    return Confidence(
        line=line,
        grades={
            (one.row["place_code"], one.row["source"], one.row["indicator"]): one
            for one in sorted(graded, key=lambda one: str(one.row["period"]))
            if one.row["kind"] != beside.BY_ESTIMATE
        },
    )


def of_estimate(here: shelf.Shelf, code: str, indicator: str, period: str) -> Grade | None:
    """Return how far the estimate of a place can be trusted, of the year in which a period ends."""
    place = places.tree(here).places.get(code)
    there = doors.reading(here, place)
    return beside.grade_marks(there, (code,), indicator, beside.BY_ESTIMATE, period).get(code)


ESTIMATED = (
    "coverage_estimates", "coverage_estimates_partners", "coverage_estimates_public", "coverage_estimates_yearly",
    "coverage_estimates_yearly_partners", "coverage_estimates_yearly_public", "burden", "priorities",
)  # fmt: skip
REPORTED = "indicator_values"


@dataclass(frozen=True, kw_only=True)
class Graded:
    """The grades that stand beside the rows of a table in files, by place, year, dose and source (of an estimate: its run)."""

    source: str
    grades: Mapping[tuple[str, str, str, str], str]

    def of(self, row: Mapping[str, Any]) -> str:
        """Return the grade of a row; "" where its number is not graded."""
        dose = str(row.get("indicator") or FIRST_DOSE)
        if self.source == "source":
            if not dose.endswith("_coverage") or row["adjusted"]:
                return ""
            dose = dose.removesuffix("_coverage")
        return self.grades.get((row["place_code"], _year(row["period"]), dose, row[self.source]), "")


def beside_rows(here: shelf.Shelf, table: str) -> Graded | None:
    """Return the grades for the rows of a table of coverage; None for other tables, and where the reader sees no grade."""
    if table not in (*ESTIMATED, REPORTED):
        return None
    kind, source = (beside.BY_ESTIMATE, "run") if table in ESTIMATED else ("administrative", "source")
    grades = {
        (row["place_code"], row["period"], row["indicator"], row["source"]): row["grade"]
        for row in (one.row for one in beside.grades_of_kind(here, kind))
    }
    return Graded(source=source, grades=grades) if grades else None


@lru_cache(maxsize=512)
def _year(period: str) -> str:
    return str(Period.parse(period).end.year)
