"""What does one metric of one place look like, and what of it counts for the country?

Every file of a domain builds its rows here, so that numerator, denominator, reference and the range
that is accepted always stand beside the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from kalanso.quality.tables import FLAGS

GOOD, POOR, DIVERGENT, NOT_JUDGED = FLAGS
COLUMNS = (
    "metric", "source", "place_code", "year", "indicator", "detail", "numerator", "denominator", "value",
    "expected", "lower", "upper", "flag", "units", "units_flagged",
)  # fmt: skip
GROUP = ["metric", "source", "year", "indicator", "detail"]


def rows(frame: pd.DataFrame, *, metric: str, levels: Mapping[str, str], **given: Any) -> pd.DataFrame:
    """Return rows of COLUMNS out of a frame with source, place_code, year, and what `given` adds.

    `flag` must stand in either. Counts of units stand on the row of the country: units judged, and of
    these those that are poor or divergent.
    """
    made = frame.assign(metric=metric, **given)
    for name in COLUMNS:
        if name not in made:
            made[name] = "" if name in {"indicator", "detail"} else None
    for name in ("numerator", "denominator", "value", "expected", "lower", "upper"):
        made[name] = pd.to_numeric(made[name]).astype(float)
    return with_units(made[list(COLUMNS)], levels)


def with_units(made: pd.DataFrame, levels: Mapping[str, str]) -> pd.DataFrame:
    """Fill `units` and `units_flagged` on the rows of the country."""
    national = made["place_code"].map(levels) == "country"
    own = made[~national & (made["flag"] != NOT_JUDGED)]
    counts = own.assign(bad=own["flag"].isin([POOR, DIVERGENT])).groupby(GROUP)["bad"].agg(["size", "sum"])
    keys = pd.MultiIndex.from_frame(made[GROUP])
    found = counts.reindex(keys).fillna(0).to_numpy()
    made["units"] = pd.array(found[:, 0], dtype="Int64")
    made["units_flagged"] = pd.array(found[:, 1], dtype="Int64")
    made.loc[~national, ["units", "units_flagged"]] = pd.NA
    return made


def below(value: pd.Series, limit: float) -> pd.Series:
    """Return `poor` where a share is below its limit, `good` where not, `not_judged` where empty."""
    return judged(value, value < limit, POOR)


def outside(value: pd.Series, lower: Any, upper: Any) -> pd.Series:
    """Return `divergent` where a ratio stands outside its range."""
    bad = (value < lower) | (value > upper)
    known = value.notna() & pd.Series(pd.notna(lower), index=value.index) & pd.notna(upper)
    return judged(value.where(known), bad, DIVERGENT)


def judged(value: pd.Series, bad: pd.Series, word: str) -> pd.Series:
    """Return the flag of each value: a value that is not there is not judged."""
    flag = pd.Series(GOOD, index=value.index, dtype=object)
    return flag.mask(bad.fillna(False).astype(bool), word).mask(value.isna(), NOT_JUDGED)


def against_country(
    frame: pd.DataFrame, levels: Mapping[str, str], by: Sequence[str], band: float
) -> pd.DataFrame:
    """Add expected, lower, upper: the country's value and the range around it; 1 for the country itself."""
    national = frame["place_code"].map(levels) == "country"
    reference = frame[national].set_index(list(by))["value"]
    found = reference.reindex(pd.MultiIndex.from_frame(frame[list(by)])).to_numpy()
    expected = pd.Series(found, index=frame.index).mask(national, 1.0)
    return frame.assign(expected=expected, lower=expected * (1 - band), upper=expected * (1 + band))


def divided(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Return a ratio, empty where there is nothing to divide by."""
    return numerator.astype(float) / denominator.astype(float).where(denominator != 0)


def together(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several metrics as one table."""
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(COLUMNS))
