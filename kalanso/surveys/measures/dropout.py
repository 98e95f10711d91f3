"""Which children began and did not come back?"""

from __future__ import annotations

from collections.abc import Iterator

from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import Record

PAIRS = (
    ("bcg", "mcv1"), ("dtp1", "dtp3"), ("dtp1", "mcv1"), ("opv1", "opv3"), ("pcv1", "pcv3"), ("rota1", "rota3"),
    ("mcv1", "mcv2"),
)  # fmt: skip


def measures(record: Record) -> Iterator[Measure]:
    """Return RI_CONT_01 (unweighted) and RI_CONT_01B (weighted): got the early dose and not the late one, by any proof."""
    for early, late in PAIRS:
        if early in record.doses and late in record.doses:
            one, two = record.column(early), record.column(late)
            began = record.crude[:, one] & record.due[:, one] & record.due[:, two]
            left = ~record.crude[:, two]
            yield of_children("dropout", "RI_CONT_01", f"{early} {late}", left, began, weighted=False)
            yield of_children("dropout_weighted", "RI_CONT_01B", f"{early} {late}", left, began)
