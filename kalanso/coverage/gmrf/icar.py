"""Which Gaussian field says that neighbouring areas resemble each other?

The intrinsic autoregression of Besag, scaled so that the geometric mean of the areas' variances is
one in every connected component (Sorbye and Rue 2014; Freni-Sterrantino, Ventrucci and Rue 2018),
with the sum of each component at zero; an area without neighbours has an independent standard
normal effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from kalanso.coverage.gmrf.cholesky import Floats, Ints, Pattern

# A thousandth of a neighbour's pull: makes the prior proper without changing any contrast that matters.
RIDGE = 1e-3


@dataclass(frozen=True)
class Structure:
    """The scaled precision of one field over all areas, and its connected components.

    `precision` is N x N; `component[i]` numbers the component of area i; `scale` is the factor by
    which each component's raw structure matrix was multiplied; `single[i]` says that area i has no
    neighbour.
    """

    precision: sp.csc_matrix
    component: Ints
    scale: Floats
    single: npt.NDArray[np.bool_]

    @property
    def areas(self) -> int:
        """Number of areas."""
        return int(self.component.size)

    def centred(self, field: Floats) -> Floats:
        """Return a field (N, or N x k) less the mean of its component; single areas stay as they are."""
        columns = np.ascontiguousarray(field, float).reshape(self.areas, -1)
        out, means = np.empty_like(columns), np.empty((self.sizes.size, columns.shape[1]))
        _centre(self.component, self.sizes, self.single, columns, means, out)
        return out.reshape(field.shape)

    @cached_property
    def sizes(self) -> Floats:
        """Number of areas of each component."""
        return np.bincount(self.component).astype(float)


@nb.njit(cache=True, nogil=True)
def _centre(component: Any, sizes: Any, single: Any, field: Any, means: Any, out: Any) -> None:
    means[:] = 0.0
    for i in range(field.shape[0]):
        for k in range(field.shape[1]):
            means[component[i], k] += field[i, k]
    for c in range(sizes.size):
        for k in range(field.shape[1]):
            means[c, k] /= sizes[c]
    for i in range(field.shape[0]):
        for k in range(field.shape[1]):
            out[i, k] = field[i, k] if single[i] else field[i, k] - means[component[i], k]


def structure(areas: int, pairs: Ints) -> Structure:
    """Return the structure of `areas` areas with neighbouring pairs (E x 2, each pair once or twice)."""
    pairs = np.asarray(pairs, np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= areas):
        raise ValueError(f"pairs: expected numbers from 0 to {areas - 1}, got {pairs.min()} to {pairs.max()}")
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    weights = sp.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(areas, areas))
    weights = (weights + weights.T).tocsc()
    degree = np.asarray(weights.sum(axis=1)).ravel()
    raw = (sp.diags(degree) - weights).tocsc()
    count, component = connected_components(weights, directed=False)
    component = component.astype(np.int64)
    single = degree == 0
    scale = _scales(raw, component, count, single)
    scaled = sp.diags(scale[component]) @ raw + sp.diags(np.where(single, 1.0, RIDGE))
    return Structure(sp.csc_matrix(scaled), component, scale, single)


def _scales(raw: sp.csc_matrix, component: Ints, count: int, single: npt.NDArray[np.bool_]) -> Floats:
    """Return per component the geometric mean of the diagonal of the structure's pseudo-inverse."""
    sizes = np.bincount(component, minlength=count).astype(float)
    scale = np.ones(count)
    if not single.all():
        logs = np.log(np.where(single, 1.0, _pseudo_inverse_diagonal(raw, component, sizes)))
        scale = np.exp(np.bincount(component, weights=logs, minlength=count) / sizes)
    return scale


def _pseudo_inverse_diagonal(raw: sp.csc_matrix, component: Ints, sizes: Floats) -> Floats:
    """Tie one area of each component to zero, invert, and take the component's mean out on both sides."""
    first = np.unique(component, return_index=True)[1]
    free = np.ones(component.size)
    free[first] = 0.0
    tied = (sp.diags(free) @ raw @ sp.diags(free) + sp.diags(1.0 - free)).tocsc()
    factor = Pattern.of(tied).factor(tied)
    rows = factor.solve(free) * free
    total = np.bincount(component, weights=rows)
    n = sizes[component]
    return factor.inverse_diagonal() * free - 2 * rows / n + total[component] / n**2
