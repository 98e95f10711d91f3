"""Which points of places stand where they cannot stand?

Missing, impossible, swapped, outside the country or the place above, far from all relatives,
copied from the place above. Outlines are checked in `outlines`; sentences for people are made of
the rows by `kalanso.quality`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from kalanso.places.containment import km_outside, outlines_of
from kalanso.places.distances import distance_km
from kalanso.places.frames import frame, numbers, text
from kalanso.vocabulary import Level

Finding = dict[str, Any]
_DEPTH = {level.value: level.depth for level in Level}


def finding(check: str, place: str, other: str = "", **evidence: Any) -> Finding:
    """Return one finding; km, share and area stand in columns of their own too."""
    return {"check": check, "place_code": place, "other_code": other, **evidence}


@dataclass(frozen=True)
class Atlas:
    """Places with their points, their outlines and what stands above them."""

    places: pd.DataFrame
    above: Mapping[str, list[str]]
    outlines: Mapping[str, Any]

    @classmethod
    def of(cls, places: Any, boundaries: Any, lineage: Any) -> Atlas:
        """Bring the three tables together; `boundaries` and `lineage` may be None."""
        rows = frame(places, ("place_code", "level", "latitude", "longitude"), what="places")
        rows = rows.assign(
            latitude=numbers(rows, "latitude"),
            longitude=numbers(rows, "longitude"),
            level=text(rows["level"]),
        ).set_index(text(rows["place_code"]))
        codes, shapes = ([], []) if boundaries is None else outlines_of(boundaries)
        above: dict[str, list[str]] = defaultdict(list)
        if lineage is not None:
            family = frame(lineage, ("place_code", "ancestor_code", "ancestor_level"), what="lineage")
            family = family[family["place_code"] != family["ancestor_code"]]
            depth = text(family["ancestor_level"]).map(lambda level: -_DEPTH.get(level, 0))
            family = family.assign(depth=depth).sort_values(["place_code", "depth"], kind="stable")
            for place, ancestor in zip(family["place_code"], family["ancestor_code"], strict=True):
                above[place].append(ancestor)
        return cls(rows, above, dict(zip(codes, shapes, strict=True)))

    def parent(self, place: str) -> str:
        """Return the place directly above, or an empty text."""
        return next(iter(self.above.get(place, [])), "")

    def outline_above(self, place: str) -> str:
        """Return the nearest place above that has an outline, or an empty text."""
        return next((code for code in self.above.get(place, []) if code in self.outlines), "")

    def level(self, place: str) -> str:
        """Return the level of a place, or an empty text where it is not in the table."""
        return str(self.places["level"].get(place, ""))

    @cached_property
    def country(self) -> Any:
        """The outline of the country: its own, or the union of the highest level that has outlines."""
        if not self.outlines:
            return None
        depths = {code: _DEPTH.get(self.level(code), 9) for code in self.outlines}
        top = min(depths.values())
        return shapely.union_all(
            shapely.make_valid([self.outlines[code] for code, depth in depths.items() if depth == top])
        )

    def points(self) -> pd.DataFrame:
        """Return the places with both coordinates in range."""
        rows = self.places
        return rows[rows["latitude"].between(-90, 90) & rows["longitude"].between(-180, 180)]


def point_findings(atlas: Atlas, limits: Mapping[str, float]) -> Iterator[Finding]:
    """Yield what is wrong with points; `limits` are those of GEOMETRY_LIMITS."""
    yield from _missing_or_impossible(atlas)
    yield from _misplaced(atlas, limits)
    yield from _far_from_relatives(atlas, limits)
    yield from _repeated(atlas)


def _missing_or_impossible(atlas: Atlas) -> Iterator[Finding]:
    for code, latitude, longitude in _coordinates(atlas.places):
        if np.isnan(latitude) or np.isnan(longitude):
            yield finding("missing_coordinates", code)
        elif latitude == 0 and longitude == 0:
            yield finding("zero_coordinates", code)
        elif abs(latitude) > 90 or abs(longitude) > 180:
            turned = (
                abs(longitude) <= 90 and abs(latitude) <= 180 and _inside_country(atlas, longitude, latitude)
            )
            check = "swapped_coordinates" if turned else "impossible_coordinates"
            yield finding(check, code, latitude=latitude, longitude=longitude)


def _coordinates(rows: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    yield from zip(rows.index, rows["latitude"], rows["longitude"], strict=True)


def _inside_country(atlas: Atlas, latitude: float, longitude: float) -> bool:
    return atlas.country is not None and bool(shapely.intersects_xy(atlas.country, longitude, latitude))


def _misplaced(atlas: Atlas, limits: Mapping[str, float]) -> Iterator[Finding]:
    """Yield points outside their own outline, the place above, or the country; the plainest reason once."""
    if atlas.country is None:
        return
    tolerance = limits["outside_km"]
    shapely.prepare(atlas.country)
    rows = atlas.points()
    rows = rows[(rows["latitude"] != 0) | (rows["longitude"] != 0)]
    for code, latitude, longitude in _coordinates(rows):
        point = shapely.Point(longitude, latitude)
        own = code if code in atlas.outlines else ""
        upper = own or atlas.outline_above(code)
        outline = atlas.outlines[upper] if upper else atlas.country
        km = km_outside(point, outline)
        if km <= tolerance:
            continue
        to_country = km_outside(point, atlas.country)
        evidence = {"distance_km": km, "latitude": latitude, "longitude": longitude, "country_km": to_country}
        if turned := _turned(outline, latitude, longitude):
            yield finding(turned, code, upper, **evidence)
        elif to_country > tolerance:
            yield finding("outside_country", code, upper, **evidence)
        elif own:
            yield finding("outside_outline", code, upper, **evidence)
        else:
            yield finding("outside_parent", code, upper, lies_in=_lies_in(atlas, upper, point), **evidence)


def _turned(outline: Any, latitude: float, longitude: float) -> str:
    """Say whether the point would lie inside if its coordinates were swapped or a sign were lost."""
    if shapely.intersects_xy(outline, latitude, longitude):
        return "swapped_coordinates"
    signs = ((latitude, -longitude), (-latitude, longitude), (-latitude, -longitude))
    if any(shapely.intersects_xy(outline, x, y) for y, x in signs):
        return "lost_sign"
    return ""


def _lies_in(atlas: Atlas, upper: str, point: Any) -> str:
    level = atlas.level(upper)
    return next(
        (
            code
            for code, shape in atlas.outlines.items()
            if atlas.level(code) == level and shape.intersects(point)
        ),
        "",
    )


def _far_from_relatives(atlas: Atlas, limits: Mapping[str, float]) -> Iterator[Finding]:
    """Yield points far from the middle of their brothers, or of their children.

    The middle is the median of distinct points that are not copied from the place above, so that
    less than half of them may be wrong; far is more than `far_km` and `far_times` their usual
    distance from it. Needs no outline; where an outline says that the point lies well, only
    `far_times_inside` speaks.
    """
    rows = atlas.points()
    spot = {code: (latitude, longitude) for code, latitude, longitude in _coordinates(rows)}
    families: dict[str, list[str]] = defaultdict(list)
    for code in spot:
        if parent := atlas.parent(code):
            families[parent].append(code)
    for parent, members in families.items():
        own = [code for code in members if spot[code] != spot.get(parent)]
        if len({spot[code] for code in own}) < limits["relatives"]:
            continue
        middle, usual = _middle([spot[code] for code in own])
        asked = [(code, "far_from_siblings") for code in own]
        asked += [(parent, "far_from_children")] if parent in spot else []
        for code, check in asked:
            km = float(distance_km(*spot[code], *middle))
            inside = _lies_well(atlas, code, spot[code])
            times = limits["far_times_inside"] if inside else limits["far_times"]
            if km > max(limits["far_km"], times * usual) and not (inside and check == "far_from_children"):
                yield finding(
                    check, code, parent if check == "far_from_siblings" else "", distance_km=km,
                    latitude=spot[code][0], longitude=spot[code][1], usual_km=usual, relatives=len(own), inside=inside,
                )  # fmt: skip


def _lies_well(atlas: Atlas, code: str, where: tuple[float, float]) -> bool:
    upper = code if code in atlas.outlines else atlas.outline_above(code)
    return bool(upper) and bool(shapely.intersects_xy(atlas.outlines[upper], where[1], where[0]))


def _middle(spots: list[tuple[float, float]]) -> tuple[tuple[float, float], float]:
    distinct = np.array(sorted(set(spots)))
    latitude, longitude = np.median(distinct, axis=0)
    usual = np.median(distance_km(distinct[:, 0], distinct[:, 1], latitude, longitude))
    return (float(latitude), float(longitude)), float(usual)


def _repeated(atlas: Atlas) -> Iterator[Finding]:
    """Yield points copied from the place above, and points that several places of one level share."""
    rows = atlas.points()
    spot = {code: (latitude, longitude) for code, latitude, longitude in _coordinates(rows)}
    holders: dict[tuple[str, tuple[float, float]], list[str]] = defaultdict(list)
    for code, where in spot.items():
        parent = atlas.parent(code)
        if parent and spot.get(parent) == where:
            yield finding("point_of_parent", code, parent, latitude=where[0], longitude=where[1])
        else:
            holders[atlas.level(code), where].append(code)
    for (_, where), codes in holders.items():
        if len(codes) > 1 and where != (0, 0):
            for code in codes:
                other = next(name for name in codes if name != code)
                yield finding(
                    "shared_point", code, other, latitude=where[0], longitude=where[1], places=len(codes)
                )
