"""What do clusters that are placed in a larger place only say of it together?

A ratio of sums with an error from how clusters differ. Where clusters stand in strata whose shares of the
place's children are known, strata are weighted by these, since samples take towns more often than villages.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

DESIGN_EFFECT = 2.0  # of cluster samples, where a single cluster says nothing of it
NEAREST_TO_BOUND = 0.005  # a share of exactly 0 or 1 has no logit
_KEY = ["survey", "place_code", "start", "end", "indicator"]


def pooled_results(frame: pd.DataFrame, strata: pd.DataFrame) -> pd.DataFrame:
    """Return one result for each survey, place, span and dose (columns of `survey_areas`)."""
    shares = {
        str(place): dict(zip(rows["stratum"], rows["share"], strict=True))
        for place, rows in strata.groupby("place_code")
    }
    rows = []
    for values, group in frame.groupby(_KEY, sort=False):
        mine = shares.get(str(values[1]), {})
        names = set(group["stratum"]) if "stratum" in group else {""}
        if len(names) > 1 and names == {name for name, share in mine.items() if share > 0}:
            share, error = _weighted(group, mine)
        else:
            share, error = _ratio(group)
        first = group.iloc[0]
        share = float(np.clip(share, NEAREST_TO_BOUND, 1 - NEAREST_TO_BOUND))
        rows.append(
            dict(zip(_KEY, values, strict=True))
            | {"coverage": share, "standard_error": error, "kind": first.get("kind", "survey"),
               "bias_sd": first.get("bias_sd", np.nan)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _weighted(group: pd.DataFrame, shares: dict[str, float]) -> tuple[float, float]:
    """Return the mean of strata by their shares of children, and its error."""
    parts = [(shares[str(name)], *_ratio(rows)) for name, rows in group.groupby("stratum")]
    return (
        sum(weight * share for weight, share, _ in parts),
        float(np.sqrt(sum((weight * error) ** 2 for weight, _, error in parts))),
    )


def _ratio(group: pd.DataFrame) -> tuple[float, float]:
    """Return vaccinated to children, and its error: from how clusters differ, at least binomial error times
    the design effect of 2."""
    children, vaccinated = group["children"].to_numpy(float), group["vaccinated"].to_numpy(float)
    share = float(np.clip(vaccinated.sum() / children.sum(), NEAREST_TO_BOUND, 1 - NEAREST_TO_BOUND))
    simple = np.sqrt(DESIGN_EFFECT * share * (1 - share) / children.sum())
    count = len(group)
    off = vaccinated - share * children
    between = np.sqrt(count / max(count - 1, 1) * (off**2).sum()) / children.sum()
    return share, float(max(between, simple))
