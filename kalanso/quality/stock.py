"""Do stocks of vaccine add up, and do they explain the doses given?

By product and month: opening + received - used - wasted - issued = closing; the opening of a month
is the closing of the month before; no more is used than there was; no more children are vaccinated
than doses were used. Told once a year. Stock-outs and wastage belong to `kalanso.supply`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "stock"


def find(evidence: Evidence) -> ir.Table:
    """Return years in which the stock of a product breaks one of four rules."""
    codes = [c for c in evidence.stock_codes if c in evidence.codes]
    if not codes:
        return nothing()
    wide = evidence.beside(codes)
    absent = {c: ibis.null("float64") for c in evidence.stock_codes if c not in codes}
    stock = evidence.keep(wide.mutate(**absent).join(evidence.units, "unit"))
    rules = {
        "balance": (_balance(stock), "stock_closing_doses"), "carried": (_carried(stock), "stock_opening_doses"),
        "overdrawn": (_overdrawn(stock), "doses_used"), "given": (_given(evidence, stock), "doses_used"),
    }  # fmt: skip
    judged = [
        rows.mutate(rule=ibis.literal(rule), indicator=ibis.literal(code))
        for rule, (rows, code) in rules.items()
        if rows is not None
    ]
    return _told(evidence, evidence.keep(together(*judged)))


def _balance(stock: ir.Table) -> ir.Table:
    out = stock.doses_used + stock.doses_wasted.fill_null(0.0) + stock.doses_issued.fill_null(0.0)
    had = stock.stock_opening_doses + stock.doses_received.fill_null(0.0)
    return _judged(stock, found=stock.stock_closing_doses, expected=had - out, size=had)


def _carried(stock: ir.Table) -> ir.Table:
    before = stock.select("unit", step=(stock.step + 1).cast("int32"), closed="stock_closing_doses")
    both = stock.join(before, ["unit", "step"])
    return _judged(both, found=both.stock_opening_doses, expected=both.closed, size=both.closed)


def _overdrawn(stock: ir.Table) -> ir.Table:
    had = stock.stock_opening_doses + stock.doses_received.fill_null(0.0)
    return _judged(stock, found=stock.doses_used, expected=ibis.least(stock.doses_used, had), size=had)


def _given(evidence: Evidence, stock: ir.Table) -> ir.Table | None:
    by_product: Mapping[str, list[str]] = evidence.threshold("stock.doses_by_product")
    present = {p: [c for c in codes if c in evidence.codes] for p, codes in by_product.items()}
    # A product whose doses are only partly counted explains nothing.
    whole = {p: codes for p, codes in present.items() if len(codes) == len(by_product[p])}
    if not whole:
        return None
    every = sorted({code for codes in whole.values() for code in codes})
    wide = evidence.beside(every).join(evidence.units, "unit")
    doses = wide.group_by("place_code", "period_type", "step").agg(**{c: wide[c].sum() for c in every})
    both = stock.join(doses, ["place_code", "period_type", "step"])
    sums: list[tuple[Any, Any]] = [
        (p, sum((both[c] for c in codes[1:]), both[codes[0]])) for p, codes in whole.items()
    ]
    given = both["product"].cases(*sums, else_=ibis.null("float64"))
    return _judged(both, found=given, expected=ibis.least(given, both.doses_used), size=both.doses_used)


def _judged(
    rows: ir.Table, *, found: ir.FloatingValue, expected: ir.FloatingValue, size: ir.FloatingValue
) -> ir.Table:
    told = rows.select(
        "source", "place_code", "product", "period_type", "step", "year",
        found=found, wanted=expected, size=size.abs(),
    )  # fmt: skip
    return told.filter(told.found.notnull() & told.wanted.notnull())


def _told(evidence: Evidence, rows: ir.Table) -> ir.Table:
    smallest, tolerance = evidence.threshold("stock.smallest"), evidence.threshold("stock.tolerance")
    gap = (rows.found - rows.wanted).abs()
    judged = rows.mutate(gap=gap, broken=(gap > ibis.greatest(smallest, tolerance * rows.size)).cast("int64"))
    keys = ["source", "place_code", "product", "rule", "indicator", "year"]
    order = [ibis.desc("gap"), ibis.asc("step")]
    ranked = judged.mutate(nth=ibis.row_number().over(group_by=keys, order_by=order))
    worst = ranked.filter(ranked.nth == 0).select(*keys, "found", "wanted", worst="gap")
    years = judged.group_by(keys).agg(broken=judged.broken.sum(), n=judged.count())
    # What most places show in the same year says more about the form than about each of them.
    alike = years.group_by("source", "product", "rule", "year").agg(
        share=(years.broken > 0).cast("float64").mean(), places=years.count()
    )
    told = years.filter(years.broken > 0).join(worst, keys).join(alike, ["source", "product", "rule", "year"])
    much = evidence.threshold("stock.serious")
    alone = (_.share < evidence.threshold("stock.shared")) | (_.places < 5)
    return findings(
        evidence, in_year(told), message="quality.stock", case=_.rule, detail=_["product"],
        value=_.found, expected=_.wanted,
        severity=grade(attention=alone & (_.broken >= 0.25 * _.n), serious=alone & (_.broken >= much * _.n)),
        params={"broken": _.broken, "n": _.n, "worst": _.worst, "share": _.share, "product": _["product"]},
    )  # fmt: skip
