"""From which units can clusters be drawn: places as listed, or cells of a grid merged until they are large enough?

Cells come from a gridded population or from footprints of buildings; their numbers are the business of
`kalanso.sources`. Drawing belongs to `selection`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused, numbers, unique, with_columns

Numbers = npt.NDArray[np.float64]
CELL_COLUMNS = ("cell_code", "stratum", "children", "longitude", "latitude")


@dataclass(frozen=True)
class Merged:
    """Units of a frame (`units`: unit_code, stratum, children, cells, longitude, latitude) and which cell lies in
    which unit (`members`: cell_code, unit_code)."""

    units: pd.DataFrame
    members: pd.DataFrame


def merged_cells(cells: pd.DataFrame, *, least: float) -> Merged:
    """Return units of at least `least` children, made of neighbouring cells of one stratum.

    Again and again the smallest unit joins the one nearest to it. Cells thought empty join as well, so that
    children who live where the grid saw nobody have a chance to be drawn. A unit is known by the code of its cell
    with most children. Raises SurveyRefused where all cells of a stratum together hold fewer than `least`.
    """
    if least <= 0:
        raise ValueError(f"least: expected more than 0 children, got {least:g}")
    table = with_columns(cells, "cells", CELL_COLUMNS)
    unique(table, "cells", ["cell_code"])
    table["children"] = numbers(table, "cells", "children")
    numbers(table, "cells", "longitude", low=-180, high=180)
    numbers(table, "cells", "latitude", low=-90, high=90)
    units, members = [], []
    for stratum, group in table.groupby("stratum", sort=True):
        if group["children"].sum() < least:
            raise SurveyRefused(
                "surveys.design.stratum_too_small",
                stratum=str(stratum),
                children=float(group["children"].sum()),
                least=least,
            )
        owner = _owners(group, least)
        codes = group["cell_code"].to_numpy()
        sizes = group["children"].to_numpy(float)
        for one in np.unique(owner):
            inside = np.flatnonzero(owner == one)
            code = codes[inside[np.argmax(sizes[inside])]]
            units.append(_unit(group.iloc[inside], str(code), str(stratum)))
            members += [{"cell_code": codes[at], "unit_code": str(code)} for at in inside]
    return Merged(pd.DataFrame(units), pd.DataFrame(members))


def _unit(cells: pd.DataFrame, code: str, stratum: str) -> dict[str, object]:
    # an empty unit cannot be: `least` is above 0
    share = cells["children"].to_numpy(float) / cells["children"].sum()
    return {
        "unit_code": code,
        "stratum": stratum,
        "children": float(cells["children"].sum()),
        "cells": len(cells),
        "longitude": float(share @ cells["longitude"].to_numpy(float)),
        "latitude": float(share @ cells["latitude"].to_numpy(float)),
    }


def _owners(group: pd.DataFrame, least: float) -> npt.NDArray[np.intp]:
    """Return the number of the unit of every cell of one stratum."""
    sizes = group["children"].to_numpy(float).copy()
    at = group[["longitude", "latitude"]].to_numpy(float).copy()
    # a degree of longitude is shorter than one of latitude
    at[:, 0] *= np.cos(np.radians(at[:, 1].mean()))
    cells = np.ones(len(group))
    owner = np.arange(len(group))
    alive = np.ones(len(group), bool)
    while alive.sum() > 1:
        small = int(np.argmin(np.where(alive, sizes, np.inf)))
        if sizes[small] >= least:
            break
        distance = ((at - at[small]) ** 2).sum(axis=1)
        distance[~alive] = np.inf
        distance[small] = np.inf
        taker = int(np.argmin(distance))
        total = cells[taker] + cells[small]
        at[taker] = (cells[taker] * at[taker] + cells[small] * at[small]) / total
        sizes[taker] += sizes[small]
        cells[taker] = total
        alive[small] = False
        owner[owner == small] = taker
    return owner


def serpentine(frame: pd.DataFrame, *, bands: int) -> pd.DataFrame:
    """Return a frame ordered along bands from north to south, each walked the other way than the one before.

    Systematic selection on this order spreads clusters over the land. `bands` per stratum, of equally many units.
    """
    if bands < 1:
        raise ValueError(f"bands: expected at least 1, got {bands}")
    table = with_columns(frame, "frame", ("unit_code", "stratum", "longitude", "latitude"))
    parts = []
    for _, group in table.groupby("stratum", sort=True):
        rank = group["latitude"].rank(method="first", ascending=False) - 1
        band = np.floor(rank * bands / len(group)).astype(int)
        way = np.where(band % 2 == 0, 1.0, -1.0) * group["longitude"]
        parts.append(group.assign(_band=band, _way=way).sort_values(["_band", "_way", "unit_code"]))
    return pd.concat(parts, ignore_index=True).drop(columns=["_band", "_way"])
