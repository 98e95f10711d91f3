"""Do two strata, or two groups of children, differ in an indicator by more than chance?

VCQI's COVG_DIFF_01 and 02: both shares, their difference with its interval, and the p value of the Rao-Scott test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from kalanso.surveys.estimation import TestRefused, design, difference, independence
from kalanso.surveys.measures import Measure, find_measure
from kalanso.surveys.record import Record, RecordRefused

COMPARISON_COLUMNS = (
    "indicator", "vcqi", "detail", "cohort", "kind", "first", "second", "first_share", "second_share", "difference",
    "standard_error", "low", "high", "degrees_of_freedom", "p_value", "first_children", "second_children",
)  # fmt: skip


def compare(
    record: Record, indicator: str, detail: str, kind: str, first: str, second: str, *, level: float = 0.95
) -> pd.DataFrame:
    """Return second minus first by cohort, in COMPARISON_COLUMNS.

    `kind` is a column of the children: `stratum` (COVG_DIFF_01), or a group such as `sex` (02). Both are judged in one
    design, with what they share. `p_value` is Rao-Scott's, missing where all children answer alike. Raises RecordRefused
    for measures that bear no weights, and values that nobody has.
    """
    measure = find_measure(record, indicator, detail)
    if not measure.weighted:
        raise RecordRefused(
            f"{indicator}: expected an indicator that bears weights; its base is a part of the sample"
        )
    if kind not in record.children.columns:
        raise RecordRefused(f"kind: expected a column of the children, such as stratum or sex, got {kind!r}")
    values = record.children[kind].astype("string").fillna("")
    if missing := [value for value in (first, second) if not values.eq(value).any()]:
        raise RecordRefused(
            f"{kind}: expected values among {', '.join(sorted(set(values) - {''}))}, got {', '.join(missing)}"
        )
    rows = list(_rows(record, measure, kind, values, first, second, level))
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))


def _rows(
    record: Record, measure: Measure, kind: str, values: pd.Series, first: str, second: str, level: float
) -> Iterator[dict[str, Any]]:
    sample = design(record.children)
    answers = pd.DataFrame({"found": np.where(measure.asked > 0, measure.found, np.nan)})
    for cohort in record.asked.cohorts:
        own = record.children["cohort"].eq(cohort.name).to_numpy(dtype=bool) & (measure.asked > 0)
        one, two = (own & values.eq(value).to_numpy(dtype=bool) for value in (first, second))
        if not one.any() or not two.any():
            continue
        found = difference(sample, answers, one, two, level=level).iloc[0]
        try:
            p_value = independence(sample, answers["found"], values, one | two).p_value
        except TestRefused:
            p_value = np.nan
        yield {
            "indicator": measure.name, "vcqi": measure.vcqi, "detail": measure.detail, "cohort": cohort.name,
            "kind": kind, "first": first, "second": second, "first_share": found["first"],
            "second_share": found["second"], "difference": found["difference"],
            "standard_error": found["standard_error"], "low": found["low"], "high": found["high"],
            "degrees_of_freedom": found["degrees_of_freedom"], "p_value": p_value,
            "first_children": int(one.sum()), "second_children": int(two.sum()),
        }  # fmt: skip
