"""How do outlines become small enough for a phone, with shared borders kept?

Two neighbours keep one common line, so that no gaps and overlaps appear. The full outlines stay in
the store; simplified ones are for maps.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import shapely
from topojson import Topology

from kalanso.places.containment import outlines_of
from kalanso.places.distances import Plane, area_km2
from kalanso.places.faults import PlacesRefused
from kalanso.places.frames import frame
from kalanso.places.outlines import only_polygons
from kalanso.vocabulary import Message


def simplify(boundaries: Any, tolerance_m: float, *, notes: list[Message] | None = None) -> pd.DataFrame:
    """Return boundary rows with fewer points, in the same order; shared borders stay shared.

    All rows must be of one level. Corners whose triangle with their neighbours is smaller than about
    the square of `tolerance_m` go (Visvalingam and Whyatt 1993, by GEOS's coverage simplifier), no
    place disappears, and `area_km2` is measured anew. Outlines that overlap, or leave gaps, are no
    sound coverage: without `notes` they are refused; with a list they are first fitted together (gaps
    up to `tolerance_m` closed), or simplified by topojson where GEOS cannot, and the list says so.
    """
    if not tolerance_m > 0:
        raise PlacesRefused("places.refused.tolerance", found=tolerance_m)
    rows = frame(boundaries, ("place_code", "geometry"), what="place_boundaries").copy()
    codes, shapes = outlines_of(rows.assign(place_code=rows.index.astype(str)))
    if not codes:
        return rows
    plane = Plane.around(shapes)
    flat = plane.flat(shapes)
    thinner = plane.round(_thinned(flat, tolerance_m, notes))
    at = [int(code) for code in codes]
    geometry = rows["geometry"].tolist()
    for position, shape in zip(at, thinner, strict=True):
        geometry[position] = shapely.to_wkb(shape)
    rows["geometry"] = pd.Series(geometry, index=rows.index, dtype=object)
    if "area_km2" in rows:
        rows.loc[at, "area_km2"] = area_km2(thinner)
    return rows


def _thinned(flat: Any, tolerance_m: float, notes: list[Message] | None) -> Any:
    can = hasattr(shapely, "coverage_simplify") and hasattr(shapely, "coverage_is_valid")
    if can and shapely.is_valid(flat).all() and shapely.coverage_is_valid(flat, gap_width=0.0):
        return shapely.coverage_simplify(flat, tolerance_m)
    faults = int((~shapely.is_valid(flat)).sum())
    edges = shapely.coverage_invalid_edges(shapely.make_valid(flat)) if can else np.array([])
    apart = int((~shapely.is_empty(edges)).sum()) if can else 0
    said = {"n": len(flat), "unsound": faults, "overlapping": apart, "metres": tolerance_m}
    if notes is None:
        raise PlacesRefused("places.refused.coverage", **said)
    sound = np.array([only_polygons(shape) for shape in shapely.make_valid(flat)], dtype=object)
    if can and hasattr(shapely, "coverage_clean"):
        fitted = shapely.coverage_clean(sound, gap_width=tolerance_m)
        if shapely.coverage_is_valid(fitted) and not shapely.is_empty(fitted).any():
            notes.append(Message("places.simplify.fitted", said))
            return shapely.coverage_simplify(fitted, tolerance_m)
    notes.append(Message("places.simplify.topojson", said))
    return _by_topojson(sound, tolerance_m)


def _by_topojson(flat: Any, tolerance_m: float) -> Any:
    """Simplify arcs that neighbours share (topojson, Douglas and Peucker 1973)."""
    features = [
        {
            "type": "Feature",
            "id": str(at),
            "properties": {},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for at, shape in enumerate(flat)
    ]
    topology = Topology(
        {"type": "FeatureCollection", "features": features},
        prequantize=False, topology=True, shared_coords=False,
    )  # fmt: skip
    drawn = json.loads(topology.toposimplify(tolerance_m, prevent_oversimplify=True).to_geojson())
    found = {feature["id"]: feature["geometry"] for feature in drawn["features"]}
    thinner = []
    for at, shape in enumerate(flat):
        try:
            new = only_polygons(shapely.make_valid(shapely.from_geojson(json.dumps(found[str(at)]))))
        except shapely.errors.GEOSException:
            new = shapely.Polygon()
        # A place smaller than the tolerance stays as it is rather than vanish.
        thinner.append(shape if new.is_empty else new)
    return np.array(thinner, dtype=object)
