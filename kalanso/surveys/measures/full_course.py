"""Which children had all doses of the list, and which none of them?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import Record
from kalanso.surveys.validity import FIRST_BIRTHDAY


def measures(record: Record) -> Iterator[Measure]:
    """Return RI_COVG_03 (fully vaccinated) and RI_COVG_04 (not vaccinated), crude, valid, and valid by age 1.

    The list is that of the schedule (`counts_for`), as far as the round asked for its doses; `detail` names it. All
    its doses must be due for *fully*; for *not* any of them.
    """
    columns = [record.column(dose) for dose in record.full_list]
    if not columns:
        return
    detail = " ".join(record.full_list)
    past = record.cohort_from >= FIRST_BIRTHDAY
    due = record.due[:, columns]
    for kind, proof in (
        ("crude", record.crude),
        ("valid", record.valid),
        ("valid_by_age_1", record.valid_by_age_1),
    ):
        own = proof[:, columns]
        every, some = np.asarray(own.all(axis=1)), np.asarray(own.any(axis=1))
        part = past if kind.endswith("age_1") else past | True
        yield of_children(f"fully_vaccinated_{kind}", "RI_COVG_03", detail, every, due.all(axis=1) & part)
        yield of_children(f"not_vaccinated_{kind}", "RI_COVG_04", detail, ~some, due.any(axis=1) & part)
