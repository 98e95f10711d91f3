"""Do two ways of counting put the districts in the same order?

Kendall's tau-b (Kendall 1945, with ties) and the share of districts that both name among their first k.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]


def kendall(first: Numbers, second: Numbers) -> float:
    """Return Kendall's tau-b of two lists of equal length; NaN where one of them is all ties."""
    one = np.sign(np.subtract.outer(first, first))
    other = np.sign(np.subtract.outer(second, second))
    above = np.triu_indices(len(first), 1)
    a, b = one[above], other[above]
    untied = np.sqrt(float((a != 0).sum()) * float((b != 0).sum()))
    return float((a * b).sum()) / untied if untied else float("nan")


def overlap(first: pd.Series[float], second: pd.Series[float], most: int) -> float:
    """Return the share of the `most` largest of one series that are among those of the other.

    Both have place codes as index; ties are settled by the code, so that the answer is always the same.
    """
    tops = [
        set(series.rename("v").rename_axis("p").reset_index().sort_values(["v", "p"], ascending=[False, True])["p"].head(most))
        for series in (first, second)
    ]  # fmt: skip
    return len(tops[0] & tops[1]) / most
