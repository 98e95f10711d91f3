"""How often was a tracer vaccine out of stock, and how much vaccine was lost?

From rows of stock as a source reported them. A month of a facility without a row says nothing: it is in neither sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from kalanso.indicators.measures import About, Measure, absent, share


class Stock(NamedTuple):
    """One number of stock of one facility, month and product; `value` None where the source left it blank."""

    place_code: str
    month: str
    product: str
    indicator: str
    value: float | None


def stockout_months(
    about: About, rows: Iterable[Stock], tracers: Iterable[str], *, left_out: int = 0
) -> Measure:
    """Return the facility-months with a day out of stock of any tracer, out of those that report one."""
    wanted, months = set(tracers), defaultdict[tuple[str, str], list[float]](list)
    for row in rows:
        if row.indicator == "stockout_days" and row.product in wanted and row.value is not None:
            months[row.place_code, row.month].append(row.value)
    if not months:
        return absent(about, "no_table", left_out=left_out)
    out = sum(any(days > 0 for days in found) for found in months.values())
    return share(about, out, len(months), counted=len(months), left_out=left_out)


def wastage(about: About, rows: Iterable[Stock], *, left_out: int = 0) -> Measure:
    """Return the doses wasted out of the doses issued, of facilities, months and products that tell both."""
    told = defaultdict[tuple[str, str, str], dict[str, float]](dict)
    for row in rows:
        if row.indicator in ("doses_wasted", "doses_issued") and row.value is not None:
            told[row.place_code, row.month, row.product][row.indicator] = row.value
    if not told:
        return absent(about, "no_table", left_out=left_out)
    both = [one for one in told.values() if len(one) == 2]
    silent = len(told) - len(both) + left_out
    if not both:
        lost = [one["doses_wasted"] for one in told.values() if "doses_wasted" in one]
        return absent(about, "no_denominator", numerator=sum(lost) if lost else None, left_out=silent)
    return share(
        about, sum(one["doses_wasted"] for one in both), sum(one["doses_issued"] for one in both), counted=len(both), left_out=silent,
    )  # fmt: skip
