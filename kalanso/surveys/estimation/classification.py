"""Is coverage at least what was aimed at, as far as this sample can tell?

By the one-sided bounds of the estimate (the idea of annex N of the WHO coverage survey manual, 2018).
Decision rules of lot quality samples belong to the files on lots.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

AT_LEAST, BELOW, OPEN, UNKNOWN = "very_likely_at_least", "very_likely_below", "indeterminate", "unknown"
CLASSES = (AT_LEAST, BELOW, OPEN, UNKNOWN)


def classify(lower_bound: pd.Series, upper_bound: pd.Series, threshold: float) -> pd.Series:
    """Return one of CLASSES per row, from one-sided bounds and a threshold, all shares from 0 to 1."""
    if not 0 < threshold < 1:
        raise ValueError(f"threshold: expected a share between 0 and 1, got {threshold}; is it in percent?")
    low, high = lower_bound.to_numpy(dtype=float), upper_bound.to_numpy(dtype=float)
    said = np.select([low >= threshold, high < threshold], [AT_LEAST, BELOW], OPEN)
    return pd.Series(np.where(np.isnan(low) | np.isnan(high), UNKNOWN, said), index=lower_bound.index)
