"""Which shape do the coordinates of a file describe?

One GeoJSON geometry at a time: degrees, two dimensions, closed rings. Whether a shape that can be
built is also sound (no crossings, no overlaps) is the question of `outlines`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from kalanso.places.faults import PlacesRefused
from kalanso.vocabulary import Message


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where in a file a shape stands, for sentences about it."""

    file: str
    row: int
    name: str


def shape_of(
    geometry: Any, spot: Spot, *, convert: Transformer | None = None, notes: list[Message] | None = None
) -> Any:
    """Return the shape of a GeoJSON geometry in longitude and latitude, or None where it is empty.

    Open rings are closed and pieces with fewer than three corners left out only where `notes` takes
    the sentences that say so. Raises PlacesRefused otherwise, and where coordinates are no degrees.
    """
    if not geometry or not geometry.get("coordinates", geometry.get("geometries")):
        return None
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except shapely.errors.GEOSException as error:
        mended = [] if notes is None else list(_mended(geometry, spot, notes))
        if not mended:
            raise PlacesRefused(
                "places.refused.geometry", file=spot.file, row=spot.row, found=str(error)
            ) from error
        shape = shapely.MultiPolygon(mended) if len(mended) > 1 else mended[0]
    shape = shapely.force_2d(shape)
    if convert:
        shape = shapely.transform(shape, lambda xy: np.column_stack(convert.transform(xy[:, 0], xy[:, 1])))
    if shape.is_empty:
        return None
    west, south, east, north = shape.bounds
    if not (west >= -180.001 and east <= 180.001 and south >= -90.001 and north <= 90.001):
        raise PlacesRefused(
            "places.refused.degrees", file=spot.file, row=spot.row,
            found=f"{west:.0f} {south:.0f} {east:.0f} {north:.0f}",
        )  # fmt: skip
    return shape


def _mended(geometry: Any, spot: Spot, notes: list[Message]) -> Iterator[Any]:
    said = {"file": spot.file, "row": spot.row, "name": spot.name}
    pieces = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}
    for piece in pieces.get(geometry["type"], []):
        rings = []
        for ring in piece:
            if ring and ring[0] != ring[-1]:
                notes.append(Message("places.note.ring_closed", said))
                ring = [*ring, ring[0]]
            if len({tuple(point[:2]) for point in ring}) >= 3:
                rings.append(ring)
            else:
                notes.append(Message("places.note.piece_left_out", said))
                if not rings:
                    break
        if rings:
            yield shapely.Polygon(rings[0], rings[1:])


def where(shape: Any) -> dict[str, Any]:
    """Return latitude, longitude and outline (WKB) as LISTED_PLACES has them.

    The point of an outline is one that lies inside.
    """
    if shape is None:
        return {}
    if shape.geom_type == "Point":
        return {"latitude": shape.y, "longitude": shape.x}
    inside = shapely.point_on_surface(shape)
    return {"latitude": inside.y, "longitude": inside.x, "geometry": shapely.to_wkb(shape)}
