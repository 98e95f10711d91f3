"""Which places does a DHIS2 server know?

Answers of `/api/organisationUnits` become LISTED_PLACES with three columns more. Asking the server
is the work of `kalanso.sources`; DHIS2 keeps only the present hierarchy, so that validity of links
comes from comparing snapshots.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kalanso.places.faults import PlacesRefused
from kalanso.places.listed import listed_table
from kalanso.places.shapes import Spot, shape_of, where
from kalanso.vocabulary import Message

USUAL_LEVELS: Mapping[int, str] = {1: "country", 2: "region", 3: "district", 4: "health_area", 5: "facility"}
_OLD_SHAPES = {"POINT": "Point", "POLYGON": "Polygon", "MULTI_POLYGON": "MultiPolygon"}


def from_dhis2(
    org_units: Mapping[str, Any] | Sequence[Mapping[str, Any]] | Path,
    *,
    levels: Mapping[int, str] = USUAL_LEVELS,
    groups: Mapping[str, str] | None = None,
    kinds: Iterable[str] = (),
    tree: str = "health",
    notes: list[Message] | None = None,
) -> pa.Table:
    """Return the organisation units of one or several answers as LISTED_PLACES.

    Columns `opened`, `closed` (dates) and `groups` (list of names) stand at the end. `code` is the
    uid. Parents come from `parent`, else from `path`; levels from `level`, else from the length of
    the path, through `levels` (DHIS2 number to ours). `groups` names groups by uid where the answer
    gives only uids; the first of a unit's groups that is among `kinds` becomes its kind. A point or
    outline is read from `geometry`, or from `featureType` and `coordinates` (before DHIS2 2.32).
    `row` counts units from 1. A unit that several answers repeat is kept once. Raises PlacesRefused
    where the answer holds no units, or a unit lacks id, name or level.
    """
    origin, units = _units(org_units)
    names = {unit["id"]: _name(unit) for unit in units if "id" in unit}
    wanted = set(kinds)
    records, dated, seen = [], [], set()
    for row, unit in enumerate(units, start=1):
        if not unit.get("id"):
            raise PlacesRefused("places.refused.org_unit_id", file=origin, row=row)
        if unit["id"] in seen:
            continue
        seen.add(unit["id"])
        member_of = [_group(group, groups or {}) for group in unit.get("organisationUnitGroups", [])]
        records.append(_record(unit, row, origin, names, levels, notes) | {
            "tree": tree,
            "kind": next((name for name in member_of if name in wanted), ""),
        })  # fmt: skip
        dated.append((_day(unit.get("openingDate")), _day(unit.get("closedDate")), member_of))
    table = listed_table(records)
    return (
        table.append_column("opened", pa.array([opened for opened, _, _ in dated], pa.date32()))
        .append_column("closed", pa.array([closed for _, closed, _ in dated], pa.date32()))
        .append_column("groups", pa.array([member_of for _, _, member_of in dated], pa.list_(pa.string())))
    )


def _units(source: Any) -> tuple[str, list[Mapping[str, Any]]]:
    origin = "DHIS2"
    if isinstance(source, (str, Path)):
        origin = Path(source).name
        try:
            source = json.loads(Path(source).read_text(encoding="utf-8-sig"))
        except json.JSONDecodeError as error:
            raise PlacesRefused(
                "places.refused.json", file=origin, row=error.lineno, column=error.colno, found=error.msg
            ) from error
    units = source.get("organisationUnits") if isinstance(source, Mapping) else source
    if not isinstance(units, (list, tuple)):
        found = ", ".join(source) if isinstance(source, Mapping) else type(source).__name__
        raise PlacesRefused("places.refused.org_units", file=origin, found=found)
    return origin, list(units)


def _name(unit: Mapping[str, Any]) -> str:
    return str(unit.get("name") or unit.get("displayName") or unit.get("shortName") or "").strip()


def _record(
    unit: Mapping[str, Any], row: int, origin: str, names: Mapping[str, str],
    levels: Mapping[int, str], notes: list[Message] | None,
) -> dict[str, Any]:  # fmt: skip
    if not _name(unit):
        raise PlacesRefused("places.refused.nameless", file=origin, row=row, column="name", found=unit["id"])
    path = [part for part in str(unit.get("path") or "").split("/") if part]
    number = int(unit.get("level") or len(path))
    if number not in levels:
        raise PlacesRefused(
            "places.refused.level", file=origin, row=row, column="level", found=number,
            expected=", ".join(map(str, levels)),
        )  # fmt: skip
    parent = unit.get("parent") or {}
    parent_code = parent.get("id") or (path[-2] if len(path) > 1 else "")
    shape = shape_of(_geometry(unit), Spot(file=origin, row=row, name=_name(unit)), notes=notes)
    return {
        "code": unit["id"],
        "name": _name(unit),
        "parent_code": parent_code,
        "parent_name": parent.get("name") or parent.get("displayName") or names.get(parent_code, ""),
        "level": levels[number],
        "row": row,
        **where(shape),
    }


def _geometry(unit: Mapping[str, Any]) -> Any:
    if unit.get("geometry"):
        return unit["geometry"]
    if unit.get("coordinates") and unit.get("featureType") in _OLD_SHAPES:
        return {"type": _OLD_SHAPES[unit["featureType"]], "coordinates": json.loads(unit["coordinates"])}
    return None


def _group(group: Mapping[str, Any], names: Mapping[str, str]) -> str:
    uid = str(group.get("id", ""))
    return str(group.get("name") or group.get("displayName") or names.get(uid) or uid)


def _day(stamp: Any) -> Any:
    return pd.Timestamp(stamp).date() if stamp else None
