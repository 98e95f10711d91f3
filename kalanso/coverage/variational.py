"""Which Gaussian is closest to the posterior when the hyperparameters are given?

A fixed point in the areas' own coordinates: precision = prior + average information, centre moved by
the average slope (`estimation-collapse` §1, GVA). Averages are taken over antithetic draws of the
Gaussian itself, orthogonal within each area and the same in every round, so that rounds settle.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_information import Information, add_prior
from kalanso.coverage.frame import Frame
from kalanso.coverage.holding import held
from kalanso.coverage.model import Model
from kalanso.coverage.records import Flags, Floats
from kalanso.coverage.side_by_side import each
from kalanso.coverage.whitener import Whitener
from kalanso.coverage.whitening import Whitening

PAIRS = 5
ROUNDS = 6
CLIMBS = 12
# The climb ends where the next step would go less than so many posterior sd over all coordinates, or so many a coordinate.
AT_TOP, TOP = 2.0, 0.05
# A round that would move so many times farther than the best one has lost the way.
GIVING_UP = 4.0
# Areas times directions over which the globals' precision is averaged, at least one direction.
AROUND = 450
# Settled when a round would move the centre by less than this many posterior sd a coordinate.
SETTLED = 0.02
# The longest move of one round, in posterior sd a coordinate.
LONGEST = 0.43


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A Gaussian approximation at given hyperparameters: the map, its information, how it settled."""

    map: Whitening
    information: Information
    rounds: int
    moved: float


def least_precision(model: Model) -> Floats:
    """Return the precision that each global has at least: its prior's; one for hyperparameters."""
    _, precision = model.layout.gaussian
    return np.where(precision > 0, np.maximum(precision, 1.0), 1.0)


def fit_gaussian(
    model: Model, start: Floats, rng: np.random.Generator, *, whitener: Whitener, free: Flags | None = None,
    rounds: int = ROUNDS, pairs: int = PAIRS, climbs: int = CLIMBS,
) -> Gaussian:  # fmt: skip
    """Return the Gaussian approximation from a start; globals that are not `free` stay where they are.

    From a start that is near the middle already a climb or two are enough.
    """
    free = np.logical_not(model.layout.hyper) if free is None else free
    map_, information = _mode(model, start, whitener, free, climbs)
    centre, moved = map_.centre, np.inf
    chosen = directions(model, pairs, rng)
    around = chosen[: min(2, max(1, AROUND // model.design.shape[0]))]
    done, best = 0, (np.inf, map_, information)
    settled, longest = SETTLED * math.sqrt(model.size), LONGEST * math.sqrt(model.size)
    for done in range(1, rounds + 1):
        step = 0.6 if done <= 2 else 1.0
        states = [centre + sign * map_.spread(z) for z in chosen for sign in (1.0, -1.0)]
        slope = np.mean(each(lambda x: model(x)[1], states, whitener.workers), axis=0)
        information = _blend(information, _information(model, states), step)
        if done == 2:
            map_ = _remapped(whitener, map_, centre, information, model, free, around)
        else:  # how globals move changes little from round to round, and is most of the work
            map_ = whitener.refactored(map_, centre, information, model.frame.scales)
        pull = map_.back(slope)
        moved = float(np.sqrt(pull @ pull))
        if moved < best[0]:
            best = (moved, map_, information)
        if moved > GIVING_UP * max(best[0], settled):
            break
        centre = centre + step * min(1.0, longest / max(moved, 1e-9)) * map_.spread(pull)
        map_ = map_.moved(centre)
        if moved < settled and done > 2:
            break
    # A round that strayed is forgotten: the sampler only needs a place to start and a measure.
    moved, map_, information = best if moved > best[0] else (moved, map_, information)
    map_ = _remapped(whitener, map_, map_.centre, information, model, free, around)
    return Gaussian(map_, information, done, moved)


def _mode(
    model: Model, start: Floats, whitener: Whitener, free: Flags, climbs: int
) -> tuple[Whitening, Information]:
    """Climb to about the highest density: a place from which averages can be taken."""
    centre = start
    for number in range(climbs):
        # At one point, far from the middle, curvature says more of the misfit than of the posterior.
        information = _information(model, [centre]).merged(np.zeros(model.design.shape[0]))
        if number % 4 == 0:
            map_ = whitener.map(
                centre,
                information,
                model.frame.scales,
                lambda x: model.loose(x)[1],
                free,
                least_precision(model),
            )
        else:
            map_ = whitener.refactored(map_, centre, information, model.frame.scales)
        value, slope = model(centre)
        pull = map_.back(slope)
        gain = float(pull @ pull)
        if gain < max(AT_TOP**2, TOP**2 * model.size):
            break
        direction, share = map_.spread(pull), min(1.0, LONGEST * math.sqrt(model.size / gain))
        while share > 1e-3 and not model(centre + share * direction)[0] > value + 1e-4 * share * gain:
            share /= 2
        centre = centre + share * direction
    return map_.moved(centre), information


def _remapped(
    whitener: Whitener, map_: Whitening, centre: Floats, information: Information, model: Model, free: Flags,
    around: list[Floats],
) -> Whitening:  # fmt: skip
    """Refactor areas, fields and globals for averaged information."""
    slope = average_slope(model, map_, around)
    return whitener.map(centre, information, model.frame.scales, slope, free, least_precision(model))


def average_slope(model: Model, map_: Whitening, around: list[Floats]) -> Callable[[Floats], Floats]:
    """Return the density's slope averaged over draws of areas and fields about a state.

    Terms that tie areas are left out: the map takes them in apart.
    """
    shifts = []
    for z in around:
        local = z.copy()
        local[: model.layout.size] = 0.0
        shift = map_.spread(local)
        shifts += [shift, -shift]
    return lambda x: np.asarray(np.mean([model.loose(x + shift)[1] for shift in shifts], axis=0))


def stretched_slope(model: Model, map_: Whitening, around: list[Floats]) -> Callable[[Floats], Floats]:
    """Return the same, along states in which fields are stretched as the globals say (`stretching`)."""
    size = model.layout.size

    def slope(x: Floats) -> Floats:
        found = np.zeros(model.size)
        for z in around:
            for sign in (1.0, -1.0):
                y = sign * z
                y[:size] = 0.0
                shift = map_.linear(map_.stretched(y, x[:size]))
                one = model.loose(x + shift)[1].copy()
                pulled = map_.pull_of(y, map_.stretched(map_.back(one), x[:size]))
                one[:size] += map_.stretch.slope(size, pulled)
                found += one / (2 * len(around))
        return found

    return slope


def frame_about(fitted: Gaussian, whitener: Whitener) -> Frame:
    """Return the frame in which areas follow the hyperparameters about a fitted Gaussian."""
    model, map_ = fitted.map.model, fitted.map
    scales = model.frame.scales
    told, areas, _ = whitener.settled_factors(fitted.information, scales)
    full = Information(*(block.copy() for block in told))
    add_prior(scales, full)
    centre = model.state(map_.centre)
    fields, paths = model.design.field.centred(centre.fields), np.stack([centre.path1, centre.path3], axis=2)
    return Frame.following(scales, held(told, full, areas, scales, centre.tips, paths, fields))


def _information(model: Model, states: list[Floats]) -> Information:
    into = Information.zeros(*model.design.shape)
    for x in states:
        model.add_information(x, 1.0 / len(states), into)
    return into


def _blend(old: Information, new: Information, share: float) -> Information:
    return Information(*((1 - share) * a + share * b for a, b in zip(old, new, strict=True)))


def directions(model: Model, pairs: int, rng: np.random.Generator) -> list[Floats]:
    """Draw standard normal directions that are orthogonal within each area's own coordinates."""
    n, t = model.design.shape
    width = r.TIPS + 2 * t
    pairs_here = min(pairs, width)
    local, _ = np.linalg.qr(rng.standard_normal((n, width, pairs_here)))
    local *= np.sqrt(rng.chisquare(width, size=(n, 1, pairs_here)))
    found = []
    for s in range(pairs_here):
        z = rng.standard_normal(model.size)
        parts = model.state(z)
        parts.tips[:] = local[:, : r.TIPS, s]
        parts.path1[:] = local[:, r.TIPS : r.TIPS + t, s]
        parts.path3[:] = local[:, r.TIPS + t :, s]
        found.append(z)
    return found
