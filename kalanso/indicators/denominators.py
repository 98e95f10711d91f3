"""Out of how many children? Which population, from whom, and how did it come to this period?

Annual populations are added up the tree, converted (births to surviving infants, a rate of all
people), grown from a base year where that is asked, and cut to periods. Every target carries a name
that says all of this, so that two targets never share a label.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kalanso.definitions import Pack
from kalanso.indicators.aggregation import Span
from kalanso.indicators.calendars import FIRST_YEAR, LAST_YEAR, target_shares
from kalanso.indicators.counting import is_total, selected
from kalanso.indicators.questions import DenominatorChoice
from kalanso.indicators.small_tables import small_table
from kalanso.vocabulary import Level, PeriodType

_FORM = re.compile(
    r"(?P<population>[^@:;<]*)(<(?P<derived_from>[^@:;]+))?(@(?P<source>[^:;]+))?(:(?P<rule>[^;]+))?"
    r"(;base=(?P<base_year>\d{4}))?(;growth=(?P<growth>[-.\deE]+))?(;k=(?P<k>[.\deE-]+))?"
)


@dataclass(frozen=True, kw_only=True)
class DenominatorName:
    """What a value of `denominator_name` says.

    `population` was taken from `source`, where `derived_from` is set converted from that other
    population, where `base_year` is set grown from that year by `growth` a year, and cut to the period
    by `rule` (`annual/12`, `annual/4`, `days`, `cumulative`, `rolling4` ...). `k` is that of the
    adjustment for missing reports of the numerator.
    """

    population: str = ""
    derived_from: str | None = None
    source: str | None = None
    rule: str | None = None
    base_year: int | None = None
    growth: float | None = None
    k: float | None = None

    @classmethod
    def parse(cls, name: str) -> DenominatorName:
        """Return the parts of a name."""
        found = _FORM.fullmatch(name)
        if found is None:
            raise ValueError(f"expected a denominator such as surviving_infants@dhis2:annual/4, got {name!r}")
        return cls(
            population=found["population"],
            derived_from=found["derived_from"],
            source=found["source"],
            rule=found["rule"],
            base_year=int(found["base_year"]) if found["base_year"] else None,
            growth=float(found["growth"]) if found["growth"] else None,
            k=float(found["k"]) if found["k"] else None,
        )


def rule_name(span: Span, rule: str) -> str:
    """Return the word that says how a year was cut to a period."""
    days = "-days" if rule == "days" else ""
    if span.cumulative:
        return f"cumulative{days}"
    if span.rolling:
        return f"rolling4{days}"
    if span.period_type is PeriodType.WEEK:
        return "days"
    parts = {PeriodType.MONTH: 12, PeriodType.QUARTER: 4, PeriodType.HALF: 2, PeriodType.HALF_APRIL: 2}
    if span.period_type not in parts:
        return f"annual{days}"
    return "days" if days else f"annual/{parts[span.period_type]}"


def targets(
    observations: ir.Table,
    lineage: ir.Table,
    pack: Pack,
    populations: Sequence[str],
    span: Span,
    choice: DenominatorChoice,
) -> ir.Table:
    """Return the target of each population for each place and asked period.

    Columns: population, target_source, place_code, level, period, target, target_name,
    target_incomplete and target_differs (0 or 1: some places below have no population; the stated population
    is not the sum of those below).
    """
    annual = _annual(observations, lineage, pack, populations, choice)
    suffix = ""
    if choice.base_year is not None:
        growth = pack.threshold("denominators.annual_growth") if choice.growth is None else choice.growth
        annual = _grown(annual, choice.base_year, growth)
        suffix = f";base={choice.base_year};growth={growth:g}"
    shares = target_shares(
        span.period_type, cumulative=span.cumulative, rolling=span.rolling, rule=choice.rule
    )
    due = annual.inner_join(ibis.memtable(shares), "year")
    cut = due.group_by("population", "target_source", "label", "place_code", "level", "period", "years").agg(
        target=(ibis._.people * ibis._.share).sum(),
        years_known=ibis._.year.nunique(),
        target_incomplete=ibis._.target_incomplete.max(),
        target_differs=ibis._.target_differs.max(),
    )
    ending = f":{rule_name(span, choice.rule)}{suffix}"
    return cut.filter(ibis._.years_known == ibis._.years).select(
        "population", "target_source", "place_code", "level", "period", "target", "target_incomplete", "target_differs",
        target_name=ibis._.label + "@" + ibis._.target_source + ending,
    )  # fmt: skip


def _annual(
    observations: ir.Table,
    lineage: ir.Table,
    pack: Pack,
    populations: Sequence[str],
    choice: DenominatorChoice,
) -> ir.Table:
    """Return people by year: population, target_source, label, place_code, level, year, people."""
    if choice.source is not None:
        observations = observations.filter(ibis._.source == choice.source)
    ways = _ways(pack, populations)
    codes = sorted(set(ways.column("counted").to_pylist()))
    rows = selected(observations, pack, codes, asked=PeriodType.YEAR)
    found = _stated_or_summed(rows, lineage, pack.threshold("aggregation.parent_tolerance")).inner_join(
        ibis.memtable(ways), "counted"
    )
    where = ["population", "source", "place_code", "period"]
    best = found.group_by(*where).agg(rank=ibis._["rank"].min())
    return found.semi_join(best, [*where, "rank"]).select(
        "population", "label", "place_code", "level", "target_incomplete", "target_differs",
        target_source="source", year="period", people=ibis._.value * ibis._.factor,
    )  # fmt: skip


def _stated_or_summed(rows: ir.Table, lineage: ir.Table, tolerance: float) -> ir.Table:
    """Return each place's population: the one stated for itself, otherwise the sum of those below.

    Targets are set for each level, and a list of villages is seldom complete, so a stated population is
    not replaced by a sum as doses are; where the two differ, the row says so. Only totals count: people
    by sex or sector are not added up unasked.
    """
    where = ["source", "counted", "period", "place_code"]
    lineage = lineage.select("place_code", "ancestor_code", "ancestor_level").distinct()
    stated = rows.filter(is_total() & ibis._.value.notnull()).select(*where, "value")
    above = stated.inner_join(lineage, "place_code")
    higher = above.filter(ibis._.place_code != ibis._.ancestor_code)
    parents = higher.select(*where[:3], place_code="ancestor_code").distinct()
    lowest = above.anti_join(parents, where)
    summed = lowest.group_by(*where[:3], "ancestor_code", "ancestor_level").agg(below=ibis._.value.sum())
    summed = summed.rename(place_code="ancestor_code", level="ancestor_level")
    own = stated.rename(own="value")
    joined = summed.left_join(own, where).select(*summed.columns, "own")
    joined = joined.left_join(_gaps(summed, lineage), where).select(*joined.columns, "gap")
    apart = (ibis._.own - ibis._.below).abs() > tolerance * ibis._.own.abs()
    return joined.mutate(
        value=ibis.coalesce(ibis._.own, ibis._.below),
        target_incomplete=ibis.ifelse(ibis._.own.isnull(), ibis._.gap.fill_null(0), 0),
        target_differs=apart.fill_null(False).cast("int64"),
    )


def _gaps(summed: ir.Table, lineage: ir.Table) -> ir.Table:
    """Return the places below which, on some level, a part of the places has no population.

    Facilities are left out: a hospital has no population of its own.
    """
    levels = lineage.filter(ibis._.place_code == ibis._.ancestor_code)
    levels = levels.filter(ibis._.ancestor_level != Level.FACILITY.value)
    levels = levels.select("place_code", level_below="ancestor_level")
    below = lineage.filter(ibis._.place_code != ibis._.ancestor_code).inner_join(levels, "place_code")
    below = below.select("place_code", "ancestor_code", "level_below")
    there = below.group_by("ancestor_code", "level_below").agg(there=ibis._.count())
    known = summed.select("source", "counted", "period", "place_code").inner_join(below, "place_code")
    known = known.group_by("source", "counted", "period", "ancestor_code", "level_below").agg(
        known=ibis._.count()
    )
    gaps = known.inner_join(there, ["ancestor_code", "level_below"]).filter(ibis._.known < ibis._.there)
    return gaps.select("source", "counted", "period", place_code="ancestor_code").distinct().mutate(gap=1)


def _ways(pack: Pack, populations: Sequence[str]) -> pa.Table:
    """Return from what each population may be had, best first: itself, then the conversions of the pack."""
    rows = []
    for code in populations:
        rows.append((code, code, code, 0, 1.0))
        for rank, conversion in enumerate(pack.indicators[code].conversions, start=1):
            factor = 1.0
            for path in conversion.times:
                rate = pack.threshold(path.removeprefix("1/"))
                factor *= 1 / rate if path.startswith("1/") else rate
            rows.append((code, conversion.source, f"{code}<{conversion.source}", rank, factor))
    return small_table(
        rows, population=pa.string(), counted=pa.string(), label=pa.string(), rank=pa.int64(), factor=pa.float64()
    )  # fmt: skip


def _grown(annual: ir.Table, base_year: int, growth: float) -> ir.Table:
    """Return the people of the base year, grown to every year: P (1 + r)^(year - base)."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    table = {
        "year": [str(year) for year in years],
        "factor": [(1 + growth) ** (y - base_year) for y in years],
    }
    base = annual.filter(ibis._.year == str(base_year)).drop("year")
    grown = base.cross_join(ibis.memtable(pa.table(table)))
    return grown.mutate(people=ibis._.people * ibis._.factor).drop("factor")
