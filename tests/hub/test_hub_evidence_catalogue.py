"""Does the page of sources say who holds what, who copies whom and what is missing, to those who may know?"""

from __future__ import annotations

import gzip
import html
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kalanso import simulation
from kalanso.definitions.sources import AGREEMENTS, REQUESTS
from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.pipeline import catalogue as measure
from kalanso.store import Provenance, Store
from tests.hub.test_hub_pages import outline, text_of
from tests.hub.visitors import visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def measured_store(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The small example country with its other sources, measured."""
    import shutil

    folder = tmp_path_factory.mktemp("measured") / "store"
    shutil.copytree(small_store.folder, folder)
    store = Store.open(folder, memory="1GB", threads=1)
    others = simulation.example_country(size="small").other_sources
    for rows in (others.states[-1][1], others.surveillance):
        store.publish(OBSERVATIONS, rows, provenance=Provenance(sources=("demo",)), now=NOW)
    survey = {
        "source": "survey-tables", "place_code": "ML", "period": "2023", "period_type": "year", "period_start": date(2023, 1, 1),
        "indicator": "dtp1_coverage", "category": "SURVEY", "coverage": 0.8, "survey": "eds", "survey_title": "EDS 2023",
        "evidence": "card or history", "validity": "crude", "children_age": "12-23 m", "vaccinated_by": "", "vintage": "2024",
    }  # fmt: skip
    store.publish(COVERAGE_SERIES, [survey], provenance=Provenance(sources=("survey-tables",)), now=NOW)
    measure(store, now=NOW)
    return store


@pytest.fixture
def measured(measured_store: Store, quick_hand: Any) -> Any:
    from django.test import override_settings

    with override_settings(KALANSO_STORE=measured_store.folder):
        yield measured_store


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(text_of(response))).replace("\u2019", "'")


def test_the_page_says_who_holds_what_who_copies_whom_and_what_is_missing(measured: Any) -> None:
    page = words(visitor("national").get("/preuves/sources/"))

    assert "Qui détient quel chiffre, à quel niveau ?" in page
    assert "disent deux fois la même chose" in page
    assert "Cas de coqueluche sans aucune dose : aucune source ne l'apporte" in page
    assert "Qui dit deux fois la même chose ?" in page


def test_the_way_of_the_sources_is_drawn_with_its_table_those_without_numbers_too(measured: Any) -> None:
    client = visitor("national")
    listing = client.get("/preuves/sources/").content.decode()
    page = client.get("/preuves/flux/")
    drawn = page.context["picture"]

    assert "/preuves/flux/" in listing
    assert drawn.kind == "source_flows"
    assert len(drawn.rows) == page.context["silent"] + sum(
        bool(lane["held"]) for lane in page.context["lanes"]
    )
    assert page.context["silent"] > 0
    assert "SNIS sur DHIS2" in words(page)


def test_before_anything_is_measured_the_page_of_the_ways_says_when_it_will_be(quick_hand: Any) -> None:
    assert "n'a pas encore été mesuré" in words(visitor("national").get("/preuves/flux/"))


def test_published_coverage_is_a_source_too_with_the_surveys_it_brought(measured: Any) -> None:
    page = visitor("national").get("/preuves/sources/")
    found = {one.code: one for one in page.context["sources"]}
    surveyed = [one for one in found.values() if one.surveys]

    assert [(one.code, one.newest, one.surveys) for one in surveyed] == [
        ("survey-tables", "2023", ("EDS 2023",))
    ]
    assert "Enquêtes : EDS 2023" in words(page)


def test_a_source_that_tells_few_places_of_a_level_says_how_many(measured: Any) -> None:
    from kalanso.hub.evidence.queries.catalogue import _of_few

    few = type("Held", (), {"places": 2, "places_known": 25})

    assert _of_few(few) == " (2 lieux sur 25)"
    assert _of_few(type("Held", (), {"places": 20, "places_known": 25})) == ""


def test_english_readers_read_it_in_english(measured: Any) -> None:
    page = words(visitor("national").get("/en/preuves/sources/"))

    assert "Who holds which number, at which level?" in page
    assert "say the same thing twice" in page


def test_one_source_shows_what_is_declared_and_what_is_measured(measured: Any) -> None:
    page = words(visitor("national").get("/preuves/sources/demo-dvdmt/"))

    assert "Centre national d'immunisation" in page
    assert "à confirmer par son propriétaire" in page
    assert "Dit la même chose que demo-snis" in page
    assert "n'a rien transmis de mars 2023 à juin 2023" in page
    assert "pas encore connu" in page, "one kept state tells nothing of delays"


def test_one_source_shows_every_field_of_an_entry_of_the_catalogue(measured: Any) -> None:
    page = words(visitor("national").get("/preuves/sources/demo-snis/"))

    for field in (
        "Système et version DHIS2", "Niveaux", "Ses chiffres naissent", "Ils sont saisis", "Chiffres déclarés", "Elle est reprise par",
        "Qui est couvert secteurs public", "Période des chiffres mois", "Rythme déclaré Chaque mois", "Délai déclaré 30 jours après",
        "Rapporté à qui projection du recensement de 2009", "Liste des lieux unités d'organisation du DHIS2", "Codes des lieux UID DHIS2",
        "Comment on y accède Par un serveur", "Licence déclarée", "Biais connus", "Demande d'accès", "Déclaré d'après",
        "Ce que les contrôles y trouvent, domaine par domaine", "empreinte", "Si elle vient à manquer",
    ):  # fmt: skip
        assert field in page, field
    assert "Doses de" in page, "each number is defined"


def test_what_people_write_of_a_source_stands_before_what_is_declared(measured: Any) -> None:
    client = visitor("national")
    told = {"cadence": "monthly", "patience_days": "20", "version": "0", "system": "DHIS2 2.41", "access": "file", "periods": "semaine",
            "identifiers": "codes 2025", "population": "public seul", "places_list": "liste de 2025", "levels": "district",
            "denominator": "recensement 2022"}  # fmt: skip
    assert client.post("/preuves/sources/demo-snis/", told).status_code == 302
    page = words(client.get("/preuves/sources/demo-snis/"))

    for field in (
        "DHIS2 2.41",
        "Par un fichier",
        "codes 2025",
        "public seul",
        "liste de 2025",
        "recensement 2022",
    ):
        assert field in page
    assert "UID DHIS2" not in page.split("Décrire cette source")[0]


def test_an_access_that_nobody_knows_is_refused_by_the_database(quick_hand: Any) -> None:
    from django.db import IntegrityError, transaction

    from kalanso.hub.evidence.models import SourceCard
    from tests.hub.visitors import person

    with pytest.raises(IntegrityError), transaction.atomic():
        SourceCard.objects.create(code="x", access="guess", changed_by=person("national"), changed=NOW)


@pytest.mark.parametrize(
    ("role", "status"), [("district", 200), ("partner", 200), ("donor", 200), ("reader", 403)]
)
def test_who_may_not_see_numbers_of_partners_does_not_see_the_catalogue(
    role: str, status: int, measured: Any, niono: str
) -> None:
    client = visitor(role, niono if role == "district" else "")
    assert client.get("/preuves/sources/").status_code == status


def test_a_card_offers_exactly_the_states_that_a_declared_source_can_have(quick_hand: Any) -> None:
    from kalanso.hub.evidence.models import SourceCard

    assert tuple(SourceCard.Agreement.values) == AGREEMENTS
    assert tuple(SourceCard.Request.values) == REQUESTS


def test_before_the_first_measurement_the_page_says_how_to_bring_it_about(quick_hand: Any) -> None:
    assert "kalanso catalogue" in words(visitor("national").get("/preuves/sources/"))


@pytest.mark.parametrize(
    "page", ["/preuves/sources/", "/preuves/sources/demo-dvdmt/", "/preuves/sources/demo-snis/"]
)
def test_the_pages_are_small_and_their_tables_have_heads(page: str, measured: Any, tmp_path: Path) -> None:
    response = visitor("national").get(page)
    found = outline(response)

    assert len(gzip.compress(response.content)) < 30_000
    assert len(found.all("h1")) == 1
    assert all(head.get("scope") for head in found.all("th"))
    assert not [tag for tag, attributes in found.tags if "style" in attributes]
