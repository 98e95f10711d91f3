"""Which numbers cannot be counts: negative, or with a fraction?"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence, detail
from kalanso.quality.findings import findings, together

NAME = "impossible"


def find(evidence: Evidence) -> ir.Table:
    """Return counts below zero, and counts of people or doses that are not whole, by year."""
    o = evidence.observations
    able = o.filter(o.value.notnull(), o.indicator != "population_growth_rate")
    endings = [able.indicator.endswith(end) for end in evidence.threshold("impossible.whole")]
    whole = ibis.or_(*endings) & able.indicator.notin(evidence.population_codes)
    apart = (able.value - able.value.round()).abs() > evidence.threshold("impossible.tolerance")
    negative, broken = able.filter(able.value < 0), able.filter(whole & apart)
    return together(
        _told(evidence, negative, "negative", "serious"), _told(evidence, broken, "fraction", "note")
    )


def _told(evidence: Evidence, rows: ir.Table, case: str, severity: str) -> ir.Table:
    keys = ["source", "place_code", "indicator", "product", "age_band", "period_type"]
    stock = rows.indicator.isin(evidence.stock_codes)
    dated = rows.mutate(year=rows.period_start.year(), product=ibis.ifelse(stock, rows["product"], ""))
    sums = dated.group_by([*keys, "year"]).agg(
        n=dated.count(),
        value=dated.value.min(),
        period=dated.period.min(),
        period_start=dated.period_start.min(),
    )
    return findings(
        evidence, sums, message=f"quality.impossible.{case}", value=_.value, expected=None, detail=detail(),
        severity=severity, params={"n": _.n},
    )  # fmt: skip
