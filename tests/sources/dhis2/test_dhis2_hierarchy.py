"""Is every change in a server's tree seen, and none imagined?"""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kalanso.places.orgunits import from_dhis2
from kalanso.sources.dhis2.hierarchy import changes, levels_from_names, on_ladder, picture

TREE: list[dict[str, Any]] = [
    {"id": "ML", "name": "Mali", "level": 1, "path": "/ML"},
    {"id": "KAY", "name": "Kayes", "level": 2, "path": "/ML/KAY"},
    {"id": "SEG", "name": "Ségou", "level": 2, "path": "/ML/SEG"},
    {"id": "NIO", "name": "Niono", "level": 3, "path": "/ML/SEG/NIO", "code": "N1"},
    {"id": "A", "name": "CSCom A", "level": 4, "path": "/ML/SEG/NIO/A", "geometry": {"type": "Point", "coordinates": [-6, 14]}},
    {"id": "B", "name": "CSCom B", "level": 4, "path": "/ML/SEG/NIO/B"},
]  # fmt: skip


def altered(**by_uid: dict[str, Any] | None) -> list[dict[str, Any]]:
    tree = [
        {**unit, **(by_uid.get(unit["id"]) or {})}
        for unit in copy.deepcopy(TREE)
        if by_uid.get(unit["id"], {}) is not None
    ]
    known = {unit["id"] for unit in TREE}
    return tree + [{"id": uid, **told} for uid, told in by_uid.items() if uid not in known and told]


@pytest.mark.parametrize(
    ("after", "seen"),
    [
        (altered(), []),
        (altered(A={"path": "/ML/KAY/A", "level": 3}), [("A", "moved", "Niono", "Kayes"), ("A", "relevelled", "4", "3")]),
        (altered(A={"name": "CSCom Aw"}), [("A", "renamed", "CSCom A", "CSCom Aw")]),
        (altered(NIO={"code": "N2"}), [("NIO", "recoded", "N1", "N2")]),
        (altered(B={"closedDate": "2024-05-31T00:00:00.000"}), [("B", "closed", "", "2024-05-31")]),
        (altered(B=None), [("B", "removed", "Niono", "")]),
        (altered(C={"name": "CSCom C", "level": 4, "path": "/ML/SEG/NIO/C"}), [("C", "added", "", "Niono")]),
        (altered(B={"geometry": {"type": "Point", "coordinates": [-6.1, 14.2]}}), [("B", "redrawn", "", "…")]),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_said(after: list[dict[str, Any]], seen: list[tuple[str, ...]]) -> None:
    found = changes(picture(TREE), picture(after))
    assert [(c.uid, c.kind, c.before, "…" if c.kind == "redrawn" else c.after) for c in found] == seen


def test_a_parent_that_is_renamed_or_moved_does_not_move_its_children() -> None:
    moved = altered(NIO={"path": "/ML/KAY/NIO"}, A={"path": "/ML/KAY/NIO/A"}, B={"path": "/ML/KAY/NIO/B"})
    assert [(c.uid, c.kind) for c in changes(picture(TREE), picture(moved))] == [("NIO", "moved")]


def test_a_district_that_is_divided_is_a_split() -> None:
    after = altered(
        NIO={"closedDate": "2024-06-30"}, A={"path": "/ML/SEG/N1/A"}, B={"path": "/ML/SEG/N2/B"},
        N1={"name": "Niono", "level": 3, "path": "/ML/SEG/N1"}, N2={"name": "Sokolo", "level": 3, "path": "/ML/SEG/N2"},
    )  # fmt: skip
    found = [c for c in changes(picture(TREE), picture(after)) if c.kind in {"split", "merged"}]
    assert [(c.uid, c.kind, c.after) for c in found] == [("NIO", "split", "Niono, Sokolo")]


def test_a_district_that_gives_up_one_half_is_a_split_too() -> None:
    after = altered(B={"path": "/ML/SEG/N2/B"}, N2={"name": "Sokolo", "level": 3, "path": "/ML/SEG/N2"})
    found = [c for c in changes(picture(TREE), picture(after)) if c.kind == "split"]
    assert [(c.uid, c.after) for c in found] == [("NIO", "Niono, Sokolo")]


def test_regions_that_become_one_are_a_merger() -> None:
    before = altered(KIT={"name": "Kita", "level": 3, "path": "/ML/KAY/KIT"})
    after = [u for u in altered(KIT={"name": "Kita", "level": 3, "path": "/ML/W/KIT"}, NIO={"path": "/ML/W/NIO"},
                                W={"name": "Ouest", "level": 2, "path": "/ML/W"}) if u["id"] not in {"KAY", "SEG"}]  # fmt: skip
    found = [c for c in changes(picture(before), picture(after)) if c.kind == "merged"]
    assert [(c.uid, c.before, c.after) for c in found] == [("W", "Kayes, Ségou", "Ouest")]


def test_the_first_picture_shows_no_change_and_order_does_not_matter() -> None:
    assert changes([], picture(TREE)) == []
    assert picture(TREE) == picture(reversed(TREE))


@pytest.mark.parametrize(
    ("names", "levels"),
    [
        ({1: "Mali", 2: "Région", 3: "District sanitaire", 4: "Aire de santé", 5: "CSCom"}, {1: "country", 2: "region", 3: "district", 4: "health_area", 5: "facility"}),
        ({1: "National", 2: "Region", 3: "District", 4: "Facility"}, {1: "country", 2: "region", 3: "district", 4: "facility"}),
        ({1: "National", 2: "District", 3: "Chiefdom", 4: "Health facility"}, {1: "country", 2: "district", 4: "facility"}),
        ({1: "L1", 2: "L2", 3: "L3", 4: "L4", 5: "L5"}, {1: "country", 2: "region", 3: "district", 4: "health_area", 5: "facility"}),
    ],
)  # fmt: skip
def test_levels_are_known_by_their_names_first(names: dict[int, str], levels: dict[int, str]) -> None:
    assert levels_from_names(names) == levels


def test_a_rung_that_we_do_not_have_leaves_its_facilities_one_rung_higher() -> None:
    kept = on_ladder(TREE, {1: "country", 2: "region", 4: "facility"})
    assert {u["id"]: (u["parent"] or {}).get("id") for u in kept} == {
        "ML": None, "KAY": "ML", "SEG": "ML", "A": "SEG", "B": "SEG",
    }  # fmt: skip


def test_days_and_shapes_are_taken_as_dhis2_writes_them() -> None:
    unit = picture([{**TREE[4], "closedDate": "2025-05-22T15:21:48.516"}])[0]
    assert (unit.closed_on, unit.parent, len(unit.shape)) == (date(2025, 5, 22), "NIO", 16)
    assert picture([{"id": "X", "name": "x", "closedDate": "soon"}])[0].closed_on is None


def test_recorded_units_of_a_outside_become_places(shared_data: Path) -> None:
    folder = shared_data / "dhis2" / "api"
    units = json.loads((folder / "android_organisation_units.json").read_text(encoding="utf-8"))[
        "organisationUnits"
    ]
    found = picture(units)
    assert {"YuQRtpLP10I", "DiszpKrYNg8"} <= {u.uid for u in found}
    assert next(u for u in found if u.uid == "DiszpKrYNg8").parent == "YuQRtpLP10I"
    assert changes(found, found) == []
    listed = from_dhis2(
        on_ladder(units, {3: "district", 4: "facility"}), levels={3: "district", 4: "facility"}
    )
    parents = dict(zip(listed["name"].to_pylist(), listed["parent_code"].to_pylist(), strict=True))
    assert (parents["Badjia"], parents["Ngelehun CHC"]) == ("O6uvpzGd5pu", "YuQRtpLP10I")
