"""How do numbers of old places carry over to new ones?

Shares of the old place's people in each new place, from people, facilities or ground, with the
spread between these as uncertainty. Which rows of the tree change in a split or merger is said in
`redrawing`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from kalanso.places.containment import outlines_of
from kalanso.places.distances import Plane
from kalanso.places.faults import PlacesRefused
from kalanso.places.frames import frame, numbers
from kalanso.places.tables import PLACE_CROSSWALK

BASES = ("population", "facilities", "area")  # the first that is there gives the share
SLIVER_SHARE = 0.005  # of the old place's ground; thinner pieces come from lines drawn twice
Floats = npt.NDArray[np.float64]


def crosswalk(
    old: Any,
    new: Any,
    *,
    population: Any = None,
    facilities: Any = None,
    changed_on: date | None = None,
    source: str = "overlay",
) -> pd.DataFrame:
    """Return rows of PLACE_CROSSWALK from outlines before and after a change.

    `old` and `new` have place_code and geometry (WKB). `population` are points with latitude,
    longitude and persons (villages, or cells of a grid); `facilities` are points, each counting one.
    The share is that of the first of BASES which says something about the old place; `share_low` and
    `share_high` span all bases that do, so that a share known from ground alone has no spread and
    stands on the weakest basis. Shares of an old place add up to 1 over the new ones that it reaches;
    pieces below SLIVER_SHARE of its ground that hold no people and no facility are left out. An old
    place that no new outline meets is refused.
    """
    old_codes, old_shapes = outlines_of(old)
    new_codes, new_shapes = outlines_of(new)
    plane = Plane.around(np.concatenate([old_shapes, new_shapes]))
    before, after = (shapely.make_valid(plane.flat(shapes)) for shapes in (old_shapes, new_shapes))
    one, other = shapely.STRtree(after).query(before, predicate="intersects")
    pieces = shapely.intersection(before[one], after[other])
    counts = {
        "population": _inside(pieces, population, "persons", plane),
        "facilities": _inside(pieces, facilities, None, plane),
        "area": shapely.area(pieces),
    }
    rows = []
    for at, code in enumerate(old_codes):
        mine = np.flatnonzero(one == at)
        rows += _shares_of(
            code, [new_codes[to] for to in other[mine]], {k: v[mine] for k, v in counts.items()}
        )
    table = pd.DataFrame(rows, columns=["from_code", "to_code", "share", "share_low", "share_high", "basis"])
    return table.assign(changed_on=changed_on, source=source)[list(PLACE_CROSSWALK.column_names)]


def _inside(pieces: Any, points: Any, column: str | None, plane: Plane) -> Floats:
    total = np.zeros(len(pieces))
    if points is None or not len(pieces):
        return total
    needed = ("latitude", "longitude", *([column] if column else []))
    rows = frame(points, needed, what=column or "facilities")
    latitude, longitude = numbers(rows, "latitude").to_numpy(), numbers(rows, "longitude").to_numpy()
    weight = numbers(rows, column).to_numpy() if column else np.ones(len(rows))
    usable = np.isfinite(latitude) & np.isfinite(longitude) & (weight > 0)
    spots = plane.flat(shapely.points(longitude[usable], latitude[usable]))
    spot, piece = shapely.STRtree(pieces).query(spots, predicate="intersects")
    # A point on a common border counts for one of the two only.
    _, first = np.unique(spot, return_index=True)
    np.add.at(total, piece[first], weight[usable][spot[first]])
    return total


def _shares_of(code: str, to: list[str], counts: dict[str, Floats]) -> list[tuple[Any, ...]]:
    ground = counts["area"].sum()
    if not to or ground <= 0:
        raise PlacesRefused("places.refused.no_successor", place=code)
    inhabited = (counts["population"] > 0) | (counts["facilities"] > 0)
    keep = (counts["area"] / ground >= SLIVER_SHARE) | inhabited
    shares = {
        basis: counts[basis][keep] / counts[basis][keep].sum()
        for basis in BASES
        if counts[basis][keep].sum() > 0
    }
    basis = next(iter(shares))
    spread = np.array(list(shares.values()))
    kept = [name for name, stays in zip(to, keep, strict=True) if stays]
    return [
        (code, name, float(share), float(low), float(high), basis)
        for name, share, low, high in zip(
            kept, shares[basis], spread.min(axis=0), spread.max(axis=0), strict=True
        )
        if high > 0
    ]


def carry_over(values: Any, walk: Any, *, column: str) -> pd.DataFrame:
    """Return counts of old places as counts of new ones.

    `values` has place_code and the count in `column` (and any others, by which rows stay apart).
    Places that the crosswalk does not know stay as they are. The result has the same columns and
    `{column}_low` and `{column}_high` from the bounds of the shares. Counts only: shares and rates are
    computed anew from carried counts.
    """
    rows = frame(values, ("place_code", column), what="values")
    links = frame(walk, ("from_code", "to_code", "share", "share_low", "share_high"), what="place_crosswalk")
    joined = rows.merge(links, left_on="place_code", right_on="from_code", how="left")
    moved = joined["to_code"].notna()
    for name, share in (("", "share"), ("_low", "share_low"), ("_high", "share_high")):
        joined[f"{column}{name}_carried"] = joined[column] * joined[share].where(moved, 1.0)
    joined["place_code"] = joined["to_code"].where(moved, joined["place_code"])
    apart = [name for name in rows.columns if name != column]
    carried = {
        f"{column}{end}": (f"{column}{end}_carried", lambda part: part.sum(min_count=1))
        for end in ("", "_low", "_high")
    }
    return joined.groupby(apart, dropna=False, sort=False).agg(**carried).reset_index()
