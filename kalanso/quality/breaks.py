"""Where does a series change its level for good?

Pettitt's rank test for one change point (A. N. Pettitt, 1979, Applied Statistics 28:126), then
three conditions that keep trends and seasons out: the shift is large, larger than the scatter on
both sides, and sudden. Single wild values are `outliers`; a fall that recovers is no break.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.company import with_company
from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings
from kalanso.quality.spread import NORMAL_MAD

NAME = "breaks"


def find(evidence: Evidence) -> ir.Table:
    """Return series whose level changed, with the first period of the new level."""
    ranked = evidence.keep(change_points(_long_series(evidence)))
    limit, segment = evidence.threshold("breaks.probability"), evidence.threshold("breaks.segment")
    at = ranked.filter(_.chosen, _.probability < limit, _.position >= segment, _.n - _.position >= segment)
    points = at.select("series", "probability", "n", cut="position")
    sides = evidence.keep(_sides(ranked, points, evidence.threshold("breaks.beside")))
    plain = sides.filter(*_conditions(evidence, sides))
    judged = evidence.series.semi_join(ranked, "series")
    rows = with_company(evidence.located(plain), judged, up=_.after > _.before)
    shared = _.share >= evidence.threshold("outliers.shared")
    return findings(
        evidence, rows, message="quality.breaks", case=ibis.ifelse(shared, "shared", "shift"), value=_.after,
        expected=_.before, severity=ibis.ifelse(shared, "note", "attention"),
        params={
            "change": _.after / ibis.greatest(_.before, 1.0) - 1, "probability": _.probability, "n": _.n,
            "share": _.share,
        },
    )  # fmt: skip


def _long_series(evidence: Evidence) -> ir.Table:
    u, s = evidence.usual, evidence.series
    totals = u.group_by("series").agg(n=u.n.sum(), level=u.median.max())
    regular = s.filter(s.period_type.isin(["month", "quarter", "week"])).select("series")
    long = totals.filter(
        _.n >= evidence.threshold("breaks.shortest"), _.level >= evidence.threshold("breaks.usual")
    ).semi_join(regular, "series")
    n = evidence.numbers
    return (
        n.filter(n.value.notnull())
        .select("series", "step", "value")
        .join(long.select("series", "n"), "series")
    )


def change_points(numbers: ir.Table) -> ir.Table:
    """Return numbers with their position from 1, Pettitt's probability, and the `chosen` last one before the change.

    U_k = 2 sum_{i<=k} R_i - k (n + 1), with R the midranks; K = max |U_k|;
    p = 2 exp(-6 K^2 / (n^3 + n^2)). `numbers` carries series, step, value and n, its length.
    """
    by_value = ibis.window(group_by="series", order_by="value")
    by_step = ibis.cumulative_window(group_by="series", order_by="step")
    ties = ibis.window(group_by=["series", "value"])
    ranked = numbers.mutate(rank=ibis.rank().over(by_value) + 1 + (numbers.value.count().over(ties) - 1) / 2)
    summed = ranked.mutate(
        position=ibis.row_number().over(group_by="series", order_by="step") + 1,
        ranks=ranked["rank"].sum().over(by_step),
    )
    u = summed.mutate(u=(2 * _.ranks - _.position * (_.n + 1)).abs())
    top = u.group_by("series").agg(k=u.u.max())
    joined = u.join(top, "series")
    where = joined.filter(joined.u == joined.k).group_by("series").agg(at=_.position.min())
    p = 2 * (-6 * _.k * _.k / (_.n.cast("float64") ** 3 + _.n.cast("float64") ** 2)).exp()
    return joined.join(where, "series").mutate(probability=ibis.least(p, 1.0), chosen=_.position == _["at"]).select(
        "series", "step", "value", "n", "position", "probability", "chosen"
    )  # fmt: skip


def _sides(ranked: ir.Table, points: ir.Table, beside: int) -> ir.Table:
    """Return for each change point the medians and the scatter before and after, near and far."""
    rows = ranked.select("series", "step", "value", "position").join(points, "series")
    rows = rows.mutate(late=_.position > _.cut)
    near = (rows.position > rows.cut - beside) & (rows.position <= rows.cut + beside)
    keys = ["series", "cut", "probability", "n"]
    medians = rows.group_by(keys).agg(
        before=_median(rows.value, ~rows.late), after=_median(rows.value, rows.late),
        near_before=_median(rows.value, ~rows.late & near), near_after=_median(rows.value, rows.late & near),
        step=rows.step.min(where=rows.late),
    )  # fmt: skip
    apart = rows.select("series", "value", "late").join(medians, "series")
    away = apart.mutate(away=(_.value - ibis.ifelse(_.late, _.after, _.before)).abs())
    mad = away.group_by("series").agg(mad=away.away.median())
    return medians.join(mad, "series")


def _median(values: ir.FloatingValue, where: ir.BooleanValue) -> ir.FloatingValue:
    # Spark refuses a filter inside its median; empty values are left out by both engines.
    return ibis.ifelse(where, values, ibis.null("float64")).median()


def _conditions(evidence: Evidence, sides: ir.Table) -> list[ir.BooleanValue]:
    shift = (sides.after - sides.before).abs()
    larger = ibis.greatest(sides.after, sides.before)
    scatter = ibis.greatest(NORMAL_MAD * sides.mad, ibis.greatest(larger, 0.0).sqrt(), 1.0)
    near = (sides.near_after - sides.near_before) * (sides.after - sides.before).sign()
    return [
        shift >= evidence.threshold("breaks.shift") * larger,
        shift >= evidence.threshold("breaks.scatter") * scatter,
        near >= evidence.threshold("breaks.sudden") * shift,
    ]
