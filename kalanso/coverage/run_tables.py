"""Which tables does one run of the estimate have?

Calls the summaries, one per table, in the order of `tables.RUN_TABLES`, and holds each against its
declaration. Draws are too many to stand in memory twice; `writing` streams them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from kalanso.coverage import tables
from kalanso.coverage.aggregates import ROLLING, YEAR, windows
from kalanso.coverage.baselines.side_by_side import method_comparison
from kalanso.coverage.declared import declared
from kalanso.coverage.exploratory import local_clusters
from kalanso.coverage.place_evidence import place_evidence
from kalanso.coverage.pocket_words import pocket_tables
from kalanso.coverage.question import Question
from kalanso.coverage.ranks import burden, changes, probability_below
from kalanso.coverage.run_guards import guard_rows
from kalanso.coverage.steps import DEFAULT
from kalanso.coverage.summaries import coverage_estimates, dropout_children
from kalanso.definitions import Pack

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior


def run_tables(
    posterior: Posterior,
    evidence: Evidence,
    question: Question,
    rng: np.random.Generator,
    *,
    records: pd.DataFrame | None = None,
    pack: Pack | None = None,
    provisional: tuple[str, ...] = (),
    progress: Callable[[str, float], None] = lambda _name, _share: None,
) -> dict[str, pa.Table]:
    """Return every table of a run but the draws, by name, with the columns of its files.

    `records` are what supports a pocket's cause (see `pocket_words`); `pack` holds the thresholds of
    the RED/REC categories. Raises ValueError where a
    table breaks its declaration: no file may hold an empty or impossible number.
    """
    found: dict[str, pd.DataFrame] = {}

    def put(name: str, rows: pd.DataFrame) -> None:
        found[name] = rows
        progress(name, len(found) / len(tables.RUN_TABLES))

    put("coverage_estimates", coverage_estimates(posterior, evidence))
    put("coverage_estimates_yearly", _yearly(posterior, evidence))
    put("dropout_children", dropout_children(posterior, evidence))
    put("coverage_thresholds", probability_below(posterior, evidence, question.thresholds))
    put("burden", burden(posterior, evidence))
    pockets, members = pocket_tables(posterior, evidence, question.thresholds, records=records)
    put("pockets", pockets)
    put("pocket_areas", members)
    put("coverage_changes", _changes(posterior, evidence, provisional))
    put("local_clusters", local_clusters(posterior, evidence, rng))
    # chance of its own: other tables keep their numbers
    compared = method_comparison if posterior.indicators == DEFAULT else _nothing
    put("method_comparison", compared(posterior, evidence, np.random.default_rng([question.seed, 2])))
    put("place_evidence", place_evidence(evidence, posterior.indicators))
    for name, rows in guard_rows(posterior, evidence, rng, pack=pack).items():
        put(name, rows)
    specs = {spec.name: spec for spec in tables.RUN_TABLES}
    return {name: declared(rows, specs[name]) for name, rows in found.items()}


def _nothing(*_: object) -> pd.DataFrame:
    """Other methods speak of DTP1 and DTP3; of other doses there is nothing to compare."""
    return pd.DataFrame()


def _yearly(posterior: Posterior, evidence: Evidence) -> pd.DataFrame:
    spans = [coverage_estimates(posterior, evidence, span).assign(span=span) for span in (YEAR, ROLLING)]
    filled = [rows for rows in spans if len(rows)]
    return pd.concat(filled, ignore_index=True) if filled else spans[0]


def _changes(posterior: Posterior, evidence: Evidence, provisional: tuple[str, ...]) -> pd.DataFrame:
    """Compare the newest four quarters with the four before; shorter series change nothing yet."""
    rolling = [code for code, _ in windows(posterior.periods, ROLLING)]
    if len(rolling) < 5:
        return pd.DataFrame()
    return changes(posterior, evidence, before=rolling[-5], after=rolling[-1], provisional=provisional)
