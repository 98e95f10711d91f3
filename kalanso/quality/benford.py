"""Do first digits of many counts together look invented?

Counts of many places that span three orders of magnitude begin with 1 in 30 % of cases and with 9 in 5 %
(F. Benford, 1938, Proc. Am. Philos. Soc. 78:551). Judged on the pooled counts of a region or country, never of
one facility, whose counts span too little, and only ever as a note: it says where to look, not who erred.
Nearness to Benford's law is the mean absolute deviation of the shares (M. Nigrini, 2012, Benford's Law,
chapter 7: above 0.015 they do not conform).
"""

from __future__ import annotations

import math
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, in_year, nothing

NAME = "benford"
SHARES = {digit: math.log10(1 + 1 / digit) for digit in range(1, 10)}


def find(evidence: Evidence) -> ir.Table:
    """Return places above facilities whose pooled counts do not begin as counts do."""
    leads = evidence.leads
    if not leads:
        return nothing()
    rows = first_digits(evidence, leads).filter(
        _.n >= evidence.threshold("benford.numbers"), _.span >= evidence.threshold("benford.orders"),
        _.apart > evidence.threshold("benford.apart"),
    )  # fmt: skip
    return findings(
        evidence, in_year(rows), message="quality.benford.digits", indicator=evidence.lead, value=_.ones,
        expected=SHARES[1], severity="note", params={"n": _.n, "apart": _.apart, "places": _.places},
    )  # fmt: skip


def first_digits(evidence: Evidence, codes: list[str]) -> ir.Table:
    """Return by source and place above facilities: n, span in orders of ten, distance from Benford's law.

    The span reaches from the 1st to the 99th of a hundred parts, so that one wild number widens nothing.
    """
    s = evidence.series.filter(evidence.series.indicator.isin(codes))
    n = evidence.numbers.filter(evidence.numbers.value >= 1)
    chosen = n.select("series", "year", "value").join(s.select("series", "source", "place_code"), "series")
    spread = evidence.upwards(chosen)
    spread = spread.filter(spread.ancestor_code != spread.place_code)
    digit = spread.value.floor().cast("int64").cast("string").left(1).cast("int64")
    rows = spread.mutate(digit=digit)
    sums = rows.group_by("source", place_code=rows.ancestor_code).agg(
        n=rows.count(), year=rows.year.max(), places=rows.place_code.nunique(),
        low=rows.value.quantile(0.01), high=rows.value.quantile(0.99),
        **{f"begins_{d}": (rows.digit == d).cast("int64").sum() for d in SHARES},
    )  # fmt: skip
    away = reduce(add, [(sums[f"begins_{d}"] / sums.n - share).abs() for d, share in SHARES.items()])
    return sums.mutate(
        apart=away / len(SHARES), ones=sums.begins_1 / sums.n,
        span=ibis.greatest(sums.high, 1.0).log10() - ibis.greatest(sums.low, 1.0).log10(),
    )  # fmt: skip
