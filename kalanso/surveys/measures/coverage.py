"""Which children had each dose: by any proof, validly, and by the first birthday?

All respondents of whom the dose could be asked stand in the denominator; without proof is without the dose.
"""

from __future__ import annotations

from collections.abc import Iterator

from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import Record
from kalanso.surveys.validity import FIRST_BIRTHDAY


def measures(record: Record) -> Iterator[Measure]:
    """Return RI_COVG_01 and RI_COVG_02 for each dose, and RI_ACC_01.

    By age 1 is asked of cohorts past the first birthday only, and of doses that are due by then.
    """
    past = record.cohort_from >= FIRST_BIRTHDAY
    for at, dose in enumerate(record.doses):
        due = record.due[:, at]
        yield of_children("crude_coverage", "RI_COVG_01", dose, record.crude[:, at], due)
        yield of_children("valid_coverage", "RI_COVG_02", dose, record.valid[:, at], due)
        early = due & past & ~(record.rules.due[:, at] > FIRST_BIRTHDAY)
        if early.any():
            yield of_children(
                "valid_coverage_by_age_1", "RI_COVG_02", dose, record.valid_by_age_1[:, at], early
            )
    if "dtp1" in record.doses:
        at = record.column("dtp1")
        yield of_children("access", "RI_ACC_01", "dtp1", record.crude[:, at], record.due[:, at])
