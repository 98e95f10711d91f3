"""Do the places of the example country fit together, in names, trees and outlines?"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from kalanso import places
from kalanso.simulation import ExampleCountry
from kalanso.simulation.geography import OUTLINE, district_facts, land
from kalanso.simulation.learning_hub import QUARTER_LABELS
from kalanso.simulation.names import village_names

AREA_LEVELS = ("region", "district", "cercle", "commune")


def outlines(country: ExampleCountry) -> pd.DataFrame:
    frame = country.place_boundaries.to_pandas().set_index("place_code")
    frame["shape"] = shapely.from_wkb(frame["geometry"].to_numpy())
    frame["level"] = country.places.to_pandas().set_index("place_code")["level"]
    return frame


def test_names_are_unique_among_the_places_under_one_parent(full: ExampleCountry) -> None:
    listed = full.place_parents.to_pandas().query("tree == 'health' and valid_to.isnull()")
    named = listed.merge(full.places.to_pandas()[["place_code", "name", "level"]], on="place_code")
    assert not named.duplicated(["parent_code", "level", "name"]).any()


def test_names_of_areas_repeat_between_districts_as_they_do_in_life(full: ExampleCountry) -> None:
    areas = full.places.to_pandas().query("level == 'health_area'")
    assert areas["name"].duplicated().any()


def test_every_seat_of_a_district_lies_inside_the_outline() -> None:
    seats = district_facts()
    outline = shapely.Polygon(OUTLINE)
    inside = shapely.contains_xy(outline, seats["longitude"], seats["latitude"])
    assert seats.loc[~inside, "district"].tolist() == []


def test_outlines_of_health_areas_tile_the_country_without_gap_or_overlap(full: ExampleCountry) -> None:
    frame = outlines(full)
    areas = frame[frame["level"] == "health_area"]["shape"].to_numpy()
    country = frame.loc["ML", "shape"]

    assert shapely.is_valid(areas).all()
    assert shapely.coverage_is_valid(areas)
    assert shapely.area(areas).sum() == pytest.approx(country.area, rel=1e-9)


@pytest.mark.parametrize("level", AREA_LEVELS)
def test_outlines_of_higher_levels_are_exactly_the_union_of_their_areas(
    level: str, full: ExampleCountry
) -> None:
    frame = outlines(full)
    upper = frame[frame["level"] == level]["shape"].to_numpy()
    areas = frame[frame["level"] == "health_area"]["shape"].to_numpy()
    assert shapely.coverage_is_valid([*upper])
    corners_above = {tuple(xy) for xy in shapely.get_coordinates(upper)}
    corners_below = {tuple(xy) for xy in shapely.get_coordinates(areas)}
    assert corners_above <= corners_below


def test_health_areas_lie_in_the_outline_of_their_district(full: ExampleCountry) -> None:
    frame = outlines(full)
    parent = full.place_parents.to_pandas().query("tree == 'health'").set_index("place_code")["parent_code"]
    areas = frame[frame["level"] == "health_area"]
    districts = frame.loc[parent[areas.index], "shape"].to_numpy()
    assert shapely.contains(districts, shapely.point_on_surface(areas["shape"].to_numpy())).all()


def test_facilities_stand_in_the_catchment_of_their_health_area(full: ExampleCountry) -> None:
    frame = outlines(full)
    listed = full.places.to_pandas().set_index("place_code")
    parent = full.place_parents.to_pandas().query("tree == 'health'").set_index("place_code")["parent_code"]
    facilities = listed[listed["level"] == "facility"].copy()
    facilities["parent"] = parent[facilities.index]
    in_area = facilities[facilities["parent"].map(listed["level"]) == "health_area"]
    shapes = frame.loc[in_area["parent"], "shape"].to_numpy()
    points = shapely.points(in_area["longitude"], in_area["latitude"])
    assert shapely.dwithin(shapes, points, 0.001).all()


@pytest.mark.parametrize(("day", "regions"), [(date(2022, 6, 1), 11), (date(2024, 6, 1), 20)])
def test_both_trees_lead_every_facility_to_the_country(day: date, regions: int, full: ExampleCountry) -> None:
    facilities = set(full.places.to_pandas().query("level == 'facility'")["place_code"])
    for tree in ("health", "administrative"):
        above = places.lineage(full.place_parents, full.places, tree=tree, on=day)
        reached = set(above.query("ancestor_code == 'ML'")["place_code"])
        assert facilities <= reached
        if tree == "administrative":
            used = above[above["place_code"].isin(facilities) & (above["ancestor_level"] == "region")]
            assert used["ancestor_code"].nunique() == regions


def test_the_shares_of_divided_regions_add_up(full: ExampleCountry) -> None:
    shares = full.place_crosswalk.to_pandas().groupby("from_code")["share"].sum()
    assert shares.to_list() == pytest.approx([1.0] * len(shares))


def test_the_hubs_districts_and_areas_are_there_by_name(small: ExampleCountry, full: ExampleCountry) -> None:
    wanted = {
        "Pelengana Nord": "Ségou", "Cinzana Gare": "Ségou", "Boura": "Yorosso", "Karangana": "Yorosso",
        "Bougouni Est": "Bougouni", "Kologo": "Bougouni", "Niono Central": "Niono", "Ndébougou": "Niono",
    }  # fmt: skip
    for country in (small, full):
        named = country.places.to_pandas().set_index("place_code")["name"]
        above = country.place_parents.to_pandas().query("tree == 'health'").set_index("place_code")
        districts = {
            named[above.loc[code, "parent_code"]]
            for code, name in named.items()
            if name in wanted and code in above.index and code.startswith("ML-H")
        }
        assert districts == set(wanted.values())
    assert len(QUARTER_LABELS) == 9


def test_yorosso_is_flagged_and_in_conflict_from_2022(small: ExampleCountry) -> None:
    listed = small.places.to_pandas().set_index(["level", "name"])["place_code"]
    flags = small.place_flags.to_pandas().set_index("place_code")
    assert flags.loc[listed["district", "Yorosso"], "valid_from"] == date(2022, 4, 1)
    contexts = small.place_contexts.to_pandas().query("context == 'conflict'").set_index("place_code")
    assert contexts.loc[listed["health_area", "Boura"], "valid_from"] == date(2022, 3, 1)


def test_islands_miners_nomads_and_displaced_people_live_somewhere(full: ExampleCountry) -> None:
    found = set(full.place_contexts["context"].to_pylist())
    assert found == {
        "urban", "peri_urban", "rural", "rural_remote", "conflict", "island", "displaced", "refugees",
        "miners", "nomads", "migrants",
    }  # fmt: skip


def test_the_small_country_keeps_its_villages_near_their_seats() -> None:
    made = land("small", np.random.default_rng(1))
    seats = made.districts.iloc[made.areas["district"]]
    gap = np.hypot(
        made.areas["longitude"].to_numpy() - seats["longitude"].to_numpy(),
        made.areas["latitude"].to_numpy() - seats["latitude"].to_numpy(),
    )
    assert len(made.areas) == 25
    assert gap.max() < 1.5


def test_village_names_never_repeat_those_already_given() -> None:
    first = village_names(40, north=False, taken=(), rng=np.random.default_rng(1))
    second = village_names(40, north=False, taken=first, rng=np.random.default_rng(1))
    assert len(set(first) | set(second)) == 80
