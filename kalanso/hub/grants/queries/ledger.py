"""What stands in the ledger of a line, as far as somebody may read it, and which rows do they take along?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from kalanso.hub.grants.models import BudgetLine, Entry, Grant
from kalanso.hub.grants.queries.accounts import account
from kalanso.hub.grants.queries.exchange import Exchange
from kalanso.hub.grants.queries.scope import guarded_lines, visible_lines
from kalanso.hub.people.queries.places import names_of


@dataclass(frozen=True)
class Coarse:
    """What may be told of a guarded line: a part of a quarter that ended long enough ago."""

    quarter: str
    part: str
    amount: Decimal


def entries_of(line: BudgetLine) -> list[Entry]:
    """Return the entries of a line, the newest first."""
    found = line.entries.select_related(
        "by", "reconciled_by", "asked_by", "corrects", "line__grant", "line__intervention"
    )
    return list(found.order_by("-day", "-pk"))


def coarse(person: Any, line: BudgetLine) -> list[Coarse]:
    """Return the sums of a line that is guarded from somebody, by quarter, those that ended lately left out."""
    lines = BudgetLine.objects.filter(pk=line.pk)
    found = account(lines, line.currency, Exchange.of_today(), reader=person)
    return [
        Coarse(code, part, amount)
        for code, tally in sorted(found.quarters.items())
        for part in ("committed", "disbursed", "spent")
        if (amount := getattr(tally, part))
    ]


LINE_HEAD = (
    "grant",
    "intervention",
    "title",
    "organisation",
    "place_code",
    "place_name",
    "year",
    "planned",
    "currency",
)
ENTRY_HEAD = (
    "grant", "intervention", "organisation", "place_code", "place_name", "year", "day", "kind", "amount", "currency",
    "reference", "corrects", "reason", "reconciled",
)  # fmt: skip


def line_rows(person: Any, grant: Grant) -> Iterator[tuple[Any, ...]]:
    """Yield the budget lines of a grant that somebody may see, place by place where it is not kept from them."""
    yield LINE_HEAD
    lines = visible_lines(person).filter(grant=grant)
    hidden = guarded_lines(person, lines)
    names = names_of(set(lines.order_by().values_list("place_code", flat=True)))
    for one in lines.select_related("intervention", "organisation"):
        place = (
            ("", _("lieu protégé")) if one.pk in hidden else (one.place_code, names.get(one.place_code, ""))
        )
        yield (
            grant.code, one.intervention.code, one.intervention.title_fr, one.organisation.name, *place, one.year, one.planned, one.currency
        )  # fmt: skip


def entry_rows(person: Any, grant: Grant) -> Iterator[tuple[Any, ...]]:
    """Yield the entries of the lines of a grant that somebody may see; guarded lines as sums by quarter."""
    yield ENTRY_HEAD
    lines = visible_lines(person).filter(grant=grant)
    hidden = guarded_lines(person, lines)
    names = names_of(set(lines.order_by().values_list("place_code", flat=True)))
    open_ = Entry.objects.filter(line__in=lines.order_by().values("pk")).exclude(line__in=hidden)
    for one in open_.select_related("line__intervention", "line__organisation", "corrects").order_by(
        "day", "pk"
    ):
        line = one.line
        yield (
            grant.code, line.intervention.code, line.organisation.name, line.place_code, names.get(line.place_code, ""), line.year,
            one.day, one.kind, one.amount, one.currency, one.reference, one.corrects.reference if one.corrects else "",
            one.reason, one.reconciled.date() if one.reconciled else "",
        )  # fmt: skip
    for line in lines.filter(pk__in=hidden).select_related("intervention", "organisation"):
        for row in coarse(person, line):
            yield (
                grant.code, line.intervention.code, line.organisation.name, "", _("lieu protégé"), line.year, row.quarter,
                row.part, row.amount, line.currency, "", "", "", "",
            )  # fmt: skip
