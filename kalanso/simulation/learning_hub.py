"""Which series did the Learning Hub report for its eight health areas, and how are they met here?

The quarterly administrative DTP1 coverage that the hub's progress report shows from Q4 2022 to Q4
2024. Documented are the statements of the report, not each number: values between them are filled
in, and two areas are marked as not documented. Targets and doses of these areas are set so that the
evaluator finds these values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kalanso.simulation.geography import facts
from kalanso.simulation.population import TARGET_SHARES
from kalanso.simulation.territory import Territory
from kalanso.simulation.timeline import MONTHS, quarter

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

SHORTAGE_AREA = "Niono Central"
UNREPORTED_AREA = "Bougouni Est"
UNREPORTED_MONTHS = [33, 34]  # October and November 2023, by position among the months of reports
REPORT_NAMES = {"Bougouni Est": "Bougouni Ouest"}  # as the progress report calls it
QUARTER_LABELS = (
    "2022Q4", "2023Q1", "2023Q2", "2023Q3", "2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4",
)  # fmt: skip
LATER_DOSES = {"dtp2", "dtp3", "ipv1", "dtp2_late", "dtp3_late"}
FIRST_QUARTER = quarter(QUARTER_LABELS[0])


@dataclass(frozen=True, kw_only=True)
class HubArea:
    """One health area of the hub: its row among areas and its series of shares by quarter."""

    name: str
    district: str
    area: int
    documented: bool
    typology: str
    coverage: Numbers


def hub_areas(territory: Territory) -> tuple[HubArea, ...]:
    """Return the hub's areas that lie in this territory."""
    rows = facts("learning_hub")
    found = []
    for area, number in enumerate(territory.areas["hub"]):
        if number >= 0:
            row = rows[number]
            found.append(
                HubArea(
                    name=row["area"],
                    district=row["district"],
                    area=area,
                    documented=row["documented"] == "yes",
                    typology=row["typology"],
                    coverage=np.array([int(row[q]) for q in QUARTER_LABELS]) / 100,
                )
            )
    return tuple(found)


def facilities_of(territory: Territory, area: int) -> Counts:
    """Return the facilities that stand below an area in the health tree."""
    facilities = territory.facilities
    below = (facilities["area"] == area) & ~facilities["kind"].isin({"CSRéf", "Hôpital"})
    return np.flatnonzero(below.to_numpy())


def of_hub(territory: Territory) -> npt.NDArray[np.bool_]:
    """Return by facility whether it stands below an area of the hub in the health tree."""
    facilities = territory.facilities
    in_area = (territory.areas["hub"] >= 0).to_numpy()[facilities["area"]]
    return np.asarray(in_area & ~facilities["kind"].isin({"CSRéf", "Hôpital"}).to_numpy())


def unreported(territory: Territory) -> npt.NDArray[np.bool_]:
    """Return by facility and month where the hub's series tells of reports that never came."""
    gaps = np.zeros((len(territory.facilities), MONTHS), dtype=bool)
    for hub in hub_areas(territory):
        if hub.name == UNREPORTED_AREA:
            gaps[np.ix_(facilities_of(territory, hub.area), np.array(UNREPORTED_MONTHS))] = True
    return gaps


def with_hub_targets(territory: Territory, official: Numbers, dtp1: Counts) -> Numbers:
    """Return official persons by area and year, those of hub areas such that coverage fits on average.

    `dtp1` counts doses by facility and month.
    """
    official = official.copy()
    growth = official / official[:, 2:3]
    for hub in hub_areas(territory):
        given = dtp1[facilities_of(territory, hub.area), FIRST_QUARTER * 3 :].sum(axis=0)
        a_year = given.sum() * 12 / len(given)
        usual = np.median(hub.coverage)
        people = a_year / usual / TARGET_SHARES["population_under_1"]
        official[hub.area] = people * growth[hub.area]
    return official


def under_one_target(official: Numbers) -> Counts:
    """Return the yearly target of children under one by area and year, as whole children."""
    return np.round(official * TARGET_SHARES["population_under_1"]).astype(np.int64)


def with_hub_doses(territory: Territory, doses: dict[str, Counts], target: Counts) -> dict[str, Counts]:
    """Return doses by facility and month, those of hub areas such that each quarter has its coverage.

    Other first contacts move in the same proportion; later doses follow the children who began a
    quarter before. Months without a report are left as they are.
    """
    doses = {name: counts.copy() for name, counts in doses.items()}
    gaps = unreported(territory)
    for hub in hub_areas(territory):
        own = facilities_of(territory, hub.area)
        before = 1.0
        for number, share in enumerate(hub.coverage):
            position = FIRST_QUARTER + number
            cells = np.ix_(own, np.arange(3 * position, 3 * position + 3))
            wanted = round(share * target[hub.area, position // 4] / 4)
            natural = doses["dtp1"][cells] * ~gaps[cells]
            ratio = wanted / max(natural.sum(), 1)
            for name in doses:
                factor = (ratio + 2 * before) / 3 if name in LATER_DOSES else ratio
                scaled = np.round(doses[name][cells] * factor).astype(np.int64)
                if name == "dtp1":
                    scaled = apportioned(np.where(gaps[cells], 0.0, np.maximum(natural, 0.01)), wanted)
                doses[name][cells] = np.where(gaps[cells], doses[name][cells], scaled)
            before = ratio
    return doses


def apportioned(weights: Numbers, total: int) -> Counts:
    """Divide a whole number in proportion to weights, by largest remainders (Hamilton's method)."""
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    left = total - int(whole.sum())
    order = np.argsort(-(exact - whole), axis=None, kind="stable")[:left]
    whole.flat[order] += 1
    return whole


def report_csv(territory: Territory) -> str:
    """Return the progress report's table as CSV: wide, French headings, coverage in percent.

    One area stands under the name that the report gave it, so that whoever reads it has to ask.
    """
    labels = [f"T{label[-1]} {label[:4]}" for label in QUARTER_LABELS]
    lines = [",".join(["District", "Aire de santé", "Documenté", "Unité", *labels])]
    for hub in hub_areas(territory):
        name = REPORT_NAMES.get(hub.name, hub.name)
        values = [str(round(share * 100)) for share in hub.coverage]
        documented = "oui" if hub.documented else "non"
        lines.append(",".join([hub.district, name, documented, "%", *values]))
    return "\n".join(lines) + "\n"
