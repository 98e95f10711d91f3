"""How does a number vary over a map and over time when places and quarters resemble their neighbours?

Draws from the intrinsic autoregression of a graph (scaled so that its typical variance is one), from
BYM2, from random walks and from stationary autoregressions: exactly, and sparse.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.sparse import csr_matrix, diags
from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


class Neighbourhood:
    """A graph from which scaled intrinsic autoregressions are drawn.

    Every connected component sums to zero and is scaled on its own, so that the geometric mean of
    its variances is one; a place without neighbours is an independent N(0, 1) (Freni-Sterrantino,
    Ventrucci and Rue 2018).
    """

    def __init__(self, places: int, edges: Counts) -> None:
        ends = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
        rows, columns = np.concatenate([ends, ends[:, ::-1]]).T
        graph = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(places, places))
        _, label = connected_components(graph, directed=False)
        self.places, self.edges = places, ends
        self.component: Counts = np.asarray(label, dtype=np.int64)
        self._sizes = np.bincount(self.component)
        laplacian = (diags(np.asarray(graph.sum(axis=1)).ravel()) - graph).tocsr()
        _, grounded = np.unique(self.component, return_index=True)
        free = np.setdiff1d(np.arange(places), grounded)
        inside = laplacian[free][:, free]
        # In this order the numbers that are not zero lie close to the diagonal.
        order = reverse_cuthill_mckee(inside, symmetric_mode=True) if len(free) else free
        self._free: Counts = free[order]
        self._band: Numbers = _banded_cholesky(inside[order][:, order]) if len(free) else np.empty((0, 0))
        self.scale: Numbers = self._scales()

    def draw(self, rng: np.random.Generator) -> Numbers:
        """Return one draw (N,) of the scaled intrinsic autoregression.

        With D the incidence matrix and R = D'D the Laplacian, R^+ D'z has covariance R^+ for
        independent standard normal z on the edges; R^+ is a solve with one place grounded per
        component, then centring.
        """
        alone = rng.normal(size=self.places)
        on_edges = rng.normal(size=len(self.edges))
        sums: Numbers = np.bincount(self.edges[:, 0], on_edges, self.places).astype(float)
        sums -= np.bincount(self.edges[:, 1], on_edges, self.places)
        value = self._centred(self._grounded(sums))
        value /= np.sqrt(self.scale[self.component])
        return np.where(self._sizes[self.component] == 1, alone, value)

    def _grounded(self, right: Numbers) -> Numbers:
        """Return the solution of the Laplacian with one place of each component held at zero."""
        found = np.zeros(self.places)
        if len(self._free):
            found[self._free] = cho_solve_banded((self._band, True), right[self._free])
        return found

    def _centred(self, values: Numbers) -> Numbers:
        means = np.bincount(self.component, values) / self._sizes
        return np.asarray(values - means[self.component])

    def _scales(self) -> Numbers:
        """Return by component the geometric mean of the variances of the unscaled autoregression.

        diag(R^+)_i = G_ii - 2 (G 1)_i / n + 1'G 1 / n^2, with G the inverse of the grounded Laplacian.
        """
        diagonal = np.zeros(self.places)
        diagonal[self._free] = _inverse_diagonal(self._band)
        sums = self._grounded(np.ones(self.places))
        size = self._sizes[self.component]
        total = np.bincount(self.component, sums)[self.component]
        variance = diagonal - 2 * sums / size + total / size**2
        logs = np.log(np.where(size == 1, 1.0, np.maximum(variance, 1e-300)))
        return np.asarray(np.exp(np.bincount(self.component, logs) / self._sizes))


def _banded_cholesky(matrix: csr_matrix) -> Numbers:
    """Return the Cholesky factor in lower banded form: row k holds the k-th line under the diagonal."""
    entries = matrix.tocoo()
    below = entries.row >= entries.col
    row, column = entries.row[below], entries.col[below]
    band = np.zeros((int((row - column).max()) + 1, matrix.shape[0]))
    band[row - column, column] = entries.data[below]
    return np.asarray(cholesky_banded(band, lower=True))


def _inverse_diagonal(band: Numbers) -> Numbers:
    """Return the diagonal of the inverse of L L', given L in lower banded form (Takahashi's recursion)."""
    width, size = band.shape
    found = np.zeros(size)
    window = np.zeros((max(width - 1, 0), max(width - 1, 0)))  # the inverse just below and right of i
    for i in range(size - 1, -1, -1):
        ratio = band[1:, i] / band[0, i]
        beside = -window @ ratio
        found[i] = 1 / band[0, i] ** 2 - ratio @ beside
        if width > 1:
            window[1:, 1:] = window[:-1, :-1].copy()
            window[0, 0] = found[i]
            window[0, 1:] = window[1:, 0] = beside[:-1]
    return found


def bym2(neighbourhood: Neighbourhood, sd: float, spatial_share: float, rng: np.random.Generator) -> Numbers:
    """Return one draw (N,) of a level: part resembles neighbours, part belongs to the place alone."""
    smooth, own = neighbourhood.draw(rng), rng.normal(size=neighbourhood.places)
    return np.asarray(sd * (np.sqrt(spatial_share) * smooth + np.sqrt(1 - spatial_share) * own))


def random_walk(quarters: int, earlier: int, sd: float, rng: np.random.Generator) -> Numbers:
    """Return a random walk over `earlier` + `quarters` steps whose last `quarters` values sum to zero."""
    walk = np.cumsum(sd * rng.normal(size=earlier + quarters))
    return np.asarray(walk - walk[earlier:].mean())


def autoregression(
    places: int, quarters: int, sd: float, persistence: float, rng: np.random.Generator
) -> Numbers:
    """Return stationary autoregressions (places, quarters) of marginal standard deviation `sd`."""
    found = np.empty((places, quarters))
    found[:, 0] = rng.normal(size=places)
    step = np.sqrt(1 - persistence**2)
    for quarter in range(1, quarters):
        found[:, quarter] = persistence * found[:, quarter - 1] + step * rng.normal(size=places)
    return sd * found
