"""How often did a child leave a visit without a dose that was due?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalanso.surveys.measures.measure import Measure, of_children, of_events
from kalanso.surveys.opportunities import CREDITS, Opportunities, without_missed_opportunities
from kalanso.surveys.record import Record


def measures(record: Record) -> Iterator[Measure]:
    """Return RI_QUAL_08 (visits), RI_QUAL_09 (children) in both modes, and RI_QUAL_07B (coverage without missed visits)."""
    for mode in CREDITS:
        missed = record.missed(mode)
        yield from _visits(record, missed)
        yield from _children(record, missed)
    had = without_missed_opportunities(record.paper_ages, record.rules) | record.valid
    for at, dose in enumerate(record.doses):
        yield of_children("valid_without_missed", "RI_QUAL_07B", dose, had[:, at], record.due[:, at])


def _visits(record: Record, missed: Opportunities) -> Iterator[Measure]:
    name = f"missed_visits_{missed.mode}"
    for at, dose in enumerate(record.doses):
        yield of_events(name, "RI_QUAL_08", dose, missed.missed[:, at], missed.eligible[:, at])
    yield of_events(name, "RI_QUAL_08", "any", missed.any_missed, missed.any_eligible)
    # VCQI's rate: doses missed per visit at which any dose was due; where several are missed at one visit it may exceed 1
    yield of_events(
        f"missed_doses_{missed.mode}",
        "RI_QUAL_08",
        "all",
        missed.missed.sum(axis=1),
        missed.any_eligible,
    )


def _children(record: Record, missed: Opportunities) -> Iterator[Measure]:
    name, vcqi = f"missed_children_{missed.mode}", "RI_QUAL_09"
    some, put_right = missed.missed > 0, missed.corrected
    for at, dose in enumerate(record.doses):
        asked = missed.eligible[:, at] > 0
        yield of_children(name, vcqi, dose, some[:, at], asked, weighted=False)
        yield of_children(f"{name}_uncorrected", vcqi, dose, missed.uncorrected[:, at], asked, weighted=False)
        yield of_children(f"{name}_corrected", vcqi, dose, put_right[:, at], asked, weighted=False)
    asked = missed.any_eligible > 0
    count, right = some.sum(axis=1), put_right.sum(axis=1)
    any_ = count > 0
    parts = {
        "": any_,
        "_uncorrected": any_ & (right == 0),
        "_corrected": any_ & (right == count),
        "_partly_corrected": (right > 0) & (right < count),
    }
    for suffix, found in parts.items():
        yield of_children(name + suffix, vcqi, "any", np.asarray(found), asked, weighted=False)
