"""How long after its due day did a dose come?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import Record

# From the due day, in days: lower end included, upper end not. Titles are given where people read.
BANDS = (
    ("early", -np.inf, 0),
    ("timely", 0, 28),
    ("late_under_2_months", 28, 56),
    ("late_2_months_or_more", 56, np.inf),
)


def measures(record: Record) -> Iterator[Measure]:
    """Return the bands of RI_VCTC_01 for each dose, of all who are due: together with `unknown` they add up to crude coverage."""
    for at, dose in enumerate(record.doses):
        due, crude = record.due[:, at], record.crude[:, at]
        delay = record.paper_ages[:, at] - record.rules.due[:, at]
        for band, low, high in BANDS:
            yield of_children(
                f"timing_{band}", "RI_VCTC_01", dose, crude & (delay >= low) & (delay < high), due
            )
        yield of_children("timing_unknown", "RI_VCTC_01", dose, crude & np.isnan(delay), due)
