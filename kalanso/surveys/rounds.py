"""Which children does a survey round speak of, and by which stated choices is it cleaned?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise


class RoundRefused(ValueError):
    """A round that cannot be: what was expected, what came."""


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Children who were `from_days` to `to_days` days old at the interview, both included."""

    name: str
    from_days: int
    to_days: int

    def __post_init__(self) -> None:
        if not 0 <= self.from_days < self.to_days:
            raise RoundRefused(
                f"{self.name}: expected 0 <= from_days < to_days, got {self.from_days}, {self.to_days}"
            )


# The two cohorts of the Mali Learning Hub: 14 weeks and four more for the third dose, then the second year.
YOUNGER = Cohort(name="18w-11m", from_days=126, to_days=364)
OLDER = Cohort(name="12-23m", from_days=365, to_days=730)


@dataclass(frozen=True, kw_only=True)
class Round:
    """One survey: when it was in the field, which cohorts and doses it asked for, and choices of cleaning.

    `doses` are codes of the schedule. `swap_day_month` reads 2024-13-05 as the fifth month (otherwise such a date
    becomes a tick, as in VCQI); `fill_history` also fills gaps in what caregivers say.
    """

    survey: str
    first_day: date
    last_day: date
    cohorts: tuple[Cohort, ...]
    doses: tuple[str, ...]
    swap_day_month: bool = False
    fill_history: bool = False

    def __post_init__(self) -> None:
        if self.first_day > self.last_day:
            raise RoundRefused(f"last_day: expected {self.first_day} or later, got {self.last_day}")
        if not self.cohorts or not self.doses:
            raise RoundRefused("expected at least one cohort and one dose")
        _distinct("cohorts", [cohort.name for cohort in self.cohorts])
        _distinct("doses", self.doses)
        ordered = sorted(self.cohorts, key=lambda cohort: cohort.from_days)
        for one, two in pairwise(ordered):
            if two.from_days <= one.to_days:
                raise RoundRefused(
                    f"cohorts: expected ages apart, got {one.name} and {two.name} both with day {two.from_days}"
                )

    @property
    def first_birth(self) -> date:
        """The earliest birth date of an eligible child."""
        return self.first_day - timedelta(days=max(cohort.to_days for cohort in self.cohorts))

    @property
    def last_birth(self) -> date:
        """The latest birth date of an eligible child."""
        return self.last_day - timedelta(days=min(cohort.from_days for cohort in self.cohorts))


def _distinct(what: str, names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise RoundRefused(f"{what}: expected each once, got {', '.join(names)}")
