"""Who lives where in the example country, and which facilities serve them?

Contexts of health areas, dated conflict, and facilities with their kind and sector. The tables of
places that are published from this stand in `gazetteer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from kalanso.places import mint_codes
from kalanso.simulation.geography import CAPITAL, DELTA, Land, rows_of
from kalanso.simulation.timeline import MONTHS, month_of
from kalanso.vocabulary import Level

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NEVER = 10_000  # month of a conflict that does not come
MOBILE_TRAITS = ("displaced", "refugees", "migrants")
TRAIT_SHARES = {
    "displaced": 0.25, "refugees": 0.12, "migrants": 0.3, "nomads": 0.45, "miners": 0.3, "island": 0.3,
}  # fmt: skip
SURNAMES = (
    "Keïta", "Traoré", "Coulibaly", "Diarra", "Touré", "Maïga", "Koné", "Sidibé", "Sissoko", "Dembélé", "Cissé",
    "Sangaré", "Doumbia", "Kanté", "Samaké", "Bagayoko", "Ballo", "Camara", "Diallo", "Fofana", "Konaté", "Guindo",
)  # fmt: skip
FACILITY_COLUMNS = ("name", "kind", "sector", "area", "district", "longitude", "latitude", "vaccinates")


@dataclass(frozen=True, kw_only=True)
class Territory:
    """Areas with their contexts and facilities with their kind, by row number.

    `areas` adds to `Land.areas`: code, remote, conflict_from (month position, NEVER if none) and one
    flag per context. `facilities` holds code, name, kind, sector, area, district, longitude,
    latitude and vaccinates. A facility with kind CSRéf or Hôpital belongs to its district.
    """

    land: Land
    areas: pd.DataFrame
    facilities: pd.DataFrame

    def in_conflict(self) -> Flags:
        """Return by area and month of reports whether conflict had come."""
        since = self.areas["conflict_from"].to_numpy()
        return since[:, None] <= np.arange(MONTHS)[None, :]


def territory(land: Land, rng: np.random.Generator) -> Territory:
    """Return contexts and facilities for the areas of a land."""
    areas = _with_contexts(land, rng)
    areas.insert(0, "code", mint_codes("ML", Level.HEALTH_AREA, len(areas), ()))
    facilities = _facilities(land, areas, rng)
    facilities.insert(0, "code", mint_codes("ML", Level.FACILITY, len(facilities), ()))
    return Territory(land=land, areas=areas, facilities=facilities)


def _with_contexts(land: Land, rng: np.random.Generator) -> pd.DataFrame:
    areas = land.areas.copy()
    districts = land.districts.iloc[areas["district"]].reset_index(drop=True)
    east = (areas["longitude"] - districts["longitude"]) * np.cos(np.radians(areas["latitude"]))
    areas["from_seat"] = np.hypot(east, areas["latitude"] - districts["latitude"]) * 111.2
    rank = areas.groupby("district")["from_seat"].rank(pct=True)
    rural = areas["setting"] == "rural"
    areas["capital"] = (districts["region"] == CAPITAL).to_numpy()
    areas["remote"] = rural & (((rank > 0.65) & (areas["from_seat"] > 20)) | (areas["latitude"] > 16.5))
    hub_remote = (areas["hub"] >= 0) & rural & (districts["district"] == "Niono")
    areas["remote"] |= hub_remote
    areas["conflict_from"] = _conflict_from(areas, districts, rank, rng)
    river = shapely.distance(
        shapely.points(areas[["longitude", "latitude"]].to_numpy()), shapely.LineString(DELTA)
    )
    for trait, share in TRAIT_SHARES.items():
        present = districts["traits"].str.split(";").apply(lambda listed, t=trait: t in listed)
        rural_only = rural if trait in {"nomads", "miners", "island"} else True
        drawn = rng.random(len(areas)) < share
        if trait == "island":
            drawn = (river < 0.25) | (drawn & (districts["latitude"] < 12.5))
        areas[trait] = (present & rural_only & drawn).to_numpy()
    special = (areas["hub"] >= 0) & (districts["district"] == "Bougouni")
    areas.loc[special, "displaced"] = True
    areas.loc[special & rural, "miners"] = True
    return areas


def _conflict_from(
    areas: pd.DataFrame, districts: pd.DataFrame, rank: pd.Series[float], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return the month in which conflict reached each area: far from the seat first."""
    threatened = rank + rng.normal(0, 0.15, len(areas)) > 1 - districts["conflict_share"]
    threatened &= areas["setting"] == "rural"
    threatened |= (areas["hub"] >= 0) & (districts["district"] == "Yorosso")
    began = np.array([month_of(day, NEVER) for day in districts["conflict_from"]])
    spread = rng.integers(0, 18, len(areas))
    spread[(areas["hub"] >= 0).to_numpy()] = 0
    return np.where(threatened & (began < NEVER), began + spread, NEVER).astype(np.int64)


def _facilities(land: Land, areas: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = [_health_centre(number, area) for number, area in enumerate(rows_of(areas))]
    seat_area = areas["from_seat"].groupby(areas["district"]).idxmin()
    for number, district in enumerate(rows_of(land.districts)):
        rows += _district_hospitals(number, district, int(seat_area[number]))
    posts = _posts(areas, rng)
    private = _private(areas, rng)
    for frame in (posts, private):
        rows += _scattered(frame, land, areas, rng)
    return pd.DataFrame(rows, columns=list(FACILITY_COLUMNS))


def _health_centre(number: int, area: Any) -> tuple[Any, ...]:
    return (
        f"CSCom {area.name}", "CSCom", "public", number, area.district, area.longitude, area.latitude, True,
    )  # fmt: skip


def _district_hospitals(number: int, district: Any, area: int) -> list[tuple[Any, ...]]:
    place = (area, number, district.longitude + 0.004, district.latitude + 0.003)
    rows = [(f"CSRéf {district.district}", "CSRéf", "public", *place, True)]
    if district.district in {"Commune III", "Commune V", district.region}:
        rows.append((f"Hôpital {district.district}", "Hôpital", "public", *place, False))
    return rows


def _posts(areas: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return which areas have a second vaccinating post: a rural maternity, or one run by an NGO."""
    draw = rng.random(len(areas))
    rural = (areas["setting"] == "rural").to_numpy()
    troubled = ((areas["conflict_from"] < NEVER) | areas["displaced"]).to_numpy()
    ngo = troubled & (draw < 0.15) & (areas["hub"] < 0).to_numpy()
    maternity = rural & ~ngo & (draw > 0.66)
    chosen = np.flatnonzero(ngo | maternity)
    names = areas["name"].to_numpy()
    return pd.DataFrame(
        {
            "area": chosen,
            "name": [f"{'Poste ONG' if ngo[a] else 'Maternité'} {names[a]}" for a in chosen],
            "kind": np.where(ngo[chosen], "Poste avancé", "Maternité rurale"),
            "sector": np.where(ngo[chosen], "ngo", "public"),
            "vaccinates": True,
        }
    )


def _private(areas: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    urban = (areas["setting"] == "urban").to_numpy()
    mean = np.where(urban, 2.7, np.where(areas["setting"] == "peri_urban", 1.0, 0.18))
    counts = np.minimum(rng.poisson(mean), len(SURNAMES))
    rows = []
    for area in np.flatnonzero(counts):
        for surname in rng.choice(SURNAMES, counts[area], replace=False):
            clinic = urban[area] and rng.random() < 0.3
            vaccinates = bool(areas["capital"].iloc[area] and rng.random() < 0.25)
            kind = "Clinique" if clinic else "Cabinet médical"
            rows.append((area, f"{kind} {surname}", kind, "private", vaccinates))
    return pd.DataFrame(rows, columns=["area", "name", "kind", "sector", "vaccinates"])


def _scattered(
    frame: pd.DataFrame, land: Land, areas: pd.DataFrame, rng: np.random.Generator
) -> list[tuple[Any, ...]]:
    """Return facilities of a frame, each at a random point of its area's catchment."""
    at = frame["area"].to_numpy(dtype=np.int64)
    start = areas[["longitude", "latitude"]].to_numpy()[at]
    border = shapely.get_coordinates(shapely.line_interpolate_point(
        shapely.boundary(land.cells[at]), rng.random(len(at)), normalized=True
    ))  # fmt: skip
    reach = rng.uniform(0.1, 0.7, (len(at), 1))
    points = np.round(start + reach * (border - start), 4)
    outside = ~shapely.contains_xy(land.cells[at], points[:, 0], points[:, 1])
    points[outside] = start[outside]
    district = areas["district"].to_numpy()[at]
    return [
        (row.name, row.kind, row.sector, row.area, district[i], points[i, 0], points[i, 1], row.vaccinates)
        for i, row in enumerate(rows_of(frame))
    ]
