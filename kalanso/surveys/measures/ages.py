"""Which dated doses came too early, and which valid ones in time?

The denominators are children with a birth date and a dated dose, a part of the sample: no weights, no interval.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import Record
from kalanso.surveys.validity import FIRST_BIRTHDAY

# VCQI's thresholds in days. MCV1 before 39 weeks is 39 x 7 = 273 (its list of indicators writes 274).
BEFORE = (("mcv1", "RI_QUAL_04", 273), ("dtp3", "RI_QUAL_13", 182))


def measures(record: Record) -> Iterator[Measure]:
    """Return RI_QUAL_03 (invalid first Penta), RI_QUAL_04 and 13 (doses before an age), RI_QUAL_06 (valid MCV1 before 12 months)."""
    if "dtp1" in record.doses:
        at = record.column("dtp1")
        ages = record.paper_ages[:, at]
        early = ages < np.nan_to_num(record.rules.minimum[:, at], nan=0.0)
        yield of_children("invalid_dose", "RI_QUAL_03", "dtp1", early, ~np.isnan(ages), weighted=False)
    for dose, vcqi, days in BEFORE:
        if dose in record.doses:
            ages = record.paper_ages[:, record.column(dose)]
            yield of_children(
                "dose_before_age", vcqi, f"{dose} {days}", ages < days, ~np.isnan(ages), weighted=False
            )
    if "mcv1" in record.doses:
        at = record.column("mcv1")
        valid, early = record.valid[:, at], record.valid_by_age_1[:, at]
        past = record.cohort_from >= FIRST_BIRTHDAY
        yield of_children("valid_before_12_months", "RI_QUAL_06", "mcv1", early, valid & past, weighted=False)
