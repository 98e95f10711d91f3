"""Does each role get its first task done on a telephone, from its own page, by what is visible, in little enough to do?

What a person costs is counted, never timed: six seconds to read a screen, two for each tap, three tenths for each
character. Nothing is typed but what a field asks for, and no address is opened after the login.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import served
from tests.functional.judged import PHONE

pytestmark = pytest.mark.browser

SCREEN, TAP, CHARACTER, ASKED = 6.0, 2.0, 0.3, 120.0  # seconds
SHOWN_WHOLE = """() => {
  const at = document.querySelector('.pages [aria-current]'), box = at && at.getBoundingClientRect();
  return document.documentElement.scrollWidth <= innerWidth && (!box || (box.left >= 0 && box.right <= innerWidth))
}"""


@pytest.fixture(scope="module")
def hub(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demonstration with its worker, as nobody has used it yet."""
    with served(
        Path(shutil.copytree(example, tmp_path_factory.mktemp("first") / "store")), worker=True
    ) as address:
        yield address


class Newcomer:
    """Somebody on a telephone who reads, taps and writes; what that costs is counted."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.screens, self.taps, self.characters = 1, 0, 0

    @property
    def seconds(self) -> float:
        """What it cost so far."""
        return self.screens * SCREEN + self.taps * TAP + self.characters * CHARACTER

    @property
    def reads(self) -> str:
        """What the page says, with plain spaces and apostrophes."""
        said = str(self.page.locator("main").inner_text())
        return said.replace("\u202f", " ").replace("\xa0", " ").replace("’", "'")

    def tap(self, what: str, words: str) -> None:
        """Tap the first visible thing of a kind with some words, and stay on the page."""
        self.taps += 1
        said = words.replace("'", "’")
        self.page.locator(f'main {what}:visible:has-text("{said}")').first.click()

    def go(self, what: str, words: str) -> None:
        """Tap what leads to another page; that page is as wide as the telephone and shows where one is."""
        with self.page.expect_navigation():
            self.tap(what, words)
        self.screens += 1
        self.page.wait_for_function(SHOWN_WHOLE, timeout=5000)

    def write(self, name: str, text: str) -> None:
        """Write into a field."""
        self.taps += 1
        self.characters += len(text)
        self.page.fill(f"main [name={name}]", text)

    def choose(self, name: str, **which: Any) -> None:
        """Choose from a list: one tap to open it, one to choose."""
        self.taps += 2
        self.page.select_option(f"main [name={name}]", **which)

    def wait(self, until: Callable[[str], bool], words: str) -> None:
        """Ask by the page's own button how far it is, until it is done."""
        for _ in range(60):
            if until(self.reads):
                return
            with self.page.expect_navigation():
                self.page.locator(f'main a:visible:has-text("{words}")').first.click()
            self.page.wait_for_timeout(500)
        raise AssertionError(f"never came: {self.reads}")


@pytest.fixture
def newcomer(chromium: Any, hub: str) -> Iterator[Callable[[str], Newcomer]]:
    """Let somebody of the simulated country enter on a telephone of their own; at the end, nobody needed too long."""
    contexts, met = [], []

    def enter(who: str) -> Newcomer:
        context = chromium.new_context(
            viewport=PHONE, has_touch=True, locale="fr-FR", base_url=hub, service_workers="block"
        )
        contexts.append(context)
        page = context.new_page()
        page.goto("/")
        if who:
            with page.expect_navigation():
                page.click(f"form[action='/entrer-comme/{who}/'] button")
        met.append((who, one := Newcomer(page)))
        return one

    yield enter
    for context in contexts:
        context.close()
    assert {who: one.seconds for who, one in met if one.seconds >= ASKED} == {}


def _filled(sheet: Path) -> Path:
    """Write a number into every empty cell of a sheet."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(sheet)
    for row in book.active.iter_rows(min_row=2):
        for cell in row[2:] if row[0].value else ():
            cell.value = 30
    book.save(sheet)
    return sheet


def test_a_district_brings_the_sheet_of_the_month_and_the_national_centre_publishes_it(
    newcomer: Callable[[str], Newcomer], tmp_path: Path
) -> None:
    awa = newcomer("awa")
    awa.go("a", "Déposer le tableau du mois")
    awa.tap("summary", "Pas encore de feuille ?")
    with awa.page.expect_download() as taken:
        awa.tap("button", "Télécharger le modèle")
    taken.value.save_as(tmp_path / "tableau.xlsx")
    awa.page.set_input_files("main [name=file]", _filled(tmp_path / "tableau.xlsx"))
    awa.choose("source", value="demo-snis")
    awa.go("button", "Déposer")
    awa.wait(lambda said: "À relire avant publication" in said, "Actualiser")
    assert "Votre part est faite : le CNI relit et publie." in awa.reads

    ibrahim = newcomer("ibrahim")
    if ibrahim.page.locator("main summary:has-text('attendent ensuite')").count():
        ibrahim.tap("summary", "attendent ensuite")
    ibrahim.go("a", "tableau.xlsx")
    ibrahim.go("a", "Publier…")
    ibrahim.go("button", "Publier")
    assert "tableau.xlsx" in ibrahim.reads
    assert "Publier ces données ?" not in ibrahim.reads


def test_a_health_centre_and_a_coach_name_an_obstacle_and_see_that_it_was_sent(
    newcomer: Callable[[str], Newcomer],
) -> None:
    for who, chooses in (("moussa", False), ("kadidia", True)):
        one = newcomer(who)
        one.go("a", "Signaler un obstacle")
        one.write("what", "La glacière est cassée depuis mardi.")
        if chooses:  # a coach has many places, and none is chosen unsaid
            assert one.page.input_value("main [name=place]") == ""
            one.choose("place", index=1)
        one.choose("domain", value="supply")
        one.go("button", "Signaler")
        assert "Envoyé." in one.reads
        assert "La glacière est cassée depuis mardi." in one.reads


def test_a_health_centre_settles_what_its_page_asks_of_it(newcomer: Callable[[str], Newcomer]) -> None:
    moussa = newcomer("moussa")
    moussa.go("ol.tasks a", "question")
    moussa.tap("summary", "Répondre")
    moussa.go("button", "Demandée, réponse attendue")
    assert "Envoyé." in moussa.reads
    assert "attend sa réponse" in moussa.reads


def test_a_region_approves_what_waits(newcomer: Callable[[str], Newcomer]) -> None:
    fatou = newcomer("fatou")
    fatou.go("a", "Relire le rapport")
    fatou.go("button", "Approuver")
    assert "Approuvé" in fatou.reads


def test_a_partner_answers_an_obstacle_with_an_action(newcomer: Callable[[str], Newcomer]) -> None:
    oumar = newcomer("oumar")
    oumar.go("a", "Répondre à un obstacle")
    oumar.go("a", "Un seul vaccinateur pour deux CSCom")
    oumar.go("a", "Répondre par une action")
    oumar.write("text", "Former un relais à la vaccination.")
    oumar.go("button", "Créer l'action")
    assert "Former un relais à la vaccination." in oumar.reads


def test_a_donor_sees_in_which_districts_a_grant_is_spent(newcomer: Callable[[str], Newcomer]) -> None:
    jeanne = newcomer("jeanne")
    jeanne.go("a", "Voir où va l'argent")
    jeanne.go("a", "DEMO-FAE")
    jeanne.go("a", "Voir dans quels districts")
    place = "e => e.getBoundingClientRect().top"
    heading = jeanne.page.locator("#par").evaluate(place)
    first = jeanne.page.locator("#par ~ .wide tbody tr").first.evaluate(place)
    assert 0 <= heading < first < heading + 110
    assert "Bougouni" in jeanne.reads


def test_a_researcher_has_the_evidence_of_an_estimate_counted(newcomer: Callable[[str], Newcomer]) -> None:
    mariam = newcomer("mariam")
    mariam.go("a", "Demander une estimation")
    mariam.go("button", "Compter les preuves")
    mariam.wait(lambda said: "Qui parle, et de quand" in said, "Voir où il en est")
    assert "Population officielle projetée (simulée)" in mariam.reads
    mariam.go("a", "Demander un calcul")
    mariam.write("why", "La revue du trimestre")
    mariam.go("button", "Relire avant d'envoyer")
    assert "Est-ce bien ce que vous demandez ?" in mariam.reads


def test_an_editor_sees_what_is_planned_in_a_district(newcomer: Callable[[str], Newcomer]) -> None:
    adama = newcomer("adama")
    adama.go("a", "Voir où en est le portefeuille")
    adama.go("a", "Niono")
    assert "Niono" in adama.reads
    assert "INT-" in adama.reads


def test_an_administrator_sees_how_the_hub_is_and_invites_somebody(
    newcomer: Callable[[str], Newcomer],
) -> None:
    seydou = newcomer("seydou")
    seydou.go("a", "Voir l'état du système")
    assert "Kalanso se porte-t-il bien ?" in seydou.reads
    seydou = newcomer("seydou")
    seydou.go("a", "Inviter quelqu'un")
    seydou.write("name", "Aminata Diallo")
    seydou.choose("role", value="reader")
    seydou.go("button", "Créer le lien")
    assert "Aminata Diallo" in seydou.reads


def test_a_visitor_sees_where_children_are_missed(newcomer: Callable[[str], Newcomer]) -> None:
    nobody = newcomer("")
    nobody.go("a", "Où sont les enfants zéro dose")
    assert "zéro dose" in nobody.reads.lower()
