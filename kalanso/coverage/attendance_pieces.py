"""How probable are the reports of many areas at once, and how much does each say of its mean?

The same pieces as one area's reports in `report_density`, over a grid of areas and quarters whose means
are given: what first doses exceed theirs by, third doses share.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_information import count_information
from kalanso.coverage.compiling import compiled, roomy
from kalanso.coverage.records import Flags, Floats, Ints
from kalanso.coverage.report_density import count_density, excess_of


class Counts(NamedTuple):
    """Reports of the areas concerned (S,T): doses, which are there, and places in the tables."""

    y1: Floats
    y3: Floats
    seen1: Flags
    seen3: Flags
    slot1: Ints
    slot3: Ints


@roomy
def counts_density(counts: Any, log_mu1: Any, log_mu3: Any, at: Any, reports: Any, g1: Any, g3: Any) -> Any:
    """Return the log density of all reports, and its slopes in both scatters and the shared part; fill its
    slopes in the log means, which are those before any excess is known."""
    kappa1, kappa3 = at.scale[r.KAPPA1], at.scale[r.KAPPA3]
    shared = at.scale[r.SHARED]
    wide, log_wide, log_odds = reports.outlier_kappa, reports.log_outlier_kappa, reports.log_outlier_odds
    size = counts.y1.shape[1]
    room = np.zeros((4, size))
    total = d_kappa1 = d_kappa3 = d_shared = 0.0
    for i in range(counts.y1.shape[0]):
        room[:] = 0.0
        for t in range(size):
            g1[i, t] = g3[i, t] = 0.0
            if counts.seen1[i, t]:
                j, mu = counts.slot1[i, t], math.exp(log_mu1[i, t])
                ll, g, d, _ = count_density(
                    counts.y1[i, t], log_mu1[i, t], mu, kappa1, math.log(kappa1), at.kappa_table1[j],
                    at.kappa_slope1[j], reports.outlier_table[j], wide, log_wide, log_odds,
                )  # fmt: skip
                room[0, t], room[1, t], room[2, t] = excess_of(counts.y1[i, t], mu, kappa1)
                total += ll
                d_kappa1 += d
                g1[i, t] = g
            if counts.seen3[i, t]:
                j = counts.slot3[i, t]
                log_mu = log_mu3[i, t] + shared * room[0, t]
                ll, g, d, _ = count_density(
                    counts.y3[i, t], log_mu, math.exp(log_mu), kappa3, math.log(kappa3), at.kappa_table3[j],
                    at.kappa_slope3[j], reports.outlier_table[j], wide, log_wide, log_odds,
                )  # fmt: skip
                total += ll
                d_kappa3 += d
                g3[i, t] = g
                d_shared += g * room[0, t]
                room[3, t] += g * shared
        for t in range(size):
            g1[i, t] += room[3, t] * room[1, t]
            d_kappa1 += room[3, t] * room[2, t]
    return total, d_kappa1, d_kappa3, d_shared


@compiled
def counts_information(
    counts: Any, log_mu1: Any, log_mu3: Any, at: Any, reports: Any, h1: Any, h3: Any, level: Any
) -> None:
    """Fill the information of each report on its own log mean, and of an area's reports on the level of all."""
    shared = at.scale[r.SHARED]
    for i in range(counts.y1.shape[0]):
        level[i] = 0.0
        for t in range(counts.y1.shape[1]):
            h1[i, t] = h3[i, t] = 0.0
            excess = follows = 0.0
            if counts.seen1[i, t]:
                j = counts.slot1[i, t]
                h1[i, t], _ = count_information(
                    counts.y1[i, t], log_mu1[i, t], at.scale[r.KAPPA1], at.kappa_table1[j],
                    reports.outlier_table[j], reports.outlier_kappa, reports.log_outlier_odds,
                )  # fmt: skip
                excess, follows, _ = excess_of(counts.y1[i, t], math.exp(log_mu1[i, t]), at.scale[r.KAPPA1])
                level[i] += h1[i, t]
            if counts.seen3[i, t]:
                j = counts.slot3[i, t]
                h3[i, t], _ = count_information(
                    counts.y3[i, t], log_mu3[i, t] + shared * excess, at.scale[r.KAPPA3], at.kappa_table3[j],
                    reports.outlier_table[j], reports.outlier_kappa, reports.log_outlier_odds,
                )  # fmt: skip
                level[i] += h3[i, t] * (1.0 + shared * follows) ** 2
