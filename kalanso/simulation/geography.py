"""What does the example country look like, and where do its health areas lie?

A hand-made outline, the true but approximate positions of district seats, invented villages around
them, and the catchments of those villages. Names and codes of places stand in `territory`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from kalanso.simulation.names import commune_quarter_names, quarter_names, village_names

Numbers = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

PEOPLE_PER_AREA_THOUSAND = 11.2
CAPITAL = "Bamako"
CAPITAL_CENTRE = (-7.99, 12.635)
CAPITAL_RADIUS = 0.105  # degrees
NORTH_FROM = 15.2  # degrees of latitude from which names are Songhay or Tamasheq
GRID = 6  # decimals of a degree kept in outlines, about 0.1 m: fewer make thin cells overlap

# Drawn by hand, to half a degree or so: a shape that recalls the country and holds all its towns.
OUTLINE = (
    (-12.2, 14.7), (-11.6, 15.5), (-10.8, 15.3), (-9.4, 15.5), (-5.5, 15.5), (-5.3, 16.3), (-5.7, 16.7), (-6.5, 25.0),
    (-4.8, 25.0), (1.2, 21.1), (1.3, 20.7), (2.2, 20.2), (3.2, 19.8), (3.2, 19.0), (4.2, 19.1), (4.2, 16.9), (3.6, 15.5),
    (3.3, 15.2), (1.2, 15.0), (0.2, 15.0), (-0.7, 15.1), (-1.9, 14.5), (-2.1, 14.1), (-2.9, 13.7), (-3.5, 13.3), (-4.2, 13.1),
    (-4.3, 12.4), (-4.6, 12.1), (-5.3, 11.8), (-5.3, 11.1), (-5.5, 10.4), (-6.2, 10.3), (-6.7, 10.6), (-7.6, 10.4), (-8.0, 10.2),
    (-8.4, 10.9), (-8.6, 11.5), (-8.9, 12.0), (-9.3, 12.4), (-10.3, 12.2), (-11.0, 12.2), (-11.5, 12.5), (-11.4, 13.1),
    (-11.9, 13.4), (-12.1, 14.0),
)  # fmt: skip
# Along the river people live on islands and banks: a rough line of its inland delta.
DELTA = ((-5.5, 13.9), (-4.6, 14.3), (-4.2, 14.9), (-4.1, 15.5), (-3.8, 16.0), (-3.3, 16.5))
SMALL = ("Ségou", "Yorosso", "Bougouni", "Niono", "Macina")
SMALL_AREAS_PER_DISTRICT = 5


@dataclass(frozen=True, kw_only=True)
class Land:
    """Districts and health areas, with the catchment of each area.

    `districts` holds the columns of `facts/districts.csv`; `areas` holds name, district (row number
    in `districts`), longitude, latitude, setting (urban, peri_urban, rural) and hub (row number in
    `facts/learning_hub.csv`, or -1); `cells` one polygon per area.
    """

    districts: pd.DataFrame
    areas: pd.DataFrame
    cells: Shapes


def facts(name: str) -> list[dict[str, str]]:
    """Return the rows of a file in `facts/`."""
    path = resources.files("kalanso.simulation") / "facts" / f"{name}.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a frame, with the columns as attributes."""
    return list(frame.itertuples(index=False))


def district_facts(names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the districts, typed; only those named where `names` is given."""
    rows = [row for row in facts("districts") if names is None or row["district"] in names]
    frame = pd.DataFrame(rows)
    for column in ("latitude", "longitude", "people_2009_thousand", "conflict_share"):
        frame[column] = frame[column].astype(float)
    frame["urban_areas"] = frame["urban_areas"].astype(int)
    for column in ("conflict_from", "flagged_from", "flagged_to"):
        frame[column] = [date.fromisoformat(day) if day else None for day in frame[column]]
    return frame.reset_index(drop=True)


def land(size: str, rng: np.random.Generator) -> Land:
    """Return districts, health areas and catchments of the full country or of the small one."""
    districts = district_facts(None if size == "full" else SMALL)
    wanted = _areas_wanted(districts, size)
    outline = _outline(districts, size)
    hub = facts("learning_hub")
    candidates = _candidates(districts, outline, size, rng)
    rows: list[dict[str, Any]] = []
    for number, district in enumerate(rows_of(districts)):
        own = [i for i, row in enumerate(hub) if row["district"] == district.district]
        rows += _areas_of(number, district, int(wanted[number]), candidates[number], own, hub, rng)
    areas = pd.DataFrame(rows)
    points = areas[["longitude", "latitude"]].to_numpy()
    return Land(districts=districts, areas=areas, cells=catchment_cells(points, outline))


def _areas_wanted(districts: pd.DataFrame, size: str) -> npt.NDArray[np.int64]:
    if size == "small":
        return np.full(len(districts), SMALL_AREAS_PER_DISTRICT)
    people = districts["people_2009_thousand"].to_numpy()
    return np.maximum(3, np.round(people / PEOPLE_PER_AREA_THOUSAND)).astype(np.int64)


def _outline(districts: pd.DataFrame, size: str) -> BaseGeometry:
    whole = shapely.Polygon(OUTLINE)
    if size == "full":
        return whole
    seats = shapely.points(districts[["longitude", "latitude"]].to_numpy())
    near = shapely.union_all(shapely.buffer(seats, 0.6, quad_segs=3))
    return shapely.intersection(whole, shapely.convex_hull(near))


def _candidates(
    districts: pd.DataFrame, outline: BaseGeometry, size: str, rng: np.random.Generator
) -> list[Numbers]:
    """Return, per district, points where a village may lie: nearest to its seat, sparse in the desert."""
    west, south, east, north = outline.bounds
    count = 60_000 if size == "full" else 0
    seats = districts[["longitude", "latitude"]].to_numpy()
    # Districts whose seats lie close together are small: more points near seats keep enough for them.
    near = np.repeat(seats, 400, axis=0) + rng.normal(0, 0.3, (400 * len(seats), 2))
    points = np.vstack([rng.uniform((west, south), (east, north), size=(count, 2)), near])
    inner = shapely.buffer(outline, -0.04)
    points = points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]
    inhabited = np.exp(-0.9 * np.maximum(points[:, 1] - 15.6, 0))
    gaps, order = cKDTree(seats).query(points, k=2)
    nearest = order[:, 0]
    inhabited = np.maximum(inhabited, np.exp(-((gaps[:, 0] / 0.5) ** 2)))
    off_the_border = gaps[:, 0] < 0.93 * gaps[:, 1]  # else a district falls into several pieces
    kept = (rng.random(len(points)) < inhabited) & off_the_border
    capital = np.hypot(*(points - CAPITAL_CENTRE).T) < CAPITAL_RADIUS + 0.03
    is_capital = (districts["region"] == CAPITAL).to_numpy()
    free = kept & ~capital & ~is_capital[nearest]
    found = [points[free & (nearest == d)] for d in range(len(districts))]
    if is_capital.any():
        found = _with_capital(found, seats, is_capital, rng)
    return found


def _with_capital(
    found: list[Numbers], seats: Numbers, is_capital: npt.NDArray[np.bool_], rng: np.random.Generator
) -> list[Numbers]:
    angle, radius = rng.uniform(0, 2 * np.pi, 6000), CAPITAL_RADIUS * np.sqrt(rng.random(6000))
    inside = np.array(CAPITAL_CENTRE) + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    communes = np.flatnonzero(is_capital)
    gaps, order = cKDTree(seats[communes]).query(inside, k=2)
    for position, district in enumerate(communes):
        found[district] = inside[(order[:, 0] == position) & (gaps[:, 0] < 0.93 * gaps[:, 1])]
    return found


def _areas_of(
    number: int,
    district: Any,
    wanted: int,
    candidates: Numbers,
    own: list[int],
    hub: list[dict[str, str]],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Return the health areas of one district: the hub's, those of its town, then villages."""
    rows = [
        {
            "name": hub[i]["area"],
            "longitude": float(hub[i]["longitude"]),
            "latitude": float(hub[i]["latitude"]),
            "setting": hub[i]["setting"],
            "hub": i,
        }
        for i in own
    ]
    towns = min(district.urban_areas, wanted - len(rows))
    town = _town_areas(number, district, towns, candidates, {str(row["name"]) for row in rows}, rng)
    rows += town
    placed = np.array([[row["longitude"], row["latitude"]] for row in rows] or [[np.nan, np.nan]])
    count = wanted - len(rows)
    villages = _spread(candidates, count, placed, rng)
    names = village_names(
        count,
        north=district.latitude > NORTH_FROM,
        taken=[str(row["name"]) for row in rows],
        rng=rng,
    )
    for name, (longitude, latitude) in zip(names, villages, strict=True):
        rows.append(
            {"name": name, "longitude": longitude, "latitude": latitude, "setting": "rural", "hub": -1}
        )
    if not town and not own:
        rows[0] |= {"name": district.district, "longitude": district.longitude, "latitude": district.latitude}
    return [row | {"district": number} for row in rows]


def _town_areas(
    number: int,
    district: Any,
    count: int,
    candidates: Numbers,
    taken: set[str],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    if district.region == CAPITAL:
        names = commune_quarter_names(district.district, count, offset=8 * number)
        points = _spread(candidates, count, np.array([[np.nan, np.nan]]), rng)
        settings = ["urban"] * count
    else:
        names = [n for n in quarter_names(district.district, count + len(taken)) if n not in taken][:count]
        step = np.arange(count) + (f"{district.district} Central" in taken)
        angle = rng.uniform(0, 2 * np.pi) + step * 2.4  # the golden angle keeps quarters apart
        radius = 0.035 * np.sqrt(step)
        points = np.column_stack(
            [district.longitude + radius * np.cos(angle), district.latitude + radius * np.sin(angle)]
        )
        settings = ["urban" if i < max(1, count - count // 3) else "peri_urban" for i in range(count)]
    return [
        {"name": name, "longitude": x, "latitude": y, "setting": setting, "hub": -1}
        for name, (x, y), setting in zip(names, points, settings, strict=True)
    ]


def _spread(candidates: Numbers, count: int, placed: Numbers, rng: np.random.Generator) -> Numbers:
    """Return `count` of the candidates, each the farthest of a few draws from all placed so far."""
    if len(candidates) < count:
        raise ValueError(f"expected at least {count} candidate points in a district, got {len(candidates)}")
    chosen: list[Numbers] = []
    gap = np.full(len(candidates), np.inf)  # from each candidate to the nearest place so far
    for point in placed[~np.isnan(placed[:, 0])]:
        gap = np.minimum(gap, np.hypot(*(candidates - point).T))
    for _ in range(count):
        draw = rng.integers(len(candidates), size=12)
        best = int(draw[gap[draw].argmax()])
        if gap[best] == 0:
            best = int(gap.argmax())
        chosen.append(candidates[best])
        gap = np.minimum(gap, np.hypot(*(candidates - candidates[best]).T))
    return np.array(chosen).reshape(-1, 2)


def catchment_cells(points: Numbers, outline: BaseGeometry) -> Shapes:
    """Return the Thiessen cell of each point, clipped to the outline.

    Neighbouring cells share the coordinates of their border exactly, so that unions of them leave
    no slivers (Aurenhammer 1991, Voronoi diagrams, ACM Computing Surveys 23).
    """
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(points), extend_to=outline, ordered=True)
    )
    clipped = shapely.intersection(cells, outline)
    return np.asarray(shapely.transform(clipped, lambda xy: np.round(xy, GRID)))
