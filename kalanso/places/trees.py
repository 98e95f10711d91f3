"""Where does a place belong on a given day?

Two dated trees, health and administrative, as rows of `place_parents`. What is wrong with a tree
(circles, gaps, overlaps) is told by `tree_findings`; flags and contexts stand in `flags`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from kalanso.places.faults import PlacesRefused
from kalanso.places.frames import days, frame, text

_LINK = ("place_code", "tree", "parent_code", "valid_from", "valid_to")


def links_on(parents: Any, *, tree: str, on: date) -> dict[str, str]:
    """Return the parent of each place in one tree on one day.

    Both ends of a validity belong to it; an empty end is open. Raises PlacesRefused where a place
    has two parents on that day, or where following parents leads round in a circle.
    """
    rows = frame(parents, _LINK, what="place_parents")
    rows = rows[rows["tree"] == tree]
    above: dict[str, str] = {}
    for place, parent, first, last in zip(
        rows["place_code"], rows["parent_code"], days(rows["valid_from"]), days(rows["valid_to"]), strict=True
    ):
        if (first and first > on) or (last and last < on):
            continue
        if above.setdefault(place, parent) != parent:
            raise PlacesRefused(
                "places.refused.two_parents",
                place=place, first=above[place], second=parent, tree=tree, day=on.isoformat(),
            )  # fmt: skip
    if circle := find_circle(above):
        raise PlacesRefused("places.refused.circle", tree=tree, day=on.isoformat(), path=" > ".join(circle))
    return above


def find_circle(above: dict[str, str]) -> list[str]:
    """Return one circle of places, the first repeated at the end; empty where there is none."""
    sound: set[str] = set()
    for start in above:
        path: list[str] = []
        seen: set[str] = set()
        place = start
        while place in above and place not in sound:
            if place in seen:
                return [*path[path.index(place) :], place]
            path.append(place)
            seen.add(place)
            place = above[place]
        sound.update(path)
    return []


def lineage(parents: Any, places: Any, *, tree: str, on: date) -> pd.DataFrame:
    """Return each place with itself and with every place above it on one day.

    Columns `place_code`, `ancestor_code`, `ancestor_level`: the basis of every sum up a tree.
    `places` are rows of the table of that name: all of them stand in the result at least with
    themselves, closed ones too, so that numbers of a closed facility still reach its district;
    what ends a membership is the validity of the link. Raises PlacesRefused on circles, on two
    parents at once, and on a link to a place that is not known.
    """
    known = frame(places, ("place_code", "level"), what="places")
    levels = dict(zip(text(known["place_code"]), text(known["level"]), strict=True))
    above = links_on(parents, tree=tree, on=on)
    for place, parent in above.items():
        for code in (place, parent):
            if code not in levels:
                raise PlacesRefused("places.refused.unknown_place", place=code, below=place, tree=tree)
    rows = [
        (place, ancestor, levels[ancestor])
        for place in levels
        for ancestor in (place, *_upwards(above, place))
    ]
    return pd.DataFrame(rows, columns=["place_code", "ancestor_code", "ancestor_level"])


def _upwards(above: dict[str, str], place: str) -> list[str]:
    path = []
    while place in above:
        place = above[place]
        path.append(place)
    return path


def ancestors(parents: Any, place: str, *, tree: str, on: date) -> list[str]:
    """Return the places above one place on one day, the nearest first."""
    return _upwards(links_on(parents, tree=tree, on=on), place)


def children(parents: Any, place: str, *, tree: str, on: date) -> set[str]:
    """Return the places directly below one place on one day."""
    return {child for child, parent in links_on(parents, tree=tree, on=on).items() if parent == place}


def subtree(parents: Any, root: str, *, tree: str, on: date) -> set[str]:
    """Return a place and everything below it on one day."""
    below: dict[str, list[str]] = {}
    for child, parent in links_on(parents, tree=tree, on=on).items():
        below.setdefault(parent, []).append(child)
    found: set[str] = set()
    waiting = [root]
    while waiting:
        place = waiting.pop()
        found.add(place)
        waiting.extend(below.get(place, ()))
    return found
