"""When did each surveyed child of the made-up country truly get each dose, and what is true of all such children?

Ages at doses follow from a catchment's coverage, the schedule's minimum ages and delays that children share. What
interviewers find of it (cards, registers, memory, mistakes) belongs to `household_survey`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import stats

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Minimum ages in days of Mali's calendar; the other doses of a series follow the one before by 28 days and more.
AT_BIRTH, DTP1, MCV1, MCV2, INTERVAL = 0, 42, 270, 456, 28
DOSES = (
    "bcg", "opv0", "dtp1", "dtp2", "dtp3", "opv1", "opv2", "opv3", "pcv1", "pcv2", "pcv3", "rota1", "rota2", "rota3",
    "ipv1", "mcv1", "yf", "mcv2",
)  # fmt: skip
WITH_DTP = {"opv": 0.97, "pcv": 0.96, "rota": 0.90}  # chance to get the same dose at the same visit


@dataclass(frozen=True, kw_only=True)
class Delays:
    """How late doses come after they may be given: gamma distributions, shape and mean in days."""

    bcg: tuple[float, float] = (1.0, 9.0)
    dtp1: tuple[float, float] = (1.2, 22.0)
    between: tuple[float, float] = (1.2, 14.0)
    mcv1: tuple[float, float] = (1.3, 30.0)
    mcv2: tuple[float, float] = (1.5, 60.0)


@dataclass(frozen=True, kw_only=True)
class Chances:
    """Shares of children who ever get a dose given an earlier one."""

    bcg_without_dtp1: float = 0.35
    bcg_with_dtp1: float = 0.98
    opv0_with_bcg: float = 0.65
    ipv1_with_dtp3: float = 0.93
    mcv1_with_dtp3: float = 0.88
    mcv1_with_dtp1: float = 0.45
    mcv2_with_mcv1: float = 0.55
    delays: Delays = field(default_factory=Delays)


def ages_at_doses(
    dtp1: Numbers, dtp3_given_dtp1: Numbers, chances: Chances, rng: np.random.Generator
) -> dict[str, Numbers]:
    """Return the age in days at each dose of n children, infinite where it is never given.

    `dtp1` and `dtp3_given_dtp1` are chances (n, 0 to 1). DTP1 is given before the first birthday or never.
    """
    n, delays = len(dtp1), chances.delays
    first = np.where(rng.random(n) < dtp1, DTP1 + _before_one_year(delays.dtp1, n, rng), np.inf)
    onward = np.sqrt(dtp3_given_dtp1)
    second = _next(first, onward, delays.between, rng)
    third = _next(second, onward, delays.between, rng)
    found = {"dtp1": first, "dtp2": second, "dtp3": third}
    for series, chance in WITH_DTP.items():
        for number in (1, 2, 3):
            found[f"{series}{number}"] = _if(rng.random(n) < chance, found[f"dtp{number}"])
        # a dose that was missed moves those behind it up one place on the card
        rows = np.sort(np.stack([found[f"{series}{number}"] for number in (1, 2, 3)]), axis=0)
        found |= {f"{series}{number}": rows[number - 1] for number in (1, 2, 3)}
    seen = np.isfinite(first)
    bcg = rng.random(n) < np.where(seen, chances.bcg_with_dtp1, chances.bcg_without_dtp1)
    found["bcg"] = _if(bcg, AT_BIRTH + _gamma(delays.bcg, n, rng))
    early = np.minimum(found["bcg"], 14.0)
    found["opv0"] = _if(bcg & (found["bcg"] <= 14) & (rng.random(n) < chances.opv0_with_bcg), early)
    found["ipv1"] = _if(rng.random(n) < chances.ipv1_with_dtp3, third)
    wanted = np.where(np.isfinite(third), chances.mcv1_with_dtp3, np.where(seen, chances.mcv1_with_dtp1, 0.0))
    found["mcv1"] = _if(rng.random(n) < wanted, MCV1 + _gamma(delays.mcv1, n, rng))
    found["yf"] = _if(rng.random(n) < 0.95, found["mcv1"])
    later = np.maximum(MCV2 + _gamma(delays.mcv2, n, rng), found["mcv1"] + INTERVAL)
    found["mcv2"] = _if(rng.random(n) < chances.mcv2_with_mcv1, later)
    return {dose: np.floor(found[dose]) for dose in DOSES}


def share_by_interview(from_days: int, to_days: int, chances: Chances) -> float:
    """Return which share of the children who ever get DTP1 have it at an interview at these ages, evenly spread."""
    shape, mean = chances.delays.dtp1
    delay = stats.gamma(shape, scale=mean / shape)
    ages = np.arange(from_days, to_days + 1)
    given = delay.cdf(ages + 1 - DTP1) / delay.cdf(365 - DTP1)  # doses are dated by whole days
    return float(np.clip(given, 0, 1).mean())


def expected_answers(
    true: float, *, card: tuple[float, float], recall: tuple[float, float], register: float = 0.0
) -> float:
    """Return which share would be found with proof or affirmed, of children of whom a share `true` has the dose.

    `card` is the chance that a card is seen of children with and without the dose, `recall` the chance that a
    caregiver without one affirms it, likewise. `register` is the chance that a register is consulted and shows the dose.
    """
    with_dose = card[0] + (1 - card[0]) * (1 - (1 - register) * (1 - recall[0]))
    without = (1 - card[1]) * recall[1]
    return true * with_dose + (1 - true) * without


def _gamma(delay: tuple[float, float], n: int, rng: np.random.Generator) -> Numbers:
    shape, mean = delay
    return rng.gamma(shape, mean / shape, n)


def _before_one_year(delay: tuple[float, float], n: int, rng: np.random.Generator) -> Numbers:
    shape, mean = delay
    law = stats.gamma(shape, scale=mean / shape)
    return np.asarray(law.ppf(rng.random(n) * law.cdf(365 - DTP1)))


def _next(before: Numbers, chance: Numbers, delay: tuple[float, float], rng: np.random.Generator) -> Numbers:
    return _if(rng.random(len(before)) < chance, before + INTERVAL + _gamma(delay, len(before), rng))


def _if(given: Flags, age: Numbers) -> Numbers:
    return np.where(given, age, np.inf)


def received(ages: Mapping[str, Numbers], at: Numbers) -> dict[str, Flags]:
    """Return which doses had been given by the age `at` of each child."""
    return {dose: age <= at for dose, age in ages.items()}
