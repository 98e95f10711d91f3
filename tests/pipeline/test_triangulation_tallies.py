"""Do cases, campaign tallies and recounts of a store reach the analyses, each counted once and at every level?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kalanso.indicators.tables import OBSERVATIONS, RECOUNTS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.triangulation_evidence import gather_dossier
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.store import Provenance, Store

NOW = datetime(2025, 3, 1, tzinfo=UTC)
TREE = {"R1": "ML", "D1": "R1", "H1": "D1", "H2": "D1"}
LEVELS = {"M": "country", "R": "region", "D": "district", "H": "health_area"}


def _row(source: str, place: str, indicator: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "source": source, "place_code": place, "period": "202401", "period_type": "month", "period_start": date(2024, 1, 1),
        "indicator": indicator, "value": value, "status": "reported", "product": "", "age_band": "all", "strategy": "all",
        "sector": "all", "sex": "all",
    } | more  # fmt: skip


OBSERVED = [
    # H1 tells of all ages and of one age beside it; H2 by age alone.
    _row("idsr", "H1", "measles_cases_unvaccinated", 8),
    _row("idsr", "H1", "measles_cases_unvaccinated", 5, age_band="0-11m"),
    _row("idsr", "H1", "measles_cases_1_dose", 3),
    _row("idsr", "H1", "measles_cases_2_doses", 1),
    _row("idsr", "H1", "measles_cases_unknown", 2),
    _row("idsr", "H2", "measles_cases_unvaccinated", 2, age_band="0-11m"),
    _row("idsr", "H2", "measles_cases_unvaccinated", 3, age_band="12-23m"),
    _row("idsr", "H2", "measles_cases_1_dose", 4, age_band="12-23m"),
    _row("idsr", "H2", "measles_cases_unvaccinated", 6, period="202402", period_start=date(2024, 2, 1)),
    _row("copy", "H1", "measles_cases_unvaccinated", 80),  # nobody says how many were vaccinated
    _row("idsr", "H1", "afp_cases_unvaccinated", 1, age_band="12-23m"),
    _row("idsr", "H1", "afp_cases_2_doses", 1, age_band="24-59m"),
    _row("idsr", "H1", "afp_cases_3_doses", 4, age_band="24-59m"),
    _row("idsr", "H2", "afp_cases_3_doses", 2, age_band="60m+"),
    _row("idsr", "D1", "pertussis_cases_unvaccinated", 6),
    _row("idsr", "D1", "pertussis_cases_1_dose", 2),
    _row("idsr", "D1", "pertussis_cases_3_doses", 3),
    _row("sia", "H1", "campaign_children_vaccinated", 200, strategy="campaign"),
    _row("sia", "H1", "campaign_children_zero_dose", 30, strategy="campaign"),
    _row("sia", "D1", "campaign_children_vaccinated", 900, strategy="campaign"),
    _row("sia", "D1", "campaign_children_zero_dose", 100, strategy="campaign"),
]


def _recount(place: str, register: float, system: float | None, report: float, **more: Any) -> dict[str, Any]:
    return {
        "source": "dqs-1", "place_code": place, "period": "202401", "period_type": "month", "period_start": date(2024, 1, 1),
        "indicator": "dtp1_doses", "register": register, "tally_sheet": None, "monthly_report": report, "in_system": system,
        "weight": 1.0,
    } | more  # fmt: skip


def filled_store(folder: Path, *, recounted: bool = True) -> Store:
    store = Store.create(folder, country="ML", now=NOW, memory="1GB", threads=1)
    codes = [*TREE, "ML"]
    places = [
        {"place_code": c, "name": c, "level": LEVELS[c[0]], "kind": "", "source": "t"} for c in sorted(codes)
    ]
    parents = [
        {"place_code": c, "tree": "health", "parent_code": above, "source": "t"} for c, above in TREE.items()
    ]
    tables: list[tuple[Any, list[dict[str, Any]]]] = [
        (PLACES, places),
        (PLACE_PARENTS, parents),
        (OBSERVATIONS, OBSERVED),
    ]
    if recounted:
        recounts = [
            _recount("H1", 40, 50, 55),
            _recount("H1", 44, 50, 55, source="dqs-2"),
            _recount("H2", 20, None, 20),
        ]
        tables.append((RECOUNTS, recounts))
    for spec, rows in tables:
        store.publish(spec, rows, provenance=Provenance(sources=("t",)), now=NOW)
    return store


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    found = gather_dossier(Holdings(filled_store(tmp_path_factory.mktemp("tallies") / "store"), NOW.date()))
    return {name: found.rows(name) for name in ("cases", "campaigns", "recounts")}


def test_cases_are_counted_once_whatever_their_ages_and_added_up_to_every_level(
    told: dict[str, pd.DataFrame],
) -> None:
    rows = told["cases"]
    rows = rows[(rows["period"] == "202401") & (rows["disease"] == "measles") & (rows["age_band"] == "all")]
    rows = rows.set_index("place_code")[["vaccinated", "unvaccinated", "unknown"]]
    assert rows.loc["H1"].tolist() == [4, 8, 2]
    assert rows.loc["H2"].tolist()[:2] == [4, 5]
    for place in ("D1", "R1", "ML"):
        assert rows.loc[place].tolist() == [8, 13, 2]
    assert set(told["cases"]["disease"]) == {"measles", "pertussis", "afp"}


def test_cases_of_each_age_stand_beside_those_of_all_ages_and_are_lifted_as_they_are(
    told: dict[str, pd.DataFrame],
) -> None:
    rows = told["cases"]
    rows = rows[(rows["disease"] == "afp") & (rows["period"] == "202401")]
    rows = rows.set_index(["place_code", "age_band"])[["vaccinated", "partial", "unvaccinated"]]
    assert rows.loc[("H1", "12-23m")].tolist() == [0, 0, 1]
    assert rows.loc[("H1", "24-59m")].tolist() == [4, 1, 0]
    assert rows.loc[("D1", "60m+")].tolist() == [2, 0, 0]
    assert rows.loc[("ML", "all")].tolist() == [6, 1, 1]


def test_one_or_two_doses_of_three_are_neither_vaccinated_nor_not(told: dict[str, pd.DataFrame]) -> None:
    rows = told["cases"]
    whooping = rows[(rows["disease"] == "pertussis") & (rows["place_code"] == "R1")].iloc[0]
    assert whooping[["vaccinated", "partial", "unvaccinated"]].tolist() == [3, 2, 6]
    assert pd.isna(rows.loc[rows["disease"] == "measles", "partial"]).all()


def test_a_status_without_a_case_is_a_zero_of_a_source_that_states_both(
    told: dict[str, pd.DataFrame],
) -> None:
    rows = told["cases"]
    february = rows[(rows["period"] == "202402") & (rows["age_band"] == "all")].set_index("place_code")[
        ["vaccinated", "unvaccinated"]
    ]
    assert february.loc["H2"].tolist() == [0, 6]
    assert february.loc["ML"].tolist() == [0, 6]


def test_a_level_that_states_its_own_tally_is_not_replaced_by_a_sum(told: dict[str, pd.DataFrame]) -> None:
    rows = told["campaigns"].set_index("place_code")[["seen", "zero_dose"]]
    assert rows.loc["H1"].tolist() == [200, 30]
    assert rows.loc["D1"].tolist() == [900, 100]


def test_recounts_take_the_last_round_and_what_the_system_holds(told: dict[str, pd.DataFrame]) -> None:
    rows = told["recounts"].set_index("place_code")[["recounted", "reported"]]
    assert rows.loc["H1"].tolist() == [44, 50]
    assert rows.loc["H2"].tolist() == [20, 20]
    assert rows.loc["D1"].tolist() == [64, 70]


def test_what_a_store_does_not_hold_is_left_out(tmp_path: Path) -> None:
    found = gather_dossier(Holdings(filled_store(tmp_path / "store", recounted=False), NOW.date()))
    assert found.rows("recounts").empty
    assert "recounts" not in found.tables
