"""What does one survey cluster say of the quarters in which its children were due?

The children of a cluster were due in several quarters (the cohort), and some of them were judged by
recall; a rapid round may be biased as a whole (`estimation` §2.4).
"""

from __future__ import annotations

import math
from typing import Any

from kalanso.coverage import records as r
from kalanso.coverage.lot_pieces import decision_density
from kalanso.coverage.pieces import beta_binomial, compiled, inlined


@compiled
def cohort_share(j: int, clusters: Any, w: Any) -> tuple[float, float]:
    """Return the share that a cluster's children have, and the share of those with DTP1 (its base).

    Cohorts are quarters first..last with equal weights; for DTP3 given DTP1 the share is among those
    with DTP1.
    """
    first, last = clusters.first[j], clusters.last[j]
    one = three = 0.0
    for t in range(first, last + 1):
        one += w[r.P, t]
        three += w[r.P, t] * w[r.Q, t]
    size = last - first + 1
    if clusters.kind[j] == 0:
        return one / size, 1.0
    if clusters.kind[j] == 1:
        return three / one, one / size
    return three / size, 1.0


@inlined
def cluster_density(j: int, at: Any, clusters: Any, out: Any, w: Any) -> float:
    scale = at.scale
    share, base = cohort_share(j, clusters, w)
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
    recalled = clusters.recalled[j] if clusters.kind[j] != 1 else 0.0
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
    _cohort_back(j, g * d_true, share, base, clusters, w)
    return ll


@compiled
def _cohort_back(j: int, g: float, share: float, base: float, clusters: Any, w: Any) -> None:
    first, last, kind = clusters.first[j], clusters.last[j], clusters.kind[j]
    size = last - first + 1
    for t in range(first, last + 1):
        p, q = w[r.P, t], w[r.Q, t]
        if kind == 0:
            w[r.D_ETA1, t] += g * p * (1.0 - p) / size
        elif kind == 1:
            w[r.D_ETA1, t] += g * p * (1.0 - p) * (q - share) / (size * base)
            w[r.D_ETA3, t] += g * p * q * (1.0 - q) / (size * base)
        else:
            w[r.D_ETA1, t] += g * p * (1.0 - p) * q / size
            w[r.D_ETA3, t] += g * p * q * (1.0 - q) / size
