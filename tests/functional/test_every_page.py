"""Is every page whole in a real browser, in both languages: readable, named, light, quiet, without need of scripts?

Each page is opened once in each language, as somebody who may, and everything is judged in that visit: French on
a telephone and on a desk, English on a telephone.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.every_page import PAGES, Page
from tests.functional.judged import (
    BY_WIDTH,
    DESK,
    FIRST_VIEW,
    PAINTED,
    PHONE,
    Axe,
    faults_without_scripts,
    own_faults,
    weight,
)

pytestmark = pytest.mark.browser


# What another person sees of a page is judged in French alone.
FIRST = {page.path: page for page in reversed(PAGES)}
VISITS = [(page, "") for page in PAGES] + [(page, "/en") for page in FIRST.values()]


@pytest.mark.parametrize(
    ("page", "language"), VISITS, ids=[f"{page.who}:{language}{page.path}" for page, language in VISITS]
)
def test_a_page_is_whole(page: Page, language: str, tab: Any, ground: dict[str, str]) -> None:
    seen, path = tab(page.who), language + page.path.format(**ground)

    response = seen.open(path)

    assert response.status == page.status
    # The secret of a link does not stay in the address.
    landed = path.replace(ground["reset"], ground["reset"].split("-")[0] + "-set-password")
    assert response.url == seen.address + landed
    assert seen.evaluate("document.documentElement.lang") == (language[1:] or "fr")
    bytes_, files = weight(seen)
    assert bytes_ <= FIRST_VIEW, files
    assert not faults_without_scripts(response.text())
    assert not own_faults(seen)
    axe = Axe(seen)
    assert not axe.faults(colours=not language)
    if not language:
        painted = seen.evaluate(PAINTED)
        seen.set_viewport_size(DESK)
        same = seen.evaluate(PAINTED) == painted
        assert not own_faults(seen)
        assert not axe.faults(BY_WIDTH if same else None)
        seen.set_viewport_size(PHONE)
    expected = f"status of {page.status}" if page.status != 200 else None
    assert not [text for text in seen.complaints if not (expected and expected in text)]
    assert seen.hosts == {seen.address.split("/")[2]}


def test_axe_sees_a_figure_without_words_and_pale_text(tab: Any) -> None:
    page = tab("ibrahim")
    page.open("/methode/")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x><p id=pale>texte trop clair</p>')"
    )
    page.evaluate("document.getElementById('pale').style.color = '#ddd'")

    found = {fault[0] for fault in Axe(page).faults()}

    assert found == {"image-alt", "color-contrast"}


@pytest.mark.parametrize(
    "html",
    [
        "<button type=button>Ouvrir</button>", "<a href='#'>Ouvrir</a>", "<form action=/x><input name=a></form>",
        "<script src=/static/x.js></script>", "<button onclick=x()>Ouvrir</button>", "<p hidden>un deux trois quatre cinq six</p>",
    ],
)  # fmt: skip
def test_what_needs_scripts_is_seen(html: str) -> None:
    filled = "" if "hidden" in html else "<p>un deux trois quatre cinq six</p>"
    assert not faults_without_scripts("<main><p>un deux trois quatre cinq six</p></main>")
    assert faults_without_scripts(f"<main>{filled}{html}</main>")
