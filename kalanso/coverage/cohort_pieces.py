"""What does one survey cluster say of the quarters in which its children were due?

The children of a cluster were due in several quarters (the cohort), and some of them were judged by
recall; a rapid round may be biased as a whole (`estimation` §2.4).
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage import records as r
from kalanso.coverage.compiling import compiled, inlined
from kalanso.coverage.lot_pieces import decision_density
from kalanso.coverage.pieces import beta_binomial
from kalanso.coverage.strata_pieces import stratum_means, stratum_means_back


@compiled
def cohort_means(j: int, clusters: Any, w: Any) -> tuple[float, float]:
    """Return the share of a cluster's cohort with the first dose, and of these the share with the second.

    Cohorts are quarters first..last with equal weights.
    """
    first, last = clusters.first[j], clusters.last[j]
    one = three = 0.0
    for t in range(first, last + 1):
        one += w[r.P, t]
        three += w[r.P, t] * w[r.Q, t]
    return one / (last - first + 1), three / max(one, 1e-300)


@compiled
def cohort_share(j: int, clusters: Any, w: Any) -> tuple[float, float]:
    """Return the share that a cluster's children have by its kind, and the share with the first dose."""
    base, going = cohort_means(j, clusters, w)
    return kind_share(clusters.kind[j], base, going), base


@compiled
def kind_share(kind: int, one: float, three: float) -> float:
    """Return what a cluster of a kind shows, given the first dose and the second among those with it."""
    if kind == 0:
        return one
    return three if kind == 1 else one * three


@inlined
def cluster_density(i: int, j: int, at: Any, clusters: Any, out: Any, w: Any, room: Any) -> float:
    scale, kind, stratum = at.scale, clusters.kind[j], clusters.stratum[j]
    base, going = cohort_means(j, clusters, w)
    one, three = base, going
    if stratum >= 0:
        one, three = stratum_means(stratum, base, going, clusters.mix[i], at.stratum1, at.stratum3, room)
    share = kind_share(kind, one, three)
    d_true = 1.0
    seen = share
    bias = clusters.bias[j]
    if bias >= 0:
        factor = math.exp(at.survey_bias[bias])
        total = 1.0 - share + share * factor
        seen = share * factor / total
        d_true = factor / (total * total)
    d_bias = seen * (1.0 - seen)
    told = seen
    recalled = clusters.recalled[j] if kind != 1 else 0.0
    d_told = 1.0
    if recalled > 0.0:
        d_told = 1.0 - recalled + recalled * (scale[r.SENSITIVITY] - scale[r.FALSE_YES])
        told = (1.0 - recalled) * seen + recalled * (
            scale[r.SENSITIVITY] * seen + scale[r.FALSE_YES] * (1.0 - seen)
        )
    told = min(max(told, 1e-6), 1.0 - 1e-6)
    a = (1.0 - scale[r.CLUSTER]) / scale[r.CLUSTER]
    if clusters.decision[j] == 0:
        ll, g, d_a = beta_binomial(clusters.vaccinated[j], clusters.children[j], told, a)
    else:
        ll, g, d_a = decision_density(
            clusters.decision[j], clusters.vaccinated[j], clusters.children[j], told, a
        )
    out.scale[r.CLUSTER] -= d_a / (scale[r.CLUSTER] * scale[r.CLUSTER])
    out.scale[r.SENSITIVITY] += g * recalled * seen
    out.scale[r.FALSE_YES] += g * recalled * (1.0 - seen)
    g *= d_told
    if bias >= 0:
        out.survey_bias[bias] += g * d_bias
    g *= d_true
    d_one = 0.0 if kind == 1 else g if kind == 0 else g * three
    d_three = 0.0 if kind == 0 else g if kind == 1 else g * one
    if stratum >= 0:
        d_one, d_three = stratum_means_back(
            stratum, d_one, d_three, base, clusters.mix[i], room, out.stratum1, out.stratum3
        )
    _cohort_back(j, d_one, d_three, base, going, clusters, w)
    return ll


@compiled
def _cohort_back(
    j: int, d_base: float, d_going: float, base: float, going: float, clusters: Any, w: Any
) -> None:
    """Carry slopes in the means of a cohort back to the log odds of its quarters."""
    first, last = clusters.first[j], clusters.last[j]
    size = last - first + 1
    one = max(size * base, 1e-300)
    for t in range(first, last + 1):
        p, q = w[r.P, t], w[r.Q, t]
        w[r.D_ETA1, t] += (d_base / size + d_going * (q - going) / one) * p * (1.0 - p)
        if d_going != 0.0:
            w[r.D_ETA3, t] += d_going * p / one * q * (1.0 - q)
