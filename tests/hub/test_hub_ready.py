"""Is what is asked first already answered when the first reader comes, and is nobody shown what is not theirs by that?"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from django.forms import Select
from django.test.html import parse_html

from tests.hub.visitors import stranger, visitor


@pytest.fixture
def asked(hub: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The questions that reach the store from here on, by the kind of their answer; nothing is answered before."""
    from kalanso.hub.explore.queries import shelf

    shelf._ground.cache_clear()
    seen: list[str] = []
    for name in ("arrow", "value"):
        whole = getattr(shelf.Shelf, name)
        monkeypatch.setattr(
            shelf.Shelf,
            name,
            lambda self, question, whole=whole, name=name: seen.append(name) or whole(self, question),
        )
    yield seen
    shelf._ground.cache_clear()


def pages(code_of: Any) -> list[str]:
    return [
        "/",
        "/ou/",
        "/lieux/",
        "/preuves/",
        "/preuves/qualite/",
        f"/lieux/{code_of('Niono', 'district')}/",
    ]


def test_the_first_reader_asks_the_store_nothing_and_a_district_team_little(
    asked: list[str], code_of: Any, quick_hand: Any
) -> None:
    from kalanso.hub.explore.queries import shelf
    from kalanso.hub.site.tasks import ask_first_pages

    def questions(reader: Any) -> int:
        before = len(asked)
        for address in pages(code_of):
            assert reader.get(address).status_code == 200
        return len(asked) - before

    team = visitor("district", code_of("Niono", "district"))
    alone = questions(team)
    shelf._ground.cache_clear()

    assert ask_first_pages(Event()) > 10
    for role in ("researcher", "national", "administrator"):
        assert questions(visitor(role)) == 0, role
    assert questions(stranger()) == 0
    assert questions(team) < alone / 2


def test_an_end_of_the_program_ends_it(asked: list[str]) -> None:
    from kalanso.hub.site.tasks import ask_first_pages

    over = Event()
    over.set()
    assert ask_first_pages(over) == 0


def test_a_page_that_may_not_be_seen_is_left_to_whoever_may(
    hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.explore.views import quality
    from kalanso.hub.site.tasks import _composed
    from kalanso.store import NotVisible

    def closed(*_of: Any) -> None:
        raise NotVisible("closed")

    monkeypatch.setattr(quality.asked, "closed", closed)
    assert not _composed("/preuves/qualite/")


def test_a_broken_store_is_told_and_tried_again(
    hub: None, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    from kalanso.hub.site import tasks

    class Twice(Event):
        waits = 0

        def wait(self, timeout: float | None = None) -> bool:
            Twice.waits += 1
            return Twice.waits == 2

    def broken(_over: Event) -> int:
        raise OSError("no such file")

    monkeypatch.setattr(tasks, "ask_first_pages", broken)
    tasks._keep_ready(Twice())
    assert [line.message for line in caplog.records] == ["what is asked first was not answered"] * 2


@pytest.mark.parametrize("value", ["", "b&", "none of them"])
def test_a_short_list_is_what_djangos_own_list_is(hub: None, value: str) -> None:
    from kalanso.hub.explore.forms import ShortList

    choices = [("", "Tout"), ("a", "l'un"), ("b&", '<b>"deux"')]
    attributes = {"id": "id_x", "aria-invalid": "true", "required": True}
    ours = ShortList(choices=choices).render("x", value, attributes)
    assert parse_html(ours) == parse_html(Select(choices=choices).render("x", value, attributes))
