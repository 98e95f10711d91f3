"""How does the estimator do on one country whose truth is known, and how do the usual methods?

The smallest step of the proof of calibration: draw a country, estimate it with both engines, score
everything, return plain values that fit one line of JSON.
"""

from __future__ import annotations

import importlib
import time
import traceback
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kalanso.coverage import Evidence, Question
from kalanso.coverage.baselines import accuracy, all_baselines, fixed_population
from kalanso.coverage.plans import Plan
from kalanso.coverage.scoring import score_posterior
from kalanso.coverage.summaries import coverage_estimates
from kalanso.simulation import STRESSES, EvidenceSettings, EvidenceTruth, simulate_evidence

ENGINE = "kalanso.coverage.estimating:estimate"
REFERENCE = {"published": "kalanso", "preview": "kalanso preview"}
FIXED = "one population believed"
KEPT_DIAGNOSTICS = ("engine", "seconds", "gates", "divergences", "iterations", "gradients", "notes")


@dataclass(frozen=True)
class Job:
    """One country: where it stands in the plan, how large it is, what is asked of it."""

    cell: str  # "prior", "large" or the name of a stress
    index: int
    seed: int  # of the whole proof
    areas: int
    quarters: int
    engines: tuple[str, ...]
    draws: int
    methods: bool  # also the usual methods, and the model with one population believed
    engine: str = ENGINE
    effective: float | None = None  # effective draws asked of the published posterior; None: its own plan

    @property
    def key(self) -> str:
        """What tells this job from all others of a proof, the engine's code apart."""
        own = "" if self.effective is None else f"/{self.effective:g}"
        return f"{self.seed}/{self.cell}/{self.index}/{self.areas}x{self.quarters}/{self.draws}{own}"


def settings_of(cell: str) -> EvidenceSettings:
    """Return the distributions of a cell; `prior` and `large` are the plain ones."""
    plain = EvidenceSettings()
    return STRESSES[cell](plain) if cell in STRESSES else plain


def chance_of(job: Job, purpose: int) -> np.random.Generator:
    """Return the chance of one job for one purpose: the same whenever and wherever it runs.

    Countries of a stress cell are drawn with the chance of the plain cell: the same countries, with
    something gone wrong.
    """
    cell = 1 if job.cell == "large" else 0
    return np.random.default_rng([job.seed, cell, job.index, purpose])


def run(job: Job) -> dict[str, Any]:
    """Return the line of one country."""
    tables, truth = simulate_evidence(
        job.areas, job.quarters, chance_of(job, 0), settings=settings_of(job.cell)
    )
    evidence = Evidence.of(**tables)
    line: dict[str, Any] = {"key": job.key, **asdict(job), "parameters": truth.parameters, "runs": {}}
    estimates = {}
    for name in job.engines:
        line["runs"][name], table = _estimated(job, name, evidence, truth)
        if table is not None:
            estimates[REFERENCE[name]] = table
    if job.methods and estimates:
        line["accuracy"] = _compared(job, evidence, truth, estimates)
    return line


def _estimated(job: Job, name: str, evidence: Evidence, truth: EvidenceTruth) -> tuple[dict[str, Any], Any]:
    """Return scores, seconds and diagnostics of one engine, and its table; or why it failed."""
    question = Question(draws=job.draws, preview=name == "preview", seed=job.index + 1)
    plan = {} if job.effective is None or question.preview else {"plan": Plan(effective=job.effective)}
    start = time.perf_counter()
    try:
        posterior = _engine(job)(evidence, question, chance_of(job, 1), **plan)
    except Exception as error:  # a country that cannot be estimated is a result too
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
        return {"failed": f"{type(error).__name__}: {error} ({where})"}, None
    seconds = time.perf_counter() - start
    scores = score_posterior(posterior, truth)
    found = {
        "failed": "",
        "seconds": round(seconds, 2),
        "draws": len(posterior.surviving_infants),
        "scores": [[q, g, m, float(f"{v:.6g}"), int(c)] for q, g, m, v, c in scores.itertuples(index=False)],
        "diagnostics": {k: v for k, v in posterior.diagnostics.items() if k in KEPT_DIAGNOSTICS},
    }
    return found, coverage_estimates(posterior, evidence) if job.methods else None


def _compared(
    job: Job, evidence: Evidence, truth: EvidenceTruth, estimates: dict[str, Any]
) -> list[list[Any]]:
    tables = estimates | all_baselines(evidence, chance_of(job, 2))
    question = Question(draws=job.draws, preview=True, seed=job.index + 1)
    try:
        tables[FIXED] = fixed_population(
            evidence, chance_of(job, 3), estimate=_engine(job), question=question
        )
    except Exception as error:
        print(f"{job.key}: {FIXED}: {type(error).__name__}: {error}", flush=True)
    found = accuracy(tables, truth, next(iter(estimates)))
    return [
        [*texts, *[None if np.isnan(x) else float(f"{x:.8g}") for x in numbers], int(cases)]
        for *texts, a, b, c, d, cases in found.itertuples(index=False)
        for numbers in [(a, b, c, d)]
    ]


def _engine(job: Job) -> Any:
    module, _, name = job.engine.partition(":")
    return getattr(importlib.import_module(module), name)
