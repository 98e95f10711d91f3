"""Do numbers and codes survive splits, mergers and redrawn borders?"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso import places
from kalanso.places.tables import PLACE_CROSSWALK, PLACE_PARENTS, PLACES

REFORM = date(2023, 7, 1)


def outlines(**boxes: tuple[float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"place_code": list(boxes), "geometry": [shapely.to_wkb(shapely.box(*box)) for box in boxes.values()]}
    )


OLD = outlines(A=(-6, 13, -5, 14))
NEW = outlines(N=(-6, 13, -5.6, 14), S=(-5.6, 13, -5, 14))  # two fifths and three fifths of the ground


def test_ground_alone_gives_shares_without_spread() -> None:
    walk = places.crosswalk(OLD, NEW, changed_on=REFORM)

    assert walk["share"].tolist() == pytest.approx([0.4, 0.6], abs=1e-3)
    assert (walk["share_low"] == walk["share_high"]).all()
    assert set(walk["basis"]) == {"area"}
    assert PLACE_CROSSWALK.arrow(walk.to_dict("list")).num_rows == 2


def test_people_give_the_share_and_other_bases_its_spread() -> None:
    villages = pd.DataFrame({"latitude": 13.5, "longitude": [-5.9, -5.1], "persons": [9000, 1000]})
    centres = pd.DataFrame({"latitude": 13.5, "longitude": [-5.9, -5.8, -5.1, -5.2]})

    walk = places.crosswalk(OLD, NEW, population=villages, facilities=centres).set_index("to_code")

    assert walk.loc["N", ["share", "share_low", "share_high"]].tolist() == pytest.approx(
        [0.9, 0.4, 0.9], abs=1e-3
    )
    assert walk.loc["S", ["share", "share_low", "share_high"]].tolist() == pytest.approx(
        [0.1, 0.1, 0.6], abs=1e-3
    )
    assert set(walk["basis"]) == {"population"}


def test_slivers_without_people_are_no_successors() -> None:
    shifted = outlines(N=(-6, 13, -5.6, 14), S=(-5.6, 13, -5, 14), T=(-5.001, 13, -4, 14))

    assert set(places.crosswalk(OLD, shifted)["to_code"]) == {"N", "S"}


def test_an_old_place_without_successor_is_refused() -> None:
    with pytest.raises(places.PlacesRefused, match="A"):
        places.crosswalk(OLD, outlines(Z=(0, 0, 1, 1)))


def test_counts_carry_over_with_their_bounds_and_nothing_is_lost() -> None:
    walk = pd.DataFrame(
        {
            "from_code": ["A", "A"],
            "to_code": ["N", "S"],
            "share": [0.9, 0.1],
            "share_low": [0.4, 0.1],
            "share_high": [0.9, 0.6],
        }
    )
    doses = pd.DataFrame({"place_code": ["A", "B"], "period": "202306", "value": [100.0, 7.0]})

    carried = places.carry_over(doses, walk, column="value").set_index("place_code")

    assert carried["value"].to_dict() == pytest.approx({"N": 90, "S": 10, "B": 7})
    assert carried.loc["S", ["value_low", "value_high"]].tolist() == pytest.approx([10, 60])
    assert carried["value"].sum() == doses["value"].sum()


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.lists(st.floats(-5.95, -5.05), min_size=1, max_size=8))
def test_shares_of_an_old_place_add_up_to_one(borders: list[float]) -> None:
    cuts = sorted({-6.0, -5.0, *(round(cut, 3) for cut in borders)})
    pieces = {f"N{at}": (west, 13, east, 14) for at, (west, east) in enumerate(pairwise(cuts))}

    walk = places.crosswalk(OLD, outlines(**pieces))

    assert walk["share"].sum() == pytest.approx(1)
    assert ((walk["share_low"] <= walk["share"]) & (walk["share"] <= walk["share_high"])).all()


def country() -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [
        ("ML", "Mali", "country"), ("ML-R0001", "Sikasso", "region"), ("ML-D0001", "Bougouni", "district"),
        ("ML-D0002", "Yanfolila", "district"), ("ML-H0001", "Bougouni Est", "health_area"),
        ("ML-H0002", "Kologo", "health_area"),
    ]  # fmt: skip
    known = pd.DataFrame(
        [(code, name, level, "", None, None, None, None, "test") for code, name, level in rows],
        columns=list(PLACES.column_names),
    )
    links = [
        ("ML-R0001", "ML"), ("ML-D0001", "ML-R0001"), ("ML-D0002", "ML-R0001"), ("ML-H0001", "ML-D0001"),
        ("ML-H0002", "ML-D0001"),
    ]  # fmt: skip
    parents = pd.DataFrame(
        [(child, "health", parent, None, None, "test") for child, parent in links],
        columns=list(PLACE_PARENTS.column_names),
    )
    return known, parents


def test_a_split_closes_the_old_place_and_mints_new_codes() -> None:
    known, parents = country()

    after = places.split(
        known, parents, "ML-D0001", {"Bougouni": 0.7, "Kologo": 0.3},
        children={"ML-H0001": "Bougouni", "ML-H0002": "Kologo"}, country="ML", on=REFORM, taken=["ML-D0007"],
    )  # fmt: skip

    row = after.places.set_index("place_code")
    assert row.loc["ML-D0001", "valid_to"] == date(2023, 6, 30)
    assert row.loc["ML-D0008", ["name", "valid_from"]].tolist() == ["Bougouni", REFORM]
    assert places.ancestors(after.place_parents, "ML-H0002", tree="health", on=REFORM) == [
        "ML-D0009",
        "ML-R0001",
        "ML",
    ]
    assert (
        places.ancestors(after.place_parents, "ML-H0002", tree="health", on=date(2023, 6, 30))[0]
        == "ML-D0001"
    )
    assert after.place_crosswalk["share"].tolist() == [0.7, 0.3]
    assert places.tree_findings(after.place_parents, after.places, tree="health").empty


def test_a_merger_brings_the_children_together() -> None:
    known, parents = country()

    after = places.merge(known, parents, ["ML-D0001", "ML-D0002"], "Grand Bougouni", country="ML", on=REFORM)

    assert places.children(after.place_parents, "ML-D0003", tree="health", on=REFORM) == {
        "ML-H0001",
        "ML-H0002",
    }
    assert places.children(after.place_parents, "ML-R0001", tree="health", on=REFORM) == {"ML-D0003"}
    assert set(after.place_crosswalk["from_code"]) == {"ML-D0001", "ML-D0002"}
    assert places.tree_findings(after.place_parents, after.places, tree="health").empty


@pytest.mark.parametrize(
    ("shares", "children", "said"),
    [
        ({"X": 0.7, "Y": 0.7}, {"ML-H0001": "X", "ML-H0002": "Y"}, "add up to 1"),
        ({"X": 0.5, "Y": 0.5}, {"ML-H0001": "X"}, "ML-H0002"),
        ({"X": 0.5, "Y": 0.5}, {"ML-H0001": "X", "ML-H0002": "Z"}, "check Z"),
    ],
)
def test_an_incomplete_split_is_refused(
    shares: dict[str, float], children: dict[str, str], said: str
) -> None:
    known, parents = country()

    with pytest.raises(places.PlacesRefused, match=said):
        places.split(known, parents, "ML-D0001", shares, children=children, country="ML", on=REFORM)


def test_a_place_that_is_closed_or_of_another_level_cannot_be_redrawn() -> None:
    known, parents = country()

    with pytest.raises(places.PlacesRefused, match="exists on"):
        places.merge(known, parents, ["ML-D0001", "ML-D0009"], "X", country="ML", on=REFORM)
    with pytest.raises(places.PlacesRefused, match="one level"):
        places.merge(known, parents, ["ML-D0001", "ML-H0001"], "X", country="ML", on=REFORM)
