"""What does a run suppose that no data say, in the size in which people say it?

The question of the library holds the logarithm of a bias; people say how many percent. What stands at its usual
value is no assumption that somebody moved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BIASES = ("anchor_bias", "conflict_reporting")
RECALL = "recall_error"
NOTHING = 5e-5  # a share that nobody would call a change


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """One assumption that was moved: a bias by its share (0.1 is 10 % too high), or the fixed recall of mothers."""

    name: str
    share: float = 0.0
    sensitivity: float = 0.0
    specificity: float = 0.0

    @property
    def size(self) -> float:
        """The share without its sign."""
        return abs(self.share)


def share_of(log: float) -> float:
    """Return the share by which something is too high, of the logarithm of its bias, to a hundredth of a percent."""
    return round(math.expm1(log), 4)


def moved(question: Mapping[str, Any]) -> list[Assumption]:
    """Return the assumptions of a question that are not at their usual value."""
    biases = [Assumption(name=name, share=share_of(float(question.get(name) or 0.0))) for name in BIASES]
    found = [one for one in biases if one.size > NOTHING]
    told = question.get(RECALL)
    if told:
        found.append(
            Assumption(name=RECALL, sensitivity=told["sensitivity"], specificity=told["specificity"])
        )
    return found
