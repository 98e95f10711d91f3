"""How much less does a result move from sample to sample, once weights were brought to known margins?

Calibrated weights follow the sample: what margins explain of an answer moves no more. A score is therefore replaced by its residual
on the margins (Deville and Särndal 1992, Journal of the American Statistical Association 87:376-382; `calibrate` of R's survey).
Finding the factors belongs to `design.raking`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
RAKED_ON = "raked_on"  # the margins of each child, joined by commas; missing where its own were not known


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """Weights before raking (`start`, n), who was raked (`known`, n), and of these the categories (`margins`, n x columns of 0 and 1)."""

    start: Numbers
    known: Mask
    margins: Numbers

    @property
    def everybody(self) -> bool:
        """Whether all children were raked."""
        return bool(self.known.all())

    def products(self, values: Numbers, members: Mask) -> Numbers:
        """Return the sums of margins times values (n x indicators) over members, with the weights before raking (columns x indicators)."""
        rows = np.flatnonzero(members & self.known)
        return np.asarray((self.margins[rows] * self.start[rows, None]).T @ values[rows])

    def slopes(self, products: Numbers) -> Numbers:
        """Return the coefficients of the regression on the margins of the scores that have these `products`."""
        return np.asarray(self._inverse @ products)

    @cached_property
    def _inverse(self) -> Numbers:
        own = self.margins[self.known]
        return np.asarray(
            np.linalg.pinv((own * self.start[self.known, None]).T @ own, hermitian=True), dtype=float
        )


def calibration(frame: pd.DataFrame, weight: Numbers) -> Calibration | None:
    """Return how the weights of children were raked (columns `raking` and `raked_on`); None where they were not."""
    if RAKED_ON not in frame or frame[RAKED_ON].isna().all():
        return None
    known = frame[RAKED_ON].notna().to_numpy(dtype=bool)
    names = str(frame.loc[known, RAKED_ON].iloc[0]).split(",")
    parts = [pd.get_dummies(frame[name].where(known)).to_numpy(dtype=float) for name in names]
    return Calibration(
        start=weight / frame["raking"].to_numpy(dtype=float), known=known, margins=np.hstack(parts)
    )
