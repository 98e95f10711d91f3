"""Which children of which age were due in which quarter?

Months of birth before a day, the quarters in which their children were due for DTP1, and draws for
the quarters that no evidence reaches: those before the first estimated one and the one to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kalanso.coverage.aggregates import Numbers

if TYPE_CHECKING:
    from kalanso.coverage.backlog_assumptions import Drawn
    from kalanso.coverage.posterior import Posterior

AGES = 60  # months of age that are followed
FIRST_BIRTHDAY = 12
QUARTERS = AGES // 3 + 1  # back to the quarter in which the oldest were due
YEAR_OF_QUARTERS = 4


@dataclass(frozen=True, kw_only=True)
class Series:
    """Draws by quarter counted back from a day (quarters x areas x draws).

    The first entry is the quarter to come, the second the last one before the day. `assumed` marks
    quarters before the first estimated one.
    """

    infants: Numbers
    vaccinated: Numbers
    assumed: npt.NDArray[np.bool_]

    @property
    def quarters(self) -> int:
        """How many quarters there are, the one to come included."""
        return len(self.infants)


def series_until(posterior: Posterior, areas: slice, quarter: str, drawn: Drawn, *, growth: float) -> Series:
    """Return the series back from the end of a quarter.

    Quarters before the first estimated one take the mean target of the first year, shrunk by
    `growth` a year, and its coverage, moved on the logit scale by a step that widens with time
    (`Drawn.step_back`). The quarter to come takes the mean target of the last year.
    """
    last = posterior.periods.index(quarter)
    n = posterior.surviving_infants[:, areas, : last + 1].astype(np.float64)
    p = posterior.dtp1_coverage[:, areas, : last + 1].astype(np.float64)
    first = slice(0, min(YEAR_OF_QUARTERS, last + 1))
    base_n = n[:, :, first].mean(axis=2)
    base_p = (n[:, :, first] * p[:, :, first]).sum(axis=2) / n[:, :, first].sum(axis=2)
    clipped = np.clip(base_p, 1e-6, 1 - 1e-6)
    logit = np.log(clipped / (1 - clipped))
    size = (1 + QUARTERS, n.shape[1], n.shape[0])
    infants, vaccinated = np.empty(size), np.empty(size)
    infants[0] = n[:, :, -YEAR_OF_QUARTERS:].mean(axis=2).T * np.exp(growth / 2)
    vaccinated[0] = 0.0  # nobody who is due later has been vaccinated
    assumed = np.zeros(1 + QUARTERS, dtype=bool)
    for back in range(QUARTERS):
        at = last - back
        if at >= 0:
            infants[1 + back], share = n[:, :, at].T, p[:, :, at]
        else:
            years = -at / YEAR_OF_QUARTERS
            infants[1 + back] = base_n.T * np.exp(-growth * years)
            share = 1 / (1 + np.exp(-(logit + drawn.step_back(years)[:, None])))
            assumed[1 + back] = True
        vaccinated[1 + back] = infants[1 + back] * share.T
    return Series(infants=infants, vaccinated=vaccinated, assumed=assumed)


def birth_weights(quarters: int, due_age: float) -> Numbers:
    """Return which share of each month of birth was due in which quarter (AGES x quarters).

    Children with `a` completed months were born between a and a + 1 months before the day, evenly,
    and were due `due_age` months later. A month of birth has a third of a quarter's children, so
    rows sum to 1 and are to be divided by 3 months.
    """
    found = np.zeros((AGES, quarters))
    for age in range(AGES):
        # due between `early` and `late` months before the day; negative: still to come
        early, late = age + 1 - due_age, age - due_age
        for column in range(quarters):
            start = 3 * (column - 1)
            found[age, column] = max(0.0, min(early, start + 3) - max(late, start))
    return found
