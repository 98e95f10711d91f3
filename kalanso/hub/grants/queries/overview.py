"""Where is the money of each grant, and of all together?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Max

from kalanso.hub.grants.models import Grant, GrantParent
from kalanso.hub.grants.queries.accounts import Account, account, accounts, consolidated
from kalanso.hub.grants.queries.exchange import Conversion, Exchange
from kalanso.hub.grants.queries.scope import guarded, told_entries, visible_grants, visible_lines
from kalanso.hub.people.models import Organisation
from kalanso.hub.people.queries.places import country_pack, names_of
from kalanso.hub.portfolio.models import Intervention


def home_currency() -> str:
    """Return the currency of the country, in which all grants are told together."""
    return str(country_pack().country.currency)


@dataclass(frozen=True)
class Row:
    """A grant with its money; `inside`: the grant within which it is counted today, `since` when."""

    grant: Grant
    account: Account
    inside: Grant | None = None
    since: date | None = None


@dataclass(frozen=True)
class Whole:
    """All grants together: what was granted, as far as it can be told in one currency, and the money of their lines."""

    granted: Decimal
    count: int
    account: Account
    rates: tuple[Conversion, ...]
    ungranted: tuple[tuple[Decimal, str], ...]
    newest: date | None


def overview(person: Any, *, today: date) -> tuple[Whole, list[Row]]:
    """Return the grants that somebody may see, those counted within another below it, and all of them together."""
    exchange, lines = Exchange.of_today(), visible_lines(person)
    grants = list(visible_grants(person))
    links = {
        one.child_id: one
        for one in GrantParent.objects.filter(child__in=grants).select_related("parent")
        if one.holds_on(today)
    }
    shown = {one.pk for one in grants}
    rows = []
    for one in grants:
        link = links.get(one.pk)
        inside = link is not None and link.parent_id in shown
        rows.append(
            Row(one, consolidated(one, lines, exchange, reader=person), link.parent if inside and link else None, link.begins if inside and link else None)
        )  # fmt: skip
    tops = [one for one in rows if one.inside is None]
    ordered = [row for top in tops for row in (top, *_below(top, rows))]
    return _whole(person, [one.grant for one in tops], exchange), ordered


def _below(top: Row, rows: list[Row]) -> list[Row]:
    return [
        row
        for child in rows
        if child.inside is not None and child.inside.pk == top.grant.pk
        for row in (child, *_below(child, rows))
    ]


def _whole(person: Any, tops: list[Grant], exchange: Exchange) -> Whole:
    granted, rates, without, currency = Decimal(0), set(), [], home_currency()
    for one in tops:
        if one.currency == currency:
            granted += one.amount
        elif (found := exchange.worth(one.amount, one.currency, currency, one.begins)) is not None:
            granted += found[0]
            rates.add(found[1])
        else:
            without.append((one.amount, one.currency))
    lines = visible_lines(person)
    newest = told_entries(person, lines).aggregate(day=Max("day"))["day"]
    own = account(lines, currency, exchange, reader=person)
    return Whole(granted, len(tops), own, tuple(sorted(rates)), tuple(without), newest)


@dataclass(frozen=True)
class Part:
    """What one intervention, organisation or district has of the money; `key` is empty for what is kept back."""

    key: Any
    called: str
    account: Account


def parts(person: Any, lines: Any, currency: str, by: str) -> list[Part]:
    """Return the money of some lines by what it was for, in the order of names or codes: never by how much was used."""
    exchange, kept = Exchange.of_today(), lines.none()
    if by == "place":
        kept = lines.filter(guarded(person))
        lines = lines.exclude(guarded(person))
    found = accounts(lines, currency, exchange, by=by, reader=person)
    names = _names(by, set(found))
    rows = [Part(key, names.get(key, str(key)), one) for key, one in found.items()]
    rows.sort(key=lambda part: (part.called == "", part.called))
    if kept.exists():
        rows.append(Part(None, "", account(kept, currency, exchange, reader=person)))
    return rows


def _names(by: str, keys: set[Any]) -> dict[Any, str]:
    if by == "place":
        return {"": "", **names_of({str(key) for key in keys})}
    if by == "organisation":
        return dict(Organisation.objects.filter(pk__in=keys).values_list("pk", "name"))
    if by == "grant":
        return dict(Grant.objects.filter(pk__in=keys).values_list("pk", "code"))
    return {one.pk: str(one) for one in Intervention.objects.filter(pk__in=keys)}
