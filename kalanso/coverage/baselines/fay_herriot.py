"""How are uncertain survey results of areas drawn towards what covariates and neighbours suggest?

The Fay-Herriot model, y = X b + Z u + e with known sampling variances of e, fitted by restricted
maximum likelihood; u independent, or partly smooth over a map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize, minimize_scalar

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

LARGEST_SHARE = 0.99


@dataclass(frozen=True, kw_only=True)
class AreaFit:
    """A fitted model: `slopes` (P,) and their covariance, the variance of areas, its smooth share."""

    slopes: Numbers
    slopes_covariance: Numbers
    variance: float
    spatial_share: float
    log_likelihood: float


@dataclass(frozen=True, kw_only=True)
class AreaData:
    """Results `y` (J,) with sampling `variances`, their `design` (J, P) and `area` (J,), and the map.

    `smooth` (N, N) is the covariance of a scaled intrinsic autoregression; None takes areas as
    independent.
    """

    y: Numbers
    variances: Numbers
    design: Numbers
    area: Indices
    areas: int
    smooth: Numbers | None = None

    def kernel(self, share: float) -> Numbers:
        """Return the covariance of areas (N, N) at variance 1."""
        own = np.eye(self.areas)
        return own if self.smooth is None else share * self.smooth + (1 - share) * own


def restricted_likelihood(data: AreaData, variance: float, share: float) -> float:
    """Return the restricted log-likelihood up to a constant."""
    factor, slopes, inside = _solved(data, variance, share)
    residual = data.y - data.design @ slopes
    half_log = np.log(np.diag(factor[0])).sum()
    return float(
        -half_log - 0.5 * np.linalg.slogdet(inside)[1] - 0.5 * residual @ cho_solve(factor, residual)
    )


def _solved(data: AreaData, variance: float, share: float) -> tuple[tuple[Numbers, bool], Numbers, Numbers]:
    """Return the Cholesky factor of V, the slopes, and X'V^-1 X."""
    kernel = data.kernel(share)[np.ix_(data.area, data.area)]
    factor = cho_factor(variance * kernel + np.diag(data.variances), lower=True)
    weighted = cho_solve(factor, data.design)
    inside = data.design.T @ weighted
    return factor, np.linalg.solve(inside, weighted.T @ data.y), inside


def fit(data: AreaData) -> AreaFit:
    """Fit by restricted maximum likelihood; a variance at zero is allowed.

    Raises ValueError where there are no more results than slopes.
    """
    if len(data.y) <= data.design.shape[1]:
        raise ValueError(
            f"survey results: expected more than {data.design.shape[1]}, got {len(data.y)}; try fewer covariates"
        )
    scale = float(np.var(data.y)) + 1e-6
    if data.smooth is None:
        found = minimize_scalar(
            lambda at: -restricted_likelihood(data, at, 0.0), bounds=(0.0, 4 * scale), method="bounded",
            options={"xatol": 1e-10},
        )  # fmt: skip
        return _fitted(data, float(found.x), 0.0)
    best = min(
        (
            minimize(
                lambda at: -restricted_likelihood(data, scale * np.exp(at[0]), LARGEST_SHARE / (1 + np.exp(-at[1]))),
                x0=[start, lean], method="L-BFGS-B", bounds=[(-9.0, 2.0), (-7.0, 7.0)],
                options={"ftol": 1e-9, "eps": 1e-5, "maxiter": 60},
            )
            for start, lean in ((-0.5, 0.0), (-1.5, 1.5))
        ),
        key=lambda one: one.fun,
    )  # fmt: skip
    return _fitted(data, float(scale * np.exp(best.x[0])), float(LARGEST_SHARE / (1 + np.exp(-best.x[1]))))


def _fitted(data: AreaData, variance: float, share: float) -> AreaFit:
    _, slopes, inside = _solved(data, variance, share)
    return AreaFit(
        slopes=slopes,
        slopes_covariance=np.asarray(np.linalg.inv(inside), dtype=np.float64),
        variance=variance,
        spatial_share=share,
        log_likelihood=restricted_likelihood(data, variance, share),
    )


def predict(data: AreaData, fitted: AreaFit, design: Numbers) -> tuple[Numbers, Numbers]:
    """Return best predictions (N,) for all areas at a `design` (N, P), and their covariance (N, N).

    The covariance holds the uncertainty of areas and of slopes (g1 + g2 of Prasad and Rao), at the
    fitted variance.
    """
    kernel = fitted.variance * data.kernel(fitted.spatial_share)
    factor, slopes, inside = _solved(data, fitted.variance, fitted.spatial_share)
    across = kernel[:, data.area]
    solved = cho_solve(factor, across.T).T
    value = design @ slopes + solved @ (data.y - data.design @ slopes)
    left = design - solved @ data.design
    covariance = kernel - solved @ across.T + left @ np.linalg.solve(inside, left.T)
    return value, covariance


def mean_squared_errors(data: AreaData, fitted: AreaFit) -> Numbers:
    """Return by result the mean squared error g1 + g2 + 2 g3 of independent areas (Datta and Lahiri 2000)."""
    _, covariance = predict(data, fitted, data.design)
    total = fitted.variance + data.variances
    g3 = data.variances**2 / total**3 * 2 / (1 / total**2).sum()
    return np.asarray(np.diag(covariance) + 2 * g3)
