"""What does an estimate consist of?

Joint draws: whoever adds up, ranks or compares does it within each draw, so that what areas share
(a national trend, the bias of a census) stays shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kalanso.coverage.steps import DEFAULT

Draws = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Posterior:
    """Joint draws of one estimate: S draws, N areas, T quarters.

    `indicators` names the two doses, DTP1 and DTP3 unless the question asked for others (`steps`).
    `dtp1_coverage` (S,N,T), so named after the usual first dose, is the probability that a child due
    it in the quarter has it by 12 months; `dtp3_coverage` that the same child gets the second, at most
    the first in every draw, None where the question left it out; `surviving_infants` (S,N,T) the children due, per quarter. `hyper` and `globals_` hold the
    parameters that areas share, by name, S values (or S x k) each. `fitted` holds expected doses
    (such as `dtp1_doses`, `dtp3_doses`: S' x N x T, of the first S' draws, as reports would count them).
    `chain` (S) numbers the chain of each draw; `engine` is "published" or "preview"; `warm_start`
    are arrays from which a later run starts.
    """

    areas: list[str]
    periods: list[str]
    dtp1_coverage: Draws
    dtp3_coverage: Draws | None
    surviving_infants: Draws
    hyper: Mapping[str, npt.NDArray[np.float64]]
    globals_: Mapping[str, npt.NDArray[np.float64]]
    fitted: Mapping[str, Draws]
    diagnostics: Mapping[str, Any]
    chain: npt.NDArray[np.int64]
    engine: str
    warm_start: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    indicators: tuple[str, str] = DEFAULT

    @property
    def first(self) -> str:
        """The indicator of the first dose."""
        return self.indicators[0]

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.chain.size)
