"""Where does a page of the hub stand, and which page stands at an address? Asked hundreds of times, found once in each process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, get_script_prefix, get_urlconf, resolve, reverse
from django.utils.translation import get_language

# Pages behind a secret link: theirs alone who hold it. Their addresses are kept nowhere.
SECRET_LINKS = ("enter", "invitation", "unsubscribe", "feed_mine", "openid_connect", "socialaccount")


def address(name: str, *args: Any) -> str:
    """Return the address of a page by its name, as `reverse` does. Raises NoReverseMatch where there is none."""
    if name.startswith(SECRET_LINKS):
        return reverse(name, args=args)
    # Equal things may be written in different ways: 1 and True, or a text and one that is translated late.
    for one in args:
        if type(one) is not int and type(one) is not str:
            args = tuple(map(str, args))
            break
    return _found(name, args, get_language(), get_script_prefix(), get_urlconf() or settings.ROOT_URLCONF)


@lru_cache(maxsize=20_000)
def _found(name: str, args: tuple[Any, ...], _language: str | None, _prefix: str, pages: str) -> str:
    return str(reverse(name, pages, args=args))


# Pages found by their address, language and list of pages.
_PAGES: dict[tuple[str, str | None, str], ResolverMatch] = {}
MOST_PAGES = 5_000


def page_asked(request: HttpRequest) -> ResolverMatch | None:
    """Return the page that a request asks for in the language of the moment, None where there is none; found once for all who want it.

    It is kept with the request. Beyond it only pages are kept of which a telephone may keep a copy: others may stand
    behind a secret.
    """
    found: dict[str | None, ResolverMatch | None] = request.__dict__.setdefault("_kalanso_pages", {})
    language = get_language()
    if language not in found:
        found[language] = _page_at(request.path_info, language)
    return found[language]


def _page_at(path: str, language: str | None) -> ResolverMatch | None:
    key = (path, language, get_urlconf() or settings.ROOT_URLCONF)
    known = _PAGES.get(key)
    if known is not None:
        return known
    try:
        match = resolve(path)
    except Resolver404:
        return None
    if match.url_name in settings.KALANSO_KEPT_OFFLINE:
        if len(_PAGES) >= MOST_PAGES:
            _PAGES.clear()
        _PAGES[key] = match
    return match
