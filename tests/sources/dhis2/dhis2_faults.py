"""What goes wrong between a DHIS2 server and its clients, to be played at will or at random."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field

# What passes when one asks again, or asks for less.
PASSING = (
    "429", "500", "502_html", "503_wait", "504", "cut_body", "cut_before", "half_gzip", "bad_json", "not_utf8",
    "short_length",
)  # fmt: skip
TOO_MUCH = ("414",)  # only meant for questions that can be halved
# Silence in the middle of an answer, and an answer that comes byte by byte, both for longer than anybody waits.
SLOW = ("silence", "trickle")
# What somebody must look at before one goes on: the pull ends with a sentence and is called again.
ENDING = ("401", "302_login", "200_html", "403")
# Conflicts: of values alone, since analytics that refuse make the pull ask another door for reports.
CONFLICTS = ("e2012", "e2001", "e7128", "e7131")


@dataclass
class Faults:
    """Faults in the order of `queue`, then at random with a share of `rate`."""

    rate: float = 0.0
    seed: int = 1
    kinds: tuple[str, ...] = PASSING + TOO_MUCH
    queue: list[str] = field(default_factory=list)
    played: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    slow_seconds: float = 1.5

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311
        self._lock = threading.Lock()

    def next(self, path: str) -> str:
        """Return the fault of this request, or nothing."""
        with self._lock:
            self.asked += 1
            if self.queue:
                fault = self.queue.pop(0)
            elif self.rate and self._rng.random() < self.rate:
                fault = self._rng.choice(self.kinds)
            else:
                return ""
            if fault in TOO_MUCH + CONFLICTS and not path.startswith("dataValueSets"):
                return ""
            if fault:
                self.played[fault] += 1
            return fault
