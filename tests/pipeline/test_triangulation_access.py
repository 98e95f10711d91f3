"""Do sessions, ways to services, poverty, and coverage by sex and wealth reach the analyses from the tables of a store?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.triangulation_evidence import gather_dossier
from kalanso.places.tables import PLACE_CONTEXTS, PLACE_PARENTS, PLACES
from kalanso.store import Provenance, Store

NOW = datetime(2025, 3, 1, tzinfo=UTC)
TREE = {"R1": "ML", "D1": "R1", "D2": "R1", "H1": "D1", "H2": "D1", "H3": "D2", "F1": "H1", "F2": "H2"}
LEVELS = {"M": "country", "R": "region", "D": "district", "H": "health_area", "F": "facility"}


def _row(
    source: str, place: str, indicator: str, value: float, period: str = "202401", **more: Any
) -> dict[str, Any]:
    year = len(period) == 4
    return {
        "source": source, "place_code": place, "period": period, "period_type": "year" if year else "month",
        "period_start": date(int(period[:4]), 1 if year else int(period[4:]), 1), "indicator": indicator, "value": value,
        "status": "reported", "product": "", "age_band": "all", "strategy": "all", "sector": "all", "sex": "all",
    } | more  # fmt: skip


OBSERVED = [
    _row("plan", "H1", "sessions_planned", 4), _row("plan", "H1", "sessions_held", 3),
    _row("plan", "H2", "sessions_planned", 4), _row("plan", "H2", "sessions_held", 1),
    # Of February only what was held is told: no share of that month.
    _row("plan", "H1", "sessions_held", 4, "202402"),
    _row("plan", "D2", "sessions_planned", 10), _row("plan", "D2", "sessions_held", 9), _row("plan", "H3", "sessions_held", 2),
    _row("map", "D1", "population_total", 1000, "2023"), _row("map", "D1", "population_beyond_5km", 400, "2023"),
    _row("map", "D1", "population_poor", 250, "2023"), _row("map", "D1", "distance_to_facility_km", 6.5, "2023"),
    # Without any population of its own and without an official one, there is no share.
    _row("map", "D2", "population_poor", 250, "2023"),
    _row("eds", "R1", "dtp1_coverage", 0.6, "2024", sex="female", age_band="12-23m"),
    _row("eds", "R1", "dtp1_coverage", 0.7, "2024", sex="male", age_band="12-23m"),
    *(_row("eds", "R1", f"dtp1_coverage_wealth_{n}", 0.4 + n / 10, "2024", age_band="12-23m") for n in range(1, 6)),
    _row("hmis", "D1", "dtp1_doses", 40, sex="female", age_band="0-11m"), _row("hmis", "D1", "dtp1_doses", 50, sex="male", age_band="0-11m"),
    _row("hmis", "D1", "dtp1_doses", 20, "202402", sex="female", age_band="0-11m"),
    _row("hmis", "D1", "dtp1_doses", 90, sex="female", age_band="0-11m", strategy="campaign"),
]  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    folder: Path = tmp_path_factory.mktemp("access") / "store"
    store = Store.create(folder, country="ML", now=NOW, memory="1GB", threads=1)
    places = [
        {"place_code": c, "name": c, "level": LEVELS[c[0]], "kind": "", "source": "t"} for c in sorted([*TREE, "ML"])
    ]  # fmt: skip
    parents = [
        {"place_code": c, "tree": "health", "parent_code": above, "source": "t"} for c, above in TREE.items()
    ]
    contexts = [
        {"place_code": "H1", "context": "rural_remote", "source": "t", "valid_from": None, "valid_to": None}
    ]
    tables: list[tuple[Any, list[dict[str, Any]]]] = [
        (PLACES, places), (PLACE_PARENTS, parents), (PLACE_CONTEXTS, contexts), (OBSERVATIONS, OBSERVED),
    ]  # fmt: skip
    for spec, rows in tables:
        store.publish(spec, rows, provenance=Provenance(sources=("t",)), now=NOW)
    found = gather_dossier(Holdings(store, NOW.date()))
    return {name: found.rows(name) for name in ("access", "groups")}


def _measure(told: dict[str, pd.DataFrame], name: str) -> dict[str, float]:
    rows = told["access"]
    return dict(rows[rows["measure"] == name].set_index("place_code")["value"])


def test_sessions_held_are_divided_by_those_planned_in_months_that_tell_both(
    told: dict[str, pd.DataFrame],
) -> None:
    assert _measure(told, "sessions_held_share") == {"D1": 0.5, "D2": 0.9}
    assert _measure(told, "sessions_per_month") == {"D1": 2.0}


def test_people_far_away_and_poor_people_are_shares_of_the_people_of_the_same_table(
    told: dict[str, pd.DataFrame],
) -> None:
    assert _measure(told, "beyond_5km") == {"D1": 0.4}
    assert _measure(told, "poverty") == {"D1": 0.25}
    assert _measure(told, "distance_km") == {"D1": 6.5}


def test_remote_areas_of_a_district_are_a_measure_of_access(told: dict[str, pd.DataFrame]) -> None:
    assert _measure(told, "rural_remote") == {"D1": 0.5, "D2": 0.0}


def test_coverage_of_groups_stands_by_birth_cohort_and_doses_of_girls_and_boys_by_year(
    told: dict[str, pd.DataFrame],
) -> None:
    rows = told["groups"]
    survey = rows[rows["kind"] == "coverage"]
    assert set(survey["year"]) == {2023}
    assert dict(survey.set_index(["by", "group"])["value"]) == pytest.approx(
        {("sex", "female"): 0.6, ("sex", "male"): 0.7, **{("wealth", str(n)): 0.4 + n / 10 for n in range(1, 6)}}
    )  # fmt: skip
    doses = rows[rows["kind"] == "doses"].set_index("group")["doses"]
    assert dict(doses) == {"female": 60, "male": 50}
