"""Is a slip in a word that tells neighbours apart understood, and yet never accepted unasked?"""

from __future__ import annotations

import json

import pandas as pd
import pytest

from kalanso import places
from kalanso.places.marks import SHORTENED, SLIP, meant

AROUND_BOUGOUNI = (
    "CSRéf Bougouni", "CSCom Bougouni Est", "CSCom Bougouni Central", "CSCom Bougouni Nord",
    "CSCom Bougouni Sud", "CSCom Bla Central", "CSCom Bla Nord", "CSCom Kita I", "CSCom Kita II",
)  # fmt: skip


def asked(name: str, *known: str) -> tuple[str, str, list[str]]:
    """Return the outcome of one name, why, and the candidates in their order."""
    names = known or AROUND_BOUGOUNI
    found = places.match(
        pd.DataFrame({"code": ["L0"], "name": [name], "level": "facility"}),
        pd.DataFrame({"place_code": [f"P{at}" for at in range(len(names))], "name": names, "level": "facility"}),
        system="l", vintage="1",
    )  # fmt: skip
    evidence = json.loads(found["candidates"][0])
    return found["status"][0], evidence["reason"], [one["name"] for one in evidence["candidates"]]


@pytest.mark.parametrize(
    ("written", "meant_place"),
    [
        ("CSCom Bougouni Cental", "CSCom Bougouni Central"),
        ("CSCom Bougouni Centarl", "CSCom Bougouni Central"),
        ("CSCom Bougouni Cntrl", "CSCom Bougouni Central"),
        ("CSCom Bougouni Ctral", "CSCom Bougouni Central"),
        ("CSCom Bougouni Nrod", "CSCom Bougouni Nord"),
        ("CSCom Bougouni Norrd", "CSCom Bougouni Nord"),
        ("CSCom Bougouni Sdu", "CSCom Bougouni Sud"),
        ("CSCom Bougouni Sd", "CSCom Bougouni Sud"),
        ("Bougouni Esst", "CSCom Bougouni Est"),
        ("CSCom Bla Cental", "CSCom Bla Central"),
    ],
)
def test_a_slip_in_a_distinguishing_word_puts_the_place_first_and_asks(
    written: str, meant_place: str
) -> None:
    status, reason, candidates = asked(written)

    assert (status, reason, candidates[0]) == ("ambiguous", "mark_spelling_differ", meant_place)


def test_a_slip_in_the_known_name_is_understood_as_well() -> None:
    assert asked("CSCom Bla Central", "CSCom Bla Nord", "CSCom Bla Cental") == (
        "ambiguous", "mark_spelling_differ", ["CSCom Bla Cental", "CSCom Bla Nord"],
    )  # fmt: skip


def test_a_slip_is_asked_about_even_where_no_neighbour_is_known() -> None:
    assert asked("CSCom Bougouni Cental", "CSCom Bougouni Central", "CSCom Boura")[0] == "ambiguous"


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("Kita III", "Kita II"),
        ("Kita 11", "Kita 1"),
        ("Kalabancoro A", "Kalabancoro B"),
        ("Bougouni Est", "Bougouni Ouest"),
        ("Bougouni Ext", "Bougouni Est"),
    ],
)
def test_numbers_letters_and_known_words_are_read_to_the_letter(written: str, there: str) -> None:
    assert asked(written, there)[:2] == ("ambiguous", "marks_differ")


def test_a_slip_beside_a_number_needs_the_same_number() -> None:
    status, reason, candidates = asked("Kita Cental II", "Kita Central I", "Kita Central II")

    assert (status, reason) == ("ambiguous", "mark_spelling_differ")
    assert candidates == ["Kita Central II", "Kita Central I"]


def test_another_kind_of_place_stands_behind_those_of_the_kind_said() -> None:
    _status, _reason, candidates = asked("CSCom Bougouni Cental", *AROUND_BOUGOUNI[:5])

    assert candidates[-1] == "CSRéf Bougouni"


def test_equal_candidates_stand_by_their_letters() -> None:
    assert asked("Kati Oest", "Kati Est", "Kati Ouest")[2] == ["Kati Ouest", "Kati Est"]


@pytest.mark.parametrize(
    ("word", "marks"),
    [
        ("cental", {"central": SLIP}),
        ("ctral", {"central": SLIP}),
        ("ctr", {"central": SHORTENED}),
        ("sd", {"south": SHORTENED}),
        ("nord", {}),
        ("2", {}),
        ("b", {}),
        ("diallo", {}),
    ],
)
def test_a_word_may_be_one_mark_or_none(word: str, marks: dict[str, int]) -> None:
    assert dict(meant(word)) == marks
