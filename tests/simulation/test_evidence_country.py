"""Is the made-up evidence what its settings say, and does the truth belong to it?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.special import logit

from kalanso.simulation.evidence_country import (
    EvidenceTruth,
    read_truth,
    simulate_evidence,
    write_evidence,
    write_truth,
)
from kalanso.simulation.evidence_fields import Neighbourhood, autoregression, bym2, random_walk
from kalanso.simulation.evidence_land import land
from kalanso.simulation.evidence_settings import (
    STRESSES,
    CoverageSettings,
    EvidenceSettings,
    Normal,
    PopulationSettings,
    ReportingSettings,
    Share,
    Source,
    SurveySettings,
    Uniform,
    wider,
)

Tables = dict[str, pd.DataFrame]
PLAIN = EvidenceSettings()
# No scatter that would hide what a test looks for.
QUIET = replace(
    PLAIN,
    conflict_share=0.2,
    reporting=ReportingSettings(
        bias=Normal(0.0, 0.0), bias_area_sd=Uniform(0.001, 0.001), third_dose_sd=0.0, scatter=Uniform(1e7, 1e7),
        timing_sd=Uniform(0.0, 0.0, least=0.0),
        completeness=(1.0, 0.0, 0.0), missing=0.0, missing_in_conflict=0.0,
    ),
    population=PopulationSettings(median_size=1e6, year_noise_sd=0.0),
)  # fmt: skip


def country(
    areas: int = 150, quarters: int = 12, seed: int = 7, settings: EvidenceSettings = PLAIN
) -> tuple[Tables, EvidenceTruth]:
    return simulate_evidence(areas, quarters, np.random.default_rng(seed), settings=settings)


@pytest.fixture(scope="module")
def drawn() -> tuple[Tables, EvidenceTruth]:
    return country()


def wide(doses: pd.DataFrame, truth: EvidenceTruth, indicator: str, column: str = "value") -> np.ndarray:
    rows = doses[doses["indicator"] == indicator].pivot(index="place_code", columns="period", values=column)
    return rows.reindex(index=list(truth.areas), columns=list(truth.periods)).to_numpy(dtype=float)


def test_the_same_seed_gives_the_same_evidence_and_another_seed_other_evidence(
    drawn: tuple[Tables, EvidenceTruth],
) -> None:
    again, truth = country()
    for name, table in drawn[0].items():
        assert_frame_equal(again[name], table)
    assert truth.parameters == drawn[1].parameters
    assert not np.array_equal(country(seed=8)[1].dtp1_coverage, truth.dtp1_coverage)


def test_a_change_of_one_part_leaves_the_others_as_they_are(drawn: tuple[Tables, EvidenceTruth]) -> None:
    tables, truth = country(settings=STRESSES["conflict_reporting"](PLAIN))
    np.testing.assert_array_equal(truth.dtp1_coverage, drawn[1].dtp1_coverage)
    for name in ("places", "neighbours", "covariates", "denominators", "surveys"):
        assert_frame_equal(tables[name], drawn[0][name])
    assert not tables["doses"].equals(drawn[0]["doses"])


def test_places_form_a_tree_of_country_regions_districts_and_areas(
    drawn: tuple[Tables, EvidenceTruth],
) -> None:
    tables, truth = drawn
    depth = {"SIM": 0}
    for place, parent in zip(tables["places"]["place_code"], tables["places"]["parent_code"], strict=True):
        depth[place] = depth[parent] + 1 if parent else 0
    assert {depth[area] for area in truth.areas} == {3}
    leaves = set(tables["places"]["place_code"]) - set(tables["places"]["parent_code"])
    assert leaves == set(truth.areas)
    assert truth.parents == dict(
        zip(tables["places"]["place_code"], tables["places"]["parent_code"], strict=True)
    )


def test_truth_holds_shares_and_children_and_dtp3_never_exceeds_dtp1(
    drawn: tuple[Tables, EvidenceTruth],
) -> None:
    truth = drawn[1]
    assert (
        truth.dtp1_coverage.shape == truth.dtp3_coverage.shape == truth.surviving_infants.shape == (150, 12)
    )
    assert ((truth.dtp3_coverage > 0) & (truth.dtp3_coverage < truth.dtp1_coverage)).all()
    assert (truth.dtp1_coverage < 1).all()
    assert (truth.surviving_infants > 0).all()


def test_without_errors_doses_equal_the_children_vaccinated_with_the_drawn_share_of_dtp3_a_quarter_later() -> (
    None
):
    tables, truth = country(areas=30, settings=QUIET)
    first = truth.surviving_infants * truth.dtp1_coverage
    third = truth.surviving_infants * truth.dtp3_coverage
    later = truth.parameters["delay"]
    assert 0.55 < later < 0.8
    np.testing.assert_allclose(wide(tables["doses"], truth, "dtp1_doses"), first, rtol=0.01)
    np.testing.assert_allclose(
        wide(tables["doses"], truth, "dtp3_doses")[:, 1:],
        (1 - later) * third[:, 1:] + later * third[:, :-1],
        rtol=0.01,
    )


def test_reports_that_do_not_come_lower_doses_by_the_stated_power() -> None:
    reporting = replace(QUIET.reporting, completeness=(0.5, 0.5, 0.0), completeness_power=Uniform(0.8, 0.8))
    tables, truth = country(areas=30, settings=replace(QUIET, reporting=reporting))
    ratio = wide(tables["doses"], truth, "dtp1_doses") / (truth.surviving_infants * truth.dtp1_coverage)
    came = wide(tables["doses"], truth, "dtp1_doses", "reports_received")
    np.testing.assert_allclose(ratio, (came / 3) ** 0.8, rtol=0.01)
    assert set(np.unique(came)) == {2.0, 3.0}


def test_denominators_count_whole_years_with_the_biases_of_their_parents_and_their_drift() -> None:
    exact = Uniform(0.001, 0.001)
    sources = (
        Source(
            name="census",
            bias_sd=0.04,
            area_error=exact,
            anchor=True,
            covers_conflict=False,
            drift_sd=0.0,
            drift_area_sd=0.0,
        ),
        Source(name="projection", bias_sd=0.15, area_error=exact, base_year=2012, drift_area_sd=0.0),
        Source(
            name="raster",
            bias_sd=0.1,
            area_error=exact,
            parent="projection",
            drift_sd=0.0,
            drift_area_sd=0.0,
        ),
    )
    settings = replace(QUIET, population=replace(QUIET.population, sources=sources))
    tables, truth = country(areas=40, settings=settings)
    year = truth.surviving_infants[:, :4].sum(axis=1)
    ratio = {}
    for name in ("census", "projection", "raster"):
        rows = tables["denominators"].query("source == @name and period == 2022").set_index("place_code")
        ratio[name] = np.log(rows["surviving_infants"].reindex(list(truth.areas)).to_numpy() / year)
    number = truth.parameters
    np.testing.assert_allclose(ratio["census"][~truth.conflict], number["bias_census"], atol=0.01)
    assert np.isnan(ratio["census"][truth.conflict]).all()
    assert truth.conflict.any()
    np.testing.assert_allclose(
        ratio["projection"], number["bias_projection"] - number["drift_projection"], atol=0.01
    )
    np.testing.assert_allclose(ratio["raster"], number["bias_projection"] + number["bias_raster"], atol=0.01)
    assert tables["denominator_sources"].set_index("source").loc["raster", "parent_source"] == "projection"


def test_growth_that_is_wrong_since_the_base_year_adds_to_the_bias_where_asked() -> None:
    errors = {}
    for since in (False, True):
        settings = replace(PLAIN, population=PopulationSettings(drift_since_base=since))
        tables, truth = country(settings=settings)
        rows = tables["denominators"].query("source == 'projection'")
        known = rows.groupby("place_code")["surviving_infants"].sum().reindex(list(truth.areas)).to_numpy()
        errors[since] = np.log(known / truth.surviving_infants.sum(axis=1))
    wrong = truth.parameters["drift_projection"] * (2023.0 - 2009)
    np.testing.assert_allclose(errors[True] - errors[False], wrong, atol=1e-3)


def test_years_that_the_series_only_touches_are_counted_whole() -> None:
    tables, _ = country(areas=20, quarters=6, settings=QUIET)
    assert sorted(tables["denominators"]["period"].unique()) == [2022, 2023]
    known = tables["denominators"].query("source == 'worldpop'")
    sums = known.groupby("period")["surviving_infants"].sum()
    assert sums[2023] / sums[2022] == pytest.approx(np.exp(0.03), rel=0.1)


def test_surveys_enter_no_area_in_conflict_and_find_children_of_the_window(
    drawn: tuple[Tables, EvidenceTruth],
) -> None:
    tables, truth = drawn
    surveys = tables["surveys"]
    conflict = set(np.array(truth.areas)[truth.conflict])
    assert not conflict & set(surveys["place_code"])
    assert len(surveys) == 2 * 160
    assert (surveys["vaccinated"] <= surveys["children"]).all()
    both = surveys.pivot(index="cluster", columns="indicator", values="vaccinated")
    assert (both["dtp3"] <= both["dtp1"]).all()
    at = {code: number for number, code in enumerate(truth.periods)}
    assert (surveys["end"].map(at) - surveys["start"].map(at) == 3).all()
    assert set(np.array(truth.areas)[truth.surveyed]) == set(surveys["place_code"])


def test_shares_found_by_many_clusters_equal_the_truth_and_scatter_as_the_correlation_says() -> None:
    correlation = 0.08
    surveys = SurveySettings(
        rounds=(1,), clusters=6000, children=10.0, same_cluster=Uniform(correlation, correlation)
    )
    tables, truth = country(areas=60, quarters=4, settings=replace(PLAIN, surveys=surveys))
    first = (
        tables["surveys"]
        .query("indicator == 'dtp1'")
        .assign(area=lambda rows: rows["place_code"].map({code: n for n, code in enumerate(truth.areas)}))
    )
    due = truth.surviving_infants
    share = (due * truth.dtp1_coverage).sum(axis=1) / due.sum(axis=1)
    expected = share[first["area"]]
    children = first["children"].to_numpy()
    residual = first["vaccinated"].to_numpy() - children * expected
    spread = children * expected * (1 - expected) * (1 + (children - 1) * correlation)
    assert abs(residual.sum()) < 4 * np.sqrt(spread.sum())
    assert (residual**2).sum() / spread.sum() == pytest.approx(1, abs=0.08)


def test_levels_of_the_map_have_the_stated_spread_and_neighbours_resemble_each_other() -> None:
    rng = np.random.default_rng(3)
    place = land(150, rng, PLAIN)
    map_ = Neighbourhood(150, place.edges)
    draws = np.array([bym2(map_, 0.8, 0.7, rng) for _ in range(2000)])
    typical = np.exp(np.log(draws.var(axis=0)).mean())
    assert typical == pytest.approx(0.64, rel=0.05)
    own = np.array([bym2(map_, 0.8, 0.0, rng) for _ in range(2000)])
    beside = [[np.corrcoef(one[:, a], one[:, b])[0, 1] for a, b in place.edges] for one in (draws, own)]
    assert np.mean(beside[0]) > 0.2
    assert abs(np.mean(beside[1])) < 0.01


def test_precisions_of_three_small_components_are_scaled_to_two_ninths_a_quarter_and_one() -> None:
    # Case 5: Naomi's tests/testthat/test-car.R, six places and edges 1-2, 1-4, 2-4, 3-5.
    map_ = Neighbourhood(6, np.array([[0, 1], [0, 3], [1, 3], [2, 4]]))
    np.testing.assert_allclose(map_.scale[map_.component], [2 / 9, 2 / 9, 1 / 4, 2 / 9, 1 / 4, 1])


def test_sparse_scaling_equals_the_dense_pseudo_inverse() -> None:
    place = land(80, np.random.default_rng(5), replace(PLAIN, islands=2))
    map_ = Neighbourhood(80, place.edges)
    dense = np.zeros((80, 80))
    dense[place.edges[:, 0], place.edges[:, 1]] = dense[place.edges[:, 1], place.edges[:, 0]] = -1
    np.fill_diagonal(dense, -dense.sum(axis=1))
    inside = np.flatnonzero(np.diag(dense) > 0)
    variance = np.diag(np.linalg.pinv(dense[np.ix_(inside, inside)]))
    assert map_.scale[map_.component[inside[0]]] == pytest.approx(np.exp(np.log(variance).mean()))
    assert len(inside) == 78


def test_courses_in_time_have_the_stated_spread_and_persistence() -> None:
    rng = np.random.default_rng(4)
    paths = autoregression(20_000, 6, 0.3, 0.7, rng)
    assert paths.std(axis=0) == pytest.approx(np.full(6, 0.3), rel=0.03)
    assert np.corrcoef(paths[:, 2], paths[:, 3])[0, 1] == pytest.approx(0.7, abs=0.02)
    walk = random_walk(12, 1, 0.1, rng)
    assert len(walk) == 13
    assert walk[1:].sum() == pytest.approx(0)


def test_parameters_follow_their_distributions() -> None:
    drawn = pd.DataFrame([country(areas=12, quarters=4, seed=seed)[1].parameters for seed in range(300)])
    chosen = CoverageSettings()
    assert drawn["level_sd"].between(chosen.level_sd.low, chosen.level_sd.high).all()
    assert drawn["level_sd"].mean() == pytest.approx(0.75, abs=0.04)
    assert drawn["level_spatial_share"].mean() == pytest.approx(2 / 3.5, abs=0.04)
    assert drawn["reporting_bias"].std() == pytest.approx(0.1, abs=0.015)
    assert drawn["drift_projection"].std() == pytest.approx(0.02, abs=0.003)
    assert drawn["scatter"].between(10, 40).all()


def test_missing_cells_follow_low_coverage_where_asked() -> None:
    tables, truth = country(settings=STRESSES["missing_not_at_random"](replace(PLAIN, conflict_share=0.0)))
    missing = np.isnan(wide(tables["doses"], truth, "dtp1_doses"))
    level = logit(truth.dtp1_coverage)
    low = level < np.quantile(level, 0.2)
    assert missing[low].mean() > 4 * missing[level > np.median(level)].mean()


STRESS_CHECKS = {
    "wrong_anchor": lambda tables, truth: abs(truth.parameters["bias_census"]) == pytest.approx(0.1),
    "undeclared_parent": lambda tables, _: (tables["denominator_sources"]["parent_source"] == "").all(),
    "few_clusters": lambda tables, _: tables["surveys"]["cluster"].nunique() == 30,
    "hubs": lambda tables, _: set(tables["attendance"]["kind"]) <= {"hub"},
    "no_survey": lambda tables, truth: tables["surveys"].empty and not truth.surveyed.any(),
}


@pytest.mark.parametrize("name", sorted(STRESSES))
def test_every_stress_gives_a_country_that_has_it(name: str) -> None:
    tables, truth = country(settings=STRESSES[name](PLAIN))
    assert len(tables["doses"])
    assert np.isfinite(truth.dtp1_coverage).all()
    if name in STRESS_CHECKS:
        assert STRESS_CHECKS[name](tables, truth)


def test_reports_of_areas_in_conflict_are_shifted_where_asked() -> None:
    asked = STRESSES["conflict_reporting"](QUIET)
    tables, truth = country(areas=60, settings=asked)
    ratio = np.log(
        wide(tables["doses"], truth, "dtp1_doses") / (truth.surviving_infants * truth.dtp1_coverage)
    )
    assert ratio[truth.conflict].mean() == pytest.approx(0.2, abs=0.01)
    assert ratio[~truth.conflict].mean() == pytest.approx(0.0, abs=0.01)


def test_a_town_gives_doses_to_its_neighbours_and_no_dose_is_lost() -> None:
    asked = replace(QUIET, reporting=replace(QUIET.reporting, attendance=0.3))
    tables, truth = country(areas=60, settings=asked)
    given = wide(tables["doses"], truth, "dtp1_doses").sum(axis=0)
    due = (truth.surviving_infants * truth.dtp1_coverage).sum(axis=0)
    np.testing.assert_allclose(given, due, rtol=0.01)
    urban = tables["covariates"]["urban"].to_numpy() > 0
    ratio = wide(tables["doses"], truth, "dtp1_doses") / (truth.surviving_infants * truth.dtp1_coverage)
    assert ratio[urban].mean() > 1.1
    assert ratio[~urban].min() == pytest.approx(0.7, abs=0.02)


def test_a_hub_gives_doses_to_its_district_and_is_named() -> None:
    asked = replace(QUIET, reporting=replace(QUIET.reporting, hubs=1.0))
    tables, truth = country(areas=60, settings=asked)
    given = wide(tables["doses"], truth, "dtp1_doses")
    due = truth.surviving_infants * truth.dtp1_coverage
    np.testing.assert_allclose(given.sum(axis=0), due.sum(axis=0), rtol=0.01)
    hub = np.isin(truth.areas, tables["attendance"]["place_code"].tolist())
    assert hub.sum() == 4
    assert (given[hub] / due[hub]).min() > 1.3
    assert (given[~hub] / due[~hub]).max() < 0.95


def test_hubs_change_no_other_part_of_a_country() -> None:
    with_, truth = country(areas=30, settings=STRESSES["hubs"](PLAIN))
    without, same = country(areas=30, settings=PLAIN)
    np.testing.assert_array_equal(truth.dtp1_coverage, same.dtp1_coverage)
    for name in ("surveys", "denominators", "places"):
        assert with_[name].equals(without[name])


def test_wider_distributions_keep_their_middle_and_stay_in_bounds() -> None:
    wide_ = wider(PLAIN, 1.5)
    assert wide_.coverage.intercept == Normal(1.2, 0.6 * 1.5)
    assert (wide_.coverage.level_sd.low, wide_.coverage.level_sd.high) == pytest.approx((0.225, 1.275))
    rng = np.random.default_rng(1)
    assert max(wide_.coverage.interaction_persistence.draw(rng) for _ in range(200)) <= 0.98
    assert Share(2, 1.5).wider(1.5) == Share(2 / 1.5, 1.0)


def test_rarer_evidence_appears_when_asked_for() -> None:
    surveys = SurveySettings(by_region=True, stock=True, recounts=0.1, lots=0.3)
    tables, truth = country(settings=replace(PLAIN, surveys=surveys))
    assert tables["surveys"].empty
    assert set(tables["survey_areas"]["indicator"]) == {"dtp1", "dtp3"}
    assert tables["survey_areas"]["standard_error"].between(0.005, 0.2).all()
    assert len(tables["stock"]) == 12 * sum(code.startswith("D") for code in truth.parents)
    assert 0.05 < len(tables["recounts"]) / (150 * 12) < 0.15
    assert tables["lots"]["vaccinated"].isna().any()
    assert set(tables["lots"]["decision"]) <= {"pass", "fail"}


def test_stock_explains_the_doses_of_its_district() -> None:
    tables, truth = country(settings=replace(QUIET, surveys=SurveySettings(stock=True)))
    first, third = (truth.surviving_infants * one for one in (truth.dtp1_coverage, truth.dtp3_coverage))
    inside = np.array([truth.parents[area] == "D0001" for area in truth.areas])
    due = (first + np.sqrt(first * third) + third)[inside].sum()
    used = tables["stock"].query("place_code == 'D0001'")["doses_used"].sum()
    assert due / used == pytest.approx(0.85, abs=0.12)


@pytest.mark.parametrize(("areas", "quarters"), [(1, 1), (1, 12), (2, 3), (3, 5), (5, 1)])
def test_very_small_countries_are_countries_too(areas: int, quarters: int) -> None:
    tables, truth = country(areas=areas, quarters=quarters)
    assert truth.dtp1_coverage.shape == (areas, quarters)
    assert np.isfinite(truth.surviving_infants).all()
    assert set(tables["doses"]["place_code"]) <= set(truth.areas)


def test_islands_have_no_neighbours() -> None:
    tables, truth = country(areas=20, settings=replace(PLAIN, islands=3))
    beside = set(tables["neighbours"]["place_code"]) | set(tables["neighbours"]["neighbour_code"])
    assert set(truth.areas) - beside == set(truth.areas[-3:])


def test_written_tables_and_truth_are_read_back(tmp_path: Path, drawn: tuple[Tables, EvidenceTruth]) -> None:
    tables, truth = drawn
    folder = write_evidence(tables, tmp_path / "evidence")
    again = pd.read_csv(folder / "doses.csv")
    np.testing.assert_allclose(again["value"], tables["doses"]["value"])
    assert not (folder / "stock.csv").exists()
    found = read_truth(write_truth(truth, tmp_path / "truth.json"))
    np.testing.assert_array_equal(found.dtp1_coverage, truth.dtp1_coverage)
    np.testing.assert_array_equal(found.conflict, truth.conflict)
    assert found.parameters == truth.parameters
    assert found.parents == truth.parents


@pytest.mark.parametrize(
    ("areas", "quarters", "said"), [(0, 12, "areas: expected"), (5, 0, "quarters: expected")]
)
def test_impossible_countries_are_refused(areas: int, quarters: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        country(areas=areas, quarters=quarters)


def test_settings_that_never_give_a_plausible_country_are_refused() -> None:
    never = replace(PLAIN, coverage=CoverageSettings(intercept=Normal(-9.0, 0.1)))
    with pytest.raises(ValueError, match="plausible"):
        country(areas=5, settings=never)


def test_swings_move_first_and_third_doses_together_and_last() -> None:
    """Against the stated size and memory of the swings, with nothing else that scatters."""
    settings = replace(QUIET, reporting=replace(QUIET.reporting, swing_sd=0.1, swing_memory=0.6))
    still, _ = simulate_evidence(60, 12, np.random.default_rng(3), settings=QUIET)
    moved, _ = simulate_evidence(60, 12, np.random.default_rng(3), settings=settings)
    key = ["place_code", "period", "indicator"]
    both = (
        still["doses"].merge(moved["doses"], on=key, suffixes=("_still", "_moved")).query("value_still > 50")
    )
    both["swing"] = np.log(both["value_moved"] / both["value_still"])
    table = both.pivot(index=["place_code", "period"], columns="indicator", values="swing").dropna()
    assert table["dtp1_doses"].std() == pytest.approx(0.1, rel=0.15)
    assert table.corr().iloc[0, 1] > 0.6
    by_quarter = table["dtp1_doses"].unstack("period")
    pairs = np.column_stack([by_quarter.to_numpy()[:, 1:].ravel(), by_quarter.to_numpy()[:, :-1].ravel()])
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(0.6, abs=0.15)
