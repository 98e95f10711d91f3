"""What changed in a server's tree of places since the last look?

DHIS2 keeps only the present hierarchy and rebuilds all history under it, and a child's `lastUpdated`
need not change when its parent moves. So each pull takes a picture of every unit, and two pictures
are compared: who moved, was renamed, closed, came, went, was redrawn; and where places were split or
merged. Values stay with the uid of their facility.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kalanso.sources.editions import level_named
from kalanso.sources.months import plain

USUAL = {1: "country", 2: "region", 3: "district", 4: "health_area", 5: "facility"}
KINDS = (
    "added", "removed", "moved", "renamed", "recoded", "closed", "reopened", "redrawn", "relevelled", "split", "merged",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What a picture keeps of one organisation unit; `shape` is a checksum of its outline or point."""

    uid: str
    path: str
    level: int
    code: str
    name: str
    closed_on: date | None
    shape: str

    @property
    def parent(self) -> str:
        """The uid of the unit above, empty at the top."""
        parts = self.path.strip("/").split("/")
        return parts[-2] if len(parts) > 1 else ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference between two pictures: `before` and `after` are names, codes, days or uids."""

    uid: str
    name: str
    kind: str
    before: str = ""
    after: str = ""


def picture(units: Iterable[Mapping[str, Any]]) -> list[Unit]:
    """Return what a picture keeps of `/api/organisationUnits` entries, in order of uid."""
    found = [
        Unit(
            uid=str(unit["id"]), path=str(unit.get("path") or f"/{unit['id']}"),
            level=int(unit.get("level") or str(unit.get("path") or "/").strip("/").count("/") + 1),
            code=str(unit.get("code") or ""), name=str(unit.get("name") or ""),
            closed_on=_day(unit.get("closedDate")), shape=_shape(unit.get("geometry")),
        )
        for unit in units
    ]  # fmt: skip
    return sorted(found, key=lambda unit: unit.uid)


def _day(stamp: Any) -> date | None:
    try:
        return date.fromisoformat(str(stamp)[:10]) if stamp else None
    except ValueError:
        return None


def _shape(geometry: Any) -> str:
    if not geometry:
        return ""
    text = json.dumps(geometry, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def changes(before: Sequence[Unit], after: Sequence[Unit]) -> list[Change]:
    """Return every difference, in order of uid; splits and mergers follow. The first picture has none."""
    if not before:
        return []
    old, new = {u.uid: u for u in before}, {u.uid: u for u in after}
    found: list[Change] = []
    for uid in sorted(old.keys() | new.keys()):
        one, other = old.get(uid), new.get(uid)
        if one is None and other is not None:
            found.append(Change(uid=uid, name=other.name, kind="added", after=_named(other.parent, new)))
        elif other is None and one is not None:
            found.append(Change(uid=uid, name=one.name, kind="removed", before=_named(one.parent, old)))
        elif one is not None and other is not None:
            found += _differences(one, other, old, new)
    return found + _redrawings(old, new)


def _differences(one: Unit, other: Unit, old: Mapping[str, Unit], new: Mapping[str, Unit]) -> list[Change]:
    told: list[tuple[str, str, str]] = []
    if one.parent != other.parent:
        told.append(("moved", _named(one.parent, old), _named(other.parent, new)))
    if one.name != other.name:
        told.append(("renamed", one.name, other.name))
    if one.code != other.code:
        told.append(("recoded", one.code, other.code))
    if one.closed_on != other.closed_on:
        kind = "closed" if other.closed_on else "reopened"
        told.append((kind, _text(one.closed_on), _text(other.closed_on)))
    if one.shape != other.shape:
        told.append(("redrawn", one.shape, other.shape))
    if one.level != other.level:
        told.append(("relevelled", str(one.level), str(other.level)))
    return [Change(uid=one.uid, name=other.name, kind=k, before=b, after=a) for k, b, a in told]


def _redrawings(old: Mapping[str, Unit], new: Mapping[str, Unit]) -> list[Change]:
    """Say where children of a unit that ended went to several new ones, or those of several to one."""
    ended = {
        uid for uid, unit in old.items()
        if uid not in new or (new[uid].closed_on is not None and unit.closed_on is None)
    }  # fmt: skip
    heirs: dict[str, set[str]] = {}
    for uid, unit in new.items():
        before = old.get(uid)
        if before and before.parent != unit.parent and unit.parent in new:
            heirs.setdefault(before.parent, set()).add(unit.parent)
    fresh = {uid for uid in new if uid not in old}
    found = []
    for uid in sorted(heirs):
        to = sorted(heirs[uid])
        # The old unit may live on with a smaller ground, as when a district gives up one half.
        parts = to if uid in ended else [uid, *to]
        if uid in old and len(parts) > 1 and fresh & set(to):
            names = ", ".join(new[part].name for part in parts if part in new)
            found.append(Change(uid=uid, name=old[uid].name, kind="split", before=old[uid].name, after=names))
    merged: dict[str, set[str]] = {}
    for uid, heir in heirs.items():
        if uid in ended and len(heir) == 1:
            merged.setdefault(next(iter(heir)), set()).add(uid)
    for uid in sorted(merged):
        joined = sorted(merged[uid]) + ([uid] if uid in old else [])
        if len(joined) > 1:
            names = ", ".join(old[part].name for part in joined)
            found.append(
                Change(uid=uid, name=new[uid].name, kind="merged", before=names, after=new[uid].name)
            )
    return found


def _named(uid: str, units: Mapping[str, Unit]) -> str:
    return units[uid].name if uid in units else uid


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def levels_from_names(names: Mapping[int, str]) -> dict[int, str]:
    """Return which of our levels each level of a server is, by its name, else by its number.

    `Région`, `District sanitaire`, `Aire de santé`, `CSCom` and their English names are known; level 1
    is the country. A level that no name explains, on a server that does not have the usual five, is left out.
    """
    found: dict[int, str] = {}
    for number, name in sorted(names.items()):
        level = "country" if number == 1 else level_named(name) or _facility(name)
        if level and level not in found.values():
            found[number] = level
    if not (set(names) - set(found)) or len(names) == len(USUAL):
        for number in names:
            if number not in found and USUAL.get(number) not in found.values():
                found[number] = USUAL[number]
    return dict(sorted(found.items()))


def _facility(name: str) -> str:
    words = (
        "cscom",
        "csref",
        "facility",
        "formation sanitaire",
        "etablissement",
        "structure",
        "chc",
        "phu",
        "fosa",
    )
    text = plain(name)
    return "facility" if any(word in text for word in words) else ""


def on_ladder(units: Sequence[Mapping[str, Any]], levels: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return the units whose level is one of ours, each below the nearest such unit above it.

    A country with a rung that Kalanso does not have keeps its facilities: they hang one rung higher.
    """
    by_uid = {str(unit["id"]): unit for unit in units}
    kept = []
    for unit in units:
        if int(unit.get("level") or 0) not in levels:
            continue
        above = [
            uid for uid in str(unit.get("path") or "").strip("/").split("/") if uid and uid != unit["id"]
        ]
        parent = next(
            (uid for uid in reversed(above) if int(by_uid.get(uid, {}).get("level") or 0) in levels), ""
        )
        kept.append({**unit, "parent": {"id": parent} if parent else None})
    return kept
