"""Is it told when facilities closed or people arrived, in the place and month alone where they did?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from kalanso.triangulation import access, sentence
from kalanso.triangulation.findings import findings_table
from kalanso.triangulation.narrative import review
from tests.triangulation.dossiers import PACK, districts, lay, table

COVERAGE = table(
    "place_code year indicator source kind value", [("D01", 2022, "dtp1", "moh", "administrative", 0.9)]
)
ACCESS = table("place_code measure value", [("D01", "conflict", 0.5)])
WAS = {
    "facilities_functional": 8,
    "facilities_closed": 1,
    "facilities_destroyed": 0,
    "displaced_persons": 500,
}


def _ground(now: dict[str, float], *, before: str = "202304", month: str = "202305") -> pd.DataFrame:
    rows = [
        ("D01", when, name, value)
        for when, told in ((before, WAS), (month, WAS | now))
        for name, value in told.items()
    ]
    return table("place_code period measure value", rows)


def _answer(ground: pd.DataFrame) -> Any:
    return access.compare(lay(places=districts(3), coverage=COVERAGE, access=ACCESS, ground=ground))


def _told(ground: pd.DataFrame) -> list[Any]:
    return [one for one in _answer(ground).findings if one.kind == "changed"]


def test_facilities_that_closed_or_were_destroyed_are_told_out_of_all() -> None:
    (told,) = _told(_ground({"facilities_functional": 6, "facilities_closed": 2, "facilities_destroyed": 1}))

    assert (told.place_code, told.period, told.value, told.expected) == ("D01", "202305", 3, 1)
    text = sentence(told.message, {"D01": "Niono"}, PACK, "fr")
    assert "3 centres fermés ou détruits sur 9, 2 de plus qu’en avril 2023" in text
    assert "3 facilities closed or destroyed of 9" in sentence(told.message, {"D01": "Niono"}, PACK, "en")


def test_people_who_arrived_are_told_from_a_hundred_on() -> None:
    (told,) = _told(_ground({"displaced_persons": 640}))

    assert told.message.id == "triangulation.access.arrived"
    assert told.message.params["more"] == 140
    assert not _told(_ground({"displaced_persons": 590}))


def test_what_opened_again_or_left_is_not_told_as_a_change_for_the_worse() -> None:
    assert not _told(_ground({"facilities_functional": 9, "facilities_closed": 0, "displaced_persons": 100}))


def test_months_that_lie_far_apart_are_not_compared() -> None:
    assert not _told(_ground({"facilities_closed": 5}, before="202204"))


@pytest.mark.parametrize("place", ["D01", "ML"])
def test_the_monthly_review_says_it_of_the_place_and_of_the_places_above(place: str) -> None:
    dossier = lay(
        places=districts(3), coverage=COVERAGE, access=ACCESS, ground=_ground({"facilities_closed": 4})
    )
    findings = findings_table(dossier, [access.compare(dossier)])

    said = review(findings, place, [] if place == "D01" else ["D01", "D02", "D03"])

    assert [one.message.id for one in said if one.section == "changed"] == ["triangulation.access.closed"]
