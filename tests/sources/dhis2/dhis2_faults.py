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


@dataclass
class Faults:
    """Faults in the order of `queue`, then at random with a share of `rate`."""

    rate: float = 0.0
    seed: int = 1
    kinds: tuple[str, ...] = PASSING + TOO_MUCH
    queue: list[str] = field(default_factory=list)
    played: Counter[str] = field(default_factory=Counter)
    asked: int = 0

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
            if fault in TOO_MUCH and not path.startswith("dataValueSets"):
                return ""
            if fault:
                self.played[fault] += 1
            return fault
