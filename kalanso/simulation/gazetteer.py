"""Which published tables describe the places of the example country?

Places, the two dated trees, codes of other systems, contexts, security flags, outlines and the
crosswalk of the regions that were divided in March 2023. Everything comes from `territory`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from kalanso.places import mint_codes
from kalanso.places.tables import (
    PLACE_BOUNDARIES,
    PLACE_CODES,
    PLACE_CONTEXTS,
    PLACE_CROSSWALK,
    PLACE_FLAGS,
    PLACE_PARENTS,
    PLACES,
)
from kalanso.simulation.geography import Shapes, rows_of
from kalanso.simulation.territory import NEVER, Territory
from kalanso.simulation.timeline import FIRST_YEAR
from kalanso.vocabulary import Level

SOURCE = "demo-places"
COUNTRY = "ML"
LICENCE = "DÉMO: made up, not real boundaries"
REFORM = date(2023, 3, 13)  # the law that made nineteen regions out of ten
BEFORE_REFORM = date(2023, 3, 12)
AREAS_PER_COMMUNE = 5
CONTEXT_FLAGS = ("island", "displaced", "refugees", "miners", "nomads", "migrants")
KM2_PER_DEGREE2 = 111.2**2


def codes_of(level: Level, names: Sequence[str]) -> dict[str, str]:
    """Return a code for each distinct name, in the order of first appearance."""
    distinct = list(dict.fromkeys(names))
    return dict(zip(distinct, mint_codes(COUNTRY, level, len(distinct), ()), strict=True))


class Gazetteer:
    """The administrative and health units above the health areas, and their codes."""

    def __init__(self, territory: Territory) -> None:
        self.territory = territory
        districts = territory.land.districts
        self.regions = codes_of(Level.REGION, [*districts["region"], *districts["region_2023"]])
        self.districts = mint_codes(COUNTRY, Level.DISTRICT, len(districts), ())
        self.cercles = codes_of(Level.CERCLE, list(districts["cercle"]))
        self.commune_of_area = _commune_of_area(territory)
        first = pd.Series(range(len(self.commune_of_area))).groupby(self.commune_of_area).first()
        names = territory.areas["name"].to_numpy()[first.to_numpy()]
        self.communes = mint_codes(COUNTRY, Level.COMMUNE, len(first), ())
        self.commune_names = [str(name).replace(" Central", "") for name in names]
        self.commune_district = territory.areas["district"].to_numpy()[first.to_numpy()]

    def facility_parents(self) -> list[str]:
        """Return the place above each facility in the health tree: its area, or its district."""
        areas = self.territory.areas["code"].to_numpy()
        return [
            self.districts[f.district] if f.kind in {"CSRéf", "Hôpital"} else str(areas[f.area])
            for f in rows_of(self.territory.facilities)
        ]


def _commune_of_area(territory: Territory) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return a running number of the commune of each area: areas gather around every fifth one."""
    points = territory.areas[["longitude", "latitude"]].to_numpy()
    district = territory.areas["district"].to_numpy()
    result = np.zeros(len(points), dtype=np.int64)
    used = 0
    for number in range(district.max() + 1):
        own = np.flatnonzero(district == number)
        heads = own[::AREAS_PER_COMMUNE]
        gaps = np.hypot(*(points[own][:, None] - points[heads][None]).transpose(2, 0, 1))
        result[own] = used + gaps.argmin(axis=1)
        used += len(heads)
    return result


def places(gazetteer: Gazetteer) -> pa.Table:
    """Return every place, in the columns of `places`."""
    territory = gazetteer.territory
    districts, areas, facilities = territory.land.districts, territory.areas, territory.facilities
    rows = [_place(COUNTRY, "Mali", "country")]
    old = set(districts["region"])
    for name, code in gazetteer.regions.items():
        rows.append(_place(code, name, "region", valid_from=None if name in old else REFORM))
    for code, d in zip(gazetteer.districts, rows_of(districts), strict=True):
        rows.append(_place(code, d.district, "district", point=(d.longitude, d.latitude)))
    rows += [_place(code, name, "cercle") for name, code in gazetteer.cercles.items()]
    for code, name in zip(gazetteer.communes, gazetteer.commune_names, strict=True):
        rows.append(_place(code, name, "commune"))
    for a in rows_of(areas):
        rows.append(_place(a.code, a.name, "health_area", a.setting, (a.longitude, a.latitude)))
    for f in rows_of(facilities):
        rows.append(_place(f.code, f.name, "facility", f.kind, (f.longitude, f.latitude)))
    return PLACES.arrow(rows)


def _place(
    code: str,
    name: str,
    level: str,
    kind: str = "",
    point: tuple[float, float] | None = None,
    valid_from: date | None = None,
) -> dict[str, object]:
    longitude, latitude = (round(float(x), 4) for x in point) if point else (None, None)
    return {
        "place_code": code,
        "name": name,
        "level": level,
        "kind": kind,
        "latitude": latitude,
        "longitude": longitude,
        "valid_from": valid_from,
        "valid_to": None,
        "source": SOURCE,
    }


def parents(gazetteer: Gazetteer) -> pa.Table:
    """Return both trees, in the columns of `place_parents`."""
    territory = gazetteer.territory
    districts, areas = territory.land.districts, territory.areas
    old = set(districts["region"])
    links: list[tuple[str, str, str, date | None, date | None]] = []
    for name, code in gazetteer.regions.items():
        links += [("health", code, COUNTRY, None, None)] if name in old else []
        links.append(("administrative", code, COUNTRY, None if name in old else REFORM, None))
    for code, name in zip(gazetteer.districts, districts["region"], strict=True):
        links.append(("health", code, gazetteer.regions[name], None, None))
    links += _cercle_links(gazetteer)
    for code, number in zip(gazetteer.communes, gazetteer.commune_district, strict=True):
        cercle = gazetteer.cercles[districts["cercle"].iloc[number]]
        links.append(("administrative", code, cercle, None, None))
    for code, number in zip(areas["code"], areas["district"], strict=True):
        links.append(("health", code, gazetteer.districts[number], None, None))
    facilities = territory.facilities
    for code, parent in zip(facilities["code"], gazetteer.facility_parents(), strict=True):
        links.append(("health", code, parent, None, None))
    for code, number in zip(facilities["code"], facilities["area"], strict=True):
        commune = gazetteer.communes[gazetteer.commune_of_area[number]]
        links.append(("administrative", code, commune, None, None))
    names = ("tree", "place_code", "parent_code", "valid_from", "valid_to")
    return PLACE_PARENTS.arrow([dict(zip(names, link, strict=True)) | {"source": SOURCE} for link in links])


def _cercle_links(gazetteer: Gazetteer) -> list[tuple[str, str, str, date | None, date | None]]:
    districts = gazetteer.territory.land.districts.drop_duplicates("cercle")
    links: list[tuple[str, str, str, date | None, date | None]] = []
    for d in rows_of(districts):
        code = gazetteer.cercles[d.cercle]
        before, after = gazetteer.regions[d.region], gazetteer.regions[d.region_2023]
        if before == after:
            links.append(("administrative", code, before, None, None))
        else:
            links.append(("administrative", code, before, None, BEFORE_REFORM))
            links.append(("administrative", code, after, REFORM, None))
    return links


def crosswalk(gazetteer: Gazetteer) -> pa.Table:
    """Return how the people of the old regions divide among the new ones, after the rough census."""
    districts = gazetteer.territory.land.districts
    listed = districts[["region", "region_2023", "people_2009_thousand"]]
    people = pd.DataFrame(listed.groupby(["region", "region_2023"]).sum().reset_index())
    whole = people.groupby("region")["people_2009_thousand"].transform("sum")
    people["share"] = people["people_2009_thousand"] / whole
    rows = [
        {
            "from_code": gazetteer.regions[row.region],
            "to_code": gazetteer.regions[row.region_2023],
            "share": row.share,
            "share_low": max(0.0, row.share - 0.05),
            "share_high": min(1.0, row.share + 0.05),
            "basis": "population",
            "changed_on": REFORM,
            "source": SOURCE,
        }
        for row in rows_of(people)
        if row.share < 1
    ]
    return PLACE_CROSSWALK.arrow(rows)


def without_accents(name: str) -> str:
    """Return a name as old lists spell it."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def codes(gazetteer: Gazetteer, rng: np.random.Generator) -> pa.Table:
    """Return what two other systems call these places: a DHIS2 and an older facility list."""
    territory = gazetteer.territory
    named = dict(zip(*(places(gazetteer)[c].to_pylist() for c in ("place_code", "name")), strict=True))
    health = {
        row["place_code"]: row["parent_code"]
        for row in parents(gazetteer).to_pylist()
        if row["tree"] == "health"
    }
    letters = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
    drawn = letters[rng.integers(0, 52, (len(health), 1))], letters[rng.integers(0, 62, (len(health), 10))]
    uids = ["".join(row) for row in np.hstack(drawn)]
    dhis2 = [
        ("demo-dhis2", "2024", uid, named[code], named[parent], code)
        for uid, (code, parent) in zip(uids, health.items(), strict=True)
    ]
    listed = territory.facilities[territory.facilities["kind"].isin({"CSCom", "CSRéf"})]
    spelled = [without_accents(f.name).replace("CSCom ", "CSCOM DE ").upper() for f in rows_of(listed)]
    snis = [
        ("demo-snis", "2019", name, name, without_accents(named[gazetteer.districts[f.district]]), f.code)
        for name, f in zip(spelled, rows_of(listed), strict=True)
    ]
    names = ("system", "vintage", "code", "name", "parent_name", "place_code")
    return PLACE_CODES.arrow(
        [dict(zip(names, row, strict=True)) | {"source": SOURCE} for row in dhis2 + snis]
    )


def contexts(gazetteer: Gazetteer) -> pa.Table:
    """Return what life is like in each area, dated where it changed."""
    rows: list[dict[str, object]] = []
    for a in rows_of(gazetteer.territory.areas):
        setting = "rural_remote" if a.remote else a.setting
        rows.append(_context(a.code, setting, None))
        rows += [_context(a.code, flag, None) for flag in CONTEXT_FLAGS if getattr(a, flag)]
        if a.conflict_from < NEVER:
            years, months = divmod(a.conflict_from, 12)
            rows.append(_context(a.code, "conflict", date(FIRST_YEAR + years, months + 1, 1)))
    return PLACE_CONTEXTS.arrow(rows)


def _context(code: str, context: str, since: date | None) -> dict[str, object]:
    return {"place_code": code, "context": context, "valid_from": since, "valid_to": None, "source": SOURCE}


def flags(gazetteer: Gazetteer) -> pa.Table:
    """Return the districts whose detail could endanger people, since when and until when."""
    districts = gazetteer.territory.land.districts
    rows = [
        {
            "place_code": code,
            "flag": "security",
            "valid_from": d.flagged_from,
            "valid_to": d.flagged_to,
            "source": SOURCE,
            "note": "DÉMO: armed groups reported in part of the district",
        }
        for code, d in zip(gazetteer.districts, rows_of(districts), strict=True)
        if d.flagged_from is not None
    ]
    return PLACE_FLAGS.arrow(rows)


def boundaries(gazetteer: Gazetteer) -> pa.Table:
    """Return outlines of areas, communes, districts, cercles, health regions and the country.

    Everything above the area is a union of areas, so that borders of all levels coincide exactly.
    """
    territory = gazetteer.territory
    cells, district = territory.land.cells, territory.areas["district"].to_numpy()
    listed = territory.land.districts
    regions = np.array([gazetteer.regions[name] for name in listed["region"]])[district]
    cercles = np.array([gazetteer.cercles[name] for name in listed["cercle"]])[district]
    levels: list[tuple[Any, str]] = [
        (np.array([COUNTRY] * len(cells)), "published"),
        (regions, "published"),
        (np.array(gazetteer.districts)[district], "published"),
        (cercles, "published"),
        (np.array(gazetteer.communes)[gazetteer.commune_of_area], "published"),
        (territory.areas["code"].to_numpy(), "catchment"),
    ]
    rows: list[dict[str, object]] = []
    for owner, kind in levels:
        found, shapes = _dissolved(cells, owner)
        middle = np.radians(shapely.get_y(shapely.centroid(shapes)))
        km2 = shapely.area(shapes) * np.cos(middle) * KM2_PER_DEGREE2
        for code, wkb, area in zip(found, shapely.to_wkb(shapes), km2, strict=True):
            rows.append(
                {
                    "place_code": code,
                    "vintage": "demo-2024",
                    "kind": kind,
                    "geometry": wkb,
                    "area_km2": round(float(area), 2),
                    "licence": LICENCE,
                    "source": SOURCE,
                }
            )
    return PLACE_BOUNDARIES.arrow(rows)


def _dissolved(cells: Shapes, owner: Any) -> tuple[list[str], Shapes]:
    found = list(dict.fromkeys(owner))
    if len(found) == len(cells):
        return found, cells
    return found, np.array([shapely.coverage_union_all(cells[owner == code]) for code in found])
