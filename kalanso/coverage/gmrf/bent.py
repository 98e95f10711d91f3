"""How probable are fields that are bent about their middles?

The density of a Gaussian Markov random field, its slope in the fields and in how they are bent, in one pass over the
precision: as single products of matrices most of the time went into arrays in between.
"""

from __future__ import annotations

from typing import Any

from kalanso.coverage.compiling import compiled


@compiled
def bent_density(
    indptr: Any, indices: Any, values: Any, middle: Any, fields: Any, by_mean: Any, by_spread: Any, bent: Any, d_bend: Any, slope: Any,
) -> float:  # fmt: skip
    """Return the log density of by_mean middle + by_spread (fields - middle) (N,K) for a symmetric sparse precision (N,N; by
    rows or columns); add its slope in the fields to `slope` (N,K) and that in both factors to `d_bend` (K,2). `bent` (N,K) is
    room."""
    size, count, total = fields.shape[0], fields.shape[1], 0.0
    for i in range(size):
        for k in range(count):
            bent[i, k] = by_mean[k] * middle[i, k] + by_spread[k] * (fields[i, k] - middle[i, k])
    for k in range(count):
        for i in range(size):
            smooth = 0.0
            for q in range(indptr[i], indptr[i + 1]):
                smooth += values[q] * bent[indices[q], k]
            total -= 0.5 * smooth * bent[i, k]
            d_bend[k, 0] -= smooth * middle[i, k]
            d_bend[k, 1] -= smooth * (fields[i, k] - middle[i, k])
            slope[i, k] -= by_spread[k] * smooth
    return total
