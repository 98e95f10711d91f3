"""What fell when many places fell together: the service, the reporting, or one product?

Weighs five pieces of evidence about each shared fall and names a kind:

* `reporting`: fewer reports came, and that explains at least half of the fall;
* `product`: a stock-out, a new product or a new form is dated there, or only this number fell (while
  doses of the same visit held, or nearly everything else), or stock-outs are frequent while other
  services held;
* `service`: reports came, and other visits and services fell too, or a strike, conflict, closure
  or epidemic is dated there;
* `unclear`: none of these, or several that contradict each other.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.reports import tracers

AT = ("source", "place_code", "period_type", "step")


def with_causes(evidence: Evidence, falls: ir.Table, ratios: ir.Table) -> ir.Table:
    """Return the falls with the evidence for each cause, and the `kind` that it supports."""
    rows = _with_reports(evidence, falls, ratios)
    rows = _with_others(evidence, rows, ratios)
    rows = _with_stockouts(evidence, rows)
    rows = _with_events(evidence, rows)
    return rows.mutate(kind=_kind(evidence))


def _kind(evidence: Evidence) -> ir.Deferred:
    much = evidence.threshold("shared_falls.explained")
    by_reports = (_.reports < 1) & (
        ibis.greatest(_.reports, 0.001).ln() <= much * ibis.greatest(_.relative, 0.001).ln()
    )
    others = (_.others >= 1) & (2 * _.others_fell >= _.others)
    held = (_.others >= 1) & (2 * _.others_held >= _.others)
    # Only this number fell: beside doses of the same visit, or beside nearly everything else.
    alone = _.indicator.endswith("_doses") & (
        ((_.same_visit >= 1) & (_.same_visit_fell == 0)) | ((_.others >= 3) & (4 * _.others_fell <= _.others))
    )
    # An event at one facility does not explain what half of a region shows.
    most = evidence.threshold("shared_falls.stockouts")
    dated_service, dated_product = _.service_events >= most, _.product_events >= most
    stockouts = _.stockouts.fill_null(0.0) >= most
    return ibis.cases(
        (by_reports & dated_service, "unclear"),
        (by_reports, "reporting"),
        (dated_product & dated_service, "unclear"),
        (dated_product, "product"),
        (dated_service, "service"),
        (alone | (stockouts & ~others), "product"),
        (others & ~alone, "service"),
        (held & stockouts, "product"),
        else_="unclear",
    )


def _with_reports(evidence: Evidence, falls: ir.Table, ratios: ir.Table) -> ir.Table:
    """Add `reports`: the rate of reports relative to its own median (1 = as usual)."""
    told = ratios.mutate(rate=_.reported / _.active)
    usual = told.group_by("source", "place_code", "period_type", "indicator").agg(
        usual_rate=told.rate.median()
    )
    keys = ["source", "place_code", "period_type", "indicator"]
    own = falls.join(usual, keys).mutate(own_rate=(_.reported / _.active) / _.usual_rate)
    counted = evidence.reports
    if counted is None:
        return own.mutate(reports=ibis.least(own.own_rate, 1.0)).drop("usual_rate", "own_rate")
    forms = _forms(evidence, counted)
    joined = own.join(forms, [*AT, "indicator"], how="left")
    joined = joined.drop(*(c for c in joined.columns if c.endswith("_right")))
    # Where reports are counted in the form, silent places show there too; the lower of both counts.
    rate = ibis.least(joined.own_rate, joined.form_rate.fill_null(1.0), 1.0)
    return joined.mutate(reports=rate).drop("usual_rate", "own_rate", "form_rate")


def _forms(evidence: Evidence, counted: ir.Table) -> ir.Table:
    """Return the relative rate of reports of the form that carries each indicator."""
    chosen = tracers(evidence)
    pairs = [
        (source, code, code if (source, code) in chosen else next(form for s, form in chosen if s == source))
        for source, code in evidence.profile[["source", "indicator"]]
        .drop_duplicates()
        .itertuples(index=False)
        if any(s == source for s, _form in chosen)
    ]
    carried = evidence.engine_rows(
        pa.table(
            {
                "source": [p[0] for p in pairs],
                "indicator": [p[1] for p in pairs],
                "form": [p[2] for p in pairs],
            }
        )
    )
    rated = counted.filter(_.expected_reports > 0).mutate(rate=_.received_reports / _.expected_reports)
    usual = rated.group_by("source", "place_code", "period_type", "form").agg(usual=rated.rate.median())
    relative = rated.join(usual.filter(usual.usual > 0), ["source", "place_code", "period_type", "form"])
    relative = relative.select(*AT, "form", form_rate=relative.rate / relative.usual)
    return relative.join(carried, ["source", "form"]).select(*AT, "indicator", "form_rate")


def _visits(evidence: Evidence) -> dict[str, str]:
    visits: Mapping[str, list[str]] = evidence.threshold("visits")
    return {code: visit for visit, codes in visits.items() for code in codes}


def _with_others(evidence: Evidence, rows: ir.Table, ratios: ir.Table) -> ir.Table:
    """Add how many numbers of the same visit, and of other visits and services, fell or held."""
    visit = _visits(evidence)
    codes = evidence.codes
    table = evidence.engine_rows(pa.table({"indicator": codes, "visit": [visit.get(c, c) for c in codes]}))
    fell, held = (
        evidence.threshold("shared_falls.others_fell"),
        evidence.threshold("shared_falls.others_held"),
    )
    enough = ratios.filter(_.usual_total >= evidence.threshold("shared_falls.smallest"))
    other = enough.join(table, "indicator").select(
        *AT, other="indicator", other_visit="visit", other_relative="relative"
    )
    mine = rows.select(*AT, "indicator").join(table, "indicator")
    pairs = mine.join(other, list(AT)).filter(_.indicator != _.other)
    same = pairs.visit == pairs.other_visit
    # Later doses of a series fall with their first dose whatever the cause; they are no witness
    # of another service.
    antigen = pairs.indicator.re_replace("[0-9].*$", "")
    kin = (antigen == pairs.other.re_replace("[0-9].*$", "")) & ~same
    low, high = pairs.other_relative <= fell, pairs.other_relative >= held
    counts = pairs.group_by([*AT, "indicator"]).agg(
        same_visit=same.cast("int64").sum(), same_visit_fell=(same & low).cast("int64").sum(),
        others=(~same & ~kin).cast("int64").sum(), others_fell=(~same & ~kin & low).cast("int64").sum(),
        others_held=(~same & ~kin & high).cast("int64").sum(),
    )  # fmt: skip
    names = ["same_visit", "same_visit_fell", "others", "others_fell", "others_held"]
    return _left(rows, counts, [*AT, "indicator"]).mutate(**{name: _[name].fill_null(0) for name in names})


def _with_stockouts(evidence: Evidence, rows: ir.Table) -> ir.Table:
    """Add the share of places with a stock-out of the product, in that month or the one before."""
    shares = _stockout_shares(evidence)
    if shares is None:
        return rows.mutate(stockouts=ibis.null("float64"))
    return _left(rows, shares, ["place_code", "period_type", "step", "indicator"])


def _stockout_shares(evidence: Evidence) -> ir.Table | None:
    codes = [c for c in ("stockout_days", "stock_closing_doses") if c in evidence.codes]
    if not codes:
        return None
    by_product: Mapping[str, list[str]] = evidence.threshold("stock.doses_by_product")
    pairs = [(product, code) for product, listed in by_product.items() for code in listed]
    carried = evidence.engine_rows(
        pa.table({"product": [p for p, _c in pairs], "indicator": [c for _p, c in pairs]})
    )
    d = evidence.beside(codes).join(evidence.units, "unit")
    signs = [(d[c] > 0 if c == "stockout_days" else d[c] <= 0).fill_null(False) for c in codes]
    out = ibis.or_(*signs).cast("int64")
    inside = evidence.ancestry.select("place_code", "ancestor_code")
    spread = d.mutate(out=out).join(inside, "place_code")
    keys = ["period_type", "step", "product"]
    # A stock that ends a month at zero shows in the doses of the next.
    both = spread.union(spread.mutate(step=(_.step + 1).cast("int32")))
    own = both.group_by(*keys, "place_code", group_code=both.ancestor_code).agg(out=both.out.max())
    groups = own.group_by(*keys, place_code=own.group_code).agg(stockouts=own.out.mean())
    carried_groups = groups.join(carried, "product")
    return carried_groups.group_by("place_code", "period_type", "step", "indicator").agg(
        stockouts=carried_groups.stockouts.max()
    )


def _with_events(evidence: Evidence, rows: ir.Table) -> ir.Table:
    """Add the share of places that an event of each sort concerned, and the kinds of events."""
    if evidence.events is None:
        zero = ibis.literal(0.0)
        return rows.mutate(service_events=zero, product_events=zero, events=ibis.literal(""))
    kinds: Mapping[str, list[str]] = evidence.threshold("shared_falls.events")
    at = evidence.dated(rows.select(*AT, "indicator")).select(*AT, "indicator", "period_start")
    during = _sudden(evidence, at, [*kinds["service"], *kinds["product"]])
    counts = during.group_by([*AT, "indicator"]).agg(
        service_events=during.share.sum(where=during.kind.isin(kinds["service"])),
        product_events=during.share.sum(where=during.kind.isin(kinds["product"])),
        events=during.kind.collect(distinct=True).sort().join(", "),
    )
    return _left(rows, counts, [*AT, "indicator"]).mutate(
        service_events=_.service_events.fill_null(0.0),
        product_events=_.product_events.fill_null(0.0),
        events=_.events.fill_null(""),
    )


def _sudden(evidence: Evidence, at: ir.Table, kinds: list[str]) -> ir.Table:
    """Return the events that can explain a sudden fall at each place and step, with the share of places.

    They overlap the period and are short or recent: a conflict that has lasted for years explains
    no single month.
    """
    e = evidence.events
    assert e is not None
    e = e.filter(e.kind.isin(kinds)).select(
        "kind", "antigen", "first_day", "last_day", event_place="place_code"
    )
    shares = _shares(evidence, e.select("event_place").distinct(), at.select("place_code").distinct())
    length = at.period_type.cases(("quarter", 90), ("week", 6), else_=29)
    joined = at.mutate(days=length).join(shares, "place_code").join(e, "event_place")
    ends = joined.last_day.fill_null(ibis.date("2200-01-01"))
    begins = joined.period_start + joined.days.as_interval("D")
    recent = joined.first_day >= joined.period_start - ibis.interval(
        days=evidence.threshold("shared_falls.recent_days")
    )
    short = ends <= joined.first_day + ibis.interval(days=evidence.threshold("shared_falls.short_days"))
    meant = (joined.antigen == "") | joined.indicator.startswith(joined.antigen)
    return joined.filter(
        joined.first_day <= begins, ends >= joined.period_start, recent | short, meant
    ).select(*AT, "indicator", "kind", "share")


def _shares(evidence: Evidence, events: ir.Table, groups: ir.Table) -> ir.Table:
    """Return which share of the reporting places of each group lies at or below the place of an event."""
    own = evidence.units.select("place_code").distinct()
    a = evidence.ancestry.select("place_code", "ancestor_code").semi_join(own, "place_code")
    inside = a.select(leaf="place_code", place_code="ancestor_code").semi_join(groups, "place_code")
    hit = a.select(leaf="place_code", event_place="ancestor_code").semi_join(events, "event_place")
    total = inside.group_by("place_code").agg(places_in=inside.count())
    both = inside.join(hit, "leaf").group_by("place_code", "event_place").agg(places_hit=_.count())
    return both.join(total, "place_code").select(
        "place_code", "event_place", share=_.places_hit / _.places_in
    )


def _left(rows: ir.Table, more: ir.Table, keys: list[str]) -> ir.Table:
    joined = rows.left_join(more, keys)
    return joined.drop(*(c for c in joined.columns if c.endswith("_right")))
