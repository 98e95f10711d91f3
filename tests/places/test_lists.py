"""Is every row of a list of places read, whatever wrote it?"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely

from kalanso import places
from kalanso.sources.readings import LISTED_PLACES as READ_BY_SOURCES
from kalanso.vocabulary import Message

SQUARE = [[[-6, 13], [-5, 13], [-5, 14], [-6, 14], [-6, 13]]]


def collection(*properties: dict[str, Any], shape: Any = SQUARE, **more: Any) -> dict[str, Any]:
    features = [
        {"type": "Feature", "properties": said, "geometry": {"type": "Polygon", "coordinates": shape}}
        for said in properties
    ]
    return {"type": "FeatureCollection", "features": features, **more}


def test_sources_and_places_speak_of_the_same_columns() -> None:
    assert places.LISTED_PLACES == READ_BY_SOURCES


def test_geoboundaries_are_read_by_their_usual_names() -> None:
    found = places.from_geojson(
        collection({"shapeName": "Turkana ", "shapeISO": "", "shapeID": "61B"}), level="region"
    )

    row = found.to_pylist()[0]
    assert (row["name"], row["code"], row["level"], row["row"]) == ("Turkana", "61B", "region", 1)
    assert shapely.from_wkb(row["geometry"]).area == pytest.approx(1)
    assert 13 < row["latitude"] < 14


@pytest.mark.parametrize(
    "said",
    [
        {"adm1": "Ségou", "adm1_pcode": "ML04", "adm2": "Bla", "adm2_pcode": "ML0402"},
        {"ADM1_FR": "Ségou", "ADM1_PCODE": "ML04", "ADM2_FR": "Bla", "ADM2_PCODE": "ML0402"},
        {"admin1Name_fr": "Ségou", "admin1Pcode": "ML04", "admin2Name_fr": "Bla", "admin2Pcode": "ML0402"},
        {"adm1_name": "Ségou", "adm1_pcode": "ML04", "adm2_name": "Bla", "adm2_pcode": "ML0402"},
    ],
)
def test_cod_ab_files_are_read_with_their_codes(said: dict[str, str]) -> None:
    row = places.from_geojson(collection(said), level="cercle").to_pylist()[0]

    assert (row["code"], row["name"]) == ("ML0402", "Bla")
    assert (row["parent_code"], row["parent_name"]) == ("ML04", "Ségou")


def test_any_other_file_is_read_with_a_map_of_its_properties() -> None:
    said = {"ID_AIRE": "17", "LIBELLE": "Boura", "DISTRICT": "Yorosso"}
    maps = {"code": "ID_AIRE", "name": "LIBELLE", "parent_name": "DISTRICT"}

    row = places.from_geojson(
        collection(said), level="health_area", tree="health", properties=maps
    ).to_pylist()[0]

    assert (row["code"], row["name"], row["parent_name"], row["tree"]) == ("17", "Boura", "Yorosso", "health")


def test_another_reference_system_is_converted() -> None:
    metres = [[[500000, 1400000], [600000, 1400000], [600000, 1500000], [500000, 1500000], [500000, 1400000]]]
    stated = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32630"}}

    row = places.from_geojson(
        collection({"name": "Boura"}, shape=metres, crs=stated), level="commune"
    ).to_pylist()[0]

    assert (row["latitude"], row["longitude"]) == (pytest.approx(13.1, abs=0.2), pytest.approx(-2.5, abs=0.2))


def test_metres_without_a_stated_system_are_refused() -> None:
    metres = [[[500000, 1400000], [600000, 1400000], [600000, 1500000], [500000, 1400000]]]

    with pytest.raises(places.PlacesRefused, match="cannot be degrees"):
        places.from_geojson(collection({"name": "Boura"}, shape=metres), level="commune")


def test_an_open_ring_is_refused_unless_its_mending_may_be_noted() -> None:
    broken = collection({"name": "Kambia"}, shape=[SQUARE[0][:-1]])
    notes: list[Message] = []

    with pytest.raises(places.PlacesRefused, match="feature 1"):
        places.from_geojson(broken, level="district")
    row = places.from_geojson(broken, level="district", notes=notes).to_pylist()[0]

    assert shapely.from_wkb(row["geometry"]).is_valid
    assert [note.id for note in notes] == ["places.note.ring_closed"]
    assert "Kambia" in notes[0].render("fr")


def test_a_feature_without_geometry_keeps_its_row() -> None:
    file = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"name": "Boura"}, "geometry": None}],
    }

    row = places.from_geojson(file, level="health_area").to_pylist()[0]

    assert (row["name"], row["latitude"], row["geometry"]) == ("Boura", None, None)


def test_names_that_come_twice_keep_both_rows() -> None:
    found = places.from_geojson(collection({"name": "Doura"}, {"name": "Doura"}), level="commune")

    assert found["code"].to_pylist() == ["Doura", "Doura #2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"type": "FeatureCollection", "features": [{"type": "Fea', "complete JSON"),
        ('{"type": "Topology"}', "FeatureCollection"),
        ("[1, 2]", "FeatureCollection"),
        (json.dumps(collection({"colour": "red"})), "expected a name"),
        (json.dumps(collection({"name": " "})), "expected a name"),
    ],
)
def test_what_is_no_list_of_places_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "areas.geojson"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(places.PlacesRefused, match=said) as refused:
        places.from_geojson(file, level="commune")
    assert "areas.geojson" in refused.value.render("fr")


def test_a_map_that_names_an_absent_property_is_refused() -> None:
    with pytest.raises(places.PlacesRefused, match="expected LIBELLE"):
        places.from_geojson(collection({"name": "Boura"}), level="commune", properties={"name": "LIBELLE"})


HIERARCHY = """# Data of some publisher - please cite
id,level,name.local,parent.id,geo.lat,geo.lon

ML15,1,Bougouni,,"16,741",-2.507
ML1501,2,Bougouni,ML15,16.741,-2.507
ML1502, 2 ,Kologo,ML15,NA,
"""
MAP = {
    "code": "id", "name": "name.local", "parent_code": "parent.id", "level": "level", "latitude": "geo.lat",
    "longitude": "geo.lon",
}  # fmt: skip


def test_a_csv_with_comments_is_read_to_its_last_row(tmp_path: Path) -> None:
    file = tmp_path / "hierarchy.csv"
    file.write_text(HIERARCHY, encoding="utf-8-sig")

    rows = places.from_rows(file, MAP, levels={"1": "region", "2": "cercle"}).to_pylist()

    assert [(row["code"], row["level"], row["parent_name"], row["row"]) for row in rows] == [
        ("ML15", "region", "", 4), ("ML1501", "cercle", "Bougouni", 5), ("ML1502", "cercle", "Bougouni", 6),
    ]  # fmt: skip
    assert (rows[0]["latitude"], rows[0]["longitude"]) == (16.741, -2.507)
    assert rows[2]["latitude"] is None


def test_rows_of_a_table_are_read_like_those_of_a_file() -> None:
    table = pd.DataFrame(
        {"Structure": ["CSCom de Boura ", "CSCom de Boura "], "Lat": [12.4, None], "Long": ["-4,5", None]}
    )

    rows = places.from_rows(
        table, {"name": "Structure", "latitude": "Lat", "longitude": "Long"}, level="facility", tree="health"
    ).to_pylist()

    assert [(row["code"], row["name"], row["row"]) for row in rows] == [
        ("CSCom de Boura", "CSCom de Boura", 1), ("CSCom de Boura #2", "CSCom de Boura", 2),
    ]  # fmt: skip
    assert (rows[0]["longitude"], rows[1]["longitude"]) == (-4.5, None)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("ML15,1,Bougouni,,here,-2.5\n", "line 2, column geo.lat"),
        ("ML15,7,Bougouni,,16.7,-2.5\n", "level “7”"),
        ("ML15,1,,,16.7,-2.5\n", "line 2: expected a name|row 2: expected a name"),
        ("ML15,1,Bougouni,,16.7\n", "expected 6 cells, found 5"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, body: str, said: str) -> None:
    file = tmp_path / "hierarchy.csv"
    file.write_text("id,level,name.local,parent.id,geo.lat,geo.lon\n" + body, encoding="utf-8")

    with pytest.raises(places.PlacesRefused, match=said):
        places.from_rows(file, MAP, levels={"1": "region"})


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "liste.csv"
    file.write_bytes("nom\nSégou\n".encode("cp1252"))

    with pytest.raises(places.PlacesRefused, match="UTF-8"):
        places.from_rows(file, {"name": "nom"})


def test_a_missing_column_is_named() -> None:
    with pytest.raises(places.PlacesRefused, match="expected Nom"):
        places.from_rows(pd.DataFrame({"name": ["Boura"]}), {"name": "Nom"})


UNITS = {
    "organisationUnits": [
        {"id": "aaa", "name": "Mali", "path": "/aaa", "level": 1, "openingDate": "1970-01-01T00:00:00.000"},
        {
            "id": "bbb", "displayName": "Ségou", "path": "/aaa/bbb", "parent": {"id": "aaa"},
            "geometry": {"type": "Polygon", "coordinates": SQUARE},
        },
        {
            "id": "ccc", "name": "CSCom de Cinzana", "path": "/aaa/bbb/ccc", "closedDate": "2023-05-31T00:00:00.000",
            "organisationUnitGroups": [{"id": "g1"}, {"name": "Public"}],
            "geometry": {"type": "Point", "coordinates": [-5.9, 13.3]},
        },
        {
            "id": "ddd", "shortName": "Old", "level": 3, "parent": {"id": "bbb"}, "featureType": "POINT",
            "coordinates": "[-5.5,13.5]",
        },
    ]
}  # fmt: skip


def test_organisation_units_keep_path_dates_groups_and_shapes() -> None:
    found = places.from_dhis2(
        UNITS, levels={1: "country", 2: "region", 3: "facility"}, groups={"g1": "CSCom"}, kinds=["CSCom"]
    )
    rows = found.to_pylist()

    assert found.column_names == [*places.LISTED_PLACES.names, "opened", "closed", "groups"]
    assert [(row["code"], row["name"], row["parent_code"], row["parent_name"], row["level"]) for row in rows] == [
        ("aaa", "Mali", "", "", "country"), ("bbb", "Ségou", "aaa", "Mali", "region"),
        ("ccc", "CSCom de Cinzana", "bbb", "Ségou", "facility"), ("ddd", "Old", "bbb", "Ségou", "facility"),
    ]  # fmt: skip
    assert rows[0]["opened"] == date(1970, 1, 1)
    assert (rows[2]["closed"], rows[2]["groups"], rows[2]["kind"]) == (
        date(2023, 5, 31),
        ["CSCom", "Public"],
        "CSCom",
    )
    assert (rows[2]["latitude"], rows[3]["longitude"]) == (13.3, -5.5)
    assert rows[1]["geometry"] is not None


def test_a_unit_that_two_pages_repeat_is_kept_once() -> None:
    twice = [*UNITS["organisationUnits"], UNITS["organisationUnits"][0]]

    assert places.from_dhis2(twice, levels={1: "country", 2: "region", 3: "facility"}).num_rows == 4


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ({"httpStatus": "Unauthorized"}, "organisationUnits"),
        ([{"name": "Boura"}], "unit 1: expected an id"),
        ([{"id": "aaa", "level": 1}], "expected a name"),
        ([{"id": "aaa", "name": "Boura", "level": 9}], "level"),
    ],
)
def test_what_is_no_answer_of_dhis2_is_refused(units: Any, said: str) -> None:
    with pytest.raises(places.PlacesRefused, match=said):
        places.from_dhis2(units)


@pytest.mark.shared_data
def test_recorded_answers_of_a_dhis2_server_are_read(shared_data: Path) -> None:
    levels = {1: "country", 2: "district", 3: "health_area", 4: "facility"}
    read = 0
    for file in sorted((shared_data / "dhis2" / "api").glob("*organisation*nits.json*")):
        units = json.loads(file.read_text(encoding="utf-8"))["organisationUnits"]
        if all("level" in unit or "path" in unit for unit in units):
            read += 1
            assert places.from_dhis2(file, levels=levels).num_rows == len(units)
    assert read >= 3


@pytest.mark.shared_data
def test_every_real_boundary_file_is_read_to_its_last_feature(shared_data: Path) -> None:
    for file, count in {
        "mali/regions_2017": 9, "mali/cercles_2017": 50, "mali/communes_2017": 701, "kenya/counties": 47,
        "dhis2/core_fixtures/sierra-leone-districts": 15,
    }.items():  # fmt: skip
        notes: list[Message] = []
        found = places.from_geojson(shared_data / f"{file}.geojson", level="region", notes=notes)
        assert found.num_rows == count
        assert len(set(found["code"].to_pylist())) == count
        assert bool(notes) == file.startswith("dhis2")  # six open rings there


@pytest.mark.shared_data
def test_every_row_of_the_facility_list_is_read(shared_data: Path) -> None:
    found = places.from_rows(
        shared_data / "mali" / "health_facilities_2019.csv",
        {"name": "Facility name", "parent_name": "Admin1", "kind": "Facility type", "latitude": "Lat", "longitude": "Long"},
        level="facility", tree="health",
    )  # fmt: skip

    assert found.num_rows == 1478
    assert found["latitude"].null_count == 30
    assert len(set(zip(found["code"].to_pylist(), found["parent_name"].to_pylist(), strict=True))) == 1478
