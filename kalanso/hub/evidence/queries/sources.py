"""What is each source, what did it bring last, and is something overdue?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import ibis.expr.types as ir

from kalanso.hub.evidence.models import SourceCard
from kalanso.hub.evidence.queries import published
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.sources.tables import IMPORTS
from kalanso.vocabulary import Period

_STEPS = {"monthly": 1, "quarterly": 3, "yearly": 12}


@dataclass(frozen=True)
class Source:
    """A source as the catalogue shows it; `expected` is when its next numbers are due, None without a rhythm."""

    code: str
    card: SourceCard | None
    newest: str
    newest_ends: date | None
    numbers: int
    imported: datetime | None
    reader: str
    expected: date | None
    late_days: int

    @property
    def title(self) -> str:
        """What people call it."""
        return self.card.title if self.card and self.card.title else self.code


def catalogue(*, today: date) -> list[Source]:
    """Return all sources that have numbers or a card, those that are late first. Raises NotVisible."""
    held = {row["source"]: row for row in published.rows(OBSERVATIONS, _newest)}
    imports: dict[str, dict[str, Any]] = {}
    if published.sees(IMPORTS):
        for row in published.rows(IMPORTS, lambda t: t.order_by("imported_at")):
            imports[row["source"]] = row
    cards = {card.code: card for card in SourceCard.objects.select_related("changed_by")}
    found = [
        _source(code, cards.get(code), held.get(code, {}), imports.get(code, {}), today)
        for code in sorted({*held, *imports, *cards})
    ]
    return sorted(found, key=lambda s: (-s.late_days, s.title.casefold()))


def _newest(table: ir.Table) -> ir.Table:
    told = table.filter(table.status.isin(["reported", "zero"]))
    return told.group_by("source").aggregate(n=told.count(), period=told.period.argmax(told.period_start))


def _source(
    code: str, card: SourceCard | None, held: Mapping[str, Any], imported: Mapping[str, Any], today: date
) -> Source:
    period = Period.parse(held["period"]) if held.get("period") else None
    ends = period.end if period else None
    expected = due(card, ends)
    return Source(
        code=code, card=card, newest=period.code if period else "", newest_ends=ends,
        numbers=int(held.get("n", 0)), imported=imported.get("imported_at"), reader=str(imported.get("reader", "")),
        expected=expected, late_days=(today - expected).days if expected and today > expected else 0,
    )  # fmt: skip


def due(card: SourceCard | None, newest_ends: date | None) -> date | None:
    """Return the day by which the next numbers should be there: end of the next period, and patience."""
    months = _STEPS.get(card.cadence) if card else None
    if card is None or months is None or newest_ends is None:
        return None
    following = newest_ends + timedelta(days=1)
    step = following.year * 12 + following.month - 1 + months
    end_of_next = date(step // 12, step % 12 + 1, 1) - timedelta(days=1)
    return end_of_next + timedelta(days=card.patience_days)
