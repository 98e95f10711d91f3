"""Does a gridded population reach the store under the places whose outlines it was added up in?"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from kalanso import pipeline
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.sources.faults import BadFile
from kalanso.store import Store

rasterio = pytest.importorskip("rasterio", reason="the extra `raster` is not installed")


def square(west: float) -> dict[str, object]:
    """Return a square of half a degree as GeoJSON writes it."""
    ring = [[west, 13.0], [west + 0.5, 13.0], [west + 0.5, 13.5], [west, 13.5], [west, 13.0]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture
def outlined(store: Store, tmp_path: Path, now: datetime) -> Store:
    """A store with two cercles of one name in two regions, and their outlines."""
    features = [
        {"type": "Feature", "properties": {"name": "Sanankoro", "code": f"C{n}", "parent_name": region}, "geometry": square(west)}
        for n, (region, west) in enumerate((("Nord", -8.0), ("Sud", -7.5)))
    ]  # fmt: skip
    path = tmp_path / "cercles_2017.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    pipeline.import_file(store, "boundaries", path, options={"level": "cercle"}, now=now)
    return store


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """A grid with one person in each western cell and three in each eastern one."""
    path = tmp_path / "mli_t_00_2025.tif"
    place = rasterio.transform.from_origin(-8.0, 13.5, 0.05, 0.05)
    cells = np.ones((10, 20), dtype="float32")
    cells[:, 10:] = 3
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=20,
        height=10,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=place,
    ) as out:
        out.write(cells, 1)
    return path


def test_places_of_one_name_get_each_its_own_people(outlined: Store, grid: Path, now: datetime) -> None:
    told = pipeline.import_file(outlined, "raster", grid, now=now)
    assert (told.receipt.stored, told.source) == (2, "worldpop-2025")
    rows = outlined.read(OBSERVATIONS).to_pyarrow().to_pylist()
    assert sorted(row["value"] for row in rows) == [100.0, 300.0]
    assert len({row["place_code"] for row in rows}) == 2
    assert {(row["indicator"], row["period"], row["sex"]) for row in rows} == {
        ("population_under_1", "2025", "all")
    }


def test_importing_the_same_grid_again_changes_nothing(outlined: Store, grid: Path, now: datetime) -> None:
    first = pipeline.import_file(outlined, "raster", grid, now=now)
    before = outlined.latest("observations")
    again = pipeline.import_file(outlined, "raster", grid, now=now)
    assert outlined.latest("observations") == before
    assert again.import_id == first.import_id


def test_whoever_may_speak_for_one_place_alone_stores_that_one(
    outlined: Store, grid: Path, now: datetime
) -> None:
    from kalanso.places.tables import PLACES

    codes = sorted(
        r["place_code"] for r in outlined.read(PLACES).to_pyarrow().to_pylist() if r["level"] == "cercle"
    )
    told = pipeline.import_file(outlined, "raster", grid, within=frozenset(codes[:1]), now=now)
    assert told.receipt.stored == 1
    assert {row["place_code"] for row in outlined.read(OBSERVATIONS).to_pyarrow().to_pylist()} == {codes[0]}


def test_a_store_without_outlines_refuses_a_grid(store: Store, grid: Path, now: datetime) -> None:
    with pytest.raises(BadFile) as refused:
        pipeline.import_file(store, "raster", grid, now=now)
    assert refused.value.message_id == "sources.raster.no_outlines"
