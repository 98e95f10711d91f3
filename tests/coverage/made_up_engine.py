"""An engine that samples nothing: draws around fixed levels, for tests of what surrounds the engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from kalanso.coverage import Evidence, Question
from kalanso.coverage.posterior import Posterior

STEPS = 4


def posterior_of(
    evidence: Evidence, question: Question, rng: np.random.Generator, **diagnostics: Any
) -> Posterior:
    """Return draws whose coverage falls from the first area to the last."""
    size = (question.draws, len(evidence.areas), len(evidence.periods))
    level = np.linspace(2.0, -0.5, len(evidence.areas))[None, :, None]
    eta = level + 0.3 * rng.normal(size=(*size[:2], 1)) + 0.1 * rng.normal(size=size)
    first = (1 / (1 + np.exp(-eta))).astype(np.float32)
    infants = (120 * np.exp(0.1 * rng.normal(size=(*size[:2], 1))) * np.ones(size)).astype(np.float32)
    return Posterior(
        areas=evidence.areas, periods=evidence.periods, dtp1_coverage=first,
        dtp3_coverage=first * np.float32(0.9) if question.dtp3 else None, surviving_infants=infants,
        hyper={}, globals_={}, fitted={}, chain=np.zeros(question.draws, np.int64),
        diagnostics={"gates": {"r_hat": {"value": 1.0, "limit": 1.01, "passed": True}}, **diagnostics},
        engine="preview" if question.preview else "published",
        warm_start={"gamma": rng.normal(size=(3, 2)), "names": np.array(["a", "b"])},
    )  # fmt: skip


class MadeUpEngine:
    """Counts its calls, keeps a checkpoint, and can be told to stop or to miss a gate."""

    def __init__(self, *, stop_at: int | None = None, missed: bool = False) -> None:
        self.stop_at = stop_at
        self.missed = missed
        self.steps: list[int] = []
        self.warm: Any = None

    def __call__(
        self, evidence: Evidence, question: Question, rng: np.random.Generator, *, progress: Any,
        warm: Any = None, checkpoint: Path | None = None,
    ) -> Posterior:  # fmt: skip
        self.warm = warm
        assert checkpoint is not None
        kept = checkpoint / "chain.json"
        done = json.loads(kept.read_text()) if kept.exists() else 0
        for number in range(done, STEPS):
            if number == self.stop_at:
                raise KeyboardInterrupt
            progress("coverage.progress.sampling", number / STEPS)
            self.steps.append(number)
            kept.write_text(json.dumps(number + 1))
        gates = {"r_hat": {"value": 1.2, "limit": 1.01, "passed": False}} if self.missed else None
        return posterior_of(evidence, question, rng, **({"gates": gates} if gates else {}))
