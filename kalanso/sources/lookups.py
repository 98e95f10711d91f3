"""How long may a resolver think about a name?

The system's own lookup takes no timeout: a resolver that is dead, or that whoever answers for a name keeps
silent, would hold a worker for minutes. Here it is waited for so long and no longer. A lookup cannot be
stopped from outside, so that few may hang at a time; which addresses may be asked is said by `hosts`.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence

LONGEST = 15.0  # seconds; the resolvers of the system ask two or three servers within them
AT_ONCE = 8  # lookups of one process under way, those that hang included

_turns = threading.BoundedSemaphore(AT_ONCE)
_Answer = tuple[Sequence[str], Exception | None]


class NoAnswer(TimeoutError):
    """A resolver that did not answer in time."""


def addresses_of(host: str, port: int) -> list[str]:
    """Return the addresses to which a host leads, each once. Raises OSError for a name that nobody knows."""
    told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in told))


def in_time(look: Callable[[], Sequence[str]], *, seconds: float) -> Sequence[str]:
    """Return what a lookup finds, or raise what it raises; NoAnswer where it takes longer."""
    until = time.monotonic() + seconds
    if not _turns.acquire(timeout=seconds):
        raise NoAnswer(f"{AT_ONCE} lookups are waiting for a resolver that does not answer")
    told: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
    try:
        threading.Thread(target=_look, args=(look, told), name="lookup", daemon=True).start()
    except RuntimeError:
        _turns.release()
        raise
    try:
        found, error = told.get(timeout=max(0.0, until - time.monotonic()))
    except queue.Empty:
        raise NoAnswer(f"no answer from the resolver within {seconds:g} seconds") from None
    if error is not None:
        raise error
    return found


def _look(look: Callable[[], Sequence[str]], told: queue.SimpleQueue[_Answer]) -> None:
    try:
        told.put((look(), None))
    except Exception as error:  # it is raised where the answer is waited for
        told.put(([], error))
    finally:
        _turns.release()
