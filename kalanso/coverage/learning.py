"""In which coordinates, and from where, does the published posterior's sampler set out?

Fit a Gaussian, let short chains find the hyperparameters, fit again there; then let chains walk on and
learn from them where globals are stiff and how wide they are (`suiting`). Chains go on where they were, in the
coordinates that they have shown to be better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.answers import Answers, Met
from kalanso.coverage.area_information import Information
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Model
from kalanso.coverage.plans import Plan
from kalanso.coverage.records import Flags, Floats
from kalanso.coverage.sampling import Chain, Pace, Sampler
from kalanso.coverage.side_by_side import apart
from kalanso.coverage.stretching import Stretch
from kalanso.coverage.suiting import precisions, standing, suited
from kalanso.coverage.terms import Term
from kalanso.coverage.variational import (
    AROUND,
    CLIMBS,
    ROUNDS,
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
# Length of trajectories on which chains arrive: energy is spent from one to the next.
ARRIVING = 1.6
# A step that suits coordinates once they are learned.
USUAL = 0.2
# States near the middle at which stiffness is measured before chains have been anywhere.
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
    """The globals that chains passed (chains, iterations, G), their coordinates once chains had left the start behind, shrunk
    as ties ask (chains, fewer, G), where all other coordinates were then on average, answers put in, some of the states on the
    way, where chains ended, and their step."""

    gamma: Floats
    passed: Floats
    middle: Floats
    states: list[Floats]
    ends: list[Floats]
    step: float


def walked(
    model: Model, map_: Whitening, plan: Plan, rng: np.random.Generator, iterations: int, workers: int,
    stand: Sequence[Floats | None] = (),
) -> Walked:  # fmt: skip
    """Return where chains went while their step settled, from where they stand or, on shorter trajectories, from near the
    middle."""
    pace = plan.pace if stand else replace(plan.pace, length=min(plan.pace.length, ARRIVING))
    walk = partial(_walk, model, map_, pace, iterations, plan.states)
    found = apart(walk, zip(rng.spawn(plan.chains), stand or [None] * plan.chains, strict=True), workers)
    chains = [chain for *_, chain in found]
    return Walked(
        np.array([gamma for gamma, *_ in found]),
        np.array([passed for _, passed, *_ in found]),
        np.mean([middle for _, _, middle, *_ in found], axis=0),
        [z for *_, states, _ in found for z in states],
        [chain.z for chain in chains],
        float(np.mean([chain.step for chain in chains])),
    )


def _walk(
    model: Model,
    map_: Whitening,
    pace: Pace,
    iterations: int,
    kept: int,
    start: tuple[np.random.Generator, Floats | None],
) -> tuple[Floats, Floats, Floats, list[Floats], Chain]:
    """Return where one chain went, with `kept` of its states, and the chain."""
    size, every = model.layout.size, math.ceil(iterations / kept)
    gamma, passed, states = list[Floats](), list[Floats](), list[Floats]()
    middle, left_out = np.zeros(map_.size - size), iterations // (2 if start[1] is None else 4)
    sampler = Sampler(model, map_, pace)
    chain = sampler.start(start[0]) if start[1] is None else Chain(start[1], start[0], USUAL)

    def keep(x: Floats) -> None:
        gamma.append(x[:size].copy())
        if len(gamma) > left_out:
            y = map_.ties.shrunk(chain.z)
            passed.append(y[:size].copy())
            given = y if map_.answers is None else map_.answers.given(y)
            middle[:] += given[size:] / (iterations - left_out)
        if len(gamma) % every == 0:
            states.append(chain.z.copy())

    sampler.arrive(chain, left_out, keep=keep)
    sampler.run(chain, iterations - left_out, adapt=True, keep=keep)
    return np.array(gamma), np.array(passed), middle, states, chain


def pilot(
    layout: Layout, terms: tuple[Term, ...], plan: Plan, rng: np.random.Generator, start: Floats | None,
    workers: int,
) -> Floats:  # fmt: skip
    """Return a state near the posterior's middle, hyperparameters included; without a pilot the state to fit from."""
    gamma = layout.start if start is None else start
    shape = layout.design.shape
    model = Model(layout, Frame.plain(layout.scales(gamma), *shape), terms)
    x = model.start()
    x[: layout.size] = gamma
    if start is not None or not plan.pilot:
        return x
    whitener = Whitener.of(model, workers)
    fitted = fit_gaussian(model, x, rng, whitener=whitener)
    model = Model(layout, frame_about(fitted, whitener), terms)
    map_ = full_map(model, fitted, rng, whitener)
    map_ = map_.turned(np.zeros(layout.size), _standing(model, map_, rng, workers))
    found = walked(model, map_, plan, rng, plan.pilot, workers)
    centre = fitted.map.centre.copy()
    centre[: layout.size] = found.gamma[:, plan.pilot // 2 :].mean(axis=(0, 1))
    return centre


def _standing(model: Model, map_: Whitening, rng: np.random.Generator, workers: int) -> Floats:
    """Return the spread of globals in a map as states near its middle have it."""
    sampler = Sampler(model, map_)
    states = [sampler.start(one).z for one in rng.spawn(STATES)]
    return standing(np.mean(apart(partial(_among, model, map_), states, workers), axis=0))


def _among(model: Model, map_: Whitening, z: Floats) -> Floats:
    """Return the precisions among globals alone: those with all others are long, and copied from process to process."""
    return precisions(model, map_, z)[0]


def full_map(
    model: Model, fitted: Gaussian, rng: np.random.Generator, whitener: Whitener, free: Flags | None = None
) -> Whitening:
    """Return the map in which hyperparameters move too, in the model's frame; `free` flags what may move."""
    around = directions(model, min(3, max(1, AROUND // model.design.shape[0])), rng)
    free = np.ones(model.layout.size, bool) if free is None else free
    centre, scales = fitted.map.centre, model.frame.scales
    told, areas, fields = whitener.settled_factors(fitted.information, scales)
    still = replace(
        whitener.standard(model, centre, fields.rounded()), stretch=_stretch(model, fitted, whitener, told)
    )
    slope = stretched_slope(model, still, around)
    return whitener.following(still, centre, told, areas, scales, slope, free, least_precision(model))


def _stretch(model: Model, fitted: Gaussian, whitener: Whitener, told: Information) -> Stretch:
    """Return how fields follow hyperparameters, given settled information."""
    centre, layout = fitted.map.centre, model.layout
    plain = fitted.map.model

    def roots(gamma: Floats) -> Floats:
        here = told.moved(plain.told_elsewhere(centre, gamma), model.frame.scales, layout.scales(gamma))
        return whitener.roots(here, layout.scales(gamma))

    components = whitener.pattern.order % r.FIELDS
    return Stretch.of(layout, centre[: layout.size], roots, components, whitener.workers)


@dataclass(frozen=True, eq=False)
class _Turn:
    """Coordinates of globals in a map that is another one turned: about + turn w stand in that one, and the `answers`
    there are the map's."""

    map: Whitening
    about: Floats
    turn: Floats
    answers: Answers

    def first(self, passed: Floats) -> Floats:
        """Return coordinates (S,G), shrunk as ties ask, in the map that was turned."""
        return np.asarray(self.about + passed @ self.turn.T)

    def met(self, among: Floats, between: Floats) -> tuple[Floats, Floats]:
        """Return precisions among globals and with all others in the map that was turned, before any answers."""
        back, answer = np.linalg.inv(self.turn), self.answers.whole()
        between = back.T @ between
        cross = between @ answer.T
        return back.T @ among @ back + cross + cross.T + answer @ answer.T, between + answer

    def carried(self, z: Floats, to: _Turn) -> Floats:
        """Return coordinates in another turn of the same map for the same state, but for what ties differ in."""
        y, size = self.map.ties.shrunk(z).copy(), self.about.size
        y[:size] = self.first(y[:size])
        y = to.answers.taken(self.answers.given(y))
        y[:size] = np.linalg.solve(to.turn, y[:size] - to.about)
        return to.map.ties.grown(y)


def _meet(met: Met, at: _Turn, model: Model, states: list[Floats], workers: int) -> None:
    """Take in what is met at some states; few at a time, since each is some hundred rows of a state."""
    for first in range(0, len(states), workers):
        some = states[first : first + workers]
        for one in apart(partial(precisions, model, at.map), some, workers):
            met.add(*at.met(*one))


def learn(
    layout: Layout,
    terms: tuple[Term, ...],
    plan: Plan,
    rng: np.random.Generator,
    centre: Floats,
    workers: int,
    *,
    piloted: bool = True,
) -> Learned:
    """Fit at the hyperparameters of a state that a pilot has found, or of another, then learn from chains where all stands, how areas
    answer to globals, how these spread, and the step."""
    model = Model(layout, Frame.plain(layout.scales(centre[: layout.size]), *layout.design.shape), terms)
    whitener = Whitener.of(model, workers)
    most = (AGAIN, AGAIN) if piloted else (CLIMBS, ROUNDS)
    fitted = fit_gaussian(model, centre, rng, whitener=whitener, climbs=most[0], rounds=most[1])
    model = Model(layout, frame_about(fitted, whitener), terms)
    base, size = full_map(model, fitted, rng, whitener), layout.size
    none, turn = Answers.none(base.size, size), _standing(model, base, rng, workers)
    at = _Turn(base.turned(np.zeros(size), turn), np.zeros(size), turn, none)
    stand, step, met = list[Floats](), 0.0, Met.none(base.size, size)
    passed, middles = list[Floats](), list[Floats]()
    for number, iterations in enumerate(plan.learning):
        found = walked(model, at.map, plan, rng, iterations, workers, stand)
        if number == 1:  # the first walk came from afar
            passed, middles, met = [], [], Met.none(base.size, size)
        passed.append(at.first(found.passed.reshape(-1, size)))
        _meet(met, at, model, found.states, workers)
        middles.append(found.middle)
        seen = np.concatenate(passed)
        answers = met.answers(seen.mean(axis=0), np.mean(middles, axis=0))
        about, turn = suited(met.stiffness(answers), seen)
        turned = _Turn(replace(base, answers=answers).turned(about, turn), about, turn, answers)
        stand, at = [at.carried(z, turned) for z in found.ends], turned
        # A walk from afar, in coordinates not yet learned, has had to take short steps.
        step = max(found.step, USUAL)
    return Learned(model.frame, replace(at.map, model=None), step, stand)  # type: ignore[arg-type]
