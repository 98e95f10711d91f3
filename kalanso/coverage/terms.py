"""Which evidence ties several areas together, and which does the model not hear yet?

Published results of surveys by region or for the country bind the coverage of their areas, and so do lots
of districts; totals of places above areas bind the biases of population sources; stock (`stock_term`)
binds the doses given in a place, attendance (`attendance_term`) the children of several areas. Each is one class with its density, its slopes and its information on
the globals. What has no term yet is named by `unheard`, so that nobody believes it was used.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_means import AreaMean
from kalanso.coverage.attendance_design import ways_of
from kalanso.coverage.attendance_term import attendance_terms
from kalanso.coverage.denominator_pieces import PRIOR_PRECISION
from kalanso.coverage.designing import Design
from kalanso.coverage.evidence import Evidence
from kalanso.coverage.larger_lots import LargerLot
from kalanso.coverage.layout import Layout
from kalanso.coverage.question import Question
from kalanso.coverage.records import Elsewhere, Floats, Ints, Pulls, Setting, Shares
from kalanso.coverage.steps import DEFAULT
from kalanso.coverage.stock_design import usable_stock
from kalanso.coverage.stock_term import stock_terms
from kalanso.coverage.survey_design import DTP3, larger_lot_rows, on_cohorts
from kalanso.vocabulary import Message


class Term(Protocol):
    """Evidence on several areas, `members`, of which it reads `shares`; `kind` names it."""

    kind: ClassVar[str]

    @property
    def members(self) -> Ints:
        """Positions of the areas that it reads."""
        ...

    def density(self, gamma: Floats, at: Setting, shares: Shares, pulls: Pulls) -> tuple[float, Floats]:
        """Return the log density and its slope in gamma; add all other slopes to `pulls`."""
        ...

    def information(self, gamma: Floats, at: Setting, shares: Shares, elsewhere: Elsewhere) -> Floats:
        """Return the expected information on the globals (G,G), areas held still; `elsewhere` gives the
        shares at other globals."""
        ...

    def inform_further(self, gamma: Floats, at: Setting, shares: Shares, found: Floats) -> None:
        """Add the information on each further coordinate to `found` (E)."""
        ...


@runtime_checkable
class Tie(Protocol):
    """A term that is one Gaussian residual over many areas: the sampler's map takes it in, so that it
    does not hold areas together step by step."""

    def tie(self, gamma: Floats, at: Setting, shares: Shares) -> tuple[Pulls, Floats]:
        """Return the slopes of the residual, in its standard deviations: in log odds, and in gamma."""
        ...


@dataclass(frozen=True, eq=False)
class PublishedResult:
    """A survey's coverage of a place above areas: the logit of the result is normal about the logit of
    the areas' coverage, weighted by children (Fay and Herriot 1979; `estimation` §2.4)."""

    kind: ClassVar[str] = "published_result"
    mean: AreaMean
    logit: float
    sd: float

    @property
    def members(self) -> Ints:
        """See Term."""
        return self.mean.members

    def inform_further(self, gamma: Floats, at: Setting, shares: Shares, found: Floats) -> None:
        """See Term: nothing."""

    def density(self, gamma: Floats, at: Setting, shares: Shares, pulls: Pulls) -> tuple[float, Floats]:
        """See Term."""
        true, told, turn = self.mean.told(at, shares)
        gap = self.logit - np.log(told / (1 - told))
        d_told = gap / self.sd**2 / (told * (1 - told))
        mine = self.mean.slopes(shares, d_told * turn)
        pulls.eta1[:] += mine.eta1
        pulls.eta3[:] += mine.eta3
        return -0.5 * gap * gap / self.sd**2, self.mean.recall_slope(gamma, d_told, true)

    def information(self, gamma: Floats, at: Setting, shares: Shares, elsewhere: Elsewhere) -> Floats:
        """See Term: all of it is in the tie."""
        return np.zeros((gamma.size, gamma.size))

    def tie(self, gamma: Floats, at: Setting, shares: Shares) -> tuple[Pulls, Floats]:
        """See Tie."""
        true, told, turn = self.mean.told(at, shares)
        steep = 1.0 / (told * (1 - told) * self.sd)
        return self.mean.slopes(shares, turn * steep), self.mean.recall_slope(gamma, steep, true)


@dataclass(frozen=True, eq=False)
class KnownTotal:
    """A population known for a place above areas: log of the sum of its areas' populations, each as its
    sources tell it at stated weights, is normal about the log of the total."""

    kind: ClassVar[str] = "known_total"
    layout: Layout
    log_size: Floats
    weights: Floats
    years: float
    log_total: float
    sd: float

    @property
    def members(self) -> Ints:
        """See Term: it reads globals only."""
        return np.empty(0, np.int64)

    def inform_further(self, gamma: Floats, at: Setting, shares: Shares, found: Floats) -> None:
        """See Term: nothing."""

    def _sum(self, gamma: Floats) -> tuple[float, Floats]:
        logs = self.log_size - self.weights @ gamma[self.layout.blocks["source_bias"]]
        top = logs.max()
        parts = np.exp(logs - top)
        return float(top + np.log(parts.sum())), parts / parts.sum()

    def density(self, gamma: Floats, at: Setting, shares: Shares, pulls: Pulls) -> tuple[float, Floats]:
        """See Term."""
        total, parts = self._sum(gamma)
        gap = (self.log_total - total - at.scale[r.GROWTH_MEAN] * self.years) / self.sd
        slope = np.zeros(self.layout.size)
        slope[self.layout.blocks["source_bias"]] = -gap / self.sd * (parts @ self.weights)
        slope[self.layout.blocks["growth"]] = gap / self.sd * self.years
        return -0.5 * gap * gap, slope

    def information(self, gamma: Floats, at: Setting, shares: Shares, elsewhere: Elsewhere) -> Floats:
        """See Term."""
        row = np.zeros(self.layout.size)
        row[self.layout.blocks["source_bias"]] = self._sum(gamma)[1] @ self.weights / self.sd
        return np.outer(row, row)


def terms_of(evidence: Evidence, question: Question, layout: Layout) -> tuple[Term, ...]:
    """Return the terms that tie areas together, as far as there is evidence."""
    return (
        *_published(evidence, question, layout),
        *_larger_lots(evidence, question, layout),
        *_totals(layout),
        *stock_terms(layout),
        *attendance_terms(layout),
    )


def _published(evidence: Evidence, question: Question, layout: Layout) -> list[Term]:
    found: list[Term] = []
    rows = evidence.survey_areas if question.surveys else evidence.survey_areas.iloc[:0]
    for row in on_cohorts(evidence, rows, question).to_dict("records"):
        share = float(np.clip(row["coverage"], 0.005, 0.995))
        spread = row["standard_error"] / (share * (1 - share))
        bias = row.get("bias_sd", np.nan)
        cards = row.get("card_share", np.nan)
        recalled = 1.0 - cards if question.recall and np.isfinite(cards) else 0.0
        found.append(
            PublishedResult(
                _mean(evidence, layout, row, row["indicator"] == question.second, recalled),
                float(np.log(share / (1 - share))),
                float(np.hypot(max(spread, 0.02), bias if np.isfinite(bias) else 0.0)),
            )
        )
    return found


def _mean(
    evidence: Evidence, layout: Layout, row: dict[Hashable, Any], third: bool, recalled: float
) -> AreaMean:
    """Return the mean of the areas of a row's place over its quarters."""
    size, members = _sizes(layout.design), evidence.members(row["place_code"])
    weights = np.zeros(len(evidence.areas))
    weights[members] = size[members] / size[members].sum()
    at = evidence.period_index
    return AreaMean(layout, third, weights, at[row["start"]], at[row["end"]], recalled)


def _larger_lots(evidence: Evidence, question: Question, layout: Layout) -> list[Term]:
    """Lots of places above areas; those of areas stand among the clusters."""
    names = layout.design.survey_names
    rows = larger_lot_rows(evidence, question, layout.priors)
    return [
        LargerLot(
            _mean(evidence, layout, row, row["kind"] == DTP3, 0.0),
            round(row["vaccinated"]), round(row["children"]), int(row["decision"]),
            names.index(row["survey"]) if row["survey"] in names else -1,
        )
        for row in rows.to_dict("records")
    ]  # fmt: skip


def _sizes(design: Design) -> Floats:
    """Return about how many children each area has, from its populations or else its doses."""
    t, reports = design.targets, design.reports
    counted = t.seen.sum(axis=1)
    level = (t.log_level * t.seen).sum(axis=1) / np.maximum(counted, 1)
    seen = design.counted
    doses = (reports.y1 * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
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
        "stock_off": not question.stock and len(evidence.stock) > 0,
        **dict.fromkeys(usable_stock(evidence, question)[1], True),
        "attendance_nowhere": question.attendance and question.routine and ways_of(evidence)[1],
        "displacement": len(evidence.displacement) > 0,
        "clusters_above": question.surveys and bool((~evidence.surveys["place_code"].isin(areas)).any()),
        "second_before": _before_the_series(evidence, question),
        "tables_of_dtp": (question.first, question.second) != DEFAULT,
        "totals": question.denominators and bool(above.any()) and bool(above.all()),
    }
    return tuple(Message(f"coverage.unheard.{name}") for name, there in found.items() if there)


def _before_the_series(evidence: Evidence, question: Question) -> bool:
    """Return whether second doses are there of children who were due the first before the series."""
    early = set(evidence.periods[: question.step.lag])
    doses = evidence.doses[evidence.doses["indicator"] == f"{question.second}_doses"]
    told = evidence.surveys[evidence.surveys["indicator"] == question.second]
    return question.dtp3 and bool(doses["period"].isin(early).any() or told["start"].isin(early).any())
