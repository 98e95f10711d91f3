"""At which facility is a child of each area vaccinated?

Most children go to the health centre of their area; some to a second post, the centre of the town,
the district hospital or a neighbour's centre. Children of a closed centre walk further or stay away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from kalanso.simulation.territory import Territory
from kalanso.simulation.timeline import MONTHS

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.signedinteger[Any]]

OWN, POST, TOWN, REFERRAL, NEIGHBOUR, PRIVATE = range(6)
# Share of children who go there where it exists, before shares are made to add up to 1.
SHARES = {
    "urban": (0.70, 0.00, 0.05, 0.13, 0.08, 0.06),
    "peri_urban": (0.68, 0.05, 0.08, 0.12, 0.07, 0.03),
    "rural": (0.78, 0.18, 0.04, 0.03, 0.06, 0.00),
    "remote": (0.84, 0.14, 0.02, 0.01, 0.05, 0.00),
}
LOST_WHEN_CLOSED = 0.5  # of the children of a closed facility, those who go nowhere else


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """Where children go: `options[a, j]` facility rows (-1 where none), `shares[a, j, t]` adding up to 1."""

    options: Counts
    shares: Numbers
    access: Numbers

    def spread(
        self, children: Counts, weights: Numbers | None, facilities: int, rng: np.random.Generator
    ) -> Counts:
        """Send children by area and month to facilities, nobody lost and nobody twice.

        `weights` by facility and month (such as vaccine in stock) draw children to where it is.
        """
        shares = self.shares
        if weights is not None:
            pulled = shares * np.where(self.options[:, :, None] >= 0, weights[self.options], 0)
            total = pulled.sum(axis=1, keepdims=True)
            shares = np.where(total > 0, pulled / np.where(total > 0, total, 1), shares)
        received = np.zeros((facilities, MONTHS), dtype=np.int64)
        left, share_left = children.astype(np.int64), np.ones(children.shape)
        for j in range(shares.shape[1]):
            chance = np.clip(shares[:, j] / np.maximum(share_left, 1e-12), 0, 1)
            going = rng.binomial(left, chance)
            present = self.options[:, j] >= 0
            np.add.at(received, self.options[present, j], going[present])
            left, share_left = left - going, share_left - shares[:, j]
        # Rounding of shares may leave a child over: it goes to its own centre.
        np.add.at(received, self.options[:, OWN], left)
        return received

    def seen_by_area(self, facility_factor: Numbers) -> Numbers:
        """Return the mean of a facility factor over the children of each area and month."""
        factor = np.where(self.options[:, :, None] >= 0, facility_factor[self.options], 0)
        return np.clip((self.shares * factor).sum(axis=1), 0, 1)


def attendance(territory: Territory, opened: npt.NDArray[np.bool_], rng: np.random.Generator) -> Attendance:
    """Return where children of each area go, month by month."""
    options = _options(territory)
    base = _base_shares(territory, options, rng)
    working = np.where(options[:, :, None] >= 0, opened[options], False)
    shares = base[:, :, None] * working
    total = shares.sum(axis=1, keepdims=True)
    fallback = np.zeros_like(shares)
    fallback[:, OWN] = 1.0
    access = 1 - LOST_WHEN_CLOSED * np.clip(1 - total[:, 0], 0, 1)
    shares = np.where(total > 0.02, shares / np.where(total > 0.02, total, 1), fallback)
    return Attendance(options=options, shares=shares, access=access)


def _options(territory: Territory) -> Counts:
    areas, facilities = territory.areas, territory.facilities
    count = len(areas)
    options = np.full((count, 6), -1, dtype=np.int64)
    options[:, OWN] = np.arange(count)  # health centres are listed first, in the order of areas
    vaccinating = facilities[facilities["vaccinates"]]
    for kinds, column in (
        (("Maternité rurale", "Poste avancé"), POST),
        (("Clinique", "Cabinet médical"), PRIVATE),
    ):
        found = vaccinating[vaccinating["kind"].isin(kinds)].drop_duplicates("area")
        options[found["area"].to_numpy(), column] = found.index.to_numpy()
    referral = facilities[facilities["kind"] == "CSRéf"].set_index("district")
    options[:, REFERRAL] = _index_of(facilities, referral, areas["district"].to_numpy())
    seat = referral["area"].to_numpy()[areas["district"].to_numpy()]
    options[:, TOWN] = np.where(seat == np.arange(count), -1, seat)
    points = areas[["longitude", "latitude"]].to_numpy()
    nearest = cKDTree(points).query(points, k=2)[1][:, 1]
    options[:, NEIGHBOUR] = np.where(nearest == options[:, TOWN], -1, nearest)
    return options


def _index_of(facilities: pd.DataFrame, referral: pd.DataFrame, district: Counts) -> Counts:
    row = {code: number for number, code in enumerate(facilities["code"])}
    by_district = np.array([row[code] for code in referral["code"].sort_index()])
    return np.asarray(by_district[district])


def _base_shares(territory: Territory, options: Counts, rng: np.random.Generator) -> Numbers:
    areas = territory.areas
    kind = np.where(areas["remote"], "remote", areas["setting"])
    shares = np.array([SHARES[k] for k in kind]) * (options >= 0)
    shares *= rng.lognormal(0, 0.25, shares.shape)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
