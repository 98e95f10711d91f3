"""Do the numbers of places below add up to the number that was reported for the whole?

A total that a district, a region or the country reports itself, or that was published for it as
administrative data, beside the sum of the places below, over the months that both have. Which of both is right
is not decided: reports that were not entered, places counted twice, or a total from another edition.
"""

from __future__ import annotations

import ibis.expr.types as ir
from ibis import _

from kalanso.quality.dropout import AGES
from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "totals"


def find(evidence: Evidence) -> ir.Table:
    """Return years in which a total and the sum of its parts differ."""
    codes = [c for c in evidence.codes if c.endswith(("_doses", "_visits")) and c not in evidence.stock_codes]
    if not codes:
        return nothing()
    own = _yearly_numbers(evidence, codes)
    parts = evidence.keep(_sums_below(evidence, own))
    compared = [_reported(evidence, own, parts)]
    if evidence.published is not None:
        compared.append(_published(evidence, own, parts))
    return _told(evidence, together(*compared))


def _yearly_numbers(evidence: Evidence, codes: list[str]) -> ir.Table:
    s = evidence.series.filter(
        evidence.series.indicator.isin(codes), evidence.series.period_type == "month",
        evidence.series.age_band.isin(AGES),
    )  # fmt: skip
    n = evidence.numbers.filter(evidence.numbers.value.notnull())
    return evidence.keep(
        n.select("series", "step", "year", "value").join(s, "series").select(
            "source", "place_code", "indicator", "step", "value", year=_.year.cast("int64")
        )
    )  # fmt: skip


def _sums_below(evidence: Evidence, own: ir.Table) -> ir.Table:
    """Add the numbers of places of one level up to each place above them."""
    levels = evidence.places.select("place_code", "level")
    above = evidence.ancestry.filter(
        _.ancestor_code != _.place_code, _.ancestor_level.isin(list(evidence.threshold("levels")))
    ).select("place_code", "ancestor_code")
    rows = own.join(above, "place_code").join(levels, "place_code")
    keys = ["indicator", "step", "year", "level"]
    sums = rows.group_by(*keys, part_source="source", place_code=rows.ancestor_code).agg(
        parts=rows.value.sum(), places=rows.place_code.nunique()
    )
    return sums.semi_join(_wide(evidence, rows), ["part_source", "place_code", "indicator", "level"])


def _wide(evidence: Evidence, rows: ir.Table) -> ir.Table:
    """Return the sources that tell of enough of the places below a place: a list of a few of them is no part of its total."""
    keys = ["indicator", "level"]
    known = rows.group_by(*keys, place_code=rows.ancestor_code).agg(known=rows.place_code.nunique())
    told = rows.group_by(*keys, part_source="source", place_code=rows.ancestor_code).agg(
        told=rows.place_code.nunique()
    )
    both = told.join(known, [*keys, "place_code"])
    return both.filter(both.told >= evidence.threshold("totals.smallest_share") * both.known)


def _reported(evidence: Evidence, own: ir.Table, parts: ir.Table) -> ir.Table:
    both = own.join(parts, ["place_code", "indicator", "step", "year"])
    return both.group_by("source", "place_code", "indicator", "year", "part_source", "level").agg(
        whole=both.value.sum(), parts=both.parts.sum(), n=both.count(), places=both.places.max()
    )


def _published(evidence: Evidence, own: ir.Table, parts: ir.Table) -> ir.Table:
    """Compare doses published for a year with the sums of twelve months."""
    p = evidence.published
    assert p is not None
    doses = p.filter(p.category == "ADMIN", p.doses > 0, p.period_type == "year")
    newest = doses.group_by("source", "place_code", "period", "indicator").agg(vintage=doses.vintage.max())
    doses = doses.semi_join(newest, ["source", "place_code", "period", "indicator", "vintage"])
    whole = doses.select(
        "source", "place_code", indicator=doses.indicator.re_replace("_coverage$", "_doses"),
        year=doses.period_start.year().cast("int64"), whole=doses.doses,
    )  # fmt: skip
    years = parts.group_by("place_code", "indicator", "year", "part_source", "level").agg(
        parts=parts.parts.sum(), n=parts.count(), places=parts.places.max()
    )
    both = evidence.keep(whole).join(years.filter(_.n == 12), ["place_code", "indicator", "year"])
    columns = [
        "source",
        "place_code",
        "indicator",
        "year",
        "part_source",
        "level",
        "whole",
        "parts",
        "n",
        "places",
    ]
    return both.select(columns)


def _told(evidence: Evidence, rows: ir.Table) -> ir.Table:
    smallest = evidence.threshold("totals.smallest")
    apart = rows.filter(rows.whole >= smallest).mutate(apart=rows.parts / rows.whole - 1)
    limit, serious = evidence.threshold("totals.limit"), evidence.threshold("totals.limit_serious")
    far = apart.filter(_.apart.abs() > limit)
    return findings(
        evidence, in_year(far), message="quality.totals.differ", detail=_.part_source + " " + _.level, value=_.parts,
        expected=_.whole, severity=grade(attention=_.apart.abs() > limit, serious=_.apart.abs() > serious),
        params={"difference": _.apart, "n": _.n, "places": _.places, "level": _.level, "source": _.part_source},
    )  # fmt: skip
