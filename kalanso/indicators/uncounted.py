"""Which reported numbers did not enter an answer, and why?

The companion of `evaluate`: nothing that a source reported disappears without being listed here.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from kalanso.definitions import Pack
from kalanso.indicators.calendars import reported_periods
from kalanso.indicators.counting import banded_sources, carriers, counting_rules, named, selected
from kalanso.indicators.evaluate import needed_codes
from kalanso.indicators.questions import IndicatorQuestion
from kalanso.vocabulary import AgeGroup, PeriodType

UNCOUNTED = ("source", "indicator", "reason", "observations", "value")
REASONS = (
    "place_outside_tree",  # the lineage does not hold the place
    "other_product",  # the product does not carry the antigen
    "period_not_inside",  # a year cannot be cut into months
    "other_age_or_strategy",  # late doses, campaigns and catch-up are series of their own
    "age_unknown",  # the source gives ages elsewhere, so doses without age are left out
    "coarser_period",  # the same source reports finer periods at the same time
)


def uncounted(observations: ir.Table, lineage: ir.Table, pack: Pack, question: IndicatorQuestion) -> ir.Table:
    """Return the observations that count for none of the asked indicators, by reason.

    Columns: source, indicator (as reported), reason, observations (how many), value (their sum). Blank
    and suppressed cells are not listed: they hold no number. Where a parent and the places below it both
    report, the parent's number is compared and not added (caveat `parent_differs`); it is not listed either.
    """
    question.check_against(pack)
    counts, populations = needed_codes(pack, question)
    if question.sources:
        doses = observations.filter(ibis._.source.isin(list(question.sources)))
    else:
        doses = observations
    left = _left_out(doses, lineage, pack, counts, question.period_type, question.ages)
    people = _left_out(observations, lineage, pack, populations, PeriodType.YEAR, ())
    return left.union(people)


def _left_out(
    observations: ir.Table,
    lineage: ir.Table,
    pack: Pack,
    codes: Sequence[str],
    asked: PeriodType,
    ages: Sequence[AgeGroup],
) -> ir.Table:
    filled = observations.filter(ibis._.value.notnull() & ibis._.status.isin(["reported", "zero"]))
    rows = named(filled, pack, codes)
    chosen = selected(filled, pack, codes, asked=asked, ages=ages)
    pairs = ibis.memtable(carriers(pack, codes)).select("indicator", "product_key", "canonical")
    rules = ibis.memtable(counting_rules(pack, codes, ages))
    periods = ibis.memtable(reported_periods(asked)).select("reported", "grain", "period")
    finest = chosen.group_by("source", "counted", "period").agg(finest=ibis._.grain.min())

    steps = [_step(rows.anti_join(lineage, "place_code"), "place_outside_tree")]
    rows = rows.semi_join(lineage, "place_code")
    steps.append(_step(rows.anti_join(pairs, ["indicator", "product_key"]), "other_product"))
    rows = rows.semi_join(pairs, ["indicator", "product_key"])
    steps.append(_step(rows.anti_join(periods, "reported"), "period_not_inside"))
    rows = rows.inner_join(periods, "reported")
    options = pairs.inner_join(rules, "canonical")
    option = ["indicator", "product_key", "age_band", "strategy"]
    steps.append(_step(rows.anti_join(options, option), "other_age_or_strategy"))
    offered = rows.inner_join(options, option).drop("canonical")
    settled = offered.filter(~ibis._.guessed).union(
        offered.filter(ibis._.guessed).anti_join(banded_sources(chosen), ["source", "counted"])
    )
    where = [
        "source",
        "place_code",
        "reported",
        "indicator",
        "product",
        "age_band",
        "strategy",
        "sector",
        "sex",
    ]
    steps.append(_step(_distinct(offered, where).anti_join(settled, where), "age_unknown"))
    fine = settled.inner_join(finest, ["source", "counted", "period"]).filter(ibis._.grain == ibis._.finest)
    steps.append(_step(_distinct(settled, where).anti_join(fine, where), "coarser_period"))
    return steps[0].union(*steps[1:])


def _distinct(rows: ir.Table, where: Sequence[str]) -> ir.Table:
    return rows.select(*where, "value").distinct()


def _step(rows: ir.Table, reason: str) -> ir.Table:
    return (
        rows.group_by("source", "indicator")
        .agg(observations=ibis._.count(), value=ibis._.value.sum())
        .mutate(reason=ibis.literal(reason))
        .select(*UNCOUNTED)
    )
