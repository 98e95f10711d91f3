"""How large is a quantity, and how sure are we?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its interval.

    `low` and `high` bound the stated `level` of probability or confidence (0.95 by default).
    Shares run from 0 to 1, counts are children.
    """

    value: float
    low: float
    high: float
    level: float = 0.95

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"expected low <= value <= high, got {self.low}, {self.value}, {self.high}")
        if not 0 < self.level < 1:
            raise ValueError(f"level: expected a share between 0 and 1, got {self.level}")

    @property
    def width(self) -> float:
        """The length of the interval."""
        return self.high - self.low
