"""How does a long pull arrive piece by piece, and go on where it was stopped?

Each piece ends in a Parquet file and, after it, a small note that it is complete; a piece with its
note is never asked for again. A piece that is too much for the server is halved, which is noted too.
At most two are on their way at once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kalanso.sources.dhis2.chunks import Chunk, chunk_from, halves
from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.transport import PullStopped

# Brings one piece into a Parquet file and returns how many rows it holds.
Fetch = Callable[[Chunk, Path], int]
LOOK = 0.5  # seconds between two looks at whether to stop


def collect(
    chunks: Sequence[Chunk], folder: Path, fetch: Fetch, *, children: Mapping[str, Collection[str]],
    at_once: int = 2, progress: Callable[[float], None] = lambda _: None,
    cancel: Callable[[], bool] = lambda: False,
) -> int:  # fmt: skip
    """Bring every piece that is not there yet into a folder and return how many rows all hold.

    `progress` and `cancel` are called by the thread that called this and by no other, since what they ask
    (a database) may belong to it. Raises the first DhisFault that neither time nor halving could cure, or
    PullStopped; what had arrived stays for the next time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    work = _Work(folder, fetch, children, len(chunks), progress, cancel)
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="dhis2") as pool:
        waiting = [pool.submit(work.whole, chunk) for chunk in chunks]
        try:
            left: set[Future[int]] = set(waiting)
            done: set[Future[int]] = set()
            while left and not any(future.exception() for future in done):
                done, left = wait(left, timeout=LOOK, return_when=FIRST_COMPLETED)
                work.look()
            failed = [f for f in waiting if f.done() and f.exception() is not None]
            if failed:
                # What the others hear is only that they were stopped.
                raise min((f.exception() for f in failed), key=lambda e: isinstance(e, PullStopped))  # type: ignore[misc]
        except BaseException:
            work.halt.set()
            for future in waiting:
                future.cancel()
            raise
        return sum(future.result() for future in waiting)


def complete(folder: Path) -> Iterator[Path]:
    """Give the Parquet files of the pieces that arrived whole and hold rows."""
    for note in sorted(folder.glob("*.json")):
        told = _note(note)
        if told and told.get("rows"):
            yield note.with_suffix(".parquet")


class _Work:
    def __init__(
        self, folder: Path, fetch: Fetch, children: Mapping[str, Collection[str]], total: int,
        progress: Callable[[float], None], cancel: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.folder, self.fetch, self.children = folder, fetch, children
        self.total, self.progress, self.cancel = max(total, 1), progress, cancel
        self.done = 0.0
        self.lock = threading.Lock()
        self.halt = threading.Event()

    def whole(self, chunk: Chunk) -> int:
        """Bring one planned piece, halved as often as it must be."""
        rows = 0
        waiting = [(chunk, 1.0)]
        while waiting:
            now, share = waiting.pop(0)
            if self.halt.is_set():
                raise PullStopped
            came = self._one(now)
            if isinstance(came, int):
                rows += came
                self._tell(share)
            else:
                waiting = [(part, share / len(came)) for part in came] + waiting
        return rows

    def _one(self, chunk: Chunk) -> int | list[Chunk]:
        note = self.folder / f"{chunk.id}.json"
        told = _note(note)
        if told and "halves" in told:
            return [chunk_from(part) for part in told["halves"]]
        if told:
            return int(told["rows"])
        draft = self.folder / f"{chunk.id}.part"
        try:
            rows = self.fetch(chunk, draft)
        except DhisFault as fault:
            smaller = halves(chunk, self.children) if fault.too_much else []
            draft.unlink(missing_ok=True)
            if not smaller:
                raise
            _write(note, {"halves": [asdict(part) for part in smaller], "because": fault.case})
            return smaller
        draft.replace(note.with_suffix(".parquet"))
        _write(note, {"rows": rows, "chunk": asdict(chunk)})
        return rows

    def look(self) -> None:
        """Tell how far the work is, and stop it where somebody asked."""
        with self.lock:
            done = min(self.done / self.total, 1.0)
        self.progress(done)
        if self.cancel():
            self.halt.set()
            raise PullStopped

    def _tell(self, share: float) -> None:
        with self.lock:
            self.done += share


def _note(path: Path) -> dict[str, Any] | None:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) else None


def _write(path: Path, told: Mapping[str, Any]) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(told), encoding="utf-8")
    draft.replace(path)
