"""Which places do the units of a DHIS2 server become, and how are its changes dated?

A unit is known by its uid, whatever it is called and wherever it hangs, so that its values stay with
it. A unit that moved keeps its earlier link until the day before the pull that saw the move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from kalanso.pipeline.places_known import KnownPlaces, day_before, records
from kalanso.pipeline.placing import Placing
from kalanso.places import PlacesRefused
from kalanso.places.orgunits import from_dhis2
from kalanso.places.shapes import Spot, shape_of
from kalanso.places.tables import LISTED_PLACES
from kalanso.sources.dhis2.hierarchy import Change, Unit, on_ladder
from kalanso.sources.dhis2.metadata import Metadata
from kalanso.vocabulary import Level, Message

VINTAGE = "uid"  # identifiers of DHIS2 are never given again, so the server's list has one edition


@dataclass(kw_only=True)
class ServerPlaces:
    """The server's units as a list of places, and the name above under which each uid is known."""

    listed: pa.Table
    names: Mapping[str, tuple[str, str]]
    notes: list[Message] = field(default_factory=list)


def server_places(
    metadata: Metadata, levels: Mapping[int, str], known: KnownPlaces, source: str
) -> ServerPlaces:
    """Return the units on rungs of ours as LISTED_PLACES, each under the key that it always has."""
    notes: list[Message] = []
    units = on_ladder(metadata.of("organisationUnits"), levels)
    if left_out := len(metadata.of("organisationUnits")) - len(units):
        notes.append(Message("pipeline.dhis2.note.other_levels", {"n": left_out}))
    spoilt = [unit for unit in units if not _has_sound_shape(unit)]
    if spoilt:
        names = ", ".join(str(unit.get("name")) for unit in spoilt[:5])
        notes.append(Message("pipeline.dhis2.note.spoilt_shapes", {"n": len(spoilt), "names": names}))
    bare = {unit["id"] for unit in spoilt}
    sound = [{**unit, "geometry": None} if unit["id"] in bare else unit for unit in units]
    table = from_dhis2(sound, levels=levels, groups=metadata.group_names).select(LISTED_PLACES.names)
    rows = table.to_pylist()
    tops = [row for row in rows if row["level"] == Level.COUNTRY.value]
    if len(tops) == 1:
        tops[0]["name"] = known.country  # the top of the tree is the country, whatever it is called there
    same = known.codes[(known.codes["system"] == source) & (known.codes["vintage"] == VINTAGE)]
    key = {row["code"]: row["parent_name"] for row in records(same)}
    for row in rows:
        row["parent_name"] = key.get(row["code"], row["parent_name"])
    return ServerPlaces(
        listed=pa.Table.from_pylist(rows, schema=LISTED_PLACES),
        names={row["code"]: (row["name"], row["parent_name"]) for row in rows}, notes=notes,
    )  # fmt: skip


def _has_sound_shape(unit: Mapping[str, Any]) -> bool:
    try:
        shape_of(unit.get("geometry"), Spot(file="DHIS2", row=1, name=str(unit.get("name"))))
    except (PlacesRefused, TypeError, AttributeError, KeyError, ValueError):
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Redating:
    """Carries what changed in the server's tree into the tables of places.

    `on` is the day of the pull that saw the changes, by the server's clock; `units` its picture.
    """

    source: str
    changes: Sequence[Change]
    before: Mapping[str, Unit]
    units: Sequence[Unit]
    on: date

    def __call__(self, placing: Placing, known: KnownPlaces) -> None:
        """Date moves, take in new names, close and reopen: only where the store says what this server said."""
        code = {uid: place for (uid, _), place in placing.codes.items()}
        moved = {c.uid for c in self.changes if c.kind == "moved"}
        for uid in sorted(moved & code.keys()):
            self._move(uid, code, placing, known)
        self._rename_and_close(code, placing, known)

    def _move(self, uid: str, code: Mapping[str, str], placing: Placing, known: KnownPlaces) -> None:
        now = next(unit for unit in self.units if unit.uid == uid)
        old, new = self._on_ladder(self.before[uid].path, code), self._on_ladder(now.path, code)
        place = code[uid]
        if old is None or new is None or old == new:
            return
        for (child, tree), link in known.parent_links().items():
            if child != place or link["parent_code"] != old:
                continue
            placing.parents = [
                row for row in placing.parents if (row["place_code"], row["tree"]) != (place, tree)
            ]
            placing.parents += [
                {**link, "valid_to": day_before(self.on)},
                {**link, "parent_code": new, "valid_from": self.on, "valid_to": None, "source": self.source},
            ]
        placing.other_parents = [name for name in placing.other_parents if name != now.name]

    @staticmethod
    def _on_ladder(path: str, code: Mapping[str, str]) -> str | None:
        above = [uid for uid in path.strip("/").split("/")[:-1] if uid in code]
        return code[above[-1]] if above else None

    def _rename_and_close(self, code: Mapping[str, str], placing: Placing, known: KnownPlaces) -> None:
        minted = {row["place_code"]: row for row in placing.places}
        stored = {row["place_code"]: row for row in records(known.places)}
        renamed = {c.uid for c in self.changes if c.kind == "renamed"}
        for unit in self.units:
            place = code.get(unit.uid)
            row = minted.get(place or "") or stored.get(place or "")
            # Places that another list brought keep what that list says of them.
            if row is None or row["source"] != self.source or row["level"] == Level.COUNTRY.value:
                continue
            fresh = {**row, "valid_to": unit.closed_on}
            if unit.uid in renamed:
                fresh["name"] = unit.name
            if fresh != {**row, "valid_to": _day(row["valid_to"])}:
                placing.places = [p for p in placing.places if p["place_code"] != place] + [fresh]


def _day(value: Any) -> date | None:
    return value.date() if hasattr(value, "date") else value
