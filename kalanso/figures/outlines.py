"""How do outlines in longitude and latitude become shapes in pixels?

Projects, simplifies with shared borders kept, and rounds to the pixel grid, so that a map stays
small and neighbours keep touching. Computing on the ground belongs to `kalanso.places`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from kalanso.figures.figure import FigureRefused

_SMALLEST_RING = 1.0  # square px: a smaller islet would be an invisible speck


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Shapes in pixels, x to the right and y downwards, on a sheet of a width and height."""

    shapes: tuple[BaseGeometry | None, ...]
    width: float
    height: float

    def features(self, positions: Sequence[int]) -> list[dict[str, Any]]:
        """Return GeoJSON features of some shapes (islands of less than a square pixel left out)."""
        found = []
        for index in positions:
            shape = self.shapes[index]
            if shape is not None and not shape.is_empty:
                found.append({"type": "Feature", "geometry": _geojson(shape), "properties": {"place": index}})
        return found


def read_outlines(values: Sequence[Any]) -> list[BaseGeometry | None]:
    """Return geometries from WKB: bytes, or hexadecimal text; None stays None."""
    shapes: list[BaseGeometry | None] = []
    for row, value in enumerate(values):
        if value is None or (isinstance(value, float) and math.isnan(value)):
            shapes.append(None)
            continue
        try:
            shapes.append(shapely.from_wkb(value if isinstance(value, str) else bytes(value)))
        except (shapely.errors.GEOSException, TypeError, ValueError) as error:
            raise FigureRefused(
                f"geometry in row {row}: expected WKB, got {str(value)[:30]!r} ({error})"
            ) from error
    return shapes


def on_sheet(
    outlines: Sequence[BaseGeometry | None], width: float, tallest: float, tolerance: float
) -> Sheet:
    """Return outlines in pixels, as large as a width and a greatest height allow.

    Equirectangular with the middle latitude true to scale: for a country of Mali's size shapes are
    off by less than the width of a border. `tolerance` is the simplification in pixels.
    """
    there = [shape for shape in outlines if shape is not None and not shape.is_empty]
    west, south, east, north = shapely.total_bounds(there)
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise FigureRefused(
            f"geometry: expected degrees of longitude and latitude, got {west:g} {south:g} {east:g} {north:g}"
        )
    narrowing = math.cos(math.radians((south + north) / 2))
    degrees_wide, degrees_tall = max((east - west) * narrowing, 1e-9), max(north - south, 1e-9)
    scale = min(width / degrees_wide, tallest / degrees_tall)
    offset = (width - degrees_wide * scale) / 2

    def project(points: np.ndarray) -> np.ndarray:
        return np.column_stack(
            [(points[:, 0] - west) * narrowing * scale + offset, (north - points[:, 1]) * scale]
        )

    projected = shapely.transform(np.array(there, dtype=object), project)
    simple = iter(_simplified(projected, tolerance))
    shapes = tuple(None if s is None or s.is_empty else next(simple) for s in outlines)
    return Sheet(shapes=shapes, width=width, height=math.ceil(degrees_tall * scale))


def _simplified(shapes: np.ndarray, tolerance: float) -> np.ndarray:
    # Areas that overlap or are broken are drawn as they are: judging them is the work of places.
    mended = np.where(shapely.is_valid(shapes), shapes, shapely.make_valid(shapes))
    polygons = np.array([_areas(shape) for shape in mended], dtype=object)
    return np.asarray(shapely.coverage_simplify(polygons, tolerance))


def _areas(shape: BaseGeometry) -> BaseGeometry:
    """Return only the areas of a geometry; mending can leave lines and points."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts)


def _geojson(shape: BaseGeometry) -> dict[str, Any]:
    polygons = []
    parts = shapely.get_parts(shape)
    largest = max(part.area for part in parts)
    for part in parts:
        if part.area < _SMALLEST_RING and part.area < largest:
            continue
        rings = [
            part.exterior,
            *(hole for hole in part.interiors if shapely.Polygon(hole).area >= _SMALLEST_RING),
        ]
        polygons.append([_ring(ring) for ring in rings])
    return {"type": "MultiPolygon", "coordinates": polygons}


def _ring(ring: Any) -> list[list[float]]:
    points = np.round(shapely.get_coordinates(ring), 1)
    kept = np.ones(len(points), dtype=bool)
    kept[1:-1] = np.any(points[1:-1] != points[:-2], axis=1)
    return [[float(x), float(y)] for x, y in points[kept]]


def label_point(shape: BaseGeometry) -> tuple[float, float]:
    """Return the point inside a shape that is farthest from its border."""
    parts = shapely.get_parts(shape)
    largest = max(parts, key=lambda part: part.area)
    try:
        line = shapely.maximum_inscribed_circle(largest, tolerance=1.0)
        x, y = shapely.get_coordinates(line)[0]
    except shapely.errors.GEOSException:
        x, y = largest.representative_point().coords[0]
    return float(x), float(y)
