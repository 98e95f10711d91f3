"""On which evidence do the tests of triangulation stand?

Mali's national series as WHO and UNICEF publish them (the facts of the JRF and of DHS 2018), and small districts made by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from kalanso import definitions
from kalanso.triangulation import Dossier, dossier

TODAY = date(2023, 7, 1)
THRESHOLDS = definitions.load("ML").section("triangulation")
PACK = definitions.load("ML")
# year: DTP1 doses, target, official %, WHO/UNICEF % (JRF of Mali, WHO extract of May 2024)
JRF = {
    2015: (726865, 714245, 96, 78), 2016: (782219, 735249, 92, 82), 2017: (800938, 756614, 92, 82), 2018: (889266, 778379, 80, 82),
    2019: (894131, 806132, 82, 82), 2020: (866411, 829299, 82, 75), 2021: (943917, 852391, 110, 82), 2022: (934526, 876191, 78, None),
}  # fmt: skip
SURVIVING = {
    2015: 763774, 2016: 779711, 2017: 798087, 2018: 815748, 2019: 832280, 2020: 851461, 2021: 872528, 2022: 892365,
}  # fmt: skip
DHS_2018 = ("ML", 2017, "dtp1", "mli2018141", "survey", 0.82, 2048, 0.56)
COLUMNS = [
    "place_code",
    "year",
    "indicator",
    "source",
    "kind",
    "value",
    "doses",
    "target",
    "low",
    "high",
    "children",
    "card_share",
]


def table(columns: str, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Return rows under the columns that a line of words names."""
    return pd.DataFrame(rows, columns=columns.split())


def mali_coverage() -> pd.DataFrame:
    """Return Mali's administrative, official and WHO/UNICEF series with the survey of 2018."""
    rows: list[dict[str, Any]] = []
    for year, (doses, target, official, wuenic) in JRF.items():
        common = {"place_code": "ML", "year": year, "indicator": "dtp1"}
        rows.append(
            common
            | {
                "source": "jrf",
                "kind": "administrative",
                "value": doses / target,
                "doses": doses,
                "target": target,
            }
        )
        rows.append(common | {"source": "jrf", "kind": "official", "value": official / 100})
        if wuenic is not None:
            rows.append(common | {"source": "wuenic", "kind": "who_unicef", "value": wuenic / 100})
    place, year, dose, source, kind, value, children, cards = DHS_2018
    rows.append({
        "place_code": place, "year": year, "indicator": dose, "source": source, "kind": kind, "value": value, "low": 0.79, "high": 0.85,
        "children": children, "card_share": cards,
    })  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def mali_populations() -> pd.DataFrame:
    """Return Mali's targets and the surviving infants of the United Nations."""
    official = [("ML", year, "jrf", "official", row[1]) for year, row in JRF.items()]
    un = [("ML", year, "un", "un", value) for year, value in SURVIVING.items()]
    return table("place_code year source kind surviving_infants", [*official, *un])


PLACES = table("place_code parent_code level name", [("ML", "", "country", "Mali")])


def districts(count: int) -> pd.DataFrame:
    """Return a country with so many districts, D01 and on."""
    below = [(f"D{number:02d}", "ML", "district", f"District {number}") for number in range(1, count + 1)]
    return table("place_code parent_code level name", [("ML", "", "country", "Mali"), *below])


def lay(**tables: pd.DataFrame) -> Dossier:
    """Return a dossier on TODAY with the pack's thresholds."""
    return dossier(today=TODAY, thresholds=THRESHOLDS, **({"places": PLACES} | tables))


def mali(**more: pd.DataFrame) -> Dossier:
    """Return the dossier of Mali's national series."""
    return lay(**({"coverage": mali_coverage(), "populations": mali_populations()} | more))


def counts(indicator: str, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Return counts of one indicator out of (place, period, value[, completeness])."""
    full = [
        (place, str(period), indicator, value, *(more or (None,))) for place, period, value, *more in rows
    ]
    return table("place_code period indicator value completeness", full)
