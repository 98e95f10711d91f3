"""Do the usual methods give the numbers that a person with paper and their rules would write?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence
from kalanso.coverage.baselines import BASELINES, NoBaseline, all_baselines
from kalanso.coverage.baselines.administrative import administrative
from kalanso.coverage.baselines.countdown import (
    adjusted_for_completeness,
    countdown,
    derived_targets,
    without_gaps,
    without_outliers,
)
from kalanso.coverage.baselines.national import national_series, who_unicef
from kalanso.coverage.baselines.rows import SurveyResult, national_surveys, official_source, official_targets
from kalanso.coverage.summaries import ESTIMATE_COLUMNS
from kalanso.simulation import simulate_evidence

NAN = float("nan")
PLACES = [("ML", ""), ("D1", "ML"), ("D2", "ML"), ("A1", "D1"), ("A2", "D1"), ("A3", "D2")]
SOURCES = pd.DataFrame(
    {
        "source": ["census", "old projection", "older projection"],
        "parent_source": ["", "census", ""],
        "base_year": [NAN, 2009.0, 1998.0],
        "anchor": [True, False, False],
    }
)


def small(**tables: pd.DataFrame) -> Evidence:
    given = {
        "places": pd.DataFrame(PLACES, columns=["place_code", "parent_code"]),
        "doses": dose_rows({"A1": [90, 120], "A2": [50, NAN], "A3": [10, 20]}, {"A1": [60, 60], "A2": [40, NAN], "A3": [5, 5]}),
        "denominators": target_rows({"A1": 400, "A2": 400, "A3": 400}),
        "denominator_sources": SOURCES,
        "surveys": cluster_rows([("A1", 9, 10), ("A3", 3, 10)]),
    }  # fmt: skip
    return Evidence.of(**(given | tables))


def dose_rows(first: dict[str, list[float]], third: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        (area, f"2024Q{at + 1}", indicator, value, 3.0, 3.0)
        for indicator, counts in (("dtp1_doses", first), ("dtp3_doses", third))
        for area, values in counts.items()
        for at, value in enumerate(values)
        if np.isfinite(value)
    ]
    columns = ["place_code", "period", "indicator", "value", "reports_received", "reports_expected"]
    return pd.DataFrame(rows, columns=columns)


def target_rows(yearly: dict[str, float], source: str = "old projection", year: int = 2024) -> pd.DataFrame:
    return pd.DataFrame(
        [(source, area, year, value) for area, value in yearly.items()],
        columns=["source", "place_code", "period", "surviving_infants"],
    )


def cluster_rows(clusters: list[tuple[str, int, int]], survey: str = "S") -> pd.DataFrame:
    return pd.DataFrame(
        [
            (survey, str(at), area, "2024Q1", "2024Q2", indicator, vaccinated if indicator == "dtp1" else 1, children)
            for at, (area, vaccinated, children) in enumerate(clusters)
            for indicator in ("dtp1", "dtp3")
        ],
        columns=["survey", "cluster", "place_code", "start", "end", "indicator", "vaccinated", "children"],
    )  # fmt: skip


def cell(table: pd.DataFrame, place: str, period: str, indicator: str = "dtp1") -> pd.Series:
    found = table.query("place_code == @place and period == @period and indicator == @indicator")
    assert len(found) == 1
    return found.iloc[0]


def test_administrative_coverage_is_doses_over_a_quarter_of_the_yearly_target() -> None:
    table = administrative(small())
    assert list(table.columns) == list(ESTIMATE_COLUMNS)
    first = cell(table, "A1", "2024Q1")
    assert first["coverage_mean"] == pytest.approx(0.90)
    assert first["missed_children_mean"] == pytest.approx(10)
    over = cell(table, "A1", "2024Q2")
    assert over["coverage_mean"] == pytest.approx(1.20)  # more than all, as reported
    assert over["missed_children_mean"] == pytest.approx(-20)
    assert np.isnan(over["coverage_q025"])


def test_administrative_coverage_of_a_parent_lacks_the_reports_that_did_not_come() -> None:
    table = administrative(small())
    assert table.query("place_code == 'A2' and period == '2024Q2'").empty
    assert cell(table, "D1", "2024Q2")["coverage_mean"] == pytest.approx(120 / 200)
    assert cell(table, "ML", "2024Q1")["coverage_mean"] == pytest.approx(150 / 300)
    assert cell(table, "ML", "2024Q1", "dtp3")["missed_children_mean"] == pytest.approx(300 - 105)


def test_ranks_are_by_missed_children_among_places_of_one_level() -> None:
    table = (
        administrative(small()).query("period == '2024Q1' and indicator == 'dtp1'").set_index("place_code")
    )
    assert table["rank_mean"].to_dict() == {"ML": 1, "D1": 2, "D2": 1, "A1": 3, "A2": 2, "A3": 1}
    assert table["place_level"].to_dict() == {
        "ML": "country", "D1": "parent", "D2": "parent", "A1": "area", "A2": "area", "A3": "area",
    }  # fmt: skip


def test_the_official_population_is_the_projection_from_the_earliest_census() -> None:
    three = pd.concat(
        [target_rows({"A1": 400.0}, name) for name in ("census", "old projection", "older projection")]
    )
    assert official_source(small(denominators=three)) == "older projection"
    assert official_source(small()) == "old projection"
    unnamed = small(denominator_sources=pd.DataFrame(columns=SOURCES.columns))
    assert official_source(unnamed) == "old projection"


def test_a_year_without_a_target_takes_the_nearest_and_an_area_without_one_has_none() -> None:
    rows = pd.concat([target_rows({"A1": 400.0}, year=2021), target_rows({"A1": 480.0}, year=2023)])
    due = official_targets(small(denominators=rows))
    np.testing.assert_allclose(due[0], [120, 120])
    assert np.isnan(due[1:]).all()


# Case 12: the arithmetic of cd2030.core, redone by hand.
@pytest.mark.parametrize(
    ("counts", "completeness", "expected", "why"),
    [
        ([100.0, 100.0], [100.0, 80.0], [100.0, 106.2], "100 (1 + (1/0.8 - 1) 0.25) = 106.25, to one decimal"),
        ([100.0, 100.0, 100.0], [90.0, 80.0, 50.0], [102.8, 106.2, 104.4], "under 75: the median 85 of the others"),
        ([100.0, 100.0], [NAN, 80.0], [106.2, 106.2], "unknown: the median of the others"),
        ([100.0], [60.0], [100.0], "nothing good to take a median of: as it is"),
        ([100.0, NAN], [125.0, 100.0], [95.0, NAN], "more reports than due: 100 (1 + (0.8 - 1) 0.25)"),
    ],
)  # fmt: skip
def test_missing_reports_are_worth_a_quarter_of_those_that_came(
    counts: list[float], completeness: list[float], expected: list[float], why: str
) -> None:
    found = adjusted_for_completeness(np.array([counts]), np.array([completeness]))
    np.testing.assert_allclose(found[0], expected, err_msg=why)


def test_a_number_five_median_deviations_away_becomes_the_median_of_its_year() -> None:
    # Before 2023: 100 104 98 101 97 103 99 102, median 100.5, MAD 2 x 1.4826 = 2.9652, bounds 85.7 to 115.3.
    counts = np.array([[100.0, 104, 98, 101, 97, 103, 99, 102, 1000, 115.3, 86, 85.6]])
    years = np.repeat([2021, 2022, 2023], 4)
    found = without_outliers(counts, years)[0]
    np.testing.assert_allclose(found[:8], counts[0, :8])
    # Median of 115.3 and 86, whole: 100.65 -> 101.
    np.testing.assert_allclose(found[8:], [101, 115.3, 86, 101])


def test_with_one_year_nothing_is_judged_an_outlier() -> None:
    counts = np.array([[100.0, 104, 98, 5000]])
    np.testing.assert_allclose(without_outliers(counts, np.array([2024] * 4)), counts)


def test_gaps_become_the_whole_median_of_the_area_and_year_and_empty_years_stay_empty() -> None:
    counts = np.array([[10.0, 13.0, NAN, 12.5, NAN, NAN, NAN, NAN]])
    found = without_gaps(counts, np.repeat([2023, 2024], 4))[0]
    np.testing.assert_allclose(found, [10, 13, 12, 12.5, NAN, NAN, NAN, NAN])


def test_derived_targets_give_every_area_and_year_the_coverage_of_the_survey() -> None:
    doses = np.array([[10.0, 20, 30, 20], [4.0, 4, 4, 4]])
    due = derived_targets(doses, 0.8, np.array([2024] * 4))
    np.testing.assert_allclose(due, [[25.0] * 4, [5.0] * 4])
    np.testing.assert_allclose(doses.sum(axis=1) / due.sum(axis=1), 0.8)


def test_the_desk_method_as_a_whole_equals_the_hand_reckoning() -> None:
    doses = dose_rows({"A1": [90, 120], "A2": [50, NAN], "A3": [10, 20]}, {"A1": [60, 60], "A2": [40, NAN], "A3": [5, 5]})  # fmt: skip
    doses.loc[0, "reports_received"] = 2.4  # 80 % of A1's DTP1 reports in Q1
    table = countdown(small(doses=doses))
    # A1: 90 -> 95.6; year 215.6; survey 12/20 = .6; due a quarter 215.6 / .6 / 2.
    due = 215.6 / 0.6 / 2
    first = cell(table, "A1", "2024Q1")
    assert first["surviving_infants_mean"] == pytest.approx(due)
    assert first["coverage_mean"] == pytest.approx(95.6 / due)
    assert first["missed_children_mean"] == pytest.approx(due - 95.6)
    # A2's gap takes the median 50 of its year.
    assert cell(table, "A2", "2024Q2")["coverage_mean"] == pytest.approx(0.6)
    assert cell(table, "A2", "2024Q2", "dtp3")["coverage_mean"] == pytest.approx(40 / (100 / 0.6 / 2))


def test_the_desk_method_takes_its_own_default_where_there_is_no_survey() -> None:
    table = countdown(small(surveys=pd.DataFrame(columns=cluster_rows([]).columns)))
    first = cell(table, "A2", "2024Q1")
    assert first["coverage_mean"] == pytest.approx(0.97)


def test_national_results_pool_clusters_or_take_the_published_figure() -> None:
    pooled = national_surveys(small(), "dtp1")
    assert [(one.coverage, one.middle) for one in pooled] == [(0.6, 0.5)]
    published = pd.DataFrame(
        [
            ("S", "ML", "2024Q1", "2024Q2", "dtp1", 0.7, 0.02),
            ("S", "D1", "2024Q1", "2024Q2", "dtp1", 0.9, 0.02),
        ],
        columns=["survey", "place_code", "start", "end", "indicator", "coverage", "standard_error"],
    )
    assert [one.coverage for one in national_surveys(small(survey_areas=published), "dtp1")] == [0.7]


def survey(at: int, coverage: float) -> SurveyResult:
    return SurveyResult(survey="S", first=at, last=at, coverage=coverage)


@pytest.mark.parametrize(
    ("reported", "surveys", "expected", "why"),
    [
        ([0.8, 0.8, 0.9], [], [0.8, 0.8, 0.9], "no survey: as reported"),
        ([1.2, 0.9, 1.0], [], [0.99, 0.9, 0.99], "never above 99 %"),
        ([0.8, NAN, 0.9], [], [0.8, 0.85, 0.9], "a quarter without reports lies between its neighbours"),
        (
            [0.9, 0.9, 0.9],
            [survey(1, 0.82)],
            [0.9, 0.9, 0.9],
            "eight points: the survey supports the reports",
        ),
        (
            [0.9, 0.95, 0.9],
            [survey(1, 0.70)],
            [0.65, 0.70, 0.65],
            "25 points: the survey, and the reports shifted",
        ),
        (
            [0.9] * 5,
            [survey(0, 0.7), survey(4, 0.6)],
            [0.7, 0.675, 0.65, 0.625, 0.6],
            "a line between two surveys",
        ),
        (
            [0.9, 0.8, 0.9],
            [survey(0, 0.85), survey(2, 0.86)],
            [0.9, 0.8, 0.9],
            "both support: the reports between",
        ),
        ([NAN] * 3, [survey(0, 0.5), survey(2, 0.7)], [0.5, 0.6, 0.7], "no reports: the surveys"),
        ([NAN] * 2, [], [NAN, NAN], "nothing known"),
    ],
)
def test_the_national_estimate_follows_its_stated_rules(
    reported: list[float], surveys: list[SurveyResult], expected: list[float], why: str
) -> None:
    np.testing.assert_allclose(national_series(np.array(reported), surveys), expected, err_msg=why)


def test_the_national_estimate_stands_for_every_area() -> None:
    table = who_unicef(small()).query("indicator == 'dtp1'")
    # reported 150 and 140 of 300, mean .483; the survey of both quarters .6 lies more than ten points above
    by_period = table.groupby("period")["coverage_mean"].agg(["min", "max"])
    np.testing.assert_allclose(by_period.loc["2024Q1"], 150 / 300 + 0.6 - 145 / 300)


def test_methods_that_lack_their_evidence_say_so_and_are_left_out() -> None:
    bare = small(
        denominators=pd.DataFrame(columns=target_rows({}).columns),
        surveys=pd.DataFrame(columns=cluster_rows([]).columns),
    )
    with pytest.raises(NoBaseline, match="population"):
        administrative(bare)
    assert list(all_baselines(bare, np.random.default_rng(1))) == ["countdown"]


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_every_method_answers_a_whole_country_in_the_same_columns(name: str) -> None:
    tables, truth = simulate_evidence(45, 8, np.random.default_rng(5))
    found = BASELINES[name](Evidence.of(**tables), np.random.default_rng(1))
    assert list(found.columns) == list(ESTIMATE_COLUMNS)
    assert not found.duplicated(["place_code", "period", "indicator"]).any()
    assert set(found["indicator"]) == {"dtp1", "dtp3"}
    country = found.query("place_level == 'country'")
    assert len(country) == 2 * len(truth.periods)
    assert country["coverage_mean"].between(0.2, 1.6).all()
