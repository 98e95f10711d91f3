"""Does the benchmark of the checks plant something for each of them, and count rightly what was found?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import faults as benchmark
from benchmarks.planting import FAULTS, WITHOUT
from benchmarks.planting.desk import Desk
from kalanso.quality import CHECKS
from kalanso.simulation import ExampleCountry, example_country

EVENTS = pd.DataFrame(
    {"place_code": ["D1"], "first_day": ["2023-05-01"], "last_day": ["2023-06-30"], "kind": ["strike"]}
)
LINEAGE = pd.DataFrame(
    [("F1", "F1", "facility"), ("F2", "F2", "facility"), ("D1", "D1", "district"), ("F1", "D1", "district"),
     ("F2", "D1", "district")],
    columns=["place_code", "ancestor_code", "ancestor_level"],
)  # fmt: skip


@pytest.fixture(scope="module")
def country() -> ExampleCountry:
    return example_country(seed=102, size="small", faultless=True)


def test_each_check_of_the_registry_has_planted_faults_or_a_reason() -> None:
    registry = {check.NAME for check in CHECKS}

    assert set(FAULTS) | set(WITHOUT) == registry
    assert not set(FAULTS) & set(WITHOUT)
    assert all(FAULTS.values())


@pytest.mark.parametrize(
    ("check", "plant"), [(check, plant) for check, plants in FAULTS.items() for plant in plants]
)
def test_each_kind_of_fault_changes_the_copy_and_is_remembered(
    check: str, plant: Any, country: ExampleCountry
) -> None:
    desk = Desk(country, np.random.default_rng(3))
    plant(desk, 2)
    told = desk.planted()
    if told.empty:
        pytest.skip("the small country has no place large enough for it")
    assert set(told["kind"]) == {plant.__name__}
    written = desk.written()
    assert not (written.observations.equals(country.observations) and written.places.equals(country.places))


def test_the_country_without_faults_holds_none_that_was_planted(country: ExampleCountry) -> None:
    assert set(country.planted_faults.to_pandas()["kind"]) == {"documented_series"}


def told(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["check", "place_code", "period", "severity"])
    return frame.assign(
        source="demo-snis", indicator="dtp1_doses", message="quality.outliers.high", params="{}"
    )


def planted_at(place: str, month: str, kind: str = "ten_times") -> dict[str, Any]:
    return {
        "kind": kind,
        "about": "reports",
        "source": "demo-snis",
        "place_code": place,
        "first": month,
        "last": month,
        "indicator": "",
    }


def test_recall_and_precision_are_counted_by_place_and_month() -> None:
    faults = pd.DataFrame([planted_at("F1", "202301"), planted_at("F2", "202302")])
    found = told(
        ("outliers", "F1", "202301", "attention"),  # right
        ("outliers", "F2", "202302", "note"),  # noted alone
        ("outliers", "F2", "202305", "serious"),  # a strike
        ("outliers", "F2", "202309", "serious"),  # wrong, and there without the faults too
    )
    before = told(("outliers", "F2", "202309", "serious"))

    table = benchmark.scored(found, before, faults, EVENTS, LINEAGE)

    row = table[table["fault"] == "ten_times"].iloc[0]
    names = ("planted", "found", "found_or_noted", "named", "right", "standing", "dated")
    assert [int(row[name]) for name in names] == [2, 1, 2, 3, 1, 1, 1]


def test_alarms_that_say_what_explains_them_are_counted_apart_right_ones_too() -> None:
    faults = pd.DataFrame([planted_at("F1", "202301")])
    found = told(
        ("outliers", "F1", "202301", "attention"),
        ("outliers", "F2", "202305", "serious"),
        ("outliers", "F2", "202309", "serious"),
    )
    found["params"] = ['{"explained_by": "strike"}', '{"explained_by": "strike"}', "{}"]

    row = (
        benchmark.scored(found, found.head(0), faults, EVENTS, LINEAGE).query("fault == 'ten_times'").iloc[0]
    )

    assert [int(row[name]) for name in ("named", "right", "explained", "right_explained")] == [3, 1, 1, 1]


def test_the_table_names_every_check_and_says_why_where_nothing_was_planted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "WITHOUT", {"points": "every point is right"})
    faults = pd.DataFrame([planted_at("F1", "202301")])
    found = told(("outliers", "F1", "202301", "attention"))

    table = benchmark.scored(found, found.head(0), faults, EVENTS, LINEAGE)
    benchmark.print_table(table)

    printed = capsys.readouterr().out
    assert set(table["check"]) == {check.NAME for check in CHECKS}
    assert all(check.NAME in printed for check in CHECKS)
    assert "every point is right" in printed
    assert "100% (1/1)" in printed
