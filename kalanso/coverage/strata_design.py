"""Which strata do survey clusters stand in, and which share of each area's children lives in each?

Shares are those of `strata`; where an area has none, they are taken to be those of the children asked
there (said by the reader of folders). Strata that never stand beside another in one area say nothing of a
difference within areas and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.records import Floats, Ints


@dataclass(frozen=True, eq=False)
class StrataDesign:
    """Strata by name (S); the shares of each area's children (N,S); contrasts (S,S-1) that sum to zero."""

    names: list[str]
    mix: Floats
    contrasts: Floats

    def places(self, strata: pd.Series) -> Ints:
        """Return the place of each cluster's stratum, -1 where it has none."""
        at = {name: number for number, name in enumerate(self.names)}
        return strata.map(lambda name: at.get(name, -1)).to_numpy(np.int64)


def strata_design(evidence: Evidence, clusters: pd.DataFrame) -> StrataDesign:
    """Return the strata of these clusters (columns `place_code`, `stratum`, `children`), all of areas."""
    shares = _given(evidence)
    inside = clusters[clusters["stratum"] != ""]
    acting: set[str] = set()
    for area, asked in _asked(inside).items():
        mine = shares.setdefault(area, asked)
        together = {name for name, share in mine.items() if share > 0} | set(asked)
        if len(together) > 1:
            acting |= together
    names = sorted(acting)
    mix = np.zeros((len(evidence.areas), len(names)))
    for area, mine in shares.items():
        for name, share in mine.items():
            if name in acting:
                mix[evidence.area_index[area], names.index(name)] = share
    return StrataDesign(names, mix, contrasts(len(names)))


def _asked(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return by area the shares of its children asked by stratum."""
    found: dict[str, dict[str, float]] = {}
    sums = rows.groupby(["place_code", "stratum"], sort=False, as_index=False)["children"].sum()
    for area, name, children in zip(sums["place_code"], sums["stratum"], sums["children"], strict=True):
        found.setdefault(str(area), {})[str(name)] = float(children)
    return {
        area: {name: share / sum(mine.values()) for name, share in mine.items()}
        for area, mine in found.items()
    }


def _given(evidence: Evidence) -> dict[str, dict[str, float]]:
    """Return stated shares by area; those of the nearest place count, each place's sum to one."""
    found: dict[str, dict[str, float]] = {}
    places = evidence.strata.groupby("place_code", sort=False)
    for place, rows in sorted(places, key=lambda pair: evidence.depths[str(pair[0])]):
        mine = dict(zip(rows["stratum"], rows["share"] / rows["share"].sum(), strict=True))
        for member in evidence.members(str(place)):
            found[evidence.areas[member]] = mine
    return found


def contrasts(size: int) -> Floats:
    """Return orthonormal columns that sum to zero (S, S-1)."""
    out = np.zeros((size, max(size - 1, 0)))
    for j in range(size - 1):
        out[: j + 1, j] = 1.0
        out[j + 1, j] = -(j + 1.0)
        out[:, j] /= np.sqrt((j + 1.0) * (j + 2.0))
    return out
