"""Which areas does an estimate speak of, which touch, and what is known of each?

Chooses the level at which doses are reported, and takes its places with all places above, from the
published tables. Facilities are no areas: their numbers belong to the area that they serve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from kalanso import places
from kalanso.coverage.evidence import quarters_between
from kalanso.pipeline.evidence import Holdings
from kalanso.places.tables import PLACE_CONTEXTS, PLACE_NEIGHBOURS
from kalanso.places.trees import links_on
from kalanso.vocabulary import Level, Period, Tree

# What the other contexts are compared with: it follows from them.
COMPARED_WITH = "rural"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The places of an estimate.

    `areas` in order, `above` the parent of each area and of each place above (empty for the
    country), `area_of` the area that each facility serves.
    """

    level: str
    areas: tuple[str, ...]
    above: Mapping[str, str]
    area_of: Mapping[str, str]


def ground(holdings: Holdings, reporting: Sequence[str]) -> Ground:
    """Return the places of an estimate, given the places that report doses.

    The level is the one to which most reporting places belong, facilities counted with the area they
    serve. Places of that level that report nothing are areas too: children live there.
    """
    rows = holdings.places.set_index("place_code")
    levels = {str(code): str(level) for code, level in rows["level"].items()}
    links = _links(holdings)
    lifted = {code: _served(code, levels, links, holdings) for code in reporting}
    counts = pd.Series([levels.get(code, "") for code in lifted.values()]).value_counts()
    level = max(counts.index, key=lambda name: (counts[name], _depth(name)))
    areas = sorted(
        code for code, own in levels.items() if own == level and _stands(rows, code, holdings.today)
    )
    reported = {code for code in lifted.values() if levels.get(code) == level}
    areas = sorted({*areas, *reported})
    above: dict[str, str] = {}
    for area in areas:
        for below, upper in zip(line := _line(area, links), [*line[1:], ""], strict=True):
            above[below] = upper
    served = {code: area for code, area in lifted.items() if levels.get(area) == level}
    return Ground(level=level, areas=tuple(areas), above=above, area_of=served)


def _depth(level: str) -> int:
    return Level(level).depth if level in set(Level) else -1


def _stands(rows: pd.DataFrame, code: str, today: date) -> bool:
    last = pd.to_datetime(rows["valid_to"]).get(code)
    return bool(pd.isna(last) or last.date() >= today)


def _links(holdings: Holdings) -> dict[str, str]:
    """Return the parent of each place: that of the health tree, else of the administrative one."""
    found = links_on(holdings.parents, tree=Tree.ADMINISTRATIVE.value, on=holdings.today)
    return found | links_on(holdings.parents, tree=Tree.HEALTH.value, on=holdings.today)


def _line(code: str, links: Mapping[str, str]) -> list[str]:
    line = [code]
    while (upper := links.get(line[-1])) and upper not in line:
        line.append(upper)
    return line


def _served(code: str, levels: Mapping[str, str], links: Mapping[str, str], holdings: Holdings) -> str:
    """Return the area that a facility serves: its parent, or the nearest area of its district."""
    if levels.get(code) != Level.FACILITY.value:
        return code
    parent = links.get(code, "")
    if levels.get(parent) != Level.DISTRICT.value:
        return parent
    inside = [
        other
        for other, upper in links.items()
        if upper == parent and levels.get(other) == Level.HEALTH_AREA.value
    ]
    return _nearest(code, inside, holdings) or parent


def _nearest(code: str, candidates: Sequence[str], holdings: Holdings) -> str:
    points = _points(holdings)
    known = [one for one in candidates if one in points.index]
    if code not in points.index or not known:
        return ""
    away = points.loc[known] - points.loc[code]
    # Degrees of longitude are shorter away from the equator.
    east = away["longitude"] * np.cos(np.radians(float(points["latitude"][code])))
    return str((east**2 + away["latitude"] ** 2).idxmin())


def _points(holdings: Holdings) -> pd.DataFrame:
    """Return the point of each place: its own, else one inside its newest outline."""
    rows = holdings.places.set_index("place_code")[["longitude", "latitude"]]
    outlines = holdings.boundaries
    if len(outlines):
        newest = outlines.sort_values("vintage").drop_duplicates("place_code", keep="last")
        inside = shapely.point_on_surface(shapely.from_wkb(newest["geometry"].to_numpy()))
        found = pd.DataFrame(
            {"longitude": shapely.get_x(inside), "latitude": shapely.get_y(inside)},
            index=pd.Index(newest["place_code"]),
        )
        rows = rows.combine_first(found)
    return rows.dropna()


def places_table(holdings: Holdings, where: Ground) -> pd.DataFrame:
    """Return the tree with the point of each place."""
    points = _points(holdings)
    rows = pd.DataFrame({"place_code": list(where.above), "parent_code": list(where.above.values())})
    order = {area: number for number, area in enumerate(where.areas)}
    rows["_order"] = rows["place_code"].map(order).fillna(-1)
    rows = rows.sort_values(["_order", "place_code"], ignore_index=True).drop(columns="_order")
    return rows.join(points, on="place_code")[["place_code", "parent_code", "longitude", "latitude"]]


def neighbours_table(holdings: Holdings, where: Ground) -> pd.DataFrame:
    """Return which areas touch: as published, else from their outlines; empty where neither is there."""
    inside = set(where.areas)
    if holdings.manifest(PLACE_NEIGHBOURS) is not None:
        rows = holdings.read(PLACE_NEIGHBOURS).select("place_code", "neighbour_code").to_pandas()
        rows = rows[rows["place_code"].isin(inside) & rows["neighbour_code"].isin(inside)]
        if len(rows):
            return rows
    outlines = holdings.boundaries
    outlines = outlines[outlines["place_code"].isin(inside)]
    if len(outlines) < 2:
        return pd.DataFrame(columns=["place_code", "neighbour_code"])
    newest = outlines.sort_values("vintage").drop_duplicates("place_code", keep="last")
    return places.neighbours(newest)[["place_code", "neighbour_code"]]


def covariates_table(
    holdings: Holdings, where: Ground, periods: Sequence[str], infants: pd.DataFrame
) -> pd.DataFrame:
    """Return what is known of each area.

    One column per context with the share of the quarters in which it held, and `log_density`:
    logarithm of surviving infants per km2, where outlines and populations are there.
    """
    table = pd.DataFrame({"place_code": list(where.areas)}).set_index("place_code")
    if holdings.manifest(PLACE_CONTEXTS) is not None:
        rows = holdings.read(PLACE_CONTEXTS).to_pandas()
        rows = rows[rows["place_code"].isin(set(where.areas)) & (rows["context"] != COMPARED_WITH)]
        shares = rows.assign(share=_shares(rows, periods))
        held = (
            shares.groupby(["place_code", "context"])["share"].sum().clip(upper=1.0).unstack(fill_value=0.0)
        )
        table = table.join(held).fillna(dict.fromkeys(held.columns, 0.0))
    density = _log_density(holdings, where, infants)
    if density is not None:
        table["log_density"] = density
    return table.reset_index() if len(table.columns) else pd.DataFrame()


def _shares(rows: pd.DataFrame, periods: Sequence[str]) -> npt.NDArray[np.float64]:
    quarters = [Period.parse(code) for code in quarters_between(periods[0], periods[-1])]
    found = []
    for first, last in zip(rows["valid_from"], rows["valid_to"], strict=True):
        begun = date.min if pd.isna(first) else pd.Timestamp(first).date()
        ended = date.max if pd.isna(last) else pd.Timestamp(last).date()
        found.append(sum(q.end >= begun and q.start <= ended for q in quarters) / len(quarters))
    return np.array(found)


def _log_density(holdings: Holdings, where: Ground, infants: pd.DataFrame) -> pd.Series | None:
    outlines = holdings.boundaries
    outlines = outlines[outlines["place_code"].isin(set(where.areas))]
    people = infants[infants["place_code"].isin(set(where.areas)) & (infants["surviving_infants"] > 0)]
    if outlines.empty or people.empty:
        return None
    newest = outlines.sort_values("vintage").drop_duplicates("place_code", keep="last")
    area = newest.set_index("place_code")["area_km2"]
    density = (people.groupby("place_code")["surviving_infants"].mean() / area).reindex(list(where.areas))
    return pd.Series(np.log(density.to_numpy(float)), index=density.index)
