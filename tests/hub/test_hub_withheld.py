"""Does a page that leaves areas out say so, and claim nothing of all areas to whom some are not shown?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from tests.hub.circles import Ground
from tests.hub.conftest import NOW
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import visitor

LATER = NOW + timedelta(days=1)
SAID = "ne vous sont pas montrées : zones protégées"
OF_ALL = ("La moitié vivent dans", "il faut une liste de", "la moitié du total", "Aucune poche sous 80 % :")
PAGES = (
    "/ou/", "/ou/?lieu={district}", "/ou/poches/", "/ou/poches/?lieu={district}", "/lieux/{district}/estimation/",
    "/lieux/{country}/estimation/", "/preuves/registre/", "/preuves/comparaison/?lieu={district}", "/lieux/{district}/",
)  # fmt: skip


@pytest.fixture
def told(quick_hand: Any, ground: Ground) -> Iterator[Ground]:
    with override_settings(KALANSO_STORE=ground.folder):
        yield ground


def page(told: Ground, path: str, role: str = "researcher", place: str = "") -> str:
    return text_of(visitor(role, place).get(path.format(**told.codes)))


@pytest.mark.parametrize("path", PAGES)
def test_whoever_is_not_cleared_is_told_how_many_areas_are_left_out(path: str, told: Ground) -> None:
    """One area is under a flag, and the next one of its district stands in for it (decision 34)."""
    text = page(told, path)

    assert (
        f"2 aires de santé de {'Mali' if 'country' in path or 'lieu' not in path else 'Niono'} {SAID}" in text
    )
    assert not [claim for claim in OF_ALL if claim in text]


@pytest.mark.parametrize("path", PAGES)
def test_whoever_is_cleared_reads_of_all_areas(path: str, told: Ground) -> None:
    text = page(told, path, "national")
    assert SAID not in text
    if path == "/ou/":
        assert "La moitié vivent dans" in text
        assert "il faut une liste de" in text


def test_a_team_is_told_of_areas_elsewhere_and_not_of_its_own(told: Ground) -> None:
    assert SAID not in page(told, "/ou/?lieu={district}", "district", told.codes["district"])
    assert SAID in page(told, "/ou/?lieu={country}", "district", told.codes["other_district"])


def test_the_public_which_sees_no_area_is_told_of_none(told: Ground) -> None:
    assert "zones protégées" not in page(told, "/ou/", "reader")


def test_an_area_that_is_not_shown_is_not_called_one_without_an_estimate(told: Ground) -> None:
    cell = re.compile(r"pas d'estimation( montrée)?(?! montrée)(?! pour ce lieu)")
    assert " montrée" in {found[1] for found in cell.finditer(page(told, "/ou/?lieu={district}"))}
    assert " montrée" not in {
        found[1] for found in cell.finditer(page(told, "/ou/?lieu={district}", "national"))
    }


def test_pockets_that_touch_a_guarded_area_are_not_said_not_to_be(told: Ground) -> None:
    text = page(told, "/ou/poches/?seuil=50")
    assert "Aucune poche sous 50 % :" not in text
    assert "Il peut y en avoir" in text


def test_pockets_of_a_place_count_only_its_own_areas_that_are_not_shown(told: Ground) -> None:
    text = page(told, "/ou/poches/?lieu={other_district}&seuil=50", "district", told.codes["other_district"])

    assert SAID not in text, "all areas of this district are shown to its team"
    assert "Bougouni, parmi les aires qui vous sont montrées : 1 poche" in text


def test_a_place_without_pockets_is_told_so_by_its_name(told: Ground) -> None:
    text = page(told, "/ou/poches/?lieu={district}")
    assert "Niono : aucune poche sous 80 % ne vous est montrée" in text
    assert "ici ou dans un lieu voisin" in text


@pytest.mark.parametrize(
    "path", ["/ou/?lieu={district}", "/lieux/{district}/", "/preuves/comparaison/?lieu={district}"]
)
def test_figures_of_a_part_say_so(path: str, told: Ground, quick_hand: Any) -> None:
    page(told, path)
    drawn = [job["arguments"] for job in quick_hand.jobs if "among" not in job]
    named = [one for one in drawn if one["subject"].get("place") == "Niono, parmi les lieux montrés"]
    assert named
    assert not [one for one in named if one.get("total") is not None], "no half of a part"


def test_a_study_area_that_is_not_shown_is_not_said_to_have_no_numbers(told: Ground) -> None:
    from kalanso.places.tables import PLACE_FLAGS
    from kalanso.store import Mode, Provenance, Store

    store = Store.open(told.folder, memory="1GB", threads=1)
    kept = store.read(PLACE_FLAGS).to_pyarrow()
    flag = kept.to_pylist()[0] | {"place_code": told.codes["area"]}  # Ndébougou, of the study
    store.publish(PLACE_FLAGS, [flag], provenance=Provenance(), now=LATER, mode=Mode.REPLACE_ALL)
    try:
        text = page(told, "/centre-apprentissage/tendances/")
    finally:
        store.publish(PLACE_FLAGS, kept, provenance=Provenance(), now=LATER, mode=Mode.REPLACE_ALL)

    assert "de l'étude ne vous" in text
    assert "Ndébougou" not in text.partition("Sans chiffres dans cet entrepôt")[2].partition(".")[0]
    assert "de l'étude ne vous" not in page(told, "/centre-apprentissage/tendances/", "national")
