"""What would the count be if the missing reports were added?

Offered beside the count as reported, never in its place.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kalanso.definitions import Pack


def with_adjusted(counts: ir.Table, pack: Pack, k: float | None) -> ir.Table:
    """Return the counts, and below them, where `k` is given, the same rows adjusted.

    value x (1 + (1 / rr - 1) k), rr being the completeness of the row (at most 1) and k the service that
    places which did not report gave, as a share of those that did (Countdown to 2030). Where rr is
    unknown or under `adjustment.minimum_completeness` the adjusted value is empty and `refused` is 1.
    Adjusted values of a parent are reckoned with its own completeness: they are not sums of its children's.
    """
    plain = counts.mutate(adjusted=False, refused=ibis.literal(0, type="int64"))
    if k is None:
        return plain
    lowest = pack.threshold("adjustment.minimum_completeness")
    enough = (ibis._.completeness >= lowest).fill_null(False)
    rr = ibis.least(ibis._.completeness, 1.0)
    factor = 1 + (1 / ibis.ifelse(enough, rr, ibis.null("float64")) - 1) * k
    adjusted = counts.mutate(value=ibis._.value * factor, adjusted=True, refused=(~enough).cast("int64"))
    return plain.union(adjusted)
