"""Which ground belongs to which health facility, where no outline is published?

Every point of the place above goes to the nearest facility (Thiessen cells), or, with populations,
to the one that draws it most. The cells of one place above cover it exactly, without overlap. They
are an approximation and are labelled `catchment`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from kalanso.places.containment import outlines_of
from kalanso.places.distances import area_km2
from kalanso.places.faults import PlacesRefused
from kalanso.places.frames import frame, numbers, text
from kalanso.places.outlines import only_polygons
from kalanso.vocabulary import Message

KM_PER_DEGREE = 111.195  # of latitude, on the mean sphere
APART_KM = 0.05  # points closer than this are moved apart by as much, so that each has a cell
_NEARLY_EQUAL = 1.02  # ratio of draws below which the border is taken as straight
_ARC_STEPS = 32  # straight pieces in a quarter of a circular border
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Sheet:
    """A flat sheet on which straight lines in degrees stay straight, so that cells meet exactly.

    Kilometres east-west are right at the middle latitude; at the edge of a place that spans three
    degrees of latitude they are wrong by one in a hundred.
    """

    stretch: float

    def flat(self, shape: Any) -> Any:
        return shapely.transform(shape, lambda xy: xy * [KM_PER_DEGREE * self.stretch, KM_PER_DEGREE])

    def round(self, shape: Any) -> Any:
        return shapely.transform(shape, lambda xy: xy / [KM_PER_DEGREE * self.stretch, KM_PER_DEGREE])


def catchments(
    points: Any,
    parents: Any,
    population: Mapping[str, float] | pd.Series | None = None,
    *,
    notes: list[Message] | None = None,
    vintage: str = "",
    licence: str = "",
    source: str = "catchments",
) -> pd.DataFrame:
    """Return rows of PLACE_BOUNDARIES, kind `catchment`, for places that have only a point.

    `points` has place_code, parent_code, latitude, longitude (degrees); `parents` place_code and
    geometry (WKB). `population` gives persons by place_code, all positive: a person at x then goes
    to the facility i with the smallest d(x, i) / sqrt(persons_i), the breaking-point form of
    Reilly's law (Converse 1949; multiplicatively weighted Thiessen cells, Okabe et al. 2000, §3.1),
    so that each facility keeps the ground around it, however large its neighbour. Points that
    coincide, or nearly so, share the ground around them. A point outside the place above still draws,
    and may be left without a cell.

    Without `notes` anything that cannot have a cell (no coordinates, unknown place above, too far
    outside) is refused; with a list, it is left out and a sentence about it put there. The same goes
    for populations that are missing or not positive: those cells are then drawn unweighted.
    """
    rows = frame(points, ("place_code", "parent_code", "latitude", "longitude"), what="points")
    rows = rows.assign(
        place_code=text(rows["place_code"]), parent_code=text(rows["parent_code"]),
        latitude=numbers(rows, "latitude"), longitude=numbers(rows, "longitude"),
    )  # fmt: skip
    codes, shapes = outlines_of(parents)
    outlines = dict(zip(codes, shapes, strict=True))
    usable = _usable(rows, outlines, notes)
    cells: list[tuple[str, Any]] = []
    for parent, members in usable.groupby("parent_code", sort=False):
        members = members.sort_values("place_code", kind="stable")
        draws = _draws(str(parent), members["place_code"], population, notes)
        cells += _cells_of(members, outlines[str(parent)], draws, notes)
    return _boundary_rows(cells, vintage=vintage, licence=licence, source=source)


def _boundary_rows(cells: list[tuple[str, Any]], *, vintage: str, licence: str, source: str) -> pd.DataFrame:
    shapes = np.array([cell for _, cell in cells], dtype=object)
    return pd.DataFrame(
        {
            "place_code": [code for code, _ in cells],
            "vintage": vintage,
            "kind": "catchment",
            "geometry": pd.Series([shapely.to_wkb(cell) for cell in shapes], dtype=object),
            "area_km2": area_km2(shapes),
            "licence": licence,
            "source": source,
        }
    )


def _say(notes: list[Message] | None, message: str, **params: Any) -> None:
    if notes is None:
        raise PlacesRefused(message, **params)
    notes.append(Message(message, params))


def _usable(rows: pd.DataFrame, outlines: Mapping[str, Any], notes: list[Message] | None) -> pd.DataFrame:
    fits = []
    for place, parent, latitude, longitude in zip(
        rows["place_code"], rows["parent_code"], rows["latitude"], rows["longitude"], strict=True
    ):
        located = abs(latitude) <= 90 and abs(longitude) <= 180
        fits.append(located and parent in outlines)
        if not located:
            _say(notes, "places.catchment.no_point", place=place, parent=parent)
        elif parent not in outlines:
            _say(notes, "places.catchment.no_outline", place=place, parent=parent)
    return rows[pd.Series(fits, index=rows.index, dtype=bool)]


def _draws(parent: str, codes: pd.Series, population: Any, notes: list[Message] | None) -> Floats | None:
    if population is None:
        return None
    given = dict(population)
    persons = np.array([float(given.get(code, np.nan)) for code in codes])
    if not (persons > 0).all() or not np.isfinite(persons).all():
        missing = [code for code, number in zip(codes, persons, strict=True) if not number > 0]
        _say(
            notes,
            "places.catchment.no_population",
            parent=parent,
            n=len(missing),
            places=", ".join(missing[:5]),
        )
        return None
    return np.sqrt(persons)


def _cells_of(
    members: pd.DataFrame, outline: Any, draws: Floats | None, notes: list[Message] | None
) -> list[tuple[str, Any]]:
    sheet = _Sheet(float(np.cos(np.radians((outline.bounds[1] + outline.bounds[3]) / 2))))
    whole = only_polygons(shapely.make_valid(sheet.flat(outline)))
    spots = members[["longitude", "latitude"]].to_numpy() * [KM_PER_DEGREE * sheet.stretch, KM_PER_DEGREE]
    spots = _apart(spots)
    cells = _thiessen(spots, whole) if draws is None else _weighted(spots, draws, whole)
    found = []
    for code, cell in zip(members["place_code"], cells, strict=True):
        if cell.is_empty:
            _say(notes, "places.catchment.no_cell", place=code, parent=members["parent_code"].iloc[0])
        else:
            found.append((str(code), _sound(sheet.round(cell))))
    return found


def _apart(spots: Floats) -> Floats:
    """Move points that coincide onto a small circle around their middle, in the order given."""
    moved = spots.copy()
    points = np.asarray(shapely.points(spots), dtype=object)
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=APART_KM)
    group = np.arange(len(spots))
    for a, b in zip(one, other, strict=True):
        low, high = sorted((group[a], group[b]))
        group[group == high] = low
    for label in np.unique(group):
        members = np.flatnonzero(group == label)
        if len(members) > 1:
            angles = 2 * np.pi * np.arange(len(members)) / len(members)
            radius = APART_KM / (2 * np.sin(np.pi / len(members)))
            moved[members] = spots[members].mean(axis=0) + radius * np.column_stack(
                [np.cos(angles), np.sin(angles)]
            )
    return moved


def _thiessen(spots: Floats, whole: Any) -> list[Any]:
    if len(spots) == 1:
        return [whole]
    frame_around = shapely.union_all([whole.envelope, shapely.MultiPoint(spots).envelope])
    drawn = shapely.voronoi_polygons(shapely.MultiPoint(spots), extend_to=frame_around)
    pieces = np.array(shapely.get_parts(drawn), dtype=object)
    owner, piece = shapely.STRtree(pieces).query(shapely.points(spots), predicate="intersects")
    cell_of = dict(zip(owner, piece, strict=True))
    return [_area_of(shapely.intersection(pieces[cell_of[at]], whole)) for at in range(len(spots))]


def _weighted(spots: Floats, draws: Floats, whole: Any) -> list[Any]:
    """Cut the ground, from the weakest to the strongest draw.

    Whoever is weaker wins only inside a circle (Apollonius); what all weaker ones leave is divided
    among the stronger, and the strongest gets the rest: nothing is left over or given twice.
    """
    far = 4 * max(np.ptp(np.vstack([spots, np.reshape(whole.bounds, (2, 2))]), axis=0).max(), 1.0)
    cells: list[Any] = [shapely.Polygon()] * len(spots)
    order = np.lexsort((np.arange(len(spots)), draws))
    left = whole.envelope  # a plain box is quick to cut; the outline comes in last
    for turn, at in enumerate(order):
        cell = left
        # The nearest rivals cut away most, so that the rest is quick.
        rivals = order[turn + 1 :]
        rivals = rivals[np.argsort(np.hypot(*(spots[rivals] - spots[at]).T), kind="stable")]
        for other in rivals:
            if cell.is_empty:
                break
            if not _wins_all(cell.bounds, spots[at], spots[other], draws[other] / draws[at]):
                cell = shapely.intersection(
                    cell, _won_by(spots[at], spots[other], draws[other] / draws[at], far)
                )
        cells[at] = _area_of(cell)
        left = _area_of(shapely.difference(left, cells[at]))
    return [_area_of(shapely.intersection(cell, whole)) for cell in cells]


def _wins_all(bounds: Any, weak: Floats, strong: Floats, ratio: float) -> bool:
    # What the weaker wins is convex, so that the corners of a box speak for all of it.
    west, south, east, north = bounds
    corners = np.array([(west, south), (west, north), (east, south), (east, north)])
    ours, theirs = np.hypot(*(corners - weak).T), np.hypot(*(corners - strong).T)
    return bool((ratio * ours < theirs).all())


def _won_by(weak: Floats, strong: Floats, ratio: float, far: float) -> Any:
    """Return where the weaker of two wins: ratio * distance to it < distance to the stronger."""
    line = strong - weak
    length = float(np.hypot(*line))
    if ratio < _NEARLY_EQUAL:
        middle, along = weak + line / (1 + ratio), line / length
        across = np.array([-along[1], along[0]])
        corners = [middle + far * across, middle - far * across]
        corners += [corners[1] - 2 * far * along, corners[0] - 2 * far * along]
        return shapely.Polygon(corners)
    centre = weak - line / (ratio**2 - 1)
    radius = ratio * length / (ratio**2 - 1)
    return shapely.buffer(shapely.Point(centre), radius, quad_segs=_ARC_STEPS)


def _sound(shape: Any) -> Any:
    # Rounding may let two holes touch; holes stay holes only by their structure.
    return only_polygons(shapely.make_valid(shape, method="structure", keep_collapsed=False))


def _area_of(shape: Any) -> Any:
    return shapely.Polygon() if shape.is_empty else only_polygons(shape)
