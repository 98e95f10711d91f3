"""Are few pages made at a time in one process, and does a slow one hold nobody up for good?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock
from typing import TYPE_CHECKING

import pytest
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kalanso.hub.site.middleware import InTurn

PAGES = 6


@pytest.fixture
def turns(hub: None) -> type[InTurn]:
    from kalanso.hub.site.middleware import InTurn

    return InTurn


def test_no_more_pages_are_made_at_a_time_than_there_are_turns(
    turns: type[InTurn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "patience", 60)
    begun, most, lock, full, go_on = [0], [0], Lock(), Event(), Event()

    def page(request: HttpRequest) -> HttpResponse:
        with lock:
            begun[0] += 1
            most[0] = max(most[0], begun[0])
            if begun[0] == turns.turns:
                full.set()
        go_on.wait(30)
        with lock:
            begun[0] -= 1
        return HttpResponse()

    in_turn = turns(page)
    with ThreadPoolExecutor(PAGES) as crowd:
        answers = [crowd.submit(in_turn, HttpRequest()) for _ in range(PAGES)]
        assert full.wait(30)
        go_on.set()
        assert [one.result(30).status_code for one in answers] == [200] * PAGES
    assert most[0] == turns.turns


def test_pages_that_take_long_no_longer_count_and_hold_nobody_up(
    turns: type[InTurn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "patience", 0.05)
    go_on, begun = Event(), Barrier(turns.turns + 1)

    def page(request: HttpRequest) -> HttpResponse:
        if request.path == "/slow/":
            begun.wait(30)
            go_on.wait(30)
        return HttpResponse(request.path)

    in_turn = turns(page)
    with ThreadPoolExecutor(turns.turns) as crowd:
        slow = [crowd.submit(in_turn, at("/slow/")) for _ in range(turns.turns)]
        begun.wait(30)
        assert [in_turn(at("/quick/")).content for _ in range(3)] == [b"/quick/"] * 3
        go_on.set()
        assert all(one.result(30).content == b"/slow/" for one in slow)


def test_pages_are_made_in_the_order_in_which_they_were_asked_for(
    turns: type[InTurn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "patience", 60)
    monkeypatch.setattr(turns, "turns", 1)
    go_on, made = Event(), []

    def page(request: HttpRequest) -> HttpResponse:
        go_on.wait(30)
        made.append(request.path)
        return HttpResponse()

    in_turn = turns(page)
    with ThreadPoolExecutor(PAGES) as crowd:
        answers = []
        for number in range(PAGES):
            answers.append(crowd.submit(in_turn, at(f"/{number}/")))
            while len(in_turn.waiting) + len(in_turn.begun) <= number:  # until it has asked
                pass
        go_on.set()
        assert all(one.result(30) for one in answers)
    assert made == [f"/{number}/" for number in range(PAGES)]


def test_a_page_that_fails_gives_its_turn_back(turns: type[InTurn]) -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise ValueError("broken")

    in_turn = turns(broken)
    for _ in range(3 * turns.turns):
        with pytest.raises(ValueError, match="broken"):
            in_turn(HttpRequest())
    assert not in_turn.begun
    assert not in_turn.waiting


def at(path: str) -> HttpRequest:
    request = HttpRequest()
    request.path = path
    return request
