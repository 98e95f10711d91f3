"""Where do more children seem to be vaccinated than live there, and does it last?

Reads coverage that `kalanso.indicators` computed and coverage that others published. Why coverage
exceeds 100 % (denominator too small, children of elsewhere, doses counted twice) is not decided.
"""

from __future__ import annotations

from functools import reduce

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "coverage"
COLUMNS = ("source", "place_code", "period_type", "period", "period_start", "indicator",
           "detail", "numerator", "denominator", "value")  # fmt: skip


def find(evidence: Evidence) -> ir.Table:
    """Return years with coverage above 100 %, and where it has persisted."""
    tables = [make(evidence) for make in (_computed, _published)]
    given = [table for table in tables if table is not None]
    if not given:
        return nothing()
    rows = _finest(reduce(lambda one, other: one.union(other), given))
    chance = evidence.threshold("coverage.chance")
    excess = (_.numerator - _.denominator) / _.denominator.sqrt()
    # Without numbers of children, chance cannot be judged, and the share alone decides.
    above = (_.value > evidence.threshold("coverage.limit")) & (excess.fill_null(chance + 1.0) > chance)
    judged = evidence.keep(rows.mutate(above=above.cast("int64"), year=_.period_start.year()))
    return together(_years(evidence, judged), _persistent(evidence, judged))


def _computed(evidence: Evidence) -> ir.Table | None:
    if evidence.coverage is None:
        return None
    c = evidence.coverage
    told = c.filter(
        c.unit == "share", c.indicator.endswith("_coverage"), c.value.notnull(), c.denominator > 0,
        ~c.adjusted, ~c.cumulative, c.tree == "health",
    )  # fmt: skip
    return told.mutate(detail=told.denominator_name.fill_null("")).select(COLUMNS)


def _published(evidence: Evidence) -> ir.Table | None:
    if evidence.published is None:
        return None
    p = evidence.published
    told = p.filter(p.coverage.notnull(), p.category.isin(["ADMIN", "OFFICIAL"]))
    latest = told.group_by("source", "place_code", "period", "indicator", "category").agg(
        vintage=told.vintage.max()
    )
    keys = ["source", "place_code", "period", "indicator", "category", "vintage"]
    # A share that the publisher rounded is compared as published, not recomputed.
    return told.semi_join(latest, keys).mutate(
        detail=_.category, numerator=ibis.null("float64"), denominator=ibis.null("float64"), value=_.coverage
    ).select(COLUMNS)  # fmt: skip


def _finest(rows: ir.Table) -> ir.Table:
    """Keep one length of period by source: quarters, else months, else years."""
    order = _.period_type.cases(("quarter", 0), ("month", 1), ("year", 2), else_=9)
    ranked = rows.mutate(rank=order).filter(_["rank"] < 9)
    best = ranked.group_by("source").agg(best=ranked["rank"].min())
    return ranked.join(best, "source").filter(_["rank"] == _.best).select(COLUMNS)


def _years(evidence: Evidence, judged: ir.Table) -> ir.Table:
    keys = ["source", "place_code", "indicator", "detail", "year"]
    years = judged.group_by(keys).agg(
        above=judged.above.sum(), n=judged.count(), value=judged.value.max(),
        kind=judged.period_type.min(),
    )  # fmt: skip
    whole = _.above == _.n
    return findings(
        evidence, in_year(years.filter(_.above > 0)), message="quality.coverage.above", value=_.value,
        expected=1.0, severity=grade(attention=whole, serious=whole & (_.value > evidence.threshold("coverage.serious"))),
        params={"above": _.above, "n": _.n, "kind": _.kind},
    )  # fmt: skip


def _persistent(evidence: Evidence, judged: ir.Table) -> ir.Table:
    """Find k of the last n periods above 100 %."""
    n, share = evidence.threshold("coverage.quarters"), evidence.threshold("coverage.persistent")
    keys = ["source", "place_code", "indicator", "detail", "period_type"]
    newest = ibis.row_number().over(group_by=keys, order_by=ibis.desc("period_start"))
    last = judged.mutate(newest=newest)
    window = last.filter(last.newest < ibis.ifelse(last.period_type == "month", 3 * n, n))
    sums = window.group_by(keys).agg(
        above=window.above.sum(), n=window.count(), usual=window.value.median(),
        period=window.period.max(), period_start=window.period_start.max(), since=window.period.min(),
    )  # fmt: skip
    rows = sums.filter(_.n >= evidence.threshold("coverage.shortest"), _.above >= share * _.n)
    return findings(
        evidence, rows, message="quality.coverage.persistent", value=_.usual, expected=1.0,
        severity=grade(attention=_.above > 0, serious=_.usual >= evidence.threshold("coverage.serious")),
        params={"above": _.above, "n": _.n, "since": _.since},
    )  # fmt: skip
