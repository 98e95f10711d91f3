"""How many children are born where, and how many does the ministry think there are?

True births by health area and month, and the official targets: a census of 2009 with wrong shares,
extrapolated with one wrong growth rate. Coverage of these children is drawn in `coverage`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kalanso.simulation.territory import NEVER, Territory
from kalanso.simulation.timeline import BEFORE, FIRST_YEAR, SPAN, YEARS

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

CENSUS_YEAR = 2009
OFFICIAL_GROWTH = 0.030  # a year, the same everywhere
CENSUS_UNDERCOUNT = 0.26  # share of people whom the census of the example missed
HUB_WEIGHT = 1.9  # size of the Learning Hub's areas, next to about 1 for others
BIRTHS_PER_PERSON = 0.0435  # a year
# What the ministry multiplies the census projection by, as many programmes do.
TARGET_SHARES = {
    "population_total": 1.0,
    "population_under_5": 0.18,
    "population_under_1": 0.04,
    "live_births": 0.044,
    "surviving_infants": 0.04,  # the programme takes children under one for them
    "women_15_49": 0.22,
}
SEASON = np.array([0.94, 0.90, 0.96, 0.97, 0.98, 0.97, 0.98, 1.02, 1.08, 1.12, 1.07, 1.01])


@dataclass(frozen=True, kw_only=True)
class Population:
    """People by area: truth and official figures.

    `people` true persons by area and month of the whole span; `births` and `surviving_infants` true
    counts by area and month of birth; `official` the extrapolated persons by area and year.
    """

    people: Numbers
    births: Counts
    surviving_infants: Counts
    official: Numbers


def population(territory: Territory, rng: np.random.Generator) -> Population:
    """Return true births and official targets for the areas of a territory."""
    true_2009, listed_2009 = _census(territory, rng)
    years = (np.arange(SPAN) - BEFORE) / 12 + (FIRST_YEAR - CENSUS_YEAR)
    people = true_2009[:, None] * np.exp(_growth(territory, rng)[:, None] * years[None, :])
    people *= _displacement(territory)
    fertility = BIRTHS_PER_PERSON / 12 * _fertility(territory, rng)
    expected = people * fertility[:, None] * np.resize(SEASON, SPAN)[None, :]
    births = rng.poisson(expected)
    survival = 1 - _infant_deaths(territory)
    surviving = rng.binomial(births, np.broadcast_to(survival[:, None], births.shape))
    growth = (1 + OFFICIAL_GROWTH) ** (np.array(YEARS) - CENSUS_YEAR)
    return Population(
        people=people,
        births=births,
        surviving_infants=surviving,
        official=listed_2009[:, None] * growth[None, :],
    )


def _census(territory: Territory, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Return persons of 2009 by area: as they were, and as the census listed them."""
    areas, districts = territory.areas, territory.land.districts
    district = areas["district"].to_numpy()
    total = districts["people_2009_thousand"].to_numpy() * 1000.0
    weight = np.where(areas["setting"] == "urban", 1.5, np.where(areas["setting"] == "peri_urban", 1.2, 0.95))
    weight = weight * np.where(areas["remote"], 0.75, 1.0) * rng.lognormal(0, 0.3, len(areas))
    # Large enough that a quarter's coverage can be told to the percent.
    weight = np.where(areas["hub"] >= 0, np.maximum(weight, HUB_WEIGHT), weight)
    share = weight / np.bincount(district, weight)[district]
    people_per_area = total / np.bincount(district)
    # A small sample of the country keeps the size of its areas, not that of its districts.
    total = np.where(people_per_area > 25_000, 11_200.0 * np.bincount(district), total)
    true = total[district] * share
    listed = share * rng.lognormal(0, 0.25, len(areas))
    listed_share = listed / np.bincount(district, listed)[district]
    wrong_total = total * (1 - CENSUS_UNDERCOUNT) * rng.lognormal(0, 0.1, len(total))
    return true, wrong_total[district] * listed_share


def _growth(territory: Territory, rng: np.random.Generator) -> Numbers:
    """Return the true yearly growth of each area: towns fast, remote and troubled places slowly."""
    areas = territory.areas
    rate = np.where(
        areas["setting"] == "urban", 0.042, np.where(areas["setting"] == "peri_urban", 0.055, 0.029)
    )
    rate = rate + np.where(areas["miners"], 0.012, 0.0) - np.where(areas["remote"], 0.004, 0.0)
    rate = rate - np.where(areas["conflict_from"] < NEVER, 0.010, 0.0)
    return np.asarray(rate + rng.normal(0, 0.004, len(areas)))


def _displacement(territory: Territory) -> Numbers:
    """Return how conflict empties some areas and fills others, by area and month of the span."""
    areas = territory.areas
    months = np.arange(SPAN)[None, :] - BEFORE
    since = areas["conflict_from"].to_numpy()[:, None]
    leaving = np.clip((months - since) / 24, 0, 1) * 0.12
    arriving = np.clip((months + 24) / 60, 0, 1) * 0.18 * areas["displaced"].to_numpy()[:, None]
    return np.asarray(1 - leaving + arriving)


def _fertility(territory: Territory, rng: np.random.Generator) -> Numbers:
    areas = territory.areas
    level = np.where(areas["setting"] == "rural", 1.06, 0.90)
    return np.asarray(level * rng.lognormal(0, 0.04, len(areas)))


def _infant_deaths(territory: Territory) -> Numbers:
    """Return the share of the born who die within a year."""
    areas = territory.areas
    risk = np.where(areas["setting"] == "rural", 0.064, 0.045)
    return np.asarray(risk + np.where(areas["remote"], 0.010, 0) + np.where(areas["nomads"], 0.008, 0))
