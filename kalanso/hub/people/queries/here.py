"""On whose behalf is this thread reading? Set once per request or job, read wherever tables are opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kalanso.store import Scope

_SCOPE: ContextVar[Scope] = ContextVar("scope", default=Scope())  # noqa: B039 - a frozen value


def scope() -> Scope:
    """Return the scope of the reader; where nobody was named, what is public."""
    return _SCOPE.get()


@contextmanager
def reading_as(scope: Scope) -> Iterator[None]:
    """Read as somebody with this scope until the block ends."""
    token = _SCOPE.set(scope)
    try:
        yield
    finally:
        _SCOPE.reset(token)
