"""Do the written source files hold what the country holds, with the mess that they announce?"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
import shapely

from kalanso.simulation import ExampleCountry, write_extracts


@pytest.fixture(scope="module")
def files(small: ExampleCountry, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The files of the small country."""
    return write_extracts(small, tmp_path_factory.mktemp("extracts"))


def test_five_files_are_written(files: Mapping[str, Path]) -> None:
    assert set(files) == {"dhis2", "facilities", "districts", "workbook", "hub_report"}
    assert all(path.stat().st_size > 0 for path in files.values())


def test_the_dhis2_export_repeats_its_last_line_and_names_known_identifiers(
    files: Mapping[str, Path], small: ExampleCountry
) -> None:
    with files["dhis2"].open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row]
    assert rows[-1] == rows[-2]
    known = set(small.place_codes["code"].to_pylist())
    assert {row[2] for row in rows[1:]} <= known
    assert {row[1][:4] for row in rows[1:]} == {"2024"}


def test_the_facility_list_has_the_faults_of_real_lists(
    files: Mapping[str, Path], small: ExampleCountry
) -> None:
    with files["facilities"].open(encoding="cp1252", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    assert any(row["Latitude"] == "" for row in rows)
    assert any(row["Latitude"].startswith("-") for row in rows)  # exchanged with the longitude
    assert any(row["Formation sanitaire"].endswith("  ") for row in rows)
    names = [row["Formation sanitaire"] for row in rows]
    assert len(names) == len(set(names)) + 1
    assert all("," in row["Latitude"] or not row["Latitude"] for row in rows)


def test_the_outlines_are_geojson_of_all_districts(files: Mapping[str, Path]) -> None:
    features = json.loads(files["districts"].read_text(encoding="utf-8"))["features"]
    names = {feature["properties"]["NOM_DIST"] for feature in features}
    assert names == {"SEGOU", "YOROSSO", "BOUGOUNI", "NIONO", "MACINA"}
    assert all(shapely.geometry.shape(feature["geometry"]).is_valid for feature in features)


def test_the_workbook_is_wide_with_french_months_merged_districts_and_notes(
    files: Mapping[str, Path], small: ExampleCountry
) -> None:
    book = openpyxl.load_workbook(files["workbook"])
    first, third = book["Penta 1"], book["Penta 3"]
    assert (first.cell(3, 14).value, third.cell(3, 14).value) == ("Décembre 2024", "Decembre 2024")
    assert first.merged_cells.ranges
    assert str(first.cell(first.max_row - 1, 1).value).startswith("Source")


def test_the_workbooks_doses_are_those_of_the_reports(
    files: Mapping[str, Path], small: ExampleCountry
) -> None:
    sheet = openpyxl.load_workbook(files["workbook"])["Penta 1"]
    shown = {row[1]: row[2] for row in sheet.iter_rows(min_row=4, values_only=True) if row[1] is not None}
    listed = small.places.to_pandas().set_index(["level", "name"])["place_code"]
    above = small.place_parents.to_pandas().query("tree == 'health'").set_index("place_code")["parent_code"]
    rows = small.observations.to_pandas()
    january = rows[
        (rows["indicator"] == "dtp1_doses") & (rows["period"] == "202401") & (rows["age_band"] == "0-11m")
    ]
    inside = january["place_code"].map(above) == listed["health_area", "Niono Central"]
    assert shown["Niono Central"] == january[inside]["value"].sum()


def test_the_hub_report_is_the_one_of_the_country(files: Mapping[str, Path], small: ExampleCountry) -> None:
    assert files["hub_report"].read_text(encoding="utf-8") == small.hub_report
