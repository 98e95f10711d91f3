"""Who are the children of a survey, counted and weighed, and what did their weights do to them?

VCQI's DESC_02 for what is known of every child, so that readers see whom the shares speak of. Shares with intervals belong to `estimates`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kalanso.surveys.record import Record

ALL, MISSING = "all", ""
COMPOSITION_COLUMNS = ("cohort", "kind", "value", "children", "share", "weighted_children", "weighted_share")
WEIGHT_COLUMNS = (
    "cohort", "stratum", "clusters", "children", "lowest", "middle", "highest", "total", "unequal",
)  # fmt: skip


def composition(record: Record, kinds: Sequence[str]) -> pd.DataFrame:
    """Return COMPOSITION_COLUMNS: for each cohort and each of `kinds` (columns of the children) a row per value, those of nobody last.

    Children without a value have the value "" and count: the shares of a kind add up to 1, counted and weighed alike.
    """
    people = record.children
    weight = people["weight"].astype(float)
    rows = []
    for cohort in record.asked.cohorts:
        own = people["cohort"].eq(cohort.name)
        for kind in kinds:
            values = people.loc[own, kind].astype("string").fillna(MISSING)
            counts, sums = values.value_counts(), weight[own].groupby(values).sum()
            for value in [*sorted(set(counts.index) - {MISSING}), *({MISSING} & set(counts.index))]:
                rows.append(
                    (
                        cohort.name, kind, value, int(counts[value]), counts[value] / own.sum(), sums[value],
                        sums[value] / weight[own].sum(),
                    )
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COMPOSITION_COLUMNS))


def weights_told(record: Record) -> pd.DataFrame:
    """Return WEIGHT_COLUMNS for each cohort and stratum, and for the cohort as a whole (`all`, first).

    `unequal` is 1 + CV² of the weights (Kish 1965): by how much unequal weights alone make variances larger.
    """
    people = record.children.assign(stratum=record.children["stratum"].astype(str))
    rows = []
    for cohort in record.asked.cohorts:
        own = people[people["cohort"] == cohort.name]
        parts = [(ALL, own), *((str(name), part) for name, part in own.groupby("stratum", sort=True))]
        for stratum, part in parts:
            if part.empty:
                continue
            weight = part["weight"].to_numpy(dtype=float)
            rows.append(
                (
                    cohort.name, stratum, part.groupby(["stratum", "cluster"]).ngroups, len(part), weight.min(),
                    float(np.median(weight)), weight.max(), weight.sum(), len(weight) * (weight**2).sum() / weight.sum() ** 2,
                )
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(WEIGHT_COLUMNS))
