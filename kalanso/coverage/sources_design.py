"""What do the denominators say of each area, and how are their errors related?

A source's years are summed up as one level (mean of logs, at its mean year) and one yearly slope,
since its error of an area is the same in all its years. Sources with a common parent share its bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.evidence import Evidence, middle_year
from kalanso.coverage.priors import Priors
from kalanso.coverage.question import Question
from kalanso.coverage.records import Floats, Reports, Targets

QUARTERS = 4


@dataclass(frozen=True, eq=False)
class Total:
    """A population known for a place above areas: its members, log per quarter, its year, its error."""

    source: str
    members: np.ndarray
    log_total: float
    years: float
    error_sd: float


@dataclass(frozen=True, eq=False)
class SourceDesign:
    """Sources and biases: `names` (K); `mixing` (K,B) says which biases a source carries, whose prior
    means and standard deviations are `bias_mean` and `bias_sd` (B)."""

    names: list[str]
    bias_names: list[str]
    mixing: Floats
    bias_mean: Floats
    bias_sd: Floats
    targets: Targets
    totals: tuple[Total, ...]


def sources_design(evidence: Evidence, question: Question, priors: Priors, reports: Reports) -> SourceDesign:
    """Return levels, slopes and biases of all denominators."""
    frame = evidence.denominators if question.denominators else evidence.denominators.iloc[:0]
    middle = middle_year(evidence.periods)
    own = frame[frame["place_code"].isin(set(evidence.areas))]
    names = list(dict.fromkeys(own["source"]))
    level, years, slope, seen, slope_seen = _levels(evidence, own, names, middle)
    if not question.drift:
        slope[:], slope_seen[:] = 0.0, False
    recount, variance = _recounts(evidence, question)
    targets = Targets(
        level, years, seen, slope, slope_seen, recount, variance, _centre(level, seen, reports),
        question.outliers, priors.fixed("population", "growth_noise_sd"),
        np.full(len(evidence.areas), -1, np.int64),
    )  # fmt: skip
    return _with_biases(
        evidence, question, priors, names, targets, _totals(evidence, frame, question, priors, middle)
    )


def _levels(
    evidence: Evidence, own: pd.DataFrame, names: list[str], middle: float
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return by area and source the mean log level a quarter, its mean time, the yearly slope of logs (least
    squares), and where level and slope are known."""
    shape = (len(evidence.areas), len(names))
    place = own["place_code"].map(evidence.area_index).to_numpy(np.int64) * shape[1]
    place += own["source"].map({name: k for k, name in enumerate(names)}).to_numpy(np.int64)
    logs = np.log(own["surviving_infants"].to_numpy(float) / QUARTERS)
    times = own["period"].to_numpy(float) + 0.5 - middle

    def summed(values: Floats) -> Floats:
        return np.bincount(place, values, shape[0] * shape[1]).astype(np.float64)

    count = np.maximum(summed(np.ones(len(own))), 1.0)
    level, years = summed(logs) / count, summed(times) / count
    off = times - years[place]
    spread = summed(off * off)
    moving = spread > 1e-9
    slope = np.where(moving, summed(off * logs) / np.where(moving, spread, 1.0), 0.0)
    seen = np.bincount(place, minlength=shape[0] * shape[1]) > 0
    return (
        level.reshape(shape), years.reshape(shape), slope.reshape(shape), seen.reshape(shape),
        moving.reshape(shape),
    )  # fmt: skip


def _centre(level: Floats, seen: np.ndarray, reports: Reports) -> float:
    """Return the centre of log population on which the weak prior stands."""
    if seen.any():
        return float(level[seen].mean())
    counts = reports.y1[reports.seen1]
    return float(np.log(counts.mean() + 1.0)) + 0.3 if counts.size else float(np.log(100.0))


def _recounts(evidence: Evidence, question: Question) -> tuple[Floats, Floats]:
    """Return per area the mean log of reported to recounted doses, and its variance (0 = no recount)."""
    n = len(evidence.areas)
    mean, variance = np.zeros(n), np.zeros(n)
    if not question.recounts:
        return mean, variance
    frame = evidence.recounts[evidence.recounts["place_code"].isin(set(evidence.areas))]
    for place, rows in frame.groupby("place_code", sort=False):
        i = evidence.area_index[str(place)]
        recounted, reported = rows["recounted"].sum() + 0.5, rows["reported"].sum() + 0.5
        mean[i] = np.log(reported / recounted)
        # Counting errors of one visit, and months that were not recounted.
        variance[i] = 1.0 / recounted + 0.08**2 / len(rows)
    return mean, variance


def _totals(
    evidence: Evidence, frame: pd.DataFrame, question: Question, priors: Priors, middle: float
) -> tuple[Total, ...]:
    """Populations of places above areas, each source at its mean year, the anchor's assumed bias taken off."""
    above = frame[~frame["place_code"].isin(set(evidence.areas))]
    declared = dict(
        zip(evidence.denominator_sources["source"], evidence.denominator_sources["bias_sd"], strict=True)
    )
    listed = evidence.denominator_sources
    anchors = set(listed.loc[listed["anchor"].astype(bool), "source"])
    found = []
    for (place, source), rows in above.groupby(["place_code", "source"], sort=False):
        stated = float(declared.get(str(source), np.nan))
        error = stated if np.isfinite(stated) and stated > 0 else priors.fixed("totals", "error_sd")
        log_total = float(np.log(rows["surviving_infants"].to_numpy(float) / QUARTERS).mean())
        if source in anchors:
            log_total -= question.anchor_bias
        years = float(rows["period"].to_numpy(float).mean() + 0.5 - middle)
        found.append(Total(str(source), evidence.members(str(place)), log_total, years, error))
    return tuple(found)


def _with_biases(
    evidence: Evidence, question: Question, priors: Priors, names: list[str], targets: Targets,
    totals: tuple[Total, ...],
) -> SourceDesign:  # fmt: skip
    declared = {row["source"]: row for _, row in evidence.denominator_sources.iterrows()}
    bias_names = list(names)
    for name in names:
        parent = str(declared[name]["parent_source"]) if name in declared else ""
        if parent and parent not in bias_names:
            bias_names.append(parent)
    mixing = np.zeros((len(names), len(bias_names)))
    for k, name in enumerate(names):
        chain, current = set(), name
        while current and current not in chain and current in bias_names:
            chain.add(current)
            mixing[k, bias_names.index(current)] = 1.0
            current = str(declared[current]["parent_source"]) if current in declared else ""
    mean, sd = np.zeros(len(bias_names)), np.zeros(len(bias_names))
    anchored = any(bool(row["anchor"]) for row in declared.values())
    for b, name in enumerate(bias_names):
        row = declared.get(name)
        anchor = bool(row["anchor"]) if row is not None else False
        usual = "anchor_bias_sd" if anchor else "source_bias_sd"
        stated = float(row["bias_sd"]) if row is not None else np.nan
        sd[b] = stated if np.isfinite(stated) and stated > 0 else priors.fixed("population", usual)
        if anchor or not anchored:
            mean[b] = question.anchor_bias
    return SourceDesign(names, bias_names, mixing, mean, sd, targets, totals)
