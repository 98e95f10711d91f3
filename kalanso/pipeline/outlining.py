"""Which outlines came with a list, and inside which known outline does each place lie?

Turns outlines of a list into rows of `place_boundaries`, and answers which places contain a point.
Whether outlines and points are sound is asked by the geometry checks of `kalanso.places`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from kalanso.pipeline.places_known import KnownPlaces, records
from kalanso.vocabulary import Level

DEPTHS = {level.value: level.depth for level in Level}
_EARTH = Geod(ellps="WGS84")


def newest_outlines(known: KnownPlaces) -> pd.DataFrame:
    """Return the newest published outline of each place with its name, level and the name of the place above."""
    named = _newest(known)[["place_code", "geometry"]].merge(
        known.places[["place_code", "name", "level"]], on="place_code"
    )
    names = dict(zip(known.places["place_code"], known.places["name"], strict=True))
    links = known.parents[known.parents["valid_to"].isna()].sort_values("tree", ascending=False)
    above = links.drop_duplicates("place_code").set_index("place_code")
    return named.assign(
        parent_name=[names.get(above["parent_code"].get(code, ""), "") for code in named["place_code"]],
        tree=[above["tree"].get(code, "") for code in named["place_code"]],
    )


def _newest(known: KnownPlaces) -> pd.DataFrame:
    rows = known.boundaries
    return rows[rows["kind"] == "published"].sort_values("vintage").drop_duplicates("place_code", keep="last")


class OutlineIndex:
    """The newest published outline of each known place, to be asked what contains a point."""

    def __init__(self, known: KnownPlaces) -> None:
        self._known = known

    @cached_property
    def _shapes(self) -> tuple[list[str], Any]:
        rows = _newest(self._known)
        shapes = shapely.from_wkb(rows["geometry"].to_numpy()) if len(rows) else np.array([])
        return rows["place_code"].tolist(), shapely.STRtree(shapes)

    def containing(self, latitude: float | None, longitude: float | None, *, above: int) -> list[str]:
        """Return the places on a rung above `above` whose outline holds the point, the deepest first."""
        if latitude is None or longitude is None or latitude != latitude or longitude != longitude:
            return []
        codes, tree = self._shapes
        if not codes:
            return []
        levels = self._known.levels
        found = [codes[at] for at in tree.query(shapely.Point(longitude, latitude), predicate="within")]
        fits = [code for code in found if DEPTHS.get(levels.get(code, ""), 99) < above]
        return sorted(fits, key=lambda code: (-DEPTHS[levels[code]], code))


def boundary_rows(
    listed: pd.DataFrame, codes: Mapping[tuple[str, str], str], *, vintage: str, licence: str, source: str
) -> list[dict[str, Any]]:
    """Return rows of `place_boundaries` for each placed name that came with an outline.

    Several pieces of one place become one outline. Areas are those on the ellipsoid (WGS 84).
    """
    pieces: dict[str, list[Any]] = {}
    for row in records(listed[listed["geometry"].notna()]):
        if code := codes.get((row["code"], row["parent_name"])):
            pieces.setdefault(code, []).append(shapely.from_wkb(row["geometry"]))
    rows = []
    for code, shapes in pieces.items():
        outline = shapes[0] if len(shapes) == 1 else shapely.union_all(shapely.make_valid(np.array(shapes)))
        rows.append(
            {
                "place_code": code, "vintage": vintage, "kind": "published",
                "geometry": shapely.to_wkb(outline), "area_km2": area_km2(outline),
                "licence": licence or "unknown", "source": source,
            }
        )  # fmt: skip
    return rows


def area_km2(outline: Any) -> float:
    """Return the area on the ellipsoid, in square kilometres, however the rings turn."""
    upright = shapely.orient_polygons(outline) if hasattr(shapely, "orient_polygons") else outline
    area, _ = _EARTH.geometry_area_perimeter(upright)
    return abs(float(area)) / 1e6
