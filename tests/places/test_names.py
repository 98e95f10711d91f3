"""Do all ways to write a name meet, and do names of neighbours stay apart?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso import places
from kalanso.places.names import likeness, parse_name, variants


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("N'Debougou", "Ndébougou"),
        ("N’Debougou ", "NDEBOUGOU"),
        ("Ségou", "Segou"),
        ("Gourma-Rharous", "Gourma  Rharous"),
        ("Commune III", "Commune 3"),
        ("Commune III", "commune 3ème"),
        ("Murang'a", "Muranga"),
        ("Bɔugouni", "Bougouni"),
        ("Cœur", "Coeur"),
    ],
)
def test_spellings_of_one_name_have_one_normal_form(one: str, other: str) -> None:
    assert places.normalise(one) == places.normalise(other)


@pytest.mark.parametrize(
    "written",
    [
        "CSCOM de Boura",
        "CSCom Boura",
        "Boura Community Health Centre",
        "Centre de santé communautaire de Boura",
        "Cercle de Boura",
        "Boura County",
        "Aire de santé de Boura",
        "  boura ",
    ],
)
def test_words_for_the_kind_of_place_are_not_part_of_its_name(written: str) -> None:
    assert parse_name(written).core == "boura"


def test_an_elided_article_is_no_letter_of_the_name() -> None:
    assert parse_name("CSCom d'Ansongo").core == "ansongo"
    assert parse_name("Hôpital de l’Amitié").core == "amitie"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bougouni Est", "Bougouni Ouest"),
        ("Pelengana Nord", "Pelengana Sud"),
        ("Niono Central", "Niono"),
        ("Asacoga I", "Asacoga II"),
        ("Western Area Urban", "Western Area Rural"),
        ("Kalabancoro A", "Kalabancoro B"),
        ("Nord-Est", "Nord-Ouest"),
    ],
)
def test_words_that_tell_neighbours_apart_differ(one: str, other: str) -> None:
    assert parse_name(one).marks != parse_name(other).marks


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Extrême-Nord", "Far North"),
        ("North-Eastern", "Nord Est"),
        ("Northeast", "Nord-Est"),
        ("Bougouni Est", "Bougouni East"),
    ],
)
def test_such_words_mean_the_same_in_both_languages(one: str, other: str) -> None:
    assert parse_name(one).marks == parse_name(other).marks


def test_a_name_made_of_such_words_alone_keeps_them() -> None:
    assert parse_name("Commune").core == "commune"
    assert parse_name("Nord").marks == {"north"}
    assert likeness(parse_name("Nord"), parse_name("Northern")) == 1.0
    assert likeness(parse_name("Nord"), parse_name("Sud")) == 0.0


@pytest.mark.parametrize(
    ("one", "other"), [("Ségou", "Segu"), ("Djenné", "Jenne"), ("Ouelessebougou", "Welesebugu")]
)
def test_french_and_bambara_spelling_of_one_sound_are_nearly_the_same(one: str, other: str) -> None:
    assert likeness(parse_name(one), parse_name(other)) == 0.97


def test_a_name_in_brackets_is_another_way_to_say_it() -> None:
    assert set(variants("Inlamawane (Fanfi)")) == {"Inlamawane (Fanfi)", "Inlamawane", "Fanfi"}


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.text(min_size=1, max_size=25))
def test_normalising_twice_changes_nothing(name: str) -> None:
    once = places.normalise(name)
    assert places.normalise(once) == once


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.text(alphabet="abdegkmnouéè' -I", max_size=15), st.text(alphabet="abdegkmnouéè' -I", max_size=15))
def test_likeness_is_the_same_both_ways_and_a_share(one: str, other: str) -> None:
    there, back = likeness(parse_name(one), parse_name(other)), likeness(parse_name(other), parse_name(one))
    assert there == pytest.approx(back)
    assert 0 <= there <= 1
