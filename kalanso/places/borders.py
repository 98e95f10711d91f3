"""Which places of one level touch, and along how many kilometres?

Shared borders, tolerant of hair-thin gaps and overlaps; islands joined to the nearest place, so that
every level is one connected graph, as spatial models need it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kalanso.places.containment import outlines_of
from kalanso.places.distances import Plane
from kalanso.places.frames import frame, text

_COLUMNS = ("place_code", "neighbour_code", "link", "border_km")


def neighbours(boundaries: Any, places: Any = None, *, tolerance_m: float = 100.0) -> pd.DataFrame:
    """Return rows of PLACE_NEIGHBOURS, each pair in both directions.

    `boundaries` has place_code and geometry (WKB), one outline per place; with `places` (place_code,
    level) each level is a graph of its own, else all are of one level. Outlines up to `tolerance_m`
    apart share a border; `border_km` is its length, 0 where they meet at a corner only. Places that
    nothing connects to the rest get a link `nearest`, from each group to the closest other one.
    """
    codes, shapes = outlines_of(boundaries)
    levels = pd.Series("", index=pd.Index(codes, dtype=object))
    if places is not None:
        known = frame(places, ("place_code", "level"), what="places")
        said = dict(zip(text(known["place_code"]), text(known["level"]), strict=True))
        levels = pd.Series([said.get(code, "") for code in codes], index=codes)
    tables = []
    for level in dict.fromkeys(levels):
        of_level = np.flatnonzero((levels == level).to_numpy())
        tables.append(_one_level([codes[at] for at in of_level], shapes[of_level], tolerance_m))
    if not tables:
        return pd.DataFrame(columns=list(_COLUMNS))
    return pd.concat(tables, ignore_index=True)


def _one_level(codes: list[str], shapes: Any, tolerance_m: float) -> pd.DataFrame:
    flat = Plane.around(shapes).flat(shapely.make_valid(shapes))
    one, other = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=tolerance_m)
    one, other = one[one < other], other[one < other]
    km = _border_m(flat, one, other, tolerance_m) / 1000
    joined_one, joined_other = _joining(flat, one, other)
    pairs = pd.DataFrame(
        {
            "one": np.concatenate([one, joined_one]),
            "other": np.concatenate([other, joined_other]),
            "link": ["border"] * len(one) + ["nearest"] * len(joined_one),
            "border_km": np.concatenate([km, np.zeros(len(joined_one))]),
        }
    )
    both = pd.concat([pairs, pairs.rename(columns={"one": "other", "other": "one"})], ignore_index=True)
    names = np.array(codes, dtype=object)
    both = both.assign(
        place_code=names[both["one"].astype(int)], neighbour_code=names[both["other"].astype(int)]
    )
    return both.sort_values(["place_code", "neighbour_code"], ignore_index=True)[list(_COLUMNS)]


def _border_m(
    flat: Any, one: npt.NDArray[np.intp], other: npt.NDArray[np.intp], tolerance_m: float
) -> npt.NDArray[np.float64]:
    """Return the length of the shared border of each pair in metres.

    Where the lines agree point by point it is the length of what they have in common. Where they
    mostly run beside each other it is the length of each line within the tolerance of the other,
    averaged, less the tolerance at both ends.
    """
    lines, wide = shapely.boundary(flat), shapely.buffer(flat, tolerance_m)
    exact = shapely.length(shapely.intersection(lines[one], lines[other]))
    along = shapely.length(shapely.intersection(lines[one], wide[other]))
    back = shapely.length(shapely.intersection(lines[other], wide[one]))
    near = np.maximum((along + back) / 2 - 2 * tolerance_m, 0.0)
    # At a corner the two lines leave the tolerance slowly; that is no border.
    near[(exact == 0) & (near < 5 * tolerance_m)] = 0.0
    return np.asarray(np.where(exact >= 0.8 * near, exact, near))


def _joining(
    flat: Any, one: npt.NDArray[np.intp], other: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the pairs that join separate groups, each smallest group to its nearest neighbour first."""
    added: list[tuple[int, int]] = []
    while True:
        ends = np.array([*zip(one, other, strict=True), *added], dtype=int).reshape(-1, 2)
        graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(flat), len(flat)))
        count, group = connected_components(graph, directed=False)
        if count <= 1:
            break
        smallest = int(np.argmin(np.bincount(group)))
        inside, outside = np.flatnonzero(group == smallest), np.flatnonzero(group != smallest)
        pairs, distances = shapely.STRtree(flat[outside]).query_nearest(
            flat[inside], return_distance=True, all_matches=False
        )
        best = int(np.argmin(distances))
        added.append((int(inside[pairs[0][best]]), int(outside[pairs[1][best]])))
    joined = np.array([sorted(pair) for pair in added], dtype=int).reshape(-1, 2)
    return joined[:, 0], joined[:, 1]
