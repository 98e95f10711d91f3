"""Where do the weights of a survey come from, and do the factors that are kept of them multiply to them?

A report must not call weights computed that nobody can follow, nor ready-made where every factor stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kalanso.surveys.design.weights import FACTORS
from kalanso.surveys.handed_in import unique, with_columns

FOLLOWED, PARTIAL, EQUAL, RECEIVED = "followed", "partial", "equal", "received"
CHANCES = ("p_cluster", "p_segment", "p_household")
BASE, RAKING = "base_weight", "raking"
KEPT_FACTORS = (*CHANCES, *FACTORS, RAKING)
SAME = 1e-3  # files round: a product this near to the weight, as a share of it, is that weight
_PLACED = ("cluster", "stratum", "cohort")


@dataclass(frozen=True, kw_only=True)
class WeightOrigin:
    """Where weights come from, before the raking of the round.

    `kind`: FOLLOWED, the chance of being drawn and perhaps further factors are kept; PARTIAL, factors are kept without that chance; EQUAL, none are kept
    and all weights are one number; RECEIVED, otherwise. `factors` are those kept, in the order in which they are multiplied; `beside`, whether they stand in
    a table of their own. Of `rows` of the sample with a weight, `differing` have another one than the product, `lacking` no factors (one that is no number above 0 counts as none).
    `margins`: what was known of the population when the analysis raked its weights, `raked_low` and `raked_high` between which factors this gave.
    """

    kind: str = RECEIVED
    factors: tuple[str, ...] = ()
    beside: bool = False
    rows: int = 0
    differing: int = 0
    lacking: int = 0
    margins: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    raked_low: float | None = None
    raked_high: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the product of the factors is the weight in every row of the sample."""
        return self.kind == FOLLOWED and self.rows > 0 and not self.differing and not self.lacking


def weight_origin(
    sample: pd.DataFrame, kept: pd.DataFrame | None = None, *, margins: Mapping[str, Mapping[str, float]] | None = None,
    children: pd.DataFrame | None = None,
) -> WeightOrigin:  # fmt: skip
    """Return where the weights of a sample come from.

    `kept` holds factors by cluster (and stratum and cohort, where both tables have them) as `kalanso survey weights` writes them; without it they are
    looked for in the columns of the sample. `margins` are those of the round, `children` those that were raked to them (column raking).
    Raises SurveyRefused where `kept` names no cluster, or one twice.
    """
    table = with_columns(sample, "sample", ("cluster", "weight"))
    beside = kept is not None and any(name in kept for name in KEPT_FACTORS)
    if kept is not None and beside:
        table = _joined(table, kept)
    weight = pd.to_numeric(table["weight"], errors="coerce").astype(float)
    known = weight.gt(0) & np.isfinite(weight)
    factors = tuple(name for name in KEPT_FACTORS if name in table)
    product = _product(table, factors)
    given = known & product.notna()
    away = ~np.isclose(product[given], weight[given], rtol=SAME, atol=0)
    raked = children["raking"].dropna() if margins and children is not None and RAKING in children else None
    return WeightOrigin(
        kind=_kind(factors, weight[known]), factors=factors, beside=beside, rows=int(known.sum()),
        differing=int(away.sum()) if factors else 0, lacking=int((known & product.isna()).sum()) if factors else 0, margins=dict(margins or {}),
        raked_low=None if raked is None or raked.empty else float(raked.min()),
        raked_high=None if raked is None or raked.empty else float(raked.max()),
    )  # fmt: skip


def _kind(factors: tuple[str, ...], weight: pd.Series) -> str:
    if factors:
        return FOLLOWED if BASE in factors or "p_cluster" in factors else PARTIAL
    return EQUAL if len(weight) and np.isclose(weight, weight.iloc[0], rtol=1e-9, atol=0).all() else RECEIVED


def _joined(sample: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Return the sample with the factors of its clusters; those that stand in the sample itself are of no account then."""
    keys = [name for name in _PLACED if name in sample and name in kept]
    factors = with_columns(kept, "weights", ("cluster",))
    for name in keys:
        factors[name], sample[name] = factors[name].astype(str), sample[name].astype(str)
    unique(factors, "weights", keys)
    names = [name for name in KEPT_FACTORS if name in factors]
    own = sample.drop(columns=[name for name in KEPT_FACTORS if name in sample])
    return own.merge(factors[[*keys, *names]], on=keys, how="left")


def _product(table: pd.DataFrame, factors: tuple[str, ...]) -> pd.Series:
    """Return the product of the factors of each row; none where one is no number above 0, or where the chances are not those of the base weight."""
    numbers = {name: pd.to_numeric(table[name], errors="coerce").astype(float) for name in factors}
    numbers = {name: one.where(one.gt(0) & np.isfinite(one)) for name, one in numbers.items()}
    chance = pd.Series(1.0, index=table.index)
    for name in CHANCES:
        chance = chance * numbers.get(name, 1.0)
    product = 1 / chance
    if BASE in numbers:
        base = numbers[BASE]
        if set(CHANCES) <= set(numbers):
            # a base weight that is not of these chances cannot be followed: it counts as another product
            base = base.where(
                np.isclose(base * chance, 1, rtol=SAME, atol=0) | base.isna() | chance.isna(), np.inf
            )
        product = base
    for name, one in numbers.items():
        if name != BASE and name not in CHANCES:
            product = product * one
    return product
