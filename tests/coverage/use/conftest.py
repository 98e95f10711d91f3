"""What do small made-up draws look like, where a reader can follow every number?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence
from kalanso.coverage.posterior import Posterior

QUARTERS_2023_2024 = [f"{year}Q{quarter}" for year in (2023, 2024) for quarter in (1, 2, 3, 4)]


@dataclass
class Case:
    """Draws and the evidence that they belong to."""

    posterior: Posterior
    evidence: Evidence
    draws: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))


def tree_of(areas: Sequence[str], per_district: int) -> pd.DataFrame:
    """Country ML, regions of two districts, districts of so many areas."""
    rows = [("ML", "")]
    districts = -(-len(areas) // per_district)
    rows += [(f"R{r}", "ML") for r in range(-(-districts // 2))]
    rows += [(f"D{d}", f"R{d // 2}") for d in range(districts)]
    rows += [(area, f"D{at // per_district}") for at, area in enumerate(areas)]
    return pd.DataFrame(rows, columns=["place_code", "parent_code"])


def line_of(areas: Sequence[str]) -> pd.DataFrame:
    """Neighbours along a road: each area touches the next."""
    pairs = [(a, b) for a, b in itertools.pairwise(areas)]
    return pd.DataFrame([*pairs, *[(b, a) for a, b in pairs]], columns=["place_code", "neighbour_code"])


def evidence_of(areas: Sequence[str], per_district: int = 4, **tables: pd.DataFrame) -> Evidence:
    given = {"places": tree_of(areas, per_district), "neighbours": line_of(areas)} | tables
    return Evidence.of(**given)


def posterior_of(
    p1: np.ndarray,
    infants: np.ndarray,
    areas: Sequence[str],
    periods: Sequence[str],
    p3: np.ndarray | None = None,
) -> Posterior:
    """Draws as the engine hands them over: float32, draws x areas x quarters."""
    draws = len(p1)
    return Posterior(
        areas=list(areas), periods=list(periods),
        dtp1_coverage=np.asarray(p1, dtype=np.float32),
        dtp3_coverage=None if p3 is None else np.asarray(p3, dtype=np.float32),
        surviving_infants=np.asarray(infants, dtype=np.float32),
        hyper={}, globals_={}, fitted={}, diagnostics={}, chain=np.zeros(draws, dtype=int), engine="preview",
    )  # fmt: skip


@pytest.fixture
def made_up() -> Callable[..., Case]:
    """Make draws around a coverage per area, with shared and own errors."""

    def make(
        coverage: Sequence[float] = (0.9, 0.5, 0.85, 0.4, 0.8, 0.7), *, infants: Sequence[float] | float = 50.0,
        periods: Sequence[str] = QUARTERS_2023_2024, draws: int = 400, sd: float = 0.3, dtp3: bool = True,
        per_district: int = 4, seed: int = 3, **tables: pd.DataFrame,
    ) -> Case:  # fmt: skip
        rng = np.random.default_rng(seed)
        areas = [f"A{at:02d}" for at in range(len(coverage))]
        size = (draws, len(areas), len(periods))
        level = np.log(np.asarray(coverage) / (1 - np.asarray(coverage)))[None, :, None]
        eta = level + sd * (
            0.4 * rng.normal(size=(draws, 1, 1))
            + 0.8 * rng.normal(size=(draws, len(areas), 1))
            + 0.4 * rng.normal(size=size)
        )
        p1 = 1 / (1 + np.exp(-eta))
        n = np.broadcast_to(np.asarray(infants, dtype=float), (len(areas),))[None, :, None]
        n = n * np.exp(0.1 * rng.normal(size=(draws, len(areas), 1))) * np.ones(size)
        keep = 1 / (1 + np.exp(-(1.8 + 0.3 * rng.normal(size=size))))
        posterior = posterior_of(p1, n, areas, periods, p1 * keep if dtp3 else None)
        return Case(posterior, evidence_of(areas, per_district, **tables))

    return make
