"""What would be said if doses could not teach the model its level?

Because the logit is curved, swings of doses can move the level of coverage although they measure no
level (`estimation` §2.7). In the cut posterior the level of coverage, of reporting and of populations is
what surveys and populations alone say; doses then fill in areas, quarters and dropout (Plummer 2015,
*Statistics and Computing* 25). A large gap to the full posterior is a warning, not a better answer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from kalanso.coverage.frame import Frame
from kalanso.coverage.keeping import Keeper, mixing
from kalanso.coverage.layout import Layout
from kalanso.coverage.learning import full_map
from kalanso.coverage.model import Model
from kalanso.coverage.plans import Plan
from kalanso.coverage.published import Progress, Sampled, chain_counts, sample
from kalanso.coverage.records import Flags, Floats, Ints
from kalanso.coverage.sampling import Chain, Sampler
from kalanso.coverage.terms import Term
from kalanso.coverage.variational import fit_gaussian, frame_about
from kalanso.coverage.whitener import Whitener
from kalanso.coverage.whitening import Whitening

# Blocks that doses may not update, and of the covariates' slopes the intercept.
HELD = ("reporting", "source_bias")


@dataclass(frozen=True)
class CutPlan:
    """Draws of the level per chain, iterations after each before its states are kept, and kept ones."""

    chains: int = 2
    levels: int = 40
    settling: int = 12
    kept: int = 3
    learning: int = 60


def held_globals(layout: Layout) -> Ints:
    """Return the places of the globals that doses may not update."""
    places = [np.array([layout.blocks["slopes1"].start])]
    places += [np.arange(layout.blocks[name].start, layout.blocks[name].stop) for name in HELD]
    return np.concatenate(places)


def sample_cut(
    layout: Layout, terms: tuple[Term, ...], alone: tuple[Layout, tuple[Term, ...]], plan: Plan,
    rng: np.random.Generator, *, progress: Progress, cut: CutPlan = CutPlan(),
) -> Sampled:  # fmt: skip
    """Return draws of the cut posterior; `alone` is the same evidence without doses.

    Levels come from a short chain on `alone`; for each of them the rest is sampled given the level.
    """
    seconds: dict[str, float] = {}
    began = time.monotonic()
    seeds = rng.spawn(3 + cut.chains)
    first = sample(
        *alone, plan, seeds[0], progress=lambda name, share: progress(name, 0.3 * share), workers=1
    )
    seconds["levels"] = time.monotonic() - began
    held = held_globals(layout)
    levels = _levels(first, alone[0], layout, held, cut, seeds[1])
    model, map_, step = _learned(layout, terms, held, levels, plan, cut, seeds[2])
    seconds["learning"] = time.monotonic() - began - seconds["levels"]
    keepers, chains = [], []
    for number in range(cut.chains):
        part = 0.4 + 0.6 * number / cut.chains
        progress("coverage.progress.sampling", part)
        keeper, chain = _chain(
            model, map_, step, levels[number :: cut.chains], held, plan, cut, seeds[3 + number]
        )
        keepers.append(keeper)
        chains.append(chain)
    seconds["sampling"] = time.monotonic() - began - sum(seconds.values())
    gamma = np.mean([np.mean(keeper.shared, axis=0) for keeper in keepers], axis=0)
    return Sampled(
        keepers,
        mixing(keepers, layout.names),
        model,
        gamma,
        chain_counts(chains, sum(chain.iterations - cut.learning for chain in chains)),
        seconds,
    )


def _levels(
    first: Sampled, there: Layout, layout: Layout, held: Ints, cut: CutPlan, rng: np.random.Generator
) -> Floats:
    """Return draws of the held globals (levels x chains, held), in no order."""
    found = np.concatenate([np.array(keeper.shared) for keeper in first.keepers])
    names = [layout.names[place] for place in held]
    columns = np.array([there.names.index(name) for name in names])
    wanted = cut.levels * cut.chains
    rows = rng.permutation(np.linspace(0, len(found) - 1, wanted).round().astype(int))
    return np.asarray(found[rows][:, columns])


def _learned(
    layout: Layout, terms: tuple[Term, ...], held: Ints, levels: Floats, plan: Plan, cut: CutPlan,
    rng: np.random.Generator,
) -> tuple[Model, Whitening, float]:  # fmt: skip
    """Fit and learn with the level standing still in the middle of its draws."""
    free: Flags = np.ones(layout.size, bool)
    free[held] = False
    model = Model(layout, Frame.plain(layout.scales(layout.start), *layout.design.shape), terms)
    x = model.start()
    x[held] = levels.mean(axis=0)
    for _ in range(2):
        whitener = Whitener.of(model)
        fitted = fit_gaussian(model, x, rng, whitener=whitener, free=free & ~layout.hyper)
        model = Model(layout, frame_about(fitted, whitener), terms)
        map_ = full_map(model, fitted, rng, whitener, free)
        found: list[Floats] = []
        sampler = Sampler(model, map_, plan.pace)
        chain = sampler.start(rng)
        sampler.run(chain, cut.learning, adapt=True, keep=found.append)
        x = fitted.map.centre.copy()
        x[: layout.size] = np.mean([state[: layout.size] for state in found[cut.learning // 2 :]], axis=0)
        plain = Frame.plain(layout.scales(x[: layout.size]), *layout.design.shape)
        last, model = model, Model(layout, plain, terms)
    return last, map_, chain.step


def _chain(
    model: Model, map_: Whitening, step: float, levels: Floats, held: Ints, plan: Plan, cut: CutPlan,
    rng: np.random.Generator,
) -> tuple[Keeper, Chain]:  # fmt: skip
    """Return the states of one chain that visits one level after the other."""
    map_ = replace(map_, model=model)
    keeper, chain = Keeper(model, rng.spawn(1)[0]), None
    for level in levels:
        centre = map_.centre.copy()
        centre[held] = level
        sampler = Sampler(model, map_.moved(centre), plan.pace)
        if chain is None:
            chain = sampler.start(rng, step=step)
            sampler.run(chain, cut.learning, adapt=True)
        sampler.run(chain, cut.settling, adapt=False)
        sampler.run(chain, cut.kept, adapt=False, keep=keeper)
    assert chain is not None
    return keeper, chain
