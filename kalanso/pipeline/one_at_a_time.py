"""Is another computation already at work in this store?

A lock that the operating system gives back when its process ends, however it ends, so that two estimates
never write into the same folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kalanso.coverage.writing import LOCK
from kalanso.store import Store
from kalanso.vocabulary import Message

try:
    import fcntl
except ImportError:  # Windows has no such locks; a file that exists must do there
    fcntl = None  # type: ignore[assignment]

_HELD: set[Path] = set()


class AlreadyComputing(RuntimeError):
    """Another process computes in this store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(str(folder))

    def __str__(self) -> str:
        return self.render("en")

    def render(self, locale: str = "fr") -> str:
        """Return the sentence for a person."""
        return Message("pipeline.computing.already", {"folder": str(self.folder)}).render(locale)


@contextmanager
def one_at_a_time(store: Store) -> Iterator[None]:
    """Hold the store's computations; the same process may ask again inside. Raises AlreadyComputing."""
    path = (store.folder / "estimates" / LOCK).resolve()
    if path in _HELD:
        yield
        return
    path.parent.mkdir(exist_ok=True)
    with path.open("a+", encoding="utf-8") as stream:
        _take(stream, store)
        _HELD.add(path)
        try:
            stream.truncate(0)
            stream.write(f"{os.getpid()}\n")
            stream.flush()
            yield
        finally:
            _HELD.discard(path)
            stream.truncate(0)


def _take(stream: IO[str], store: Store) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise AlreadyComputing(store.folder) from error


def is_computing(store: Store) -> bool:
    """Return whether another process computes in this store now."""
    try:
        with one_at_a_time(store):
            return False
    except AlreadyComputing:
        return True
