"""Which metrics are there, and what are they for one year or for several?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from kalanso.quality.tables import WHO_METRICS
from kalanso.quality.who import comparison, completeness, consistency
from kalanso.quality.who.numbers import Numbers
from kalanso.quality.who.rows import together

Computation: TypeAlias = Callable[[Numbers, Mapping[str, Any], int], pd.DataFrame]

COMPUTATIONS: tuple[Computation, ...] = (
    completeness.metrics, consistency.metrics, comparison.external, comparison.populations,
)  # fmt: skip


def metrics(numbers: Numbers, rules: Mapping[str, Any], years: Sequence[int] | None = None) -> pd.DataFrame:
    """Return every metric of some years (default: every whole year), in WHO's order.

    `rules` is the section `who` of `quality.yaml`. Columns are those of `rows.COLUMNS`, with `domain`.
    """
    wanted = numbers.years if years is None else tuple(years)
    found = together(compute(numbers, rules, year) for year in wanted for compute in COMPUTATIONS)
    found = found.assign(domain=found["metric"].map(dict(WHO_METRICS)))
    order = ["year", "metric", "source", "indicator", "detail", "place_code"]
    return found.sort_values(order, kind="stable").reset_index(drop=True)
