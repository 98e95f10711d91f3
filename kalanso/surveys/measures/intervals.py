"""How many intervals between doses of a series were too short, or too long?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from kalanso.surveys.measures.measure import Measure, of_events
from kalanso.surveys.record import Record

TOO_LONG = 56  # days: four weeks after the second dose had been due


def measures(record: Record) -> Iterator[Measure]:
    """Return RI_QUAL_05 (shorter than the schedule asks, after grace) and RI_QUAL_12 (longer than 56 days) by vaccine.

    Intervals between neighbouring doses of one paper, of which both have a date.
    """
    for vaccine, columns in record.rules.series.items():
        gaps, least = [], []
        for one, two in pairwise(columns):
            gaps.append(record.paper_ages[:, two] - record.paper_ages[:, one])
            least.append(np.nan_to_num(record.rules.interval[:, two], nan=0.0))
        if gaps:
            between, asked = np.stack(gaps, axis=1), np.stack(least, axis=1)
            known = (~np.isnan(between)).sum(axis=1)
            yield of_events("interval_too_short", "RI_QUAL_05", vaccine, (between < asked).sum(axis=1), known)
            yield of_events(
                "interval_too_long",
                "RI_QUAL_12",
                f"{vaccine} {TOO_LONG}",
                (between > TOO_LONG).sum(axis=1),
                known,
            )
