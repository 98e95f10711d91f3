"""When did vaccinators go out to catch up, and what did they give?

Catch-up rounds against missed first doses and a measles campaign: series of their own, never part of
coverage. How many children without DTP1 a round finds is worked out in `children`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import numpy.typing as npt

from kalanso.simulation.disruptions import Event
from kalanso.simulation.population import Population
from kalanso.simulation.reports import Block, hexa_from
from kalanso.simulation.territory import Territory
from kalanso.simulation.timeline import BEFORE, MONTHS, SPAN, month
from kalanso.vocabulary import Level

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

INTENSIFIED = (month(2022, 11),)  # in the districts that were chosen for it
INTENSIFIED_SHARE = 0.3
BIG_CATCH_UP = (month(2024, 5), month(2024, 6))  # everywhere
MEASLES = month(2021, 12)
MEASLES_REACH = 0.86
BANDS = ("0-11m", "12-23m", "24-59m")


def catch_up_strength(territory: Territory, rng: np.random.Generator) -> Numbers:
    """Return by area and month of the span how strong a catch-up round is (0 where there is none)."""
    district = territory.areas["district"].to_numpy()
    strength = np.zeros((len(district), SPAN))
    chosen = rng.random(len(territory.land.districts)) < INTENSIFIED_SHARE
    chosen |= (territory.land.districts["district"] == "Ségou").to_numpy()
    for t in INTENSIFIED:
        strength[chosen[district], BEFORE + t] = 0.8
    for t in BIG_CATCH_UP:
        strength[:, BEFORE + t] = 1.0
    conflict = territory.in_conflict()
    strength[:, BEFORE : BEFORE + MONTHS] *= np.where(conflict, 0.35, 1.0)
    return strength


def round_events(territory: Territory, strength: Numbers) -> list[Event]:
    """Return the rounds as dated events."""
    names = territory.land.districts["district"].to_numpy()
    area = territory.areas["district"].to_numpy()
    first = strength[:, BEFORE + INTENSIFIED[0]] > 0
    events = [
        Event(
            place=str(names[d]),
            level=Level.DISTRICT,
            first_day=date(2022, 11, 1),
            last_day=date(2022, 11, 30),
            kind="catch_up",
            antigen="dtp",
            note="DÉMO : intensification de la vaccination",
        )
        for d in np.unique(area[first])
    ]
    events.append(
        Event(
            place="ML",
            first_day=date(2024, 5, 1),
            last_day=date(2024, 6, 30),
            kind="catch_up",
            antigen="dtp",
            note="DÉMO : grand rattrapage",
        )
    )
    events.append(
        Event(
            place="ML",
            first_day=date(2021, 12, 6),
            last_day=date(2021, 12, 19),
            kind="campaign",
            antigen="mcv",
            note="DÉMO : campagne rougeole, 9 à 59 mois",
        )
    )
    return events


def round_blocks(
    territory: Territory, people: Population, catch_up: Counts, strength: Numbers, rng: np.random.Generator
) -> Iterator[Block]:
    """Lay out the doses of rounds, reported by the health centre of each area.

    `catch_up` counts children by area, month of reports and age band.
    """
    centres = np.arange(len(territory.areas))
    hexa = hexa_from(territory)[territory.areas["district"].to_numpy()]
    for t in (*INTENSIFIED, *BIG_CATCH_UP):
        held = strength[:, BEFORE + t] > 0
        for product, uses in (("penta", hexa > t), ("hexa", hexa <= t)):
            rows = np.flatnonzero(held & uses)
            for number, band in enumerate(BANDS):
                if len(rows):
                    doses = catch_up[rows, t, number].astype(float)[:, None]
                    yield Block(
                        facilities=rows,
                        first_month=t,
                        values=doses,
                        indicator="dtp1_doses",
                        product=product,
                        age_band=band,
                        strategy="catch_up",
                        seen=np.ones(doses.shape, dtype=bool),
                    )
    yearly = people.surviving_infants[:, BEFORE + MEASLES - 11 : BEFORE + MEASLES + 1].sum(axis=1)
    for band, years in zip(BANDS, (0.25, 0.97, 2.9), strict=True):
        doses = rng.poisson(yearly * years * MEASLES_REACH).astype(float)[:, None]
        yield Block(
            facilities=centres,
            first_month=MEASLES,
            values=doses,
            indicator="mcv1_doses",
            product="",
            age_band=band,
            strategy="campaign",
            seen=np.ones(doses.shape, dtype=bool),
        )
