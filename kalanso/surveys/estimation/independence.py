"""Do two answers hang together, or could the pattern come from the clusters that were drawn?

Pearson's chi-square corrected for the design to the second order (Rao and Scott 1984, Annals of Statistics
12:46-60; F form of Thomas and Rao 1987), as `svychisq(statistic = "F")` of R's survey reports it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import linalg, stats

from kalanso.surveys.estimation.design import Design, Mask, Numbers
from kalanso.surveys.estimation.linearization import freedom, ratio, totals, variance


class TestRefused(ValueError):
    """A table on which independence cannot be tested."""

    __test__ = False  # its name is no test


class Independence(NamedTuple):
    """Pearson's statistic on weighted shares, the corrected F with its degrees of freedom, and p."""

    chi_square: float
    f: float
    numerator_freedom: float
    denominator_freedom: float
    p_value: float


def independence(
    design: Design, rows: pd.Series, columns: pd.Series, members: Mask | None = None
) -> Independence:
    """Return the Rao-Scott test of independence between two answers (n each; missing ones are left out).

    With p the cell shares, V their design covariance and C a base of the interactions, the eigenvalues of
    (C' D^-1 C / n)^-1 C' D^-1 V D^-1 C are the design effects of the table (D = diag p); F divides Pearson's statistic by
    their sum, with (sum)^2 / sum of squares as degrees of freedom.
    """
    asked = np.ones(design.children, dtype=bool) if members is None else members
    inside = (rows.notna() & columns.notna()).to_numpy(dtype=bool) & asked
    row, row_labels = pd.factorize(rows.where(inside), sort=True)
    column, column_labels = pd.factorize(columns.where(inside), sort=True)
    r, c = len(row_labels), len(column_labels)
    if r < 2 or c < 2:
        raise TestRefused(f"expected two answers or more on each side, got {r} and {c}")
    cells = np.zeros((design.children, r * c))
    at = np.flatnonzero(inside)
    cells[at, row[at] * c + column[at]] = 1
    sums = totals(design, cells, np.repeat(inside[:, None].astype(float), r * c, axis=1), inside)
    found = ratio(design, sums)
    covariance = _covariance(design, found.scores, found.moving)
    nu = float(freedom(design, found.strata)[0])
    if nu <= 0:
        raise TestRefused("expected more clusters than strata")
    return _second_order(found.estimate, covariance, r, c, float(inside.sum()), nu)


def _covariance(design: Design, scores: Numbers, strata: Mask) -> Numbers:
    """Return the covariance of the shares: variances of sums give what lies off the diagonal."""
    width = scores.shape[1]
    one, two = np.triu_indices(width)
    spread = variance(design, scores[:, one] + scores[:, two], strata[:, one])
    own = variance(design, scores, strata)
    full = np.zeros((width, width))
    full[one, two] = full[two, one] = (spread - own[one] - own[two]) / 2
    np.fill_diagonal(full, own)
    return full


def _second_order(p: Numbers, covariance: Numbers, r: int, c: int, n: float, nu: float) -> Independence:
    table = p.reshape(r, c)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    chi_square = float(n * ((table - expected) ** 2 / expected).sum())
    inverse = np.where(p > 0, 1 / np.where(p > 0, p, 1), 0.0)
    effects = np.vstack([np.kron(np.eye(r), np.ones(c)), np.kron(np.ones(r), np.eye(c))])
    contrasts = linalg.null_space(effects)
    plain = contrasts.T @ (inverse[:, None] * contrasts) / n
    drawn = contrasts.T @ ((inverse[:, None] * covariance * inverse) @ contrasts)
    delta = linalg.solve(plain, drawn, assume_a="sym")
    trace, square = float(np.trace(delta)), float(np.trace(delta @ delta))
    if trace <= 0:
        raise TestRefused("expected clusters that differ, got shares alike in all")
    df = trace**2 / square
    f = chi_square / trace
    return Independence(chi_square, f, df, df * nu, float(stats.f.sf(f, df, df * nu)))
