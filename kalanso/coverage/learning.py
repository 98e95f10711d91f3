"""In which coordinates, and from where, does the published posterior's sampler set out?

Fit a Gaussian, let short chains find the hyperparameters, fit again there; then let chains walk on and
learn from them where globals are stiff and how wide they are (`suiting`). Chains go on where they were, in the
coordinates that they have shown to be better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_information import Information
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Model
from kalanso.coverage.plans import Plan
from kalanso.coverage.records import Flags, Floats
from kalanso.coverage.sampling import Chain, Sampler
from kalanso.coverage.stretching import Stretch
from kalanso.coverage.suiting import stiffness, suited
from kalanso.coverage.terms import Term
from kalanso.coverage.variational import (
    AROUND,
    Gaussian,
    directions,
    fit_gaussian,
    frame_about,
    least_precision,
    stretched_slope,
)
from kalanso.coverage.whitener import Whitener
from kalanso.coverage.whitening import Whitening

# Climbs and rounds of a fit that starts where a chain has been.
AGAIN = 4
# A step that suits coordinates once they are learned.
USUAL = 0.2
# States of each chain at which stiffness is measured.
STATES = 2


@dataclass(frozen=True, eq=False)
class Learned:
    """A frame, a map (without its model), a step and where chains stand, as they are in a checkpoint."""

    frame: Frame
    map: Whitening
    step: float
    stand: list[Floats]

    def with_(self, layout: Layout, terms: tuple[Term, ...]) -> tuple[Model, Whitening]:
        """Join the model again."""
        model = Model(layout, self.frame, terms)
        return model, replace(self.map, model=model)


@dataclass(frozen=True, eq=False)
class Walked:
    """The globals that chains passed and their coordinates, shrunk as ties ask (chains, iterations, G), some of the
    states on the way, where they ended, and their step."""

    gamma: Floats
    passed: Floats
    states: list[Floats]
    ends: list[Floats]
    step: float


def walked(
    model: Model, map_: Whitening, plan: Plan, rng: np.random.Generator, iterations: int, workers: int,
    stand: Sequence[Floats | None] = (),
) -> Walked:  # fmt: skip
    """Return where chains went while their step settled, from where they stand or from near the middle."""
    size = model.layout.size

    every = math.ceil(iterations / STATES)

    def walk(start: tuple[np.random.Generator, Floats | None]) -> tuple[Floats, Floats, list[Floats], Chain]:
        own, gamma, passed, states = model.copy(), list[Floats](), list[Floats](), list[Floats]()
        sampler = Sampler(own, replace(map_, model=own), plan.pace)
        chain = sampler.start(start[0]) if start[1] is None else Chain(start[1], start[0], USUAL)

        def keep(x: Floats) -> None:
            gamma.append(x[:size].copy())
            passed.append(map_.ties.shrunk(chain.z)[:size].copy())
            if len(passed) % every == 0:
                states.append(chain.z.copy())

        sampler.run(chain, iterations, adapt=True, keep=keep)
        return np.array(gamma), np.array(passed), states, chain

    starts = zip(rng.spawn(plan.chains), stand or [None] * plan.chains, strict=True)
    found = each(walk, list(starts), workers)
    chains = [chain for *_, chain in found]
    return Walked(
        np.array([gamma for gamma, *_ in found]),
        np.array([passed for _, passed, *_ in found]),
        [z for _, _, states, _ in found for z in states],
        [chain.z for chain in chains],
        float(np.mean([chain.step for chain in chains])),
    )


def each(do: Callable[[Any], Any], of: Sequence[Any], workers: int) -> list[Any]:
    """Return what is done with each, in threads."""
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        return list(pool.map(do, of))


def pilot(
    layout: Layout, terms: tuple[Term, ...], plan: Plan, rng: np.random.Generator, start: Floats | None,
    workers: int,
) -> Floats:  # fmt: skip
    """Return a state near the posterior's middle, hyperparameters included."""
    gamma = layout.start if start is None else start
    shape = layout.design.shape
    model = Model(layout, Frame.plain(layout.scales(gamma), *shape), terms)
    x = model.start()
    x[: layout.size] = gamma
    whitener = Whitener.of(model)
    fitted = fit_gaussian(model, x, rng, whitener=whitener)
    if start is not None or not plan.pilot:
        return fitted.map.centre
    model = Model(layout, frame_about(fitted, whitener), terms)
    map_ = full_map(model, fitted, rng, whitener)
    found = walked(model, map_, plan, rng, plan.pilot, workers)
    centre = fitted.map.centre.copy()
    centre[: layout.size] = found.gamma[:, plan.pilot // 2 :].mean(axis=(0, 1))
    return centre


def full_map(
    model: Model, fitted: Gaussian, rng: np.random.Generator, whitener: Whitener, free: Flags | None = None
) -> Whitening:
    """Return the map in which hyperparameters move too, in the model's frame; `free` flags what may move."""
    around = directions(model, min(3, max(1, AROUND // model.design.shape[0])), rng)
    free = np.ones(model.layout.size, bool) if free is None else free
    centre, scales = fitted.map.centre, model.frame.scales
    told, areas, fields = whitener.settled_factors(fitted.information, scales)
    still = replace(whitener.standard(model, centre, fields), stretch=_stretch(model, fitted, whitener, told))
    slope = stretched_slope(model, still, around)
    return whitener.following(still, centre, told, areas, scales, slope, free, least_precision(model))


def _stretch(model: Model, fitted: Gaussian, whitener: Whitener, told: Information) -> Stretch:
    """Return how fields follow hyperparameters, given settled information."""
    centre, layout = fitted.map.centre, model.layout
    plain = fitted.map.model

    def roots(gamma: Floats) -> Floats:
        here = told.moved(plain.told_elsewhere(centre, gamma), model.frame.scales, layout.scales(gamma))
        return whitener.roots(here, layout.scales(gamma))

    return Stretch.of(layout, centre[: layout.size], roots, whitener.pattern.order % r.FIELDS)


@dataclass(frozen=True, eq=False)
class _Turn:
    """Coordinates of globals in a map that is another one turned: about + turn w stand in that one."""

    map: Whitening
    about: Floats
    turn: Floats

    def first(self, passed: Floats) -> Floats:
        """Return coordinates (S,G), shrunk as ties ask, in the map that was turned."""
        return np.asarray(self.about + passed @ self.turn.T)

    def stiff(self, found: Floats) -> Floats:
        """Return second derivatives in the map that was turned."""
        back = np.linalg.inv(self.turn)
        return np.asarray(back.T @ found @ back)

    def carried(self, z: Floats, to: _Turn) -> Floats:
        """Return coordinates in another turn of the same map for the same state, but for what ties differ in."""
        y, size = self.map.ties.shrunk(z).copy(), self.about.size
        y[:size] = np.linalg.solve(to.turn, self.first(y[:size]) - to.about)
        return to.map.ties.grown(y)


def learn(
    layout: Layout,
    terms: tuple[Term, ...],
    plan: Plan,
    rng: np.random.Generator,
    centre: Floats,
    workers: int,
) -> Learned:
    """Fit at the piloted hyperparameters, then learn the globals' spread and the step from chains."""
    model = Model(layout, Frame.plain(layout.scales(centre[: layout.size]), *layout.design.shape), terms)
    whitener = Whitener.of(model)
    fitted = fit_gaussian(model, centre, rng, whitener=whitener, climbs=AGAIN, rounds=AGAIN)
    model = Model(layout, frame_about(fitted, whitener), terms)
    base, size = full_map(model, fitted, rng, whitener), layout.size
    at, stand, step = _Turn(base, np.zeros(size), np.eye(size)), list[Floats](), 0.0
    passed, stiff = list[Floats](), list[Floats]()
    for number, iterations in enumerate(plan.learning):
        found = walked(model, at.map, plan, rng, iterations, workers, stand)
        if number == 1:  # the first walk came from afar
            passed, stiff = [], []
        passed.append(at.first(found.passed[:, iterations // 4 :].reshape(-1, size)))
        here = at.map
        measured = each(lambda z: stiffness(model.copy(), here, z), found.states, workers)  # noqa: B023
        stiff += [at.stiff(one) for one in measured]
        about, turn = suited(np.mean(stiff, axis=0), np.concatenate(passed))
        turned = _Turn(base.turned(about, turn), about, turn)
        stand, at = [at.carried(z, turned) for z in found.ends], turned
        # A walk from afar, in coordinates not yet learned, has had to take short steps.
        step = max(found.step, USUAL)
    return Learned(model.frame, replace(at.map, model=None), step, stand)  # type: ignore[arg-type]
