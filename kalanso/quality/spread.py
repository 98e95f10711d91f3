"""What is usual for a series, and how far does it scatter?

Medians and median deviations, which one or two wild values do not move. Which deviation is too
large is decided by the checks.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

NORMAL_MAD = 1.4826  # sd of a normal distribution / its MAD
NORMAL_MEAN_AD = 1.2533  # sd of a normal distribution / its mean absolute deviation


def usual_levels(numbers: ir.Table, by: Sequence[str]) -> ir.Table:
    """Return n, median, MAD and mean absolute deviation (from the median) of `value` by group."""
    known = numbers.filter(numbers.value.notnull())
    centre = known.group_by(by).agg(n=known.value.count(), median=known.value.median())
    apart = known.join(centre, list(by)).mutate(away=(_.value - _.median).abs())
    scatter = apart.group_by(by).agg(mad=apart.away.median(), mean_ad=apart.away.mean())
    return centre.join(scatter, list(by)).select(*by, "n", "median", "mad", "mean_ad")


def scale(floor_share: float) -> ir.Deferred:
    """Return the scatter of a count, comparable to a standard deviation, never too small.

    1.4826 MAD; where more than half of the values are equal (MAD = 0) 1.2533 mean absolute
    deviations; at least `floor_share` of the median, at least its square root (what chance alone
    does to a count, Poisson) and at least 1.
    """
    robust = ibis.ifelse(_.mad > 0, NORMAL_MAD * _.mad, NORMAL_MEAN_AD * _.mean_ad)
    return ibis.greatest(robust, floor_share * _.median.abs(), _.median.abs().sqrt(), 1.0)
