"""How does a year compare with the years before it?

Shared by reports (1d) and by doses and services (2d): the value of the year over the mean of the
years before it, or over what a straight line through them foretells.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

TRENDS = ("constant", "forecast")


def ratio_to_before(
    frame: pd.DataFrame, *, by: Sequence[str], value: str, year: int, before: int, trend: str
) -> pd.DataFrame:
    """Return one row per key with the number of a year (numerator), what the years before let expect
    (denominator), and their ratio (value).

    `constant`: mean of the years there are among the `before` years. `forecast`: least squares line
    through them, each at its own distance in time, read at the year, and never below zero. One year
    alone foretells itself. Keys without the year, or without any year before it, have no row.
    """
    if trend not in TRENDS:
        raise ValueError(f"who trend: expected one of {', '.join(TRENDS)}, got {trend!r}")
    wide = frame.pivot_table(index=list(by), columns="year", values=value, aggfunc="sum", min_count=1)
    earlier = [y for y in range(year - before, year) if y in wide]
    if year not in wide or not earlier:
        return pd.DataFrame(columns=[*by, "year", "numerator", "denominator", "value"])
    history = wide[earlier].to_numpy(dtype=float)
    expected = _mean(history) if trend == "constant" else _line(history, earlier, year)
    found = pd.DataFrame({"numerator": wide[year].to_numpy(), "denominator": expected}, index=wide.index)
    found = found[found["numerator"].notna() & found["denominator"].notna()].reset_index()
    ratio = found["numerator"] / found["denominator"].where(found["denominator"] != 0)
    return found.assign(year=year, value=ratio)


def _mean(history: np.ndarray) -> np.ndarray:
    there = ~np.isnan(history)
    count = there.sum(axis=1)
    total = np.where(there, history, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _line(history: np.ndarray, years: Sequence[int], year: int) -> np.ndarray:
    there = ~np.isnan(history)
    count = there.sum(axis=1)
    at = np.where(there, np.asarray(years, dtype=float)[None, :], 0.0)
    y = np.where(there, history, 0.0)
    n = np.maximum(count, 1)
    mean_at, mean_y = at.sum(axis=1) / n, y.sum(axis=1) / n
    away = np.where(there, np.asarray(years, dtype=float)[None, :] - mean_at[:, None], 0.0)
    square = (away**2).sum(axis=1)
    slope = np.where(square > 0, (away * y).sum(axis=1) / np.where(square > 0, square, 1.0), 0.0)
    foretold = np.maximum(mean_y + slope * (year - mean_at), 0.0)
    return np.where(count > 0, foretold, np.nan)
