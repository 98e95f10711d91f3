"""In which months did many places fall together, and what seems to have fallen?

A fall that many places share is no error of one place and is never removed: it is told once, for
the highest place that shows it, with the list of places and its likely kind (`fall_causes`):
the service fell, the reporting fell, the product or the form changed, or the data cannot tell.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.fall_causes import with_causes
from kalanso.quality.findings import findings, nothing
from kalanso.quality.spread import NORMAL_MAD, usual_levels

NAME = "shared_falls"
KEYS = ("source", "place_code", "indicator", "period_type")


def find(evidence: Evidence) -> ir.Table:
    """Return one finding per shared fall and kind, at the highest place, with the places that fell."""
    codes = watched(evidence)
    if not codes:
        return nothing()
    ratios = evidence.keep(group_ratios(evidence, codes))
    falls = evidence.keep(_highest(evidence, _falls(evidence, ratios)))
    kinds = evidence.keep(with_causes(evidence, falls, ratios))
    told = evidence.keep(_once(evidence, kinds, codes))
    rows = evidence.dated(_with_places(evidence, told))
    tell = {
        name: _[name]
        for name in ("fell", "active", "silent", "reports", "others", "others_fell", "others_held", "same_visit",
                     "same_visit_fell", "stockouts", "events", "indicators", "places", "worst")
    } | {"fall": 1 - _.relative}  # fmt: skip
    return findings(
        evidence, rows, message="quality.shared_falls", case=_.kind, detail="", value=_.total,
        expected=_.usual_total, severity=ibis.ifelse(_.relative <= 0.5, "serious", "attention"), params=tell,
    )  # fmt: skip


def watched(evidence: Evidence) -> list[str]:
    """Return the counts of doses and services in which falls are looked for."""
    services = set(evidence.threshold("shared_falls.services"))
    stock = set(evidence.stock_codes)
    return [c for c in evidence.codes if (c.endswith("_doses") and c not in stock) or c in services]


def group_ratios(evidence: Evidence, codes: list[str]) -> ir.Table:
    """Return for each group of places, indicator and period what came of what is usual.

    `usual_total` adds up the medians of all series between their first and last number, so that a
    place that is silent, with or without a row, counts as missing. `relative` is total over usual
    total, divided by the group's own median of that ratio.
    """
    s = evidence.series
    # Late doses of older children come and go with catch-up rounds; second-year doses are theirs.
    later = list(evidence.threshold("visits.second_year"))
    due = s.age_band.isin(["0-11m", "unknown", "all"]) | s.indicator.isin(later)
    series = s.filter(s.indicator.isin(codes), s.period_type.isin(["month", "quarter", "week"]), due)
    series = series.join(evidence.above, "place_code").select(
        "series", "source", "indicator", "period_type", "group_code"
    )
    keys = ["source", "group_code", "indicator", "period_type"]
    fallen = evidence.threshold("shared_falls.place_fall")
    n = evidence.numbers.filter(evidence.numbers.value.notnull())
    known = n.join(evidence.usual.select("series", "block", "median"), ["series", "block"]).join(
        series, "series"
    )
    came = known.group_by([*keys, "step"]).agg(
        total=known.value.sum(), reported=known.count(),
        fell=(known.value <= fallen * known.median).cast("int64").sum(),
    )  # fmt: skip
    # Every number lies between the first and the last of its series, hence in a step that is expected.
    both = _expected(evidence, series).left_join(came, [*keys, "step"])
    own = both.select(
        *keys,
        "step",
        "usual_total",
        "active",
        total=both.total.fill_null(0.0),
        reported=both.reported.fill_null(0),
        fell=both.fell.fill_null(0),
    )
    return _relative(evidence, _to_all_groups(evidence, own))


def _expected(evidence: Evidence, series: ir.Table) -> ir.Table:
    """Add up the medians of active series by lowest group and step, as a running sum of beginnings and ends."""
    n = evidence.numbers
    life = n.filter(n.value.notnull()).group_by("series", "block").agg(first=n.step.min(), last=n.step.max())
    whole = life.group_by("series").agg(opened=life.first.min(), closed=life.last.max())
    edges = evidence.calendar.group_by("source", "period_type", "block").agg(
        begins=evidence.calendar.step.min(), ends=evidence.calendar.step.max()
    )
    spans = evidence.usual.select("series", "block", "median").join(series, "series").join(whole, "series")
    spans = spans.join(edges, ["source", "period_type", "block"]).mutate(
        begins=ibis.greatest(_.begins, _.opened), ends=ibis.least(_.ends, _.closed)
    )
    keys = ["source", "group_code", "indicator", "period_type"]
    opening = spans.select(*keys, step=spans.begins.cast("int64"), change=spans.median, count=ibis.literal(1))
    closing = spans.select(
        *keys, step=spans.ends.cast("int64") + 1, change=-spans.median, count=ibis.literal(-1)
    )
    moves = opening.union(closing)
    summed = moves.group_by([*keys, "step"]).agg(change=moves.change.sum(), count=moves["count"].sum())
    when = evidence.calendar.select("source", "period_type", step=_.step.cast("int64"))
    pairs = summed.select(keys).distinct().join(when, ["source", "period_type"])
    dense = pairs.left_join(summed, [*keys, "step"]).select(*keys, "step", "change", "count")
    running = ibis.cumulative_window(group_by=keys, order_by="step")
    total = dense.select(
        *keys, step=dense.step.cast("int32"), usual_total=dense.change.fill_null(0.0).sum().over(running),
        active=dense["count"].fill_null(0).sum().over(running),
    )  # fmt: skip
    return total.filter(total.active > 0)


def _to_all_groups(evidence: Evidence, own: ir.Table) -> ir.Table:
    levels = list(evidence.threshold("levels"))
    wider = evidence.ancestry.filter(_.ancestor_level.isin(levels)).select(
        "ancestor_code", group_code="place_code"
    )
    spread = own.join(wider, "group_code")
    sums = spread.group_by("source", "indicator", "period_type", "step", place_code=spread.ancestor_code).agg(
        **{name: spread[name].sum() for name in ("total", "reported", "fell", "usual_total", "active")}
    )
    when = evidence.calendar.select("source", "period_type", "step", "season")
    return sums.join(when, ["source", "period_type", "step"])


def _relative(evidence: Evidence, sums: ir.Table) -> ir.Table:
    kept = evidence.keep(sums.filter(sums.usual_total > 0).mutate(value=_.total / _.usual_total))
    usual = usual_levels(kept, KEYS)
    season = kept.group_by([*KEYS, "season"]).agg(same_month=kept.value.median(), years=kept.count())
    joined = kept.join(usual.filter(usual.median > 0), list(KEYS)).join(season, [*KEYS, "season"])
    scatter = ibis.greatest(NORMAL_MAD * joined.mad, 0.03 * joined.median)
    return joined.mutate(
        relative=_.value / _.median, score=(_.value - _.median) / scatter,
        silent=ibis.greatest(_.active - _.reported, 0),
    )  # fmt: skip


def _falls(evidence: Evidence, ratios: ir.Table) -> ir.Table:
    """Keep the falls that stand out of the group's own scatter and season, with all that fell beside them."""
    names = ("fall", "share", "places", "scatter", "season", "smallest")
    t = {name: evidence.threshold(f"shared_falls.{name}") for name in names}
    low = ratios.filter(
        _.relative <= t["fall"],
        _.score <= -1.0,
        _.active >= t["places"],
        _.usual_total >= t["smallest"],
        _.fell + _.silent >= t["share"] * _.active,
        _.n >= evidence.threshold("outliers.shortest"),
    )
    unusual = low.filter(_.score <= -t["scatter"], (_.years < 2) | (_.value <= t["season"] * _.same_month))
    return low.semi_join(unusual, ["source", "place_code", "period_type", "step"])


def _highest(evidence: Evidence, falls: ir.Table) -> ir.Table:
    """Leave out places whose fall is already told for a place above."""
    up = evidence.ancestry.filter(_.ancestor_code != _.place_code).select("place_code", "ancestor_code")
    above = falls.select("source", "indicator", "period_type", "step", ancestor_code="place_code")
    keys = ["source", "indicator", "period_type", "step"]
    under = (
        falls.select(*keys, "place_code").join(up, "place_code").semi_join(above, [*keys, "ancestor_code"])
    )
    return falls.anti_join(under, [*keys, "place_code"])


def _once(evidence: Evidence, kinds: ir.Table, codes: list[str]) -> ir.Table:
    """Tell falls of several numbers at one time and of one kind once, under the leading number."""
    listed = [c for c in evidence.side_by_side if c in codes]
    listed = sorted(codes, key=lambda code: (code != evidence.lead, code not in listed, code))
    order = evidence.engine_rows(pa.table({"indicator": listed, "order": list(range(len(listed)))}))
    keys = ["source", "place_code", "period_type", "step", "kind"]
    ordered = kinds.join(order, "indicator")
    several = ordered.group_by(keys).agg(
        indicators=ordered.indicator.collect(distinct=True).sort(), first=ordered["order"].min()
    )
    return ordered.join(several, keys).filter(_["order"] == _["first"]).drop("order", "first")


def _with_places(evidence: Evidence, told: ir.Table) -> ir.Table:
    """Add the places that fell or were silent, by the size of their loss."""
    s = evidence.series
    wanted = told.select("source", "indicator", "period_type", "step", group_code="place_code")
    series = s.join(wanted, ["source", "indicator", "period_type"]).select(
        "series", "place_code", "group_code", "step"
    )
    inside = evidence.ancestry.select("place_code", group_code="ancestor_code")
    series = series.semi_join(inside, ["place_code", "group_code"])
    block = evidence.calendar.select("source", "period_type", "step", "block")
    dated = series.join(s.select("series", "source", "indicator", "period_type"), "series").join(
        block, ["source", "period_type", "step"]
    )
    usual = dated.join(evidence.usual.select("series", "block", "median"), ["series", "block"])
    value = evidence.numbers.select("series", "step", "value")
    both = usual.left_join(value, ["series", "step"]).mutate(loss=_.median - _.value.fill_null(0.0))
    least = 1 - evidence.threshold("shared_falls.place_fall")
    fell = both.filter((both.loss >= least * both.median) & (both.median > 0))
    keys = ["source", "indicator", "period_type", "step", "group_code"]
    losses = fell.group_by([*keys, "place_code"]).agg(loss=fell.loss.sum())
    order = [ibis.desc("loss"), ibis.asc("place_code")]
    ranked = losses.mutate(place_number=ibis.row_number().over(group_by=keys, order_by=order))
    named = ranked.left_join(evidence.places.select("place_code", "name"), "place_code")
    named = named.mutate(name=_.name.fill_null(named.place_code))
    most = named.place_number < evidence.threshold("shared_falls.listed")
    lists = named.group_by(keys).agg(
        places=named.place_code.collect(where=most).sort(),
        worst=named.name.collect(where=named.place_number < 5).sort().join(", "),
    )
    lists = lists.rename(place_code="group_code")
    return told.join(lists, ["source", "indicator", "period_type", "step", "place_code"])
