"""Who was drawn together with whom, from which stratum, with which weight?

Checks the design columns once and turns them into numbers; what is estimated with them belongs to the
neighbouring files. A cluster is a primary sampling unit: its label counts within its stratum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from kalanso.surveys.estimation.calibration import Calibration, calibration

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class DesignRefused(ValueError):
    """Design columns from which no standard error can be computed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """A sample of n children in clusters of strata, as drawn with replacement.

    `cluster` (n) numbers the cluster of each child from 0, `weight` (n) is the design weight,
    `stratum_of_cluster` (clusters) numbers the stratum, `strata` are their labels. `calibration` says how the weights were raked, where
    they were.
    """

    cluster: Whole
    weight: Numbers
    stratum_of_cluster: Whole
    strata: tuple[str, ...]
    calibration: Calibration | None = None

    @property
    def children(self) -> int:
        """The number of rows."""
        return len(self.cluster)

    @property
    def clusters(self) -> int:
        """The number of clusters."""
        return len(self.stratum_of_cluster)

    @cached_property
    def margins(self) -> Numbers:
        """How much weight raked children have by category of each margin in each cluster (clusters x columns); none where none were raked."""
        told = self.calibration
        if told is None:
            return np.zeros((self.clusters, 0))
        return self.sums(self.weight[:, None] * told.margins, told.known)

    @property
    def clusters_per_stratum(self) -> Whole:
        """How many clusters each stratum has."""
        return np.bincount(self.stratum_of_cluster, minlength=len(self.strata)).astype(np.int64)

    @property
    def lonely_strata(self) -> tuple[str, ...]:
        """The strata with a single cluster, whose spread nobody can see."""
        return tuple(np.asarray(self.strata, dtype=object)[self.clusters_per_stratum == 1])

    def sums(self, values: Numbers, members: Mask) -> Numbers:
        """Return the sums of values (n x columns) per cluster (clusters x columns) over the members."""
        rows = np.flatnonzero(members)
        ones = np.ones(len(rows))
        adding = sparse.csr_matrix(
            (ones, (self.cluster[rows], np.arange(len(rows)))), shape=(self.clusters, len(rows))
        )
        return np.asarray(adding @ values[rows])


def design(
    frame: pd.DataFrame, *, weight: str = "weight", stratum: str = "stratum", cluster: str = "cluster"
) -> Design:
    """Return the design of a table with one row per child.

    Weights that were raked (columns `raking`, `raked_on`) are taken as such: errors then rest on what margins do not explain.
    Clusters of one label in two strata are two clusters. Raises DesignRefused where a column is missing,
    a weight is missing or not positive, or a stratum or cluster is empty; the message names the row.
    """
    for name in (weight, stratum, cluster):
        if name not in frame.columns:
            raise DesignRefused(
                f"expected a column {name!r}, got {', '.join(map(str, frame.columns))}; name the column that holds it"
            )
    if frame.empty:
        raise DesignRefused("expected at least one child, got an empty table")
    weights = pd.to_numeric(frame[weight], errors="coerce").to_numpy(dtype=float)
    _first_fault(~(np.isfinite(weights) & (weights > 0)), frame[weight], "a weight above 0")
    for name in (stratum, cluster):
        _first_fault(frame[name].isna().to_numpy(dtype=bool), frame[name], f"a {name}")
    drawn = pd.MultiIndex.from_arrays([frame[stratum].astype(str), frame[cluster].astype(str)])
    numbers, labels = pd.factorize(drawn, sort=True)
    own, strata = pd.factorize(pd.Index([label[0] for label in labels]), sort=True)
    return Design(
        cluster=np.asarray(numbers, dtype=np.int64),
        weight=weights,
        stratum_of_cluster=np.asarray(own, dtype=np.int64),
        strata=tuple(map(str, strata)),
        calibration=calibration(frame, weights),
    )


def _first_fault(wrong: Mask, column: pd.Series, expected: str) -> None:
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise DesignRefused(
            f"row {at + 1}, {column.name}: expected {expected}, got {column.iloc[at]!r} ({int(wrong.sum())} such rows); "
            "clean the children first, which sets such rows aside and counts them"
        )
