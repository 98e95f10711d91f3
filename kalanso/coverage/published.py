"""How is the posterior made that may be published?

Fit a Gaussian, let a short chain find the hyperparameters, fit again there, learn the scale of the
globals, then sample until totals are worth enough independent draws. Every stage is a file in the
checkpoint folder, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.frame import Frame
from kalanso.coverage.gmrf import NotPositiveDefinite
from kalanso.coverage.keeping import Keeper, Mixing, mixing
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Model
from kalanso.coverage.records import Flags, Floats
from kalanso.coverage.sampling import Chain, Pace, Sampler
from kalanso.coverage.stretching import Stretch
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
from kalanso.coverage.whitening import NotWhitened, Whitener, Whitening

Progress = Callable[[str, float], None]
# Climbs and rounds of a fit that starts where a chain has been.
AGAIN = 4
# Writing a checkpoint may take one part in so many of the time since the last.
SELDOM = 20


@dataclass(frozen=True)
class Plan:
    """Lengths of the stages (of each chain), and what is asked of the draws before they may be published."""

    chains: int = 2
    pilot: int = 50
    learning: int = 80
    settling: int = 40
    block: int = 100
    most: int = 4000
    effective: float = 1000.0
    r_hat_totals: float = 1.02
    r_hat_globals: float = 1.10
    divergent: float = 0.02
    pace: Pace = field(default_factory=Pace)


@dataclass(eq=False)
class Sampled:
    """What sampling gave: keepers with draws, mixing, where it can go on, seconds by stage."""

    keepers: list[Keeper]
    mixed: Mixing
    model: Model
    gamma: Floats
    counts: dict[str, float]
    seconds: dict[str, float]


def sample(
    layout: Layout, terms: tuple[Term, ...], plan: Plan, rng: np.random.Generator, *, progress: Progress,
    start: Floats | None = None, checkpoint: Path | None = None, workers: int = 2,
) -> Sampled:  # fmt: skip
    """Return draws of the posterior; `start` are globals near which it lies (a run before)."""
    seconds: dict[str, float] = {}
    began = time.monotonic()
    seeds = rng.spawn(3 + plan.chains)
    progress("coverage.progress.fitting", 0.0)
    centre = stage(checkpoint, "pilot", lambda: _pilot(layout, terms, plan, seeds[0], start, workers))
    seconds["pilot"] = time.monotonic() - began
    progress("coverage.progress.learning", 0.12)
    model, map_, step = stage(
        checkpoint, "learning", lambda: _learning(layout, terms, plan, seeds[1], centre, workers)
    ).with_(layout, terms)
    seconds["learning"] = time.monotonic() - began - seconds["pilot"]
    runs = [
        _Run(number, model.copy(), map_, plan, seeds[3 + number], step, checkpoint)
        for number in range(plan.chains)
    ]
    mixed = _blocks(runs, plan, layout, progress, workers)
    seconds["sampling"] = time.monotonic() - began - seconds["pilot"] - seconds["learning"]
    gamma = np.mean([np.mean(run.keeper.shared, axis=0) for run in runs], axis=0)
    return Sampled(
        [run.keeper for run in runs],
        mixed,
        model,
        gamma,
        chain_counts([run.chain for run in runs], sum(run.keeper.seen for run in runs)),
        seconds,
    )


def stage(checkpoint: Path | None, name: str, make: Callable[[], Any]) -> Any:
    """Return a stage's result from the checkpoint, or make and keep it (whole or not at all)."""
    if checkpoint is None:
        return make()
    path = checkpoint / f"{name}.stage"
    if path.is_file():
        return pickle.loads(path.read_bytes())  # noqa: S301 - our own file in our own folder
    made = make()
    keep(path, made)
    return made


def keep(path: Path, value: Any) -> None:
    """Write a value so that the file is complete or absent."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(pickle.dumps(value))
    draft.replace(path)


@dataclass(frozen=True, eq=False)
class Learned:
    """A frame, a map (without its model) and a step, as they stand in a checkpoint."""

    frame: Frame
    map: Whitening
    step: float

    def with_(self, layout: Layout, terms: tuple[Term, ...]) -> tuple[Model, Whitening, float]:
        """Join the model again."""
        model = Model(layout, self.frame, terms)
        return model, replace(self.map, model=model), self.step


def _pilot(
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
    model = Model(layout, frame_about(fitted, rng), terms)
    map_ = full_map(model, fitted, rng, whitener)
    found, _ = walked(model, map_, plan, rng, plan.pilot, workers)
    centre = fitted.map.centre.copy()
    centre[: layout.size] = found[:, plan.pilot // 2 :].mean(axis=(0, 1))
    return centre


def walked(
    model: Model, map_: Whitening, plan: Plan, rng: np.random.Generator, iterations: int, workers: int
) -> tuple[Floats, float]:
    """Return the globals that chains pass (chains, iterations, G) while their step settles, and the step."""

    def walk(seed: np.random.Generator) -> tuple[list[Floats], float]:
        own = model.copy()
        sampler, passed = Sampler(own, replace(map_, model=own), plan.pace), list[Floats]()
        chain = sampler.start(seed)
        sampler.run(
            chain, iterations, adapt=True, keep=lambda x: passed.append(x[: model.layout.size].copy())
        )
        return passed, chain.step

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        found = list(pool.map(walk, rng.spawn(plan.chains)))
    return np.array([passed for passed, _ in found]), float(np.mean([step for _, step in found]))


def full_map(
    model: Model, fitted: Gaussian, rng: np.random.Generator, whitener: Whitener, free: Flags | None = None
) -> Whitening:
    """Return the map in which hyperparameters move too, in the model's frame; `free` flags what may move."""
    around = directions(model, min(3, max(1, AROUND // model.design.shape[0])), rng)
    free = np.ones(model.layout.size, bool) if free is None else free
    scales, stretch = model.frame.scales, _stretch(model, fitted, whitener)
    about = replace(fitted.map, model=model, stretch=stretch)
    map_ = whitener.map(
        fitted.map.centre, fitted.information, scales, stretched_slope(model, about, around), free,
        least_precision(model),
    )  # fmt: skip
    return replace(map_, model=model, stretch=stretch)


def _stretch(model: Model, fitted: Gaussian, whitener: Whitener) -> Stretch:
    """Return how levels and fields follow hyperparameters; without curvature where that leaves no stable form."""
    gamma, fields = fitted.map.centre[: model.layout.size], whitener.pattern.order % r.FIELDS
    plain = fitted.information.merged(np.zeros(model.design.shape[0]))
    try:
        settled = whitener.settled(fitted.information, model.frame.scales)
        return Stretch.of(model.layout, gamma, lambda scale: whitener.roots(settled, scale), fields)
    except (NotPositiveDefinite, NotWhitened):
        return Stretch.of(model.layout, gamma, lambda scale: whitener.roots(plain, scale), fields)


def _learning(
    layout: Layout,
    terms: tuple[Term, ...],
    plan: Plan,
    rng: np.random.Generator,
    centre: Floats,
    workers: int,
) -> Learned:
    """Fit at the piloted hyperparameters, then learn the globals' scale and the step from a chain."""
    model = Model(layout, Frame.plain(layout.scales(centre[: layout.size]), *layout.design.shape), terms)
    whitener = Whitener.of(model)
    fitted = fit_gaussian(model, centre, rng, whitener=whitener, climbs=AGAIN, rounds=AGAIN)
    model = Model(layout, frame_about(fitted, rng), terms)
    map_ = full_map(model, fitted, rng, whitener)
    found, step = walked(model, map_, plan, rng, plan.learning, workers)
    learned = widened(map_, found[:, plan.learning // 4 :].reshape(-1, layout.size))
    return Learned(model.frame, replace(learned, model=None), step)  # type: ignore[arg-type]


def widened(map_: Whitening, gamma: Floats, power: float = 0.5, most: float = 30.0) -> Whitening:
    """Stretch the globals' scale half-way (in logs) towards the spread that a chain has shown.

    Half-way, because a scale must suit both the whole spread of a global and how stiff it is while
    all areas stand still.
    """
    ties = np.linalg.cholesky(map_.ties.expected(gamma.shape[1]))
    whitened = np.linalg.solve(map_.root @ ties, (gamma - gamma.mean(axis=0)).T)
    spread = np.cov(whitened)
    spread = 0.9 * spread + 0.1 * np.diag(np.diag(spread))
    values, vectors = np.linalg.eigh(spread)
    centre = map_.centre.copy()
    centre[: gamma.shape[1]] = gamma.mean(axis=0)
    narrow, wide = np.clip(values, 0.01, 1.0), np.clip(values, 1.0, most)
    stretch = narrow**0.5 * wide ** (power / 2)
    turned = vectors * stretch
    if map_.ties.shrink.size:
        turned = ties @ turned @ vectors.T @ np.linalg.inv(ties)
    root = map_.root @ turned
    return map_.rescaled(root).moved(centre)


class _Run:
    """One chain with its keeper, block after block, each block a checkpoint."""

    def __init__(
        self, number: int, model: Model, map_: Whitening, plan: Plan, rng: np.random.Generator, step: float,
        checkpoint: Path | None,
    ) -> None:  # fmt: skip
        self.path = None if checkpoint is None else checkpoint / f"chain{number}.stage"
        self.plan = plan
        self.written = 0.0, 0.0  # when, and how long it took
        self.sampler = Sampler(model, replace(map_, model=model), plan.pace)
        self.chain: Chain
        self.keeper: Keeper
        if self.path is not None and self.path.is_file():
            self.chain, self.keeper = pickle.loads(self.path.read_bytes())  # noqa: S301 - our own file
            self.keeper.model = model
            return
        self.chain = self.sampler.start(rng, step=step)
        self.keeper = Keeper(model, rng.spawn(1)[0])

    def settle(self) -> None:
        """Leave the start behind and settle the step, once."""
        if self.chain.iterations == 0:
            self.sampler.run(self.chain, self.plan.settling, adapt=True)
            self.chain.divergences = 0

    def block(self, iterations: int) -> None:
        """Sample some more iterations and write them down."""
        self.settle()
        self.sampler.run(self.chain, iterations, adapt=False, keep=self.keeper)
        # Draws of a large country are a gigabyte: they are written when that costs little of the time since.
        began = time.monotonic()
        if self.path is not None and began - self.written[0] >= SELDOM * self.written[1]:
            model, self.keeper.model = self.keeper.model, None  # type: ignore[assignment]
            keep(self.path, (self.chain, self.keeper))
            self.keeper.model = model
            self.written = time.monotonic(), time.monotonic() - began


def _blocks(runs: list[_Run], plan: Plan, layout: Layout, progress: Progress, workers: int) -> Mixing:
    """Sample block after block until there are enough effective draws, or too many iterations."""
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        while True:
            done = min(run.keeper.seen for run in runs)
            missing = [run for run in runs if run.keeper.seen < done + plan.block]
            list(pool.map(lambda run: run.block(plan.block), missing))
            mixed = mixing([run.keeper for run in runs], layout.names)
            share = min(1.0, mixed.least_draws / plan.effective)
            progress("coverage.progress.sampling", 0.3 + 0.7 * share)
            enough = mixed.least_draws >= plan.effective and mixed.worst_total <= plan.r_hat_totals
            if (enough and mixed.worst_global <= plan.r_hat_globals) or done + plan.block >= plan.most:
                return mixed


def chain_counts(chains: list[Chain], iterations: int) -> dict[str, float]:
    """Return what chains have counted, together, over their `iterations` since they settled."""
    return {
        "chains": len(chains),
        "iterations": iterations,
        "gradients": sum(chain.gradients for chain in chains),
        "divergences": sum(chain.divergences for chain in chains),
        "accepted": round(sum(chain.accepted for chain in chains) / max(iterations, 1), 3),
        "step": round(float(np.mean([chain.step for chain in chains])), 4),
    }
