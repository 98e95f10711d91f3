"""How do the fields of a form become a page quickly?

A list of two hundred people was two hundred templates of four parts each. What is written is what Django's own
templates write; widgets that are not known here are left to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.formats import localize
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString, mark_safe

OPTION = "django/forms/widgets/select_option.html"
INPUTS = ("text", "number", "email", "url", "hidden", "date", "password", "search", "tel", "color")
Widget = Mapping[str, Any]


def _told(value: Any) -> str:
    """Write a value as a template does."""
    shown = localize(value)
    return str(conditional_escape(shown if isinstance(shown, str) else str(shown)))


def _plain(value: Any) -> str:
    """Write a value as it is sent back, without the signs of a language."""
    return str(conditional_escape(value if isinstance(value, SafeData) else str(value)))


def _attributes(attrs: Mapping[str, Any]) -> str:
    return "".join(
        f" {_told(name)}" if value is True else f' {_told(name)}="{_plain(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _select(widget: Widget) -> str:
    parts = [f'<select name="{_told(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'\n  <optgroup label="{_told(group)}">')
        for one in options:
            said = f'<option value="{_plain(one["value"])}"{_attributes(one["attrs"])}>{_told(one["label"])}</option>'
            parts.append(f"\n  {said}\n")
        if group:
            parts.append("\n  </optgroup>")
    parts.append("\n</select>")
    return "".join(parts)


def _input(widget: Widget) -> str:
    given = "" if widget["value"] is None else f' value="{_plain(widget["value"])}"'
    return f'<input type="{_told(widget["type"])}" name="{_told(widget["name"])}"{given}{_attributes(widget["attrs"])}>'


def _textarea(widget: Widget) -> str:
    given = _told(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_told(widget["name"])}"{_attributes(widget["attrs"])}>\n{given}</textarea>'


WRITTEN: dict[str, Callable[[Widget], str]] = {
    "django/forms/widgets/select.html": _select,
    "django/forms/widgets/textarea.html": _textarea,
    **{f"django/forms/widgets/{kind}.html": _input for kind in INPUTS},
}


class Widgets(DjangoTemplates):
    """Write the usual widgets at once, all others with their templates."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> SafeString:
        """Write one widget."""
        write, widget = WRITTEN.get(template_name), context.get("widget")
        if write is None or widget is None or (write is _select and not _usual(widget)):
            return mark_safe(super().render(template_name, context, request))  # noqa: S308 - a template escapes
        return mark_safe(write(widget))  # noqa: S308 - every part was escaped


def _usual(widget: Widget) -> bool:
    """Whether the options of a list are written with Django's own template."""
    return all(
        one["template_name"] == OPTION for _group, options, _at in widget["optgroups"] for one in options
    )
