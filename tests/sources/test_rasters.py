"""Are the people of a grid added up inside each place as counting cell by cell does, and is what cannot be added refused?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from kalanso.sources import rasters
from kalanso.sources.faults import BadFile

rasterio = pytest.importorskip("rasterio", reason="the extra `raster` is not installed")
pytest.importorskip("exactextract", reason="the extra `raster` is not installed")

WEST, NORTH, CELL = -8.0, 14.0, 0.1
PEOPLE = np.arange(1.0, 101.0).reshape(10, 10)  # ten by ten cells of a tenth of a degree


def grid(path: Path, cells: np.ndarray = PEOPLE, **more: Any) -> Path:
    """Write a GeoTIFF whose cells are those given, the first at the north-west."""
    told = {"crs": "EPSG:4326", "nodata": -9999.0, "count": 1, **more}
    place = rasterio.transform.from_origin(WEST, NORTH, CELL, CELL)
    height, width = cells.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, dtype="float64", transform=place, **told
    ) as out:
        for band in range(1, told["count"] + 1):
            out.write(cells, band)
    return path


def outlines(*shapes: Any, level: str = "district") -> pd.DataFrame:
    """Return outlines as the store lends them."""
    return pd.DataFrame(
        {
            "place_code": [f"ML-D{n}" for n in range(1, len(shapes) + 1)],
            "name": [f"District {n}" for n in range(1, len(shapes) + 1)],
            "parent_name": "Région", "level": level, "tree": "health", "geometry": [shapely.to_wkb(s) for s in shapes],
        }
    )  # fmt: skip


def by_hand(shape: Any, cells: np.ndarray) -> float:
    """Add up cell by cell: the value times the share of the cell inside the outline."""
    persons = 0.0
    for row in range(cells.shape[0]):
        for column in range(cells.shape[1]):
            west, north = WEST + column * CELL, NORTH - row * CELL
            cell = shapely.box(west, north - CELL, west + CELL, north)
            if cells[row, column] != -9999:
                persons += cells[row, column] * cell.intersection(shape).area / cell.area
    return persons


def values(reading: Any) -> dict[str, float]:
    """Return the persons of each place of a reading."""
    return {row["listed_code"]: row["value"] for row in reading.observations.to_pylist()}


def test_cells_that_an_outline_cuts_count_by_their_share_as_adding_by_hand_does(tmp_path: Path) -> None:
    shapes = (
        shapely.box(-7.95, 13.33, -7.41, 13.87),
        shapely.Polygon([(-7.4, 13.9), (-7.05, 13.6), (-7.3, 13.1)]),
        shapely.Point(-7.5, 13.25).buffer(0.17),
    )
    holes = PEOPLE.copy()
    holes[2:4, 1:3] = -9999.0
    reading = rasters.read(grid(tmp_path / "mli_ppp_2020.tif", holes), outlines=outlines(*shapes))
    found = values(reading)
    for code, shape in zip(("ML-D1", "ML-D2", "ML-D3"), shapes, strict=True):
        assert found[code] == pytest.approx(by_hand(shape, holes), rel=1e-6)


def test_places_that_part_the_grid_hold_all_of_its_people(tmp_path: Path) -> None:
    west, east = shapely.box(-8, 13, -7.63, 14), shapely.box(-7.63, 13, -7, 14)
    reading = rasters.read(grid(tmp_path / "mli_ppp_2020.tif"), outlines=outlines(west, east))
    assert sum(values(reading).values()) == pytest.approx(PEOPLE.sum())
    assert [note.id for note in reading.receipt.notes] == ["sources.raster.note.sum"]


def test_people_whom_no_place_holds_are_told(tmp_path: Path) -> None:
    reading = rasters.read(
        grid(tmp_path / "mli_ppp_2020.tif"), outlines=outlines(shapely.box(-8, 13, -7.5, 14))
    )
    stray = next(note for note in reading.receipt.notes if note.id == "sources.raster.note.stray")
    assert stray.params["persons"] == round(PEOPLE[:, 5:].sum())


def test_overlapping_outlines_are_told(tmp_path: Path) -> None:
    whole = shapely.box(-8, 13, -7, 14)
    reading = rasters.read(grid(tmp_path / "mli_ppp_2020.tif"), outlines=outlines(whole, whole))
    assert "sources.raster.note.overlap" in [note.id for note in reading.receipt.notes]


def test_a_place_that_the_grid_cuts_or_leaves_empty_is_rejected_and_never_a_zero(tmp_path: Path) -> None:
    empty = PEOPLE.copy()
    empty[:, :5] = -9999.0
    shapes = (
        shapely.box(-7.9, 13.2, -7.6, 13.8),
        shapely.box(-7.2, 13.2, -6.8, 13.8),
        shapely.box(-7.4, 13.2, -7.2, 13.8),
    )
    reading = rasters.read(grid(tmp_path / "mli_ppp_2020.tif", empty), outlines=outlines(*shapes))
    assert [(r.reason, r.found) for r in reading.receipt.rejections] == [
        ("sources.rejected.outside_grid", "District 2"),
        ("sources.rejected.no_cell", "District 1"),
    ]
    assert list(values(reading)) == ["ML-D3"]
    assert (reading.receipt.read, reading.receipt.stored) == (3, 1)


def test_a_grid_in_metres_is_read_with_outlines_in_degrees(tmp_path: Path) -> None:
    from rasterio.transform import from_origin

    path = tmp_path / "mli_ppp_2020.tif"
    # A square of 100 km in UTM zone 29 north, one person in each of its hundred cells of 10 km.
    with rasterio.open(
        path, "w", driver="GTiff", width=10, height=10, count=1, dtype="float32", crs="EPSG:32629",
        transform=from_origin(500_000, 1_500_000, 10_000, 10_000),
    ) as out:  # fmt: skip
        out.write(np.ones((10, 10), dtype="float32"), 1)
    found = values(rasters.read(path, outlines=outlines(shapely.box(-8.9, 12.8, -8.5, 13.4))))
    # 0.4 degrees of longitude by 0.6 of latitude near 13.1 north are about 43.4 km by 66.4 km: 28.8 cells.
    assert found["ML-D1"] == pytest.approx(28.8, rel=0.01)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mli_ppp_2020_UNadj.tif", ("population_total", "all", 2020)),
        ("mli_t_00_2025_CN_100m_R2025A_v1.tif", ("population_under_1", "all", 2025)),
        ("mli_f_0_2020.tif", ("population_under_1", "female", 2020)),
        ("mli_m_0_2020.tif", ("population_under_1", "male", 2020)),
        ("MLI_population_v1_0_gridded_2019.tif", ("population_total", "all", 2019)),
    ],
)
def test_the_name_of_a_file_says_what_it_counts_where_publishers_name_it_so(
    tmp_path: Path, name: str, told: tuple[str, str, int]
) -> None:
    assert rasters._meaning(tmp_path / name, "", "", None)[:2] == told[:2]
    reading = rasters.read(
        grid(tmp_path / name), outlines=outlines(shapely.box(-7.9, 13.2, -7.6, 13.8)), year=told[2]
    )
    row = reading.observations.to_pylist()[0]
    assert (row["indicator"], row["sex"], row["period"]) == (told[0], told[1], str(told[2]))


@pytest.mark.parametrize(
    ("name", "options", "fault"),
    [
        ("mli_pd_2020_1km.tif", {}, "sources.raster.density"),
        ("mli_f_20_2020.tif", {}, "sources.raster.which"),
        ("grid.tif", {"indicator": "population_total"}, "sources.raster.no_year"),
        ("mli_ppp_2020.tif", {"level": "health_area"}, "sources.raster.which_level"),
        ("mli_ppp_2020.tif", {"sex": "boys"}, "sources.raster.which_sex"),
        ("mli_ppp_2020.tif", {"indicator": "vaccinators"}, "sources.raster.which"),
    ],
)
def test_what_a_grid_counts_is_never_guessed(
    tmp_path: Path, name: str, options: dict[str, Any], fault: str
) -> None:
    made = grid(tmp_path / name)
    with pytest.raises(BadFile) as refused:
        rasters.read(made, outlines=outlines(shapely.box(-7.9, 13.2, -7.6, 13.8)), **options)
    assert refused.value.message_id == fault


@pytest.mark.parametrize(
    ("cells", "more", "fault"),
    [
        (PEOPLE, {"count": 2}, "sources.raster.bands"),
        (PEOPLE - 50, {}, "sources.raster.negative"),
        (PEOPLE, {"crs": None}, "sources.raster.no_projection"),
    ],
)
def test_a_grid_that_is_no_count_of_people_on_earth_is_refused(
    tmp_path: Path, cells: np.ndarray, more: dict[str, Any], fault: str
) -> None:
    made = grid(tmp_path / "mli_ppp_2020.tif", cells, **more)
    with pytest.raises(BadFile) as refused:
        rasters.read(made, outlines=outlines(shapely.box(-7.9, 13.2, -7.6, 13.8)))
    assert refused.value.message_id == fault


@pytest.mark.parametrize("content", [b"", b"II*\0", b"<VRTDataset/>", b"PK\3\4"])
def test_a_file_that_is_no_grid_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mli_ppp_2020.tif"
    path.write_bytes(content)
    with pytest.raises(BadFile) as refused:
        rasters.read(path, outlines=outlines(shapely.box(-7.9, 13.2, -7.6, 13.8)))
    assert refused.value.message_id == "sources.raster.unreadable"


def test_outlines_of_several_levels_ask_which(tmp_path: Path) -> None:
    one = shapely.box(-7.9, 13.2, -7.6, 13.8)
    both = pd.concat([outlines(one), outlines(one, level="region")])
    with pytest.raises(BadFile) as refused:
        rasters.read(grid(tmp_path / "mli_ppp_2020.tif"), outlines=both)
    assert refused.value.expected == "district (1), region (1)"


def test_a_store_without_outlines_says_what_to_import_first(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        rasters.read(grid(tmp_path / "mli_ppp_2020.tif"), outlines=outlines())
    assert refused.value.message_id == "sources.raster.no_outlines"
