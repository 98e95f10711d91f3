"""Which study of households is made up: its catchments, its size, how cards and memory serve, which mistakes are planted?

Settings alone; carrying the study out belongs to `household_survey`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from kalanso.simulation.household_children import Chances

COHORTS: Mapping[str, tuple[int, int]] = {
    "18w-11m": (126, 364),
    "12-23m": (365, 729),
}  # days of age at the interview


@dataclass(frozen=True, kw_only=True)
class Catchment:
    """A catchment area of the study: its true chances of DTP1 by one year and of DTP3 after DTP1 (0 to 1)."""

    place_code: str
    dtp1_coverage: float
    dtp3_given_dtp1: float
    urban: bool = False

    def __post_init__(self) -> None:
        for name in ("dtp1_coverage", "dtp3_given_dtp1"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(
                    f"{self.place_code}, {name}: expected a share between 0 and 1, got {getattr(self, name)}"
                )


@dataclass(frozen=True, kw_only=True)
class Mistakes:
    """Of 1,000 dates on paper or rows, how many are spoilt in each way; all 0 for a clean survey."""

    day_and_month_swapped: float = 4.0
    before_birth: float = 3.0
    after_interview: float = 2.0
    without_a_day: float = 25.0
    interview_twice: float = 5.0
    code_unknown: float = 3.0


NO_MISTAKES = Mistakes(
    day_and_month_swapped=0, before_birth=0, after_interview=0, without_a_day=0, interview_twice=0, code_unknown=0,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Fieldwork:
    """When, how many, and how cards and memory serve."""

    survey: str = "demo-menages-2025"
    first_day: date = date(2025, 1, 13)
    days: int = 30
    children: int = 1146
    villages: int = 60
    clusters: int = 12
    same_village: float = 0.10
    card_urban: float = 0.72
    card_rural: float = 0.58
    card_without_dtp1: float = 0.12
    register_sought: float = 0.6
    register_found: float = 0.7
    recall_yes: float = 0.92
    recall_wrongly: float = 0.10
    mistakes: Mistakes = field(default_factory=Mistakes)
    chances: Chances = field(default_factory=Chances)
