"""Does every page open in both languages, say one thing, and stay small?"""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from kalanso.store import Mode, Provenance, Store
from tests.hub.conftest import NOW
from tests.hub.visitors import visitor

PAGES = (
    "/", "/lieux/", "/lieux/?q=segou", "/lieux/?q=zzzz", "/lieux/{country}/", "/lieux/{district}/", "/lieux/{area}/",
    "/lieux/{facility}/", "/agir/", "/apprendre/", "/methode/", "/glossaire/", "/preuves/", "/preuves/tables/",
    "/preuves/tables/indicator_values/", "/preuves/tables/observations/", "/preuves/tables/place_boundaries/",
    "/preuves/tables/rejected_rows/", "/preuves/tables/indicator_values/graphique/",
    "/preuves/tables/observations/graphique/", "/preuves/tables/coverage_series/graphique/",
    "/preuves/tables/places/graphique/", "/preuves/tables/indicator_values/carte/",
    "/preuves/tables/quality_findings/carte/", "/preuves/tables/imports/carte/",
    "/preuves/tables/imports/provenance/", "/preuves/qualite/", "/centre-apprentissage/tendances/",
)  # fmt: skip
FIRST_VIEW = 60_000


class Outline(HTMLParser):
    """What a listener would meet in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def outline(response: Any) -> Outline:
    found = Outline()
    found.feed(response.content.decode())
    return found


def text_of(response: Any) -> str:
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(plain.replace("\u202f", " ").replace("\xa0", " ").replace("’", "'").split())


def only_our_scripts(found: Outline) -> None:
    """Scripts of a page are data, or files of ours that the page can do without."""
    for script in found.all("script"):
        ours = "defer" in script and (script.get("src") or "").startswith(
            ("/static/offline/", "/static/site/folds.")
        )
        assert ours or script.get("type") == "application/json", script


@pytest.fixture
def address(code_of: Callable[[str, str], str]) -> Callable[[str], str]:
    codes = {
        "country": "ML",
        "district": code_of("Niono", "district"),
        "area": code_of("Ndébougou", "health_area"),
        "facility": code_of("CSCom Ndébougou", "facility"),
    }
    return lambda page: page.format(**codes)


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_is_sound(page: str, prefix: str, get: Any, address: Any) -> None:
    response = get(prefix + address(page))
    found = outline(response)

    assert response.status_code == 200
    assert found.all("html")[0]["lang"] == ("en" if prefix else "fr")
    assert len(found.all("h1")) == 1
    assert len(found.all("main")) == 1
    only_our_scripts(found)
    assert not [tag for tag, attributes in found.tags if "style" in attributes or "onclick" in attributes]
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(image.get("alt") for image in found.all("img"))
    labelled = {label.get("for") for label in found.all("label")}
    for field in [*found.all("input"), *found.all("select")]:
        assert field.get("type") == "hidden" or field["id"] in labelled, field
    assert len(gzip.compress(response.content)) < FIRST_VIEW / 2, "half the first view is left for figures"


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_no_page_leads_to_another_host(prefix: str, get: Any, address: Any) -> None:
    for page in PAGES:
        for tag, attributes in outline(get(prefix + address(page))).tags:
            for name in ("href", "src", "srcset", "action"):
                value = attributes.get(name) or "/"
                assert value.startswith(("/", "#", "?")), f"{page}: <{tag} {name}={value}>"


def test_every_link_of_the_home_page_leads_somewhere(get: Any) -> None:
    for link in outline(get("/")).all("a"):
        target = (link["href"] or "").split("#")[0]
        assert not target or get(target).status_code == 200, target


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_page_of_a_demo_says_that_its_numbers_are_simulated(
    prefix: str, get: Any, address: Any
) -> None:
    for page in PAGES:
        assert "DEMO" in text_of(get(prefix + address(page))).replace("É", "E")


def test_the_other_language_keeps_the_address(get: Any, address: Any) -> None:
    french = address("/lieux/{district}/?periode=2024Q2")
    link = next(a for a in outline(get(french)).all("a") if a.get("hreflang") == "en")
    back = next(a for a in outline(get(link["href"])).all("a") if a.get("hreflang") == "fr")

    assert link["href"] == "/en" + french
    assert back["href"] == french


def test_the_home_page_gives_the_last_complete_quarter_with_its_caveat(get: Any) -> None:
    text = text_of(get("/"))

    assert "Au T4 2024" in text
    assert "C'est un chiffre notifié, pas une mesure" in text
    assert "60 alertes" in text


def test_a_quarter_whose_reports_still_arrive_is_not_the_headline(
    quick_hand: Any, tmp_path: Any, now: Any, small_store: Store
) -> None:
    from kalanso.indicators.tables import INDICATOR_VALUES
    from kalanso.places.tables import PLACES

    rows = small_store.read(INDICATOR_VALUES).filter(lambda t: t.place_code == "ML").to_pyarrow().to_pylist()
    rows = [row | {"provisional": row["period"] == "2024Q4"} for row in rows]
    growing = Store.create(tmp_path / "growing", country="ML", now=now)
    growing.publish(INDICATOR_VALUES, rows, provenance=Provenance(), now=now)
    growing.publish(PLACES, small_store.read(PLACES), provenance=Provenance(), now=now)

    with override_settings(KALANSO_STORE=growing.folder):
        text = text_of(visitor().get("/"))

    assert "Au T3 2024" in text


def test_a_place_says_doses_target_and_coverage_of_the_chosen_quarter(get: Any, address: Any) -> None:
    page = address("/lieux/{district}/")

    newest, earlier = text_of(get(page)), text_of(get(page + "?periode=2024Q2"))

    assert re.search(
        r"Au T4 2024, \d+ premières doses .* pour 100 enfants attendus en un trimestre : \d+ %", newest
    )
    assert "Au T2 2024," in earlier


def test_a_coverage_above_all_children_is_told_as_a_wrong_target(get: Any, small_store: Store) -> None:
    from kalanso.indicators.tables import INDICATOR_VALUES

    table = small_store.read(INDICATOR_VALUES)
    chosen = (table.indicator == "dtp1_coverage") & (table.period == "2024Q4")
    rows = table.filter(chosen & table.denominator_name.endswith("annual/4")).to_pyarrow().to_pylist()
    above = next(row for row in rows if row["value"] > 1 and row["level"] == "district")
    below = next(row for row in rows if row["value"] < 1 and row["level"] == "district")

    wrong = text_of(get(f"/lieux/{above['place_code']}/"))

    assert re.search(r"\d+ premières doses .* : plus que les 100 enfants attendus en un trimestre", wrong)
    assert "Une vraie couverture ne dépasse jamais 100 % : la cible est fausse." in wrong
    assert "la cible est fausse" not in text_of(get(f"/lieux/{below['place_code']}/"))


def test_the_folded_parts_of_a_place_say_what_they_hold_and_keep_their_addresses(
    get: Any, address: Any
) -> None:
    page = get(address("/lieux/{district}/")).content.decode()
    folds = re.findall(r'<details class="fold"[^>]*><summary>(.*?)</summary>', page, re.DOTALL)

    assert len(folds) >= 5
    assert all(text.strip() for text in (re.sub(r"<[^>]+>", "", said) for said in folds))
    assert page.index('class="does now"') < page.index('<details class="fold"')
    for anchor in ("courbe", "carte", "lieux", "rang", "discussion", "ecrire", "suite"):
        before = page[: page.index(f'id="{anchor}"')]
        assert before.count("<details") > before.count("</details>"), f"{anchor} stands in no folded part"


def test_a_health_area_is_read_over_four_quarters(get: Any, address: Any) -> None:
    assert "Sur les quatre trimestres qui finissent au T4 2024" in text_of(get(address("/lieux/{area}/")))


def test_a_facility_has_reports_but_no_coverage(get: Any, address: Any) -> None:
    assert "pas de population à lui" in text_of(get(address("/lieux/{facility}/")))


def test_breadcrumbs_follow_the_health_tree(get: Any, address: Any) -> None:
    text = text_of(get(address("/lieux/{area}/")))
    assert re.search(r"Où Mali Ségou Niono Ndébougou", text)


def test_places_inside_stand_from_the_lowest_coverage_up(get: Any) -> None:
    rows = re.findall(
        r'<th[^>]*><a[^>]*>[^<]+</a></th>\s*<td[^>]* class="number">([^<]+)<',
        get("/lieux/ML/").content.decode(),
    )
    shares = [int(re.sub(r"\D", "", row)) for row in rows]
    assert len(shares) > 1
    assert shares == sorted(shares)


def test_the_kind_of_a_place_is_said_in_words(get: Any, address: Any) -> None:
    from django.template.loader import get_template

    from kalanso.hub.explore.panels import named

    assert (named("urban", "context"), named("CSCom", "context")) == ("urbain", "CSCom")
    assert '{{ place.kind|named:"context" }}' in get_template("explore/place.html").template.source
    assert " · CSCom · " in text_of(get(address("/lieux/{facility}/")))


def test_findings_are_told_as_sentences_with_names(get: Any, address: Any) -> None:
    text = text_of(get("/preuves/qualite/?controle=silence"))
    assert re.search(r"\S+ : dernier rapport en \w+ 2024, puis rien depuis 3 mois", text)


def test_the_page_of_quality_says_which_choice_it_applies_and_leads_to_all(get: Any, address: Any) -> None:
    page = get(address("/preuves/qualite/?lieu={district}&periode=202410"))
    text = text_of(page)

    assert "Seules comptent ici les alertes de ce choix : Niono · octobre 2024." in text
    assert "Toutes les périodes de Niono · Toutes les alertes" in text
    assert "Seules comptent ici" not in text_of(get("/preuves/qualite/"))


def test_an_unknown_period_is_explained_and_the_newest_shown(get: Any, address: Any) -> None:
    text = text_of(get(address("/lieux/{district}/?periode=1999Q1")))
    assert "« 1999Q1 » n'est pas un trimestre publié ; la page montre T4 2024" in text


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ndebougou", "Ndébougou"),
        ("NDÉBOUGOU", "Ndébougou"),
        ("pelengana", "Pelengana Nord"),
        ("Karang", "Karangana"),
    ],
)
def test_places_are_found_without_accents_and_by_part(search: str, found: str, get: Any) -> None:
    assert found in text_of(get(f"/lieux/?q={search}"))


def test_of_two_places_of_one_name_the_district_comes_before_the_cercle(hub: None) -> None:
    from kalanso.hub.explore.queries import places, shelf

    levels = [one.level for one in places.search(shelf.current(), "Niono") if one.name == "Niono"]
    assert levels.index("district") < levels.index("cercle")


def test_of_places_of_one_name_those_of_which_something_is_told_come_first(
    quick_hand: Any, tmp_path: Path, small_store: Store, code_of: Any
) -> None:
    from kalanso.indicators.tables import INDICATOR_VALUES

    district = code_of("Bougouni", "district")
    folder = tmp_path / "store"
    shutil.copytree(small_store.folder, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    table = store.read(INDICATOR_VALUES)
    rows = table.filter(table.place_code == district).to_pyarrow().to_pylist()
    store.publish(INDICATOR_VALUES, rows, provenance=Provenance(), now=NOW, mode=Mode.REPLACE_ALL)
    with override_settings(KALANSO_STORE=folder):
        page = visitor().get("/lieux/?q=bougouni").content.decode()

    first = re.findall(r'<li><a href="/lieux/([^/]+)/">Bougouni</a>', page)
    assert len(first) > 1
    assert first[0] == district


def test_a_search_for_a_code_opens_the_place(get: Any, address: Any) -> None:
    response = get(address("/lieux/?q={area}"))
    assert (response.status_code, response["Location"]) == (302, address("/lieux/{area}/"))


def test_the_study_shows_its_eight_areas_with_one_sentence_each(get: Any, quick_hand: Any) -> None:
    text = text_of(get("/centre-apprentissage/tendances/"))
    job = next(job for job in quick_hand.jobs if job["kind"] == "small_multiples")

    sentences = re.search(r"Ce que dit chaque série (.*) Bougouni Est ou", text)
    assert sentences
    assert sentences[1].count("urbain et périurbain") == 2
    assert sentences[1].count("touché par le conflit") == 2
    assert len({row["place"] for row in job["table"]}) == 8
    assert {row["period"] for row in job["table"]} == {
        "2022Q4", "2023Q1", "2023Q2", "2023Q3", "2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4",
    }  # fmt: skip
    assert "Bougouni Est ou Bougouni Ouest ?" in text


def test_an_empty_store_teaches_how_to_fill_it(quick_hand: Any, tmp_path: Any, now: Any) -> None:
    empty = Store.create(tmp_path / "empty", country="ML", now=now)
    client = visitor()

    with override_settings(KALANSO_STORE=empty.folder):
        pages = [page for page in PAGES if "{" not in page]
        answers = {page: client.get(page) for page in pages}
        home = text_of(answers["/"])

    assert {answer.status_code for answer in answers.values()} == {200}
    assert re.search("déposez un premier tableau|La personne qui tient Kalanso y importe", home)
    assert "DÉMO" not in home


def test_a_country_without_a_pack_and_without_coverage_still_opens(
    quick_hand: Any, tmp_path: Any, now: Any
) -> None:
    other = Store.create(tmp_path / "other", country="XX", now=now)
    with override_settings(KALANSO_STORE=other.folder):
        assert visitor().get("/").status_code == 200
