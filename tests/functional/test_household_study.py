"""Does a researcher lead a household study from its declaration to its publication on a telephone, by what the pages say alone?

The hub works behind its pages as a person starts it; the families are made up on the study's own draw.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kalanso.simulation.household_rehearsal import rehearsal
from kalanso.simulation.household_settings import Fieldwork
from tests.functional.conftest import served
from tests.functional.judged import PHONE

pytestmark = pytest.mark.browser

SAID = {
    "title_fr": "Enquête d'essai", "title_en": "Trial survey", "survey": "essai-2025", "first_day": "2025-01-13", "last_day": "2025-02-12",
    "approval": "CE 2025/7", "data_protection": "APDP 12", "consent_version": "2, français et bambara", "kept_until": "2035-01-31",
    "destroyed_on": "2035-02-28",
}  # fmt: skip


@pytest.fixture(scope="module")
def hub(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a hub with its worker."""
    with served(
        Path(shutil.copytree(example, tmp_path_factory.mktemp("study") / "store")), worker=True
    ) as address:
        yield address


def _entered(chromium: Any, hub: str, who: str) -> Any:
    page = chromium.new_context(
        viewport=PHONE, locale="fr-FR", base_url=hub, accept_downloads=True
    ).new_page()
    page.goto("/")
    with page.expect_navigation():
        page.click(f"form[action='/entrer-comme/{who}/'] button")
    return page


def _go(page: Any, what: str) -> None:
    with page.expect_navigation():
        page.click(what)


def _follow(page: Any, words: str) -> None:
    _go(page, f'main a:has-text("{words}") >> nth=0')


def _send(page: Any) -> None:
    _go(page, "main form.fill button[type=submit]")


def _worked(page: Any, address: str) -> str:
    """Return what a page says once nothing is under way there any more."""
    for _ in range(180):
        page.goto(address)
        said = str(page.inner_text("main"))
        if not re.search(r"en cours|en attente|· commencé", said, re.IGNORECASE):
            return said
        time.sleep(2)
    raise AssertionError(f"still under way: {address}")


def _drawn(page: Any) -> pd.DataFrame:
    """Draw the clusters and return the list that the page hands out."""
    _follow(page, "Ensuite : tirer les grappes")
    _follow(page, "Tirer les grappes")
    page.fill("[name=clusters]", "12")
    _send(page)
    with page.expect_download() as taken:
        page.click("main a:has-text('La liste (CSV)')")
    return pd.read_csv(taken.value.path(), dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _brought(page: Any, study: str, draw: pd.DataFrame, folder: Path) -> None:
    """Bring what made-up families answered, and have it weighed."""
    field = Fieldwork(survey=SAID["survey"], first_day=date(2025, 1, 13), days=30)
    found = rehearsal(draw, field, np.random.default_rng(5))
    for name in ("homes", "members", "answers"):
        getattr(found, name).to_csv(folder / f"{name}.csv", index=False)
        page.goto(f"{study}fichiers/")
        page.set_input_files("[name=file]", folder / f"{name}.csv")
        _send(page)
    assert "ménages visités sur" in _worked(page, f"{study}terrain/")
    page.goto(study)
    _follow(page, "Calculer les poids")
    page.fill("[name=listed]", found.listed.to_csv(index=False, header=False, sep=" "))
    _send(page)
    assert "en représente de" in _worked(page, f"{study}tirage/poids/")


def _analysed(page: Any, study: str) -> None:
    page.goto(study)
    _go(page, "main form[action$='/analyser/'] button")
    assert "enfants analysés" in _worked(page, study)


def test_a_study_goes_its_whole_way_on_a_telephone(chromium: Any, hub: str, tmp_path: Path) -> None:
    mariam = _entered(chromium, hub, "mariam")
    mariam.goto("/preuves/etudes/")
    _follow(mariam, "Déclarer une étude")
    for name, value in SAID.items():
        mariam.fill(f"[name={name}]", value)
    _send(mariam)
    study = mariam.url.removeprefix(hub)
    _follow(mariam, "Calculer la taille")
    _send(mariam)
    draw = _drawn(mariam)
    _follow(mariam, "Ensuite : choisir les formulaires")
    for form in ("household_list", "child"):
        _go(mariam, f"form.pick:has(input[value={form}]) button")
    _brought(mariam, study, draw, tmp_path)
    _analysed(mariam, study)

    mariam.goto(f"{study}corrections/")
    _go(mariam, "main a[href*='regle-date_partial']")
    _follow(mariam, "Corriger")
    mariam.fill("[name=after]", "15/03/2024")
    mariam.fill("[name=why]", "photo de la carte")
    _send(mariam)
    ibrahim = _entered(chromium, hub, "ibrahim")
    ibrahim.goto(f"{study}corrections/")
    _go(ibrahim, "button[value=agreed]")
    _analysed(mariam, study)
    ibrahim.goto(study)
    _follow(ibrahim, "Publier")
    _go(ibrahim, "main form button:has-text('Publier')")

    jeanne = _entered(chromium, hub, "jeanne")
    jeanne.goto("/preuves/etudes/")
    _follow(jeanne, SAID["title_fr"])
    _follow(jeanne, "Lire les résultats")
    assert "zéro dose" in jeanne.inner_text("main")
    with jeanne.expect_download() as report:
        jeanne.click("main a:has-text('PDF en français')")
    assert Path(report.value.path()).read_bytes().startswith(b"%PDF")
    assert jeanne.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
