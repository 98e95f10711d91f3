"""What is wrong with a dated tree?

Circles, days without a parent, two parents at once, links to unknown places, a parent below its
child. Reading a sound tree is the work of `trees`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd

from kalanso.places.frames import days, frame, optional, text
from kalanso.places.trees import find_circle
from kalanso.vocabulary import Level

TREE_FINDINGS = ("finding", "place_code", "other_code", "first_day", "last_day", "message", "params")
_Link = tuple[date, date, str]
_NAMES = {level.value: level.depth for level in Level}


def tree_findings(parents: Any, places: Any, *, tree: str) -> pd.DataFrame:
    """Return what is wrong with one tree, one row per fault, with columns TREE_FINDINGS.

    `finding` is one of: reversed (ends before it begins), unknown_place, overlap (two links on one
    day), gap (days without a parent between two links, or within the life of the place),
    no_parent (never, though places of its level have one), circle, above (the parent's level is not
    higher). `first_day` and `last_day` bound it, empty where open. `message` and `params` (JSON) make
    a `Message`.
    """
    links = frame(
        parents, ("place_code", "tree", "parent_code", "valid_from", "valid_to"), what="place_parents"
    )
    known = frame(places, ("place_code", "level"), what="places")
    links = links[links["tree"] == tree]
    levels = dict(zip(text(known["place_code"]), text(known["level"]), strict=True))
    life = dict(
        zip(
            levels,
            zip(days(optional(known, "valid_from")), days(optional(known, "valid_to")), strict=True),
            strict=True,
        )
    )
    by_place = _links_by_place(links)
    found = [
        *_reversed(by_place),
        *_unknown(by_place, levels),
        *_overlaps_and_gaps(by_place, life),
        *_without_parent(by_place, levels),
        *_circles(by_place),
        *_not_above(by_place, levels),
    ]
    rows = [_row(tree, *fault) for fault in found]
    return pd.DataFrame(rows, columns=list(TREE_FINDINGS))


def _links_by_place(links: pd.DataFrame) -> dict[str, list[_Link]]:
    by_place: dict[str, list[_Link]] = defaultdict(list)
    for place, parent, first, last in zip(
        links["place_code"],
        links["parent_code"],
        days(links["valid_from"]),
        days(links["valid_to"]),
        strict=True,
    ):
        by_place[place].append((first or date.min, last or date.max, parent))
    return {place: sorted(held) for place, held in by_place.items()}


_Fault = tuple[str, str, str, date, date]


def _reversed(by_place: dict[str, list[_Link]]) -> Iterator[_Fault]:
    for place, held in by_place.items():
        yield from (("reversed", place, parent, first, last) for first, last, parent in held if last < first)


def _unknown(by_place: dict[str, list[_Link]], levels: dict[str, str]) -> Iterator[_Fault]:
    for place, held in by_place.items():
        for first, last, parent in held:
            yield from (
                ("unknown_place", place, code, first, last) for code in (place, parent) if code not in levels
            )


def _overlaps_and_gaps(
    by_place: dict[str, list[_Link]], life: dict[str, tuple[date | None, date | None]]
) -> Iterator[_Fault]:
    one_day = timedelta(days=1)
    for place, held in by_place.items():
        sound = [link for link in held if link[0] <= link[1]]
        covered_to: date | None = None
        covering = ""
        for first, last, parent in sound:
            if covered_to is not None and first <= covered_to:
                yield "overlap", place, parent, first, min(last, covered_to)
            elif covered_to is not None and first > covered_to + one_day:
                yield "gap", place, covering, covered_to + one_day, first - one_day
            if covered_to is None or last > covered_to:
                covered_to, covering = last, parent
        born, gone = life.get(place, (None, None))
        if sound and born and sound[0][0] > born:
            yield "gap", place, sound[0][2], born, sound[0][0] - one_day
        if covered_to is not None and covered_to < (gone or date.max):
            yield "gap", place, covering, covered_to + one_day, gone or date.max


def _without_parent(by_place: dict[str, list[_Link]], levels: dict[str, str]) -> Iterator[_Fault]:
    usual = {levels[place] for place in by_place if place in levels}
    for place, level in levels.items():
        if level in usual and place not in by_place:
            yield "no_parent", place, "", date.min, date.max


def _circles(by_place: dict[str, list[_Link]]) -> Iterator[_Fault]:
    starts = sorted({first for held in by_place.values() for first, _, _ in held})
    told: set[frozenset[str]] = set()
    for start, following in pairwise([*starts, date.max]):
        above = {
            place: parent
            for place, held in by_place.items()
            for first, last, parent in held
            if first <= start <= last
        }
        while circle := find_circle(above):
            if frozenset(circle) not in told:
                told.add(frozenset(circle))
                yield "circle", circle[0], " > ".join(circle), start, following
            for place in circle:
                above.pop(place, None)


def _not_above(by_place: dict[str, list[_Link]], levels: dict[str, str]) -> Iterator[_Fault]:
    for place, held in by_place.items():
        for first, last, parent in held:
            own, theirs = _NAMES.get(levels.get(place, "")), _NAMES.get(levels.get(parent, ""))
            if own is not None and theirs is not None and theirs >= own:
                yield "above", place, parent, first, last


def _row(tree: str, finding: str, place: str, other: str, first: date, last: date) -> tuple[Any, ...]:
    begin, end = (None if day in (date.min, date.max) else day for day in (first, last))
    params = {
        "place": place,
        "other": other,
        "tree": tree,
        "first": begin and begin.isoformat(),
        "last": end and end.isoformat(),
    }
    return (
        finding, place, other, begin, end, f"places.tree.{finding}",
        json.dumps(params, ensure_ascii=False, sort_keys=True),
    )  # fmt: skip
