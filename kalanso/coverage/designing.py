"""How does evidence become the arrays that the model reads?

Areas in the order of `evidence.areas`, quarters in that of `evidence.periods`. Nothing is estimated
here; what a part of the question switches off is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kalanso.coverage.attendance_design import AttendanceDesign, attendance_design
from kalanso.coverage.evidence import Evidence, middle_year, quarter_times
from kalanso.coverage.further_design import Further
from kalanso.coverage.gmrf import Structure, structure
from kalanso.coverage.pieces import gamma_table
from kalanso.coverage.priors import Priors
from kalanso.coverage.question import Question, QuestionRefused
from kalanso.coverage.records import Calendar, Clusters, Flags, Floats, Reports, Targets
from kalanso.coverage.sources_design import SourceDesign, sources_design
from kalanso.coverage.stock_design import StockDesign, stock_design
from kalanso.coverage.strata_design import StrataDesign
from kalanso.coverage.survey_design import clusters_of

# Numeric columns of `covariates` whose name begins so mark areas where reporting may be biased otherwise.
CONFLICT = "conflict"


@dataclass(frozen=True, eq=False)
class Design:
    """The evidence as arrays.

    `covariates` (N,P) with a first column of ones, continuous ones standardised; `closed` (N,T) is
    the share of facilities that are shut; `conflict` (N) flags; `season` (T,3) a basis of birth
    seasons that sum to zero.
    """

    areas: list[str]
    periods: list[str]
    covariate_names: list[str]
    covariates: Floats
    closed: Floats
    conflict: Floats
    field: Structure
    reports: Reports
    clusters: Clusters
    survey_names: list[str]
    survey_bias_sd: Floats
    strata: StrataDesign
    targets: Targets
    sources: SourceDesign
    calendar: Calendar
    season: Floats
    stock: StockDesign
    attendance: AttendanceDesign
    further: Further
    question: Question

    @property
    def shape(self) -> tuple[int, int]:
        """(areas, quarters)."""
        return len(self.areas), len(self.periods)

    @property
    def counted(self) -> Flags:
        """Which reports of DTP1 there are (N,T), whoever hears them."""
        return self.attendance.reports.seen1


def design(evidence: Evidence, question: Question, priors: Priors) -> Design:
    """Return the arrays of one question to the evidence. Raises QuestionRefused for what is not computed."""
    if question.interaction == "IV":
        raise QuestionRefused("coverage.question.interaction_four")
    names, covariates = _covariates(evidence)
    closed, open_share = _status(evidence)
    reports = _reports(evidence, question, priors, open_share)
    sources = sources_design(evidence, question, priors, reports)
    stock = stock_design(evidence, question, priors)
    attendance = attendance_design(evidence, question, priors, reports)
    further = Further.of(stock.rows, len(stock.places), attendance.areas)
    clusters, survey_names, bias_sd, strata = clusters_of(evidence, question, priors)
    raw = evidence.covariates
    flags = [name for name in names[1:] if name.startswith(CONFLICT)]
    return Design(
        areas=evidence.areas,
        periods=evidence.periods,
        covariate_names=names,
        covariates=covariates,
        closed=closed,
        conflict=raw[flags].max(axis=1).to_numpy(float) if flags else np.zeros(len(evidence.areas)),
        field=structure(len(evidence.areas), _pairs(evidence)),
        reports=attendance.silenced() if len(attendance.areas) else reports,
        clusters=clusters,
        survey_names=survey_names,
        survey_bias_sd=bias_sd,
        targets=sources.targets._replace(open=further.places(len(evidence.areas))),
        strata=strata,
        sources=sources,
        calendar=_calendar(evidence, question),
        season=_season(evidence.periods),
        stock=stock,
        attendance=attendance,
        further=further,
        question=question,
    )


def _pairs(evidence: Evidence) -> Any:
    index = evidence.area_index
    frame = evidence.neighbours
    return np.column_stack([frame["place_code"].map(index), frame["neighbour_code"].map(index)]).astype(int)


def _covariates(evidence: Evidence) -> tuple[list[str], Floats]:
    """Ones, flags centred, other columns standardised; constant columns are left out."""
    names, columns = ["intercept"], [np.ones(len(evidence.areas))]
    for name in evidence.covariate_names:
        values = evidence.covariates[name].to_numpy(float)
        if np.ptp(values) <= 1e-12:
            continue
        flag = set(np.unique(values)) <= {0.0, 1.0}
        names.append(name)
        columns.append(values - values.mean() if flag else (values - values.mean()) / values.std())
    return names, np.column_stack(columns)


def _status(evidence: Evidence) -> tuple[Floats, Floats]:
    """Return the shares of facilities that are closed and open, by area and quarter."""
    open_share = np.ones((len(evidence.areas), len(evidence.periods)))
    frame = evidence.facility_status
    for place, period, share in zip(
        frame["place_code"], frame["period"], frame["functional_share"], strict=True
    ):
        if period in evidence.period_index:
            open_share[evidence.members(place), evidence.period_index[period]] = share
    return 1.0 - open_share, open_share


def _reports(evidence: Evidence, question: Question, priors: Priors, open_share: Floats) -> Reports:
    counts: dict[str, tuple[Floats, Floats, Any]] = {}
    first, second = f"{question.first}_doses", f"{question.second}_doses"
    for indicator in (first, second):
        used = question.routine and (indicator == first or question.dtp3)
        frame = evidence.doses[evidence.doses["indicator"] == indicator]
        counts[indicator] = _count_grid(evidence, frame if used else frame.iloc[:0], open_share)
    y1, c1, seen1 = counts[first]
    y3, c3, seen3 = counts[second]
    # Second doses of the first quarters were due to children of cohorts before the series.
    seen3[:, : question.step.lag] = False
    distinct, slots = np.unique(np.concatenate([y1.ravel(), y3.ravel()]), return_inverse=True)
    kappa = priors.fixed("reporting", "outlier_scatter")
    table, slope = np.empty(distinct.size), np.empty(distinct.size)
    gamma_table(distinct, kappa, table, slope)
    slots = slots.astype(np.int64).reshape(2, *y1.shape)
    share = priors.fixed("reporting", "outlier_share") if question.outliers else 0.0
    odds = float(np.log(share / (1 - share))) if share > 0 else -np.inf
    return Reports(
        y1, y3, seen1, seen3, np.log(c1), np.log(c3), slots[0].copy(), slots[1].copy(), distinct, table,
        table[slots[0]], table[slots[1]], share, kappa, float(np.log(kappa)), odds, question.step.lag,
    )  # fmt: skip


def _count_grid(evidence: Evidence, frame: pd.DataFrame, open_share: Floats) -> tuple[Floats, Floats, Any]:
    """Return doses, completeness and which cells are there; closed facilities are not expected to report."""
    shape = open_share.shape
    y, complete, seen = np.zeros(shape), np.ones(shape), np.zeros(shape, bool)
    rows = frame["place_code"].map(evidence.area_index).to_numpy()
    columns = frame["period"].map(evidence.period_index).to_numpy()
    inside = ~(pd.isna(rows) | pd.isna(columns))
    rows, columns = rows[inside].astype(int), columns[inside].astype(int)
    received = frame["reports_received"].to_numpy(float)[inside]
    expected = frame["reports_expected"].to_numpy(float)[inside] * open_share[rows, columns]
    known = np.isfinite(received) & np.isfinite(expected)
    share = np.where(known & (expected > 0), received / np.where(expected > 0, expected, 1.0), 1.0)
    there = ~(known & ((received <= 0) | (expected <= 0)))
    y[rows[there], columns[there]] = frame["value"].to_numpy(float)[inside][there]
    complete[rows[there], columns[there]] = np.clip(share[there], 1e-3, 1.0)
    seen[rows[there], columns[there]] = True
    return y, complete, seen


def _calendar(evidence: Evidence, question: Question) -> Calendar:
    years = quarter_times(evidence.periods) - middle_year(evidence.periods)
    newest = np.zeros(len(evidence.periods))
    if question.delay and len(evidence.doses):
        last = max(evidence.doses["period"])
        if last in evidence.period_index:
            newest[evidence.period_index[last]] = 1.0
    return Calendar(years, newest)


def _season(periods: list[str]) -> Floats:
    """Return an orthonormal basis of the four seasons' contrasts, by quarter of the series."""
    contrasts = np.array([[1, 1, 1], [-1, 1, 1], [0, -2, 1], [0, 0, -3]], float)
    contrasts /= np.linalg.norm(contrasts, axis=0)
    return contrasts[[int(code[-1]) - 1 for code in periods]] * np.sqrt(4 / 3)
