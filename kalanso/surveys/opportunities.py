"""At which dated visits could a dose have been given that was not?

Missed opportunities for simultaneous vaccination (MOSV), visit by visit, as VCQI's `RI_QUAL_07B`, `08` and `09` count
them. A visit is a day on which the source has any dose; dates of card and register are never mixed, so one
call takes the dates of one source. Whether a dose counts toward coverage is asked by `validity`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.surveys.estimation.design import Mask, Numbers
from kalanso.surveys.schedule import Rules, ScheduleRefused

CRUDE, VALID = "crude", "valid"
CREDITS = (CRUDE, VALID)


@dataclass(frozen=True, kw_only=True, eq=False)
class Opportunities:
    """For n children and each dose: visits at which it was due, those without it, and whether it came.

    `eligible` and `missed` are n x doses (visits), `got` says whether the dose was credited at any visit; the
    `any_` columns (n) count visits at which at least one dose was due, or missed. `mode` is crude or valid.
    """

    eligible: Numbers
    missed: Numbers
    got: Mask
    any_eligible: Numbers
    any_missed: Numbers
    mode: str

    @property
    def corrected(self) -> Mask:
        """Doses missed at a visit and given at a later one (n x doses)."""
        return (self.missed > 0) & self.got

    @property
    def uncorrected(self) -> Mask:
        """Doses missed at a visit and never given (n x doses)."""
        return (self.missed > 0) & ~self.got


def visits(ages: Numbers) -> Numbers:
    """Return the ages at distinct visits in order (n x doses), padded with NaN on the right."""
    ordered = np.sort(np.where(ages >= 0, ages, np.nan), axis=1)
    again = np.zeros(ordered.shape, dtype=bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return np.sort(np.where(again, np.nan, ordered), axis=1)


def opportunities(ages: Numbers, undated: Mask, rules: Rules, *, mode: str = CRUDE) -> Opportunities:
    """Return what was due and missed at each dated visit.

    `ages` (n x doses) are days of age at dated doses, `undated` says where a dose is known without a date (a tick,
    or memory): then it and those after it in its series are left out, since nobody knows when it was given.
    A first dose is due from its minimum age, the k-th from its minimum age if the interval since the dose before has
    passed. `crude` credits any dose that came, `valid` only doses at the minimum age (first) and after the interval.
    """
    if mode not in CREDITS:
        raise ScheduleRefused(f"mode: expected one of {', '.join(CREDITS)}, got {mode!r}")
    if ages.shape != rules.minimum.shape or undated.shape != ages.shape:
        raise ScheduleRefused(
            f"ages and undated: expected {rules.minimum.shape}, got {ages.shape} and {undated.shape}"
        )
    seen = visits(ages)
    due, missed = (np.zeros((*seen.shape, ages.shape[1]), dtype=bool) for _ in range(2))
    got = np.zeros(ages.shape, dtype=bool)
    for group in rules.series.values():
        gave = (seen[:, :, None] == ages[:, None, list(group)]).any(axis=2)
        credited, unknown = np.full(len(ages), np.nan), np.zeros(len(ages), dtype=bool)
        for at, column in enumerate(group):
            unknown = unknown | undated[:, column]
            able, credit = _able(seen, rules, column, at, credited, mode)
            open_ = (rules.offered[:, column] & ~unknown)[:, None]
            able, credit = able & open_, credit & open_ & gave
            got[:, column] = credit.any(axis=1)
            first = np.where(got[:, column], credit.argmax(axis=1), seen.shape[1])
            order = np.arange(seen.shape[1])[None, :]
            due[:, :, column] = able & (order <= first[:, None])
            missed[:, :, column] = able & (order < first[:, None])
            reached = seen[np.arange(len(seen)), np.minimum(first, seen.shape[1] - 1)]
            credited = np.where(got[:, column], reached, np.nan)
    return Opportunities(
        eligible=due.sum(axis=1).astype(float), missed=missed.sum(axis=1).astype(float), got=got,
        any_eligible=due.any(axis=2).sum(axis=1).astype(float),
        any_missed=missed.any(axis=2).sum(axis=1).astype(float), mode=mode,
    )  # fmt: skip


def _able(
    seen: Numbers, rules: Rules, column: int, at: int, credited: Numbers, mode: str
) -> tuple[Mask, Mask]:
    """Return at which visits a dose is due, and at which it would be credited (n x visits)."""
    old_enough = seen >= np.nan_to_num(rules.minimum[:, column], nan=0.0)[:, None]
    young_enough = seen <= np.nan_to_num(rules.maximum[:, column], nan=np.inf)[:, None]
    if at == 0:
        return old_enough & young_enough, (old_enough if mode == VALID else ~np.isnan(seen)) & young_enough
    waited = seen >= (credited + np.nan_to_num(rules.interval[:, column], nan=0.0))[:, None]
    later = waited if mode == VALID else seen > credited[:, None]
    return waited & old_enough & young_enough, later & young_enough


def without_missed_opportunities(ages: Numbers, rules: Rules) -> Mask:
    """Return which doses would be valid had each been given at the first visit at which it was due (n x doses)."""
    seen = visits(ages)
    given = np.zeros(ages.shape, dtype=bool)
    for group in rules.series.values():
        credited = np.full(len(ages), np.nan)
        for at, column in enumerate(group):
            able, _ = _able(seen, rules, column, at, credited, VALID)
            able &= rules.offered[:, column][:, None]
            given[:, column] = able.any(axis=1)
            credited = np.where(given[:, column], seen[np.arange(len(seen)), able.argmax(axis=1)], np.nan)
    return given
