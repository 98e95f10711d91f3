"""Which official population and which survey results do the usual methods take, and what does their table look like?

What all baselines share: numbers by area and quarter, one denominator, national survey results, and
the assembly of the columns of `coverage_estimates` where a method gives single numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.evidence import Evidence, quarter_year
from kalanso.coverage.summaries import ESTIMATE_COLUMNS, TARGET

Numbers = npt.NDArray[np.float64]

QUARTERS = 4
INDICATORS = ("dtp1", "dtp3")


class NoBaseline(ValueError):
    """A method that cannot say anything, for want of the evidence that it needs."""


def dose_counts(evidence: Evidence, indicator: str, column: str = "value") -> Numbers:
    """Return doses of `dtp1` or `dtp3` (N, T) as reported, or another column; NaN where there is no row."""
    found = np.full((len(evidence.areas), len(evidence.periods)), np.nan)
    rows = evidence.doses[evidence.doses["indicator"] == f"{indicator}_doses"]
    rows = rows[rows["place_code"].isin(evidence.area_index) & rows["period"].isin(evidence.period_index)]
    at = rows["place_code"].map(evidence.area_index).to_numpy(int)
    quarter = rows["period"].map(evidence.period_index).to_numpy(int)
    found[at, quarter] = rows[column].to_numpy(float)
    return found


def official_source(evidence: Evidence) -> str:
    """Return the source that the programme is likely to use.

    Among those that are not anchors the one that projects from the earliest year (targets of a
    programme come from the last census but one), else the first of the table. Raises NoBaseline where
    there is no denominator of areas.
    """
    own = evidence.denominators[evidence.denominators["place_code"].isin(evidence.area_index)]
    names = list(dict.fromkeys(own["source"]))
    if not names:
        raise NoBaseline("denominators: expected a population of the areas, got none; try another method")
    declared = evidence.denominator_sources.drop_duplicates("source").set_index("source")
    projecting = {
        name: float(declared.loc[name, "base_year"])
        for name in names
        if name in declared.index
        and not declared.loc[name, "anchor"]
        and np.isfinite(float(declared.loc[name, "base_year"]))
    }
    return min(projecting, key=lambda name: projecting[name]) if projecting else names[0]


def official_targets(evidence: Evidence, source: str | None = None) -> Numbers:
    """Return children due (N, T) a quarter by one source: a quarter of the year's figure.

    A year that the source does not give takes the nearest year that it gives; an area that it does not
    count is NaN.
    """
    name = source or official_source(evidence)
    rows = evidence.denominators[evidence.denominators["source"] == name]
    table = rows.pivot_table(index="place_code", columns="period", values="surviving_infants")
    found = np.full((len(evidence.areas), len(evidence.periods)), np.nan)
    years = np.array([quarter_year(code) for code in evidence.periods])
    for area, at in evidence.area_index.items():
        if area not in table.index:
            continue
        known = table.loc[area].dropna()
        nearest = np.abs(known.index.to_numpy()[None, :] - years[:, None]).argmin(axis=1)
        found[at] = known.to_numpy()[nearest] / QUARTERS
    return found


@dataclass(frozen=True, kw_only=True)
class SurveyResult:
    """One national survey result: the share found, and the first and last due quarter of its children."""

    survey: str
    first: int
    last: int
    coverage: float

    @property
    def middle(self) -> float:
        """The middle of the due quarters, as a number in the series."""
        return (self.first + self.last) / 2


def national_surveys(evidence: Evidence, indicator: str) -> list[SurveyResult]:
    """Return the national results of all surveys, in the order of their children's due quarters.

    A result given for the country is taken; else clusters are pooled, each child weighing the same.
    """
    given = evidence.survey_areas
    given = given[(given["place_code"] == evidence.country) & (given["indicator"] == indicator)]
    given = given[given["kind"] != "external"]
    found = [tuple(row) for row in given[["survey", "start", "end", "coverage"]].to_numpy().tolist()]
    named = {one[0] for one in found}
    clusters = evidence.surveys[evidence.surveys["indicator"] == indicator]
    for (survey, start, end), rows in clusters.groupby(["survey", "start", "end"]):
        if survey not in named and rows["children"].sum() > 0:
            found.append((survey, start, end, rows["vaccinated"].sum() / rows["children"].sum()))
    order = evidence.period_index
    results = [
        SurveyResult(survey=str(name), first=order[str(start)], last=order[str(end)], coverage=float(share))
        for name, start, end, share in found
    ]
    return sorted(results, key=lambda one: one.middle)


def point_table(evidence: Evidence, vaccinated: dict[str, Numbers], due: Numbers) -> pd.DataFrame:
    """Return the columns of `coverage_estimates` of a method that gives numbers without uncertainty.

    `vaccinated` (N, T) by indicator and `due` (N, T); NaN where a method has no number. A place above
    areas adds up the doses it knows over the targets of all its areas that have one, as
    administrative reports do; where it knows none it has no row. Spreads, quantiles and probabilities
    are empty: the methods claim none.
    """
    membership = evidence.membership
    targets = membership @ np.nan_to_num(due)
    levels = [evidence.level_of(code) for code in evidence.aggregates]
    tables = []
    for indicator, counts in vaccinated.items():
        known = np.isfinite(counts) & np.isfinite(due)
        doses = membership @ np.where(known, counts, 0.0)
        seen = (membership @ known.astype(float) > 0) & (targets > 0)
        for at, period in enumerate(evidence.periods):
            rows = np.flatnonzero(seen[:, at])
            tables.append(
                _rows(evidence, indicator, period, rows, doses[rows, at], targets[rows, at], levels)
            )
    return pd.concat(tables, ignore_index=True)[list(ESTIMATE_COLUMNS)]


def _rows(
    evidence: Evidence, indicator: str, period: str, rows: npt.NDArray[np.intp], doses: Numbers,
    targets: Numbers, levels: list[str],
) -> pd.DataFrame:  # fmt: skip
    share, missed = doses / targets, targets - doses
    codes = np.array(evidence.aggregates, dtype=object)[rows]
    table = pd.DataFrame(np.nan, index=range(len(rows)), columns=list(ESTIMATE_COLUMNS), dtype=object)
    numbers = [name for name in ESTIMATE_COLUMNS if name not in {"place_code", "period", "indicator", "place_level"}]  # fmt: skip
    table[numbers] = table[numbers].astype(float)
    table["place_code"], table["period"], table["indicator"] = codes, period, indicator
    table["coverage_mean"], table["surviving_infants_mean"] = share, targets
    table["missed_children_mean"] = missed
    table["probability_below_80"] = (share < TARGET).astype(float)
    table["place_level"] = [levels[row] for row in rows]
    depth = pd.Series([evidence.depths[code] if levels[row] != "area" else -1 for code, row in zip(codes, rows, strict=True)])  # fmt: skip
    table["rank_mean"] = table.groupby(depth.to_numpy())["missed_children_mean"].rank(
        ascending=False, method="first"
    )
    return table
