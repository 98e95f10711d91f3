"""Which share of the children of each place and month can be reached by vaccination?

The hidden truth before anything goes wrong: a level by context, a smooth field over the map, walks
in time, and dropout between doses. What strikes, stock-outs and conflict do to it is worked out,
child by child, in `children`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from kalanso.simulation.territory import Territory
from kalanso.simulation.timeline import BEFORE, MONTHS, SPAN

Numbers = npt.NDArray[np.float64]

NATIONAL_DTP1 = 0.815  # of surviving infants whom DTP1 can reach before disruptions take their part
FIELD_RANGE = 1.2  # degrees over which places resemble each other
FIELD_SPREAD = 0.55  # on the logit scale
WAVES = 120
# Departures from a rural area, on the logit scale.
CONTEXT_EFFECTS = {
    "urban": 0.55, "peri_urban": 0.25, "remote": -0.60, "conflict": -0.85, "island": -0.45, "displaced": -0.45,
    "refugees": -0.3, "migrants": -0.1, "nomads": -0.65, "miners": -0.40,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Shares by area and month of birth (whole span), before disruptions.

    `dtp1` of surviving infants reachable before 12 months; `stay` of children with one DTP dose who
    come for the next; `bcg` of births; `mcv1` of surviving infants; `mcv2` of children with MCV1.
    """

    dtp1: Numbers
    stay: Numbers
    bcg: Numbers
    mcv1: Numbers
    mcv2: Numbers


def reach(territory: Territory, surviving: npt.NDArray[np.int64], rng: np.random.Generator) -> Reach:
    """Return the reachable shares of each area and month of birth."""
    areas = territory.areas
    points = areas[["longitude", "latitude"]].to_numpy()
    level = _context_level(territory)[:, None] + _conflict_level(territory)
    field = smooth_field(points, rng) * FIELD_SPREAD
    drift = smooth_field(points, rng)[:, None] * _walk(1, 0.045, rng)
    local = _walk(len(areas), 0.05, rng) + rng.normal(0, 0.25, (len(areas), 1))
    trend = _walk(1, 0.02, rng) + np.linspace(-0.05, 0.12, SPAN)[None, :]
    shape = level + field[:, None] + drift + local + trend
    dtp1 = expit(shape + _level_for(shape, surviving, NATIONAL_DTP1))
    trouble = level - level.max()
    stay = expit(logit(0.965) + 0.35 * trouble + 0.3 * smooth_field(points, rng)[:, None])
    return Reach(
        dtp1=dtp1,
        stay=stay,
        bcg=expit(logit(dtp1) + 0.45 + rng.normal(0, 0.15, (len(areas), 1))),
        mcv1=np.clip(dtp1 * (0.90 + 0.10 * trouble.clip(-1, 0)), 0.02, 0.98),
        mcv2=expit(logit(0.60) + 0.6 * trouble + np.linspace(-0.5, 0.5, SPAN)[None, :]),
    )


def smooth_field(points: Numbers, rng: np.random.Generator) -> Numbers:
    """Return one draw of a smooth field of variance 1 over the points.

    A sum of random waves whose covariance is exp(-d^2 / (2 r^2)) at distance d (random Fourier
    features, Rahimi and Recht 2007), so that no large matrix is needed.
    """
    waves = rng.normal(0, 1 / FIELD_RANGE, (2, WAVES))
    phase = rng.uniform(0, 2 * np.pi, WAVES)
    return np.asarray(np.sqrt(2 / WAVES) * np.cos(points @ waves + phase).sum(axis=1))


def _walk(rows: int, step: float, rng: np.random.Generator) -> Numbers:
    """Return random walks over the span that are drawn back to zero, a month a step."""
    steps = rng.normal(0, step, (rows, SPAN))
    walk = np.zeros((rows, SPAN))
    for t in range(1, SPAN):
        walk[:, t] = 0.97 * walk[:, t - 1] + steps[:, t]
    return walk


def _context_level(territory: Territory) -> Numbers:
    areas = territory.areas
    level = np.zeros(len(areas))
    for context, effect in CONTEXT_EFFECTS.items():
        if context in {"urban", "peri_urban"}:
            level += effect * (areas["setting"] == context).to_numpy()
        elif context != "conflict":
            level += effect * areas[context].to_numpy()
    return level


def _conflict_level(territory: Territory) -> Numbers:
    """Return the effect of conflict by area and month of the span; it deepens over a year."""
    months = np.arange(SPAN)[None, :] - BEFORE
    since = territory.areas["conflict_from"].to_numpy()[:, None]
    return CONTEXT_EFFECTS["conflict"] * np.clip((months - since) / 12, 0, 1)


def _level_for(shape: Numbers, surviving: npt.NDArray[np.int64], wanted: float) -> float:
    """Return the constant that gives the wanted mean over children of the reported months."""
    window = slice(BEFORE, BEFORE + MONTHS)
    weight = surviving[:, window] / max(surviving[:, window].sum(), 1)
    low, high = -5.0, 5.0
    for _ in range(40):
        middle = (low + high) / 2
        reached = float((expit(shape[:, window] + middle) * weight).sum())
        low, high = (middle, high) if reached < wanted else (low, middle)
    return (low + high) / 2
