"""Which place is meant, where does it belong, and what lies around it?

The health tree as it stands today, kept in memory (a country has thousands of places, not
millions). Numbers about places belong to `series`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from kalanso.hub.explore.queries.shelf import Shelf, remembered, shared
from kalanso.places.tables import (
    PLACE_BOUNDARIES,
    PLACE_CODES,
    PLACE_CONTEXTS,
    PLACE_NEIGHBOURS,
    PLACE_PARENTS,
    PLACES,
)
from kalanso.vocabulary import Level

FOUND_AT_MOST = 60
ADMINISTRATIVE = frozenset({Level.CERCLE, Level.ARRONDISSEMENT, Level.COMMUNE})  # work is not led there
OFFERED = 20  # places to choose from, where a text may mean many


class NoSuchPlace(LookupError):
    """No place has this code."""


@dataclass(frozen=True)
class Place:
    """A place with its position in the tree in use (health, or administrative where there is no other)."""

    code: str
    name: str
    level: str
    kind: str
    latitude: float | None
    longitude: float | None
    parent: str | None = None
    children: tuple[str, ...] = field(default=(), compare=False)

    @property
    def depth(self) -> int:
        """How far below the country."""
        return Level(self.level).depth


@dataclass(frozen=True)
class Tree:
    """All places by code, and how they hang together."""

    places: dict[str, Place]
    spellings: dict[str, tuple[str, ...]]

    @cached_property
    def across_levels(self) -> frozenset[str]:
        """The names that places of two levels share: Kayes is a region and a district."""
        levels: dict[str, set[str]] = {}
        for place in self.places.values():
            levels.setdefault(place.name, set()).add(place.level)
        return frozenset(name for name, found in levels.items() if len(found) > 1)

    def find(self, code: str) -> Place:
        """Return the place of a code, or raise NoSuchPlace."""
        if code not in self.places:
            raise NoSuchPlace(code)
        return self.places[code]

    def above(self, code: str) -> list[Place]:
        """Return the ancestors of a place, the country first."""
        found: list[Place] = []
        parent = self.places[code].parent
        while parent in self.places and len(found) < len(Level):
            found.insert(0, self.places[parent])
            parent = self.places[parent].parent
        return found

    def children(self, code: str) -> list[Place]:
        """Return the places right below, by name."""
        below = [self.places[child] for child in self.places[code].children]
        return sorted(below, key=lambda place: (place.depth, folded(place.name), place.code))

    def root(self) -> Place | None:
        """Return the country, or the place highest up that has others below it."""
        tops = [place for place in self.places.values() if place.parent is None]
        return min(tops, key=lambda p: (p.depth, -len(p.children), p.code), default=None)


def folded(text: str) -> str:
    """Return a name as search compares it: no accents, no case, single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.split(r"[\W_]+", plain.lower())).strip()


@shared(PLACES, PLACE_PARENTS, PLACE_CODES)
def tree(shelf: Shelf) -> Tree:
    """Return the places of today."""
    today = datetime.now(UTC).date()
    rows = [row for row in shelf.rows(shelf.table(PLACES)) if _lasts(row, today)]
    known = {row["place_code"] for row in rows}
    parents, below = _branches(shelf, known, today)
    places = {
        row["place_code"]: Place(
            code=row["place_code"],
            name=row["name"],
            level=row["level"],
            kind=row["kind"],
            latitude=row["latitude"],
            longitude=row["longitude"],
            parent=parents.get(row["place_code"]),
            children=tuple(below.get(row["place_code"], ())),
        )
        for row in rows
    }
    return Tree(places, _spellings(shelf, places))


def _lasts(row: dict[str, object], today: date) -> bool:
    last = row["valid_to"]
    return last is None or (isinstance(last, date) and last >= today)


def _branches(shelf: Shelf, known: set[str], today: date) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return child -> parent and parent -> children: the health tree, and the other where it does not reach."""
    rows = shelf.rows(shelf.table(PLACE_PARENTS))
    trees: dict[str, dict[str, str]] = {"health": {}, "administrative": {}}
    for row in sorted(rows, key=lambda r: r["valid_from"] or date.min):
        child, parent = row["place_code"], row["parent_code"]
        if _lasts(row, today) and {child, parent} <= known and child != parent:
            trees[row["tree"]][child] = parent
    below: dict[str, dict[str, list[str]]] = {name: {} for name in trees}
    for name, parents in trees.items():
        for child, parent in parents.items():
            below[name].setdefault(parent, []).append(child)
    return (
        trees["administrative"] | trees["health"],
        below["administrative"] | below["health"],
    )


def _spellings(shelf: Shelf, places: dict[str, Place]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {code: {folded(place.name)} for code, place in places.items()}
    for row in shelf.rows(shelf.table(PLACE_CODES).select("place_code", "name", "code")):
        if row["place_code"] in found:
            found[row["place_code"]] |= {folded(row["name"]), folded(row["code"])}
    return {code: tuple(sorted(names)) for code, names in found.items()}


@remembered
def below(shelf: Shelf, code: str) -> frozenset[str]:
    """Return a place with everything below it; an unknown code alone."""
    known = tree(shelf)
    if code not in known.places:
        return frozenset({code})
    return frozenset(_walk(known, code, set()))


def _walk(known: Tree, code: str, seen: set[str]) -> Iterator[str]:
    if code in seen:
        return
    seen.add(code)
    yield code
    for child in known.places[code].children:
        yield from _walk(known, child, seen)


@remembered
def home(shelf: Shelf) -> tuple[Place, ...]:
    """Return the places to which the reader is held, each with all below it; nothing for other readers."""
    held = shelf.scope.places if shelf.scope.at_home is not None else None
    if held is None:
        return ()
    known = tree(shelf)
    whole = {code for code in held & known.places.keys() if below(shelf, code) <= held}
    tops = [known.places[code] for code in whole if known.places[code].parent not in whole]
    return tuple(sorted(tops, key=lambda place: (place.depth, folded(place.name), place.code)))


def at_home(shelf: Shelf, code: str) -> bool:
    """Whether a place belongs, with all below it, to those to which the reader is held."""
    held = shelf.scope.places
    return held is not None and below(shelf, code) <= held


def search(shelf: Shelf, text: str) -> list[Place]:
    """Return places whose name, other spelling or code holds the text; best first, of one depth those of the health tree."""
    wanted, known = folded(text), tree(shelf)
    if not wanted:
        return []
    scored = []
    for code, names in known.spellings.items():
        place = known.places[code]
        best = min((_rank(wanted, name) for name in (*names, folded(code))), default=9)
        if best < 9:
            scored.append((best, place.depth, place.level in ADMINISTRATIVE, folded(place.name), code, place))
    return [entry[-1] for entry in sorted(scored, key=lambda e: e[:-1])[:FOUND_AT_MOST]]


def meant(shelf: Shelf, text: str) -> list[Place]:
    """Return the places that a text may mean: the one of this code, else all of this name, whatever their level.

    Where no place bears the name, those whose other spelling or code it is, else those that hold it; best first.
    """
    known, wanted = tree(shelf), folded(text)
    if text in known.places:
        return [known.places[text]]
    found = search(shelf, text)
    return (
        [place for place in found if folded(place.name) == wanted]
        or [place for place in found if wanted in known.spellings[place.code]]
        or found
    )


def offered(shelf: Shelf, found: list[Place]) -> list[tuple[Place, list[Place]]]:
    """Return the first of the places that a text may mean, each with those above it, for a person to choose from."""
    known = tree(shelf)
    return [(place, known.above(place.code)) for place in found[:OFFERED]]


def _rank(wanted: str, name: str) -> int:
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    if f" {wanted}" in f" {name}":
        return 2
    return 3 if wanted in name else 9


def contexts(shelf: Shelf, code: str) -> list[dict[str, object]]:
    """Return the contexts of a place that still hold, with since when and whose word it is."""
    return _contexts(shelf).get(code, [])


def in_context(shelf: Shelf, context: str) -> list[str]:
    """Return the codes of the places that are described by a context today."""
    return [code for code, rows in _contexts(shelf).items() if any(row["context"] == context for row in rows)]


@shared(PLACE_CONTEXTS)
def _contexts(shelf: Shelf) -> dict[str, list[dict[str, object]]]:
    if not shelf.sees(PLACE_CONTEXTS):
        return {}
    today = datetime.now(UTC).date()
    found: dict[str, list[dict[str, object]]] = {}
    for row in shelf.rows(shelf.table(PLACE_CONTEXTS).order_by("context", "valid_from")):
        if _lasts(row, today):
            found.setdefault(row["place_code"], []).append(row)
    return found


def neighbours(shelf: Shelf, code: str) -> list[Place]:
    """Return the places that touch this one, and those that stand in for neighbours of an island."""
    known = tree(shelf).places
    found = [known[other] for other in _neighbours(shelf).get(code, []) if other in known]
    return sorted(found, key=lambda place: folded(place.name))


@shared(PLACE_NEIGHBOURS)
def _neighbours(shelf: Shelf) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in shelf.rows(shelf.table(PLACE_NEIGHBOURS).select("place_code", "neighbour_code")):
        found.setdefault(row["place_code"], []).append(row["neighbour_code"])
    return found


@shared(PLACE_BOUNDARIES)
def outlined(shelf: Shelf) -> dict[str, str]:
    """Return which places have an outline, and of which kind; a published one before a catchment."""
    table = shelf.table(PLACE_BOUNDARIES).select("place_code", "kind", "vintage")
    found: dict[str, str] = {}
    for row in sorted(shelf.rows(table), key=lambda r: (r["kind"] != "published", r["vintage"])):
        found.setdefault(row["place_code"], row["kind"])
    return found


@shared(PLACE_BOUNDARIES, about=lambda codes: codes)
def outlines(shelf: Shelf, codes: tuple[str, ...]) -> dict[str, tuple[bytes, str]]:
    """Return the outline (WKB) and its kind of some places; a published one before a catchment."""
    table = shelf.table(PLACE_BOUNDARIES)
    chosen = table.filter(table.place_code.isin(list(codes))).select(
        "place_code", "kind", "vintage", "geometry"
    )
    found: dict[str, tuple[bytes, str]] = {}
    newest_first = sorted(shelf.rows(chosen), key=lambda r: r["vintage"], reverse=True)
    for row in sorted(newest_first, key=lambda r: r["kind"] != "published"):
        found.setdefault(row["place_code"], (row["geometry"], row["kind"]))
    return found


def drawable(shelf: Shelf, shown: Sequence[Place]) -> list[dict[str, Any]]:
    """Return what a map needs to know of each place, in their order: name, outline (none where none is published), its kind."""
    found = outlines(shelf, tuple(one.code for one in shown))
    return [
        {
            "place": one.name,
            "geometry": found[one.code][0].hex() if one.code in found else None,
            "kind": found[one.code][1] if one.code in found else "published",
        }
        for one in shown
    ]
