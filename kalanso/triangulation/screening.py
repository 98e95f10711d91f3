"""What share of cases should be vaccinated at a stated coverage, and which coverage do the cases imply?

The screening method: Orenstein et al. 1985 (Bulletin of the World Health Organization 63: 1055-1068) and Farrington 1993
(International Journal of Epidemiology 22: 742-746). With PPV the share of the population vaccinated, PCV
that of the cases, VE the effectiveness:  PCV = PPV (1 - VE) / (1 - PPV VE).  Turned round, cases and a known VE
give a coverage that no report and no denominator has touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Z = 1.959964


def expected_share(coverage: float, effectiveness: float) -> float:
    """Return the share of vaccinated among cases (PCV) at a coverage (PPV) from 0 to 1."""
    return coverage * (1 - effectiveness) / (1 - coverage * effectiveness)


def implied_coverage(vaccinated_share: float, effectiveness: float) -> float:
    """Return the coverage (PPV) at which cases show this share of vaccinated ones."""
    return vaccinated_share / (vaccinated_share + (1 - vaccinated_share) * (1 - effectiveness))


def effectiveness(vaccinated_share: float, coverage: float) -> float:
    """Return VE = 1 - PCV / (1 - PCV) x (1 - PPV) / PPV (Orenstein 1985)."""
    return 1 - vaccinated_share / (1 - vaccinated_share) * (1 - coverage) / coverage


def effectiveness_interval(vaccinated: float, unvaccinated: float, coverage: float) -> tuple[float, float]:
    """Return Farrington's 95 % interval of VE: Wald on the log odds of the cases, the coverage taken as known.

    Half a case is added to each group where one of them is empty.
    """
    if min(vaccinated, unvaccinated) == 0:
        vaccinated, unvaccinated = vaccinated + 0.5, unvaccinated + 0.5
    odds, reach = vaccinated / unvaccinated, Z * np.sqrt(1 / vaccinated + 1 / unvaccinated)
    high, low = (1 - odds * np.exp(side * reach) * (1 - coverage) / coverage for side in (-1, 1))
    return float(low), float(high)


@dataclass(frozen=True, kw_only=True)
class Screened:
    """What cases say beside a coverage: shares from 0 to 1, intervals of 95 %."""

    observed: float
    observed_low: float
    observed_high: float
    expected: float
    expected_low: float
    expected_high: float
    implied: float
    implied_low: float
    implied_high: float

    @property
    def verdict(self) -> str:
        """`below`: fewer vaccinated cases than the coverage leads to expect; `above`: more; `agrees`: neither."""
        if self.observed_high < self.expected_low:
            return "below"
        return "above" if self.observed_low > self.expected_high else "agrees"


def screen(
    vaccinated: float, unvaccinated: float, *, coverage: float, effectiveness: float, effectiveness_low: float,
    effectiveness_high: float,
) -> Screened:  # fmt: skip
    """Return observed, expected and implied shares; the doubt about VE goes into both intervals.

    `coverage` above 1 counts as 1, since no more than all children are vaccinated. The interval of what is implied
    takes the least favourable end of the cases' interval and of VE together, so it holds at least 95 %.
    """
    # Loads the estimator's libraries: pages that only show sentences need none of them.
    from kalanso.coverage.place_evidence import wilson

    cases = np.array([vaccinated + unvaccinated], float)
    low, high = (float(end[0]) for end in wilson(np.array([vaccinated], float), cases, np.ones(1)))
    share, inside = vaccinated / (vaccinated + unvaccinated), min(coverage, 1.0)
    return Screened(
        observed=share, observed_low=low, observed_high=high, expected=expected_share(inside, effectiveness),
        expected_low=expected_share(inside, effectiveness_high), expected_high=expected_share(inside, effectiveness_low),
        implied=implied_coverage(share, effectiveness), implied_low=implied_coverage(low, effectiveness_low),
        implied_high=implied_coverage(high, effectiveness_high),
    )  # fmt: skip
