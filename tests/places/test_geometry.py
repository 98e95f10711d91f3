"""Are points and outlines that cannot be right found, with the evidence?"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import shapely

from kalanso import places
from kalanso.vocabulary import Message

DAY = date(2024, 1, 1)


def box(west: float, south: float, east: float, north: float) -> bytes:
    return shapely.to_wkb(shapely.box(west, south, east, north))


# A country of two regions side by side, each one degree by one degree.
OUTLINES = pd.DataFrame(
    {
        "place_code": ["ML", "R1", "R2"],
        "geometry": [box(-6, 13, -4, 14), box(-6, 13, -5, 14), box(-5, 13, -4, 14)],
    }
)
UPPER = pd.DataFrame(
    {
        "place_code": ["ML", "R1", "R2"], "name": ["Mali", "Ségou", "Mopti"], "level": ["country", "region", "region"],
        "latitude": 13.5, "longitude": [-5.0, -5.5, -4.5],
    }
)  # fmt: skip


def family(child_of: dict[str, str], known: pd.DataFrame) -> pd.DataFrame:
    links = pd.DataFrame(
        {
            "place_code": list(child_of), "tree": "health", "parent_code": list(child_of.values()),
            "valid_from": None, "valid_to": None,
        }
    )  # fmt: skip
    return places.lineage(links, known, tree="health", on=DAY)


def one_facility(latitude: float | None, longitude: float | None, parent: str = "R1") -> pd.DataFrame:
    facility = pd.DataFrame(
        {
            "place_code": ["F1"], "name": ["Boura"], "level": ["facility"], "latitude": [latitude],
            "longitude": [longitude],
        }
    ).astype({"latitude": float, "longitude": float})  # fmt: skip
    known = pd.concat([UPPER, facility], ignore_index=True)
    found = places.geometry_findings(known, OUTLINES, family({"R1": "ML", "R2": "ML", "F1": parent}, known))
    return found[found["place_code"] == "F1"].reset_index(drop=True)


@pytest.mark.parametrize(
    ("latitude", "longitude", "check", "severity"),
    [
        (None, None, "missing_coordinates", "attention"),
        (13.5, None, "missing_coordinates", "attention"),
        (0.0, 0.0, "zero_coordinates", "serious"),
        (95.0, -5.5, "impossible_coordinates", "serious"),
        (-5.5, 13.5, "swapped_coordinates", "serious"),
        (13.5, 5.5, "lost_sign", "serious"),
        (13.5, -4.5, "outside_parent", "attention"),
        (13.5, -4.99, "outside_parent", "note"),
        (13.5, -6.5, "outside_country", "attention"),
        (25.0, 3.0, "outside_country", "serious"),
    ],
)
def test_each_way_to_misplace_a_point_is_named(
    latitude: float | None, longitude: float | None, check: str, severity: str
) -> None:
    found = one_facility(latitude, longitude)

    assert list(zip(found["check"], found["severity"], strict=True)) == [(check, severity)]
    for locale in ("fr", "en"):
        assert "Boura" in Message.from_json(found["message"][0], found["params"][0]).render(locale)


def test_a_point_inside_its_region_is_not_mentioned() -> None:
    assert one_facility(13.4, -5.4).empty


def test_a_point_outside_says_how_far_and_where_it_lies() -> None:
    found = one_facility(13.5, -4.5)

    # Half a degree of longitude at 13.5 degrees north.
    assert found["distance_km"][0] == pytest.approx(0.5 * 111.19 * 0.9724, abs=0.2)
    assert json.loads(found["params"][0])["lies_in"] == "R2"


def siblings(*spots: tuple[float, float]) -> tuple[pd.DataFrame, dict[str, str]]:
    rows = pd.DataFrame(spots, columns=["latitude", "longitude"])
    rows["place_code"] = [f"C{at}" for at in range(len(spots))]
    parent = pd.DataFrame({"place_code": ["R"], "latitude": [16.74], "longitude": [-2.51], "level": "region"})
    known = pd.concat([parent, rows.assign(level="cercle")], ignore_index=True).assign(
        name=lambda t: t["place_code"]
    )
    return known, dict.fromkeys(rows["place_code"], "R")


def test_a_point_hundreds_of_kilometres_from_its_siblings_is_found_without_any_outline() -> None:
    known, links = siblings((11.4, -7.5), (11.2, -7.1), (11.9, -7.6), (10.9, -7.3), (15.2, -4.4))

    found = places.geometry_findings(known, None, family(links, known))

    far = found[found["check"] == "far_from_siblings"]
    assert list(far["place_code"]) == ["C4"]
    assert far["distance_km"].iloc[0] > 400
    assert far["severity"].iloc[0] == "serious"


def test_a_region_whose_point_lies_near_tombouctou_although_its_parts_lie_in_the_south_is_found() -> None:
    known, links = siblings((11.4, -7.5), (11.2, -7.1), (11.9, -7.6), (10.9, -7.3))

    found = places.geometry_findings(known, None, family(links, known))

    assert list(found["check"]) == ["far_from_children"]
    assert found["distance_km"][0] == pytest.approx(800, abs=50)


def test_points_copied_from_the_place_above_or_shared_are_found() -> None:
    known, links = siblings((16.74, -2.51), (16.9, -2.4), (16.9, -2.4))

    found = places.geometry_findings(known, None, family(links, known))

    assert dict(zip(found["place_code"], found["check"], strict=True)) == {
        "C0": "point_of_parent", "C1": "shared_point", "C2": "shared_point",
    }  # fmt: skip


def outline_checks(**shapes: bytes) -> pd.DataFrame:
    outlines = pd.concat(
        [OUTLINES, pd.DataFrame({"place_code": list(shapes), "geometry": list(shapes.values())})],
        ignore_index=True,
    )
    lower = pd.DataFrame(
        {
            "place_code": list(shapes),
            "name": list(shapes),
            "level": "cercle",
            "latitude": None,
            "longitude": None,
        }
    )
    known = pd.concat([UPPER, lower.astype({"latitude": float, "longitude": float})], ignore_index=True)
    links = {"R1": "ML", "R2": "ML"} | dict.fromkeys(shapes, "R1")
    found = places.geometry_findings(known, outlines, family(links, known))
    return found[found["check"] != "missing_coordinates"].reset_index(drop=True)


def test_outlines_that_overlap_are_found_with_their_common_ground() -> None:
    found = outline_checks(C1=box(-6, 13, -5.4, 14), C2=box(-5.5, 13, -5, 14))

    assert list(found["check"]) == ["overlap"]
    assert found["share"][0] == pytest.approx(0.2, abs=0.001)
    assert found["area_km2"][0] == pytest.approx(0.1 * 111.2 * 111.2 * 0.972, rel=0.02)


def test_an_outline_outside_its_parent_and_uncovered_ground_are_found() -> None:
    found = outline_checks(C1=box(-6.5, 13, -5.5, 14))

    assert dict(zip(found["check"], found["share"].round(2), strict=True)) == {
        "outline_outside_parent": 0.5, "uncovered": 0.5,
    }  # fmt: skip


def test_outlines_that_fit_are_not_mentioned() -> None:
    assert outline_checks(C1=box(-6, 13, -5.5, 14), C2=box(-5.5, 13, -5, 14)).empty


BOW_TIE = shapely.to_wkb(shapely.Polygon([(-6, 13), (-5, 14), (-5, 13), (-6, 14)]))


def test_crossing_lines_are_found_and_their_repair_is_offered_with_a_report() -> None:
    assert "invalid_outline" in set(outline_checks(C1=BOW_TIE)["check"])
    rows = pd.DataFrame(
        {"place_code": ["R1", "C1"], "geometry": [box(-6, 13, -5, 14), BOW_TIE], "area_km2": 1.0}
    )

    mended, report = places.repaired(rows)

    assert shapely.from_wkb(rows["geometry"][1]).is_valid is False  # what was given is untouched
    assert shapely.from_wkb(mended["geometry"].tolist())[1].is_valid
    assert list(report["place_code"]) == ["C1"]
    assert report["area_after_km2"][0] == pytest.approx(mended["area_km2"][1])
    assert mended["geometry"][0] == rows["geometry"][0]


def test_the_outline_that_holds_a_place_is_found_for_points_and_for_areas() -> None:
    asked = pd.DataFrame(
        {
            "place_code": ["F1", "F2", "F3", "C1"], "latitude": [13.5, 13.5, None, None],
            "longitude": [-5.5, -3.99, None, None],
            "geometry": [None, None, None, box(-5.2, 13, -4.4, 14)],
        }
    )  # fmt: skip
    regions = OUTLINES.iloc[1:]

    strict = places.containing(asked, regions)
    near = places.containing(asked, regions, reach_km=2)

    assert strict["parent_code"].tolist() == [
        "R1",
        None,
        None,
        "R2",
    ]
    assert strict["share"][3] == pytest.approx(0.75, abs=0.001)
    assert strict["distance_km"][1] == pytest.approx(1.08, abs=0.02)
    assert near["parent_code"][1] == "R2"


def test_distances_agree_with_the_ellipsoid_to_half_a_percent() -> None:
    from pyproj import Geod

    bougouni, tombouctou = (11.42, -7.48), (16.77, -3.01)
    metres = Geod(ellps="WGS84").inv(bougouni[1], bougouni[0], tombouctou[1], tombouctou[0])[2]

    assert places.distance_km(*bougouni, *tombouctou) == pytest.approx(metres / 1000, rel=0.005)


@pytest.mark.shared_data
def test_the_misplaced_points_of_the_real_hierarchy_are_found(shared_data: Path) -> None:
    columns = {
        "code": "id", "name": "name.local", "parent_code": "parent.id", "level": "level", "latitude": "geo.lat",
        "longitude": "geo.lon",
    }  # fmt: skip
    listed = places.from_rows(
        shared_data / "mali" / "hierarchy_2023.csv", columns,
        levels={"1": "region", "2": "cercle", "3": "arrondissement"},
    ).to_pandas()  # fmt: skip
    known = listed.rename(columns={"code": "place_code"})
    above = listed[listed["parent_code"] != ""]

    found = places.geometry_findings(
        known, None, family(dict(zip(above["code"], above["parent_code"], strict=True)), known)
    )

    far = found[found["check"].str.startswith("far")]
    assert {"ML15", "ML0204", "ML0405", "ML1902"} <= set(far["place_code"])  # Bougouni, Kati, Macina, Koro
    assert (far["severity"] == "serious").all()
    assert (far["distance_km"] > 150).all()
    assert (found["check"] == "point_of_parent").sum() > 400


@pytest.mark.shared_data
def test_facilities_without_coordinates_or_outside_their_region_are_found(shared_data: Path) -> None:
    regions = places.from_geojson(shared_data / "mali" / "regions_2017.geojson", level="region").to_pandas()
    regions = regions.rename(columns={"code": "place_code"})
    listed = places.from_rows(
        shared_data / "mali" / "health_facilities_2019.csv",
        {"name": "Facility name", "parent_name": "Admin1", "latitude": "Lat", "longitude": "Long"}, level="facility",
    ).to_pandas()  # fmt: skip
    listed["place_code"] = [f"F{row}" for row in listed["row"]]
    said = listed["parent_name"].drop_duplicates()
    wanted = pd.DataFrame({"code": said, "name": said, "level": "region"})
    region_of = places.match(wanted, regions, system="facilities", vintage="2019").set_index("name")[
        "place_code"
    ]
    known = pd.concat([regions, listed], ignore_index=True)
    links = dict(zip(listed["place_code"], listed["parent_name"].map(region_of), strict=True))

    found = places.geometry_findings(known, regions, family(links, known))
    checks = found["check"].value_counts()

    assert region_of.notna().all()  # Koulikoro is Koulikouro there
    assert checks["missing_coordinates"] == 30
    assert checks["outside_parent"] >= 10
    assert checks["outside_country"] >= 1
    assert found[found["check"] == "outside_country"]["distance_km"].iloc[0] == pytest.approx(3.5, abs=0.3)
