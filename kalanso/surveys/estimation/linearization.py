"""How far would a share or ratio move if other clusters had been drawn?

Taylor linearization with clusters drawn with replacement within strata (Woodruff 1971; Wolter 2007,
chapter 6): a ratio R = sum w y / sum w x is replaced by z = w (y - R x) / sum w x, whose cluster totals are
compared within strata. A domain keeps all clusters of the strata in which it has members. Where weights were raked, z is the
residual on the margins, and children outside of the domain count with theirs. Intervals belong to `intervals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import sparse

from kalanso.surveys.estimation.design import Design, DesignRefused, Mask, Numbers

LONELY = ("grand_mean", "certainty", "refuse")


class RakedTotals(NamedTuple):
    """What margins explain of a domain: numerators and denominators times margins (columns x indicators), and those of raked children."""

    top: Numbers
    bottom: Numbers
    known_top: Numbers  # indicators, weighted
    known_bottom: Numbers


class Totals(NamedTuple):
    """What one domain holds: sums per cluster (clusters x indicators), weighted and plain."""

    top: Numbers
    bottom: Numbers
    plain_top: Numbers
    plain_bottom: Numbers
    squares: Numbers  # over all clusters (indicators)
    raked: RakedTotals | None = None


class Ratio(NamedTuple):
    """Ratios of one domain (indicators each): estimate, scores per cluster, and what the error rests on."""

    estimate: Numbers
    scores: Numbers  # clusters x indicators
    strata: Mask  # strata x indicators, those with members
    moving: Mask  # strata x indicators, those of which clusters move the estimate


def totals(design: Design, top: Numbers, bottom: Numbers, members: Mask) -> Totals:
    """Return the cluster sums of numerators and denominators (n x indicators) over the members of a domain."""
    weight = design.weight[:, None]
    width = top.shape[1]
    stacked = np.hstack([weight * top, weight * bottom, top, bottom])
    return _split(design, stacked, top, members, width)._replace(raked=_raked(design, top, bottom, members))


def totals_of_domains(
    design: Design, top: Numbers, bottom: Numbers, domains: Mapping[str, Mask]
) -> dict[str, Totals]:
    """Return the cluster sums of many domains; the weighted columns are made once."""
    weight = design.weight[:, None]
    stacked = np.hstack([weight * top, weight * bottom, top, bottom])
    width = top.shape[1]
    return {
        name: _split(design, stacked, top, own, width)._replace(raked=_raked(design, top, bottom, own))
        for name, own in domains.items()
    }


def _raked(design: Design, top: Numbers, bottom: Numbers, members: Mask) -> RakedTotals | None:
    told = design.calibration
    if told is None:
        return None
    rows = np.flatnonzero(members & told.known)
    weight = design.weight[rows]
    return RakedTotals(
        told.products(top, members), told.products(bottom, members), weight @ top[rows], weight @ bottom[rows]
    )


def _split(design: Design, stacked: Numbers, top: Numbers, members: Mask, width: int) -> Totals:
    sums = design.sums(stacked, members)
    squares = np.einsum("ij,ij->j", top[members], top[members])
    parts = [sums[:, width * at : width * (at + 1)] for at in range(4)]
    return Totals(parts[0], parts[1], parts[2], parts[3], squares)


def ratio(design: Design, sums: Totals) -> Ratio:
    """Return the ratios of a domain and the linearized scores of its clusters."""
    whole = sums.bottom.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(whole > 0, sums.top.sum(axis=0) / whole, np.nan)
        scores = residuals(design, sums, estimate, (sums.top - estimate * sums.bottom) / whole)
    held = np.asarray(_by_stratum(design) @ (sums.plain_bottom > 0).astype(float) > 0)
    return Ratio(estimate=estimate, scores=scores, strata=held, moving=moving(design, held))


def moving(design: Design, strata: Mask) -> Mask:
    """Return the strata of which clusters move an estimate (strata x indicators): those with members; all, where margins tie them."""
    return strata if design.calibration is None else np.ones_like(strata)


def residuals(design: Design, sums: Totals, estimate: Numbers, scores: Numbers) -> Numbers:
    """Return the scores of clusters without what margins explain; as they are where weights were not raked.

    u being the score of a child before its weight, w its weight before and g w that after raking, and m its margins: g w (u - m b) with
    b of the regression of u on m weighted by w. Children whose margins are not known keep their score; the size of the raked
    part is then a finding too, and adds w (sum g w u) / (sum w) over raked children.
    """
    told, own = design.calibration, sums.raked
    if told is None or own is None:
        return scores
    whole = sums.bottom.sum(axis=0)
    slopes = told.slopes((own.top - estimate * own.bottom) / whole)
    found = scores - design.margins @ slopes
    if not told.everybody:
        start = design.sums(told.start[:, None], told.known)
        found += start / start.sum() * ((own.known_top - estimate * own.known_bottom) / whole)
    return np.asarray(found)


def variance(design: Design, scores: Numbers, strata: Mask, *, lonely: str = "grand_mean") -> Numbers:
    """Return the variance of the sum of cluster scores (indicators).

    V = sum over strata of m / (m - 1) sum over clusters of (z - mean z)^2. A stratum with one cluster is
    compared with the grand mean of all clusters (`grand_mean`, as `lonely.psu="adjust"` in R's survey),
    counts nothing (`certainty`), or is refused. Where the whole domain rests on one cluster nobody can know: NaN.
    """
    if lonely not in LONELY:
        raise ValueError(f"lonely: expected one of {', '.join(LONELY)}, got {lonely!r}")
    if lonely == "refuse" and design.lonely_strata:
        raise DesignRefused(
            f"expected two clusters or more in every stratum, got one in {', '.join(design.lonely_strata)}; "
            "join the stratum with a like one, or choose the rule grand_mean"
        )
    adding = _by_stratum(design)
    size = design.clusters_per_stratum.astype(float)[:, None]
    own = strata[design.stratum_of_cluster]  # clusters x indicators
    inside = np.where(own, scores, 0.0)
    count = own.sum(axis=0)
    mean = np.asarray(adding @ inside) / size
    single = size == 1
    if lonely == "grand_mean":
        with np.errstate(invalid="ignore", divide="ignore"):
            grand = inside.sum(axis=0) / count
        mean = np.where(single, grand, mean)
    spread = np.asarray(adding @ (np.where(own, inside - mean[design.stratum_of_cluster], 0.0) ** 2))
    factor = np.where(single, 1.0, size / np.maximum(size - 1, 1))
    found = (np.where(strata, spread, 0.0) * factor).sum(axis=0)
    return np.where(count > 1, found, np.nan)


def freedom(design: Design, strata: Mask) -> Numbers:
    """Return the degrees of freedom (indicators): clusters minus strata, of the strata with members."""
    return ((design.clusters_per_stratum[:, None] - 1) * strata).sum(axis=0).astype(float)


def cluster_correlation(sums: Totals) -> Numbers:
    """Return the intracluster correlation of answers of 0 or 1 (indicators), unweighted, by one-way ANOVA.

    (MSB - MSW) / (MSB + (n0 - 1) MSW) with n0 = (N - sum n_c^2 / N) / (k - 1); where all answers are alike,
    -1 / (n0 - 1) (Donner and Koval 1980). NaN with fewer than two clusters or one child per cluster.
    """
    children, found = sums.plain_bottom, sums.plain_top
    with np.errstate(divide="ignore", invalid="ignore"):
        number, clusters = children.sum(axis=0), (children > 0).sum(axis=0)
        own = np.where(children > 0, found**2 / children, 0.0).sum(axis=0)
        between = (own - found.sum(axis=0) ** 2 / number) / (clusters - 1)
        within = (sums.squares - own) / (number - clusters)
        n0 = (number - (children**2).sum(axis=0) / number) / (clusters - 1)
        alike = (sums.squares - found.sum(axis=0) ** 2 / number) <= 1e-12
        value = np.where(alike, -1 / (n0 - 1), (between - within) / (between + (n0 - 1) * within))
    return np.where((clusters > 1) & (number > clusters), value, np.nan)


def _by_stratum(design: Design) -> sparse.csr_matrix:
    ones = np.ones(design.clusters)
    at = (design.stratum_of_cluster, np.arange(design.clusters))
    return sparse.csr_matrix((ones, at), shape=(len(design.strata), design.clusters))
