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
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kalanso.coverage.keeping import Keeper, Mixing, mixing
from kalanso.coverage.layout import Layout
from kalanso.coverage.learning import Learned, learn, pilot
from kalanso.coverage.model import Model
from kalanso.coverage.plans import Plan
from kalanso.coverage.records import Floats
from kalanso.coverage.sampling import Chain, Sampler
from kalanso.coverage.side_by_side import apart
from kalanso.coverage.terms import Term
from kalanso.coverage.whitening import Whitening

Progress = Callable[[str, float], None]
# Generators that are spawned beside those of the chains.
SEEDS = 3
# Writing a checkpoint may take one part in so many of the time since the last.
SELDOM = 20
# Iterations on which a chain arrives in coordinates just learned, at least.
ARRIVING = 8


class Outdated(Exception):
    """Coordinates of an earlier run in which chains move too slowly today."""


@dataclass(eq=False)
class Sampled:
    """What sampling gave: keepers with draws, mixing, where it can go on, what was learned, seconds by stage."""

    keepers: list[Keeper]
    mixed: Mixing
    model: Model
    gamma: Floats
    counts: dict[str, float]
    seconds: dict[str, float]
    learned: Learned | None = None


def sample(
    layout: Layout, terms: tuple[Term, ...], plan: Plan, rng: np.random.Generator, *, progress: Progress,
    start: Floats | None = None, recalled: Learned | None = None, checkpoint: Path | None = None,
    workers: int = 2,
) -> Sampled:  # fmt: skip
    """Return draws of the posterior; `start` are globals near which it lies (a run before), `recalled` the coordinates of a run
    before, in which chains go on. Raises Outdated where these do not serve."""
    began = time.monotonic()
    seeds = rng.spawn(SEEDS + plan.chains)
    progress("coverage.progress.fitting", 0.0)
    if recalled is None:
        learned, seconds = _learned(layout, terms, plan, seeds, progress, start, checkpoint, workers)
    else:
        learned, seconds = recalled, {}
    model, map_ = learned.with_(layout, terms)
    runs = [
        _Run(number, model, map_, plan, seeds[SEEDS + number], learned, checkpoint)
        for number in range(plan.chains)
    ]
    mixed = _blocks(runs, plan, layout, progress, workers)
    seconds["sampling"] = time.monotonic() - began - sum(seconds.values())
    gamma = np.mean([np.mean(run.keeper.shared, axis=0) for run in runs], axis=0)
    chains = [run.chain for run in runs]
    step = float(np.mean([chain.step for chain in chains]))
    return Sampled(
        [run.keeper for run in runs], mixed, model, gamma,
        chain_counts(chains, sum(run.keeper.seen for run in runs)), seconds,
        replace(learned, step=step, stand=[chain.z for chain in chains]),
    )  # fmt: skip


def _learned(
    layout: Layout, terms: tuple[Term, ...], plan: Plan, seeds: list[np.random.Generator], progress: Progress,
    start: Floats | None, checkpoint: Path | None, workers: int,
) -> tuple[Learned, dict[str, float]]:  # fmt: skip
    """Return coordinates for this evidence, and the seconds that pilot and learning took."""
    began = time.monotonic()
    with ThreadPoolExecutor(1) as beside:
        # New processes read for two seconds what they will need, while this one fits.
        beside.submit(apart, _wake, range(workers), workers)
        centre = stage(checkpoint, "pilot", lambda: pilot(layout, terms, plan, seeds[0], start, workers))
    piloting = time.monotonic() - began
    progress("coverage.progress.learning", 0.12)
    piloted = start is None and plan.pilot > 0
    learned = stage(
        checkpoint,
        "learning",
        lambda: learn(layout, terms, plan, seeds[1], centre, workers, piloted=piloted),
    )
    return learned, {"pilot": piloting, "learning": time.monotonic() - began - piloting}


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


class _Run:
    """One chain with its keeper, block after block, each block a checkpoint."""

    def __init__(
        self, number: int, model: Model, map_: Whitening, plan: Plan, rng: np.random.Generator,
        learned: Learned, checkpoint: Path | None,
    ) -> None:  # fmt: skip
        self.path = None if checkpoint is None else checkpoint / f"chain{number}.stage"
        self.written = 0.0, 0.0  # when, and how long it took
        self.sampler = Sampler(model, replace(map_, model=model), plan.pace)
        self.chain: Chain
        self.keeper: Keeper
        if self.path is not None and self.path.is_file():
            self.chain, self.keeper = pickle.loads(self.path.read_bytes())  # noqa: S301 - our own file
            self.keeper.model = model
            return
        stand = learned.stand[number] if number < len(learned.stand) else self.sampler.start(rng).z
        self.chain = Chain(stand, rng, learned.step)
        self.keeper = Keeper(model, rng.spawn(1)[0])

    def join(self, chain: Chain, more: Keeper) -> None:
        """Take over where the chain has come, and write it down."""
        self.chain = chain
        self.keeper.join(more)
        # Draws of a large country are a gigabyte: they are written when that costs little of the time since.
        began = time.monotonic()
        if self.path is not None and began - self.written[0] >= SELDOM * self.written[1]:
            model, self.keeper.model = self.keeper.model, None  # type: ignore[assignment]
            keep(self.path, (self.chain, self.keeper))
            self.keeper.model = model
            self.written = time.monotonic(), time.monotonic() - began


def _wake(_: int) -> None:
    """Do nothing: a process that is asked to do it has loaded this file."""


def _advanced(plan: Plan, piece: tuple[Sampler, Chain, Keeper]) -> tuple[Chain, Keeper]:
    """Return a chain some iterations further, and what was kept of them."""
    sampler, chain, keeper = piece
    if chain.iterations == 0:  # leave the start behind and settle the step, once
        # In coordinates just learned the first steps err more than all later ones, and say nothing of these.
        first = min(max(ARRIVING, plan.settling // 4), plan.settling // 2)
        sampler.arrive(chain, first)
        sampler.run(chain, plan.settling - first, adapt=True)
        if chain.step < plan.least_step:
            raise Outdated
        chain.divergences = 0
    sampler.run(chain, plan.block, adapt=False, keep=keeper)
    return chain, replace(keeper, model=None)  # type: ignore[arg-type]


def _blocks(runs: list[_Run], plan: Plan, layout: Layout, progress: Progress, workers: int) -> Mixing:
    """Sample block after block until there are enough effective draws, or too many iterations."""
    while True:
        done = min(run.keeper.seen for run in runs)
        missing = [run for run in runs if run.keeper.seen < done + plan.block]
        pieces = [(run.sampler, run.chain, run.keeper.further()) for run in missing]
        for run, (chain, more) in zip(missing, apart(partial(_advanced, plan), pieces, workers), strict=True):
            run.join(chain, more)
        mixed = mixing([run.keeper for run in runs], layout.names)
        share = min(1.0, mixed.least_draws / plan.effective)
        progress("coverage.progress.sampling", 0.3 + 0.7 * share)
        enough = mixed.least_draws >= plan.effective and mixed.worst_total <= plan.r_hat_totals
        if (enough and mixed.worst_global <= plan.r_hat_globals) or done + plan.block >= plan.most:
            return mixed
        due = plan.effective * (done + plan.block) / plan.most
        if plan.hopeless and done + plan.block >= plan.hopeless and mixed.least_draws < due / 2:
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
