"""On whose behalf, and for which request or job, is this thread at work? Set once, read wherever it is needed."""

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


# What log lines name, so that those of one request or job can be found together.
_WORK: ContextVar[tuple[str, str]] = ContextVar("work", default=("", ""))


def work() -> tuple[str, str]:
    """Return the ids of the request and of the job that this thread serves; "" where there is none."""
    return _WORK.get()


@contextmanager
def working_for(*, request: str = "", job: str = "") -> Iterator[None]:
    """Work for a request or a job until the block ends."""
    token = _WORK.set((request, job))
    try:
        yield
    finally:
        _WORK.reset(token)
