"""What does every method say of the same place over the newest four quarters?

The estimate beside the methods in use, each added up over the quarters and over the areas of larger
places from its own children and doses, never as an average of shares. Comparing them with a known truth
belongs to `comparison`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from kalanso.coverage.aggregates import area_draws, indicators_of, place_tree
from kalanso.coverage.baselines.administrative import administrative_counts
from kalanso.coverage.baselines.countdown import countdown_counts
from kalanso.coverage.baselines.national import who_unicef_counts
from kalanso.coverage.baselines.rows import NoBaseline, Numbers
from kalanso.coverage.baselines.surveys_only import surveys_only_draws
from kalanso.coverage.evidence import Evidence
from kalanso.coverage.pocket_words import latest_window
from kalanso.coverage.summaries import interval

if TYPE_CHECKING:
    from kalanso.coverage.posterior import Posterior

COLUMNS = (
    "place_code", "period", "indicator", "method", "coverage_mean", "coverage_q025", "coverage_q975",
    "surviving_infants_mean", "missed_children_mean", "place_level",
)  # fmt: skip
Counts = Callable[[Evidence], tuple[dict[str, Numbers], Numbers]]
# Methods that give single numbers: doses by indicator and children due, by area and quarter.
POINT_METHODS: Mapping[str, Counts] = {
    "administrative": administrative_counts,
    "countdown": countdown_counts,
    "who_unicef": who_unicef_counts,
}


def method_comparison(posterior: Posterior, evidence: Evidence, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per place, indicator and method for the newest four quarters, with COLUMNS.

    A series of fewer than four quarters gives its newest one. A method that cannot say anything of this
    evidence, or of a place, has no row. A place above areas adds up the doses that a method knows over
    the targets of all its areas, so that missing reports lower administrative coverage, as they do in
    practice.
    """
    _, period, window = latest_window(posterior.periods)
    codes = [posterior.periods[at] for at in window]
    wanted = indicators_of(posterior)
    tables = [_of_draws(posterior, evidence, window, "joint", wanted)]
    quarters = [evidence.period_index[code] for code in codes]
    for name, counts in POINT_METHODS.items():
        try:
            vaccinated, due = counts(evidence)
        except NoBaseline:
            continue
        tables += _of_points(evidence, {one: vaccinated[one] for one in wanted}, due, quarters, name)
    try:
        with threadpool_limits(1):  # many small factorisations: a second thread would wait for the first
            drawn = surveys_only_draws(evidence, rng, quarters=quarters)
    except NoBaseline:
        pass
    else:
        both = [name for name in wanted if name in indicators_of(drawn)]
        tables.append(_of_draws(drawn, evidence, range(len(quarters)), "surveys_only", both))
    return pd.concat(tables, ignore_index=True).assign(period=period)[list(COLUMNS)]


def _of_draws(
    draws: Any, evidence: Evidence, quarters: Sequence[int], method: str, indicators: Sequence[str]
) -> pd.DataFrame:
    tree = place_tree(draws, evidence)
    found = []
    for indicator in indicators:
        surviving, vaccinated = (tree.add_up(counts) for counts in area_draws(draws, indicator, quarters))
        columns: dict[str, object] = {
            "place_code": tree.codes, "indicator": indicator, "method": method,
            **interval("coverage", vaccinated / surviving), "surviving_infants_mean": surviving.mean(axis=1),
            "missed_children_mean": (surviving - vaccinated).mean(axis=1), "place_level": tree.levels,
        }  # fmt: skip
        found.append(pd.DataFrame(columns))
    return pd.concat(found, ignore_index=True)


def _of_points(
    evidence: Evidence, vaccinated: Mapping[str, Numbers], due: Numbers, quarters: list[int], method: str
) -> Iterator[pd.DataFrame]:
    membership = evidence.membership
    codes = np.array(evidence.aggregates, dtype=object)
    levels = np.array([evidence.level_of(code) for code in evidence.aggregates], dtype=object)
    targets = membership @ np.nan_to_num(due[:, quarters]).sum(axis=1)
    for indicator, counts in vaccinated.items():
        known = np.isfinite(counts[:, quarters]) & np.isfinite(due[:, quarters])
        doses = membership @ np.where(known, counts[:, quarters], 0.0).sum(axis=1)
        seen = (membership @ known.sum(axis=1).astype(float) > 0) & (targets > 0)
        columns: dict[str, object] = {
            "place_code": codes[seen], "indicator": indicator, "method": method,
            "coverage_mean": doses[seen] / targets[seen], "coverage_q025": np.nan, "coverage_q975": np.nan,
            "surviving_infants_mean": targets[seen], "missed_children_mean": (targets - doses)[seen],
            "place_level": levels[seen],
        }  # fmt: skip
        yield pd.DataFrame(columns)
