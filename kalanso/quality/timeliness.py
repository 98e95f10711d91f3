"""Did the reports come in time, where their day is known?"""

from __future__ import annotations

import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "timeliness"


def find(evidence: Evidence) -> ir.Table:
    """Return years in which few reports came in time, and more in time than came at all.

    Reports in time out of those due (WHO data quality review, 1b).
    """
    monthly = evidence.reports
    if monthly is None:
        return nothing()
    smallest = evidence.threshold("completeness.smallest_expected")
    timed = monthly.filter(_.timed_reports >= smallest)
    keys = ["source", "place_code", "form", "year"]
    years = timed.group_by(keys).agg(
        due=timed.timed_reports.sum(),
        on_time=timed.on_time_reports.sum(),
        received=timed.received_reports.sum(),
    )
    years = in_year(years.mutate(rate=_.on_time / _.due, indicator=_.form))
    low, very = evidence.threshold("timeliness.low"), evidence.threshold("timeliness.very_low")
    late = findings(
        evidence, years.filter(_.rate < low), message="quality.timeliness.late", value=_.rate, expected=low,
        severity=grade(attention=_.rate < low, serious=_.rate < very),
        params={"due": _.due, "on_time": _.on_time, "received": _.received},
    )  # fmt: skip
    impossible = findings(
        evidence, years.filter(_.on_time > _.received), message="quality.timeliness.more_than_received",
        value=_.on_time, expected=_.received, severity="attention", params={"due": _.due},
    )  # fmt: skip
    return together(late, impossible)
