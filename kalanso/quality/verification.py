"""How far do reports agree with the registers when doses are counted again?

Verification factors of a data quality self-assessment (WHO, The immunization data quality self-assessment (DQS)
tool, WHO/IVB/05.04, 2005; WHO, Data quality review, module 3, "Data verification and system assessment", 2017; O.
Ronveaux et al., 2005, Bull. World Health Organ. 83:503): doses found in the source document over doses reported.
Below 1 more was reported than can be shown; 0.9 to 1.1 is taken as agreement.

Many facilities together: the ratio of sums, with the variance of a ratio estimator whose first-stage units
are clusters (districts), linearized (W. Cochran, 1977, Sampling Techniques, 3rd ed., sections 6.3 and 11.7), and
Student's t with clusters - 1 degrees of freedom on the logarithm of the ratio, since a factor is never negative.
One facility alone has a factor and no interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

# What is counted again, over what it was reported as: from the register to the system.
STEPS: Mapping[str, tuple[str, str]] = {
    "register_over_report": ("register", "monthly_report"),
    "tally_over_report": ("tally_sheet", "monthly_report"),
    "report_over_system": ("monthly_report", "in_system"),
    "register_over_system": ("register", "in_system"),
}
COLUMNS = (
    "step", "source", "place_code", "indicator", "facilities", "clusters", "counted", "reported", "factor", "low",
    "high", "verdict",
)  # fmt: skip
VERDICTS = ("over_reported", "agrees", "under_reported", "unsure", "not_judged")
AGREES = (0.9, 1.1)
LEAST_CLUSTERS = 2


def verification_factors(
    recounts: pd.DataFrame,
    above: Mapping[str, Sequence[str]],
    clusters: Mapping[str, str],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return factors in COLUMNS for each facility and each place above it, by step, source and indicator.

    `recounts` has the columns of RECOUNTS; `above` gives the places to which a facility's counts are added up,
    itself among them; `clusters` its first-stage unit (the district; facilities without one stand for
    themselves). Only months with both numbers count. `verdict` is `unsure` where the interval reaches over a
    limit of agreement, `not_judged` where nothing was reported or found.
    """
    parts = []
    for step, (counted, reported) in STEPS.items():
        both = recounts[recounts[counted].notna() & recounts[reported].notna()]
        if both.empty:
            continue
        sums = both.groupby(["source", "indicator", "place_code", "weight"], as_index=False)[
            [counted, reported]
        ].sum()
        sums = sums.rename(columns={counted: "counted", reported: "reported"})
        sums["cluster"] = [clusters.get(code, code) for code in sums["place_code"]]
        sums["group"] = [list(above.get(code, (code,))) for code in sums["place_code"]]
        spread = sums.explode("group")
        for (source, indicator, place), rows in spread.groupby(["source", "indicator", "group"], sort=True):
            parts.append(
                {"step": step, "source": source, "place_code": place, "indicator": indicator}
                | _factor(rows, level)
            )
    return pd.DataFrame(parts, columns=list(COLUMNS))


def _factor(rows: pd.DataFrame, level: float) -> dict[str, object]:
    weight = rows["weight"].to_numpy(dtype=float)
    x, y = (rows[name].to_numpy(dtype=float) for name in ("counted", "reported"))
    factor, low, high = ratio_interval(x, y, weight, rows["cluster"].tolist(), level=level)
    return {
        "facilities": int(rows["place_code"].nunique()), "clusters": int(rows["cluster"].nunique()),
        "counted": float(x.sum()), "reported": float(y.sum()), "factor": factor, "low": low, "high": high,
        "verdict": verdict(factor, low, high),
    }  # fmt: skip


def ratio_interval(
    counted: np.ndarray,
    reported: np.ndarray,
    weight: np.ndarray,
    cluster: Sequence[str],
    *,
    level: float = 0.95,
) -> tuple[float | None, float | None, float | None]:
    """Return the ratio of weighted sums and its interval, None where there is none.

    Clusters are taken as drawn with replacement, which is cautious where a large part of them was visited. With
    a single cluster its facilities take the clusters' place.
    """
    whole, found = float((weight * reported).sum()), float((weight * counted).sum())
    if whole <= 0 or found <= 0:
        return (found / whole if whole > 0 else None), None, None
    ratio = found / whole
    names = list(cluster) if len(set(cluster)) >= LEAST_CLUSTERS else [str(n) for n in range(len(counted))]
    kinds = sorted(set(names))
    if len(kinds) < LEAST_CLUSTERS:
        return ratio, None, None
    at = {name: number for number, name in enumerate(kinds)}
    residual = np.zeros(len(kinds))
    np.add.at(residual, [at[name] for name in names], weight * (counted - ratio * reported))
    n = len(kinds)
    variance = n / (n - 1) * float((residual**2).sum()) / whole**2
    width = float(stats.t.ppf(0.5 + level / 2, n - 1)) * math.sqrt(variance) / ratio
    return ratio, ratio * math.exp(-width), ratio * math.exp(width)


def verdict(factor: float | None, low: float | None, high: float | None) -> str:
    """Return what a factor says, sure only where its whole interval does."""
    if factor is None:
        return "not_judged"
    least, most = (low, high) if low is not None and high is not None else (factor, factor)
    if most < AGREES[0]:
        return "over_reported"
    if least > AGREES[1]:
        return "under_reported"
    return "agrees" if AGREES[0] <= least and most <= AGREES[1] else "unsure"
