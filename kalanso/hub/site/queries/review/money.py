"""How much money was planned, disbursed and spent, by grant, and what is not reconciled?

Sums are of one currency: what was converted names its rate, what has no rate stands beside. Of a single place the lines that
are kept to their teams are left out, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.figures.reviews import Fact, Linked, Listing, Section
from kalanso.hub.explore.panels import period as called
from kalanso.hub.grants.models import Entry, Grant
from kalanso.hub.grants.panels import money_words, rate_number
from kalanso.hub.grants.queries import scope
from kalanso.hub.grants.queries.accounts import PARTS, Account, account, accounts
from kalanso.hub.grants.queries.exchange import Exchange
from kalanso.hub.grants.queries.overview import home_currency, overview
from kalanso.hub.people.permissions import may
from kalanso.hub.site.queries.review.asked import Asked, count, day, percent, plain


@dataclass(frozen=True)
class Purse:
    """The money of one grant, or of a part of it that lies in a place."""

    grant: Grant
    account: Account
    inside: str = ""


def section(asked: Asked) -> Section:
    """Return where the money of the place is, as far as the reader may see it."""
    title = _("Où en est l'argent ?")
    if not may(asked.person, "grants.read"):
        told = _("L'argent est lu par le CNI, les administrateurs, les régions chez elles, les bailleurs et les partenaires pour ce qui est à eux.")  # fmt: skip
        return Section(name="money", title=title, message=told)
    lines, kept = _lines(asked)
    total, purses = _purses(asked, lines)
    notes = _notes(asked, total, kept)
    if not purses:
        return Section(name="money", title=title, message=_("Aucune ligne de budget que vous puissiez lire n'est écrite pour ce lieu."), notes=notes)  # fmt: skip
    open_ = _open(lines.exclude(scope.guarded(asked.person)))
    said = {
        "spent": money_words(total.total.spent, total.currency), "disbursed": money_words(total.total.disbursed, total.currency),
        "absorbed": percent(total.total.absorbed), "n": count(sum(n for n, _sums in open_)),
    }  # fmt: skip
    message = (
        _(
            "Dépensé : %(spent)s, sur %(disbursed)s décaissés (absorption : %(absorbed)s). Écritures à rapprocher : %(n)s."
        )
        % said
    )
    return Section(
        name="money", title=title, message=message, facts=_facts(asked, total, open_), told=_beside(total), listings=[_listing(asked, purses)],
        notes=notes,
    )  # fmt: skip


def _lines(asked: Asked) -> tuple[Any, bool]:
    """Return the lines that count, and whether some are left out because they are kept to their teams."""
    seen = scope.visible_lines(asked.person)
    if asked.whole:
        return seen, False
    here = seen.filter(asked.at())
    guarded = scope.guarded(asked.person)
    return here.exclude(guarded), here.filter(guarded).exists()


def _purses(asked: Asked, lines: Any) -> tuple[Account, list[Purse]]:
    if asked.whole:
        whole, rows = overview(asked.person, today=asked.today)
        return whole.account, [
            Purse(one.grant, one.account, one.inside.code if one.inside else "") for one in rows
        ]
    exchange, currency = Exchange.of_today(), home_currency()
    found = accounts(lines, currency, exchange, by="grant", reader=asked.person)
    grants = Grant.objects.in_bulk(list(found))
    rows = sorted((Purse(grants[pk], one) for pk, one in found.items()), key=lambda one: one.grant.code)
    return account(lines, currency, exchange, reader=asked.person), rows


def _facts(asked: Asked, total: Account, open_: list[tuple[int, str]]) -> list[Fact]:
    led, now = reverse("grants"), total.quarters.get(asked.period)
    tally, currency = total.total, total.currency
    return [
        Fact(label=_("Prévu"), value=Linked(money_words(tally.planned, currency), led)),
        Fact(label=_("Décaissé"), value=Linked(money_words(tally.disbursed, currency), led), beside=_moved(now.disbursed if now else Decimal(0), currency, asked)),
        Fact(label=_("Dépensé"), value=Linked(money_words(tally.spent, currency), led), beside=_moved(now.spent if now else Decimal(0), currency, asked)),
        Fact(
            label=_("À rapprocher"), value=Linked(count(sum(n for n, _sums in open_)), reverse("grant_reconciliation")),
            beside=" ; ".join(sums for _n, sums in open_),
        ),
    ]  # fmt: skip


def _moved(amount: Decimal, currency: str, asked: Asked) -> str:
    return _("dont %(sum)s au %(period)s") % {
        "sum": money_words(amount, currency),
        "period": called(asked.period),
    }


def _open(lines: Any) -> list[tuple[int, str]]:
    """Return how many entries nobody reconciled yet, and their sum, by currency: currencies are never added."""
    rows = Entry.objects.filter(line__in=lines.order_by().values("pk"), reconciled__isnull=True)
    found = rows.order_by().values_list("currency").annotate(n=Count("pk"), total=Sum("amount"))
    return [(n, money_words(total, currency)) for currency, n, total in sorted(found)]


def _listing(asked: Asked, purses: list[Purse]) -> Listing:
    return Listing(
        title=_("Subvention par subvention"),
        headings=(_("Subvention"), _("Prévu"), _("Décaissé"), _("Dépensé"), _("Absorption"), _("Dépensé, %(period)s") % {"period": called(asked.period)}),
        rows=[_row(asked, one) for one in purses], widths=(2.6, 1.7, 1.7, 1.7, 1.1, 1.7), numbers=frozenset({1, 2, 3, 4, 5}),
        note=_("Absorption : dépensé sur décaissé, depuis le début. L'argent contribue parmi d'autres causes : il ne se divise pas par les enfants."),
    )  # fmt: skip


def _row(asked: Asked, one: Purse) -> tuple[Linked, ...]:
    tally, currency, led = one.account.total, one.account.currency, reverse("grant", args=[one.grant.pk])
    sums = (tally.planned, tally.disbursed, tally.spent)
    spent = _spent_in(one.account, asked.period)
    return (
        Linked(_called(one), led), *(Linked(money_words(amount, currency), led) for amount in sums), Linked(percent(tally.absorbed), led),
        Linked(money_words(spent, currency), led),
    )  # fmt: skip


def _spent_in(found: Account, quarter: str) -> Decimal:
    return found.quarters[quarter].spent if quarter in found.quarters else Decimal(0)


def quarter_by_quarter(asked: Asked) -> list[tuple[Linked, ...]]:
    """Return what was spent in the quarter before and in this one, as a line of a table; nothing for who reads no money."""
    if not may(asked.person, "grants.read"):
        return []
    lines, _kept = _lines(asked)
    found, led = account(lines, home_currency(), Exchange.of_today(), reader=asked.person), reverse("grants")
    told = [money_words(_spent_in(found, str(one)), found.currency) for one in (asked.before, asked.quarter)]
    return [(Linked(_("Argent dépensé")), *(Linked(one, led) for one in told))]


def _called(one: Purse) -> str:
    return _("%(grant)s (comptée dans %(within)s)") % {"grant": one.grant.code, "within": one.inside} if one.inside else one.grant.code  # fmt: skip


def _beside(total: Account) -> tuple[Linked, ...]:
    """Return what is in no sum for want of a rate."""
    names = {"planned": _("prévus"), **{part: str(Entry.Kind(kind).label).lower() for kind, part in PARTS.items()}}  # fmt: skip
    return plain(
        *(
            _("Hors des sommes, faute de cours : %(sum)s (%(part)s).") % {"sum": money_words(one.amount, one.currency), "part": names[one.part]}
            for one in total.left
        )
    )  # fmt: skip


def _notes(asked: Asked, total: Account, kept: bool) -> list[str]:
    found = []
    if not asked.whole:
        found.append(_("L'argent écrit pour tout le pays, sans district, n'est pas compté ici."))
    if kept:
        found.append(_("Des lignes réservées à leurs équipes ne sont pas comptées ici."))
    if total.until:
        found.append(_("L'argent des lignes protégées compte ici jusqu'au %(period)s : la suite attend 90 jours après la fin du trimestre.") % {"period": called(total.until)})  # fmt: skip
    if rates := total.told_rates:
        told = [
            f"1 {one.base} = {rate_number(one.rate)} {one.quote} ({day(one.day)}, {one.source})"
            for one in rates[:4]
        ]
        found.append(_("Converti aux cours : %(rates)s.") % {"rates": " ; ".join(told)})
    return found
