"""Which cases of acute flaccid paralysis would surveillance of the example country tell of?

Almost none is poliomyelitis, so that the statuses of the cases are those of all children of their district and age. Drops of
campaigns reach some whom routine did not. Counted by age, as the surveillance of measles is not.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

AGES = {"0-11m": 0.12, "12-23m": 0.16, "24-59m": 0.34, "60m+": 0.38}
STATUSES = ("unvaccinated", "1_dose", "2_doses", "3_doses", "unknown")
PER_INFANT = 13 * 4e-5  # children under 15 years per surviving infant, and cases a year of each
FEWEST = 5.0  # cases a month in the whole country, so that a small example country has some to look at
CAMPAIGNS = 0.25  # share of children whom routine missed and a campaign has found
UNKNOWN = 0.08
PARTIAL = (0.12, 0.10)  # share with one dose, and with two, of those who have any


def paralyses(infants: Numbers, without: Numbers, rng: np.random.Generator) -> dict[tuple[str, str], Numbers]:
    """Return cases by (status, age), each by district and month, out of surviving infants and the share without DTP1 of each."""
    found = {}
    rate = max(PER_INFANT, FEWEST / infants.sum(axis=0).mean())
    for status, (age, part) in product(STATUSES, AGES.items()):
        zero = np.clip(without * (1 - CAMPAIGNS), 0, 1)
        shares = {
            "unvaccinated": zero, "1_dose": (1 - zero) * PARTIAL[0], "2_doses": (1 - zero) * PARTIAL[1],
            "3_doses": (1 - zero) * (1 - sum(PARTIAL)),
        }  # fmt: skip
        share = np.full_like(zero, UNKNOWN) if status == "unknown" else shares[status] * (1 - UNKNOWN)
        found[status, age] = rng.poisson(infants * rate * part * share).astype(float)
    return found
