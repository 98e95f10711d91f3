"""Which evidence ties several areas together, and which does the model not hear yet?

Published results of surveys by region or for the country bind the coverage of their areas; totals of
places above areas bind the biases of population sources. Each is one class with its density, its
slopes and its information on the globals. What has no term yet is named by `unheard`, so that nobody
believes it was used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.denominator_pieces import PRIOR_PRECISION
from kalanso.coverage.designing import Design
from kalanso.coverage.evidence import Evidence
from kalanso.coverage.layout import Layout
from kalanso.coverage.question import Question
from kalanso.coverage.records import Floats, Pulls, Setting
from kalanso.vocabulary import Message


class Term(Protocol):
    """Evidence on several areas. `shares` are p and q of all areas (2,N,T)."""

    def density(self, gamma: Floats, at: Setting, shares: Floats, pulls: Pulls) -> tuple[float, Floats]:
        """Return the log density and its slope in gamma; add slopes in log odds to `pulls`."""
        ...

    def information(self, gamma: Floats, at: Setting, shares: Floats) -> Floats:
        """Return the expected information on the globals (G,G), areas held still."""
        ...


@dataclass(frozen=True, eq=False)
class PublishedResult:
    """A survey's coverage of a place above areas: the logit of the result is normal about the logit of
    the areas' coverage, weighted by children (Fay and Herriot 1979; `estimation` §2.4)."""

    layout: Layout
    third: bool
    weights: Floats
    first: int
    last: int
    logit: float
    sd: float
    recalled: float

    def _told(self, at: Setting, shares: Floats) -> tuple[float, float, float]:
        """Return the true share, the share as told, and the slope of one in the other."""
        span = slice(self.first, self.last + 1)
        values = shares[0][:, span] * (shares[1][:, span] if self.third else 1.0)
        true = float((self.weights[:, None] * values).sum()) / (self.last - self.first + 1)
        sensitive, false = at.scale[r.SENSITIVITY], at.scale[r.FALSE_YES]
        turn = 1.0 - self.recalled + self.recalled * (sensitive - false)
        told = (1.0 - self.recalled) * true + self.recalled * (sensitive * true + false * (1.0 - true))
        return true, min(max(told, 1e-6), 1 - 1e-6), turn

    def _slopes(self, shares: Floats, scale: float) -> Pulls:
        """Return `scale` times the slopes of the true share in all log odds."""
        pulls = Pulls.none(*shares.shape[1:])
        span = slice(self.first, self.last + 1)
        p, q = shares[0][:, span], shares[1][:, span]
        weight = scale * self.weights[:, None] / (self.last - self.first + 1)
        pulls.eta1[:, span] = weight * p * (1 - p) * (q if self.third else 1.0)
        if self.third:
            pulls.eta3[:, span] = weight * p * q * (1 - q)
        return pulls

    def density(self, gamma: Floats, at: Setting, shares: Floats, pulls: Pulls) -> tuple[float, Floats]:
        """See Term."""
        true, told, turn = self._told(at, shares)
        gap = self.logit - np.log(told / (1 - told))
        d_told = gap / self.sd**2 / (told * (1 - told))
        mine = self._slopes(shares, d_told * turn)
        pulls.eta1[:] += mine.eta1
        pulls.eta3[:] += mine.eta3
        slope = np.zeros(self.layout.size)
        for name, value in (("sensitivity", true), ("false_yes", 1.0 - true)):
            slope[self.layout.blocks[name]] = (
                d_told * self.recalled * value * self.layout.natural_slope(gamma, name)
            )
        return -0.5 * gap * gap / self.sd**2, slope

    def information(self, gamma: Floats, at: Setting, shares: Floats) -> Floats:
        """See Term."""
        _, told, turn = self._told(at, shares)
        mine = self._slopes(shares, turn / (told * (1 - told)) / self.sd)
        d, b = self.layout.design, self.layout.blocks
        row = np.zeros(self.layout.size)
        row[b["slopes1"]] = d.covariates.T @ mine.eta1.sum(axis=1)
        row[b["slopes3"]] = d.covariates.T @ mine.eta3.sum(axis=1)
        for dose, pulled in (("1", mine.eta1), ("3", mine.eta3)):
            sd = np.exp(self.layout.at(gamma, f"trend_sd{dose}"))
            row[b[f"steps{dose}"]] = sd * (self.layout.walk.T @ pulled.sum(axis=0))
        return np.outer(row, row)


@dataclass(frozen=True, eq=False)
class KnownTotal:
    """A population known for a place above areas: log of the sum of its areas' populations, each as its
    sources tell it at stated weights, is normal about the log of the total."""

    layout: Layout
    log_size: Floats
    weights: Floats
    years: float
    log_total: float
    sd: float

    def _sum(self, gamma: Floats) -> tuple[float, Floats]:
        logs = self.log_size - self.weights @ gamma[self.layout.blocks["source_bias"]]
        top = logs.max()
        parts = np.exp(logs - top)
        return float(top + np.log(parts.sum())), parts / parts.sum()

    def density(self, gamma: Floats, at: Setting, shares: Floats, pulls: Pulls) -> tuple[float, Floats]:
        """See Term."""
        total, parts = self._sum(gamma)
        gap = (self.log_total - total - at.scale[r.GROWTH_MEAN] * self.years) / self.sd
        slope = np.zeros(self.layout.size)
        slope[self.layout.blocks["source_bias"]] = -gap / self.sd * (parts @ self.weights)
        slope[self.layout.blocks["growth"]] = gap / self.sd * self.years
        return -0.5 * gap * gap, slope

    def information(self, gamma: Floats, at: Setting, shares: Floats) -> Floats:
        """See Term."""
        row = np.zeros(self.layout.size)
        row[self.layout.blocks["source_bias"]] = self._sum(gamma)[1] @ self.weights / self.sd
        return np.outer(row, row)


def terms_of(evidence: Evidence, question: Question, layout: Layout) -> tuple[Term, ...]:
    """Return the terms that tie areas together, as far as there is evidence."""
    return (*_published(evidence, question, layout), *_totals(layout))


def _published(evidence: Evidence, question: Question, layout: Layout) -> list[Term]:
    found: list[Term] = []
    size = _sizes(layout.design)
    rows = evidence.survey_areas if question.surveys else evidence.survey_areas.iloc[:0]
    for row in rows.to_dict("records"):
        if row["indicator"] == "dtp3" and not question.dtp3:
            continue
        members = evidence.members(row["place_code"])
        weights = np.zeros(len(evidence.areas))
        weights[members] = size[members] / size[members].sum()
        share = float(np.clip(row["coverage"], 0.005, 0.995))
        spread = row["standard_error"] / (share * (1 - share))
        bias = row.get("bias_sd", np.nan)
        cards = row.get("card_share", np.nan)
        found.append(
            PublishedResult(
                layout,
                row["indicator"] == "dtp3",
                weights,
                evidence.period_index[row["start"]],
                evidence.period_index[row["end"]],
                float(np.log(share / (1 - share))),
                float(np.hypot(max(spread, 0.02), bias if np.isfinite(bias) else 0.0)),
                1.0 - cards if question.recall and np.isfinite(cards) else 0.0,
            )
        )
    return found


def _sizes(design: Design) -> Floats:
    """Return about how many children each area has, from its populations or else its doses."""
    t, reports = design.targets, design.reports
    counted = t.seen.sum(axis=1)
    level = (t.log_level * t.seen).sum(axis=1) / np.maximum(counted, 1)
    doses = (reports.y1 * reports.seen1).sum(axis=1) / np.maximum(reports.seen1.sum(axis=1), 1)
    return np.where(counted > 0, np.exp(level), np.maximum(doses, 1.0))


def _totals(layout: Layout) -> list[Term]:
    """Totals need sources that speak of areas, whose biases they bind."""
    d = layout.design
    if not d.sources.names:
        return []
    usual = layout.priors("population", "source_sd").value
    precision = d.targets.seen / usual**2
    share = precision / (precision.sum(axis=1, keepdims=True) + PRIOR_PRECISION)
    log_size = d.targets.centre + (share * (d.targets.log_level - d.targets.centre)).sum(axis=1)
    weights = share @ d.sources.mixing
    return [
        KnownTotal(
            layout, log_size[total.members], weights[total.members],
            total.years - float((share * d.targets.years).sum(axis=1)[total.members].mean()),
            total.log_total, float(np.hypot(total.error_sd, usual / np.sqrt(len(total.members)))),
        )
        for total in d.sources.totals
    ]  # fmt: skip


def unheard(evidence: Evidence, question: Question) -> tuple[Message, ...]:
    """Return a sentence for each kind of evidence that is there and does not move the estimate."""
    areas = set(evidence.areas)
    above = ~evidence.denominators["place_code"].isin(areas)
    found = {
        "stock": question.stock and len(evidence.stock) > 0,
        "clusters_above": question.surveys and bool((~evidence.surveys["place_code"].isin(areas)).any()),
        "lots": question.lots and bool(evidence.lots["vaccinated"].isna().any()),
        "totals": question.denominators and bool(above.any()) and bool(above.all()),
        "interaction": question.interaction != "II",
    }
    return tuple(Message(f"coverage.unheard.{name}") for name, there in found.items() if there)
