"""What would the national estimate of WHO and UNICEF look like, drawn from the same evidence?

A series for the country by stated rules, after those that the two agencies publish: administrative
coverage where surveys support it, the survey where they differ by more than ten points, a line
between surveys, never above 99 %. There is no estimate of areas; each area is given the country's.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.coverage.baselines.rows import (
    INDICATORS,
    Numbers,
    SurveyResult,
    dose_counts,
    national_surveys,
    official_targets,
    point_table,
)
from kalanso.coverage.evidence import Evidence

SUPPORTS = 0.10  # a survey within ten points supports the reported series
CAP = 0.99


def national_series(reported: Numbers, surveys: list[SurveyResult]) -> Numbers:
    """Return national coverage (T,) from the reported series (T,) and survey results.

    1. Reported coverage is capped at 99 %; a quarter without reports takes the line between its
       neighbours.
    2. At the middle of a survey's birth cohort the estimate is the survey's result where it differs
       from the reported mean of these quarters by more than ten points, else the reported one.
    3. Between two such points the estimate lies on the reported series where both support it, else on
       the line between the points.
    4. Before the first and after the last point it follows the reported series, shifted to meet the
       point.
    Without surveys it is the reported series; without reports the line through the surveys.
    """
    quarters = np.arange(len(reported), dtype=float)
    known = np.isfinite(reported)
    if not known.any():
        if not surveys:
            return np.full(len(reported), np.nan)
        middles, shares = [one.middle for one in surveys], [one.coverage for one in surveys]
        return np.asarray(np.minimum(np.interp(quarters, middles, shares), CAP))
    line = np.minimum(np.interp(quarters, quarters[known], reported[known]), CAP)
    points = []
    for one in surveys:
        said = float(line[one.first : one.last + 1].mean())
        overrides = abs(one.coverage - said) > SUPPORTS
        points.append((one.middle, one.coverage if overrides else said, overrides))
    return _through(line, quarters, points)


def _through(line: Numbers, quarters: Numbers, points: list[tuple[float, float, bool]]) -> Numbers:
    found = line.copy()
    if not points:
        return found
    middles = np.array([one[0] for one in points])
    values = np.array([one[1] for one in points])
    for at in range(len(points) - 1):
        between = (quarters >= middles[at]) & (quarters <= middles[at + 1])
        if points[at][2] or points[at + 1][2]:
            found[between] = np.interp(quarters[between], middles, values)
    for end, outside in ((0, quarters < middles[0]), (-1, quarters > middles[-1])):
        if points[end][2]:
            met = np.interp(middles[end], quarters, line)
            found[outside] = line[outside] + values[end] - met
    if len(points) == 1 and points[0][2]:
        found[quarters == middles[0]] = values[0]
    return np.clip(found, 0.0, CAP)


def who_unicef(evidence: Evidence, rng: np.random.Generator | None = None) -> pd.DataFrame:
    """Return the national estimate in the columns of `coverage_estimates`, carried to every place.

    Children due are those of the official population. Chance plays no part. Raises NoBaseline where no
    population of the areas is known.
    """
    return point_table(evidence, *who_unicef_counts(evidence))


def who_unicef_counts(evidence: Evidence) -> tuple[dict[str, Numbers], Numbers]:
    """Return children vaccinated by indicator and children due (N, T each)."""
    due = official_targets(evidence)
    vaccinated = {}
    for name in INDICATORS:
        doses = dose_counts(evidence, name)
        known = np.isfinite(doses) & np.isfinite(due)
        target = np.where(np.isfinite(due), due, 0.0).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = np.where(known, doses, 0.0).sum(axis=0)
            reported = np.where(known.any(axis=0) & (target > 0), total / target, np.nan)
        vaccinated[name] = due * national_series(reported, national_surveys(evidence, name))[None, :]
    vaccinated["dtp3"] = np.minimum(vaccinated["dtp3"], vaccinated["dtp1"])
    return vaccinated, due
