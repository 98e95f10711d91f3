"""How is a long table of short numbers multiplied by a vector, when reading the table is what it costs?

One thread, and numbers of half the length read as they are: a library would first copy them into long ones.
"""

from __future__ import annotations

from typing import Any

import numba as nb

from kalanso.coverage.compiling import compiled


@nb.njit(cache=True, nogil=True, fastmath=True)
def fill_product(table: Any, vector: Any, out: Any) -> None:
    """Fill `out` with table @ vector."""
    for i in range(table.shape[0]):
        v = 0.0
        for j in range(vector.size):
            v += table[i, j] * vector[j]
        out[i] = v


@compiled
def add_product(table: Any, vector: Any, out: Any) -> None:
    """Add table.T @ vector to `out`."""
    for i in range(table.shape[0]):
        v = vector[i]
        for j in range(out.size):
            out[j] += table[i, j] * v
