"""What would a workshop of Countdown to 2030 find at its desk with the same routine data?

The method that many countries use today, to rounding: add a quarter of the doses of reports that did
not come, replace numbers five median deviations away, fill gaps by medians, and take for the target
the DTP1 doses over the national DTP1 coverage of the last survey. Formulas of cd2030.core
(`1c_adjust_service_data.R`, `2_denominators_calculate_indicator_coverage.R`), read, not copied; its
months are quarters here, its districts our areas.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.baselines.rows import (
    INDICATORS,
    Numbers,
    dose_counts,
    national_surveys,
    official_targets,
    point_table,
)
from kalanso.coverage.evidence import Evidence, quarter_year

K_FACTOR = 0.25
LOW_COMPLETENESS = 75.0  # percent
FAR = 5.0  # median absolute deviations
MAD_TO_SD = 1.4826  # R's mad() is scaled so
NO_SURVEY = 0.97  # cd2030's own default of survey DTP1


def adjusted_for_completeness(counts: Numbers, completeness: Numbers, k: float = K_FACTOR) -> Numbers:
    """Return counts (N, T) with the doses of missing reports added: x (1 + (1/rr - 1) k), to one decimal.

    `completeness` is in percent. Under 75 or unknown it is replaced by the area's median of the values
    between 75 and 100; where there is none the count stays as it is.
    """
    found = np.full_like(counts, np.nan)
    for at in range(len(counts)):
        rate = completeness[at].copy()
        good = rate[(rate >= LOW_COMPLETENESS) & (rate <= 100)]
        usual = np.median(good) if len(good) else np.nan
        rate = np.where((rate < LOW_COMPLETENESS) | np.isnan(rate), usual, rate)
        factor = np.where(np.isnan(rate) | (rate == 0), np.nan, 1 + (100 / rate - 1) * k)
        found[at] = np.where(np.isnan(factor), counts[at], np.round(counts[at] * factor, 1))
    return found


def without_outliers(counts: Numbers, years: npt.NDArray[np.int64]) -> Numbers:
    """Return counts (N, T) with numbers far from the median replaced by the median of their year.

    Median and deviation are those of the years before the last; bounds are rounded to one decimal,
    the replacing median to a whole number. With one year only nothing is judged.
    """
    found = counts.copy()
    before = years < years.max()
    for at in range(len(counts)):
        known = counts[at][before & np.isfinite(counts[at])]
        if not len(known):
            continue
        middle = np.median(known)
        deviation = MAD_TO_SD * np.median(np.abs(known - middle))
        low, high = np.round(middle - FAR * deviation, 1), np.round(middle + FAR * deviation, 1)
        far = np.isfinite(counts[at]) & ((counts[at] < low) | (counts[at] > high))
        for year in np.unique(years[far]):
            usual = counts[at][(years == year) & np.isfinite(counts[at]) & ~far]
            found[at, far & (years == year)] = np.round(np.median(usual)) if len(usual) else np.nan
    return found


def without_gaps(counts: Numbers, years: npt.NDArray[np.int64]) -> Numbers:
    """Return counts (N, T) with missing numbers replaced by the median of their area and year, whole."""
    found = counts.copy()
    for year in np.unique(years):
        inside = years == year
        for at in range(len(counts)):
            known = counts[at, inside][np.isfinite(counts[at, inside])]
            if len(known):
                found[at, inside & np.isnan(counts[at])] = np.round(np.median(known))
    return found


def cleaned_doses(evidence: Evidence, indicator: str, k: float = K_FACTOR) -> Numbers:
    """Return doses (N, T) after all three steps, in their order."""
    received = dose_counts(evidence, indicator, "reports_received")
    expected = dose_counts(evidence, indicator, "reports_expected")
    with np.errstate(divide="ignore", invalid="ignore"):
        completeness = np.where(expected > 0, 100 * received / expected, np.nan)
    years = np.array([quarter_year(code) for code in evidence.periods])
    counts = adjusted_for_completeness(dose_counts(evidence, indicator), completeness, k)
    return without_gaps(without_outliers(counts, years), years)


def derived_targets(doses: Numbers, survey: float, years: npt.NDArray[np.int64]) -> Numbers:
    """Return children due (N, T): the year's DTP1 doses over the survey's coverage, spread over its quarters."""
    found = np.full_like(doses, np.nan)
    for year in np.unique(years):
        inside = years == year
        own = doses[:, inside]
        known = np.isfinite(own).any(axis=1)
        total = np.where(known, np.nansum(own, axis=1), np.nan)
        found[:, inside] = (total / survey / inside.sum())[:, None]
    return found


def countdown(
    evidence: Evidence, rng: np.random.Generator | None = None, *, k: float = K_FACTOR, official: bool = False
) -> pd.DataFrame:
    """Return coverage by the desk method in the columns of `coverage_estimates`.

    Targets come from DTP1 doses and the latest national survey (.97 where there is none), or with
    `official` from the programme's population. With derived targets every area has the survey's DTP1
    coverage in every year: the method cannot see where children are missed.
    """
    return point_table(evidence, *countdown_counts(evidence, k=k, official=official))


def countdown_counts(
    evidence: Evidence, *, k: float = K_FACTOR, official: bool = False
) -> tuple[dict[str, Numbers], Numbers]:
    """Return cleaned doses by indicator and children due (N, T each)."""
    doses = {name: cleaned_doses(evidence, name, k) for name in INDICATORS}
    if official:
        return doses, official_targets(evidence)
    results = national_surveys(evidence, "dtp1")
    survey = results[-1].coverage if results else NO_SURVEY
    years = np.array([quarter_year(code) for code in evidence.periods])
    return doses, derived_targets(doses["dtp1"], survey, years)
