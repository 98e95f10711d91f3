"""Is a zero a zero, and a blank a blank?

Zeros among numbers that never come near zero, months in which every dose is zero, and blanks that
seem to stand for zeros. DHIS2 stores zeros only where a data element says that they matter, so
the two are easily confused.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, together

NAME = "zeros"


def find(evidence: Evidence) -> ir.Table:
    """Return zeros that are hardly zeros, and blanks that hardly are missing."""
    zeros = evidence.keep(_unlikely_zeros(evidence))
    all_zero = evidence.keep(_all_zero(evidence, zeros))
    single = zeros.filter(_.median >= evidence.threshold("zeros.usual")).anti_join(all_zero, ["unit", "step"])
    return together(
        findings(
            evidence, evidence.located(single.drop("unit")), message="quality.zeros.single", value=0.0,
            expected=_.median, severity="attention", params={"zeros": _.zeros, "n": _.n},
        ),
        findings(
            evidence, evidence.located(all_zero), message="quality.zeros.all", value=0.0, expected=_.usual,
            severity="attention", params={"n": _.indicators},
        ),
        _blank_for_zero(evidence),
    )  # fmt: skip


def _unlikely_zeros(evidence: Evidence) -> ir.Table:
    """Return zeros of series in which zeros are rare, with what is usual there."""
    n = evidence.numbers.filter(evidence.numbers.value == 0)
    often = n.group_by("series", "block").agg(zeros=n.count())
    rare = often.join(evidence.usual, ["series", "block"]).filter(
        _.zeros <= evidence.threshold("zeros.share") * _.n, _.median > 0,
        _.n >= evidence.threshold("outliers.shortest"),
    )  # fmt: skip
    units = evidence.series.filter(_.indicator.notin(evidence.stock_codes)).select("series", "unit")
    rows = n.select("series", "block", "step").join(rare, ["series", "block"]).join(units, "series")
    return rows.select("series", "unit", "step", "zeros", "n", "median")


def _all_zero(evidence: Evidence, zeros: ir.Table) -> ir.Table:
    d = evidence.doses
    codes = [name for name in d.columns if name.endswith("_doses")]
    if not codes:
        return (
            zeros.filter(False)
            .select("unit", "step", usual="median", indicators="n")
            .mutate(indicator=ibis.literal(""))
        )
    positive = sum((d[code].fill_null(0.0) > 0).cast("int64") for code in codes)
    zero = sum((d[code] == 0).fill_null(False).cast("int64") for code in codes)
    first = ibis.coalesce(*(ibis.ifelse(d[code] == 0, code, ibis.null("string")) for code in codes))
    silent = d.select("unit", "step", positive=positive, indicators=zero, indicator=first).filter(
        _.positive == 0, _.indicators >= evidence.threshold("zeros.indicators")
    )
    usual = zeros.group_by("unit", "step").agg(usual=zeros.median.sum())
    rows = silent.join(usual.filter(_.usual >= evidence.threshold("zeros.usual")), ["unit", "step"])
    return rows.select("unit", "step", "usual", "indicators", "indicator")


def _blank_for_zero(evidence: Evidence) -> ir.Table:
    """Find small series that show blanks and no zeros in months whose report came."""
    n = evidence.numbers
    totals = n.group_by("series").agg(
        blanks=(n.count() - n.value.count()), zeros=(n.value == 0).cast("int64").sum(), given=n.value.count(),
        median=n.value.median(),
    )  # fmt: skip
    few = evidence.threshold("zeros.blanks")
    small = totals.filter(
        _.blanks >= few, _.zeros == 0, _.given >= few, _.median <= evidence.threshold("zeros.small")
    ).select("series", "given", "median")
    blank = n.filter(n.value.isnull()).join(small, "series")
    where = evidence.series.filter(_.indicator.notin(evidence.stock_codes)).select(
        "series", "source", "place_code", "period_type"
    )
    told = evidence.spoken.select("source", "place_code", "period_type", "step")
    came = blank.join(where, "series").semi_join(told, ["source", "place_code", "period_type", "step"])
    rows = came.group_by("series", "given", "median").agg(n=came.count(), step=came.step.min())
    return findings(
        evidence, evidence.located(rows.filter(_.n >= few)), message="quality.zeros.blank_for_zero",
        value=_.n, expected=0.0, severity="note", params={"n": _.n, "given": _.given, "median": _.median},
    )  # fmt: skip
