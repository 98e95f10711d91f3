"""How does a handful of rules become a table that an engine can join?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa


def small_table(rows: Sequence[tuple[Any, ...]], **types: pa.DataType) -> pa.Table:
    """Return rows as a table whose columns, in order, have these names and types."""
    columns = list(zip(*rows, strict=True)) or [()] * len(types)
    return pa.table(
        {
            name: pa.array(column, type=kind)
            for (name, kind), column in zip(types.items(), columns, strict=True)
        }
    )
