"""Does a list that says of which place it speaks mean its own places, and never another by silence?

Inside stand Faniso, Kayes Médine and Lafiabougou, below Kayes; elsewhere another Faniso, a Médine and a Sirakoro.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from kalanso import places

KNOWN = pd.DataFrame(
    [
        ("K1", "Faniso", "Kayes"),
        ("K2", "Kayes Médine", "Kayes"),
        ("K3", "Lafiabougou", "Kayes"),
        ("K4", "Diamou", "Kayes"),
        ("N1", "Faniso", "Niono"),
        ("B1", "Médine (CI)", "Bamako"),
        ("N2", "Sirakoro", "Niono"),
        ("N3", "Diamu", "Niono"),
    ],
    columns=["place_code", "name", "parent_name"],
)
KAYES = frozenset({"K1", "K2", "K3", "K4"})


def judged(name: str, *, parent: str = "", within: frozenset[str] | None = KAYES) -> dict[str, Any]:
    """Return status, place, reason and offered places of one name."""
    rows = pd.DataFrame([{"code": name, "name": name, "parent_name": parent}])
    found = places.match(rows, KNOWN, system="s", vintage="v", within=within).to_dict("records")[0]
    evidence = json.loads(found["candidates"])
    return {
        "status": found["status"], "place": found["place_code"], "reason": evidence["reason"],
        "offered": [one["place_code"] for one in evidence["candidates"]],
    }  # fmt: skip


@pytest.mark.parametrize("written", ["Faniso", "FANISO", "  faniso "])
def test_a_name_to_the_letter_inside_the_declared_place_is_certain_whoever_else_carries_it(
    written: str,
) -> None:
    assert judged(written, within=None)["status"] == "ambiguous"

    assert judged(written) == {"status": "matched", "place": "K1", "reason": "same_name", "offered": ["K1"]}


def test_two_places_of_one_name_inside_are_asked_about() -> None:
    assert judged("Faniso", within=KAYES | {"N1"})["status"] == "ambiguous"


def test_a_name_that_only_holds_part_of_one_inside_is_asked_with_that_one_first() -> None:
    found = judged("Medine")

    assert (found["status"], found["reason"]) == ("ambiguous", "elsewhere_differ")
    assert found["offered"] == ["K2"]


def test_a_slip_is_understood_inside() -> None:
    assert judged("Lafiabugou") == {
        "status": "matched", "place": "K3", "reason": "alike", "offered": ["K3"],
    }  # fmt: skip


def test_a_near_name_inside_is_asked_about_where_one_elsewhere_carries_it_to_the_letter() -> None:
    found = judged("Diamu")

    assert (found["status"], found["reason"], found["offered"]) == ("ambiguous", "elsewhere_differ", ["K4"])


def test_a_row_that_says_another_parent_is_not_taken_for_the_namesake_inside() -> None:
    assert judged("Faniso", parent="Niono") == {
        "status": "matched", "place": "N1", "reason": "same_name", "offered": ["N1", "K1"],
    }  # fmt: skip
    assert judged("Faniso", parent="Kayes")["place"] == "K1"


def test_a_name_of_elsewhere_alone_is_known_to_be_elsewhere() -> None:
    found = judged("Sirakoro")

    assert (found["status"], found["place"]) == ("matched", "N2")


def test_a_name_like_none_is_left_open() -> None:
    assert judged("Tombouctou")["status"] == "unmatched"


def test_an_empty_declared_place_accepts_nothing() -> None:
    assert judged("Faniso", within=frozenset())["status"] == "ambiguous"
    assert judged("Lafiabougou", within=frozenset())["status"] == "matched"
