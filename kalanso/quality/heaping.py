"""Do last digits betray rounding or invention?

Counts that vary by more than a few end in each digit equally often. Chi-square of the last digits against equal
shares (9 degrees of freedom), one number per visit, by place over all its time; told where round
numbers are the reason.
"""

from __future__ import annotations

from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year
from kalanso.quality.spread import NORMAL_MEAN_AD

NAME = "heaping"


def find(evidence: Evidence) -> ir.Table:
    """Return places whose numbers end too often in 0 or 5, or in another digit."""
    rows = last_digits(evidence).filter(
        _.n >= evidence.threshold("heaping.numbers"), _.statistic >= evidence.threshold("heaping.statistic")
    )
    uneven = _.fives < evidence.threshold("heaping.fives")
    return findings(
        evidence, in_year(rows), indicator=evidence.lead, detail=ibis.ifelse(uneven, "digit", "round"),
        message="quality.heaping.digits", value=_.fives, expected=0.2,
        severity=grade(attention=~uneven, serious=_.fives >= evidence.threshold("heaping.fives_serious")),
        params={"n": _.n, "statistic": _.statistic, "tens": _.tens},
    )  # fmt: skip


def last_digits(evidence: Evidence) -> ir.Table:
    """Return n, chi-square, and the shares of multiples of 10 and 5, by source and place."""
    leads = evidence.leads or [c for c in evidence.codes if c not in evidence.stock_codes]
    s = evidence.series
    n = evidence.numbers
    counted = n.filter(n.value >= evidence.threshold("heaping.smallest"), n.value == n.value.floor())
    chosen = s.filter(s.indicator.isin(leads)).select("series", "source", "place_code")
    # Numbers that hardly vary have uneven last digits by themselves: a normal scatter of 5 makes the
    # shares of digits even to within 1.5 % (first harmonic, 2 exp(-2 (pi 5 / 10)^2)).
    wide = evidence.usual.filter(NORMAL_MEAN_AD * _.mean_ad >= evidence.threshold("heaping.scatter"))
    counted = counted.semi_join(wide, ["series", "block"])
    digits = counted.join(chosen, "series").mutate(digit=_.value.cast("int64") % 10)
    sums = digits.group_by("source", "place_code").agg(
        n=digits.count(),
        year=digits.year.max(),
        **{f"ends_{d}": (digits.digit == d).cast("int64").sum() for d in range(10)},
    )
    squares = reduce(add, [sums[f"ends_{d}"].cast("float64") ** 2 for d in range(10)])
    return sums.mutate(
        statistic=10.0 * squares / sums.n - sums.n,
        tens=sums.ends_0 / sums.n,
        fives=(sums.ends_0 + sums.ends_5) / sums.n,
    )
