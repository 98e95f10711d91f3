"""What does each method say of the same place, and which comes nearer to a known truth?

Tables of one form from all methods, side by side by place for readers, and against the truth for
proofs, always on the cases that both of two methods have.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.scoring import (
    area_groups,
    crps_of_quantiles,
    pocket_count,
    pocket_recall,
    true_quantities,
)
from kalanso.simulation.evidence_truth import EvidenceTruth

Numbers = npt.NDArray[np.float64]

COMPARED = (
    "coverage_mean",
    "coverage_q025",
    "coverage_q975",
    "surviving_infants_mean",
    "missed_children_mean",
)
KEYS = ("place_code", "place_level", "period", "indicator")
SHARE_LEVELS = {0.025: "q025", 0.25: "q250", 0.5: "q500", 0.75: "q750", 0.975: "q975"}
# The median of counts is not published; their mean stands in its place.
COUNT_LEVELS = {0.025: "q025", 0.5: "mean", 0.975: "q975"}
ACCURACY_COLUMNS = (
    "method", "quantity", "group", "squares", "crps", "reference_squares", "reference_crps", "cases",
)  # fmt: skip


def comparison(estimates: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per place, period, indicator and method, in the order of the methods.

    Columns: place_code, place_level, period, indicator, method, then mean and interval of coverage,
    children due and children missed; empty where a method claims no uncertainty, and no row where it has
    no number.
    """
    order = {name: at for at, name in enumerate(estimates)}
    rows = [table[[*KEYS, *COMPARED]].assign(method=name) for name, table in estimates.items() if len(table)]
    columns = [*KEYS, "method", *COMPARED]
    if not rows:
        return pd.DataFrame(columns=columns)
    found = pd.concat(rows, ignore_index=True)[columns]
    return found.sort_values(
        [*KEYS, "method"], key=lambda column: column.map(order) if column.name == "method" else column
    ).reset_index(drop=True)


def accuracy(estimates: Mapping[str, pd.DataFrame], truth: EvidenceTruth, reference: str) -> pd.DataFrame:
    """Return errors of every method beside those of the `reference` on the same areas and quarters.

    ACCURACY_COLUMNS: sums of squared errors and of CRPS over `cases`, so that countries can be added up:
    the ratio of root mean squares is sqrt(reference_squares / squares). CRPS comes from published
    quantiles for all alike; a method without uncertainty is scored as a single number. Quantities are
    dtp1, dtp3, missed_dtp1 and missed_dtp3; groups as in `scoring.area_groups`. Pocket recall stands under
    the quantity `pockets`: `crps` then holds the recall. Raises ValueError for an unknown reference.
    """
    if reference not in estimates:
        raise ValueError(f"reference: expected one of {', '.join(estimates)}, got {reference!r}")
    cells = {name: _cells(table, truth) for name, table in estimates.items()}
    groups = area_groups(truth)
    rows: list[tuple[str, str, str, float, float, float, float, int]] = []
    for name, own in cells.items():
        for quantity in ("dtp1", "dtp3", "missed_dtp1", "missed_dtp3"):
            error, score = own[quantity]
            best_error, best_score = cells[reference][quantity]
            both = np.isfinite(error) & np.isfinite(best_error)
            for group, inside in groups.items():
                kept = both & inside[:, None]
                rows.append(
                    (
                        name, quantity, group, float((error[kept] ** 2).sum()), float(score[kept].sum()),
                        float((best_error[kept] ** 2).sum()), float(best_score[kept].sum()), int(kept.sum()),
                    )
                )  # fmt: skip
        recalls = [_pockets(estimates[one], truth) for one in (name, reference)]
        rows.append((name, "pockets", "all", np.nan, recalls[0], np.nan, recalls[1], 1))
    return pd.DataFrame(rows, columns=list(ACCURACY_COLUMNS))


def _matrix(table: pd.DataFrame, column: str, truth: EvidenceTruth) -> Numbers:
    wide = table.pivot(index="place_code", columns="period", values=column)
    return wide.reindex(index=list(truth.areas), columns=list(truth.periods)).to_numpy(dtype=float)


def _cells(table: pd.DataFrame, truth: EvidenceTruth) -> dict[str, tuple[Numbers, Numbers]]:
    """Return error and CRPS (N, T) of each quantity; NaN where the method has no number."""
    true = true_quantities(truth)
    found = {}
    for indicator in ("dtp1", "dtp3"):
        own = table[(table["indicator"] == indicator) & table["place_code"].isin(truth.areas)]
        for prefix, quantity, levels in (
            ("coverage", indicator, SHARE_LEVELS),
            ("missed_children", f"missed_{indicator}", COUNT_LEVELS),
        ):
            mean = _matrix(own, f"{prefix}_mean", truth)
            parts = np.stack([_matrix(own, f"{prefix}_{one}", truth) for one in levels.values()], axis=-1)
            score = crps_of_quantiles(list(levels), parts, true[quantity])
            error = mean - true[quantity]
            found[quantity] = (error, np.where(np.isnan(score), np.abs(error), score))
    return found


def _pockets(table: pd.DataFrame, truth: EvidenceTruth) -> float:
    own = table[(table["indicator"] == "dtp1") & table["place_code"].isin(truth.areas)]
    missed = _matrix(own, "missed_children_mean", truth)
    known = np.isfinite(missed)
    # An area with gaps is judged by its mean quarter.
    mean = np.where(known.any(axis=1), np.nansum(missed, axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)
    true = (truth.surviving_infants * (1 - truth.dtp1_coverage)).sum(axis=1)
    return pocket_recall(mean, true, pocket_count(len(true)))
