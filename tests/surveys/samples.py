"""Small samples whose numbers are known from elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Clusters of the `clus1` sample of California schools (R package survey): schools, and those with an index
# above 700. Sums per cluster only: with equal weights they settle every estimate.
SCHOOLS = (13, 34, 4, 13, 16, 2, 1, 4, 12, 21, 9, 11, 37, 2, 4)
HIGH = (7, 15, 0, 5, 9, 0, 0, 0, 11, 5, 4, 4, 2, 0, 0)
# The same clusters by school-wide target (no, yes) within type of school (elementary, high, middle).
TARGET_BY_TYPE = (
    (0, 10, 0, 0, 2, 1), (3, 31, 0, 0, 0, 0), (0, 2, 0, 1, 1, 0), (1, 9, 0, 0, 2, 1), (1, 12, 0, 0, 0, 3),
    (0, 2, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0), (0, 2, 0, 1, 0, 1), (0, 9, 0, 1, 0, 2), (1, 15, 1, 1, 1, 2),
    (1, 3, 1, 3, 0, 1), (0, 8, 0, 1, 0, 2), (5, 25, 0, 3, 0, 4), (0, 1, 0, 0, 1, 0), (0, 2, 1, 0, 1, 0),
)  # fmt: skip

# The sum of their performance index of 2000 (api00), in the same cells.
INDEX_BY_TYPE = (
    (0, 7203, 0, 0, 1458, 711), (2013, 20495, 0, 0, 0, 0), (0, 1001, 0, 529, 547, 0), (709, 6005, 0, 0, 1190, 689), (552, 8633, 0, 0, 0, 2184),
    (0, 1116, 0, 0, 0, 0), (0, 551, 0, 0, 0, 0), (0, 963, 0, 443, 0, 482), (0, 6858, 0, 703, 0, 1550), (629, 9964, 595, 661, 614, 1298),
    (699, 2160, 687, 2161, 0, 679), (0, 5418, 0, 608, 0, 1333), (2554, 14254, 0, 1577, 0, 2009), (0, 494, 0, 0, 411, 0), (0, 1166, 696, 0, 631, 0),
)  # fmt: skip


def schools() -> pd.DataFrame:
    """183 rows in 15 clusters with the cluster sums of `clus1`; the order within a cluster is made up."""
    rows = [
        {"stratum": "all", "cluster": cluster, "weight": 33.847, "high": int(at < high)}
        for cluster, (size, high) in enumerate(zip(SCHOOLS, HIGH, strict=True))
        for at in range(size)
    ]
    return pd.DataFrame(rows)


def schools_by_type() -> pd.DataFrame:
    """The same number of rows with school-wide target and type of school; `index` is the mean of the cell: sums by cell settle raked estimates too."""
    cells = [(target, kind) for kind in "EHM" for target in ("no", "yes")]
    rows = [
        {
            "stratum": "all",
            "cluster": cluster,
            "weight": 33.847,
            "target": target,
            "kind": kind,
            "index": total / max(count, 1),
        }
        for cluster, (counts, totals) in enumerate(zip(TARGET_BY_TYPE, INDEX_BY_TYPE, strict=True))
        for (target, kind), count, total in zip(cells, counts, totals, strict=True)
        for _ in range(count)
    ]
    return pd.DataFrame(rows)


def villages() -> pd.DataFrame:
    """240 children made by arithmetic: 4 strata of 5, 4, 3 and 1 clusters, unequal weights, two answers, two domains.

    Stratum D has a single cluster. `written` is missing for every eleventh child.
    """
    rows = []
    clusters = [("A", 5), ("B", 4), ("C", 3), ("D", 1)]
    number = 0
    for s, (stratum, count) in enumerate(clusters):
        for c in range(count):
            for _ in range(12 + 3 * c + 2 * s):
                number += 1
                mixed = (number * 37 + c * 17 + s * 29) % 101
                rows.append(
                    {
                        "stratum": stratum, "cluster": f"{stratum}{c}", "weight": 1 + (number % 5) / 2 + s,
                        "dose": int(mixed < 45 + 9 * c - 6 * s), "written": np.nan if number % 11 == 0 else int(mixed % 3 > 0),
                        "girl": number % 2 == 0, "far": (c + s) % 2 == 0, "visits": 1 + number % 4,
                        "wealth": "poor" if (mixed + 10 * c) % 5 < 2 else "middle" if mixed % 2 else "rich",
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)
