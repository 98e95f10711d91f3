"""What coverage does a sample mean that people recruited among those whom they know?

Whoever knows many is recruited often and counts less: by 1 / network size (RDS-II), or by the chance to be drawn of
successive sampling, where the sample is a large part of the population. Intervals come from the tree bootstrap, and are
never narrower than that of as many people drawn at random.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kalanso.surveys.access.counts import Z
from kalanso.surveys.access.findings import Finding, share_interval
from kalanso.surveys.access.methods import METHODS
from kalanso.surveys.access.recruitment import Chains
from kalanso.surveys.handed_in import SurveyRefused

Numbers = npt.NDArray[np.float64]


def respondent_driven(
    sample: Chains, *, population: int | None = None, draws: int = 1000, rng: np.random.Generator
) -> Finding:
    """Return the coverage of the networked population with its interval from `draws` resampled trees.

    Without `population`, RDS-II: sum(y / d) / sum(1 / d) (Volz and Heckathorn 2008). With the number of people of
    the population, Gile's successive sampling (2011), which matters once the sample is more than about a tenth of it.
    The tree bootstrap (Baraff, McCormick and Raftery 2016) draws seeds, then recruits of those drawn, with
    replacement: its intervals are wide, more often too wide than too narrow, and are not narrowed here. Where trees
    cannot differ (each brings one other, or all answer alike) it would give no width at all: the interval is put together
    with Wilson's of as many people drawn at random, since chains of acquaintances know no more than these. They count
    as (sum w)^2 / sum w^2 people: weights that differ make any sample worth less (Kish 1965).
    """
    seeds = int((sample.recruiter < 0).sum())
    if seeds == 0 or sample.wave.max() < 1:
        raise SurveyRefused("surveys.access.no_recruits", n=seeds)
    weight = 1 / sample.size
    if population is not None:
        weight = 1 / successive_chances(sample.size, population, rng=rng)
    share = _share(sample.vaccinated, weight, np.ones(len(weight)))
    times = tree_bootstrap(sample, draws=draws, rng=rng)
    found = np.array([_share(sample.vaccinated, weight, one) for one in times])
    low, high = np.quantile(found, [0.025, 0.975])
    least_low, least_high = share_interval(share, 0.0, children=float(weight.sum() ** 2 / (weight @ weight)))
    error = max(float(found.std(ddof=1)), (least_high - least_low) / (2 * Z))
    return Finding(
        method=METHODS["respondent_driven"], coverage=share, standard_error=error,
        low=float(min(low, least_low, share)), high=float(max(high, least_high, share)), children=len(weight),
        params={"seeds": seeds, "waves": int(sample.wave.max())},
    )  # fmt: skip


def _share(y: Numbers, weight: Numbers, times: Numbers) -> float:
    return float((times * weight) @ y / (times @ weight))


def tree_bootstrap(sample: Chains, *, draws: int, rng: np.random.Generator) -> Numbers:
    """Return how often each person stands in each resampled set of trees (draws x people)."""
    recruits = [np.array(one, dtype=np.intp) for one in sample.recruits]
    seeds = np.flatnonzero(sample.recruiter < 0)
    times = np.zeros((draws, len(recruits)))
    for draw in range(draws):
        waiting = rng.choice(seeds, size=len(seeds)).tolist()
        while waiting:
            person = waiting.pop()
            times[draw, person] += 1
            own = recruits[person]
            if own.size:
                waiting += own[rng.integers(own.size, size=own.size)].tolist()
    return times


def successive_chances(
    size: Numbers, population: int, *, rounds: int = 6, samples: int = 400, rng: np.random.Generator
) -> Numbers:
    """Return the chance of each person to be in a sample drawn one after the other by network size.

    Gile (2011, JASA 106): from chances in proportion to network size, the numbers of each size in the population are
    inferred, samples of that population simulated (each draw proportional to the size of those left), and the
    chances counted anew, `rounds` times. Only the order of chances matters to an estimate. Raises SurveyRefused where
    the population is smaller than the sample.
    """
    n = len(size)
    if population < n:
        raise SurveyRefused("surveys.access.population_too_small", population=population, n=n)
    values, held = np.unique(size, return_counts=True)
    chance = values / values.max()
    for _ in range(rounds):
        expected = held / chance
        numbers = np.maximum(_whole(population * expected / expected.sum()), held)
        numbers = _down_to(numbers, held, population)
        owner = np.repeat(np.arange(len(values)), numbers)
        # the order of successive draws is that of exponential waiting times with rates in proportion to size
        rate = values[owner]
        counted = np.zeros(len(values))
        for _ in range(samples):
            wait = rng.exponential(size=len(owner)) / rate
            taken = np.argpartition(wait, n - 1)[:n] if n < len(owner) else np.arange(len(owner))
            counted += np.bincount(owner[taken], minlength=len(values))
        chance = (counted + 1) / (samples * numbers + 1)
    return chance[np.searchsorted(values, size)]


def _whole(numbers: Numbers) -> npt.NDArray[np.int64]:
    """Return whole numbers with the same sum, the largest remainders rounded up."""
    found = np.floor(numbers).astype(np.int64)
    left = round(float(numbers.sum())) - int(found.sum())
    found[np.argsort(found - numbers)[:left]] += 1
    return found


def _down_to(
    numbers: npt.NDArray[np.int64], held: npt.NDArray[np.intp], population: int
) -> npt.NDArray[np.int64]:
    """Return numbers brought to the sum of the population, never below those who were interviewed."""
    found = numbers.copy()
    while (over := int(found.sum()) - population) > 0:
        room = found - held
        at = int(np.argmax(room))
        found[at] -= min(over, max(int(room[at]) // 2, 1))
    return found


def asymptotic_chances(values: Numbers, numbers: Numbers, n: int) -> Numbers:
    """Return the chances of successive sampling of n of a large population: 1 - exp(-t size), t such that they sum
    to n (Rosen 1972). Needs no simulation; tests hold `successive_chances` against it."""
    low, high = 0.0, 1.0
    while (numbers * -np.expm1(-high * values)).sum() < n:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if (numbers * -np.expm1(-middle * values)).sum() < n:
            low = middle
        else:
            high = middle
    chances: Numbers = -np.expm1(-high * values)
    return chances
