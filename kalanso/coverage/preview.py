"""What does the posterior look like, within seconds?

A mixture of Gaussian approximations, each at one draw of the hyperparameters: those of an earlier run
where there is one, else of a short chain. Labelled a preview: its intervals may be a little narrow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kalanso.coverage.drawing import Drawn, draw_of
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Model, Term
from kalanso.coverage.published import full_map
from kalanso.coverage.records import Floats
from kalanso.coverage.sampling import Pace, Sampler
from kalanso.coverage.variational import Gaussian, fit_gaussian, frame_about
from kalanso.coverage.whitening import Whitener

POINTS = 8  # draws of the hyperparameters in the mixture
PILOT = 90  # iterations of the short chain


@dataclass(eq=False)
class Previewed:
    """Draws of the mixture, their globals, what was measured, seconds by stage."""

    drawn: list[Drawn]
    gamma: Floats
    diagnostics: dict[str, Any]
    seconds: dict[str, float]


def preview(
    layout: Layout, terms: tuple[Term, ...], draws: int, rng: np.random.Generator, *,
    progress: Callable[[str, float], None], known: Floats | None = None,
) -> Previewed:  # fmt: skip
    """Return draws of a mixture of Gaussians; `known` are globals of an earlier run (S,G)."""
    began = time.monotonic()
    progress("coverage.progress.fitting", 0.0)
    start = layout.start if known is None else known.mean(axis=0)
    fitted, whitener = _fit(layout, terms, rng, start)
    if known is None:
        known = _short_chain(layout, terms, fitted, whitener, rng)
    seconds = {"hyperparameters": time.monotonic() - began}
    points = known[np.linspace(0, len(known) - 1, min(POINTS, len(known), draws)).round().astype(int)]
    drawn: list[Drawn] = []
    gamma: list[Floats] = []
    centre, moved = fitted.map.centre, []
    for number, point in enumerate(points):
        progress("coverage.progress.previewing", 0.4 + 0.6 * number / len(points))
        wanted = draws // len(points) + (number < draws % len(points))
        model = Model(layout, Frame.plain(layout.scales(point), *layout.design.shape), terms)
        whitener.model = model
        x = centre.copy()
        x[: layout.size] = np.where(layout.hyper, point, x[: layout.size])
        at_point = fit_gaussian(model, x, rng, whitener=whitener, rounds=6)
        centre = at_point.map.centre
        moved.append(at_point.moved)
        for _ in range(wanted):
            state = at_point.map.to_state(rng.standard_normal(model.size))
            drawn.append(draw_of(model, state, rng))
            gamma.append(state[: layout.size].copy())
    seconds["mixture"] = time.monotonic() - began - seconds["hyperparameters"]
    return Previewed(
        drawn, np.array(gamma), {"points": len(points), "moved": [round(m, 3) for m in moved]}, seconds
    )


def _fit(
    layout: Layout, terms: tuple[Term, ...], rng: np.random.Generator, gamma: Floats
) -> tuple[Gaussian, Whitener]:
    model = Model(layout, Frame.plain(layout.scales(gamma), *layout.design.shape), terms)
    x = model.start()
    x[: layout.size] = gamma
    whitener = Whitener.of(model)
    return fit_gaussian(model, x, rng, whitener=whitener), whitener


def _short_chain(
    layout: Layout, terms: tuple[Term, ...], fitted: Gaussian, whitener: Whitener, rng: np.random.Generator
) -> Floats:
    """Return globals visited by a short chain, its first third left out."""
    model = Model(layout, frame_about(fitted, rng), terms)
    whitener.model = model
    map_ = full_map(model, fitted, rng, whitener)
    sampler = Sampler(model, map_, Pace())
    found: list[Floats] = []
    sampler.run(
        sampler.start(rng), PILOT, adapt=True, keep=lambda state: found.append(state[: layout.size].copy())
    )
    return np.array(found[PILOT // 3 :])
