"""How do the lines of a district or of an intervention become a list in a few milliseconds?

A district has up to eighty lines of some ten parts each: a template that asks for every part took ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kalanso.hub.people.queries.addresses import address
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.queries.cells import Told
from kalanso.hub.portfolio.queries.who_reported import Expected
from kalanso.vocabulary import format_value

register = template.Library()


@register.simple_tag
def portfolio_lines(
    rows: Iterable[Told], by_place: bool = False, children: Mapping[str, str] | None = None
) -> SafeString:
    """Write lines as a list, each with its state, end and target; `by_place`: named by district, with what `children` says of those missed there."""
    missed, begins, language = children or {}, _before_number("cell"), str(get_language())
    parts = []
    for row in rows:
        key = (language, by_place, row.place, row.detail, row.late)
        if (begun := row.written.get(key)) is None:
            begun = row.written[key] = _line(row, begins, by_place)
        below = conditional_escape(missed.get(row.cell.place_code, "")) if by_place else ""
        parts.append(f"{begun}<br>{below}</span></li>" if below else f"{begun}</span></li>")
    told = mark_safe("".join(parts))  # noqa: S308 - made of what was escaped
    return format_html('<ul class="ways lines">{}</ul>', told)


@register.simple_tag
def missing_lines(rows: Iterable[Expected], period: str, more: bool = False) -> SafeString:
    """Write lines whose report on a quarter is missing, each with a link to where it is written; `more`: without who works there."""
    told, begins = [], _before_number("cell")
    for one in rows:
        where = address("report", one.pk, period) if one.mine else f"{begins}{one.pk}/"
        called = conditional_escape(f"{one.code} · {one.place}")
        house = "" if more else f"<span>{conditional_escape(one.organisation)}</span>"
        told.append(f'<li><a href="{conditional_escape(where)}">{called}</a>{house}</li>')
    return format_html('<ul class="{}">{}</ul>', "listing" if more else "ways", mark_safe("".join(told)))  # noqa: S308 - made of what was escaped


@register.simple_tag
def district_counts(rows: Iterable[tuple[str, str, list[tuple[str, int]]]]) -> SafeString:
    """Write the rows of a table: a district, then a number for each state."""
    told = []
    language = page_language()
    for code, place, counts in rows:
        cells = "".join(
            f'<td class="number" data-label="{conditional_escape(word)}">{conditional_escape(format_value(n, "count", language))}</td>'
            for word, n in counts
        )
        where = conditional_escape(address("portfolio_district", code))
        told.append(f'<tr><th scope="row"><a href="{where}">{conditional_escape(place)}</a></th>{cells}</tr>')
    return mark_safe("".join(told))  # noqa: S308 - made of what was escaped


def _before_number(name: str) -> str:
    """Return how the addresses of a page begin that stands under the number of a record."""
    return address(name, 0).removesuffix("0/")


def _line(row: Told, begins: str, by_place: bool) -> str:
    """Write a line but for its end."""
    cell = row.cell
    called = row.place if by_place else f"{cell.intervention.code} · {cell.intervention.title}"
    parts = [f" {conditional_escape(State(cell.state).label)}"]
    if row.late:
        parts.append(f' · <span class="mark attention">{conditional_escape(_("fin dépassée"))}</span>')
    parts += [f" · {conditional_escape(one)}" for one in _facts(row)]
    return (
        f'<li><a href="{begins}{cell.pk}/">{conditional_escape(called)}</a>'
        f'<span><span class="sq {conditional_escape(cell.state)}" aria-hidden="true">{row.icon}</span>{"".join(parts)}'
    )


def _facts(row: Told) -> list[str]:
    """Return what is told of a line behind its state; days and reasons to those alone who may know them."""
    cell, told = row.cell, []
    if row.detail and cell.reason:
        told.append(cell.reason)
    told.append(str(cell.organisation))
    if cell.ends:
        until = (
            _("jusqu'au %(day)s") % {"day": format_value(cell.ends, "date", page_language())}
            if row.detail
            else _("jusqu'au %(quarter)s") % {"quarter": format_value(row.ends, "period", page_language())}
        )
        told.append(until)
    if cell.target:
        said = {"n": format_value(cell.target, "count", page_language()), "unit": cell.intervention.unit}
        told.append(_("cible %(n)s %(unit)s") % said)
    return told
