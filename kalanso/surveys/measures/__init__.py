"""Which indicators does a survey give, and how is one added?

Every file has `measures(record)`, which gives for each child how much was found out of how much asked. To add one,
write a file and add its line to MEASURES; the order is that of the report.
"""

from collections.abc import Iterator
from typing import Protocol

from kalanso.surveys.measures import (
    ages,
    behaviour,
    coverage,
    documents,
    dropout,
    full_course,
    intervals,
    missed,
    timeliness,
    zero_dose,
)
from kalanso.surveys.measures.measure import Measure
from kalanso.surveys.record import Record, RecordRefused


class MeasureFile(Protocol):
    """A module that asks one question of the record."""

    def measures(self, record: Record) -> Iterator[Measure]:
        """Return the measures of this question."""


MEASURES: tuple[MeasureFile, ...] = (
    coverage,
    full_course,
    zero_dose,
    dropout,
    documents,
    ages,
    intervals,
    missed,
    timeliness,
    behaviour,
)


def find_measure(record: Record, indicator: str, detail: str) -> Measure:
    """Return one measure by name and detail; raises RecordRefused where the survey does not give it."""
    for file in MEASURES:
        for measure in file.measures(record):
            if (measure.name, measure.detail) == (indicator, detail):
                return measure
    raise RecordRefused(f"expected an indicator of this survey, got {indicator!r} of {detail!r}")


__all__ = ["MEASURES", "Measure", "MeasureFile", "find_measure"]
