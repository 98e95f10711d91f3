"""Does the browser visit every page of the hub?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.functional.every_page import NOT_PAGES, PAGES

OTHERS = ("api/", "favicon.ico")  # answers for programs, and a redirect without a name
OLD = "compte/social/"  # addresses of an earlier version of allauth that lead to those of today


def addresses() -> Iterator[tuple[str, str]]:
    """Return the name and the pattern of every address, the API left out."""
    from django.urls import URLResolver, get_resolver

    def walk(resolver: Any, above: str) -> Iterator[tuple[str, str]]:
        for one in resolver.url_patterns:
            here = above + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(one, here)
            elif not here.startswith((*OTHERS, OLD)):
                yield one.name or "nowhere", here

    return walk(get_resolver(), "")


def test_every_address_is_a_page_that_the_browser_visits_or_is_said_to_be_none() -> None:
    visited = {page.of for page in PAGES}
    missing = {(name, pattern) for name, pattern in addresses() if name not in visited | NOT_PAGES.keys()}
    assert not missing, "write it into tests/functional/every_page.py: as a page, or why it is none"


def test_both_lists_hold_nothing_that_is_no_address() -> None:
    names = {name for name, _pattern in addresses()}
    assert {page.of for page in PAGES} | NOT_PAGES.keys() <= names
    assert not {page.of for page in PAGES} & NOT_PAGES.keys()


def test_no_page_is_visited_twice_by_the_same_person() -> None:
    visits = [(page.path, page.who) for page in PAGES]
    assert len(visits) == len(set(visits))
