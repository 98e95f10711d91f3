"""A population of families who know each other, and a sample that recruits itself among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Network:
    """Who knows whom (lists of neighbours), and whose child is vaccinated."""

    known: list[np.ndarray]
    vaccinated: np.ndarray


def network(size, *, coverage, alike, busier, mean_ties, rng):
    """Families of a vaccinated child are `busier` times as well connected, and know `alike` times as often each other."""
    vaccinated = (np.arange(size) < round(coverage * size)).astype(int)
    activity = rng.gamma(4, 0.25, size=size) * np.where(vaccinated == 1, busier, 1.0)
    same = np.where(vaccinated[:, None] == vaccinated[None, :], alike, 1.0)
    chance = np.outer(activity, activity) * same
    chance *= mean_ties * size / chance.sum()
    upper = np.triu(rng.uniform(size=(size, size)) < np.minimum(chance, 1), k=1)
    ties = upper | upper.T
    # nobody is alone: estimates speak of the networked population
    for lonely in np.flatnonzero(ties.sum(axis=1) == 0):
        other = int(rng.choice(np.delete(np.arange(size), lonely)))
        ties[lonely, other] = ties[other, lonely] = True
    return Network([np.flatnonzero(row) for row in ties], vaccinated)


def recruited(net, *, seeds, coupons, people, rng):
    """Return the table of a sample without replacement; seeds are the better known, new ones where chains die."""
    ties = np.array([len(one) for one in net.known])
    taken, rows = set(), []
    waiting = [
        (int(one), "") for one in rng.choice(len(ties), size=seeds, replace=False, p=ties / ties.sum())
    ]
    taken |= {person for person, _ in waiting}
    while len(rows) < people:
        if not waiting:
            left = [one for one in range(len(ties)) if one not in taken]
            waiting = [(int(rng.choice(left)), "")]
            taken.add(waiting[0][0])
        person, by = waiting.pop(0)
        rows.append((f"p{person}", by, int(ties[person]), int(net.vaccinated[person]), len(rows) + 1))
        free = [one for one in net.known[person] if one not in taken]
        chosen = rng.permutation(free)[:coupons] if free else []
        waiting += [(int(one), f"p{person}") for one in chosen]
        taken |= {int(one) for one in chosen}
    return pd.DataFrame(rows, columns=["person", "recruiter", "network_size", "vaccinated", "position"])
