"""Do chooser, comparison and sheet lead where they say, keep place and period, and say what they cannot?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from tests.hub.circles import Ground
from tests.hub.test_hub_circles import enter
from tests.hub.test_hub_pages import FIRST_VIEW, text_of
from tests.hub.visitors import stranger, visitor


@pytest.fixture
def told(quick_hand: Any, ground: Ground) -> Iterator[Ground]:
    with override_settings(KALANSO_STORE=ground.folder):
        yield ground


@pytest.mark.parametrize(
    ("page", "leads"),
    [
        ("place", "/lieux/{district}/?periode=2024Q3"),
        ("place_estimate", "/lieux/{district}/estimation/?periode=2024Q3"),
        ("missed", "/ou/?lieu={district}&periode=2024Q3"),
        ("ledger", "/preuves/registre/?lieu={district}&periode=2024Q3"),
        ("https://example.org/", "/lieux/{district}/?periode=2024Q3"),
    ],
)
def test_the_chooser_leads_to_the_same_page_of_another_place_with_the_period(
    page: str, leads: str, told: Ground
) -> None:
    asked = {"page": page, "lieu": told.codes["district"], "periode": "2024Q3"}
    response = stranger().get("/lieux/choisir/", asked)
    assert response.status_code == 302
    assert response["Location"] == leads.format(**told.codes)


def test_a_name_that_one_place_has_leads_there_and_one_that_many_have_lists_them(told: Ground) -> None:
    client = stranger()
    one = client.get("/lieux/choisir/", {"page": "missed", "lieu": "yorosso central"})
    many = client.get("/lieux/choisir/", {"page": "missed", "lieu": "central"})
    none = client.get("/lieux/choisir/", {"page": "missed", "lieu": "<b>atlantide</b>"})

    assert one["Location"].startswith("/ou/?lieu=ML-H")
    assert len(re.findall(r'href="/ou/\?lieu=', many.content.decode())) > 1
    assert "Aucun lieu ne répond" in text_of(none)
    assert "<b>atlantide" not in none.content.decode()


@pytest.mark.parametrize(
    "page", ["/ou/", "/ou/poches/", "/preuves/registre/", "/preuves/comparaison/", "/preuves/hypotheses/"]
)
def test_no_page_picks_one_of_several_places_of_a_name(page: str, told: Ground) -> None:
    asked = visitor("national").get(page, {"lieu": "central", "periode": "2024Q3"})
    assert "Quel lieu voulez-vous dire ?" in text_of(asked)
    assert len(re.findall(rf'href="{page}\?lieu=ML-[^"]+&amp;periode=2024Q3"', asked.content.decode())) > 1


def test_another_period_of_a_place_whose_name_others_bear_stays_with_that_place(told: Ground) -> None:
    asked = {"page": "place", "ici": told.codes["area"], "periode": "2024Q3"}
    name = visitor().get(f"/lieux/{told.codes['area']}/").context["place"].name
    response = visitor().get("/lieux/choisir/", {**asked, "lieu": name})
    assert response["Location"] == f"/lieux/{told.codes['area']}/?periode=2024Q3"


@pytest.mark.parametrize(
    "page",
    ["/ou/?lieu={district}", "/lieux/{district}/", "/lieux/{district}/estimation/", "/preuves/registre/?lieu={district}",
     "/preuves/comparaison/?lieu={district}", "/lieux/{area}/semblables/", "/lieux/{district}/fiche/"],
)  # fmt: skip
def test_every_page_of_a_place_has_the_chooser_with_my_places_and_recent_ones(
    page: str, told: Ground
) -> None:
    client = enter(("region", "region"), told)
    client.get(f"/lieux/{told.codes['sibling']}/")
    text = text_of(client.get(page.format(**told.codes)))
    assert "Mes lieux : Ségou" in text
    assert "Récents : Niono Central" in text


def test_of_a_visitor_no_place_is_kept(told: Ground) -> None:
    client = stranger()
    response = client.get(f"/lieux/{told.codes['area']}/")
    assert not response.cookies
    assert "Récents" not in text_of(client.get("/ou/"))


def test_links_to_the_pages_beside_keep_place_and_period(told: Ground) -> None:
    page = visitor().get(f"/ou/?lieu={told.codes['district']}&periode=2024Q4").content.decode()
    assert f'href="/ou/poches/?lieu={told.codes["district"]}&amp;periode=2024Q4"' in page


def test_an_area_stands_among_areas_of_its_context_with_a_rank_as_far_as_intervals_tell(told: Ground) -> None:
    from kalanso.hub.explore.queries import likeness, places, shelf
    from kalanso.hub.people.queries.here import reading_as
    from kalanso.store import Scope

    with reading_as(Scope.analyst()):
        here = shelf.current()
        found = [
            (place, context)
            for place in places.tree(here).places.values()
            if place.level == "health_area"
            for context in likeness.contexts_of(here, place.code)[:1]
            if len(likeness.alike(here, context, place.level)) > 2
        ]
        place, context = found[0]
        among = likeness.alike(here, context, place.level)
        rows = likeness.beside(here, place, among, "dtp1", "2024Q4")
    for row in rows:
        surely_lower = [r for r in rows if r.estimate.coverage.high < row.estimate.coverage.low]
        surely_higher = [r for r in rows if r.estimate.coverage.low > row.estimate.coverage.high]
        assert (row.first, row.last) == (1 + len(surely_lower), len(rows) - len(surely_higher))
    assert [row.chosen for row in rows].count(True) == 1
    text = text_of(visitor().get(f"/lieux/{place.code}/semblables/?contexte={context}"))
    assert f"sur {len(rows)} lieux du contexte" in text


def test_a_team_is_compared_by_what_was_released_for_all_of_them(told: Ground) -> None:
    from tests.hub.circles import DRAFT, RELEASED

    page = enter(("facility", "area"), told).get(f"/lieux/{told.codes['area']}/semblables/").content.decode()
    assert RELEASED in page
    assert DRAFT not in page


def test_a_place_without_a_context_and_a_facility_say_so(told: Ground) -> None:
    text = text_of(visitor().get(f"/lieux/{told.codes['facility']}/semblables/"))
    assert "Aucun contexte n'est décrit pour ce lieu" in text


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("page", ["/lieux/{area}/semblables/", "/lieux/{district}/fiche/", "/donnees/api/"])
def test_the_new_pages_stay_small_in_both_languages(page: str, prefix: str, told: Ground) -> None:
    import gzip

    response = visitor().get(prefix + page.format(**told.codes))
    assert response.status_code == 200
    assert len(gzip.compress(response.content)) < FIRST_VIEW / 2


def test_the_sheet_says_children_reasons_areas_doubts_and_sources(told: Ground) -> None:
    text = text_of(visitor().get(f"/lieux/{told.codes['district']}/fiche/"))
    for said in (
        "Environ",
        "Où en manque-t-il le plus ?",
        "Pourquoi le croire ?",
        "alertes de qualité",
        "Source :",
        "brouillon",
    ):
        assert said in text
    outside = text_of(stranger().get(f"/lieux/{told.codes['district']}/fiche/"))
    assert "publié" in outside
    assert "alertes de qualité" not in outside


def test_what_is_published_meanwhile_is_seen_by_people_who_are_logged_in(
    quick_hand: Any, tmp_path: Any, now: Any
) -> None:
    from kalanso.places.tables import PLACES
    from kalanso.store import Provenance, Store

    store = Store.create(tmp_path / "growing", country="ML", now=now)
    place = {
        "place_code": "ML", "name": "Mali", "level": "country", "kind": "", "latitude": None, "longitude": None,
        "valid_from": None, "valid_to": None, "source": "test",
    }  # fmt: skip
    with override_settings(KALANSO_STORE=store.folder):
        client = visitor()
        store.publish(PLACES, [place], provenance=Provenance(sources=("test",)), now=now)
        assert "Mali" in client.get("/preuves/tables/places/").content.decode()
        store.publish(PLACES, [place | {"name": "Maliba"}], provenance=Provenance(sources=("test",)), now=now)
        assert "Maliba" in client.get("/preuves/tables/places/").content.decode()
