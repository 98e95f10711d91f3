"""Where does a place belong on a given day, and what is said about a faulty tree?"""

from __future__ import annotations

import re
from datetime import date
from importlib import resources

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso import places
from kalanso.places.geometry import SEVERITIES
from kalanso.vocabulary import Message
from kalanso.vocabulary.messages import catalogue

LEVELS = {
    "ML": "country",
    "R1": "region",
    "R2": "region",
    "D1": "district",
    "H1": "health_area",
    "F1": "facility",
}
PLACES = pd.DataFrame(
    {"place_code": list(LEVELS), "level": list(LEVELS.values()), "valid_from": None, "valid_to": None}
)
REFORM = date(2023, 7, 1)


def links(*rows: tuple[str, str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (child, "health", parent, first and date.fromisoformat(first), last and date.fromisoformat(last))
            for child, parent, first, last in rows
        ],
        columns=["place_code", "tree", "parent_code", "valid_from", "valid_to"],
    )


# The district moved from the first region to the second on 1 July 2023.
MOVED = links(
    ("R1", "ML", None, None),
    ("R2", "ML", "2023-07-01", None),
    ("D1", "R1", None, "2023-06-30"),
    ("D1", "R2", "2023-07-01", None),
    ("H1", "D1", None, None),
    ("F1", "H1", None, None),
)


def test_a_facility_belongs_to_all_above_it_as_of_the_day() -> None:
    assert places.ancestors(MOVED, "F1", tree="health", on=date(2023, 6, 30)) == ["H1", "D1", "R1", "ML"]
    assert places.ancestors(MOVED, "F1", tree="health", on=REFORM) == ["H1", "D1", "R2", "ML"]


def test_the_lineage_holds_each_place_with_itself_and_all_above() -> None:
    found = places.lineage(MOVED, PLACES, tree="health", on=REFORM)

    assert list(found.columns) == ["place_code", "ancestor_code", "ancestor_level"]
    of_area = found[found["place_code"] == "H1"]
    assert list(of_area["ancestor_code"]) == ["H1", "D1", "R2", "ML"]
    assert list(of_area["ancestor_level"]) == ["health_area", "district", "region", "country"]


def test_the_lineage_takes_arrow_tables_too() -> None:
    arrow = places.lineage(
        pa.Table.from_pandas(MOVED), pa.Table.from_pandas(PLACES), tree="health", on=REFORM
    )

    pd.testing.assert_frame_equal(arrow, places.lineage(MOVED, PLACES, tree="health", on=REFORM))


def test_the_subtree_and_the_children_follow_the_day() -> None:
    assert places.subtree(MOVED, "R1", tree="health", on=date(2023, 6, 30)) == {"R1", "D1", "H1", "F1"}
    assert places.subtree(MOVED, "R1", tree="health", on=REFORM) == {"R1"}
    assert places.children(MOVED, "R2", tree="health", on=REFORM) == {"D1"}


def test_the_other_tree_is_not_mixed_in() -> None:
    both = pd.concat([MOVED, links(("F1", "R1", None, None)).assign(tree="administrative")])

    assert places.ancestors(both, "F1", tree="administrative", on=REFORM) == ["R1"]


def test_a_circle_is_refused_with_its_path() -> None:
    circle = links(("D1", "H1", None, None), ("H1", "F1", None, None), ("F1", "D1", None, None))

    with pytest.raises(places.PlacesRefused, match="D1 > H1 > F1 > D1"):
        places.lineage(circle, PLACES, tree="health", on=REFORM)


def test_two_parents_on_one_day_are_refused() -> None:
    double = links(("D1", "R1", None, None), ("D1", "R2", "2023-07-01", None))

    assert places.ancestors(double, "D1", tree="health", on=date(2023, 6, 30)) == ["R1"]
    with pytest.raises(places.PlacesRefused, match="both R1 and R2"):
        places.ancestors(double, "D1", tree="health", on=REFORM)


def test_a_link_to_an_unknown_place_is_refused() -> None:
    with pytest.raises(places.PlacesRefused, match="R9"):
        places.lineage(links(("D1", "R9", None, None)), PLACES, tree="health", on=REFORM)


def test_a_sound_tree_has_no_findings() -> None:
    assert places.tree_findings(MOVED, PLACES, tree="health").empty


@pytest.mark.parametrize(
    ("rows", "finding", "first", "last"),
    [
        (
            [("D1", "R1", None, "2023-06-30"), ("D1", "R2", "2023-08-01", None)],
            "gap",
            date(2023, 7, 1),
            date(2023, 7, 31),
        ),
        (
            [("D1", "R1", None, "2023-06-30"), ("D1", "R2", "2023-06-01", None)],
            "overlap",
            date(2023, 6, 1),
            date(2023, 6, 30),
        ),
        ([("D1", "R1", "2023-06-30", "2023-01-01")], "reversed", date(2023, 6, 30), date(2023, 1, 1)),
        ([("D1", "R9", None, None)], "unknown_place", None, None),
        ([("D1", "H1", None, None)], "above", None, None),
        ([("D1", "R1", None, "2023-06-30")], "gap", date(2023, 7, 1), None),
    ],
)
def test_each_fault_of_a_tree_is_reported_with_its_days(
    rows: list[tuple[str, str, str | None, str | None]], finding: str, first: date | None, last: date | None
) -> None:
    found = places.tree_findings(links(*rows), PLACES, tree="health")
    row = found[found["finding"] == finding].iloc[0]

    assert row["place_code"] == "D1"
    assert (row["first_day"] or None, row["last_day"] or None) == (first, last)
    for locale in ("fr", "en"):
        assert "D1" in Message.from_json(row["message"], row["params"]).render(locale)


def test_a_circle_of_one_year_is_reported_although_it_is_past() -> None:
    past = links(
        ("D1", "H1", "2020-01-01", "2020-12-31"), ("H1", "D1", None, None), ("D1", "R1", "2021-01-01", None)
    )

    found = places.tree_findings(past, PLACES, tree="health")

    assert "circle" in set(found["finding"])


def test_a_place_without_any_parent_is_reported_where_its_level_has_them() -> None:
    found = places.tree_findings(links(("R1", "ML", None, None)), PLACES, tree="health")

    assert set(found[found["finding"] == "no_parent"]["place_code"]) == {"R2"}


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 11), min_size=12, max_size=12))
def test_the_lineage_agrees_with_walking_up_one_by_one(above: list[int]) -> None:
    # Parents with a smaller number only, so that no circle arises.
    codes = [f"P{at}" for at in range(12)]
    rows = [(codes[at], codes[above[at] % at], None, None) for at in range(1, 12)]
    known = pd.DataFrame({"place_code": codes, "level": "district"})

    found = places.lineage(links(*rows), known, tree="health", on=REFORM)

    parent = {child: up for child, up, _, _ in rows}
    slow = set()
    for code in codes:
        step = code
        slow.add((code, step))
        while step in parent:
            step = parent[step]
            slow.add((code, step))
    assert set(zip(found["place_code"], found["ancestor_code"], strict=True)) == slow
    assert len(found) == len(slow)


def test_a_security_flag_covers_everything_below_while_it_lasts() -> None:
    flags = pd.DataFrame(
        {
            "place_code": ["D1"],
            "flag": ["security"],
            "valid_from": [date(2023, 1, 1)],
            "valid_to": [date(2023, 12, 31)],
        }
    )
    family = places.lineage(MOVED, PLACES, tree="health", on=REFORM)

    assert places.flagged(flags, family, on=date(2023, 12, 31)) == {"D1", "H1", "F1"}
    assert places.flagged(flags, family, on=date(2024, 1, 1)) == set()
    assert places.flagged(flags, family, on=date(2022, 12, 31)) == set()


def test_contexts_hold_on_their_days_and_are_inherited_only_on_request() -> None:
    contexts = pd.DataFrame(
        {
            "place_code": ["D1", "D1", "F1"], "context": ["conflict", "miners", "island"],
            "valid_from": [date(2022, 1, 1), date(2020, 1, 1), None], "valid_to": [None, date(2021, 1, 1), None],
        }
    )  # fmt: skip
    family = places.lineage(MOVED, PLACES, tree="health", on=REFORM)

    own = places.contexts_on(contexts, on=REFORM)
    below = places.contexts_on(contexts, on=REFORM, lineage=family)

    assert list(own.itertuples(index=False, name=None)) == [("D1", "conflict"), ("F1", "island")]
    assert set(below.itertuples(index=False, name=None)) == {
        ("D1", "conflict"), ("H1", "conflict"), ("F1", "conflict"), ("F1", "island"),
    }  # fmt: skip


def test_codes_go_on_after_the_highest_ever_given() -> None:
    taken = ["ML-D0001", "ML-D0041", "ML-H0099", "KE-D0500"]

    assert places.mint_codes("ML", "district", 2, taken) == ["ML-D0042", "ML-D0043"]
    assert places.mint_codes("ML", "country", 1, taken) == ["ML"]
    assert places.mint_codes("ML", "facility", 0, taken) == []
    assert places.mint_codes("ML", "facility", 1, ["ML-F9999"]) == ["ML-F10000"]


def test_a_second_country_or_a_strange_country_code_is_refused() -> None:
    with pytest.raises(places.PlacesRefused, match="one country"):
        places.mint_codes("ML", "country", 1, ["ML"])
    with pytest.raises(places.PlacesRefused, match="two capital letters"):
        places.mint_codes("Mali", "district", 1, [])


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.sets(st.integers(1, 20000)), st.integers(1, 50))
def test_a_minted_code_was_never_given_before(numbers: set[int], count: int) -> None:
    taken = {f"ML-H{number:04d}" for number in numbers}
    fresh = places.mint_codes("ML", "health_area", count, taken)

    assert len(set(fresh)) == count
    assert not set(fresh) & taken


def test_every_sentence_exists_in_both_languages() -> None:
    french, english = (
        {entry.id for entry in catalogue("places", locale) if entry.id} for locale in ("fr", "en")
    )
    folder = resources.files("kalanso.places")
    code = "".join(file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".py"))
    used = set(re.findall(r'"(places\.(?:refused|note|catchment|simplify)\.[a-z_]+)"', code))

    assert french == english
    assert used
    assert used <= english
    assert {f"places.geometry.{check}" for check in SEVERITIES} <= english
