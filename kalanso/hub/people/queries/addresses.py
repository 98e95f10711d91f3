"""Where does a page of the hub stand? Asked hundreds of times for one list, found once in each process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse
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
