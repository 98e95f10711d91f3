"""In which outline does a place lie?

Points and outlines against the outlines of another level: the evidence for a parent where the list
names none, and against one that it names wrongly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from kalanso.places.distances import Plane, distance_km
from kalanso.places.frames import frame, numbers, optional


def outlines_of(boundaries: Any) -> tuple[list[str], Any]:
    """Return the codes and shapes of boundary rows that have an outline."""
    rows = frame(boundaries, ("place_code", "geometry"), what="place_boundaries")
    rows = rows[rows["geometry"].notna()]
    shapes = rows["geometry"].to_numpy(dtype=object)
    if len(shapes) and isinstance(shapes[0], (bytes, bytearray, memoryview)):
        shapes = shapely.from_wkb([bytes(shape) for shape in shapes])
    return [str(code) for code in rows["place_code"]], np.asarray(shapes, dtype=object)


def containing(places: Any, boundaries: Any, *, reach_km: float = 0.0) -> pd.DataFrame:
    """Return for each place the outline that holds it, in the order given, no row lost.

    Columns place_code, parent_code (None where none holds it), share (of the place's own area that
    lies inside; 1 for points inside, 0 for points outside), distance_km (0 inside; else from the
    point to the nearest outline, NaN without a point). `places` has place_code and latitude and
    longitude, or an outline (WKB) in `geometry`. A point up to `reach_km` outside belongs to the
    nearest outline. Of outlines that overlap the one with the larger share is taken, then the first.
    """
    rows = frame(places, ("place_code",), what="places")
    codes, shapes = outlines_of(boundaries)
    latitude, longitude = numbers(rows, "latitude").to_numpy(), numbers(rows, "longitude").to_numpy()
    wkb = optional(rows, "geometry")
    tree = shapely.STRtree(shapes)
    found = []
    for row, code in enumerate(rows["place_code"]):
        raw = wkb[row]
        if isinstance(raw, (bytes, bytearray)):
            at, share = _by_area(shapely.from_wkb(bytes(raw)), tree, shapes)
            km = 0.0 if at is not None else float("nan")
        elif np.isfinite(latitude[row]) and np.isfinite(longitude[row]) and len(shapes):
            at, share, km = _by_point(shapely.Point(longitude[row], latitude[row]), tree, shapes, reach_km)
        else:
            at, share, km = None, 0.0, float("nan")
        found.append((code, None if at is None else codes[at], share, km))
    table = pd.DataFrame(found, columns=["place_code", "parent_code", "share", "distance_km"])
    # Text columns of pandas would turn None into NaN, which is no text.
    return table.assign(parent_code=pd.Series([row[1] for row in found], dtype=object))


def _by_area(shape: Any, tree: shapely.STRtree, shapes: Any) -> tuple[int | None, float]:
    touched = tree.query(shape, predicate="intersects")
    if not len(touched) or shape.area == 0:
        return None, 0.0
    plane = Plane.around(np.array([shape]))
    own = plane.flat(shape)
    shares = shapely.area(shapely.intersection(plane.flat(shapes[touched]), own)) / own.area
    best = int(np.argmax(shares))
    return (int(touched[best]), float(min(shares[best], 1.0))) if shares[best] > 0 else (None, 0.0)


def _by_point(
    point: Any, tree: shapely.STRtree, shapes: Any, reach_km: float
) -> tuple[int | None, float, float]:
    inside = tree.query(point, predicate="intersects")
    if len(inside):
        return int(min(inside)), 1.0, 0.0
    nearest = int(tree.nearest(point))
    km = km_outside(point, shapes[nearest])
    return (nearest if km <= reach_km else None), 0.0, km


def km_outside(point: Any, outline: Any) -> float:
    """Return how far outside an outline a point lies, in km; 0 inside."""
    if outline.intersects(point):
        return 0.0
    # The nearest point in degrees, stretched so that both axes have the same length there.
    stretch = max(float(np.cos(np.radians(point.y))), 0.01)
    near = shapely.shortest_line(
        shapely.transform(point, lambda xy: xy * [stretch, 1]),
        shapely.transform(outline, lambda xy: xy * [stretch, 1]),
    )
    longitude, latitude = np.asarray(near.coords)[-1] / [stretch, 1]
    return float(distance_km(point.y, point.x, latitude, longitude))
