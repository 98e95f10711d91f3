"""What can stand in for the estimator where only the proof's own machinery is tested?

Draws of the survey-only model, with the fields that a posterior has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kalanso.coverage import Evidence, Question
from kalanso.coverage.baselines.surveys_only import surveys_only_draws


def estimate(evidence: Evidence, question: Question, rng: np.random.Generator, priors: Any = None) -> Any:
    """Return draws of the survey-only model."""
    found = surveys_only_draws(evidence, rng, draws=question.draws)
    found.diagnostics = {
        "engine": "preview" if question.preview else "published",
        "gates": {"r_hat": {"passed": True}},
    }
    return found


def refuse(evidence: Evidence, question: Question, rng: np.random.Generator, priors: Any = None) -> Any:
    """Refuse to publish, as an estimator does whose chains have not met."""
    if not question.preview:
        raise RuntimeError("chains have not met")
    return estimate(evidence, question, rng)
