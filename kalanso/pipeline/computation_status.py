"""How far is the computation behind the pages, and if there is none, why?

One small file in the store's folder of estimates, written by the computation and read by pages: `waiting`,
`running`, `done` or `refused`, with a sentence.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kalanso.coverage.writing import STATUS
from kalanso.pipeline import estimate_account as account
from kalanso.store import Store
from kalanso.vocabulary import Message

WAITING, RUNNING, DONE, REFUSED = "waiting", "running", "done", "refused"
STEPS = ("preview", "published", "assumptions")
FAILED = "pipeline.refine.failed"  # message of a fault of the software, which another version may not have
OFTEN = 1.0  # seconds between two writings of progress


@dataclass(eq=False)
class StatusFile:
    """The file of one computation, rewritten whole each time.

    `snapshots` name what it hears of each table, so that one that was interrupted goes on with the same.
    """

    store: Store
    of: str
    snapshots: Mapping[str, str] = field(default_factory=dict)
    started: str = field(default_factory=lambda: _now())
    written: float = 0.0

    def running(self, message_id: str, share: float, step: str) -> None:
        """Say how far the computation is; most calls within a second are passed over."""
        if time.monotonic() - self.written < OFTEN:
            return
        self.written = time.monotonic()
        self.say(RUNNING, Message(message_id), share, step)

    def say(self, state: str, message: Message, share: float, step: str) -> None:
        """Write the state now."""
        document = {
            "state": state, "message": message.id, "params": dict(message.params), **account.both(message),
            "step": step, "share": round(share, 3), "started": self.started, "updated": _now(), "of": self.of,
            "pid": os.getpid(), "snapshots": dict(self.snapshots),
        }  # fmt: skip
        path = _path(self.store)
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.draft")
        draft.write_text(json.dumps(document, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
        draft.replace(path)


def read_status(store: Store) -> Mapping[str, Any] | None:
    """Return what the newest computation says; None where none was asked for.

    One that ended without a word (a machine switched off) is `waiting`: it goes on when it is started
    again.
    """
    try:
        found = json.loads(_path(store).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.get("state") not in (WAITING, RUNNING, DONE, REFUSED):
        return None
    if found["state"] == RUNNING and not _alive(int(found.get("pid", 0))):
        message = Message("pipeline.refine.interrupted")
        return found | {"state": WAITING, "message": message.id, "params": {}, **account.both(message)}
    return found


def is_open(status: Mapping[str, Any]) -> bool:
    """Return whether there is something to go on with: the work was interrupted, or the software failed."""
    return status["state"] in (WAITING, RUNNING) or status.get("message") == FAILED


def _path(store: Store) -> Path:
    return store.folder / "estimates" / STATUS


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _alive(pid: int) -> bool:
    if os.name == "nt" or pid <= 0:
        return pid > 0  # Windows has no harmless way to ask
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
