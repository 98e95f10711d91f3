"""In which forms may a table come in?

Functions of this package take pandas, Arrow or Ibis tables alike and compute with pandas.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from kalanso.places.faults import PlacesRefused


def frame(table: Any, columns: Sequence[str], *, what: str) -> pd.DataFrame:
    """Return a table as a DataFrame with a fresh index, or refuse where a column is missing.

    `what` is the name of the table in the sentence of the error.
    """
    if isinstance(table, pa.Table):
        rows = table.to_pandas()
    elif isinstance(table, pd.DataFrame):
        rows = table.reset_index(drop=True)
    else:
        rows = table.to_pandas()
    if missing := [name for name in columns if name not in rows.columns]:
        raise PlacesRefused(
            "places.refused.columns",
            table=what, missing=", ".join(missing), found=", ".join(map(str, rows.columns)),
        )  # fmt: skip
    return rows


def text(values: pd.Series) -> pd.Series:
    """Return a column as plain strings, with empty ones where nothing stood."""
    return values.astype(object).where(values.notna(), "").map(str)


def optional(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return a column, or an empty one of the same length where the table lacks it."""
    if column in rows.columns:
        return rows[column]
    return pd.Series([None] * len(rows), index=rows.index, dtype=object)


def numbers(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as floats; what is absent or no number becomes NaN."""
    return pd.to_numeric(optional(rows, column), errors="coerce").astype(float)


def days(values: pd.Series) -> list[date | None]:
    """Return a column as dates; empty ones stay None."""
    return [None if pd.isna(value) else pd.Timestamp(value).date() for value in values]
