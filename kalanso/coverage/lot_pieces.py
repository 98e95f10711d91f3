"""What does it say of coverage that a lot passed, or failed?

A lot passes when at least d of its m children are vaccinated. Its likelihood is the tail of the same
beta-binomial that clusters with counts have, so that the likeness of children of one cluster counts
here too (lot quality assurance sampling: WHO 2012, *Assessing vaccination coverage levels using
clustered LQAS*). Counts of the tail follow from each other by finite sums; no gamma function is needed.
"""

from __future__ import annotations

import math

from kalanso.coverage.compiling import compiled

COUNTED, PASSED, FAILED = range(3)


@compiled
def decision_density(decision: int, d: int, m: int, share: float, a: float) -> tuple[float, float, float]:
    """Return the log probability that a lot of m children passes (`decision` 1: d or more vaccinated) or
    fails (2: fewer), at mean `share` and a = (1 - icc)/icc; its slopes in the share and in a."""
    alpha, beta = share * a, (1.0 - share) * a
    first, last = (d, m) if decision == 1 else (0, d - 1)
    # log P(y = 0), then each count from the one before; slopes in alpha, beta and their sum beside it.
    log_p = d_alpha = d_beta = d_total = 0.0
    for q in range(m):
        log_p += math.log((beta + q) / (a + q))
        d_beta += 1.0 / (beta + q)
        d_total -= 1.0 / (a + q)
    top, sum_, slope_share, slope_a = -math.inf, 0.0, 0.0, 0.0
    for y in range(last + 1):
        if y > 0:
            rest = beta + m - y
            log_p += math.log((m - y + 1.0) / y * (alpha + y - 1) / rest)
            d_alpha += 1.0 / (alpha + y - 1)
            d_beta -= 1.0 / rest
        if y < first:
            continue
        if log_p > top:
            shrink = math.exp(top - log_p)
            sum_, slope_share, slope_a = sum_ * shrink, slope_share * shrink, slope_a * shrink
            top = log_p
        weight = math.exp(log_p - top)
        sum_ += weight
        slope_share += weight * a * (d_alpha - d_beta)
        slope_a += weight * (share * d_alpha + (1.0 - share) * d_beta + d_total)
    return top + math.log(sum_), slope_share / sum_, slope_a / sum_


@compiled
def decision_information(d: int, m: int, share: float, a: float) -> float:
    """Return the expected information of a decision on the share: slope squared over P (1 - P)."""
    passed, up, _ = decision_density(1, d, m, share, a)
    failed, down, _ = decision_density(2, d, m, share, a)
    # P'/P = up and -P'/(1-P) = down, so P'^2 / (P (1-P)) = - up * down.
    if passed == 0.0 or failed == 0.0:
        return 0.0
    return max(-up * down, 0.0)
