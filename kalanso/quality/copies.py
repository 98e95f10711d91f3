"""Which reports repeat the month before, or another place's report?

One number of each visit is compared (doses of one visit repeat each other anyway). A copy is told
where all of at least three numbers are equal and chance hardly explains it: two counts of mean m
are equal by chance with probability about 1 / (2 sqrt(pi m)) (two Poisson counts, large m).
"""

from __future__ import annotations

import math
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence, detail
from kalanso.quality.findings import findings, nothing, together

NAME = "copies"


def find(evidence: Evidence) -> ir.Table:
    """Return reports equal to the place's own of the period before, and to another place's."""
    leads = evidence.leads
    if len(leads) < evidence.threshold("copies.visits"):
        return nothing()
    side = evidence.doses.select("unit", "step", *leads)
    return together(_of_before(evidence, side, leads), _of_another(evidence, side, leads))


def _log_chance(values: list[ir.FloatingValue]) -> ir.FloatingValue:
    """Return the logarithm of the probability that independent counts of this size are equal.

    Numbers that end in 0 or 5 may have been rounded, and then agree ten or five times as often.
    """
    single = []
    for v in values:
        equal = 0.5 * (ibis.greatest(v, 1.0).cast("float64") * math.pi).ln() + math.log(2.0)
        rounded = ibis.cases((v % 10 == 0, math.log(10.0)), (v % 5 == 0, math.log(5.0)), else_=0.0)
        single.append((rounded - equal).fill_null(0.0))
    return reduce(add, single)


def _of_before(evidence: Evidence, side: ir.Table, leads: list[str]) -> ir.Table:
    smallest = evidence.threshold("copies.smallest")
    before = side.select(
        "unit", step=(side.step + 1).cast("int32"), **{f"{c}_before": side[c] for c in leads}
    )
    both = side.join(before, ["unit", "step"])
    large = {c: (both[c] >= smallest) & both[f"{c}_before"].notnull() for c in leads}
    equal = {c: (large[c] & (both[c] == both[f"{c}_before"])).fill_null(False) for c in leads}
    chance = _log_chance([ibis.ifelse(equal[c], both[c], ibis.null("float64")) for c in leads])
    first = ibis.coalesce(*(ibis.ifelse(equal[c], c, ibis.null("string")) for c in leads))
    rows = both.select(
        "unit", "step", indicator=first, chance=chance,
        compared=reduce(add, [large[c].fill_null(False).cast("int64") for c in leads]),
        equal=reduce(add, [equal[c].cast("int64") for c in leads]),
        values=_listed(both, leads),
    ).filter(
        _.equal >= evidence.threshold("copies.visits"), _.equal >= evidence.threshold("copies.share") * _.compared,
        _.chance <= math.log(evidence.threshold("copies.chance")),
    )  # fmt: skip
    return findings(
        evidence, evidence.located(rows), message="quality.copies.before", value=_.equal, expected=0.0,
        severity="attention", params={"n": _.equal, "values": _["values"]},
    )  # fmt: skip


def _listed(rows: ir.Table, leads: list[str]) -> ir.StringValue:
    """Return the numbers as text, which also serves to find equal reports."""
    written = [f" {c} " + rows[c].round().cast("int64").cast("string") for c in leads]
    return reduce(add, [one.fill_null("") for one in written]).strip()


def _of_another(evidence: Evidence, side: ir.Table, leads: list[str]) -> ir.Table:
    smallest = evidence.threshold("copies.smallest")
    given = reduce(add, [(side[c] >= smallest).fill_null(False).cast("int64") for c in leads])
    large = [ibis.ifelse(side[c] >= smallest, side[c], ibis.null("float64")) for c in leads]
    full = side.mutate(given=given, chance=_log_chance(large), values=_listed(side, leads))
    full = full.filter(full.given >= evidence.threshold("copies.visits")).select(
        "unit", "step", "given", "chance", "values"
    )
    placed = full.join(evidence.units, "unit")
    keys = ["source", "period_type", "age_band", "step"]
    crowd = placed.group_by(keys).agg(places=placed.count())
    rare = placed.join(crowd, keys).filter(
        _.chance + _.places.cast("float64").ln() <= math.log(evidence.threshold("copies.chance_between"))
    )
    same = rare.group_by([*keys, "values"]).agg(n=rare.count(), others=rare.place_code.collect().sort())
    rows = rare.join(same.filter(same.n > 1), [*keys, "values"]).mutate(detail=detail())
    return findings(
        evidence, evidence.dated(rows), message="quality.copies.another", indicator=leads[0], value=_.n,
        expected=1.0, severity="attention", params={"n": _.n, "places": _.others, "values": _["values"]},
    )  # fmt: skip
