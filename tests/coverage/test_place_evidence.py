"""Does every source speak for itself, of the right place and quarters, with its own error?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence
from kalanso.coverage.comparison_tables import PLACE_EVIDENCE
from kalanso.coverage.declared import declared
from kalanso.coverage.place_evidence import COLUMNS, design_effect, place_evidence, wilson
from kalanso.coverage.tables import file_columns
from tests.coverage.baselines.test_usual_methods import small, target_rows


def said(evidence: Evidence, kind: str, place: str, **more: str) -> pd.DataFrame:
    found = place_evidence(evidence)
    found = found[(found["kind"] == kind) & (found["place_code"] == place)]
    for name, value in more.items():
        found = found[found[name] == value]
    return found.reset_index(drop=True)


def test_doses_stand_over_the_population_of_each_source() -> None:
    evidence = small(
        denominators=pd.concat(
            [
                target_rows({"A1": 400, "A2": 400, "A3": 400}),
                target_rows({"A1": 360, "D2": 80, "ML": 1000}, "census", 2023),
            ]
        )
    )
    own = said(evidence, "reported", "A1", source="old projection", indicator="dtp1")
    assert own["value"].tolist() == [90 / 100, 120 / 100]
    assert own["period"].tolist() == own["period_from"].tolist() == ["2024Q1", "2024Q2"]
    district = said(evidence, "reported", "D1", source="old projection", indicator="dtp1")
    # A2 did not report in the second quarter: neither its doses nor its children stand there
    assert district["numerator"].tolist() == [140, 120]
    assert district["denominator"].tolist() == [200, 100]
    nation = said(evidence, "reported", "ML", source="old projection", indicator="dtp3")
    assert nation["value"].tolist() == pytest.approx([105 / 300, 65 / 200])
    # the census counts one area of D1, D2 as a whole, and the country as a whole; years are the nearest
    assert said(evidence, "reported", "A1", source="census", indicator="dtp1")["denominator"].tolist() == [90, 90]  # fmt: skip
    assert said(evidence, "reported", "D1", source="census", indicator="dtp1")["value"].tolist() == [1, 120 / 90]  # fmt: skip
    assert said(evidence, "reported", "D2", source="census", indicator="dtp1")["value"].tolist() == [0.5, 1]
    assert said(evidence, "reported", "ML", source="census", indicator="dtp1")["value"].tolist() == [150 / 250, 140 / 250]  # fmt: skip
    assert said(evidence, "reported", "A3", source="census").empty


def test_area_rows_add_up_to_districts_and_the_country() -> None:
    found = place_evidence(small())
    rows = found[(found["kind"] == "reported") & (found["indicator"] == "dtp1")]
    for places, whole in (
        (["A1", "A2"], "D1"),
        (["A3"], "D2"),
        (["A1", "A2", "A3"], "ML"),
        (["D1", "D2"], "ML"),
    ):
        for column in ("numerator", "denominator"):
            parts = rows[rows["place_code"].isin(places)].groupby("period")[column].sum()
            own = rows[rows["place_code"] == whole].set_index("period")[column]
            pd.testing.assert_series_equal(parts, own, check_names=False)


def test_clusters_are_pooled_with_the_interval_of_their_sampling() -> None:
    evidence = small()
    own = said(evidence, "surveyed", "ML", indicator="dtp1").iloc[0]
    assert (own["numerator"], own["denominator"], own["value"]) == (12, 20, 0.6)
    assert (own["period_from"], own["period"], own["source"]) == ("2024Q1", "2024Q2", "S")
    # two clusters tell no design effect: 20 children count as 20 / 1.5
    assert own["design_effect"] == 1.5
    n = 20 / 1.5
    middle = (0.6 + 3.841459 / (2 * n)) / (1 + 3.841459 / n)
    assert own["low"] + own["high"] == pytest.approx(2 * middle, rel=1e-5)
    assert said(evidence, "surveyed", "A2").empty
    assert said(evidence, "surveyed", "A3", indicator="dtp1")["value"].tolist() == [0.3]


def test_wilsons_interval_is_the_one_of_textbooks() -> None:
    low, high = wilson(np.array([10.0, 0.0]), np.array([20.0, 20.0]), np.ones(2))
    assert (low[0], high[0]) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert (low[1], high[1]) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_the_design_effect_is_that_of_the_clusters() -> None:
    # ten clusters of ten, in which either all children or none are vaccinated: a cluster is one child
    assert design_effect(np.array([10.0, 0] * 5), np.full(10, 10.0)) == pytest.approx(10 * 10 / 9)
    assert design_effect(np.full(10, 5.0), np.full(10, 10.0)) == 1.0
    assert design_effect(np.full(10, 10.0), np.full(10, 10.0)) == 1.5
    assert design_effect(np.array([3.0, 9.0]), np.full(2, 10.0)) == 1.5


def test_results_lots_and_estimates_by_others_keep_their_kind() -> None:
    results = pd.DataFrame(
        [("mics", "D1", 0.8, 0.02, "survey"), ("full", "D2", 1.0, 0.02, "survey"), ("wuenic", "ML", 0.7, 0.05, "external")],
        columns=["survey", "place_code", "coverage", "standard_error", "kind"],
    ).assign(start="2024Q1", end="2024Q2", indicator="dtp1")  # fmt: skip
    lots = pd.DataFrame(
        [("r1", "A1", 19.0, 14.0, ""), ("r2", "A2", 19.0, np.nan, "pass")],
        columns=["round", "place_code", "children", "vaccinated", "decision"],
    ).assign(start="2024Q2", end="2024Q2", indicator="dtp1", decision_value=13.0)
    evidence = small(survey_areas=results, lots=lots)
    mics = said(evidence, "surveyed", "D1", source="mics").iloc[0]
    assert mics["value"] == 0.8
    odds = np.log([mics["low"] / (1 - mics["low"]), mics["high"] / (1 - mics["high"])])
    assert np.diff(odds)[0] == pytest.approx(2 * 1.959964 * 0.02 / 0.16)
    assert np.isnan(mics["numerator"])
    assert said(evidence, "surveyed", "D2", source="full").iloc[0]["high"] == 1.0
    assert said(evidence, "published", "ML")["source"].tolist() == ["wuenic"]
    assert said(evidence, "surveyed", "A1", source="r1")["value"].tolist() == [14 / 19]
    assert said(evidence, "surveyed", "A2", source="r2").empty


def test_populations_stand_per_quarter_and_add_up_where_all_areas_are_counted() -> None:
    evidence = small(
        denominators=pd.concat(
            [target_rows({"A1": 400, "A2": 200, "A3": 400}), target_rows({"A1": 360, "ML": 1000}, "census")]
        )
    )
    own = said(evidence, "population", "D1")
    assert own[["source", "denominator", "period_from", "period"]].to_numpy().tolist() == [
        ["old projection", 150.0, "2024Q1", "2024Q4"]
    ]
    assert own["value"].isna().all()
    assert said(evidence, "population", "ML")["denominator"].tolist() == [250.0, 250.0]


def test_rows_keep_the_declaration_also_where_nothing_is_known() -> None:
    assert tuple(file_columns(PLACE_EVIDENCE)) == COLUMNS
    found = place_evidence(small())
    assert declared(found, PLACE_EVIDENCE).num_rows == len(found)
    assert not found.duplicated(list(PLACE_EVIDENCE.key)).any()
    nothing = Evidence.of(places=pd.DataFrame([("ML", "")], columns=["place_code", "parent_code"]))
    assert declared(place_evidence(nothing), PLACE_EVIDENCE).num_rows == 0
