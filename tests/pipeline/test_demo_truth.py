"""Is the truth that a demonstration shows the truth, added up to every place and to four quarters?"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kalanso import simulation
from kalanso.pipeline.demo_truth import DEMO_TRUTH, demo_truth, truth_of
from kalanso.store import Audience

TODAY = date(2025, 1, 1)
PLACES = pd.DataFrame(
    [("ML", "country"), ("R", "region"), ("D", "district"), ("H1", "health_area"), ("H2", "health_area")],
    columns=["place_code", "level"],
)
PARENTS = pd.DataFrame(
    [("R", "ML"), ("D", "R"), ("H1", "D"), ("H2", "D")], columns=["place_code", "parent_code"]
).assign(tree="health", valid_from=None, valid_to=None)
QUARTERS = ["2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    cells = [(place, quarter) for place in ("H1", "H2") for quarter in QUARTERS]
    births = pd.DataFrame(cells, columns=["place_code", "period"]).assign(
        surviving_infants=[100, 100, 100, 100, 200, 0, 50, 50, 50, 50]
    )
    missed = pd.DataFrame(cells, columns=["place_code", "period"]).assign(
        zero_dose=[10, 20, 20, 20, 80, 0, 25, 25, 25, 25],
        under_immunized=[30, 40, 40, 40, 100, 0, 30, 30, 30, 30],
    )
    return demo_truth(births, missed, PLACES, PARENTS, on=TODAY)


def cell(rows: pd.DataFrame, place: str, period: str, span: str, dose: str = "dtp1") -> list[float]:
    own = rows.query("place_code == @place and period == @period and span == @span and indicator == @dose")
    assert len(own) == 1
    return [float(own[name].iloc[0]) for name in ("coverage", "surviving_infants", "missed_children")]


def test_counts_add_up_to_places_and_to_four_quarters(rows: pd.DataFrame) -> None:
    assert cell(rows, "H1", "2024Q4", "quarter") == [0.6, 200, 80]
    assert cell(rows, "H1", "2024Q4", "rolling4") == pytest.approx([1 - 140 / 500, 500, 140])
    assert cell(rows, "D", "2024Q1", "quarter") == pytest.approx([1 - 45 / 150, 150, 45])
    assert cell(rows, "ML", "2024Q4", "rolling4", "dtp3") == pytest.approx([1 - 340 / 700, 700, 340])
    assert cell(rows, "ML", "2024Q3", "rolling4") == pytest.approx([1 - 145 / 550, 550, 145])
    assert set(rows.loc[rows["span"] == "rolling4", "period"]) == {"2024Q3", "2024Q4"}
    # no child was born in H2 in the first quarter
    assert rows.query("place_code == 'H2' and period == '2023Q4'").empty
    assert dict(zip(rows["place_code"], rows["place_level"], strict=True)) == {
        "ML": "country", "R": "parent", "D": "parent", "H1": "area", "H2": "area",
    }  # fmt: skip


def test_the_example_countrys_truth_keeps_its_declaration() -> None:
    country = simulation.example_country(seed=7, size="small")
    rows = truth_of(country, on=TODAY)
    assert list(rows.columns) == list(DEMO_TRUTH.column_names)
    assert not rows.duplicated(list(DEMO_TRUTH.key)).any()
    assert rows["coverage"].between(0, 1).all()
    nation = cell(rows, "ML", "2024Q4", "rolling4")
    truth = country.truth_zero_dose.to_pandas()
    assert nation[2] == truth.loc[truth["period"].str.startswith("2024"), "zero_dose"].sum()
    assert DEMO_TRUTH.audience is Audience.PROGRAMME
