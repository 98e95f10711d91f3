"""Which children are zero-dose, and did they meet vaccination at all?

A zero-dose child has no DTP1 by any proof (the operational definition of Gavi). "No vaccine at all" is another,
smaller number with other causes: the parts are told apart and add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import Record


def measures(record: Record) -> Iterator[Measure]:
    """Return zero-dose, its three parts, under-immunized (no DTP3), and dropout children (DTP1 without DTP3)."""
    if "dtp1" not in record.doses:
        return
    due = record.due[:, record.column("dtp1")]
    missed = ~record.crude[:, record.column("dtp1")]
    first = [at for at, dose in enumerate(record.doses) if dose == "bcg" or dose.startswith("opv")]
    met = record.crude[:, first].any(axis=1) if first else np.zeros(len(record), dtype=bool)
    nothing = ~record.crude.any(axis=1)
    yield of_children("zero_dose", "", "dtp1", missed, due)
    yield of_children("zero_dose_no_vaccine_at_all", "", "dtp1", missed & nothing, due)
    yield of_children("zero_dose_had_bcg_or_opv", "", "dtp1", missed & met, due)
    yield of_children("zero_dose_had_other_vaccines", "", "dtp1", missed & ~met & ~nothing, due)
    if "dtp3" in record.doses:
        third = record.column("dtp3")
        later = record.due[:, third] & due
        yield of_children("under_immunized", "", "dtp3", ~record.crude[:, third], later)
        yield of_children("dropout_children", "", "dtp1 dtp3", ~missed & ~record.crude[:, third], later)
