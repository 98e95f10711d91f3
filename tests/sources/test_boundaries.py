"""Which places do boundary files and hierarchies hold, and at which level?"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kalanso.places import PlacesRefused
from kalanso.sources import BadFile, boundaries, places_list

SQUARE = {"type": "Polygon", "coordinates": [[[-8, 12], [-7, 12], [-7, 13], [-8, 13], [-8, 12]]]}


def geojson(folder: Path, *properties: dict[str, Any], name: str = "outlines.geojson") -> Path:
    features = [{"type": "Feature", "properties": told, "geometry": SQUARE} for told in properties]
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


COD = {"adm1": "Ségou", "adm1_pcode": "ML04", "adm2": "Niono", "adm2_pcode": "ML0405", "country_pcode": "ML"}


def test_outlines_with_p_codes_bring_the_places_above_along(tmp_path: Path) -> None:
    reading = boundaries.read(geojson(tmp_path, COD, name="cercles_2017.geojson"), country="ML")

    assert reading.places["code"].to_pylist() == ["ML04", "ML0405"]
    assert reading.places["level"].to_pylist() == ["region", "cercle"]
    assert (reading.system, reading.vintage, reading.receipt.read) == ("cod-ab", "2017", 1)


@pytest.mark.parametrize(
    ("name", "told", "level"),
    [
        ("regions_2017.geojson", {"shapeName": "Gao"}, "region"),
        ("x.geojson", {"shapeName": "Tomora", "shapeType": "ADM3", "shapeGroup": "MLI"}, "commune"),
        ("x.geojson", COD, "cercle"),
    ],
)
def test_the_level_comes_from_what_the_file_says(
    tmp_path: Path, name: str, told: dict[str, str], level: str
) -> None:
    reading = boundaries.read(geojson(tmp_path, told, name=name), country="ML")

    assert reading.places["level"].to_pylist()[-1] == level


def test_a_file_that_does_not_say_its_level_is_asked_for_it(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        boundaries.read(geojson(tmp_path, {"shapeName": "Turkana"}), country="KE")

    assert "--level" in refused.value.render("fr")


def test_health_districts_stand_in_the_health_tree(tmp_path: Path) -> None:
    reading = boundaries.read(geojson(tmp_path, {"shapeName": "Turkana"}), country="KE", level="district")

    assert reading.places["tree"].to_pylist() == ["health"]


def test_outlines_of_another_country_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        boundaries.read(geojson(tmp_path, COD), country="KE")

    assert refused.value.message_id == "sources.boundaries.other_country"


def test_the_archive_of_all_levels_gives_the_wanted_one(tmp_path: Path) -> None:
    one = geojson(tmp_path, COD, name="mli_admin2.geojson")
    two = geojson(tmp_path, {"adm1_name": "Ségou", "adm1_pcode": "ML04"}, name="mli_admin1.geojson")
    with zipfile.ZipFile(tmp_path / "mli.geojson.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(one, one.name)
        archive.write(two, two.name)

    reading = boundaries.read(tmp_path / "mli.geojson.zip", country="ML", level="cercle")
    assert "Niono" in reading.places["name"].to_pylist()
    with pytest.raises(BadFile) as refused:
        boundaries.read(tmp_path / "mli.geojson.zip", country="ML")
    assert refused.value.message_id == "sources.boundaries.which_member"


def test_a_truncated_file_is_refused_with_its_place(tmp_path: Path) -> None:
    path = geojson(tmp_path, COD, name="cercles.geojson")
    path.write_text(path.read_text(encoding="utf-8")[:-30], encoding="utf-8")

    with pytest.raises(PlacesRefused):
        boundaries.read(path, country="ML", level="cercle")


def test_a_web_page_is_refused_as_one(tmp_path: Path) -> None:
    (tmp_path / "x.geojson").write_text("<!DOCTYPE html><html></html>", encoding="utf-8")

    with pytest.raises(BadFile) as refused:
        boundaries.read(tmp_path / "x.geojson", country="ML")

    assert refused.value.message_id == "sources.file.web_page"


HIERARCHY = """# Data from Open Admin Data — CC-BY-4.0. Please cite: https://example.org
id,level,level_name.local,name.local,name.en,code.id,parent.id,parent.name.local,geo.lat,geo.lon
ML04,1,Région,Ségou,Segou,ML04,,,13.44,-6.259
ML0405,2,Cercle,Niono,Niono,ML0405,ML04,Ségou,13.44,-6.259
ML-A040501,3,Arrondissement,Pogo,Pogo,ML-A040501,ML0405,Niono,14.2,-5.9
ML-A040502,3,Arrondissement,Sokolo,Sokolo,ML-A040502,ML0499,Ailleurs,14.7,-6.1
ML-A040502,3,Arrondissement,Sokolo,Sokolo,ML-A040502,ML0499,Ailleurs,14.7,-6.1
"""


def test_a_hierarchy_keeps_levels_codes_and_parents(tmp_path: Path) -> None:
    path = tmp_path / "hierarchy_2023.csv"
    path.write_text(HIERARCHY, encoding="utf-8")
    reading = places_list.read(path, country="ML")

    reading.receipt.check()
    assert reading.places["level"].to_pylist() == ["region", "cercle", "arrondissement", "arrondissement"]
    assert reading.places["parent_code"].to_pylist() == ["", "ML04", "ML0405", "ML0499"]
    assert (reading.system, reading.vintage) == ("open-admin-data", "2023")


def test_points_that_repeat_their_parent_and_unknown_parents_are_flagged(tmp_path: Path) -> None:
    path = tmp_path / "hierarchy_2023.csv"
    path.write_text(HIERARCHY, encoding="utf-8")
    receipt = places_list.read(path, country="ML").receipt

    assert receipt.suspicious["sources.suspicious.point_of_parent"] == 1
    assert receipt.suspicious["sources.suspicious.parent_not_listed"] == 1
    assert receipt.rejected["sources.rejected.repeated_code"] == 1
    assert receipt.skipped["sources.skipped.above_heading"] == 1


def test_a_plain_list_in_french_is_read(tmp_path: Path) -> None:
    path = tmp_path / "aires.csv"
    path.write_text(
        "Nom;Niveau;Parent\nPogo;Aire de santé;Niono\nNiono;District sanitaire;Ségou\n", encoding="utf-8"
    )

    reading = places_list.read(path, country="ML")
    assert reading.places["level"].to_pylist() == ["health_area", "district"]
    assert reading.places["tree"].to_pylist() == ["health", "health"]


def test_a_level_that_nobody_knows_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("name,level\nPogo,canton\n", encoding="utf-8")

    rejection = places_list.read(path, country="ML").receipt.rejections[0]
    assert (rejection.reason, rejection.found, rejection.row) == (
        "sources.rejected.unknown_level",
        "canton",
        2,
    )


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("file", "level", "features", "places"),
    [
        ("regions_2017", "region", 9, 9),
        ("cercles_2017", "cercle", 50, 59),
        ("communes_2017", "commune", 701, 701),
    ],
)
def test_the_outlines_of_mali_arrive(
    shared_data: Path, file: str, level: str, features: int, places: int
) -> None:
    reading = boundaries.read(shared_data / "mali" / f"{file}.geojson", country="ML")

    assert reading.receipt.stored == features
    assert reading.places.num_rows == places
    assert reading.places["level"].to_pylist()[-1] == level


@pytest.mark.shared_data
def test_the_hierarchy_of_mali_arrives(shared_data: Path) -> None:
    reading = places_list.read(shared_data / "mali" / "hierarchy_2023.csv", country="ML")
    levels = reading.places["level"].to_pylist()

    assert [levels.count(level) for level in ("region", "cercle", "arrondissement")] == [20, 160, 474]
