"""Can the chain be walked by clicking alone: from the estimate to a decision and the quarter after it, and back again?

The simulated country is entered with one click; after that nothing is typed, and no address is opened.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kalanso.vocabulary import Period, PeriodType, format_value
from tests.functional.conftest import served
from tests.functional.judged import PHONE

pytestmark = pytest.mark.browser

# What follows what, by the words of the link that is clicked in the main part of a page, and by the page that it opens.
FORWARDS = (
    (r"Commencer par", "/estimation/"),
    (r"Voir si c'est une poche", "/ou/poches/"),
    (r"Ce qui est prévu à", "/agir/portefeuille/district/"),
    (r"^INT-\d+ · Clinique mobile trimestrielle des nomades", "/agir/portefeuille/ligne/"),
    (r"^{bad}$", "/rapport/"),
    (r"Le véhicule de la clinique mobile tombe en panne", "/agir/obstacles/"),
    (r"^A-\d{4}-\d+ · DÉMO · Réparer le véhicule", "/agir/actions/"),
    (r"Prêter une moto de secours", "/agir/decisions/"),
    (r"^{after} : 6 sur 6$", "/rapport/"),
)
BACKWARDS = (
    (r"^INT-\d+$", "/agir/portefeuille/intervention/"),
    (r"^{home}$", "/agir/portefeuille/ligne/"),
    (r"Prêter une moto de secours", "/agir/decisions/"),
    (r"^A-\d{4}-\d+ · DÉMO · Réparer|Réparer le véhicule", "/agir/actions/"),
    (r"Le véhicule de la clinique mobile tombe en panne", "/agir/obstacles/"),
    (r"INT-\d+ · .* · {bad}$", "/rapport/"),
    (r"^INT-\d+$", "/agir/portefeuille/intervention/"),
    (r"^{home}$", "/agir/portefeuille/ligne/"),
    (r"Voir l'estimation et ses sources", "/estimation/"),
    (r"Les poches qui le touchent", "/ou/poches/"),
)


@pytest.fixture(scope="module")
def demonstration(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demonstration as it is first served: nothing in it but what it tells itself."""
    with served(Path(shutil.copytree(example, tmp_path_factory.mktemp("chain") / "store"))) as address:
        yield address


@pytest.fixture
def walker(chromium: Any, demonstration: str) -> Iterator[Any]:
    """Somebody of the national centre on a telephone, with scripts switched off: every step is a link."""
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False, locale="fr-FR", base_url=demonstration)  # fmt: skip
    page = context.new_page()
    page.goto("/")
    page.click("form[action='/entrer-comme/ibrahim/'] button")
    yield page
    context.close()


def _step(page: Any, words: str, leads_to: str) -> None:
    """Click the first link with some words, opening what is folded around it, and say where it led."""
    link = page.locator("main a, nav.crumbs a").filter(has_text=re.compile(words.replace("'", "['’]"))).first
    for fold in link.locator("xpath=ancestor::details[not(@open)]").all():
        fold.locator("summary").first.click()
    link.click()
    assert leads_to in page.url, (words, page.url)


def _walk(page: Any, steps: tuple[tuple[str, str], ...], **names: str) -> None:
    for words, leads_to in steps:
        for name, value in names.items():
            words = words.replace("{" + name + "}", value)
        _step(page, words, leads_to)


def test_the_chain_is_walked_forwards_and_backwards(walker: Any) -> None:
    running = Period.containing(datetime.now(UTC).date(), PeriodType.QUARTER)
    bad, after = (format_value(str(running + -step), "period", "fr") for step in (2, 1))
    names = {"bad": bad, "after": after, "home": "Bougouni"}
    walker.get_by_role("link", name="Où", exact=True).click()
    walker.get_by_role("link", name="Poches", exact=True).first.click()
    _walk(walker, FORWARDS, **names)
    assert "Véhicule réparé et moto de secours" in walker.locator("main").inner_text()
    _walk(walker, BACKWARDS, **names)
    said = walker.locator("main").inner_text()
    assert "Enfants zéro dose" in said
    assert "entre" in said
