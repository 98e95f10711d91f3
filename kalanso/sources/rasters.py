"""How many people does a gridded population put inside each known place?

Sums the cells of a GeoTIFF (WorldPop, GRID3) over published outlines, each cell by the share of it that
lies inside (exactextract). Needs the extra `raster`. Which outlines are known is the work of
`kalanso.pipeline`; how far a grid may be off is said by the country's definitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from kalanso.sources.editions import year_in
from kalanso.sources.faults import BadFile
from kalanso.sources.readings import LISTED_OBSERVATIONS, LISTED_PLACES, Reading
from kalanso.sources.receipts import Receipt, Rejection
from kalanso.vocabulary import Message, Period, PeriodType

INDICATORS = ("population_total", "population_under_1", "population_under_5")
SEXES = {"t": "all", "b": "all", "f": "female", "m": "male"}
MOST_CELLS = 4_000_000_000  # Mali at 100 m has 0.2 billion
INSIDE = 0.99  # share of an outline that must lie inside the grid
STRAY = 0.02  # share of all people outside every place that a person should know of
# Names that WorldPop gives: mli_ppp_2020.tif, mli_t_00_2025.tif, mli_f_0_2020.tif; the first age is 0 to 11 months.
_AGES = {
    "0": "population_under_1",
    "00": "population_under_1",
    "under1": "population_under_1",
    "under5": "population_under_5",
}
OUTLINES = ("place_code", "name", "parent_name", "level", "tree", "geometry")


@dataclass(frozen=True, kw_only=True)
class Summed:
    """What a grid holds of each outline, in persons; `total` is all of it, `stray` what no outline holds."""

    values: pd.DataFrame  # place_code, persons, cells, inside (share of the outline inside the grid)
    total: float
    stray: float


def read(
    path: Path, *, outlines: pd.DataFrame, level: str = "", indicator: str = "", sex: str = "", year: int | None = None,
    vintage: str = "", country: str = "",
) -> Reading:  # fmt: skip
    """Return the population of each outlined place of one level, as rows of LISTED_OBSERVATIONS.

    `outlines` has the columns OUTLINES, one row per place (WKB, longitude and latitude). What the grid counts
    (`indicator`, `sex`), of which year, is taken from the name of the file where WorldPop's naming says it.
    The receipt counts places. A place partly outside the grid, or with no cell that has a value, is
    rejected: its number would be too small. Raises BadFile where the file is no grid of counts, or what it
    counts, its year or the level is not said.
    """
    del country
    path = Path(path)
    meant, whose, when = _meaning(path, indicator, sex, year)
    chosen = _of_level(path, outlines, level)
    with _opened(path) as grid:
        found = sum_over(grid, chosen, file=path.name)
    receipt = Receipt(reader="raster", file_name=path.name, unit="values", read=len(chosen))
    kept = _kept(found, chosen, receipt)
    receipt.notes += _notes(found, kept)
    receipt.check()
    edition = vintage or str(when)
    named = path.name.lower()
    family = "grid3" if "grid3" in named or "gridded" in named else "worldpop"
    return Reading(
        receipt=receipt, system=family, vintage=edition, own_codes=True,
        places=pa.Table.from_pylist(_places(kept), schema=LISTED_PLACES),
        observations=_observations(kept, meant, whose, when), facts={"source": f"{family}-{edition}"},
    )  # fmt: skip


def sum_over(grid: Any, outlines: pd.DataFrame, *, file: str = "grid") -> Summed:
    """Return the persons of an open grid (rasterio) inside each outline, partly covered cells by their share.

    Cells without a value count as nobody. Outlines may touch but should not overlap: what two of them hold
    is counted in both, and `stray` then falls below the truth. exactextract 0.3, `sum` and `count`.
    """
    from exactextract import exact_extract

    shapes = _projected(shapely.from_wkb(outlines["geometry"].to_numpy()), grid, file)
    edges = shapely.box(*grid.bounds)
    inside = shapely.area(shapely.intersection(shapely.make_valid(shapes), edges)) / np.maximum(
        shapely.area(shapes), 1e-12
    )
    features = [
        {"type": "Feature", "id": code, "properties": {}, "geometry": shapely.geometry.mapping(shape)}
        for code, shape in zip(outlines["place_code"], shapes, strict=True)
    ]
    rows = [one["properties"] for one in exact_extract(grid, features, ["sum", "count"])]
    values = pd.DataFrame(
        {
            "place_code": list(outlines["place_code"]),
            "persons": [float(row["sum"] or 0.0) for row in rows],
            "cells": [float(row["count"] or 0.0) for row in rows],
            "inside": inside,
        }
    )
    total = _total(grid, file)
    return Summed(values=values, total=total, stray=max(total - float(values["persons"].sum()), 0.0))


def _total(grid: Any, file: str) -> float:
    """Return all persons of the grid, window by window; refuse what cannot be a count."""
    total = 0.0
    for _, window in grid.block_windows(1):
        block = grid.read(1, window=window, masked=True)
        held = np.ma.masked_invalid(block).compressed()
        if held.size and float(held.min()) < 0:
            raise BadFile("sources.raster.negative", file=file, found=f"{float(held.min()):g}")
        total += float(held.sum(dtype=np.float64))
    return total


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        import exactextract  # noqa: F401
        import rasterio
    except ImportError as error:
        raise BadFile("sources.raster.extra", file=path, found=error.name) from error
    if not path.is_file():
        raise BadFile("sources.file.missing", file=path)
    # One driver only: others would fetch from addresses that a file names.
    try:
        grid = rasterio.open(path, driver="GTiff")
    except rasterio.errors.RasterioError as error:
        raise BadFile("sources.raster.unreadable", file=path, found=error) from error
    with grid:
        if grid.count != 1:
            raise BadFile("sources.raster.bands", file=path, found=grid.count)
        if grid.width * grid.height > MOST_CELLS:
            raise BadFile(
                "sources.raster.too_large", file=path, found=grid.width * grid.height, limit=MOST_CELLS
            )
        if np.dtype(grid.dtypes[0]).kind not in "iuf":
            raise BadFile("sources.raster.unreadable", file=path, found=grid.dtypes[0])
        if grid.crs is None:
            raise BadFile("sources.raster.no_projection", file=path)
        yield grid


def _projected(shapes: Any, grid: Any, file: str) -> Any:
    """Return outlines in the projection of the grid."""
    if grid.crs.is_geographic:
        return shapes
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        change = Transformer.from_crs("EPSG:4326", grid.crs.to_wkt(), always_xy=True)
    except ProjError as error:
        raise BadFile("sources.raster.no_projection", file=file) from error
    return shapely.transform(shapes, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))


def _meaning(path: Path, indicator: str, sex: str, year: int | None) -> tuple[str, str, int]:
    """Return indicator, sex and year, as told or as the name of the file says."""
    words = [word for word in re.split(r"[_\-.\s]+", path.stem.lower()) if word]
    if not indicator and {"pd", "density"} & set(words):
        raise BadFile("sources.raster.density", file=path)
    guessed, whose = _named(words)
    meant = indicator or guessed
    if meant not in INDICATORS:
        raise BadFile("sources.raster.which", file=path, found=meant or "–", expected=", ".join(INDICATORS))
    whose = sex or whose
    if whose not in SEXES.values():
        raise BadFile("sources.raster.which_sex", file=path, found=whose, expected="all, female, male")
    told = year or int(year_in(path.name) or 0)
    if not told:
        raise BadFile("sources.raster.no_year", file=path)
    return meant, whose, told


def _named(words: list[str]) -> tuple[str, str]:
    """Return the indicator and the sex that WorldPop's name of a file says, or nothing."""
    for sex, age in pairwise(words):
        if sex in SEXES and age in _AGES:
            return _AGES[age], SEXES[sex]
        if sex in {"f", "m"} and re.fullmatch(r"\d{1,2}", age):
            return "", SEXES[sex]  # another age, which no indicator counts
    if {"ppp", "pop", "population"} & set(words):
        return "population_total", "all"
    return "", "all"


def _of_level(path: Path, outlines: pd.DataFrame, level: str) -> pd.DataFrame:
    known = outlines["level"].value_counts()
    told = ", ".join(f"{name} ({count})" for name, count in known.items())
    if outlines.empty:
        raise BadFile("sources.raster.no_outlines", file=path)
    if not level and len(known) == 1:
        level = str(known.index[0])
    if level not in known.index:
        raise BadFile("sources.raster.which_level", file=path, found=level or "–", expected=told)
    return outlines[outlines["level"] == level].sort_values("place_code").reset_index(drop=True)


def _kept(found: Summed, chosen: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    """Return the places whose sum is whole, and say of the others why theirs is not."""
    rows = chosen.merge(found.values, on="place_code")
    empty, cut = rows["cells"] == 0, rows["inside"] < INSIDE
    for reason, wrong in (("outside_grid", cut), ("no_cell", empty & ~cut)):
        for number, row in rows[wrong].iterrows():
            receipt.rejections.append(
                Rejection(
                    reason=f"sources.rejected.{reason}", row=int(str(number)) + 1, found=row["name"],
                    expected=f"{row['inside']:.0%}" if reason == "outside_grid" else None,
                )
            )  # fmt: skip
    kept = rows[~(empty | cut)]
    receipt.stored = len(kept)
    return kept


def _notes(found: Summed, kept: pd.DataFrame) -> list[Message]:
    told = {"persons": round(float(kept["persons"].sum())), "total": round(found.total), "n": len(kept)}
    notes = [Message("sources.raster.note.sum", told)]
    if found.total and found.stray / found.total > STRAY:
        share = {"persons": round(found.stray), "share": round(100 * found.stray / found.total, 1)}
        notes.append(Message("sources.raster.note.stray", share))
    if float(found.values["persons"].sum()) > found.total * (1 + STRAY):
        notes.append(Message("sources.raster.note.overlap", told))
    return notes


def _places(kept: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "code": row.place_code, "name": row.name_, "parent_code": "", "parent_name": row.parent_name,
            "level": row.level, "tree": row.tree, "kind": "", "latitude": None, "longitude": None,
            "geometry": None, "row": number,
        }
        for number, row in enumerate(kept.rename(columns={"name": "name_"}).itertuples(), start=1)
    ]  # fmt: skip


def _observations(kept: pd.DataFrame, indicator: str, sex: str, year: int) -> pa.Table:
    period = Period(type=PeriodType.YEAR, year=year)
    rows = [
        {
            "listed_code": row.place_code, "listed_name": row.name_, "listed_parent": row.parent_name,
            "period": period.code, "period_type": period.type.value, "period_start": period.start,
            "indicator": indicator, "value": row.persons, "status": "reported" if row.persons else "zero",
            "product": "", "age_band": "all", "strategy": "all", "sector": "all", "sex": sex,
            "reports_expected": None, "reports_received": None, "reports_on_time": None,
        }
        for row in kept.rename(columns={"name": "name_"}).itertuples()
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=LISTED_OBSERVATIONS)
