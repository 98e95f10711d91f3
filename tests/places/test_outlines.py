"""Do neighbours, catchments and simplified outlines keep the ground as it is?"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso import places
from kalanso.places.tables import PLACE_BOUNDARIES, PLACE_NEIGHBOURS
from kalanso.vocabulary import Message


def boundaries(**shapes: shapely.Geometry) -> pd.DataFrame:
    return pd.DataFrame(
        {"place_code": list(shapes), "geometry": [shapely.to_wkb(shape) for shape in shapes.values()]}
    )


def shapes_of(rows: pd.DataFrame) -> np.ndarray:
    return shapely.from_wkb(rows["geometry"].tolist())


def real(shared_data: Path, name: str) -> pd.DataFrame:
    rows = places.from_geojson(shared_data / f"{name}.geojson", level="region").to_pandas()
    return rows.rename(columns={"code": "place_code"})


# Two squares that touch, one beside them across a hair-thin gap, one at a corner, one far away.
FIVE = boundaries(
    A=shapely.box(-6, 13, -5, 14), B=shapely.box(-5, 13, -4, 14), C=shapely.box(-3.9995, 13, -3, 14),
    D=shapely.box(-5, 14, -4.5, 15), E=shapely.box(0, 16, 1, 17),
)  # fmt: skip


def test_a_shared_border_has_its_length_in_km() -> None:
    found = places.neighbours(FIVE).set_index(["place_code", "neighbour_code"])

    degree_of_latitude = 110.66  # near 13.5 degrees north, on the ellipsoid
    assert found.loc[("A", "B"), "border_km"] == pytest.approx(degree_of_latitude, rel=0.005)
    assert found.loc[("B", "C"), "border_km"] == pytest.approx(degree_of_latitude, rel=0.01)
    assert found.loc[("A", "D")].tolist() == ["border", 0.0]  # at a corner


def test_each_border_stands_in_both_directions() -> None:
    found = places.neighbours(FIVE)
    there = set(zip(found["place_code"], found["neighbour_code"], found["border_km"], strict=True))

    assert there == {(other, one, km) for one, other, km in there}
    assert PLACE_NEIGHBOURS.arrow(found.to_dict("list")).num_rows == len(found)


def test_an_island_is_joined_to_the_nearest_so_that_all_is_connected() -> None:
    found = places.neighbours(FIVE)

    assert set(zip(*found[found["link"] == "nearest"][["place_code", "neighbour_code"]].to_numpy().T, strict=True)) == {
        ("E", "C"), ("C", "E"),
    }  # fmt: skip


def test_levels_are_graphs_of_their_own() -> None:
    levels = pd.DataFrame(
        {"place_code": list("ABCDE"), "level": ["region", "region", "cercle", "cercle", "cercle"]}
    )
    found = places.neighbours(FIVE, levels)

    assert ("B", "C") not in set(zip(found["place_code"], found["neighbour_code"], strict=True))
    assert set(found[found["link"] == "nearest"]["place_code"]) == {"C", "D", "E"}


def test_a_single_place_has_no_neighbours() -> None:
    assert places.neighbours(FIVE.iloc[:1]).empty


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["kenya/counties", "mali/cercles_2017", "mali/communes_2017"])
def test_neighbours_agree_with_queen_contiguity_of_libpysal(shared_data: Path, name: str) -> None:
    import geopandas
    from libpysal.weights import Queen

    rows = real(shared_data, name)
    found = places.neighbours(rows)
    outlines = geopandas.GeoDataFrame(geometry=shapely.make_valid(shapes_of(rows)), crs=4326)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        queen = Queen.from_dataframe(outlines, use_index=False)

    codes = rows["place_code"].tolist()
    theirs = {(codes[one], codes[other]) for one, others in queen.neighbors.items() for other in others}
    ours = found[found["link"] == "border"]
    assert set(zip(ours["place_code"], ours["neighbour_code"], strict=True)) == theirs


DISTRICT = boundaries(D1=shapely.Polygon([(-6, 13), (-5, 13), (-5, 14), (-5.5, 13.6), (-6, 14)]))


def facilities(count: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "place_code": [f"F{at:02d}" for at in range(count)], "parent_code": "D1",
            "latitude": rng.uniform(13.05, 13.55, count), "longitude": rng.uniform(-5.95, -5.05, count),
        }
    )  # fmt: skip


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.integers(1, 12), st.integers(0, 1000), st.booleans())
def test_catchments_cover_the_place_above_exactly_and_never_overlap(
    count: int, seed: int, weighted: bool
) -> None:
    points = facilities(count, seed)
    persons = dict(zip(points["place_code"], np.random.default_rng(seed).lognormal(8, 1, count), strict=True))

    found = places.catchments(points, DISTRICT, persons if weighted else None)
    cells, whole = shapes_of(found), shapes_of(DISTRICT)[0]

    assert sorted(found["place_code"]) == list(points["place_code"])
    assert shapely.is_valid(cells).all()
    assert shapely.area(cells).sum() == pytest.approx(whole.area, rel=1e-9)
    assert shapely.symmetric_difference(shapely.union_all(cells, grid_size=1e-9), whole).area < 1e-7
    assert found["area_km2"].sum() == pytest.approx(places.area_km2([whole])[0], rel=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_each_point_belongs_to_the_facility_that_brute_force_finds(weighted: bool) -> None:
    points = facilities(12, 3)
    persons = np.random.default_rng(4).lognormal(8, 1, 12)
    found = places.catchments(
        points, DISTRICT, dict(zip(points["place_code"], persons, strict=True)) if weighted else None
    )
    cells = dict(zip(found["place_code"], shapes_of(found), strict=True))

    rng = np.random.default_rng(5)
    x, y = rng.uniform(-6, -5, 2000), rng.uniform(13, 14, 2000)
    inside = shapely.intersects_xy(shapes_of(DISTRICT)[0], x, y)
    pull = places.distance_km(
        y[inside, None], x[inside, None], points["latitude"].to_numpy(), points["longitude"].to_numpy()
    )
    pull = pull / np.sqrt(persons) if weighted else pull
    order = np.sort(pull, axis=1)
    clear = order[:, 1] > 1.02 * order[:, 0]  # not on a border, which the flat sheet may shift a little

    assert clear.sum() > 1000
    for spot, nearest in zip(
        np.column_stack([x[inside], y[inside]])[clear], pull[clear].argmin(axis=1), strict=True
    ):
        assert shapely.intersects_xy(cells[points["place_code"][nearest]], *spot)


def test_a_larger_population_draws_a_larger_ground_but_leaves_each_its_own() -> None:
    points = pd.DataFrame(
        {"place_code": ["F1", "F2"], "parent_code": "D1", "latitude": 13.3, "longitude": [-5.7, -5.3]}
    )
    plain = places.catchments(points, DISTRICT).set_index("place_code")["area_km2"]
    drawn = places.catchments(points, DISTRICT, {"F1": 40_000, "F2": 10_000})

    assert drawn.set_index("place_code")["area_km2"]["F1"] > plain["F1"] * 1.2
    assert shapely.intersects_xy(shapes_of(drawn)[1], -5.3, 13.3)
    # Half the draw: on the line between them the border lies at a third from the weaker.
    border = shapely.intersection(shapes_of(drawn)[1], shapely.LineString([(-5.7, 13.3), (-5.3, 13.3)]))
    assert border.bounds[0] == pytest.approx(-5.3 - 0.4 / 3, abs=1e-3)


def test_facilities_at_one_spot_share_the_ground_around_it() -> None:
    points = facilities(3, 8)
    points.loc[[0, 1], ["latitude", "longitude"]] = [13.3, -5.5]

    found = places.catchments(points, DISTRICT)

    assert (found["area_km2"] > 100).all()
    assert shapely.area(shapes_of(found)).sum() == pytest.approx(shapes_of(DISTRICT)[0].area, rel=1e-9)


def test_what_cannot_have_a_catchment_is_refused_or_noted_never_dropped() -> None:
    points = facilities(4, 9)
    points.loc[1, "latitude"] = np.nan
    points.loc[2, "parent_code"] = "D9"
    notes: list[Message] = []

    with pytest.raises(places.PlacesRefused, match="F01"):
        places.catchments(points, DISTRICT)
    found = places.catchments(points, DISTRICT, notes=notes)

    assert list(found["place_code"]) == ["F00", "F03"]
    assert [note.id for note in notes] == ["places.catchment.no_point", "places.catchment.no_outline"]


def test_missing_populations_are_noted_and_the_cells_drawn_plainly() -> None:
    points = facilities(3, 10)
    notes: list[Message] = []

    found = places.catchments(points, DISTRICT, {"F00": 1000.0, "F01": 0.0}, notes=notes)

    assert [note.id for note in notes] == ["places.catchment.no_population"]
    pd.testing.assert_frame_equal(found, places.catchments(points, DISTRICT))


def test_catchments_are_labelled_and_fit_their_table() -> None:
    found = places.catchments(facilities(3, 11), DISTRICT, vintage="2024", licence="CC0", source="demo")

    assert set(found["kind"]) == {"catchment"}
    assert PLACE_BOUNDARIES.arrow(found.to_dict("list")).num_rows == 3


@pytest.mark.shared_data
def test_real_health_centres_divide_all_fifty_cercles_exactly(shared_data: Path) -> None:
    cercles = real(shared_data, "mali/cercles_2017")
    listed = places.from_rows(
        shared_data / "mali" / "health_facilities_2019.csv",
        {"name": "Facility name", "parent_name": "Admin1", "kind": "Facility type", "latitude": "Lat", "longitude": "Long"},
        level="facility",
    ).to_pandas()  # fmt: skip
    listed["place_code"] = [f"F{row}" for row in listed["row"]]
    centres = (
        listed[listed["kind"] == "Community Health Centre"].drop(columns="geometry").reset_index(drop=True)
    )
    centres["parent_code"] = places.containing(centres, cercles, reach_km=10)["parent_code"].fillna("")
    notes: list[Message] = []

    found = places.catchments(centres, cercles, notes=notes)

    assert len(found) + len(notes) == len(centres) == 1294
    assert {note.id for note in notes} == {"places.catchment.no_point"}
    assert shapely.area(shapes_of(found)).sum() == pytest.approx(
        shapely.area(shapes_of(cercles)).sum(), rel=1e-9
    )


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "tolerance_m"), [("kenya/counties", 2000), ("mali/communes_2017", 1000)])
def test_simplified_outlines_keep_shared_borders(shared_data: Path, name: str, tolerance_m: float) -> None:
    rows = real(shared_data, name)

    found = places.simplify(rows, tolerance_m)
    before, after = shapes_of(rows), shapes_of(found)

    assert list(found["place_code"]) == list(rows["place_code"])
    assert shapely.get_num_coordinates(after).sum() < 0.6 * shapely.get_num_coordinates(before).sum()
    assert shapely.is_valid(after).all()
    assert shapely.coverage_is_valid(after)  # no gap, no overlap
    overlap = shapely.area(after).sum() - shapely.union_all(after).area
    assert abs(overlap) < 1e-9
    assert places.area_km2(after).sum() == pytest.approx(places.area_km2(before).sum(), rel=0.001)


def wavy(offset: float) -> shapely.Polygon:
    x = np.linspace(-6, -5, 200)
    low, high = 13 + 0.01 * np.sin(40 * x) + offset, 13.5 + 0.01 * np.sin(40 * x) + offset
    return shapely.Polygon([*zip(x, low, strict=True), *zip(x[::-1], high[::-1], strict=True)])


def test_two_wavy_neighbours_keep_one_line() -> None:
    found = places.simplify(boundaries(A=wavy(0), B=wavy(0.5)), 2000)

    assert shapely.coverage_is_valid(shapes_of(found))
    assert shapely.get_num_coordinates(shapes_of(found)).sum() < 300


def test_outlines_that_do_not_fit_are_refused_unless_the_fitting_may_be_noted() -> None:
    rows = boundaries(A=wavy(0), B=wavy(0.497))
    notes: list[Message] = []

    with pytest.raises(places.PlacesRefused, match="do not fit together"):
        places.simplify(rows, 500)
    found = places.simplify(rows, 500, notes=notes)

    assert [note.id for note in notes] == ["places.simplify.fitted"]
    assert shapely.coverage_is_valid(shapes_of(found))


def test_without_the_newest_geos_the_lines_are_thinned_one_by_one_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(shapely, "coverage_simplify")
    notes: list[Message] = []

    found = places.simplify(boundaries(A=wavy(0), B=wavy(0.5)), 2000, notes=notes)

    assert [note.id for note in notes] == ["places.simplify.topojson"]
    assert shapely.area(shapely.intersection(*shapes_of(found))) < 1e-9
    assert shapely.get_num_coordinates(shapes_of(found)).sum() < 500


def test_a_tolerance_of_nothing_is_refused() -> None:
    with pytest.raises(places.PlacesRefused, match="metres above 0"):
        places.simplify(FIVE, 0)


def test_nothing_in_gives_nothing_out() -> None:
    nothing = pd.DataFrame({"place_code": [], "geometry": []})
    points = pd.DataFrame({"place_code": [], "parent_code": [], "latitude": [], "longitude": []})

    assert places.neighbours(nothing).empty
    assert places.simplify(nothing, 100).empty
    assert places.catchments(points, nothing).empty
