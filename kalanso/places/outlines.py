"""Are outlines sound, and do they fit together?

Crossing lines, overlaps between brothers, pieces outside the place above, ground that no child
covers; and an offer to repair, which never happens by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely

from kalanso.places.containment import outlines_of
from kalanso.places.distances import Plane, area_km2
from kalanso.places.frames import frame
from kalanso.places.points import Atlas, Finding, finding


def outline_findings(atlas: Atlas, limits: Mapping[str, float]) -> Iterator[Finding]:
    """Yield what is wrong with outlines; `limits` are those of GEOMETRY_LIMITS."""
    if not atlas.outlines:
        return
    codes = list(atlas.outlines)
    shapes = np.array([atlas.outlines[code] for code in codes], dtype=object)
    valid = shapely.is_valid(shapes)
    for code, shape in zip(np.array(codes)[~valid], shapes[~valid], strict=True):
        yield finding("invalid_outline", str(code), reason=shapely.is_valid_reason(shape))
    flat = Plane.around(shapes).flat(shapely.make_valid(shapes))
    ground = dict(zip(codes, flat, strict=True))
    yield from _overlaps(atlas, ground, limits)
    yield from _against_parents(atlas, ground, limits)


def _overlaps(atlas: Atlas, ground: Mapping[str, Any], limits: Mapping[str, float]) -> Iterator[Finding]:
    """Yield pairs of one level that overlap by more than a share of the smaller one."""
    levels: dict[str, list[str]] = defaultdict(list)
    for code in ground:
        levels[atlas.level(code)].append(code)
    for codes in levels.values():
        shapes = np.array([ground[code] for code in codes], dtype=object)
        areas = shapely.area(shapes)
        one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        one, other = one[one < other], other[one < other]
        common = shapely.area(shapely.intersection(shapes[one], shapes[other]))
        for a, b, area in zip(one, other, common, strict=True):
            share = area / max(min(areas[a], areas[b]), 1.0)
            if share > limits["overlap_share"]:
                yield finding("overlap", codes[a], codes[b], area_km2=area / 1e6, share=share)


def _against_parents(
    atlas: Atlas, ground: Mapping[str, Any], limits: Mapping[str, float]
) -> Iterator[Finding]:
    """Yield outlines that reach outside the place above, and places above that are not covered."""
    children: dict[str, list[str]] = defaultdict(list)
    for code in ground:
        if upper := atlas.outline_above(code):
            children[upper].append(code)
    for parent, members in children.items():
        whole = ground[parent]
        for code in members:
            share = 1 - shapely.area(shapely.intersection(ground[code], whole)) / max(ground[code].area, 1.0)
            if share > limits["outside_share"]:
                yield finding(
                    "outline_outside_parent",
                    code,
                    parent,
                    share=share,
                    area_km2=share * ground[code].area / 1e6,
                )
        left = shapely.difference(whole, shapely.union_all([ground[code] for code in members]))
        if left.area / max(whole.area, 1.0) > limits["uncovered_share"]:
            yield finding("uncovered", parent, area_km2=left.area / 1e6, share=left.area / whole.area)


def repaired(boundaries: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Offer sound outlines for unsound ones.

    Returns the boundary rows with every unsound outline made valid (lines and points that remain are
    left out, `area_km2` measured anew), and a report with one row per change: place_code, reason,
    area_before_km2, area_after_km2. Nothing else changes, and nothing is stored: whoever stores the
    repaired rows keeps the report.
    """
    rows = frame(boundaries, ("place_code", "geometry"), what="place_boundaries").copy()
    codes, shapes = outlines_of(rows.assign(place_code=rows.index.astype(str)))
    report = []
    geometry, areas = rows["geometry"].tolist(), rows.get("area_km2", pd.Series(np.nan, rows.index)).tolist()
    for at, shape in zip(map(int, codes), shapes, strict=True):
        if shapely.is_valid(shape):
            continue
        sound = only_polygons(shapely.make_valid(shape, method="structure"))
        before, after = area_km2([shape])[0], area_km2([sound])[0] if not sound.is_empty else 0.0
        geometry[at], areas[at] = shapely.to_wkb(sound), after
        report.append((rows["place_code"][at], shapely.is_valid_reason(shape), before, after))
    names = ["place_code", "reason", "area_before_km2", "area_after_km2"]
    rows["geometry"] = pd.Series(geometry, index=rows.index, dtype=object)
    if "area_km2" in rows:
        rows["area_km2"] = areas
    return rows, pd.DataFrame(report, columns=names)


def only_polygons(shape: Any) -> Any:
    """Return the areas of a shape as a Polygon or MultiPolygon; lines and points go."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    pieces = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    flat = [piece for part in pieces for piece in shapely.get_parts(part)]
    return flat[0] if len(flat) == 1 else shapely.MultiPolygon(flat)
