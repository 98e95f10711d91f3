"""Do people get where they want in a real browser: on a phone, by keyboard, with scripts off, and on paper?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.judged import DESK, PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def visit(chromium: Any, hub_address: str, entered: Any) -> Iterator[Any]:
    """Open a page of a size, as somebody of the national centre whose browser remembers nothing else."""
    contexts = []

    def open_page(path: str, size: dict[str, int], **options: Any) -> Any:
        context = chromium.new_context(viewport=size, base_url=hub_address, storage_state=entered, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def go(page: Any, where: str) -> None:
    """Click what leads to another page, and wait for that."""
    with page.expect_navigation():
        page.click(where)


def test_the_keyboard_reaches_the_content_first_and_sees_where_it_is(visit: Any) -> None:
    page = visit("/", PHONE)

    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")

    assert first == "Aller au contenu"
    assert outline != "none"
    assert page.evaluate("document.activeElement.id") == "contenu"


def test_a_person_walks_from_home_to_a_health_area_and_back_by_the_breadcrumbs(visit: Any) -> None:
    page = visit("/", PHONE, java_script_enabled=False)

    page.fill("#lieu-cherche", "ndebougou")
    with page.expect_navigation():
        page.press("#lieu-cherche", "Enter")
    go(page, ".ways a >> text=Ndébougou >> nth=0")
    heading = page.inner_text("h1")
    go(page, ".crumbs a >> text=Niono")

    assert "Ndébougou" in heading
    assert "Niono" in page.inner_text("h1")


def test_a_person_finds_the_area_with_most_missed_children_and_what_to_do_without_scripts(visit: Any) -> None:
    page = visit("/", PHONE, java_script_enabled=False)

    go(page, "text=Voir où ils sont")
    go(page, "nav.choice >> text=Couverture")
    go(page, ".button >> text=où il en manque le plus")
    go(page, ".button >> text=Que faire à")

    assert "mesure=couverture" in page.evaluate("document.referrer")
    assert "Que faire ici ?" in page.inner_text("main").replace("\u202f", " ")


def test_the_page_of_a_district_is_short_on_a_phone_and_opens_the_part_that_an_address_names(
    visit: Any,
) -> None:
    page = visit("/lieux/ML-D0001/", PHONE, java_script_enabled=False)

    assert page.evaluate("document.documentElement.scrollHeight") <= 3600
    assert (
        page.evaluate("document.querySelector('.now').getBoundingClientRect().top") <= 1110
    )  # the grade of confidence stands above it
    assert not page.is_visible("#carte")
    for part in ("carte", "courbe", "rang", "lieux", "ecrire"):
        page.goto("about:blank")
        page.goto(f"/lieux/ML-D0001/#{part}")
        assert page.is_visible(f"#{part}")
    page.emulate_media(media="print")
    assert page.is_visible("#carte")


def test_the_chosen_period_stays_when_one_goes_to_a_place_inside(visit: Any) -> None:
    page = visit("/lieux/ML/", DESK)

    page.click(".chooser summary")
    page.select_option("#chooser-periode", "2024Q2")
    go(page, ".chooser button")
    go(page, "table th a >> nth=0")

    assert "periode=2024Q2" in page.url
    assert "T2 2024" in page.inner_text("main")


def test_the_language_changes_on_the_same_page(visit: Any) -> None:
    page = visit("/centre-apprentissage/tendances/", PHONE)
    go(page, "text=English")
    assert page.url.endswith("/en/centre-apprentissage/tendances/")
    assert page.inner_text("h1").startswith("Study sub-districts")


def test_a_page_prints_on_a4_without_its_controls(visit: Any) -> None:
    page = visit("/lieux/ML-D0001/", DESK)
    page.emulate_media(media="print")

    assert not page.is_visible(".search")
    assert not page.is_visible("nav.words")
    assert page.pdf(format="A4").startswith(b"%PDF")
