"""Was a dose given at an age and after an interval that count?

Judges the dated doses of one source (card, or register) by the rules of each child, in two modes that are named
with every result: `vcqi` (as VCQI's `RI_COVG_02` does) and `strict`. Rules come from `schedule`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kalanso.surveys.estimation.design import Mask, Numbers
from kalanso.surveys.schedule import Rules, ScheduleRefused

VCQI, STRICT = "vcqi", "strict"
MODES = (VCQI, STRICT)
FIRST_BIRTHDAY = 365  # days; VCQI counts a dose on day 365 as given by age 1
# Doses of these vaccines are given at ages of their own and not as a series: VCQI judges each alone.
GIVEN_APART = ("mcv",)
_NONE = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Validity:
    """For n children and each dose: whether it is valid, and whether by the first birthday.

    `age` is the age in days at the valid dose (NaN if none); with early doses shifted away it may be
    that of a later recorded dose. `mode` says whose rules were used.
    """

    valid: Mask
    by_age_1: Mask
    age: Numbers
    mode: str


def validity(
    ages: Numbers, rules: Rules, *, mode: str = VCQI, months: npt.NDArray[np.int64] | None = None
) -> Validity:
    """Return which doses are valid, from ages in days at each dated dose (n x doses, NaN without a date).

    `vcqi`: the first recorded dose at the minimum age or later stands for the first, whichever number it bears; those
    after it are judged by their interval only, and *by age 1* looks at the dose recorded under the same number (VCQI
    reads it so). `strict`: each dose also needs its own minimum and maximum age and its season, and *by age 1* looks at
    the dose that stands for it. `months` (n x doses) are needed in strict mode where doses are given by season. A dose
    that the child was not offered is never valid.
    """
    if mode not in MODES:
        raise ScheduleRefused(f"mode: expected one of {', '.join(MODES)}, got {mode!r}")
    if ages.shape != rules.minimum.shape:
        raise ScheduleRefused(f"ages: expected a shape of {rules.minimum.shape}, got {ages.shape}")
    if mode == STRICT and rules.seasons and months is None:
        raise ScheduleRefused(f"expected the month of each dose: {', '.join(rules.seasons)} go by season")
    valid = np.zeros(ages.shape, dtype=bool)
    by_age_1, age = valid.copy(), np.full(ages.shape, np.nan)
    for vaccine, columns in rules.series.items():
        groups: Sequence[tuple[int, ...]] = [columns]
        if mode == VCQI and vaccine in GIVEN_APART:
            groups = [(column,) for column in columns]
        for group in groups:
            fits = _seasons(rules, group, months) if mode == STRICT else None
            _judge(ages, rules, group, mode, fits, (valid, by_age_1, age))
    return Validity(valid=valid, by_age_1=by_age_1, age=age, mode=mode)


def _judge(
    ages: Numbers, rules: Rules, group: tuple[int, ...], mode: str, fits: Mask | None,
    into: tuple[Mask, Mask, Numbers],
) -> None:  # fmt: skip
    valid, by_age_1, age = into
    own = ages[:, group]
    stands = standing_for(own, rules, group, mode=mode, fits=fits)
    for at, column in enumerate(group):
        there = stands[:, at] != _NONE
        taken = own[np.arange(len(own)), np.maximum(stands[:, at], 0)]
        valid[:, column] = there
        age[:, column] = np.where(there, taken, np.nan)
        judged = own[:, at] if mode == VCQI else age[:, column]
        by_age_1[:, column] = there & (judged <= FIRST_BIRTHDAY)


def standing_for(
    own: Numbers, rules: Rules, group: tuple[int, ...], *, mode: str, fits: Mask | None = None
) -> npt.NDArray[np.int64]:
    """Return which recorded dose of a series stands for each valid one (n x doses of the series, -1 for none)."""
    n, width = own.shape
    positions = np.arange(width)
    stands = np.full((n, width), _NONE, dtype=np.int64)
    before = np.full(n, _NONE)
    reached, still = np.full(n, np.nan), np.ones(n, dtype=bool)
    for at, column in enumerate(group):
        fit = ~np.isnan(own) & (positions[None, :] > before[:, None])
        if at == 0 or mode == STRICT:
            fit &= own >= np.nan_to_num(rules.minimum[:, column], nan=0.0)[:, None]
        if width == 1 or mode == STRICT:
            fit &= own <= np.nan_to_num(rules.maximum[:, column], nan=np.inf)[:, None]
        if at > 0:
            gap = np.nan_to_num(rules.interval[:, column], nan=0.0)
            with np.errstate(invalid="ignore"):
                fit &= own - reached[:, None] >= gap[:, None]
        if fits is not None:
            fit &= fits[:, :, at]
        fit &= (rules.offered[:, column] & still)[:, None]
        first = np.where(fit.any(axis=1), fit.argmax(axis=1), _NONE)
        stands[:, at] = first
        still = first != _NONE
        before = np.where(still, first, before)
        reached = np.where(still, own[np.arange(n), np.maximum(first, 0)], np.nan)
    return stands


def _seasons(rules: Rules, group: tuple[int, ...], months: npt.NDArray[np.int64] | None) -> Mask | None:
    """Return whether the month of each recorded dose suits each dose of the series (n x recorded x dose)."""
    if months is None or not any(rules.doses[column] in rules.seasons for column in group):
        return None
    suits = [
        np.isin(months[:, group], rules.seasons[rules.doses[column]])
        if rules.doses[column] in rules.seasons
        else np.ones((len(months), len(group)), dtype=bool)
        for column in group
    ]
    return np.stack(suits, axis=2)
