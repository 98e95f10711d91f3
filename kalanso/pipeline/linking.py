"""To which place above does each listed place belong?

By the code or name that the list gives, or else by the outline around its point. A link that the
store holds already is never overwritten: what differs is counted, or dated where the person says
since when it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from kalanso.pipeline.outlining import DEPTHS, OutlineIndex
from kalanso.pipeline.places_known import KnownPlaces, day_before, records
from kalanso.places.names import normalise
from kalanso.vocabulary import Level, Tree


@dataclass(kw_only=True)
class Links:
    """Rows of `place_parents` to be added, and the names about whose parent there is a doubt."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    other_parents: list[str] = field(default_factory=list)
    without_parent: list[str] = field(default_factory=list)
    outside_parent: list[str] = field(default_factory=list)


def link(
    listed: pd.DataFrame, codes: Mapping[tuple[str, str], str], known: KnownPlaces, *,
    source: str, valid_from: date | None,
) -> Links:  # fmt: skip
    """Return the links of every placed row of LISTED_PLACES to the place above, in its trees.

    `codes` leads from (code, parent name) in the list to our codes. A place whose parent the list
    does not say, and that no outline contains, hangs below the country.
    """
    return _Linker(listed, codes, known, source, valid_from).links


class _Linker:
    def __init__(
        self, listed: pd.DataFrame, codes: Mapping[tuple[str, str], str], known: KnownPlaces,
        source: str, valid_from: date | None,
    ) -> None:  # fmt: skip
        self.known, self.codes, self.source, self.valid_from = known, codes, source, valid_from
        self.links = Links()
        self.stored = known.parent_links()
        self.index = OutlineIndex(known)
        self.in_tree: dict[str, set[str]] = {}
        for place, tree in self.stored:
            self.in_tree.setdefault(tree, {known.country}).add(place)
        self._list_names(listed)
        self.rung_above = self._rungs_above(listed)
        self._above: dict[tuple[str, str], str] = {
            key: row["parent_code"] for key, row in self.stored.items()
        }
        for row in records(listed):
            ours = codes.get((row["code"], row["parent_name"]))
            if ours is not None and ours != known.country:
                self._link_row(row, ours)

    def _list_names(self, listed: pd.DataFrame) -> None:
        self.by_code: dict[str, str] = {}
        self.by_name: dict[tuple[str, int], set[str]] = {}
        for row in records(listed):
            if code := self.codes.get((row["code"], row["parent_name"])):
                self.by_code[row["code"]] = code
                self.by_name.setdefault((normalise(row["name"]), DEPTHS[row["level"]]), set()).add(code)

    def _rungs_above(self, listed: pd.DataFrame) -> dict[str, int]:
        """Return, for each level of the list, on which rung the places stand that it names as parents.

        Kayes is a region, a cercle and a commune: the rung is the one on which most of the names that
        the list gives as parents are found, the highest of several: each region has a cercle of its name.
        """
        fits: dict[tuple[str, int], set[str]] = {}
        levels = self.known.levels
        # What other lists call a place counts too: one writes Koulikoro, another Koulikouro.
        for row in [*records(self.known.places), *records(self.known.codes)]:
            if row["place_code"] in levels:
                depth = DEPTHS[levels[row["place_code"]]]
                fits.setdefault((normalise(row["name"]), depth), set()).add(row["place_code"])
        # Two rungs of the two trees may have one depth: both count, and a name on both is not one place.
        self.stored_names = {key: next(iter(codes)) for key, codes in fits.items() if len(codes) == 1}
        rungs: dict[str, int] = {}
        for level, names in listed[listed["parent_name"] != ""].groupby("level")["parent_name"]:
            wanted = {normalise(name) for name in names}
            found = [
                (sum((name, rung) in self.stored_names for name in wanted), -rung)
                for rung in range(DEPTHS[str(level)])
            ]
            rungs[str(level)] = -max(found, default=(0, 1))[1]
        return rungs

    def _link_row(self, row: Mapping[str, Any], place: str) -> None:
        named = self._named(row)
        if named is None and row["parent_name"]:
            self.links.without_parent.append(row["name"])
        around = self.index.containing(row["latitude"], row["longitude"], above=DEPTHS[row["level"]])
        for number, tree in enumerate(_trees(row)):
            parent, outside = self._parent(named, around, tree)
            if outside and number == 0:
                self.links.outside_parent.append(row["name"])
            self._add(place, tree, parent, row["name"])

    def _named(self, row: Mapping[str, Any]) -> str | None:
        if row["parent_code"] and row["parent_code"] in self.by_code:
            return self.by_code[row["parent_code"]]
        if not row["parent_name"]:
            return None
        wanted, depth = normalise(row["parent_name"]), DEPTHS[row["level"]]
        for rung in range(depth - 1, -1, -1):
            fits = self.by_name.get((wanted, rung), set())
            if len(fits) == 1:
                return next(iter(fits))
        return self.stored_names.get((wanted, self.rung_above.get(row["level"], -1)))

    def _parent(self, named: str | None, around: Sequence[str], tree: str) -> tuple[str, bool]:
        """Return the parent in one tree, and whether the point lies outside the named one."""
        fits = [place for place in around if place in self.in_tree.get(tree, set())]
        if named is None:
            return (fits[0] if fits else self.known.country), False
        inside = [place for place in fits if place == named or named in self._ancestors(place, tree)]
        if inside:
            return inside[0], False
        has_outline = named in set(self.known.boundaries["place_code"])
        return named, bool(around) and has_outline and named not in around

    def _ancestors(self, place: str, tree: str) -> list[str]:
        found: list[str] = []
        while (above := self._above.get((place, tree))) and above not in found:
            found.append(above)
            place = above
        return found

    def _add(self, place: str, tree: str, parent: str, name: str) -> None:
        stored = self.stored.get((place, tree))
        if (place, tree) in self._above and stored is None:
            return  # a second row of the same list
        if stored is None:
            self._above[place, tree] = parent
            self.links.rows.append(self._row(place, tree, parent, None, None))
            self.in_tree.setdefault(tree, {self.known.country}).add(place)
            return
        if stored["parent_code"] == parent or parent == self.known.country:
            return
        # Below the country alone stands what was listed without its region, or below which the
        # finer outline was not yet known.
        finer = stored["parent_code"] in {self.known.country, *self._ancestors(parent, tree)}
        if finer:
            self.links.rows.append({**stored, "parent_code": parent, "source": self.source})
        elif self.valid_from is None:
            self.links.other_parents.append(name)
        else:
            self.links.rows.append({**stored, "valid_to": day_before(self.valid_from)})
            self.links.rows.append(self._row(place, tree, parent, self.valid_from, None))

    def _row(
        self, place: str, tree: str, parent: str, first: date | None, last: date | None
    ) -> dict[str, Any]:
        return {
            "place_code": place, "tree": tree, "parent_code": parent,
            "valid_from": first, "valid_to": last, "source": self.source,
        }  # fmt: skip


def _trees(row: Mapping[str, Any]) -> Sequence[str]:
    # Regions are the rung on which both trees stand; a facility lies in a commune and serves an area.
    if row["level"] in {Level.REGION.value, Level.FACILITY.value}:
        return (Tree.ADMINISTRATIVE.value, Tree.HEALTH.value)
    return (row["tree"] or Tree.HEALTH.value,)
