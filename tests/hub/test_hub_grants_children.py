"""Does spending stand beside missed children within one context, as the reader's circle may see them, without a ranking?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from tests.hub import money_desk as desk
from tests.hub.test_hub_estimates import estimated  # noqa: F401 - a fixture
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

PAGE = "/agir/subventions/enfants/"
COLUMNS = ("Dépensé, même période", "Dépensé à ce jour", "Enfants manqués")


@pytest.fixture
def paid(quick_hand: Any, niono: str, code_of: Any) -> dict[str, str]:
    """Money spent in two districts and for the whole country, most of it in the year of the estimate."""
    by = person("national")
    grant, codes = desk.grant(by), {"Niono": niono, "Bougouni": code_of("Bougouni", "district")}
    for year, amount in ((2024, 9_000_000), (2025, 70_000)):
        for number, code in enumerate(codes.values(), 1):
            line = desk.line(by, grant, place=code, year=year)
            desk.entry(by, line, "expenditure", amount * number, date(year, 2, 3))
    desk.entry(by, desk.line(by, grant), "expenditure", 555_000, date(2024, 2, 3))
    return codes


@pytest.fixture
def shown(paid: Any, estimated: Path) -> Iterator[None]:  # noqa: F811
    with override_settings(KALANSO_STORE=estimated):
        yield


def test_without_an_estimate_children_are_not_shown(paid: Any) -> None:
    page = text_of(visitor("national").get(PAGE))
    assert "Aucune estimation n'est validée pour votre rôle" in page
    assert "Enfants manqués" not in page


def test_spending_stands_beside_children_of_one_context_in_the_order_of_names(shown: None) -> None:
    answer = visitor("national").get(f"{PAGE}?contexte=urban")
    page = text_of(answer).replace("\u202f", " ")
    for words in (
        *COLUMNS,
        "L'argent contribue parmi d'autres causes",
        "ne classe aucun district",
        "555 000 FCFA sont dépensés sans",
    ):
        assert words in page, words
    rows = {row.place.name: row for row in answer.context["rows"]}
    assert (rows["Niono"].within, rows["Niono"].ever) == (9_000_000, 9_070_000)
    assert (rows["Bougouni"].within, rows["Bougouni"].ever) == (18_000_000, 18_140_000)
    assert list(rows) == sorted(rows)
    assert rows["Niono"].missed.low < rows["Niono"].missed.mean < rows["Niono"].missed.high
    assert re.search(r"entre \d+ et \d+", page)
    assert "brouillon" in page.lower(), "the state of the run is said"
    assert "FCFA par enfant" not in page


def test_who_reads_validated_estimates_alone_sees_no_child_of_a_draft(shown: None) -> None:
    for client in (visitor("partner"), visitor("donor", organisation="gavi")):
        page = text_of(client.get(PAGE))
        assert "Aucune estimation n'est validée pour votre rôle" in page
        assert "Enfants manqués" not in page
    assert visitor("researcher").get(PAGE).status_code == 403


def test_both_languages_and_a_wrong_choice_open(shown: None) -> None:
    client = visitor("national")
    assert "Money contributes among other causes" in text_of(client.get(f"/en{PAGE}"))
    assert client.get(f"{PAGE}?contexte=lune&periode=1999Q1").status_code == 200
