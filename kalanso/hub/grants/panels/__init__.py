"""How does money look inside a page: amounts in words and in full, and the bars of a quarter?

Template tags and filters (a builtin of every template). What they show is asked in `queries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.grants.models import Entry, Grant
from kalanso.hub.grants.queries.scope import language, title_of
from kalanso.vocabulary import format_value

register = template.Library()
CALLED = {"XOF": "FCFA"}
BILLION, MILLION = Decimal(10) ** 9, Decimal(10) ** 6
WIDTH = 150
SPACE = "\u202f"


def unit_of(currency: str) -> str:
    """Return what people call a currency."""
    return CALLED.get(currency, currency)


@register.filter
def money(amount: Any, currency: str) -> str:
    """Show an amount in full; francs without hundredths."""
    if amount is None:
        return _("pas de donnée")
    form = (
        "#,##0" if currency == "XOF" or Decimal(amount) == Decimal(amount).to_integral_value() else "#,##0.00"
    )
    return f"{format_decimal(amount, format=form, locale=language())}{SPACE}{unit_of(currency)}"


@register.filter
def money_words(amount: Any, currency: str) -> str:
    """Show an amount as a sentence says it: 26,6 milliards FCFA, 4,2 millions FCFA; smaller ones in full."""
    if amount is None:
        return _("pas de donnée")
    size = abs(Decimal(amount))
    said = {"unit": unit_of(currency)}
    for step, words in ((BILLION, _billions), (MILLION, _millions)):
        if size >= step:
            share = Decimal(amount) / step
            said["n"] = format_decimal(round(share, 1), format="#,##0.#", locale=language())
            return words(1 if abs(share) < 2 else 2) % said
    return money(amount, currency)


def _billions(n: int) -> str:
    return ngettext("%(n)s milliard %(unit)s", "%(n)s milliards %(unit)s", n)


def _millions(n: int) -> str:
    return ngettext("%(n)s million %(unit)s", "%(n)s millions %(unit)s", n)


@register.simple_tag
def money_bars(quarter: Any, most: Any) -> SafeString:
    """Draw a quarter: disbursed above spent, and a stroke at what is planned; the numbers stand beside it."""
    if not most or most <= 0:
        return mark_safe("")

    def reach(amount: Decimal) -> int:
        return max(0, min(WIDTH, round(WIDTH * float(amount / most))))

    tally, planned = quarter.tally, reach(quarter.planned)
    stroke = f'<path d="M{planned} 0v22" stroke="#9a5c18" stroke-width="2"/>' if planned else ""
    return mark_safe(  # noqa: S308 - numbers only
        f'<svg width="{WIDTH + 2}" height="22" aria-hidden="true">'
        f'<rect width="{reach(tally.disbursed)}" y="2" height="8" fill="#9fb0d6"/>'
        f'<rect width="{reach(tally.spent)}" y="12" height="8" fill="#28427b"/>{stroke}</svg>'
    )


@register.simple_tag
def money_key(part: str) -> SafeString:
    """Draw the key of one part of the bars."""
    if part == "planned":
        inside = '<path d="M7 0v12" stroke="#9a5c18" stroke-width="2"/>'
    else:
        inside = f'<rect y="2" width="14" height="8" fill="{"#28427b" if part == "spent" else "#9fb0d6"}"/>'
    return mark_safe(f'<svg width="14" height="12" aria-hidden="true">{inside}</svg>')  # noqa: S308


@register.filter
def money_unit(currency: str) -> str:
    """Show what people call a currency."""
    return unit_of(currency)


@register.filter
def rate_number(rate: Decimal) -> str:
    """Show a rate with the digits that it has."""
    return str(format_decimal(rate, format="#,##0.######", locale=language()))


@register.filter
def iso_day(code: str) -> str:
    """Show a day that was kept as text."""
    return str(format_value(date.fromisoformat(code), "date", language()))


@register.simple_tag
def entry_kind(kind: str) -> str:
    """Show what happened to the money."""
    return str(Entry.Kind(kind).label)


@register.simple_tag
def grant_title(grant: Grant) -> str:
    """Show the title of a grant in the language of the page."""
    return title_of(grant)


@register.simple_tag
def place_in(names: Mapping[str, str], code: str) -> str:
    """Show the name of a place among some; its code where it is no longer published."""
    return names.get(code, code)
