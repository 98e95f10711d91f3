"""In which pieces is a long pull asked for, and how is a piece made smaller?

A piece is one data set, some places with all below them, and some periods; it is halved where the
server finds it too much (DHIS2 Web API manual, "Reading data values"; checks E2001 to E2012). Periods
are named one by one: dates instead would lose weeks that lie across a month's end, and both
together are refused (E2003).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kalanso.sources.dhis2.identity import Identity
from kalanso.sources.dhis2.metadata import Metadata
from kalanso.sources.dhis2.periods import runs
from kalanso.vocabulary import Period

MONTHS = 6
UNITS_AT_ONCE = 100  # uids of 11 letters: with their names far below 8 KB of address


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One question about values.

    `units` with everything below them where `below`; `periods` as codes, none meaning all;
    `since` asks only for what changed from then on, deletions included.
    """

    data_set: str
    units: tuple[str, ...]
    below: bool = True
    periods: tuple[str, ...] = ()
    since: str = ""

    @property
    def id(self) -> str:
        """A name that the same question always has."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def params(self) -> list[tuple[str, str]]:
        """Return the parameters of `/api/dataValueSets`."""
        asked = [("dataSet", self.data_set), *(("orgUnit", unit) for unit in self.units)]
        asked.append(("children", "true" if self.below else "false"))
        asked += [("period", code) for code in self.periods]
        if self.since:
            asked += [("lastUpdated", self.since), ("includeDeleted", "true")]
        return asked


@dataclass(frozen=True, kw_only=True)
class Roots:
    """The places under which values are asked for, and those above them that may hold values themselves."""

    below: tuple[str, ...]
    alone: tuple[str, ...] = ()


def roots(identity: Identity, metadata: Metadata, *, level: int = 2, view: bool = False) -> Roots:
    """Return one root per region of what the user may read.

    Capture scope decides on values, data-view scope (`view`) on analytics. A user of a lower place is
    its own root; a user of the country has one root per region, and the country asked alone.
    """
    scope = identity.view if view else identity.capture
    below: list[str] = []
    alone: list[str] = []
    for uid, _ in scope:
        _descend(uid, metadata, level, below, alone)
    return Roots(below=tuple(dict.fromkeys(below)), alone=tuple(dict.fromkeys(alone)))


def _descend(uid: str, metadata: Metadata, level: int, below: list[str], alone: list[str]) -> None:
    at = int(metadata.units.get(uid, {}).get("level") or level)
    children = metadata.children.get(uid, ())
    if at >= level or not children:
        below.append(uid)
        return
    alone.append(uid)
    for child in children:
        _descend(child, metadata, level, below, alone)


def plan(
    data_sets: Mapping[str, Sequence[Period]], places: Roots, *, months: int = MONTHS, since: str = ""
) -> list[Chunk]:
    """Return the pieces of a pull: data set by region by about `months` months.

    `data_sets` gives the periods of each. With `since` one piece covers all periods, since little changes.
    """
    found: list[Chunk] = []
    for data_set, periods in data_sets.items():
        spans: list[tuple[str, ...]] = [()]
        if not since:
            spans = [tuple(period.code for period in run) for run in runs(periods, months)]
        for span in spans:
            for unit in places.below:
                found.append(Chunk(data_set=data_set, units=(unit,), periods=span, since=since))
            for at in range(0, len(places.alone), UNITS_AT_ONCE):
                alone = places.alone[at : at + UNITS_AT_ONCE]
                found.append(Chunk(data_set=data_set, units=alone, below=False, periods=span, since=since))
    return found


def halves(chunk: Chunk, children: Mapping[str, Collection[str]]) -> list[Chunk]:
    """Return smaller pieces that together ask the same, or nothing where it cannot be smaller.

    First fewer periods, then fewer places, then the places below with the place itself asked alone.
    """
    if len(chunk.periods) > 1:
        middle = len(chunk.periods) // 2
        return [
            replace(chunk, periods=chunk.periods[:middle]),
            replace(chunk, periods=chunk.periods[middle:]),
        ]
    if len(chunk.units) > 1:
        middle = len(chunk.units) // 2
        return [replace(chunk, units=chunk.units[:middle]), replace(chunk, units=chunk.units[middle:])]
    unit = chunk.units[0]
    inside = tuple(children.get(unit, ()))
    if not chunk.below or not inside:
        return []
    alone = replace(chunk, below=False)
    cut = [inside] if len(inside) == 1 else [inside[: len(inside) // 2], inside[len(inside) // 2 :]]
    return [alone, *(replace(chunk, units=units) for units in cut)]


def chunk_from(told: Mapping[str, Any]) -> Chunk:
    """Return the piece that plain values describe (see `dataclasses.asdict`)."""
    return Chunk(
        data_set=told["data_set"], units=tuple(told["units"]), below=bool(told["below"]),
        periods=tuple(told["periods"]), since=told["since"],
    )  # fmt: skip
