"""Where are the zero-dose children, how many, how sure are we?

The one door of the estimator: evidence and a question in, joint draws out. The published posterior
is sampled until it may be published (`published`), the preview by the same sampler for some seconds.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from kalanso.coverage.cutting import sample_cut
from kalanso.coverage.designing import design
from kalanso.coverage.drawing import Drawn
from kalanso.coverage.evidence import Evidence
from kalanso.coverage.faults import EstimateRefused
from kalanso.coverage.gmrf import NotPositiveDefinite
from kalanso.coverage.keeping import chosen
from kalanso.coverage.layout import SCALARS, Layout
from kalanso.coverage.learning import Learned
from kalanso.coverage.plans import CAREFUL, Plan, published_plan
from kalanso.coverage.plans import SMALL as SMALL_COUNTRY
from kalanso.coverage.posterior import Posterior
from kalanso.coverage.preview import PREVIEW, preview_plan, recalled_plan
from kalanso.coverage.priors import Priors, default_priors
from kalanso.coverage.published import SEEDS, Outdated, Sampled, sample
from kalanso.coverage.question import Question
from kalanso.coverage.records import Floats
from kalanso.coverage.remembering import recalled, remembered
from kalanso.coverage.term_costs import term_costs
from kalanso.coverage.terms import Term, terms_of, unheard
from kalanso.coverage.whitener import NotWhitened

FITTED = 100  # draws whose expected doses are kept for checks against the reports
# Cells below which a second process gains less than it takes to begin.
SMALL = 6000
# Folder of a second try in the checkpoint.
AGAIN = "again"
FIRST_TRY = 0.25  # of the whole: a second try takes several times longer
# Globals that stand in a posterior as they are.
SHOWN = (
    "slopes1", "slopes3", "source_bias", "source_slope", "reporting", "survey_bias", "season", "timing", "closed",
)  # fmt: skip
# A chain that accepts fewer proposals than this has stuck, whatever its draws seem to say.
LEAST_ACCEPTED = 0.3


def _quiet(_: str, __: float) -> None:
    """Say nothing."""


def estimate(
    evidence: Evidence,
    question: Question,
    rng: np.random.Generator,
    *,
    progress: Callable[[str, float], None] = _quiet,
    warm: Mapping[str, npt.NDArray[Any]] | None = None,
    checkpoint: Path | None = None,
    priors: Priors | None = None,
    plan: Plan | None = None,
) -> Posterior:
    """Return joint draws of coverage and children due, by area and quarter.

    `warm` is the `warm_start` of an earlier posterior on the same parts of the model; `checkpoint` a
    folder in which an interrupted run finds itself again. The same evidence, question and `rng` give
    the same draws. Whether the draws may be published is said in `diagnostics["gates"]`. Raises
    EstimateRefused where the computation finds no way.
    """
    began = time.monotonic()
    # Chains run side by side: a library's own threads would only get in their way.
    with threadpool_limits(1):
        try:
            return _estimate(evidence, question, rng, began, progress, warm, checkpoint, priors, plan)
        except (NotWhitened, NotPositiveDefinite, np.linalg.LinAlgError, FloatingPointError) as fault:
            found = {"fault": f"{type(fault).__name__}: {fault}"}
            raise EstimateRefused("coverage.engine.astray", diagnostics=found) from fault


def _estimate(
    evidence: Evidence, question: Question, rng: np.random.Generator, began: float,
    progress: Callable[[str, float], None], warm: Mapping[str, npt.NDArray[Any]] | None,
    checkpoint: Path | None, priors: Priors | None, plan: Plan | None,
) -> Posterior:  # fmt: skip
    layout, terms = _prepared(evidence, question, priors or default_priors())
    known = _warm(layout, warm)
    left_out: dict[str, Any] = {"unheard": [message.id for message in unheard(evidence, question)]}
    n, t = layout.design.shape
    workers = min(2, os.cpu_count() or 1) if n * t > SMALL else 1
    quick = question.preview or question.cut
    usual = preview_plan(n * t, warm=known is not None) if quick else published_plan(n * t)
    asked = plan or usual
    if question.cut:
        alone = _prepared(evidence, question.with_(routine=False), priors or default_priors())
        sampled = sample_cut(layout, terms, alone, PREVIEW, rng, progress=progress)
    else:
        start = None if known is None else known.mean(axis=0)
        careful = CAREFUL if plan is None and not quick and n * t <= SMALL_COUNTRY else None
        before = recalled(layout, terms, warm) if quick and plan is None else None
        found = _gone_on(layout, terms, rng, progress, workers, before)
        left_out["recalled"] = found is not None
        if found is not None:
            sampled = found
        else:
            sampled, asked = _sampled(
                layout, terms, asked, careful, rng, progress, checkpoint, workers, start
            )
    drawn, gamma, chain = chosen(sampled.keepers, question.draws)
    engine = "preview" if quick else "published"
    left_out["terms"] = term_costs(sampled.model)
    document = {"engine": engine, **left_out, **_document(sampled, asked, _seconds(began, sampled.seconds))}
    if quick:  # too short for the other gates
        document["gates"] = {name: document["gates"][name] for name in ("r_hat_totals", "accepted")}
    return _posterior(layout, drawn, gamma, chain, document, engine, sampled.learned)


def _sampled(
    layout: Layout, terms: tuple[Term, ...], plan: Plan, careful: Plan | None, rng: np.random.Generator,
    progress: Callable[[str, float], None], checkpoint: Path | None, workers: int, start: Floats | None,
) -> tuple[Sampled, Plan]:  # fmt: skip
    """Return what a plan gave, or what the careful one gave where that may not be published."""
    again = None if checkpoint is None else checkpoint / AGAIN
    if careful is not None and again is not None and again.is_dir():
        rng.spawn(SEEDS + plan.chains)  # those of the first try, which is over
    else:
        first = progress if careful is None else _told(progress, 0.0, FIRST_TRY)
        sampled = sample(
            layout, terms, plan, rng, progress=first, checkpoint=checkpoint, workers=workers, start=start
        )
        if careful is None or all(gate["passed"] for gate in _gates(sampled, plan).values()):
            return sampled, plan
    if again is not None:
        again.mkdir(exist_ok=True)
    second = _told(progress, FIRST_TRY, 1.0, "coverage.progress.again")
    return sample(layout, terms, careful, rng, progress=second, checkpoint=again, workers=workers), careful


def _gone_on(
    layout: Layout, terms: tuple[Term, ...], rng: np.random.Generator, progress: Callable[[str, float], None],
    workers: int, before: Learned | None,
) -> Sampled | None:  # fmt: skip
    """Return what chains give in the coordinates of an earlier run, or nothing where these do not serve today."""
    if before is None:
        return None
    plan = recalled_plan(math.prod(layout.design.shape))
    try:
        sampled = sample(layout, terms, plan, rng, progress=progress, recalled=before, workers=workers)
    except Outdated:
        return None
    gates = _gates(sampled, plan)
    return sampled if gates["r_hat_totals"]["passed"] and gates["accepted"]["passed"] else None


def _told(
    progress: Callable[[str, float], None], low: float, high: float, name: str = ""
) -> Callable[[str, float], None]:
    """Return what tells progress as a part of the whole, so that a second try is not told as a new beginning."""
    return lambda own, share: progress(name or own, low + (high - low) * share)


def _prepared(evidence: Evidence, question: Question, priors: Priors) -> tuple[Layout, tuple[Term, ...]]:
    """Return the places of the globals and the terms that tie areas, for evidence and a question."""
    layout = Layout(design(evidence, question, priors), priors)
    return layout, terms_of(evidence, question, layout)


def _seconds(began: float, stages: Mapping[str, float]) -> dict[str, float]:
    return {
        **{name: round(value, 2) for name, value in stages.items()},
        "all": round(time.monotonic() - began, 2),
    }


def _document(sampled: Sampled, plan: Plan, seconds: dict[str, float]) -> dict[str, Any]:
    """Return the diagnostics of a sampled posterior and its gates."""
    return {**sampled.mixed.as_dict(), **sampled.counts, "gates": _gates(sampled, plan), "seconds": seconds}


def _gates(sampled: Sampled, plan: Plan) -> dict[str, dict[str, Any]]:
    """Return what is asked of draws before they may be published, and whether these have it."""
    mixed, counts = sampled.mixed, sampled.counts
    measured = {
        "effective_draws": (mixed.least_draws, plan.effective, mixed.least_draws >= plan.effective),
        "r_hat_totals": (mixed.worst_total, plan.r_hat_totals, mixed.worst_total <= plan.r_hat_totals),
        "r_hat_globals": (mixed.worst_global, plan.r_hat_globals, mixed.worst_global <= plan.r_hat_globals),
        "divergences": (
            counts["divergences"], plan.divergent * counts["iterations"],
            counts["divergences"] <= plan.divergent * counts["iterations"],
        ),
        "accepted": (counts["accepted"], LEAST_ACCEPTED, counts["accepted"] >= LEAST_ACCEPTED),
    }  # fmt: skip
    return {
        name: {"value": round(float(value), 4), "limit": round(float(limit), 4), "passed": bool(passed)}
        for name, (value, limit, passed) in measured.items()
    }


def _warm(layout: Layout, warm: Mapping[str, npt.NDArray[Any]] | None) -> Floats | None:
    """Return globals of an earlier run in today's places: those that are new start at their prior."""
    if warm is None or "gamma" not in warm:
        return None
    then, names = np.asarray(warm["gamma"], float), [str(name) for name in warm["names"]]
    gamma = np.tile(layout.start, (len(then), 1))
    for j, name in enumerate(layout.names):
        if name in names and not name.startswith(("steps", "timing[", "source_slope")):
            gamma[:, j] = then[:, names.index(name)]
    return gamma


def _posterior(
    layout: Layout, drawn: list[Drawn], gamma: Floats, chain: npt.NDArray[np.int64], document: dict[str, Any],
    engine: str, learned: Learned | None,
) -> Posterior:  # fmt: skip
    d, b = layout.design, layout.blocks
    hyper = {name: np.array([layout.natural(one, name) for one in gamma]) for name, _, _ in SCALARS}
    for name in ("trend_sd1", "trend_sd3", "timing_sd"):
        hyper[name] = np.exp(gamma[:, b[name].start])
    hyper["source_sd"] = np.exp(gamma[:, b["source_sd"]])
    shared = {name: gamma[:, b[name]] for name in SHOWN}
    for name in ("strata1", "strata3"):
        shared[name] = gamma[:, b[name]] @ d.strata.contrasts.T
    asked = d.question
    fitted = {f"{asked.first}_doses": np.stack([one.doses1 for one in drawn[:FITTED]])}
    if asked.dtp3:
        fitted[f"{asked.second}_doses"] = np.stack([one.doses3 for one in drawn[:FITTED]])
    names = {
        "covariates": d.covariate_names,
        "sources": d.sources.names,
        "biases": d.sources.bias_names,
        "strata": d.strata.names,
    }
    return Posterior(
        areas=d.areas,
        periods=d.periods,
        dtp1_coverage=np.stack([one.dtp1 for one in drawn]),
        dtp3_coverage=np.stack([one.dtp3 for one in drawn]) if asked.dtp3 else None,
        surviving_infants=np.stack([one.infants for one in drawn]),
        hyper=hyper,
        globals_=shared,
        fitted=fitted,
        diagnostics={**document, "names": names, "draws": len(drawn)},
        chain=chain,
        engine=engine,
        indicators=(asked.first, asked.second),
        warm_start={"gamma": gamma, "names": np.array(layout.names), **remembered(layout, learned)},
    )
