"""Does the evaluator find the series that the Learning Hub documented?"""

from __future__ import annotations

import csv
import io
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalanso import definitions, places
from kalanso.indicators import IndicatorQuestion, evaluate
from kalanso.simulation import ExampleCountry, learning_hub_report
from kalanso.simulation.learning_hub import QUARTER_LABELS, apportioned
from kalanso.vocabulary import Level, PeriodType

ROUTINE = ("all", "fixed", "outreach", "mobile")


@pytest.fixture(scope="module", params=["small", "full"])
def coverage(request: pytest.FixtureRequest) -> pd.DataFrame:
    """Quarterly administrative DTP1 coverage in percent, by area and quarter, worked out plainly.

    Doses under one of the facilities below an area / (children under one of the year / 4).
    """
    country: ExampleCountry = request.getfixturevalue(request.param)
    named = country.places.to_pandas().set_index("place_code")["name"]
    above = country.place_parents.to_pandas().query("tree == 'health'").set_index("place_code")["parent_code"]
    rows = country.observations.to_pandas()
    doses = rows[(rows["indicator"] == "dtp1_doses") & (rows["age_band"] == "0-11m")]
    doses = doses[doses["strategy"].isin(ROUTINE)]
    start = pd.to_datetime(doses["period_start"])
    quarter = start.dt.year.astype(str) + "Q" + start.dt.quarter.astype(str)
    given_doses = doses["value"].groupby([doses["place_code"].map(above), quarter]).sum()
    targets = rows[(rows["indicator"] == "population_under_1") & (rows["source"] == "demo-population")]
    yearly = targets.set_index(["place_code", "period"])["value"]
    hub = {row["Aire de santé"] for row in report(country)} - {"Bougouni Ouest"} | {"Bougouni Est"}
    codes = [code for code in named[named.isin(hub)].index if code.startswith("ML-H")]
    table = {
        named[code]: [100 * given_doses[code, q] / (yearly[code, q[:4]] / 4) for q in QUARTER_LABELS]
        for code in codes
    }
    return pd.DataFrame(table, index=list(QUARTER_LABELS)).T.round()


def report(country: ExampleCountry) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(learning_hub_report(country))))


def test_pelengana_nord_rises_and_exceeds_100_percent_in_each_quarter_of_2024(coverage: pd.DataFrame) -> None:
    series = coverage.loc["Pelengana Nord"]
    assert series.is_monotonic_increasing
    assert (series["2024Q1":] > 100).all()
    assert (series[:"2023Q4"] <= 100).all()


def test_cinzana_gare_is_high_and_stable_and_exceeds_100_percent_in_the_last_two_quarters(
    coverage: pd.DataFrame,
) -> None:
    series = coverage.loc["Cinzana Gare"]
    assert series[:"2024Q2"].between(85, 100).all()
    assert (series["2024Q3":] > 100).all()


def test_ndebougou_rises_from_54_to_79_percent(coverage: pd.DataFrame) -> None:
    series = coverage.loc["Ndébougou"]
    assert series.iloc[0] == series.min() == 54
    assert series.iloc[-1] == series.max() == 79
    assert series.is_monotonic_increasing


def test_niono_central_falls_from_74_to_28_percent_and_recovers_to_78(coverage: pd.DataFrame) -> None:
    series = coverage.loc["Niono Central"]
    assert (series["2023Q1"], series["2023Q2"], series["2024Q1"]) == (74, 28, 78)


def test_bougouni_is_very_high_but_for_46_percent_and_142_the_quarter_after(coverage: pd.DataFrame) -> None:
    series = coverage.loc["Bougouni Est"]
    assert (series["2023Q4"], series["2024Q1"], series.max()) == (46, 142, 155)
    assert (series.drop("2023Q4") > 120).all()


def test_boura_swings_between_64_and_118_percent(coverage: pd.DataFrame) -> None:
    series = coverage.loc["Boura"]
    assert (series.min(), series.max()) == (64, 118)
    assert (np.sign(series.diff().dropna()).diff().dropna() != 0).all()


def test_the_report_shows_the_values_that_the_evaluator_finds(
    coverage: pd.DataFrame, small: ExampleCountry
) -> None:
    for row in report(small):
        name = row["Aire de santé"].replace("Bougouni Ouest", "Bougouni Est")
        shown = [float(row[f"T{q[-1]} {q[:4]}"]) for q in QUARTER_LABELS]
        assert coverage.loc[name].tolist() == shown


def test_the_report_calls_one_area_by_a_name_that_no_place_has(small: ExampleCountry) -> None:
    known = set(small.places["name"].to_pylist())
    strangers = {row["Aire de santé"] for row in report(small)} - known
    assert strangers == {"Bougouni Ouest"}
    assert "Bougouni Est" in known


def test_areas_without_a_documented_series_say_so(small: ExampleCountry) -> None:
    assert {r["Aire de santé"] for r in report(small) if r["Documenté"] == "non"} == {"Karangana", "Kologo"}


def hub_rows(country: ExampleCountry, area: str, periods: list[str]) -> pd.DataFrame:
    listed = country.places.to_pandas().set_index(["level", "name"])["place_code"]
    above = country.place_parents.to_pandas().query("tree == 'health'").set_index("place_code")["parent_code"]
    rows = country.observations.to_pandas()
    inside = rows["place_code"].map(above) == listed["health_area", area]
    return rows[inside & rows["period"].isin(periods)]


def test_the_fall_in_niono_central_was_a_stockout_of_penta_alone(small: ExampleCountry) -> None:
    spring = hub_rows(small, "Niono Central", ["202304", "202305", "202306"])
    sums = spring.groupby("indicator")["value"].sum()
    assert sums["dtp1_doses"] < 0.5 * sums["pcv1_doses"]
    assert sums["stockout_days"] > 45
    assert (spring.query("sector == 'public'")["reports_received"] == 1).all()


def test_the_fall_in_bougouni_est_was_a_lack_of_reports(small: ExampleCountry) -> None:
    autumn = hub_rows(small, "Bougouni Est", ["202310", "202311", "202312"])
    received = autumn[autumn["indicator"] == "dtp1_doses"].groupby("period")["reports_received"].max()
    assert received.to_dict() == {"202310": 0, "202311": 0, "202312": 1}


@given(st.lists(st.integers(1, 500), min_size=1, max_size=9), st.integers(0, 5000))
def test_apportioning_keeps_the_total_and_stays_within_one_of_the_exact_share(
    weights: list[int], total: int
) -> None:
    shares = np.array(weights, dtype=float)
    parts = apportioned(shares, total)
    assert parts.sum() == total
    assert (np.abs(parts - shares / shares.sum() * total) < 1).all()


def test_the_evaluator_of_indicators_agrees_with_the_plain_sums(
    small: ExampleCountry,
) -> None:
    engine = ibis.duckdb.connect()
    wanted = pc.is_in(small.observations["indicator"], pa.array(["dtp1_doses", "surviving_infants"]))
    above = places.lineage(small.place_parents, small.places, tree="health", on=date(2024, 12, 31))
    question = IndicatorQuestion(
        indicators=("dtp1_coverage",), period_type=PeriodType.QUARTER, today=date(2025, 3, 1),
        levels=(Level.HEALTH_AREA,),
    )  # fmt: skip

    found = evaluate(
        engine.create_table("observations", small.observations.filter(wanted)),
        engine.create_table("lineage", above),
        definitions.load("ML"),
        question,
    ).to_pandas()

    named = small.places.to_pandas().set_index("place_code")["name"]
    found = found[found["denominator_name"].str.contains("demo-population")]
    table = found.pivot_table(index=found["place_code"].map(named), columns="period", values="value")
    for row in report(small):
        name = row["Aire de santé"].replace("Bougouni Ouest", "Bougouni Est")
        shown = [float(row[f"T{q[-1]} {q[:4]}"]) for q in QUARTER_LABELS]
        assert (100 * table.loc[name, list(QUARTER_LABELS)]).round().tolist() == shown
