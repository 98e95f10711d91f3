"""What does the living backlog assume?

Timeliness, late doses, deaths and departures: each a number with its reason, to be replaced by what
a country knows. `Drawn` is one set of draws of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.aggregates import Numbers
from kalanso.coverage.assumptions import RATIO, Assumption, assumption_table

_MONTHS = 12
# Share of the DTP1 doses given by 12 months that were given by 1.5, 2, 3 ... 12 months of age.
_GIVEN = ((1.5, 0.0), (2.0, 0.35), (3.0, 0.68), (4.0, 0.82), (6.0, 0.92), (9.0, 0.98), (12.0, 1.0))


def _assume(
    name: str, value: float, low: float, high: float, *, kind: str = "share", source: str = ""
) -> Assumption:
    return Assumption(
        name=name,
        value=value,
        low=low,
        high=high,
        kind=kind,
        reason=f"coverage.assumption.{name}",
        source=source,
    )


@dataclass(frozen=True, kw_only=True)
class BacklogAssumptions:
    """The assumptions of the living backlog; replace what is known better.

    `due_age_months` is the age at which DTP1 is due (6 weeks). `given_by_age` are points (age in
    months, share of the doses given by 12 months that were given by then). `late_monthly` is the
    chance a month that a child without DTP1 gets it in routine services in the second year of life;
    it is used only where no late routine doses are reported. `genuine` is the share of reported
    late and catch-up first doses that went to a living child of that age without DTP1.
    `post_neonatal_deaths` is the share of children who die between 1 and 12 months, `child_deaths`
    between 12 and 60 months (United Nations estimates); `deaths_ratio` says how much more often
    children without DTP1 die. `growth` is the yearly growth of births, `history` the standard
    deviation (logit) after one year of coverage before the first estimated quarter. `leaving` maps
    an area to the yearly share of its children who leave for good (negative: who come).
    """

    due_age_months: float = 1.5
    given_by_age: tuple[tuple[float, float], ...] = _GIVEN
    late_monthly: Assumption = field(default_factory=lambda: _assume("late_monthly", 0.01, 0.003, 0.03))
    genuine: Assumption = field(default_factory=lambda: _assume("genuine", 0.8, 0.55, 0.95))
    post_neonatal_deaths: Assumption = field(
        default_factory=lambda: _assume(
            "post_neonatal_deaths", 0.024, 0.018, 0.032, source="Countdown to 2030, cd2030.core default"
        )
    )
    child_deaths: Assumption = field(
        default_factory=lambda: _assume(
            "child_deaths",
            0.03,
            0.02,
            0.045,
            source="United Nations estimates of child mortality, to be stated per country",
        )
    )
    deaths_ratio: Assumption = field(
        default_factory=lambda: _assume("deaths_ratio", 1.5, 1.0, 2.5, kind=RATIO)
    )
    growth: Assumption = field(
        default_factory=lambda: Assumption.fixed(
            "growth",
            0.025,
            kind=RATIO,
            reason="coverage.assumption.growth",
            source="World Population Prospects 2024",
        )
    )
    history: Assumption = field(
        default_factory=lambda: Assumption.fixed(
            "history", 0.3, kind=RATIO, reason="coverage.assumption.history"
        )
    )
    leaving: Mapping[str, float] = field(default_factory=dict)
    leaving_reason: str = "coverage.assumption.leaving"

    def __post_init__(self) -> None:
        if not 0 < self.due_age_months <= 3:
            raise ValueError(f"due_age_months: expected 0 to 3 months, got {self.due_age_months}")
        ages, shares = zip(*self.given_by_age, strict=True)
        rising = list(ages) == sorted(set(ages)) and list(shares) == sorted(shares)
        if not rising or shares[0] != 0 or shares[-1] != 1 or ages[-1] != _MONTHS:
            raise ValueError("given_by_age: expected rising ages and shares, from 0 up to 1 at 12 months")
        if any(not -1 < share < 1 for share in self.leaving.values()):
            raise ValueError("leaving: expected yearly shares between -1 and 1")

    def listed(self) -> list[Assumption]:
        """Return every assumption that has a number, in order."""
        return [value for one in fields(self) if isinstance(value := getattr(self, one.name), Assumption)]

    def table(self) -> pd.DataFrame:
        """Return the assumptions as a table (see `assumptions`), movement as one row."""
        mean = float(np.mean(list(self.leaving.values()))) if self.leaving else 0.0
        row = {
            "name": "leaving", "value": mean, "low": min(self.leaving.values(), default=0.0),
            "high": max(self.leaving.values(), default=0.0), "kind": "share", "reason": self.leaving_reason,
            "source": "",
        }  # fmt: skip
        return pd.concat([assumption_table(self.listed()), pd.DataFrame([row])], ignore_index=True)

    def drawn(self, count: int, rng: np.random.Generator, *, late_doses_reported: bool) -> Drawn:
        """Return draws of all assumptions; reported late doses replace the assumed ones."""
        late = np.zeros(count) if late_doses_reported else self.late_monthly.draws(count, rng)
        ratio = self.deaths_ratio.draws(count, rng)
        return Drawn(
            late_monthly=late,
            genuine=self.genuine.draws(count, rng),
            infant_deaths=self.post_neonatal_deaths.draws(count, rng) * ratio,
            death_rate=-np.log1p(-self.child_deaths.draws(count, rng)) / 48 * ratio,
            history=self.history.draws(count, rng) * rng.standard_normal(count),
            given_by_age=self.given_by_age,
            leaving=self.leaving,
        )


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One set of draws of the assumptions (each array: draws)."""

    late_monthly: Numbers
    genuine: Numbers
    infant_deaths: Numbers
    death_rate: Numbers
    history: Numbers
    given_by_age: tuple[tuple[float, float], ...]
    leaving: Mapping[str, float]

    def given_by(self, ages: npt.ArrayLike, due_age: float) -> Numbers:
        """Return the share of by-12-months doses given by each age; none before the due age."""
        known, shares = zip(*self.given_by_age, strict=True)
        at = np.asarray(ages, dtype=np.float64)
        return np.where(at < due_age, 0.0, np.interp(at, known, shares, left=0.0))

    def alive_under_one(self) -> Numbers:
        """Return children alive at each month of age per child who reaches one year (12 x draws).

        Deaths after the first month fall evenly between 1 and 12 months of age.
        """
        ages = np.arange(_MONTHS) + 0.5
        return 1 + np.clip((_MONTHS - ages) / (_MONTHS - 1), 0, 1)[:, None] * self.infant_deaths[None, :]

    def kept_since_one(self, ages: npt.ArrayLike) -> Numbers:
        """Return the share still alive and without a late routine dose at an age (ages x draws)."""
        months = (np.asarray(ages) - _MONTHS)[:, None]
        second_year = np.minimum(months, _MONTHS)
        return np.exp(-months * self.death_rate) * (1 - self.late_monthly) ** second_year

    def step_back(self, years: float) -> Numbers:
        """Return how far (logit) coverage lay from the first year's, some years before it (draws)."""
        return self.history * np.sqrt(years)

    def stayed(self, areas: Sequence[str], ages: npt.ArrayLike) -> Numbers:
        """Return the share of children who are still where they were born (ages x areas)."""
        yearly = np.array([self.leaving.get(area, 0.0) for area in areas])
        return (1 - yearly)[None, :] ** (np.asarray(ages)[:, None] / _MONTHS)
