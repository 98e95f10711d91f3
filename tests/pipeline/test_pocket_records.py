"""Is a cause named only where a record of the right vaccine, place and year supports it?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kalanso.indicators.tables import EVENTS, OBSERVATIONS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_folder import gathered
from kalanso.pipeline.pocket_records import pocket_records
from kalanso.store import Store
from tests.pipeline.test_evidence_folder import TODAY, place_rows, put, seen

MONTHS = [f"2024{month:02d}" for month in range(1, 13)]


def stock(place: str, days: dict[str, float], product: str = "penta") -> list[dict[str, Any]]:
    return [
        seen(place, month, days.get(month, 0), "stockout_days", product=product, age_band="all")
        for month in MONTHS
    ]


def event(place: str, first: date, last: date | None, kind: str, antigen: str = "dtp") -> dict[str, Any]:
    return {
        "source": "log", "place_code": place, "first_day": first, "last_day": last, "kind": kind,
        "antigen": antigen, "note": "",
    }  # fmt: skip


@pytest.fixture
def doses(store: Store) -> list[dict[str, Any]]:
    place_rows(store)
    return [seen(place, month, 20) for place in ("F1", "F2", "CS") for month in MONTHS]


def found(store: Store) -> list[tuple[str, str, str]]:
    rows = pocket_records(gathered(Holdings(store, TODAY)))
    return [tuple(row) for row in rows[["place_code", "cause", "kind"]].to_numpy().tolist()]


def test_a_month_without_vaccine_in_the_year_is_a_stockout(store: Store, doses: list[dict[str, Any]]) -> None:
    put(store, OBSERVATIONS, [
        *doses,
        # F1 has none for 62 of 366 days, F2 always has: 62 of 732 facility-days of H1
        *stock("F1", {"202403": 31, "202405": 31}), *stock("F2", {}),
        # the centre that serves H2 has one of both products all year
        *stock("CS", dict.fromkeys(MONTHS, 28)), *stock("CS", {}, product="hexa"),
    ])  # fmt: skip
    assert found(store) == [("H1", "stockout", "stock")]
    reference = pocket_records(gathered(Holdings(store, TODAY)))["reference"].iloc[0]
    assert reference == "observations/snis/stockout_days/202401-202412: 62/732"


def test_a_week_without_vaccine_is_none(store: Store, doses: list[dict[str, Any]]) -> None:
    put(store, OBSERVATIONS, [*doses, *stock("F1", {"202403": 7}), *stock("F2", {})])
    assert found(store) == []


def test_events_of_the_year_support_a_cause_and_others_do_not(
    store: Store, doses: list[dict[str, Any]]
) -> None:
    put(store, OBSERVATIONS, doses)
    put(store, EVENTS, [
        event("H2", date(2024, 4, 1), date(2024, 6, 30), "stockout"),
        event("F1", date(2022, 8, 1), None, "closure", ""),
        event("D", date(2024, 2, 1), date(2024, 3, 31), "strike", ""),
        event("H2", date(2022, 4, 1), date(2022, 6, 30), "stockout"),  # children of other years
        event("H2", date(2024, 4, 1), date(2024, 6, 30), "stockout", "mcv"),  # another vaccine
        event("D", date(2024, 1, 1), None, "conflict", ""),  # a context, no record of what happened
        event("nowhere", date(2024, 4, 1), None, "closure", ""),
    ])  # fmt: skip
    assert sorted(found(store)) == [
        ("D", "strike", "session"), ("H1", "closure", "session"), ("H2", "stockout", "stock"),
    ]  # fmt: skip


def test_a_store_that_records_nothing_supports_nothing(store: Store, doses: list[dict[str, Any]]) -> None:
    put(store, OBSERVATIONS, doses)
    assert found(store) == []
