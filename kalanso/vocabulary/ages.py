"""At what age was a dose given, or a child counted?

Age bands as routine forms use them. Which band counts toward coverage is said here once; ages at
which a dose is due belong to the schedule in `kalanso.definitions`.
"""

from __future__ import annotations

from enum import StrEnum


class AgeGroup(StrEnum):
    """Completed months of age, as tallied on vaccination forms."""

    UNDER_1 = "0-11m"
    ONE = "12-23m"
    TWO_TO_FOUR = "24-59m"
    UNKNOWN = "unknown"

    @property
    def counts_for_coverage(self) -> bool:
        """Whether doses of this band stand in a coverage numerator (only 0-11 months do)."""
        return self is AgeGroup.UNDER_1

    @property
    def months(self) -> tuple[int, int] | None:
        """First and last completed month, or None where the age was not recorded."""
        bounds = {"0-11m": (0, 11), "12-23m": (12, 23), "24-59m": (24, 59)}
        return bounds.get(self.value)
