"""Which children were really vaccinated, when and at what age?

Follows the children of each area month by month from their reachable share through service and
supply to first and later doses. Counts are children by place of residence; who went where is in
`attendance`, what was written down in `reports`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kalanso.simulation.coverage import Reach
from kalanso.simulation.timeline import AFTER, REPORTED, SPAN

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.signedinteger[Any]]

AGES = 60  # months of age that are followed
FOLLOWED = 24  # months of age in which routine services still give a first dose
# Chance a month that a reachable child without DTP1 comes, by completed months of age.
COMING = np.array([0.0, 0.35, 0.62, 0.50, 0.40, *[0.30] * 7, *[0.07] * 12])
LATE_CHANCE = 0.012  # a month, that a child whom routine did not reach comes in the second year of life
GIVES_UP = 0.2  # share of children sent home without vaccine who do not come back
STAYS_HOME = 0.15  # share of children without service who do not come later
CATCH_UP_REACH = 0.22  # share of children without DTP1 whom a catch-up round finds


@dataclass(frozen=True, kw_only=True)
class Vaccinated:
    """Children vaccinated, by area of residence and month.

    `doses` maps a series (such as dtp1, dtp1_late, pcv1, mcv2) to counts by month of reports.
    `dtp1_by_12m`, `dtp1_by_24m` and `dtp3_by_12m` count by month of birth, from the first month of
    the span to the last of reports. `catch_up` (doses of rounds) and `backlog` (children without
    DTP1 at the end of the month) go by month of reports and by age: 0-11, 12-23, 24-59 months.
    """

    doses: dict[str, Counts]
    dtp1_by_12m: Counts
    dtp1_by_24m: Counts
    dtp3_by_12m: Counts
    catch_up: Counts
    backlog: Counts


def vaccinated(
    births: Counts, surviving: Counts, reach: Reach, service: Numbers, penta: Numbers,
    catch_up: Numbers, rng: np.random.Generator,
) -> Vaccinated:  # fmt: skip
    """Return the doses that children really got.

    All arrays are by area and month of the whole span; `catch_up` is the strength of catch-up rounds.
    """
    first, sent_home, given_in_rounds, backlog = _first_doses(
        surviving, reach.dtp1, service, penta, catch_up, rng
    )
    works = service * penta
    second = _next_dose(first, reach.stay, works, rng)
    third = _next_dose(second, reach.stay, works, rng)
    doses = _penta_doses(first, second, third)
    doses |= _other_doses(births, surviving, reach, service, doses["dtp1"], sent_home, rng)
    return Vaccinated(
        doses={name: counts[:, REPORTED] for name, counts in doses.items()},
        dtp1_by_12m=_by_age(first, 12),
        dtp1_by_24m=_by_age(first, FOLLOWED),
        dtp3_by_12m=_by_age(third, 12),
        catch_up=given_in_rounds[:, REPORTED],
        backlog=backlog[:, REPORTED],
    )


def _first_doses(
    surviving: Counts, share: Numbers, service: Numbers, penta: Numbers, catch_up: Numbers,
    rng: np.random.Generator,
) -> tuple[Counts, Counts, Counts, Counts]:  # fmt: skip
    """Follow children to DTP1: return doses by age, children sent home, round doses and the backlog."""
    count = len(surviving)
    waiting, unreached = _at_the_start(surviving, share, rng)
    first = np.zeros((count, SPAN, FOLLOWED), dtype=np.int32)
    sent_home = np.zeros((count, SPAN), dtype=np.int64)
    rounds = np.zeros((count, SPAN, 3), dtype=np.int64)
    backlog = np.zeros((count, SPAN, 3), dtype=np.int64)
    for t in range(SPAN):
        reachable = rng.binomial(surviving[:, t], share[:, t])
        waiting = np.hstack([reachable[:, None], waiting[:, :-1]])
        unreached = np.hstack([(surviving[:, t] - reachable)[:, None], unreached[:, :-1]])
        young = waiting[:, :FOLLOWED]
        come = rng.binomial(young, COMING[None, :] * service[:, t, None])
        given = rng.binomial(come, penta[:, t, None])
        turned_away = come - given
        missed = COMING[None, :] * (1 - service[:, t, None])
        lost = rng.binomial(turned_away, GIVES_UP) + rng.binomial(young - come, missed * STAYS_HOME)
        waiting[:, :FOLLOWED] = young - given - lost
        unreached[:, :FOLLOWED] += lost
        first[:, t], sent_home[:, t] = given, turned_away[:, :12].sum(axis=1)
        late = rng.binomial(unreached[:, 12:FOLLOWED], LATE_CHANCE * (service * penta)[:, t, None])
        unreached[:, 12:FOLLOWED] -= late
        first[:, t, 12:] += late.astype(np.int32)
        if catch_up[:, t].any():
            rounds[:, t] = _catch_up_round(waiting, unreached, catch_up[:, t], rng)
        backlog[:, t] = _by_band(waiting + unreached)
    return first, sent_home, rounds, backlog


def _at_the_start(surviving: Counts, share: Numbers, rng: np.random.Generator) -> tuple[Counts, Counts]:
    """Return children without DTP1 by age before the first month, as if nothing had ever gone wrong."""
    monthly = surviving[:, :12].mean(axis=1, keepdims=True)
    still = np.concatenate([np.cumprod(1 - COMING), np.zeros(AGES - FOLLOWED)])
    waiting = rng.poisson(monthly * share[:, :1] * still[None, :])
    unreached = rng.poisson(monthly * (1 - share[:, :1]) * np.full((1, AGES), 0.97))
    return waiting, unreached


def _catch_up_round(
    waiting: Counts, unreached: Counts, strength: Numbers, rng: np.random.Generator
) -> Counts:
    """Give DTP1 to part of the children without it, in place; return doses by age band."""
    by_age = np.where(np.arange(AGES) < 12, 0.15, 1.0)  # rounds look for older children first
    chance = CATCH_UP_REACH * strength[:, None] * by_age[None, :]
    found, reached = rng.binomial(waiting, chance), rng.binomial(unreached, chance)
    waiting -= found
    unreached -= reached
    return _by_band(found + reached)


def _by_band(by_age: Counts) -> Counts:
    return np.stack([by_age[:, a:b].sum(axis=1) for a, b in ((0, 12), (12, 24), (24, AGES))], axis=-1)


def _next_dose(before: Counts, stay: Numbers, works: Numbers, rng: np.random.Generator) -> Counts:
    """Return the next dose by area, month and age: most a month after the one before, some two."""
    after = np.zeros_like(before)
    area, t, age = np.nonzero(before)
    children = before[area, t, age]
    due = children.copy()
    for lag, promptness in ((1, 0.90), (2, 0.70)):
        on_time = (t + lag < SPAN) & (age + lag < FOLLOWED)
        month = np.minimum(t + lag, SPAN - 1)
        chance = promptness * stay[area, t] * works[area, month] * on_time
        came = rng.binomial(due, chance)
        np.add.at(after, (area, month, np.minimum(age + lag, FOLLOWED - 1)), came.astype(after.dtype))
        due = due - came
    return after


def _by_age(doses: Counts, months: int) -> Counts:
    """Return doses before an age by month of birth, for births before the last AFTER months."""
    length = SPAN - AFTER
    padded = np.pad(doses, ((0, 0), (0, months), (0, 0)))
    return np.asarray(sum(padded[:, k : k + length, k] for k in range(months)), dtype=np.int64)


def _penta_doses(first: Counts, second: Counts, third: Counts) -> dict[str, Counts]:
    doses = {}
    for name, by_age in (("dtp1", first), ("dtp2", second), ("dtp3", third)):
        doses[name] = by_age[:, :, :12].sum(axis=2, dtype=np.int64)
        doses[f"{name}_late"] = by_age[:, :, 12:].sum(axis=2, dtype=np.int64)
    return doses


def _other_doses(
    births: Counts, surviving: Counts, reach: Reach, service: Numbers, dtp1: Counts,
    sent_home: Counts, rng: np.random.Generator,
) -> dict[str, Counts]:  # fmt: skip
    """Return doses of the other antigens, which do not depend on Penta being in stock."""
    returning = 0.35 * _lagged(sent_home, 1)
    visits = np.maximum(dtp1 + sent_home - returning, 0).astype(np.int64)
    polio, pneumo = rng.binomial(visits, 0.975), rng.binomial(visits, 0.965)
    third_visit = _lagged(visits, 2) * 0.84 * service
    measles = sum(
        _lagged(surviving * reach.mcv1, age) * weight for age, weight in ((9, 0.5), (10, 0.3), (11, 0.2))
    )
    second = _lagged(surviving * reach.mcv1 * reach.mcv2, 16)
    mcv1 = rng.poisson(measles * service)
    return {
        "bcg": rng.poisson(births * reach.bcg * service),
        "opv1": polio,
        "pcv1": pneumo,
        "ipv1": rng.poisson(third_visit),
        "mcv1": mcv1,
        "mcv2": rng.poisson(second * service),
        "yf": rng.binomial(mcv1, 0.97),
        "anc1": rng.poisson(births * np.clip(reach.bcg * 0.95, 0, 1) * service),
    }


def _lagged(months: npt.NDArray[np.generic], lag: int) -> Numbers:
    """Return what stood `lag` months earlier; the first months repeat the first."""
    return np.concatenate([np.repeat(months[:, :1], lag, axis=1), months[:, :-lag]], axis=1).astype(float)
