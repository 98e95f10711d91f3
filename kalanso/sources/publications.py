"""Who publishes which file, under which licence, and how is it to be cited?

The catalogue behind `kalanso fetch`. Bringing the bytes is the work of `fetching`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml
from babel.core import get_global


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One file of a publisher, for one country.

    `pointer` leads through a JSON answer at `url` to the address of the file, where it is not `url`
    itself; `says` names fields beside it. `sha256` is the checksum that the publisher states, where
    one does. `reader` and `options` say how the file is imported. `page` is for people.
    """

    name: str
    publisher: str
    title: Mapping[str, str]
    file: str
    licence: str
    citation: str
    reader: str
    url: str = ""
    page: str = ""
    pointer: tuple[Any, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    manual: bool = False


@lru_cache
def _entries() -> dict[str, dict[str, Any]]:
    path = resources.files("kalanso.sources") / "publishers.yaml"
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def iso3(country: str) -> str:
    """Return the ISO code of three letters of a country given by two."""
    aliases = get_global("territory_aliases").items()
    found = [old for old, new in aliases if list(new) == [country] and re.fullmatch(r"[A-Z]{3}", old)]
    if not found:
        raise ValueError(f"country: expected an ISO code of two letters such as ML, got {country!r}")
    return min(found)


def catalogue(country: str) -> list[Publication]:
    """Return what can be fetched for a country, in the order in which it is best imported."""
    three = iso3(country)
    places = {"{iso2}": country, "{iso3}": three, "{iso3_lower}": three.lower()}
    listed = []
    for name, entry in _entries().items():
        if country not in entry.get("countries", [country]):
            continue
        told = {key: value for key, value in entry.items() if key != "countries"}
        for key in ("url", "page", "file", "citation"):
            if key in told:
                told[key] = _filled(told[key], places)
        told["pointer"] = tuple(told.get("pointer", ()))
        listed.append(Publication(name=name, **told))
    return listed


def _filled(text: str, places: Mapping[str, str]) -> str:
    for mark, value in places.items():
        text = text.replace(mark, value)
    return text


class NoPointer(LookupError):
    """An answer that does not lead to a file."""


def follow(answer: Any, pointer: Sequence[Any]) -> Any:
    """Return what a pointer leads to in a JSON answer.

    A text is the name of a field; a mapping {field: pattern} takes the first entry of a list whose
    field holds the pattern. Raises NoPointer where a step leads nowhere.
    """
    for step in pointer:
        if isinstance(step, Mapping):
            fits = [
                entry for entry in answer if isinstance(entry, Mapping)
                and all(re.search(pattern, str(entry.get(name, ""))) for name, pattern in step.items())
            ] if isinstance(answer, list) else []  # fmt: skip
            if not fits:
                raise NoPointer(str(step))
            answer = fits[0]
        elif isinstance(answer, Mapping) and answer.get(step):
            answer = answer[step]
        else:
            raise NoPointer(str(step))
    return answer
