"""On which lines was more spent than planned, or spent before the money was there?

Judged line by line in the currency of the line. A line that cannot be judged, for want of a rate, is told as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from kalanso.hub.grants.models import BudgetLine, Entry
from kalanso.hub.grants.queries.exchange import Exchange
from kalanso.hub.grants.queries.scope import WHOLE, counted_as

ORDER = {"commitment": 0, "disbursement": 1, "expenditure": 2}


@dataclass(frozen=True)
class Flag:
    """What is odd about a line: `overspent` by an amount, `ahead` of its money by an amount since a day, or `unjudged`."""

    kind: str
    line: BudgetLine
    amount: Decimal = Decimal(0)
    since: date | None = None


def flags(lines: QuerySet[BudgetLine], exchange: Exchange) -> list[Flag]:
    """Return what is odd about some lines, in the order of interventions."""
    moved: dict[int, list[tuple[date, str, Decimal, str]]] = {}
    entries = (
        Entry.objects.filter(line__in=lines.order_by().values("pk")).order_by().annotate(counted=counted_as())
    )
    for line, day, kind, amount, currency in entries.values_list(
        "line_id", "day", "counted", "amount", "currency"
    ):
        moved.setdefault(line, []).append((day, kind, amount, currency))
    found = []
    for one in lines.filter(pk__in=moved).select_related(*WHOLE):
        found += _of_line(one, sorted(moved[one.pk], key=lambda row: (row[0], ORDER[row[1]])), exchange)
    return found


def _of_line(line: BudgetLine, moved: list[tuple[date, str, Decimal, str]], exchange: Exchange) -> list[Flag]:
    disbursed = spent = most = Decimal(0)
    since: date | None = None
    for day, kind, amount, currency in moved:
        if currency != line.currency:
            worth = exchange.worth(amount, currency, line.currency, day)
            if worth is None:
                return [Flag("unjudged", line)]
            amount = worth[0]
        if kind == "disbursement":
            disbursed += amount
        elif kind == "expenditure":
            spent += amount
        if spent - disbursed > 0:
            since = since or day
            most = max(most, spent - disbursed)
    found = [Flag("overspent", line, spent - line.planned)] if spent > line.planned else []
    return found + ([Flag("ahead", line, most, since)] if since else [])
