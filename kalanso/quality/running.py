"""In which order do the checks run, and what does each run give?

Findings of one check after the other, so that a reader sees progress and memory stays bounded.
Writing them to a store belongs to `kalanso.pipeline`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import ibis.expr.types as ir

from kalanso.quality import (
    benford,
    birth_doses,
    blanks,
    breaks,
    completeness,
    copies,
    coverage,
    denominators,
    dropout,
    heaping,
    impossible,
    names,
    outliers,
    points,
    same_visit,
    shared_falls,
    silence,
    stock,
    target_growth,
    timeliness,
    totals,
    zeros,
)
from kalanso.quality.evidence import Evidence


class Check(Protocol):
    """A module that asks one question about the data."""

    NAME: str

    def find(self, evidence: Evidence) -> ir.Table:
        """Return findings in QUALITY_FINDINGS columns."""


CHECKS: tuple[Check, ...] = (
    completeness,
    timeliness,
    silence,
    blanks,
    zeros,
    impossible,
    outliers,
    copies,
    heaping,
    breaks,
    shared_falls,
    dropout,
    same_visit,
    birth_doses,
    coverage,
    denominators,
    target_growth,
    totals,
    stock,
    benford,
    names,
    points,
)  # the order is the order in the report


def check_all(
    evidence: Evidence,
    *,
    checks: Sequence[Check] = CHECKS,
    progress: Callable[[str, float], None] = lambda name, share: None,
) -> Iterator[tuple[str, ir.Table]]:
    """Run checks one after the other and yield (name, findings).

    The findings are computed when they are read. `progress` is told the message id of each check's
    name and the share done before it.
    """
    for number, check in enumerate(checks):
        progress(f"quality.{check.NAME}.name", number / len(checks))
        yield check.NAME, check.find(evidence)
    progress("quality.done", 1.0)
