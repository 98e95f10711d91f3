"""How much was spent in each district, in a span of time and in all, as far as somebody may know?"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from kalanso.hub.grants.models import Entry
from kalanso.hub.grants.queries.exchange import Conversion, Exchange
from kalanso.hub.grants.queries.overview import home_currency
from kalanso.hub.grants.queries.scope import counted_as, guarded, visible_lines


@dataclass
class Spending:
    """What was spent by district, in the currency of the country; `unsummed` is what has no rate."""

    currency: str
    within: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    ever: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    rates: set[Conversion] = field(default_factory=set)
    unsummed: dict[str, dict[str, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )
    nowhere: Decimal = Decimal(0)


def spending(person: Any, first: date, last: date) -> Spending:
    """Return what was spent in districts from one day to another, and in all; what no district is said of apart."""
    found, exchange = Spending(home_currency()), Exchange.of_today()
    lines = visible_lines(person).exclude(guarded(person)).order_by()
    entries = (
        Entry.objects.filter(line__in=lines.values("pk"))
        .annotate(counted=counted_as())
        .filter(counted="expenditure")
    )
    rows = entries.order_by().values_list("line__place_code", "currency", "day").annotate(total=Sum("amount"))
    for place, currency, day, amount in rows:
        if currency != found.currency:
            worth = exchange.worth(amount, currency, found.currency, day)
            if worth is None:
                found.unsummed[place][currency] += amount
                continue
            amount = worth[0]
            found.rates.add(worth[1])
        if not place:
            found.nowhere += amount
            continue
        found.ever[place] += amount
        if first <= day <= last:
            found.within[place] += amount
    return found
