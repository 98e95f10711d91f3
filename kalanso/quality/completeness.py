"""Did the reports that were due arrive?

Reports received of those expected, by year and place, single months far below the others, and more
reports than were expected. Whether a report that came was filled in is asked by `blanks`; whether
it came in time by `timeliness`; places that never speak by `silence`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "completeness"


def find(evidence: Evidence) -> ir.Table:
    """Return places whose reports are few, or more than expected (WHO data quality review, 1a)."""
    monthly = evidence.reports
    if monthly is None:
        return nothing()
    smallest = evidence.threshold("completeness.smallest_expected")
    monthly = monthly.filter(_.expected_reports >= smallest).mutate(
        rate=_.received_reports / _.expected_reports
    )
    yearly = _years(monthly, evidence)
    return together(_low(evidence, yearly), _low_months(evidence, monthly, yearly), _over(evidence, yearly))


def _years(monthly: ir.Table, evidence: Evidence) -> ir.Table:
    m = monthly
    poor, over = evidence.threshold("completeness.poor"), evidence.threshold("completeness.over")
    keys = ["source", "place_code", "form", "year"]
    sums = m.group_by(keys).agg(
        expected_reports=m.expected_reports.sum(), received=m.received_reports.sum(), periods=m.count(),
        usual=m.rate.median(), worst=m.rate.min(), best=m.rate.max(),
        below=(m.rate < poor).cast("int64").sum(), above=(m.rate > over).cast("int64").sum(),
    )  # fmt: skip
    return in_year(sums.mutate(rate=_.received / _.expected_reports, indicator=_.form))


def _low(evidence: Evidence, yearly: ir.Table) -> ir.Table:
    low, poor, very = (evidence.threshold(f"completeness.{n}") for n in ("low", "poor", "very_poor"))
    return findings(
        evidence, yearly.filter(_.rate < low),
        message="quality.completeness.low", value=_.rate, expected=low,
        severity=grade(attention=_.rate < poor, serious=_.rate < very),
        params={"received": _.received, "due": _.expected_reports, "below": _.below, "n": _.periods, "worst": _.worst},
    )  # fmt: skip


def _low_months(evidence: Evidence, monthly: ir.Table, yearly: ir.Table) -> ir.Table:
    keys = ["source", "place_code", "form", "year"]
    fair = yearly.filter(_.usual >= evidence.threshold("completeness.poor")).select(*keys, "usual")
    low = monthly.filter(_.rate < evidence.threshold("completeness.month_low")).join(fair, keys)
    return findings(
        evidence, evidence.dated(low), message="quality.completeness.low_month", indicator=_.form,
        value=_.rate, expected=_.usual, severity="attention",
        params={"received": _.received_reports, "due": _.expected_reports},
    )  # fmt: skip


def _over(evidence: Evidence, yearly: ir.Table) -> ir.Table:
    much = evidence.threshold("completeness.over_much")
    return findings(
        evidence, yearly.filter(_.above > 0), message="quality.completeness.over", value=_.best, expected=1.0,
        severity=ibis.cases((_.rate > much, "serious"), (_.best > much, "attention"), else_="note"),
        params={"months": _.above, "n": _.periods, "rate": _.rate, "received": _.received, "due": _.expected_reports},
    )  # fmt: skip
