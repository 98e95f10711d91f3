"""Which records of money does the library get to read, and how are its rows built?

Sums over all places, so that no line of a protected place shows; documents and reasons stay here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Sum

from kalanso.hub.grants.models import AgreedIndicator, BudgetLine, Entry
from kalanso.hub.grants.queries.scope import counted_as
from kalanso.planning.portfolio_tables import AGREED_INDICATORS, GRANT_MONEY


def money() -> Iterator[dict[str, Any]]:
    """Yield money by grant, intervention, year and kind, each in its own currency."""
    about = ("grant__code", "intervention__code", "year")
    planned = (
        BudgetLine.objects.order_by(*about, "currency")
        .values_list(*about, "currency")
        .annotate(amount=Sum("planned"))
    )
    for grant, intervention, year, currency, amount in planned:
        yield _row(grant, intervention, year, "planned", currency, amount)
    keys = ("line__grant__code", "line__intervention__code", "line__year", "counted", "currency")
    moved = (
        Entry.objects.annotate(counted=counted_as())
        .order_by(*keys)
        .values_list(*keys)
        .annotate(total=Sum("amount"))
    )
    for grant, intervention, year, kind, currency, amount in moved:
        yield _row(grant, intervention, year, kind, currency, amount)


def _row(grant: str, intervention: str, year: int, kind: str, currency: str, amount: Any) -> dict[str, Any]:
    return {
        "grant": grant, "intervention": intervention, "year": year, "kind": kind, "currency": currency, "amount": float(amount),
    }  # fmt: skip


def agreed() -> Iterator[dict[str, Any]]:
    """Yield the indicators that are agreed and hold."""
    for one in AgreedIndicator.objects.filter(withdrawn__isnull=True).select_related("grant"):
        ends = {
            name: float(value) if (value := getattr(one, name)) is not None else None
            for name in ("baseline", "target")
        }
        yield {
            "grant": one.grant.code, "indicator": one.indicator, "chain": one.chain, "tailored": one.kind == AgreedIndicator.Kind.TAILORED,
            "unit": one.unit, "better": one.better, "cumulative": one.cumulative, "baseline": ends["baseline"], "baseline_day": one.baseline_day,
            "target": ends["target"], "target_day": one.target_day,
        }  # fmt: skip


EXPORTS = ((GRANT_MONEY, money), (AGREED_INDICATORS, agreed))
