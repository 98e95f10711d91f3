"""Which faults of populations and places are planted: targets that jump or contradict, doubled facilities, points astray?"""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

from benchmarks.planting.desk import MAP, PEOPLE, POPULATION, REPORTS, Desk
from kalanso.simulation.timeline import MONTHS, YEARS

ROWS = ("source", "place_code", "period", "indicator", "value")
OTHER, LIST, TARGET = "planted-population", "planted-list", "planted-target"


def target_too_small(desk: Desk, count: int) -> None:
    """The target of a health area is two fifths of the children for whom it was made."""
    for area in desk.areas(count, children=60, reporting=True):
        desk.scale(desk.yearly(area), 0.4)
        desk.remember("target_too_small", area, about=PEOPLE)


def doses_written_twice(desk: Desk, count: int) -> None:
    """The facilities of a health area write every dose twice, in all years."""
    for area in desk.areas(count, children=60, reporting=True):
        desk.taken[REPORTS].add(area)
        for place in [code for code in desk.by_place if desk.parent.get(code) == area]:
            desk.scale(desk.doses(place), 2.0)
        desk.remember("doses_written_twice", area)


def target_jumps(desk: Desk, count: int) -> None:
    """From one year on all numbers of the population of a health area are half as high again."""
    for area in desk.areas(count):
        year = int(desk.rng.integers(1, 4))
        at = desk.yearly(area)
        desk.scale(at[desk.columns["period"][at] >= str(YEARS[year])], 1.5)
        desk.remember("target_jumps", area, 12 * year, 12 * year + 11, about=PEOPLE, source=POPULATION)


def whole_not_its_parts(desk: Desk, count: int) -> None:
    """The population stated for a district is 15 % higher than the sum of its areas; for others it is that sum."""
    chosen = desk.districts(6 * count, among=PEOPLE)
    desk.taken[PEOPLE] -= set(chosen)  # nothing is changed in their areas
    for number, district in enumerate(chosen):
        areas = [code for code in desk.by_place if desk.parent.get(code) == district]
        at = np.concatenate([desk.yearly(area) for area in areas])
        told = desk.rows.iloc[at].assign(value=desk.value[at])
        sums = told.groupby(["source", "period", "indicator"], as_index=False)["value"].sum()
        wrong = number < len(chosen) // 2
        sums["value"] = np.round(sums["value"] * (1.15 if wrong else 1.0))
        desk.add_years(sums.assign(place_code=district)[list(ROWS)])
        if wrong:
            desk.remember("whole_not_its_parts", district, about=PEOPLE, source=POPULATION)


def sources_apart(desk: Desk, count: int) -> None:
    """A second source tells a quarter more people than the first in some health areas, and nearly as many in others."""
    chosen = desk.areas(2 * count)
    for number, area in enumerate(chosen):
        at = desk.yearly(area, "population_total")
        factor = 1.25 if number < len(chosen) // 2 else float(desk.rng.uniform(0.96, 1.04))
        desk.add_years(
            desk.rows.iloc[at].assign(source=OTHER, value=np.round(desk.value[at] * factor))[list(ROWS)]
        )
        if factor == 1.25:
            desk.remember("sources_apart", area, about=PEOPLE, source=POPULATION)


def growth_misstated(desk: Desk, count: int) -> None:
    """The growth stated for a health area is nine in a hundred, for others what its numbers show."""
    chosen = desk.areas(2 * count)
    for number, area in enumerate(chosen):
        own = desk.value[desk.yearly(area, "population_total")]
        grown = float((own[-1] / own[0]) ** (1 / (len(own) - 1)) - 1)
        wrong = number < len(chosen) // 2
        _state(desk, area, 0.09 if wrong else grown)
        if wrong:
            desk.remember("growth_misstated", area, about=PEOPLE, source=POPULATION)


def growth_in_percent(desk: Desk, count: int) -> None:
    """The growth of a health area stands in percent where a share is meant."""
    for area in desk.areas(count):
        own = desk.value[desk.yearly(area, "population_total")]
        _state(desk, area, 100 * float((own[-1] / own[0]) ** (1 / (len(own) - 1)) - 1))
        desk.remember("growth_in_percent", area, about=PEOPLE, source=POPULATION)


def _state(desk: Desk, place: str, growth: float) -> None:
    years = [str(year) for year in YEARS]
    desk.add_years(
        pd.DataFrame(
            {"source": POPULATION, "place_code": place, "period": years, "indicator": "population_growth_rate",
             "value": growth}
        )
    )  # fmt: skip


def ages_exchanged(desk: Desk, count: int) -> None:
    """The children under one and under five of a health area are exchanged in one year."""
    for area in desk.areas(count):
        year = int(desk.rng.integers(0, 4))
        one, five = (desk.yearly(area, f"population_under_{age}") for age in (1, 5))
        one, five = (at[desk.columns["period"][at] == str(YEARS[year])] for at in (one, five))
        desk.value[one], desk.value[five] = desk.value[five], desk.value[one].copy()
        desk.remember("ages_exchanged", area, 12 * year, 12 * year + 11, about=PEOPLE, source=POPULATION)


def too_many_infants(desk: Desk, count: int) -> None:
    """The children under one of a health area are twice as many as can be, in all years."""
    for area in desk.areas(count):
        desk.scale(desk.yearly(area, "population_under_1"), 2.2)
        desk.remember("too_many_infants", area, about=PEOPLE, source=POPULATION)


def target_outgrows(desk: Desk, count: int) -> None:
    """A target of the country grows two or four points a year faster than projected; others grow as projected."""
    rows = desk.rows
    projected = rows[(rows["source"] == "demo-un") & (rows["indicator"] == "surviving_infants")].sort_values(
        "period"
    )
    for number in range(2 * count):
        faster = (0.02, 0.04)[number % 2] if number < count else float(desk.rng.uniform(-0.004, 0.004))
        values = projected["value"].to_numpy() * (1 + faster) ** np.arange(len(projected)) * 1.05
        source = f"{TARGET}-{number}"
        desk.add_years(projected.assign(source=source, value=np.round(values))[list(ROWS)])
        if number < count:
            desk.remember("target_outgrows", "ML", about=PEOPLE, source=source)


def facility_doubled(desk: Desk, count: int) -> None:
    """A facility stands in a second list under another spelling of its name, and other facilities stand there alone."""
    names = dict(zip(desk.places["place_code"], desk.places["name"], strict=True))
    chosen = desk.facilities(2 * count, among=MAP)
    far = desk.rng.permutation([name for code, name in names.items() if code.startswith("ML-H")])
    for number, place in enumerate(chosen):
        doubled = number < len(chosen) // 2
        code = f"ML-P{number:04d}"
        name = _spelt_otherwise(names[place], number) if doubled else f"CSCom {far[number]}"
        own = desk.places[desk.places["place_code"] == place].assign(place_code=code, name=name, source=LIST)
        link = desk.parents[desk.parents["place_code"] == place].assign(place_code=code, source=LIST)
        desk.places, desk.parents = pd.concat([desk.places, own]), pd.concat([desk.parents, link])
        desk.add(LIST, [code], range(MONTHS), "dtp1_doses", desk.rng.poisson(30, (1, MONTHS)))
        if doubled:
            desk.remember("facility_doubled", place, about="names", source="")


def _spelt_otherwise(name: str, number: int) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return (
        plain.upper(), plain.replace("ou", "u"), plain.replace("CSCom ", "CSCOM de "), plain.replace("k", "c"),
        plain.replace(" ", "-"), f"{plain}h",
    )[number % 6]  # fmt: skip


def point_swapped(desk: Desk, count: int) -> None:
    """Latitude and longitude of a facility are exchanged."""
    for place in _pointed(desk, count):
        at = desk.places["place_code"] == place
        desk.places.loc[at, ["latitude", "longitude"]] = desk.places.loc[
            at, ["longitude", "latitude"]
        ].to_numpy()
        desk.remember("point_swapped", place, about=MAP, source="")


def sign_lost(desk: Desk, count: int) -> None:
    """The longitude of a facility has lost its minus."""
    for place in _pointed(desk, count):
        at = desk.places["place_code"] == place
        desk.places.loc[at, "longitude"] *= -1
        desk.remember("sign_lost", place, about=MAP, source="")


def point_elsewhere(desk: Desk, count: int) -> None:
    """The point of a facility lies two degrees away."""
    for place in _pointed(desk, count):
        angle = float(desk.rng.uniform(0, 2 * np.pi))
        at = desk.places["place_code"] == place
        desk.places.loc[at, "latitude"] += 2 * np.sin(angle)
        desk.places.loc[at, "longitude"] += 2 * np.cos(angle)
        desk.remember("point_elsewhere", place, about=MAP, source="")


def point_lost(desk: Desk, count: int) -> None:
    """Latitude and longitude of a facility are zero."""
    for place in _pointed(desk, count):
        desk.places.loc[desk.places["place_code"] == place, ["latitude", "longitude"]] = 0.0
        desk.remember("point_lost", place, about=MAP, source="")


def _pointed(desk: Desk, count: int) -> list[str]:
    known = set(desk.places.loc[desk.places["latitude"].notna(), "place_code"])
    return [place for place in desk.facilities(count, among=MAP) if place in known]
