"""Which two doses does the model follow, and how long after the first is the second due?

The model estimates a first dose, and a second among the children who have the first. By default these
are DTP1 and DTP3; the same step serves MCV1 after DTP1 and MCV2 after MCV1. Cohorts are named by the
quarter in which children are due the FIRST dose; doses and surveys of the second are read back onto it.
"""

from __future__ import annotations

from dataclasses import dataclass

DAYS_OF_QUARTER = 91.3125
# Age at which each dose is due in the recommended schedule (WHO summary table 1; Mali gives MCV2 at 15 months).
DUE_DAYS = {"dtp1": 42, "dtp3": 98, "mcv1": 270, "mcv2": 456}
# A dose counts toward coverage until this age, in months.
COUNTED_UNTIL = {"dtp1": 12, "dtp3": 12, "mcv1": 12, "mcv2": 24}


@dataclass(frozen=True)
class Step:
    """A first dose, the one that follows it, and the whole quarters between their due ages.

    The rest of the delay, and lateness, is the share that comes one quarter later still, which is
    estimated (`priors.yaml`, continuation.late_share of the dose). `stock` says whether vials of DTP
    hold exactly these doses.
    """

    first: str
    second: str
    lag: int
    stock: bool = False


# DTP3 is due 56 days after DTP1, within a quarter: lag 0. MCV1 comes 228 days after DTP1 (2.5
# quarters), MCV2 186 days after MCV1 (2.04).
STEPS = {
    (first, second): Step(
        first, second, int((DUE_DAYS[second] - DUE_DAYS[first]) / DAYS_OF_QUARTER), stock=second == "dtp3"
    )
    for first, second in (("dtp1", "dtp3"), ("dtp1", "mcv1"), ("mcv1", "mcv2"))
}
DEFAULT = ("dtp1", "dtp3")
