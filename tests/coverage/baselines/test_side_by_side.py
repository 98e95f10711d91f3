"""Do all methods stand side by side, added up over the same four quarters and the same places?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence
from kalanso.coverage.baselines.side_by_side import COLUMNS, method_comparison
from kalanso.coverage.comparison_tables import METHOD_COMPARISON, METHODS
from kalanso.coverage.declared import declared
from kalanso.coverage.posterior import Posterior
from kalanso.coverage.tables import file_columns
from tests.coverage.baselines.test_usual_methods import PLACES, cluster_rows, dose_rows, target_rows

AREAS = ["A1", "A2", "A3"]
FIVE = ["2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4"]
NAN = float("nan")


def doses(first: dict[str, list[float]]) -> pd.DataFrame:
    """Doses of 2024, DTP3 a tenth under DTP1."""
    return dose_rows(first, {area: [0.9 * one for one in values] for area, values in first.items()})


def country(**more: pd.DataFrame) -> Evidence:
    given = {
        "places": pd.DataFrame(PLACES, columns=["place_code", "parent_code"]),
        "doses": doses({"A1": [90, 120, 80, 110], "A2": [50, NAN, 60, 40], "A3": [10, 20, 30, 40]}),
        "denominators": pd.concat([target_rows({"A1": 400, "A2": 400, "A3": 200}), target_rows({"A1": 480}, year=2023)]),
    }  # fmt: skip
    return Evidence.of(**(given | more))


def draws(levels: np.ndarray, infants: np.ndarray, *, dtp3: bool = True) -> Posterior:
    """Two draws of three areas and five quarters: the second one has a tenth less coverage."""
    p1 = np.stack([levels, 0.9 * levels]).astype(np.float32)
    return Posterior(
        areas=AREAS, periods=FIVE, dtp1_coverage=p1, dtp3_coverage=0.5 * p1 if dtp3 else None,
        surviving_infants=np.stack([infants, infants]).astype(np.float32), hyper={}, globals_={}, fitted={},
        diagnostics={}, chain=np.zeros(2, int), engine="preview",
    )  # fmt: skip


LEVELS = np.array([[0.1, 0.8, 0.8, 0.8, 0.4], [0.1, 0.5, 0.5, 0.5, 0.5], [0.1, 0.2, 0.2, 0.2, 0.2]])
INFANTS = np.array([[9.0, 100, 100, 100, 300], [9.0, 50, 50, 50, 50], [9.0, 10, 20, 30, 40]])


def row(table: pd.DataFrame, place: str, method: str, indicator: str = "dtp1") -> pd.Series:
    found = table.query("place_code == @place and method == @method and indicator == @indicator")
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return method_comparison(draws(LEVELS, INFANTS), country(), np.random.default_rng(1))


def test_the_estimate_is_weighted_by_the_children_of_each_quarter(table: pd.DataFrame) -> None:
    own = row(table, "A1", "joint")
    # 80 + 80 + 80 + 120 of 600 children in the first draw, a tenth less in the second
    assert own["coverage_mean"] == pytest.approx(0.95 * 360 / 600)
    assert own["surviving_infants_mean"] == pytest.approx(600)
    assert own["missed_children_mean"] == pytest.approx(600 - 0.95 * 360)
    assert (own["coverage_q025"], own["coverage_q975"]) == pytest.approx((0.9 * 0.6, 0.6), abs=1e-6)
    upper = row(table, "D1", "joint", "dtp3")
    assert upper["coverage_mean"] == pytest.approx(0.95 * 0.5 * (360 + 100) / 800)
    assert set(table["period"]) == {"2024Q4"}


def test_administrative_coverage_adds_doses_over_whole_targets(table: pd.DataFrame) -> None:
    assert row(table, "A1", "administrative")["coverage_mean"] == pytest.approx(400 / 400)
    # the quarter that did not come lowers the figure, as in practice
    assert row(table, "A2", "administrative")["coverage_mean"] == pytest.approx(150 / 400)
    nation = row(table, "ML", "administrative")
    assert nation["coverage_mean"] == pytest.approx(650 / 1000)
    assert nation["surviving_infants_mean"] == 1000
    assert nation["missed_children_mean"] == pytest.approx(350)
    assert np.isnan(nation["coverage_q025"])
    assert row(table, "ML", "administrative", "dtp3")["coverage_mean"] == pytest.approx(0.9 * 650 / 1000)


def test_countdown_takes_its_target_from_the_year_and_who_unicef_from_the_official_one(
    table: pd.DataFrame,
) -> None:
    # no survey: 97 %; the gap of A2 is filled by its median, 50
    assert row(table, "A1", "countdown")["coverage_mean"] == pytest.approx(0.97)
    assert row(table, "A2", "countdown")["surviving_infants_mean"] == pytest.approx(200 / 0.97)
    assert row(table, "ML", "countdown", "dtp3")["coverage_mean"] == pytest.approx(0.97 * 0.9, rel=0.02)
    assert row(table, "A3", "who_unicef")["surviving_infants_mean"] == 200
    assert row(table, "A1", "who_unicef")["coverage_mean"] == pytest.approx(row(table, "A3", "who_unicef")["coverage_mean"])  # fmt: skip
    assert "surveys_only" not in set(table["method"])


@pytest.mark.parametrize("method", METHODS)
def test_children_of_areas_add_up_to_every_place_above(method: str) -> None:
    clusters = cluster_rows([("A1", 9, 10), ("A2", 6, 10), ("A3", 3, 10)])
    whole = country(
        surveys=clusters,
        doses=doses({"A1": [90, 120, 80, 110], "A2": [50, 50, 60, 40], "A3": [10, 20, 30, 40]}),
    )
    found = method_comparison(draws(LEVELS, INFANTS), whole, np.random.default_rng(1))
    columns = ["surviving_infants_mean", "missed_children_mean"]
    for indicator in ("dtp1", "dtp3"):
        sums = {
            place: sum(row(found, area, method, indicator)[columns] for area in areas)
            for place, areas in {"D1": ["A1", "A2"], "D2": ["A3"], "ML": AREAS}.items()
        }
        for place, expected in sums.items():
            own = row(found, place, method, indicator)
            np.testing.assert_allclose(own[columns].astype(float), np.asarray(expected, float), rtol=1e-6)
            due, missed = own[columns].astype(float)
            if method in ("administrative", "countdown", "who_unicef"):
                assert own["coverage_mean"] == pytest.approx(1 - missed / due)


def test_rows_keep_the_declaration_and_the_question(table: pd.DataFrame) -> None:
    assert tuple(file_columns(METHOD_COMPARISON)) == COLUMNS
    assert declared(table, METHOD_COMPARISON).num_rows == len(table)
    assert not table.duplicated(["place_code", "period", "indicator", "method"]).any()
    less = method_comparison(draws(LEVELS, INFANTS, dtp3=False), country(), np.random.default_rng(1))
    assert set(less["indicator"]) == {"dtp1"}


def test_without_populations_only_the_estimate_and_surveys_of_nothing_are_left() -> None:
    bare = Evidence.of(
        places=pd.DataFrame(PLACES, columns=["place_code", "parent_code"]),
        doses=doses({area: [1.0] * 4 for area in AREAS}),
    )
    found = method_comparison(draws(LEVELS, INFANTS), bare, np.random.default_rng(1))
    # the desk method finds its targets in the doses themselves
    assert set(found["method"]) == {"joint", "countdown"}


def test_surveys_without_dtp3_still_speak_of_dtp1() -> None:
    clusters = cluster_rows([("A1", 9, 10), ("A2", 6, 10), ("A3", 3, 10)]).query("indicator == 'dtp1'")
    found = method_comparison(draws(LEVELS, INFANTS), country(surveys=clusters), np.random.default_rng(1))
    assert set(found.query("method == 'surveys_only'")["indicator"]) == {"dtp1"}
