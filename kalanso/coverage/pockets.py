"""Where do areas with low coverage lie together, and how sure are we of the whole pocket?

A pocket is a connected set of areas each of which lies under a threshold with a stated probability
(an excursion set, Bolin and Lindgren 2015). Areas that are low one by one need not all be low
together: the joint probability says how sure the whole is, and the core is the part of it that is
low together with that stated probability. Names, contexts and causes are added in `pocket_words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from kalanso.coverage.aggregates import Indices, Numbers

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence

Flags = npt.NDArray[np.bool_]
LEVEL = 0.8  # probability from which an area counts as low


@dataclass(frozen=True, kw_only=True)
class Pocket:
    """Areas that touch and are low (positions, the surest first).

    `probability` of each area to lie under the threshold; `joint` that all of them do. `core` are
    those that do so together with probability `core_joint`, at least the level, and touch each
    other; a single area is always a core.
    """

    areas: Indices
    probability: Numbers
    joint: float
    core: Indices
    core_joint: float


def neighbour_matrix(evidence: Evidence) -> csr_array:
    """Return which areas touch (areas x areas, symmetric, 0 and 1), in the order of the evidence."""
    at, count = evidence.area_index, len(evidence.areas)
    one = evidence.neighbours["place_code"].map(at).to_numpy(dtype=np.intp)
    other = evidence.neighbours["neighbour_code"].map(at).to_numpy(dtype=np.intp)
    return csr_array((np.ones(len(one)), (one, other)), shape=(count, count))


def pockets(
    coverage: Numbers, touching: csr_array, *, threshold: float, level: float = LEVEL
) -> list[Pocket]:
    """Return the pockets under a threshold, those with most areas first.

    `coverage` (areas x draws) are joint draws of one period, `touching` (areas x areas) is
    `neighbour_matrix`. An area belongs to a pocket where P(coverage < threshold) > level. Raises
    ValueError for a threshold or level that is no share, or a matrix of another size.
    """
    if not 0 < threshold <= 1 or not 0 < level < 1:
        raise ValueError(f"expected a threshold and a level as shares, got {threshold} and {level}")
    if touching.shape != (len(coverage), len(coverage)):
        raise ValueError(f"neighbours: expected {len(coverage)} areas, got {touching.shape}")
    low = coverage < threshold
    probability = low.mean(axis=1)
    members = np.flatnonzero(probability > level)
    if not len(members):
        return []
    _, group = connected_components(touching[members][:, members], directed=False)
    found = [
        _pocket(members[group == number], low, probability, touching, level) for number in np.unique(group)
    ]
    return sorted(found, key=lambda pocket: (-len(pocket.areas), pocket.areas[0]))


def _pocket(areas: Indices, low: Flags, probability: Numbers, touching: csr_array, level: float) -> Pocket:
    areas = areas[np.argsort(-probability[areas], kind="stable")]
    core = _core(areas, low, touching, level)
    return Pocket(
        areas=areas,
        probability=probability[areas],
        joint=float(low[areas].all(axis=0).mean()),
        core=core,
        core_joint=float(low[core].all(axis=0).mean()),
    )


def _core(areas: Indices, low: Flags, touching: csr_array, level: float) -> Indices:
    """Return a connected part that is low together: the larger of one grown and one trimmed."""
    return max(_grown(areas, low, touching, level), _trimmed(areas, low, touching, level), key=len)


def _grown(areas: Indices, low: Flags, touching: csr_array, level: float) -> Indices:
    """Return areas from the surest on: the neighbour that keeps most is added while all are low."""
    core, all_low = [int(areas[0])], low[areas[0]].copy()
    left = set(areas[1:].tolist())
    edge: set[int] = set()
    while True:
        edge |= _beside(core[-1], touching) & left
        if not edge:
            break
        candidates = sorted(edge)
        kept = (low[candidates] & all_low).mean(axis=1)
        best = int(np.argmax(kept))
        if kept[best] < level:
            break
        core.append(candidates[best])
        all_low &= low[candidates[best]]
        left.discard(core[-1])
        edge.discard(core[-1])
    return np.array(core, dtype=np.intp)


def _beside(area: int, touching: csr_array) -> set[int]:
    return set(touching.indices[touching.indptr[area] : touching.indptr[area + 1]].tolist())


def _trimmed(areas: Indices, low: Flags, touching: csr_array, level: float) -> Indices:
    """Return the largest connected part of the surest areas that are all low with the level."""
    together = np.logical_and.accumulate(low[areas], axis=0).mean(axis=1)
    kept = areas[: max(1, int((together >= level).sum()))]
    _, group = connected_components(touching[kept][:, kept], directed=False)
    return kept[group == np.argmax(np.bincount(group))]


def excursion_function(coverage: Numbers, threshold: float) -> Numbers:
    """Return for each area the largest joint probability with which it belongs to a low set.

    Areas (areas x draws) are taken in the order of their own probability; the value of an area is
    the probability that it and all surer ones lie under the threshold. The areas with a value of at
    least 1 - a are the excursion set at error a (Bolin and Lindgren 2015, section 3).
    """
    low = coverage < threshold
    order = np.argsort(-low.mean(axis=1), kind="stable")
    found = np.empty(len(coverage))
    found[order] = np.logical_and.accumulate(low[order], axis=0).mean(axis=1)
    return found


def members_table(found: list[Pocket], codes: list[str], keys: list[str]) -> pd.DataFrame:
    """Return one row per area of each pocket: pocket, place_code, probability_below, in_core."""
    rows = [
        {
            "pocket": key,
            "place_code": codes[area],
            "probability_below": chance,
            "in_core": area in pocket.core,
        }
        for key, pocket in zip(keys, found, strict=True)
        for area, chance in zip(pocket.areas, pocket.probability, strict=True)
    ]
    return pd.DataFrame(rows, columns=["pocket", "place_code", "probability_below", "in_core"])
