"""What does a record rest on, what rests on it, and which of that may the reader know?

An app declares what can be cited of it (`citable`), by how it is found for a reader. What the reader may not see is
counted and not named, so that nobody takes a chain for complete that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Citation

SEPARATOR = ":"
SHOWN_AT_MOST = 60
# A number that somebody read elsewhere: the citation's key is its source, its note the number.
TYPED = "typed"


@dataclass(frozen=True, kw_only=True)
class Cited:
    """One thing that can be cited, as a reader may know it.

    `address` is where it is shown, "" for nowhere; `says` what it says today, which a citation keeps.
    """

    object_type: str
    object_id: str
    kind: Any
    name: str
    address: str = ""
    place_code: str = ""
    says: str = ""

    @property
    def mark(self) -> str:
        """By what it is named in an address."""
        return f"{self.object_type}{SEPARATOR}{self.object_id}"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One end of a citation, with what was said of it."""

    cited: Cited
    note: str
    by: Any
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What stands on one side of a record; `hidden` is how many of it are not for the reader."""

    lines: tuple[Line, ...]
    hidden: int


# Returns, of the keys asked for, what the reader may know; what is missing is not for them, or not there.
Finder = Callable[[Any, Sequence[str]], Mapping[str, Cited]]
_FINDERS: dict[str, Finder] = {}


@dataclass(frozen=True, kw_only=True)
class Bond:
    """That one record leads to another without a citation, as a decision does to what it affects."""

    object_type: str
    object_id: str
    note: str
    by: Any
    at: datetime


# Returns, of the key of a thing, what leads to it besides citations.
Bonds = Callable[[str], Iterable[Bond]]
_BONDS: dict[str, list[Bonds]] = {}


def citable(object_type: str, finder: Finder) -> None:
    """Declare a kind of thing that can be cited."""
    _FINDERS[object_type] = finder


def bound(object_type: str, function: Bonds) -> None:
    """Declare what leads to a kind of thing besides citations."""
    if function not in _BONDS.setdefault(object_type, []):
        _BONDS[object_type].append(function)


def declared() -> frozenset[str]:
    """Return the kinds of things that can be cited."""
    return frozenset(_FINDERS)


def found(reader: Any, ends: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Cited]:
    """Return what the reader may know of some things by type and key, each type asked once."""
    asked: dict[str, list[str]] = {}
    for object_type, object_id in ends:
        asked.setdefault(object_type, []).append(object_id)
    known: dict[tuple[str, str], Cited] = {}
    for object_type, keys in asked.items():
        if object_type in _FINDERS:
            for key, cited in _FINDERS[object_type](reader, keys).items():
                known[object_type, key] = cited
    return known


def named(reader: Any, mark: str) -> Cited | None:
    """Return what an address names ("portfolio.factor:12"); None where it is not there or not for the reader."""
    object_type, _separator, object_id = mark.partition(SEPARATOR)
    if not object_id or "\x00" in mark or len(object_id) > 200 or object_type == TYPED:
        return None
    return found(reader, [(object_type, object_id)]).get((object_type, object_id))


def rests_on(reader: Any, object_type: str, object_id: str) -> Chain:
    """Return what a record rests on."""
    rows = Citation.objects.filter(from_type=object_type, from_id=object_id).select_related("by")
    return _chain(reader, [
        Bond(object_type=row.to_type, object_id=row.to_id, note=row.note, by=row.by, at=row.at) for row in rows[:SHOWN_AT_MOST]
    ])  # fmt: skip


def cited_by(reader: Any, object_type: str, object_id: str, *, without: str = "") -> Chain:
    """Return what rests on a thing, and what else leads to it, but for one kind."""
    rows = (
        Citation.objects.filter(to_type=object_type, to_id=object_id)
        .exclude(from_type=without)
        .select_related("by")
    )
    bonds = [bond for ask in _BONDS.get(object_type, ()) for bond in ask(object_id)]
    return _chain(reader, bonds + [
        Bond(object_type=row.from_type, object_id=row.from_id, note=row.note, by=row.by, at=row.at) for row in rows[:SHOWN_AT_MOST]
    ])  # fmt: skip


def _chain(reader: Any, bonds: list[Bond]) -> Chain:
    known = found(reader, [(one.object_type, one.object_id) for one in bonds])
    lines = tuple(
        Line(cited=known[one.object_type, one.object_id], note=one.note, by=one.by, at=one.at)
        for one in bonds
        if (one.object_type, one.object_id) in known
    )
    return Chain(lines=lines, hidden=len(bonds) - len(lines))


def typed(reader: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return numbers that somebody typed, by their sources."""
    return {key: Cited(object_type=TYPED, object_id=key, kind=_("Chiffre cité"), name=key) for key in keys}


VERBS = {"people.cited": _("%(who)s a relié « %(what)s » à ce sur quoi il s'appuie.")}
FIELDS = {"rests_on": _("S'appuie sur")}
