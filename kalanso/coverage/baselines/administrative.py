"""What is the coverage that the programme itself reports: doses over the official target?

Nothing is adjusted: reports that did not come lower the figure, wrong targets move it past 100 %, and
children missed (target minus doses) can be fewer than none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.coverage.baselines.rows import (
    INDICATORS,
    Numbers,
    dose_counts,
    official_targets,
    point_table,
)
from kalanso.coverage.evidence import Evidence


def administrative(
    evidence: Evidence, rng: np.random.Generator | None = None, *, source: str | None = None
) -> pd.DataFrame:
    """Return the administrative coverage in the columns of `coverage_estimates`.

    `source` names the denominator, else the official one (`rows.official_source`). Chance plays no
    part. Raises NoBaseline where no population of the areas is known.
    """
    return point_table(evidence, *administrative_counts(evidence, source))


def administrative_counts(
    evidence: Evidence, source: str | None = None
) -> tuple[dict[str, Numbers], Numbers]:
    """Return doses by indicator and children due (N, T each)."""
    due = official_targets(evidence, source)
    return {name: dose_counts(evidence, name) for name in INDICATORS}, due
