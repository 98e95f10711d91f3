"""Does a table of a run keep its declaration?

Turns rows into the columns and types of `tables`, each number within its bounds: no file may hold
an empty or impossible number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from kalanso.coverage import tables
from kalanso.store import TableSpec
from kalanso.store.tables import TYPES

ROUNDING = 1e-6  # by which sums of single-precision draws may pass a bound


def declared_schema(spec: TableSpec) -> pa.Schema:
    """Return the columns and types of a table's files."""
    return pa.schema([pa.field(name, TYPES[spec.column(name).type]) for name in tables.file_columns(spec)])


def declared(rows: pd.DataFrame, spec: TableSpec) -> pa.Table:
    """Return rows as an Arrow table with the columns of the run's files, each within its bounds."""
    names, schema = tables.file_columns(spec), declared_schema(spec)
    if not len(rows):
        return schema.empty_table()
    if missing := [name for name in names if name not in rows]:
        raise ValueError(f"{spec.name}: expected the columns {names}, missing {missing}")
    arrays = []
    for name in names:
        column = spec.column(name)
        values = rows[name]
        if column.type in {"float", "float32"}:
            values = pd.Series(_bounded(values.to_numpy(float), name, spec), index=rows.index)
        elif column.type == "int":
            values = values.astype(np.int64)
        arrays.append(pa.Array.from_pandas(values, type=TYPES[column.type]))
        if not column.nullable and arrays[-1].null_count:
            raise ValueError(f"{spec.name}, {name}: expected a value in every row, got an empty one")
    return pa.Table.from_arrays(arrays, schema=schema)


def _bounded(values: npt.NDArray[np.float64], name: str, spec: TableSpec) -> npt.NDArray[np.float64]:
    column = spec.column(name)
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    empty = np.isnan(values)
    outside = (values < low - ROUNDING) | (values > high + ROUNDING) | np.isinf(values)
    if outside.any() or (empty.any() and not column.nullable):
        wrong = values[outside | empty][0]
        raise ValueError(f"{spec.name}, {name}: expected {low:g} to {high:g}, got {wrong}")
    return np.clip(values, low, high)
