"""How do the draws of one estimate wait in a file until others are compared with them?

Only what summaries read: coverage and children due. It is a working file of this version, no table.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from kalanso.coverage.posterior import Posterior


def keep_posterior(path: Path, posterior: Posterior) -> None:
    """Write the draws of a posterior, whole or not at all."""
    third = posterior.dtp3_coverage
    draft = path.with_suffix(".draft")
    with draft.open("wb") as stream:
        np.savez(
            stream, dtp1=posterior.dtp1_coverage, infants=posterior.surviving_infants, chain=posterior.chain,
            dtp3=np.empty(0, np.float32) if third is None else third,
            names=np.array(json.dumps([posterior.areas, posterior.periods, posterior.engine])),
        )  # fmt: skip
    draft.replace(path)


def kept_posterior(path: Path) -> Posterior | None:
    """Return the posterior that was kept; None where none was."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        areas, periods, engine = json.loads(str(stored["names"]))
        third = stored["dtp3"]
        return Posterior(
            areas=areas, periods=periods, dtp1_coverage=stored["dtp1"],
            dtp3_coverage=third if third.size else None, surviving_infants=stored["infants"], hyper={},
            globals_={}, fitted={}, diagnostics={}, chain=stored["chain"], engine=engine,
        )  # fmt: skip
