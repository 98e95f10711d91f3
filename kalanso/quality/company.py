"""Is a place alone with what it shows, or do many show the same at the same time?"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

FEWEST = 5  # two or three places alone are no company


def with_company(rows: ir.Table, judged: ir.Table, *, up: ir.BooleanValue) -> ir.Table:
    """Return rows with `share`: of the judged places, those that show the same in the same period.

    `rows` carries source, indicator, detail, period_type and period; `judged` has a row per series
    that could have shown it, with source, indicator and period_type. `up` tells which rows point
    the same way.
    """
    keys = ["source", "indicator", "period_type"]
    pointed = rows.mutate(up=up)
    alike = pointed.group_by([*keys, "period", "detail", "up"]).agg(alike=pointed.count())
    places = judged.group_by(keys).agg(judged_places=judged.count())
    joined = pointed.join(alike, [*keys, "period", "detail", "up"]).join(places, keys)
    share = ibis.ifelse(joined.judged_places >= FEWEST, joined.alike / joined.judged_places, 0.0)
    return joined.mutate(share=share).drop("up", "judged_places")
