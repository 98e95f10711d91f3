"""What does a finding say to a person?

Fills the sentence of a finding with the names that a country gives to indicators, products and
levels. Which sentence it is was decided by the check.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kalanso.definitions import Pack
from kalanso.vocabulary import Message

CODES = ("indicator", "first", "last", "one", "other", "larger", "product", "level")
LISTS = ("indicators",)
SOURCES = ("source", "other_source", "other")


def sentence(
    message: str,
    params: str | Mapping[str, Any],
    pack: Pack,
    locale: str = "fr",
    titles: Mapping[str, str] | None = None,
) -> str:
    """Return the sentence of a finding, from its columns `message` and `params`; `titles` is what sources are called."""
    given: dict[str, Any] = json.loads(params) if isinstance(params, str) else dict(params)
    for name in CODES:
        if isinstance(given.get(name), str):
            given[name] = pack.name(given[name], locale)
    for name in SOURCES if titles else ():
        if isinstance(given.get(name), str):
            given[name] = (titles or {}).get(given[name], given[name])
    for name in LISTS:
        if isinstance(given.get(name), list):
            given[name] = ", ".join(pack.name(code, locale) for code in given[name])
    said = Message(message, given).render(locale)
    if message.startswith("quality.ask"):
        return said
    if given.get("explained_by"):
        why = Message(f"quality.expected.{given['explained_by']}").render(locale)
        said = f"{said} {why}"
    if given.get("provisional") is True:
        said = f"{said} {Message('quality.provisional').render(locale)}"
    return said
