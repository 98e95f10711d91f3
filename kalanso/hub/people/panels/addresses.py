"""How does a page name other pages? `{% url "name" ... %}` as Django has it, found once in each process."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as url_of_django
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.encoding import iri_to_uri
from django.utils.html import escape
from django.utils.translation import override

from kalanso.hub.people.queries.addresses import address

register = template.Library()


class Address(URLNode):
    """An address without named arguments; whatever else one may write is left to Django."""

    def render(self, context: template.Context) -> str:
        """Write the address."""
        name: Any = self.view_name.resolve(context)
        if not isinstance(name, str) or ":" in name:
            return str(super().render(context))
        found = address(name, *(one.resolve(context) for one in self.args))
        return escape(found) if context.autoescape else found


@register.tag
def url(parser: Parser, token: Token) -> URLNode:
    """Name another page."""
    found = url_of_django(parser, token)
    plain = not found.kwargs and found.asvar is None
    return Address(found.view_name, found.args, found.kwargs, found.asvar) if plain else found


@register.simple_tag(takes_context=True)
def in_language(context: template.Context, code: str) -> str:
    """Return this same address in the other language."""
    request = context["request"]
    match = request.resolver_match
    if match is None or match.namespace or match.url_name is None:
        return str(translate_url(request.get_full_path(), code))
    with override(code):
        try:
            there = reverse(match.url_name, args=match.args, kwargs=match.kwargs)
        except NoReverseMatch:
            return str(request.get_full_path())
    query = request.META.get("QUERY_STRING", "")
    return f"{there}?{iri_to_uri(query)}" if query else there
