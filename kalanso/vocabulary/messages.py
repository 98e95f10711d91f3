"""What does a finding say, in the reader's language?

A sentence is stored as an identifier and parameters, never as text. The first word of the
identifier names the package whose `locale/` folder holds the French and English sentences:
`quality.dropout.negative` is looked up in `kalanso/quality/locale/fr.po`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from string import Formatter
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from kalanso.vocabulary.formats import format_value

LOCALES = ("fr", "en")


class UnknownMessage(KeyError):
    """A message id that the catalogue of its package does not hold."""


@dataclass(frozen=True)
class Message:
    """A sentence, known by an id and filled with parameters.

    A field of the sentence may name a style: `{value:percent}`, `{doses:count}`,
    `{period:period}` (see `format_value`). Where the catalogue has a plural, the parameter `n`
    chooses the form.
    """

    id: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def render(self, locale: str = "fr") -> str:
        """Return the sentence in one of the two languages."""
        entry = catalogue(self.id.split(".")[0], locale).get(self.id)
        if entry is None or not entry.string:
            raise UnknownMessage(f"{self.id}: no sentence in {locale}")
        text = entry.string
        if isinstance(text, (tuple, list)):
            number = abs(self.params.get("n", 1))
            singular = number < 2 if locale == "fr" else number == 1
            text = text[0] if singular else text[1]
        return _Localised(locale).vformat(text, (), dict(self.params))

    def params_json(self) -> str:
        """Return the parameters as JSON, in a stable order, for storage beside the id."""
        return json.dumps(dict(self.params), ensure_ascii=False, sort_keys=True, default=str)

    @classmethod
    def from_json(cls, id: str, params: str | None) -> Message:
        """Rebuild a message from the columns of a table."""
        return cls(id, json.loads(params) if params else {})


class Refusal(Exception):
    """Something that was not done, as a sentence with what to try. Kinds of it are also an error of Python."""

    def __init__(self, message_id: str, **params: Any) -> None:
        self.message = Message(message_id, params)
        super().__init__(self.message.render("en"))

    def render(self, locale: str = "fr") -> str:
        """Return the sentence for a person."""
        return self.message.render(locale)


@lru_cache
def catalogue(package: str, locale: str) -> Catalog:
    """Return the sentences of one package in one language."""
    if locale not in LOCALES:
        raise UnknownMessage(f"locale: expected one of {', '.join(LOCALES)}, got {locale!r}")
    path = resources.files(f"kalanso.{package}") / "locale" / f"{locale}.po"
    with path.open("rb") as stream:
        return read_po(stream, locale=locale, abort_invalid=True)


class _Localised(Formatter):
    def __init__(self, locale: str) -> None:
        self.locale = locale

    def format_field(self, value: Any, format_spec: str) -> Any:
        return format_value(value, format_spec or "text", self.locale)
