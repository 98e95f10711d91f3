"""Which strata and groups of children differ, and do caregivers of unvaccinated children answer otherwise?

Every pair within a kind is compared (COVG_DIFF_01 and 02), so p values are corrected for their number after Holm (1979, Scandinavian Journal of
Statistics 6:65-70): otherwise one pair in twenty differs by chance. Answers by vaccination status are tested after Rao and Scott.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.surveys.comparisons import COMPARISON_COLUMNS, compare
from kalanso.surveys.drivers import ITEMS, UNANSWERED
from kalanso.surveys.estimates import ALL, SUPPRESSED_BELOW, estimate, vaccination_status
from kalanso.surveys.estimation import DesignRefused, TestRefused, design, independence
from kalanso.surveys.measures import behaviour
from kalanso.surveys.record import Record

CONTRAST_COLUMNS = (*COMPARISON_COLUMNS, "adjusted_p")
STATUSES = ("zero_dose", "dropout", "dtp3")
DRIVER_COLUMNS = (
    "cohort", "item", "status", "estimate", "low", "high", "children", "shown", "f", "numerator_freedom",
    "denominator_freedom", "p_value",
)  # fmt: skip


def contrasts(
    record: Record, estimates: pd.DataFrame, indicator: str, detail: str, kinds: Sequence[str]
) -> pd.DataFrame:
    """Return CONTRAST_COLUMNS: second minus first for every pair of values of each kind, by cohort.

    `kinds` are `stratum` and groups by which `estimates` (of the same record) were made: a value whose share is not shown there for want of
    children is compared with none.
    """
    shown = _shown(estimates, indicator, detail)
    parts = []
    for kind in kinds:
        values = sorted({value for _, own, value in shown if own == kind})
        parts += [
            compare(record, indicator, detail, kind, first, second)
            for first, second in combinations(values, 2)
        ]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COMPARISON_COLUMNS))
    both = [
        {(cohort, kind, first), (cohort, kind, second)} <= shown
        for cohort, kind, first, second in rows[["cohort", "kind", "first", "second"]].itertuples(index=False)
    ]
    rows = rows[pd.Series(both, index=rows.index, dtype=bool)].reset_index(drop=True)
    adjusted = np.full(len(rows), np.nan)
    for places in rows.groupby(["cohort", "kind"]).indices.values():
        adjusted[places] = holm(rows["p_value"].to_numpy(dtype=float)[places])
    return rows.assign(adjusted_p=adjusted)[list(CONTRAST_COLUMNS)]


def _shown(estimates: pd.DataFrame, indicator: str, detail: str) -> set[tuple[str, str, str]]:
    """Return cohort, kind and value of the rows whose share is shown."""
    own = estimates[
        (estimates["indicator"] == indicator) & (estimates["detail"] == detail) & estimates["status"].isin(["shown", "bracketed"])
    ]  # fmt: skip
    found = set()
    for row in own[["cohort", "stratum", "domain_kind", "domain"]].itertuples(index=False):
        if row.domain_kind != ALL:
            found.add((str(row.cohort), str(row.domain_kind), str(row.domain)))
        elif row.stratum != ALL:
            found.add((str(row.cohort), "stratum", str(row.stratum)))
    return found


def holm(p_values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return p values corrected for their number, one step down after the other; unknown ones stay unknown and do not count."""
    found = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def drivers_by_vaccination(record: Record) -> pd.DataFrame:
    """Return DRIVER_COLUMNS: the positive answers to each question by vaccination status, with one test per question and cohort.

    The test (Rao-Scott, F form) is of whether the share of positive answers depends on the status; it is empty where fewer than two
    statuses have 25 children who answered, or all answer alike. `shown` is the status of the row as in SURVEY_ESTIMATES.
    """
    if record.answers.empty or not {"dtp1", "dtp3"} <= set(record.doses):
        return pd.DataFrame(columns=list(DRIVER_COLUMNS))
    rows = estimate(record, groups=("vaccination",), measures=(behaviour,))
    rows = rows[(rows["indicator"] == "besd_positive") & (rows["domain_kind"] == "vaccination")]
    rows = rows.rename(columns={"detail": "item", "domain": "status", "status": "shown"})
    status = vaccination_status(record)
    tested = []
    for (cohort, item), own in rows.groupby(["cohort", "item"], sort=False):
        enough = set(own.loc[own["children"] >= SUPPRESSED_BELOW, "status"])
        tested.append(
            (cohort, item, *_tested(record, str(cohort), str(item), status.where(status.isin(enough))))
        )
    tests = pd.DataFrame(tested, columns=["cohort", "item", *DRIVER_COLUMNS[-4:]])
    order = {one.key: at for at, one in enumerate(ITEMS)}
    found = rows.merge(tests, on=["cohort", "item"], how="left")
    found = found.assign(
        a=found["item"].map(order), b=found["status"].map(dict(zip(STATUSES, range(3), strict=True)))
    )
    return found.sort_values(["cohort", "a", "b"], ignore_index=True)[list(DRIVER_COLUMNS)]


def _tested(record: Record, cohort: str, item: str, status: pd.Series) -> tuple[float, float, float, float]:
    asked = next(one for one in ITEMS if one.key == item)
    answer = record.answers[item].astype("string").str.strip()
    known = answer.isin(asked.codes) & ~answer.isin(UNANSWERED)
    positive = answer.isin(asked.positive).astype(float).where(known.fillna(False).astype(bool))
    own = record.children["cohort"].eq(cohort).to_numpy(dtype=bool)
    try:
        found = independence(design(record.children), positive, status, own)
    except (TestRefused, DesignRefused):
        return (np.nan,) * 4
    return found.f, found.numerator_freedom, found.denominator_freedom, found.p_value


__all__ = [
    "ALL",
    "CONTRAST_COLUMNS",
    "DRIVER_COLUMNS",
    "STATUSES",
    "contrasts",
    "drivers_by_vaccination",
    "holm",
]
