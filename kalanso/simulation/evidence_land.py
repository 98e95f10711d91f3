"""How does a made-up country look: its places, its neighbours, its towns, its conflict?

Points in a square, joined by a planar graph; regions and districts cut it by space, so that the tree
is country > region > district > area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay

from kalanso.simulation.evidence_settings import EvidenceSettings

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

COUNTRY = "SIM"
AREAS_PER_DISTRICT = 15
DISTRICTS_PER_REGION = 3
MOST_REGIONS = 12
LONG_EDGES = 0.01  # share of the longest edges that are left out: they only run along the hull


@dataclass(frozen=True, kw_only=True)
class Land:
    """The areas of a country, in the order of every array.

    `points` (N, 2) degrees; `edges` (E, 2) pairs of neighbours, each once; `district` and `region`
    numbers by area; `design` (N, 3) covariates urban, conflict, remote (standardised travel time).
    """

    areas: tuple[str, ...]
    points: Numbers
    edges: Counts
    district: Counts
    region: Counts
    design: Numbers

    @property
    def conflict(self) -> Flags:
        """Areas in conflict, where neither interviewers nor enumerators go."""
        return np.asarray(self.design[:, 1] > 0)

    @property
    def urban(self) -> Flags:
        """Towns."""
        return np.asarray(self.design[:, 0] > 0)


def land(areas: int, rng: np.random.Generator, settings: EvidenceSettings) -> Land:
    """Return a made-up country of so many areas.

    Raises ValueError where fewer than one area is asked for.
    """
    if areas < 1:
        raise ValueError(f"areas: expected at least 1, got {areas}; try 150")
    points = rng.random((areas, 2)) * np.sqrt(areas / 150) * 5
    edges = _edges(points, areas - min(settings.islands, areas))
    districts = max(1, round(areas / AREAS_PER_DISTRICT))
    regions = min(max(1, round(districts / DISTRICTS_PER_REGION)), MOST_REGIONS)
    region = _cut(points, regions)
    district = _districts(points, region, districts)
    conflict = _conflict(points, settings.conflict_share, rng)
    urban = rng.random(areas) < settings.urban_share
    travel = rng.normal(size=areas) - 0.7 * urban
    remote = (travel - travel.mean()) / (travel.std() or 1.0)
    return Land(
        areas=tuple(f"A{number:05d}" for number in range(1, areas + 1)),
        points=points,
        edges=edges,
        district=district,
        region=region,
        design=np.column_stack([urban, conflict, remote]).astype(float),
    )


def _edges(points: Numbers, joined: int) -> Counts:
    """Return the pairs of neighbours among the first `joined` points: Delaunay without its longest edges.

    The shortest tree that joins all points is always kept, so that the graph stays in one piece.
    """
    if joined < 2:
        return np.empty((0, 2), dtype=np.int64)
    if joined < 4:
        return np.array([(one, one + 1) for one in range(joined - 1)], dtype=np.int64)
    corners = Delaunay(points[:joined]).simplices
    pairs = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)
    length = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T)
    tree = minimum_spanning_tree(csr_matrix((length, (pairs[:, 0], pairs[:, 1])), shape=(joined, joined)))
    kept = {tuple(sorted(pair)) for pair in zip(*coo_matrix(tree).coords, strict=True)}
    short = length <= np.quantile(length, 1 - LONG_EDGES)
    return np.asarray([pair for pair, ok in zip(pairs, short, strict=True) if ok or tuple(pair) in kept])


def _cut(points: Numbers, parts: int) -> Counts:
    """Return a number from 0 to parts - 1 by point: halves along the longer side, again and again."""
    found = np.zeros(len(points), dtype=np.int64)
    if parts <= 1:
        return found
    left = parts // 2
    axis = int(np.argmax(np.ptp(points, axis=0)))
    order = np.argsort(points[:, axis], kind="stable")
    first, second = np.split(order, [round(len(points) * left / parts)])
    found[first] = _cut(points[first], left)
    found[second] = left + _cut(points[second], parts - left)
    return found


def _districts(points: Numbers, region: Counts, wanted: int) -> Counts:
    """Cut each region into districts of about equal size; return their numbers, unique in the country."""
    district = np.zeros(len(points), dtype=np.int64)
    seen = 0
    for one in range(region.max() + 1):
        own = np.flatnonzero(region == one)
        parts = max(1, round(wanted * len(own) / len(points)))
        district[own] = seen + _cut(points[own], parts)
        seen += parts
    return district


def _conflict(points: Numbers, share: float, rng: np.random.Generator) -> Flags:
    """Return the areas in conflict: most of those around a random point of the border."""
    side = points.max(axis=0)
    angle = rng.uniform(0, 2 * np.pi)
    centre = side / 2 + side / 2 * np.array([np.cos(angle), np.sin(angle)])
    near = np.argsort(np.argsort(np.hypot(*(points - centre).T))) < round(1.5 * share * len(points))
    return np.asarray(near & (rng.random(len(points)) < 1 / 1.5))


def district_codes(country: Land) -> list[str]:
    """Return the codes of all districts, by number."""
    return [f"D{number + 1:04d}" for number in range(country.district.max() + 1)]


def region_codes(country: Land) -> list[str]:
    """Return the codes of all regions, by number."""
    return [f"R{number + 1:02d}" for number in range(country.region.max() + 1)]


def place_tables(country: Land) -> dict[str, pd.DataFrame]:
    """Return the tables places, neighbours and covariates."""
    districts, regions = district_codes(country), region_codes(country)
    rows: list[tuple[str, str, float, float]] = [(COUNTRY, "", *country.points.mean(axis=0))]
    for number, code in enumerate(regions):
        rows.append((code, COUNTRY, *country.points[country.region == number].mean(axis=0)))
    for number, code in enumerate(districts):
        inside = country.district == number
        parent = regions[int(country.region[inside][0])]
        rows.append((code, parent, *country.points[inside].mean(axis=0)))
    for number, code in enumerate(country.areas):
        rows.append((code, districts[country.district[number]], *country.points[number]))
    names = np.array(country.areas)
    covariates = pd.DataFrame(country.design, columns=["urban", "conflict", "remote"])
    covariates.insert(0, "place_code", list(country.areas))
    return {
        "places": pd.DataFrame(rows, columns=["place_code", "parent_code", "longitude", "latitude"]),
        "neighbours": pd.DataFrame(
            {
                "place_code": names[country.edges[:, 0]].tolist(),
                "neighbour_code": names[country.edges[:, 1]].tolist(),
            },
            dtype="str",
        ),
        "covariates": covariates,
    }
