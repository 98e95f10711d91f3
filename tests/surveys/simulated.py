"""Surveys of a country whose truth is known: villages of unequal size and coverage in strata."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.surveys import estimation


def country(rng, *, share, correlation, strata=3, villages=200):
    """Return villages with their stratum, children and vaccinated children; the truth is their sum."""
    rows = []
    size = 1 / correlation - 1
    for stratum in range(strata):
        middle = np.clip(share + 0.08 * (stratum - (strata - 1) / 2), 0.03, 0.97)
        children = rng.integers(20, 120, villages)
        found = rng.binomial(children, rng.beta(middle * size, (1 - middle) * size, villages))
        rows.append(pd.DataFrame({"stratum": stratum, "children": children, "vaccinated": found}))
    return pd.concat(rows, ignore_index=True)


def survey(rng, places, *, clusters=12, children=10):
    """Return one survey: villages drawn by size with replacement within strata, some children of each, with weights."""
    stratum, size, vaccinated = (places[name].to_numpy() for name in ("stratum", "children", "vaccinated"))
    drawn = []
    for own in np.unique(stratum):
        at = np.flatnonzero(stratum == own)
        drawn.append(rng.choice(at, clusters, p=size[at] / size[at].sum()))
    village = np.concatenate(drawn)
    asked = np.minimum(children - rng.integers(0, 4, len(village)), size[village])  # some are not at home
    found = rng.hypergeometric(vaccinated[village], size[village] - vaccinated[village], asked)
    whole = np.bincount(stratum, weights=size)[stratum[village]]
    return pd.DataFrame(
        {
            "stratum": np.repeat(stratum[village], asked),
            "cluster": np.repeat(np.arange(len(village)), asked),
            "weight": np.repeat(whole / clusters / asked, asked),
            "dose": np.concatenate([np.arange(n) < one for n, one in zip(asked, found, strict=True)]).astype(
                float
            ),
        }
    )


def intervals_that_hold(rng, *, surveys, share, correlation, method="wilson", clusters=12):
    """Return the share of surveys whose 95 % interval holds the truth of their own country."""
    places = country(rng, share=share, correlation=correlation)
    truth = places.vaccinated.sum() / places.children.sum()
    held = 0
    for _ in range(surveys):
        frame = survey(rng, places, clusters=clusters)
        row = estimation.shares(estimation.design(frame), frame[["dose"]], method=method).iloc[0]
        held += int(row.low <= truth <= row.high)
    return held / surveys
