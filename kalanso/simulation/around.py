"""What is known around the services of the example country: sessions, ways to facilities, poverty, status, displacement, incidents?

Remote areas hold fewer of their planned sessions and live further away; where conflict has come, facilities close, people leave and
incidents are counted by district and month. None of it moves the children of the simulation, which its own disruptions do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

FAR, FAR_REMOTE = 0.15, 0.55  # share of people beyond 5 km, and what remoteness adds
POOR, POOR_REMOTE = 0.35, 0.25
PLANNED, HELD = 4.0, 0.92  # sessions a month and area, and the share of them that is held
LOST_REMOTE, LOST_CONFLICT = 0.22, 0.25  # what takes from that share
SLOWEST = 60  # months until all that conflict does has come
CLOSED, PARTLY, DESTROYED = 0.35, 0.3, 0.08  # share of facilities of an area in conflict
LEFT, STAYED = (
    0.12,
    0.7,
)  # share of people of an area in conflict who are displaced; of these, within their district


def around(
    areas: Mapping[str, Numbers], conflict: npt.NDArray[np.bool_], rng: np.random.Generator
) -> Iterator[tuple[str, str, Numbers]]:
    """Yield (source, indicator, values by district and month) of whole districts.

    `areas` holds by area: district (number), remote (0 or 1), people, facilities; `conflict` whether it had come, by area and month.
    """
    district = areas["district"].astype(int)
    months = conflict.shape[1]

    def summed(by_area: Numbers) -> Numbers:
        found = np.zeros((district.max() + 1, months))
        np.add.at(found, district, by_area)
        return found

    remote = np.repeat(areas["remote"][:, None], months, axis=1)
    people = np.repeat(areas["people"][:, None], months, axis=1)
    share = np.clip(HELD - LOST_REMOTE * remote - LOST_CONFLICT * conflict, 0, 1)
    planned = np.full(remote.shape, PLANNED)
    yield "demo-sessions", "sessions_planned", summed(planned)
    yield "demo-sessions", "sessions_held", summed(rng.binomial(planned.astype(int), share).astype(float))
    yield "demo-access", "population_beyond_5km", np.round(summed(people * (FAR + FAR_REMOTE * remote)))
    yield "demo-access", "population_poor", np.round(summed(people * (POOR + POOR_REMOTE * remote)))
    # A facility that closed stays so: one draw for each area, at some time after conflict came.
    chance = rng.random(len(district))[:, None]
    since = conflict.cumsum(axis=1)
    count = areas["facilities"][:, None] * (since > rng.integers(0, SLOWEST, len(district))[:, None])
    destroyed, closed = (chance < DESTROYED) * count, ((chance >= DESTROYED) & (chance < CLOSED)) * count
    partly = ((chance >= CLOSED) & (chance < CLOSED + PARTLY)) * count
    every = summed(np.repeat(areas["facilities"][:, None], months, axis=1))
    told = {"destroyed": summed(destroyed), "closed": summed(closed), "partly_functional": summed(partly)}
    for status, values in told.items():
        yield "demo-facility-status", f"facilities_{status}", values
    yield "demo-facility-status", "facilities_functional", every - sum(told.values())
    away = summed(people * LEFT * np.minimum(since / SLOWEST, 1))
    yield "demo-displacement", "displaced_persons", np.round(STAYED * away, -1)
    yield "demo-displacement", "returned_persons", np.round(0.1 * np.maximum(away - away.mean(), 0), -1)
    yield (
        "demo-security",
        "security_incidents",
        rng.poisson(0.4 * summed(conflict.astype(float))).astype(float),
    )
