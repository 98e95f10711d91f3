"""What was asked of a server, when, and what came back?

One line per request, written as soon as it ended. The journal is kept with the snapshot as its
provenance, so it never holds a password, a token or a header.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request and its outcome.

    `at` is the time by the server's own clock (its Date header), empty where it did not say; `bytes`
    came over the network, `size` is the length once decompressed, `sha256` its checksum. `outcome` is
    `answered` or the case of the fault.
    """

    path: str
    params: tuple[tuple[str, str], ...]
    outcome: str
    at: str = ""
    status: int = 0
    bytes: int = 0
    size: int = 0
    sha256: str = ""
    attempts: int = 1


@dataclass
class Journal:
    """The requests of one pull, in memory and, where `path` is given, in a file of JSON lines."""

    path: Path | None = None
    kept: list[Asked] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def write(self, asked: Asked) -> None:
        """Add one request."""
        line = json.dumps(asdict(asked), ensure_ascii=False, sort_keys=True)
        with self._lock:
            self.kept.append(asked)
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as stream:
                    stream.write(line + "\n")


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Give the requests of a journal; a line that a sudden stop cut in two is passed over."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            try:
                yield json.loads(line)
            except ValueError:
                continue
