"""How do numbers, periods, places and sentences look inside a page?

Template tags and filters (a builtin of every template). What they show is asked in `queries`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from kalanso import definitions, quality, triangulation
from kalanso.hub.evidence.queries.sources import distinct_titles
from kalanso.hub.explore.queries import choosing, doors, places, shelf, words
from kalanso.hub.explore.queries.estimates import Number, chances_of
from kalanso.hub.people.queries.language import page_language
from kalanso.indicators import DenominatorName
from kalanso.store import Column, TableSpec
from kalanso.triangulation.sentences import word as triangulation_word
from kalanso.vocabulary import Message, NotAPeriod, UnknownMessage, format_value

register = template.Library()
MESSAGE_ID = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")


def locale() -> str:
    """Return the language of the page, `fr` or `en`."""
    return page_language()


def _formatter(style: str) -> Any:
    def show(value: Any) -> str:
        return format_value(value, style, locale())

    show.__doc__ = f"Show a value in the style `{style}`."
    return show


for _style in ("count", "decimal", "percent", "percent1"):
    register.filter(_style, _formatter(_style))


@register.filter
def period(code: str) -> str:
    """Show a period code as people say it."""
    try:
        return format_value(code, "period", locale())
    except NotAPeriod:
        return str(code)


@register.filter
def day(value: Any) -> str:
    """Show a day; moments are shown in the zone of the country."""
    if isinstance(value, str) and "T" in value:
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return format_value(value, "date", locale())


@register.filter
def moment(value: Any) -> str:
    """Show a moment with its minute, in the zone of the country."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    local = value.astimezone(zone())
    return f"{format_value(local.date(), 'date', locale())} {local:%H:%M}"


def zone() -> ZoneInfo:
    """Return the time zone of the store's country."""
    return ZoneInfo(pack().country.time_zone)


def pack() -> Any:
    """Return the definitions of the store's country."""
    return definitions.load(shelf.current().store.country)


@register.filter
def named(code: str, section: str = "") -> str:
    """Show the name of an indicator, level, context or other code, in a section of names if given."""
    return word(code, section)


def word(code: str, section: str = "") -> str:
    """Return what people call a code in the page's language; the code itself where nobody named it."""
    asked = f"{section}.{code}" if section else code
    found = str(pack().name(asked, locale()))
    return code if found == asked else found


def coded(table: str, column: str, code: str) -> str:
    """Return what people call a code that stands in a column of a table; the code where nobody named it."""
    if code in words.CODED.get(column, {}):
        return str(words.CODED[column][code])
    if column in words.MONTHS_IN and (months := re.fullmatch(r"(\d+)(?:-(\d+))? m", code)):
        low, high = months[1], months[2]
        return (
            _("%(low)s à %(high)s mois") % {"low": low, "high": high}
            if high
            else _("%(n)s mois") % {"n": low}
        )
    section = words.OWN_SECTIONS.get((table, column)) or words.SECTIONS.get(column)
    return word(code, section) if section else code


@register.filter
def caveat(message_id: str) -> str:
    """Show the sentence of a caveat."""
    try:
        return Message(message_id).render(locale())
    except (UnknownMessage, KeyError):
        return message_id


@register.filter
def population(name: str) -> str:
    """Show which population divides, and whose number it is."""
    parts = DenominatorName.parse(name)
    text = word(parts.population)
    return f"{text} ({parts.source})" if parts.source else text


@register.filter
def check_name(code: str) -> str:
    """Show the name of a check."""
    try:
        return str(words.CHECK_NAMES.get(code) or Message(f"quality.{code}.name").render(locale()))
    except UnknownMessage:
        return code


@register.filter
def triangulated(code: str, family: str) -> str:
    """Show what the analyses of all sources call a code of a family, such as a grade or a kind of source."""
    return (
        triangulation_word(family, code, locale()) or triangulation_word("population", code, locale()) or code
    )


@register.filter
def severity_name(code: str) -> str:
    """Show how much a finding matters."""
    return word(code, "severity")


@register.filter
def heading(name: str) -> str:
    """Show the heading of a column."""
    return str(words.HEADINGS.get(name, name))


@register.filter
def state(code: str) -> str:
    """Show how far the review of a snapshot went."""
    return str(words.STATES.get(code, code))


@register.filter
def unit(code: str) -> str:
    """Show the unit of a column."""
    return str(words.UNITS.get(code, code))


@register.filter
def sentence(row: dict[str, Any]) -> str:
    """Show the sentence of a row with the columns `message` and `params`, and of the place in `place_code`."""
    try:
        message = Message.from_json(row["message"], row["params"])
        code = row.get("place_code")
        if code and message.params.get("place") == place_name(code):
            message = Message(message.id, {**message.params, "place": place_told(code)})
        return said(message)
    except (UnknownMessage, KeyError):
        return str(row["message"])


@register.filter
def said(message: Message) -> str:
    """Return a message in the page's language, with places by name and codes in words."""
    known = places.tree(shelf.current()).places
    if message.id.startswith("triangulation."):
        named = {code: known[code].name for code in _texts(message.params) if code in known}
        return triangulation.sentence(message, named, pack(), locale(), distinct_titles())
    params = {
        name: known[value].name if isinstance(value, str) and value in known else value
        for name, value in message.params.items()
    }
    return quality.sentence(message.id, params, pack(), locale(), distinct_titles())


@register.simple_tag
def told(message: str, params: str) -> str:
    """Show the sentence of two columns of a row: an id and its parameters."""
    return sentence({"message": message, "params": params})


def _between(style: str) -> Any:
    def show(number: Number) -> str:
        low, high = (format_value(end, style, locale()) for end in (number.low, number.high))
        return _("entre %(low)s et %(high)s") % {"low": low, "high": high}

    show.__doc__ = f"Show an interval in words, its ends in the style `{style}`."
    return show


between_count = register.filter("between_count", _between("count"))
between_percent = register.filter("between_percent", _between("percent"))


@register.filter
def chances(probability: float | None) -> str:
    """Show a probability as chances out of ten; draws never make anything certain."""
    if probability is None:
        return format_value(None, "text", locale())
    if probability >= 0.95:
        return _("plus de 9 chances sur 10")
    n = chances_of(probability)
    if not n:
        return _("moins d'une chance sur 10")
    return ngettext("%(n)s chance sur 10", "%(n)s chances sur 10", n) % {"n": n}


@register.filter
def ranks(number: Number) -> str:
    """Show the interval of a rank: 3, or 1 to 7."""
    low, high = (format_value(end, "count", locale()) for end in (number.low, number.high))
    return low if low == high else _("%(low)s à %(high)s") % {"low": low, "high": high}


@register.simple_tag(takes_context=True)
def with_choice(context: template.Context, name: str, value: Any) -> str:
    """Return this address with one choice changed, whatever its parameter is called."""
    return with_query(context, **{name: value})


@register.filter
def meaning(text: str) -> str:
    """Show what a table or a column means (declared in English beside the table)."""
    return pgettext("table", text)


@register.simple_tag
def place_name(code: str) -> str:
    """Show the name of a place."""
    known = places.tree(shelf.current()).places
    return known[code].name if code in known else code


@register.simple_tag
def place_told(code: str) -> str:
    """Show the name of a place, with its level where a place of another level has that name too."""
    known = places.tree(shelf.current())
    if code not in known.places:
        return code
    place = known.places[code]
    return (
        f"{place.name} ({named(place.level, 'level')})" if place.name in known.across_levels else place.name
    )


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """Return this address with some parameters changed; an empty value takes one away."""
    request: HttpRequest = context["request"]
    query = {name: value for name, value in request.GET.items() if value}
    query.update({name: str(value) for name, value in changes.items()})
    kept = {name: value for name, value in query.items() if value and value != "None"}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


@register.simple_tag(takes_context=True)
def place_url(context: template.Context, code: str) -> str:
    """Return the page of a place, the chosen period kept."""
    address = reverse("place", args=[code])
    chosen = context["request"].GET.get("periode", "")
    return f"{address}?{urlencode({'periode': chosen})}" if chosen else address


@register.simple_tag(takes_context=True)
def opens(context: template.Context, name: str) -> bool:
    """Say whether a page or a table is open to the reader, so that links lead to open ones only."""
    return doors.is_open(context.get("reading") or shelf.current(), name)


@register.simple_tag
def opens_snapshot(snapshot: str) -> bool:
    """Say whether the table of a snapshot is open to the reader."""
    return doors.is_open(shelf.current(), snapshot.rsplit("-", 1)[0])


@register.simple_tag(takes_context=True)
def chooser(context: template.Context) -> dict[str, Any]:
    """Return what the chooser of place and period offers on this page; nothing on pages without a place."""
    when, place = context.get("when"), context.get("place")
    period_now = getattr(when, "value", when) or ""
    known = [code for code, _name in when.options] if hasattr(when, "options") else context.get("periods", ())
    return choosing.chooser(context["request"], place, known, period_now)


@register.simple_tag(takes_context=True)
def page_url(context: template.Context, name: str) -> str:
    """Return another page of this section, the place and the period kept; one's own place where this one is closed."""
    request = context["request"]
    reading = context.get("reading")
    if reading is not None and not doors.is_open(reading, name):
        return reverse(name)
    place = context.get("place")
    kept = {
        "lieu": getattr(place, "code", "") or request.GET.get("lieu", ""),
        "periode": request.GET.get("periode", ""),
    }
    kept = {key: value for key, value in kept.items() if value}
    address = reverse(name)
    return f"{address}?{urlencode(kept)}" if kept and name in choosing.AS_PARAMETER else address


@register.simple_tag
def bar(value: float | None, most: float, *, width: int = 90) -> SafeString:
    """Draw a small bar beside a number; the number itself stands in the text."""
    if value is None or most <= 0:
        return mark_safe("")
    length = max(0, min(width, round(width * value / most)))
    return mark_safe(  # noqa: S308 - numbers only
        f'<svg class="bar" width="{width}" height="10" aria-hidden="true">'
        f'<rect width="{length}" height="10" rx="1"/></svg>'
    )


def table_question(name: str, otherwise: str) -> str:
    """Return the question that a table answers, or what it means where nobody asked one."""
    return str(words.TITLES[name]) if name in words.TITLES else meaning(otherwise)


@register.simple_tag
def table_title(spec: TableSpec) -> str:
    """Show the question that a table answers."""
    return table_question(spec.name, spec.meaning)


@register.simple_tag(takes_context=True)
def tab_url(context: template.Context, page: str, name: str) -> str:
    """Return another view of the same table, the filters kept."""
    kept = {key: value for key, value in context["request"].GET.items() if value and key != "page"}
    address = reverse(page, args=[name])
    return f"{address}?{urlencode(kept)}" if kept else address


def _texts(value: Any) -> Iterator[str]:
    """Yield every text within parameters of a message."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for one in value.values() for text in _texts(one))
    elif isinstance(value, (list, tuple)):
        yield from (text for one in value for text in _texts(one))


@register.simple_tag
def snapshot_url(snapshot: str) -> str:
    """Return the provenance page of a snapshot by its name."""
    address = reverse("table_provenance", args=[snapshot.rsplit("-", 1)[0]])
    return f"{address}?{urlencode({'as_of': snapshot})}"


@register.simple_tag
def cell(column: Column, value: Any, table: str = "", row: Mapping[str, Any] | None = None) -> str:
    """Show one value of a table: places by name and link, codes in words, numbers in the reader's form."""
    if value is None:
        return mark_safe('<span class="none">{}</span>'.format(_("vide")))  # noqa: S308
    if column.name in words.PLACE_COLUMNS:
        return _place_link(str(value))
    if row is not None and words.SENTENCES.get(column.name) in row:
        return sentence({"message": value, "params": row[words.SENTENCES[column.name]]})
    if (shown := coded(table, column.name, str(value))) != str(value):
        return shown
    if column.name == "period":
        return period(str(value))
    if column.name == "indicator":
        return word(str(value))
    if column.name in ("caveat", "reason"):
        return _reason(str(value), row or {})
    if column.name == "denominator_name":
        return population(str(value))
    if column.name == "check":
        return check_name(str(value))
    if column.type == "bool":
        return str(_("oui") if value else _("non"))
    return _number_or_text(column, value)


def _reason(message_id: str, row: Mapping[str, Any]) -> str:
    """Return the sentence of an id, its parameters taken from the row; what stands there where it is no id."""
    try:
        return (
            Message(message_id, dict(row)).render(locale())
            if MESSAGE_ID.fullmatch(message_id)
            else message_id
        )
    except (UnknownMessage, KeyError, ModuleNotFoundError):
        return message_id


def _place_link(code: str) -> SafeString | str:
    known = places.tree(shelf.current()).places
    if code not in known:
        return code
    return format_html('<a href="{}">{}</a>', reverse("place", args=[code]), known[code].name)


def _number_or_text(column: Column, value: Any) -> str:
    if column.type == "timestamp":
        return moment(value)
    if column.type == "date":
        return day(value)
    if column.type == "int" and "year" not in column.name:
        return format_value(value, "count", locale())
    if column.type in {"float", "float32"}:
        if column.unit == "degrees":
            return f"{value:.4f}"
        return str(format_decimal(value, format="#,##0.###", locale=locale()))
    return str(value)
