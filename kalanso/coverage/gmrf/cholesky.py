"""What is the Cholesky factor of a sparse symmetric matrix whose pattern never changes?

Symbolic work is done once per pattern (`Pattern`), numbers are factored as often as needed
(`Pattern.factor`). Up-looking factorisation and the elimination tree after Davis, *Direct Methods
for Sparse Linear Systems* (SIAM 2006), chapter 4; diagonal of the inverse after Takahashi, Fagan
and Chin (1973). Compiled by numba, so that no compiler and no copyleft library is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.linalg import splu

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class NotPositiveDefinite(ValueError):
    """A matrix without Cholesky factor."""


@dataclass(frozen=True)
class Pattern:
    """Where a symmetric matrix may differ from zero, ordered so that its factor stays sparse.

    `order[j]` is the row of the original matrix that stands in place j. `indptr` and `indices` hold
    the factor's columns (diagonal first, rows rising); `parent` is the elimination tree.
    """

    size: int
    order: Ints
    place: Ints
    parent: Ints
    indptr: Ints
    indices: Ints

    @classmethod
    def of(cls, matrix: sp.spmatrix) -> Pattern:
        """Return the pattern of a symmetric matrix (both triangles stored)."""
        csc = sp.csc_matrix(matrix)
        size = csc.shape[0]
        order = _minimum_degree(csc)
        place = np.empty(size, np.int64)
        place[order] = np.arange(size)
        upper = _upper(csc, order)
        parent = _elimination_tree(size, upper[0], upper[1])
        counts = _column_counts(size, upper[0], upper[1], parent)
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        indices = _fill_rows(size, upper[0], upper[1], parent, indptr)
        return cls(size, order, place, parent, indptr, indices)

    @cached_property
    def short(self) -> npt.NDArray[np.uint32]:
        """The rows of `indices` in half their length, as solving reads them."""
        return self.indices.astype(np.uint32)

    def factor(self, matrix: sp.spmatrix) -> Factor:
        """Return the factor of a matrix with this pattern. Raises NotPositiveDefinite."""
        up, ui, ux = _upper(sp.csc_matrix(matrix), self.order)
        values = np.zeros(self.indices.size)
        bad = _factor(self.size, up, ui, ux, self.parent, self.indptr, self.indices, values)
        if bad >= 0:
            raise NotPositiveDefinite(
                f"row {self.order[bad]}: expected a positive definite matrix, got a pivot of zero or less"
            )
        return Factor(self, values)


@dataclass(frozen=True)
class Factor:
    """L with P A P' = L L'. Vectors are given and returned in the original order of rows."""

    pattern: Pattern
    values: Floats | npt.NDArray[np.float32]

    def rounded(self) -> Factor:
        """Return the factor of a matrix that differs by rounding, of half the length: in long use reading it is what solving costs."""
        return Factor(self.pattern, self.values.astype(np.float32))

    @property
    def logdet(self) -> float:
        """log |A|."""
        return float(2 * np.log(self.values[self.pattern.indptr[:-1]]).sum())

    def forward(self, b: Floats) -> Floats:
        """Return L^-1 P b (in the factor's order)."""
        p = self.pattern
        x = np.ascontiguousarray(b[p.order])
        _lower_solve(p.size, p.indptr, p.short, self.values, x)
        return x

    def backward(self, z: Floats) -> Floats:
        """Return P' L^-T z, z in the factor's order: a draw of N(0, A^-1) where z is standard normal."""
        p = self.pattern
        x = np.array(z, dtype=np.float64)
        _upper_solve(p.size, p.indptr, p.short, self.values, x)
        out = np.empty_like(x)
        out[p.order] = x
        return out

    def solve(self, b: Floats) -> Floats:
        """Return A^-1 b, b a vector or columns."""
        if b.ndim == 2:
            return np.column_stack([self.solve(column) for column in b.T])
        return self.backward(self.forward(b))

    def inverse_diagonal(self) -> Floats:
        """Return the diagonal of A^-1."""
        p = self.pattern
        out = np.empty(p.size)
        out[p.order] = _selected_inverse(p.size, p.indptr, p.indices, self.values)
        return out


def _minimum_degree(csc: sp.csc_matrix) -> Ints:
    """Order rows by minimum degree, as SuperLU does for symmetric patterns."""
    size = csc.shape[0]
    if size < 3:
        return np.arange(size, dtype=np.int64)
    pattern = sp.csc_matrix((np.ones(csc.nnz), csc.indices, csc.indptr), shape=csc.shape)
    dominant = pattern + sp.identity(size, format="csc") * (pattern.sum(axis=0).max() + 1)
    chosen = splu(
        dominant, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    order = np.empty(size, np.int64)
    order[chosen.perm_c] = np.arange(size)
    return order


def _upper(csc: sp.csc_matrix, order: Ints) -> tuple[Ints, Ints, Floats]:
    """Return the upper triangle of the reordered matrix by columns."""
    upper = sp.triu(csc[order][:, order], format="csc")
    upper.sort_indices()
    return upper.indptr.astype(np.int64), upper.indices.astype(np.int64), upper.data.astype(np.float64)


@nb.njit(cache=True)
def _elimination_tree(n: int, up: Any, ui: Any) -> Any:
    parent = np.full(n, -1, np.int64)
    ancestor = np.full(n, -1, np.int64)
    for k in range(n):
        for q in range(up[k], up[k + 1]):
            i = ui[q]
            while i != -1 and i < k:
                above = ancestor[i]
                ancestor[i] = k
                if above == -1:
                    parent[i] = k
                i = above
    return parent


@nb.njit(cache=True)
def _reach(k: int, up: Any, ui: Any, parent: Any, mark: Any, stack: Any) -> int:
    """Put the columns that touch row k into stack[top:], in an order that a solve can follow."""
    n = stack.size
    top = n
    mark[k] = k
    for q in range(up[k], up[k + 1]):
        i = ui[q]
        if i > k:
            continue
        depth = 0
        while mark[i] != k:
            stack[depth] = i
            depth += 1
            mark[i] = k
            i = parent[i]
        while depth > 0:
            top -= 1
            depth -= 1
            stack[top] = stack[depth]
    return top


@nb.njit(cache=True)
def _column_counts(n: int, up: Any, ui: Any, parent: Any) -> Any:
    counts = np.ones(n, np.int64)
    mark = np.full(n, -1, np.int64)
    stack = np.empty(n, np.int64)
    for k in range(n):
        for q in range(_reach(k, up, ui, parent, mark, stack), n):
            counts[stack[q]] += 1
    return counts


@nb.njit(cache=True)
def _fill_rows(n: int, up: Any, ui: Any, parent: Any, lp: Any) -> Any:
    rows = np.empty(lp[n], np.int64)
    filled = lp[:-1].copy()
    mark = np.full(n, -1, np.int64)
    stack = np.empty(n, np.int64)
    for k in range(n):
        for q in range(_reach(k, up, ui, parent, mark, stack), n):
            j = stack[q]
            rows[filled[j]] = k
            filled[j] += 1
        rows[filled[k]] = k
        filled[k] += 1
    return rows


@nb.njit(cache=True, nogil=True)
def _factor(n: int, up: Any, ui: Any, ux: Any, parent: Any, lp: Any, li: Any, lx: Any) -> int:
    filled = lp[:-1].copy()
    x = np.zeros(n)
    mark = np.full(n, -1, np.int64)
    stack = np.empty(n, np.int64)
    for k in range(n):
        top = _reach(k, up, ui, parent, mark, stack)
        x[k] = 0.0
        for q in range(up[k], up[k + 1]):
            x[ui[q]] = ux[q]
        d = x[k]
        x[k] = 0.0
        for q in range(top, n):
            j = stack[q]
            v = x[j] / lx[lp[j]]
            x[j] = 0.0
            for r in range(lp[j] + 1, filled[j]):
                x[li[r]] -= lx[r] * v
            d -= v * v
            lx[filled[j]] = v
            filled[j] += 1
        if not d > 0.0:
            return k
        lx[filled[k]] = np.sqrt(d)
        filled[k] += 1
    return -1


@nb.njit(cache=True, nogil=True)
def _lower_solve(n: int, lp: Any, li: Any, lx: Any, x: Any) -> None:
    for j in range(n):
        v = x[j] / lx[lp[j]]
        x[j] = v
        for q in range(lp[j] + 1, lp[j + 1]):
            x[li[q]] -= lx[q] * v


@nb.njit(cache=True, nogil=True)
def _upper_solve(n: int, lp: Any, li: Any, lx: Any, x: Any) -> None:
    for j in range(n - 1, -1, -1):
        # Four sums, since one would wait for itself at each number. Unsigned, since no place counts from the end.
        q, end = np.uintp(lp[j] + 1), np.uintp(lp[j + 1])
        a, b, c, d = x[j], 0.0, 0.0, 0.0
        while q + np.uintp(4) <= end:
            a -= lx[q] * x[li[q]]
            b -= lx[q + np.uintp(1)] * x[li[q + np.uintp(1)]]
            c -= lx[q + np.uintp(2)] * x[li[q + np.uintp(2)]]
            d -= lx[q + np.uintp(3)] * x[li[q + np.uintp(3)]]
            q += np.uintp(4)
        while q < end:
            a -= lx[q] * x[li[q]]
            q += np.uintp(1)
        x[j] = ((a + b) + (c + d)) / lx[lp[j]]


@nb.njit(cache=True, nogil=True)
def _selected_inverse(n: int, lp: Any, li: Any, lx: Any) -> Any:
    z = np.zeros_like(lx)
    scaled = np.zeros(n)
    total = np.zeros(n)
    mark = np.full(n, -1, np.int64)
    diagonal = np.empty(n)
    for j in range(n - 1, -1, -1):
        a, e = lp[j], lp[j + 1]
        for q in range(a + 1, e):
            k = li[q]
            scaled[k] = lx[q] / lx[a]
            total[k] = 0.0
            mark[k] = j
        for q in range(a + 1, e):
            k = li[q]
            total[k] -= z[lp[k]] * scaled[k]
            for r in range(lp[k] + 1, lp[k + 1]):
                i = li[r]
                if mark[i] == j:
                    total[i] -= z[r] * scaled[k]
                    total[k] -= z[r] * scaled[i]
        d = 1.0 / (lx[a] * lx[a])
        for q in range(a + 1, e):
            z[q] = total[li[q]]
            d -= scaled[li[q]] * total[li[q]]
        z[a] = d
        diagonal[j] = d
    return diagonal
