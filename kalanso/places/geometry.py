"""Do points and outlines of places make sense?

One table of all that is doubtful, with distances and other evidence. The single checks stand in
`points` and `outlines`; `kalanso.quality` turns the rows into findings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from kalanso.places.outlines import outline_findings
from kalanso.places.points import Atlas, Finding, point_findings

GEOMETRY_FINDINGS = (
    "check", "severity", "place_code", "other_code", "distance_km", "share", "area_km2", "message", "params",
)  # fmt: skip
GEOMETRY_LIMITS: Mapping[str, float] = MappingProxyType(
    {
        "outside_km": 0.05,  # rounding of coordinates
        "border_km": 2.0,  # published outlines are simplified: a point so close to the border may be right
        "far_km": 150.0,  # hundreds of kilometres off
        "far_times": 3.0,  # and so many times the usual distance from the middle of the relatives
        "far_times_inside": 6.0,  # the same for a point that lies in its outline: some regions are vast
        "relatives": 4,  # distinct points needed to speak of a middle
        "overlap_share": 0.01,
        "outside_share": 0.05,
        "uncovered_share": 0.02,
    }
)
SEVERITIES: Mapping[str, str] = MappingProxyType(
    {
        "missing_coordinates": "attention",
        "zero_coordinates": "serious",
        "impossible_coordinates": "serious",
        "swapped_coordinates": "serious",
        "lost_sign": "serious",
        "outside_country": "attention",
        "outside_outline": "attention",
        "outside_parent": "attention",
        "far_from_siblings": "serious",
        "far_from_children": "serious",
        "point_of_parent": "note",
        "shared_point": "note",
        "invalid_outline": "attention",
        "overlap": "attention",
        "outline_outside_parent": "attention",
        "uncovered": "note",
    }
)


def geometry_findings(
    places: Any, boundaries: Any = None, lineage: Any = None, *, limits: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return all that is doubtful about points and outlines, with columns GEOMETRY_FINDINGS.

    `places` has place_code, level, latitude, longitude; `boundaries` place_code and geometry (WKB);
    `lineage` is that of `trees.lineage`. Without boundaries or lineage the checks that need them do
    not speak. `distance_km` is how far the point lies outside, or from the middle of its relatives;
    `share` and `area_km2` belong to outlines; `params` (JSON) holds all evidence. A misplaced point
    has one row for the plainest reason: swapped, sign lost, outside the country, outside the place
    above. Up to `border_km` outside it is a note, from `far_km` on serious. `limits` replace single GEOMETRY_LIMITS.
    """
    used = {**GEOMETRY_LIMITS, **(limits or {})}
    atlas = Atlas.of(places, boundaries, lineage)
    found = [*point_findings(atlas, used), *outline_findings(atlas, used)]
    names = dict(zip(atlas.places.index, atlas.places.get("name", pd.Series(dtype=object)), strict=False))
    rows = [_row(one, names, used) for one in found]
    return pd.DataFrame(rows, columns=list(GEOMETRY_FINDINGS))


def _row(one: Finding, names: Mapping[str, Any], used: Mapping[str, float]) -> tuple[Any, ...]:
    check, place, other = one["check"], one["place_code"], one["other_code"]
    evidence = {
        key: _plain(value) for key, value in one.items() if key not in ("check", "place_code", "other_code")
    }
    km = evidence.get("distance_km")
    severity = _severity(check, km, used, inside=bool(evidence.pop("inside", False)))
    params = evidence | {"place": names.get(place, place), "other": names.get(other, other)}
    return (
        check, severity, place, other, km, evidence.get("share"), evidence.get("area_km2"),
        f"places.geometry.{check}", json.dumps(params, ensure_ascii=False, sort_keys=True),
    )  # fmt: skip


def _severity(check: str, km: float | None, used: Mapping[str, float], *, inside: bool) -> str:
    if km is None or inside:
        return "attention" if inside else SEVERITIES[check]
    if check.startswith("outside") and km < used["border_km"]:
        return "note"
    return "serious" if km >= used["far_km"] else SEVERITIES[check]


def _plain(value: Any) -> Any:
    return round(float(value), 4) if isinstance(value, (float, np.floating)) else value
