"""What would the estimate be if what nobody measured were otherwise?

A grid of assumptions as data, and the estimate at each of its points: one preview each, started from the
run that it belongs to, to be read beside the point at which nothing was moved. Keeping points that are
done belongs to `kalanso.pipeline.assumptions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kalanso.coverage.aggregates import area_draws, indicators_of, place_tree
from kalanso.coverage.pocket_words import latest_window
from kalanso.coverage.priors import bounded, default_priors
from kalanso.coverage.question import Question, Recall
from kalanso.coverage.sanity import refuse_impossible
from kalanso.coverage.summaries import interval
from kalanso.vocabulary import Message

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

Estimate = Callable[["Evidence", Question, np.random.Generator], "Posterior"]
COLUMNS = (
    "assumption", "setting", "place_code", "period", "indicator",
    "coverage_mean", "coverage_q025", "coverage_q975",
    "missed_children_mean", "missed_children_q025", "missed_children_q975", "place_level",
)  # fmt: skip
SUREST = 0.995  # memory is never perfect: a certain share would leave no room for error


@dataclass(frozen=True, kw_only=True)
class Point:
    """One assumption (see MOVES) moved by `setting` from what the run assumed."""

    assumption: str
    setting: float

    @property
    def name(self) -> str:
        """A name for files and progress, such as `anchor_bias+0.05`."""
        return f"{self.assumption}{self.setting:+g}"


def _nothing(question: Question, _: float) -> Question:
    return question


def _anchor_bias(question: Question, setting: float) -> Question:
    return question.with_(anchor_bias=question.anchor_bias + setting)


def _conflict_reporting(question: Question, setting: float) -> Question:
    return question.with_(conflict_reporting=question.conflict_reporting + setting)


def _recall(question: Question, setting: float) -> Question:
    """Shift the share of vaccinated children whose mothers say so, from what the run or the prior says."""
    usual = question.recall_error or Recall(
        sensitivity=_share("sensitivity"), specificity=1.0 - _share("false_yes")
    )
    sensitivity = min(usual.sensitivity + setting, SUREST)
    return question.with_(recall_error=Recall(sensitivity=sensitivity, specificity=usual.specificity))


def _share(name: str) -> float:
    return bounded("logit", default_priors()("surveys", name).value)[0]


def _cut(question: Question, _: float) -> Question:
    """Ask that doses move no level."""
    return question.with_(cut=True)


MOVES: dict[str, Callable[[Question, float], Question]] = {
    "none": _nothing,
    "anchor_bias": _anchor_bias,
    "conflict_reporting": _conflict_reporting,
    "recall": _recall,
    "cut": _cut,
}
# One line per assumption, one number per point; `none` stands first, since all are compared with it.
GRID: tuple[Point, ...] = tuple(
    Point(assumption=name, setting=setting)
    for name, settings in (
        ("none", (0.0,)),
        ("anchor_bias", (-0.10, -0.05, 0.05, 0.10)),  # log: the anchor counts a tenth too few ... too many
        ("conflict_reporting", (-0.2, -0.1, 0.1, 0.2)),  # log of net over-reporting in conflict areas
        ("recall", (-0.10, -0.05, 0.03)),  # share of vaccinated children whose mothers say so
        ("cut", (1.0,)),
    )
    for setting in settings
)


def silent(evidence: Evidence, point: Point) -> Message | None:
    """Return why a point would move nothing of this evidence, or None."""
    surveyed = len(evidence.surveys) or len(evidence.survey_areas) or len(evidence.lots)
    flagged = "conflict" in evidence.covariate_names and bool((evidence.covariates["conflict"] > 0).any())
    there = {"anchor_bias": len(evidence.denominators), "conflict_reporting": flagged, "recall": surveyed}
    if there.get(point.assumption, True):
        return None
    return Message(f"coverage.assumption_runs.nothing.{point.assumption}")


def moved(question: Question, point: Point) -> Question:
    """Return the question at a point, asked of a preview.

    Raises QuestionRefused where the setting leaves the question's range, and EstimateRefused where the
    engine knows no such posterior.
    """
    if point.assumption not in MOVES:
        raise ValueError(f"assumption: expected one of {', '.join(MOVES)}, got {point.assumption!r}")
    return MOVES[point.assumption](question, point.setting).with_(preview=True)


def run_point(
    evidence: Evidence, question: Question, point: Point, estimate: Estimate
) -> tuple[Posterior, pd.DataFrame]:
    """Return the posterior at a point, and its rows for the places above the areas (see `point_rows`).

    `estimate` is the engine, started from the run; every point has the question's seed, so that points
    differ by the assumption alone. Raises as the engine does, and EstimateRefused for impossible draws.
    """
    asked = moved(question, point)
    posterior = estimate(evidence, asked, np.random.default_rng(question.seed))
    refuse_impossible(posterior, evidence)
    return posterior, point_rows(posterior, evidence, point)


def point_rows(posterior: Posterior, evidence: Evidence, point: Point) -> pd.DataFrame:
    """Return rows with COLUMNS: the country, and every place between it and the areas.

    The newest four quarters are added up by children. A country of one area gives that area.
    """
    _, period, quarters = latest_window(posterior.periods)
    tree = place_tree(posterior, evidence)
    above = slice(tree.area_count if len(tree.codes) > tree.area_count else 0, None)
    found = []
    for indicator in indicators_of(posterior):
        surviving, vaccinated = (
            tree.add_up(counts)[above] for counts in area_draws(posterior, indicator, quarters)
        )
        columns: dict[str, object] = {
            "assumption": point.assumption, "setting": point.setting, "place_code": tree.codes[above],
            "period": period, "indicator": indicator, **interval("coverage", vaccinated / surviving),
            **interval("missed_children", surviving - vaccinated), "place_level": tree.levels[above],
        }  # fmt: skip
        found.append(pd.DataFrame(columns))
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]
