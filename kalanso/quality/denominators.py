"""Do the populations behind the shares hold together?

Jumps from one year to the next, parts against the whole, sources against each other, growth against
the growth stated, and ages against each other. Which population is right is not decided.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "denominators"
GROWTH = "population_growth_rate"
_KEYS = ("source", "place_code", "indicator", "year")


def find(evidence: Evidence) -> ir.Table:
    """Return doubtful populations, by place and year."""
    known = set(evidence.profile[evidence.profile.numbers > 0].indicator)
    if not known & set(evidence.population_codes):
        return nothing()
    people = evidence.keep(populations(evidence))
    counts = people.filter(people.indicator != GROWTH)
    return together(
        *_jumps(evidence, counts), _sums(evidence, counts), _sources(evidence, counts),
        _growth(evidence, people), _percent(evidence, people), _ordered(evidence, counts), _share(evidence, counts),
    )  # fmt: skip


def populations(evidence: Evidence) -> ir.Table:
    """Return yearly populations by source, place and indicator, undivided by sex or sector."""
    o = evidence.observations
    own = o.filter(
        o.indicator.isin(evidence.population_codes), o.value.notnull(), o.period_type == "year",
        o.strategy == "all", o.sector == "all", o.sex == "all",
    )  # fmt: skip
    return own.group_by("source", "place_code", "indicator", year=own.period_start.year().cast("int64")).agg(
        value=own.value.max()
    )


def _jumps(evidence: Evidence, counts: ir.Table) -> list[ir.Table]:
    jump, serious = evidence.threshold("denominators.jump"), evidence.threshold("denominators.jump_serious")
    before = counts.select("source", "place_code", "indicator", year=counts.year + 1, before=counts.value)
    grown = counts.join(before.filter(before.before > 0), list(_KEYS)).mutate(growth=_.value / _.before - 1)
    tops = _tops(evidence)
    grown = evidence.keep(
        grown.join(tops, "place_code").mutate(jumped=((_.value / _.before - 1).abs() > jump).cast("int64"))
    )
    keys = ["source", "top_code", "indicator", "year"]
    alike = grown.group_by(keys).agg(places=grown.count(), share=grown.jumped.mean(), usual=grown.growth.median(),
                                     before=grown.before.sum(), value=grown.value.sum())  # fmt: skip
    many = alike.filter(_.places >= 5, _.share >= evidence.threshold("denominators.shared"))
    single = grown.filter(_.jumped == 1).anti_join(many, keys)
    return [
        findings(
            evidence, in_year(single), message="quality.denominators.jump", value=_.value, expected=_.before,
            severity=grade(attention=_.growth.abs() > jump, serious=_.growth.abs() > serious),
            params={"growth": _.growth},
        ),
        findings(
            evidence, in_year(many.rename(place_code="top_code")), message="quality.denominators.rebased",
            value=_.value, expected=_.before, severity="attention",
            params={"growth": _.usual, "n": _.places, "share": _.share},
        ),
    ]  # fmt: skip


def _tops(evidence: Evidence) -> ir.Table:
    a = evidence.ancestry
    level = a.ancestor_level.cases(("country", 0), ("region", 1), ("district", 2), ("cercle", 2), else_=3)
    ranked = a.mutate(rung=level).mutate(
        nth=ibis.row_number().over(group_by="place_code", order_by=["rung", "ancestor_code"])
    )
    return ranked.filter(ranked.nth == 0).select("place_code", top_code="ancestor_code")


def _sums(evidence: Evidence, counts: ir.Table) -> ir.Table:
    """Compare a place with the sum of those below it of one level, where all of them are there."""
    levels = evidence.places.select("place_code", "level")
    below = evidence.ancestry.filter(_.ancestor_code != _.place_code).select("place_code", "ancestor_code")
    parts = counts.join(below, "place_code").join(levels, "place_code")
    keys = ["source", "indicator", "ancestor_code", "level"]
    ever = parts.group_by(keys).agg(ever=parts.place_code.nunique())
    sums = parts.group_by([*keys, "year"]).agg(parts=parts.value.sum(), n=parts.count())
    whole = sums.join(ever, keys).filter(_.n == _.ever, _.n > 1).rename(place_code="ancestor_code")
    joined = counts.filter(_.value > 0).join(whole, ["source", "indicator", "place_code", "year"])
    rows = joined.mutate(ratio=_.parts / _.value).filter(
        (_.ratio - 1).abs() > evidence.threshold("denominators.sums")
    )
    return findings(
        evidence, in_year(rows), message="quality.denominators.sums", detail=_.level, value=_.parts,
        expected=_.value, severity="attention", params={"n": _.n, "difference": _.ratio - 1, "level": _.level},
    )  # fmt: skip


def _sources(evidence: Evidence, counts: ir.Table) -> ir.Table:
    other = counts.select("place_code", "indicator", "year", other_source="source", other="value")
    pairs = counts.join(other.filter(other.other > 0), ["place_code", "indicator", "year"])
    rows = pairs.filter(
        pairs.source < pairs.other_source,
        (pairs.value / pairs.other - 1).abs() > evidence.threshold("denominators.sources"),
    )
    return findings(
        evidence, in_year(rows), message="quality.denominators.sources", detail=_.other_source, value=_.value,
        expected=_.other, severity="attention",
        params={"source": _.source, "other": _.other_source, "difference": _.value / _.other - 1},
    )  # fmt: skip


def _growth(evidence: Evidence, people: ir.Table) -> ir.Table:
    """Compare the growth stated with that of the total population."""
    total = people.filter(people.indicator == "population_total")
    before = total.select("source", "place_code", year=total.year + 1, before=total.value)
    grown = total.join(before.filter(before.before > 0), ["source", "place_code", "year"])
    rate = people.filter(people.indicator == GROWTH).select("source", "place_code", "year", stated="value")
    both = grown.join(rate, ["source", "place_code", "year"]).mutate(
        growth=_.value / _.before - 1, stated=ibis.ifelse(_.stated.abs() > 0.5, _.stated / 100, _.stated)
    )
    rows = both.filter((_.growth - _.stated).abs() > evidence.threshold("denominators.growth"))
    return findings(
        evidence, in_year(rows), message="quality.denominators.growth", value=_.growth, expected=_.stated,
        severity="attention", params={"growth": _.growth, "stated": _.stated},
    )  # fmt: skip


def _percent(evidence: Evidence, people: ir.Table) -> ir.Table:
    rate = people.filter(people.indicator == GROWTH, people.value.abs() > 0.5)
    rows = rate.group_by("source", "place_code", "indicator").agg(
        value=rate.value.max(), year=rate.year.min(), n=rate.count()
    )
    return findings(
        evidence, in_year(rows), message="quality.denominators.percent", value=_.value, expected=_.value / 100,
        severity="note", params={"n": _.n},
    )  # fmt: skip


def _ordered(evidence: Evidence, counts: ir.Table) -> ir.Table:
    found = []
    for smaller, larger in evidence.threshold("denominators.ordered"):
        less = counts.filter(counts.indicator == smaller)
        more = counts.filter(counts.indicator == larger).select(
            "source", "place_code", "year", larger_value="value"
        )
        rows = less.join(more, ["source", "place_code", "year"]).filter(_.value > _.larger_value)
        found.append(
            findings(
                evidence, in_year(rows), message="quality.denominators.order", detail=larger, value=_.value,
                expected=_.larger_value, severity="serious", params={"larger": larger},
            )
        )  # fmt: skip
    return together(*found)


def _share(evidence: Evidence, counts: ir.Table) -> ir.Table:
    low, high = evidence.threshold("denominators.under_1")
    total = counts.filter(counts.indicator == "population_total").select(
        "source", "place_code", "year", total="value"
    )
    infants = counts.filter(counts.indicator == "population_under_1").join(
        total.filter(total.total > 0), ["source", "place_code", "year"]
    )
    rows = infants.mutate(share=_.value / _.total).filter((_.share < low) | (_.share > high))
    middle = (low + high) / 2
    return findings(
        evidence, in_year(rows), message="quality.denominators.share", value=_.value, expected=_.total * middle,
        severity="attention", params={"share": _.share, "low": float(low), "high": float(high)},
    )  # fmt: skip
