"""People with planted coverage whom no household survey reaches: on telephones, at markets, on lists."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.surveys import access

LISTS = ["P", "Q", "E"]
MARGINS = {"wealth": {"rich": 0.3, "poor": 0.7}}


def caller(rng, size):
    """Return who is rich, vaccinated, and how many numbers each holds; 69 % are vaccinated."""
    rich = rng.uniform(size=size) < 0.3
    vaccinated = rng.uniform(size=size) < np.where(rich, 0.9, 0.6)
    held = np.where(rich, rng.integers(1, 4, size=size), 1)
    return rich, vaccinated, held


def called(rng, n=300):
    """Return those who answered: the rich own more numbers, answer more and are vaccinated more."""
    rich, vaccinated, held = caller(rng, 20_000)
    chance = held * np.where(rich, 1.8, 1.0)
    drawn = rng.choice(20_000, size=n, replace=False, p=chance / chance.sum())
    return pd.DataFrame(
        {
            "respondent": [f"r{at}" for at in drawn], "vaccinated": vaccinated[drawn].astype(int),
            "numbers_held": held[drawn], "wealth": np.where(rich[drawn], "rich", "poor"),
        }
    )  # fmt: skip


def market(rng, days=24):
    """Return people met at drawn site days and the truth: those who come often are vaccinated more."""
    often = rng.uniform(size=600) < 0.5
    vaccinated = rng.uniform(size=600) < np.where(often, 0.8, 0.4)
    rate = np.where(often, 0.5, 0.1)
    comes = rng.uniform(size=(600, 60)) < rate[:, None]
    comes[np.arange(600), rng.integers(60, size=600)] = True  # everybody comes at least once
    drawn = rng.choice(60, size=days, replace=False)
    rows = []
    for day in drawn:
        here = np.flatnonzero(comes[:, day])
        asked = rng.permutation(here)[:15]
        rows += [
            (
                f"p{who}",
                f"d{day}",
                days / 60,
                len(here),
                len(asked),
                int(comes[who].sum()),
                int(vaccinated[who]),
            )
            for who in asked
        ]
    columns = ["person", "site_day", "p_site_day", "counted", "interviewed", "visits", "vaccinated"]
    return pd.DataFrame(rows, columns=columns), vaccinated.mean()


def histories(on):
    """Return the children on each combination of three lists, without those on none."""
    table = pd.DataFrame(on.astype(int), columns=LISTS)
    table = table[table.sum(axis=1) > 0]
    return table.groupby(LISTS).size().rename("count").reset_index()


def dependent(rng, size=600):
    """Return who is on three lists (size x 3), the second of which rather holds whom the first holds."""
    first = rng.uniform(size=size) < 0.45
    second = rng.uniform(size=size) < np.where(first, 0.65, 0.25)
    return np.column_stack([first, second, rng.uniform(size=size) < 0.4])


def listing(rng):
    """Return how many children informants listed, and what a check found; 500 children are truly missed."""
    heard = rng.uniform(size=500) < 0.6
    true, false = int(heard.sum()), int(rng.poisson(90))
    checked = rng.hypergeometric(true, false, 80)
    met = rng.uniform(size=500) < 0.2
    check = access.Validation(
        checked=80,
        checked_missed=int(checked),
        found_missed=int(met.sum()),
        found_listed=int((met & heard).sum()),
    )
    return true + false, check
