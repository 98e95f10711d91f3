"""Does a run that was set aside say by whom and why wherever it is named, and keep its numbers on its own page?"""

from __future__ import annotations

import html
from typing import Any

import pytest

from tests.hub.run_desk import Desk, desk
from tests.hub.visitors import visitor

pytestmark = pytest.mark.long

__all__ = ["desk"]
SAID = "écarté par "
OTHERS = ("/lieux/ML/estimation/", "/ou/", "/ou/poches/", "/moi/", "/", "/preuves/croisement/")


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def aside(desk: Desk) -> Any:
    """A run that came into review, went back as a draft, and was set aside: it still stands in the tables."""
    desk.follow = True
    run = desk.brought_to("technical_review")
    desk.move(run, "draft", reason="à revoir")
    desk.move(run, "rejected", reason="les chaînes divergent")
    return run


def test_a_run_that_was_set_aside_gives_no_number_to_other_pages(desk: Desk, aside: Any) -> None:
    reader = visitor("national")
    for address in OTHERS:
        text = text_of(reader.get(address))
        assert "Environ <strong" not in text, address
        assert "personne n'a encore relu ce calcul" not in text, address
        assert ">brouillon<" not in text, address
    for address in OTHERS[:5]:  # what stands beside one another rests on no estimate here
        text = text_of(reader.get(address))
        assert SAID in text, address
        assert "les chaînes divergent" in text, address
        assert f'href="/preuves/calculs/{aside.pk}/"' in text, address


def test_its_own_page_and_its_rows_say_who_set_it_aside(desk: Desk, aside: Any) -> None:
    reader = visitor("national")
    own = text_of(reader.get(f"/preuves/calculs/{aside.pk}/"))
    assert SAID in own
    assert "les chaînes divergent" in own
    assert SAID in text_of(reader.get("/preuves/calculs/"))
    assert SAID in text_of(reader.get("/preuves/tables/coverage_estimates/"))
    answer = reader.get("/api/v1/estimates").json()
    assert (answer["run"], answer["items"]) == (None, [])


def test_a_run_that_was_taken_up_again_stands_again(desk: Desk, aside: Any) -> None:
    desk.move(aside, "draft", reason="lu trop vite")
    text = text_of(visitor("national").get("/lieux/ML/estimation/"))
    assert SAID not in text
    assert "Environ <strong" in text


def test_another_run_that_stands_takes_the_place_of_one_set_aside(desk: Desk, aside: Any) -> None:
    other = desk.brought_to("technical_review", seed=7)
    text = text_of(visitor("national").get("/lieux/ML/estimation/"))
    assert other.state == "technical_review"
    assert SAID not in text
    assert "Environ <strong" in text
