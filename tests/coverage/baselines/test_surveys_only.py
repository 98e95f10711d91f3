"""Does the survey-only model give published numbers, and does it help areas that were not surveyed?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from kalanso.coverage import Evidence
from kalanso.coverage.baselines import NoBaseline
from kalanso.coverage.baselines.fay_herriot import (
    AreaData,
    fit,
    mean_squared_errors,
    predict,
    restricted_likelihood,
)
from kalanso.coverage.baselines.surveys_only import _smooth, surveys_only
from kalanso.simulation import EvidenceSettings, simulate_evidence
from kalanso.simulation.evidence_settings import STRESSES, CoverageSettings, SurveySettings, Uniform

# Fresh milk expenditure by 43 areas of the United States, 1989 (Arora and Lahiri 1997; You and Chapman
# 2006): direct estimate, its standard deviation, major area.
MILK = np.array(
    [
        1.099, .163, 1, 1.075, .080, 1, 1.105, .083, 1, .628, .109, 1, .753, .119, 1, .981, .141, 1, 1.257, .202, 1,
        1.095, .127, 2, 1.405, .168, 2, 1.356, .178, 2, .615, .100, 2, 1.460, .201, 2, 1.338, .148, 2, .854, .143, 2,
        1.176, .149, 3, 1.111, .145, 3, 1.257, .135, 3, 1.430, .172, 3, 1.278, .137, 3, 1.292, .163, 3, 1.002, .125, 3,
        1.183, .247, 3, 1.044, .140, 3, 1.267, .171, 3, 1.193, .106, 3, .791, .121, 4, .795, .121, 4, .759, .259, 4,
        .796, .106, 4, .565, .089, 4, .886, .225, 4, .952, .205, 4, .807, .119, 4, .582, .067, 4, .684, .106, 4,
        .787, .126, 4, .440, .092, 4, .759, .132, 4, .770, .100, 4, .800, .113, 4, .756, .083, 4, .865, .121, 4,
        .640, .129, 4,
    ]
).reshape(43, 3)  # fmt: skip
# R package sae 1.3, eblupFH and mseFH by REML: first seven areas.
MILK_EBLUP = [1.0219703, 1.0476018, 1.0679513, 0.7608170, 0.8461574, 0.9743727, 1.0584523]
MILK_MSE = [0.013460220, 0.005372876, 0.005701990, 0.008541740, 0.009579594, 0.011670632, 0.015926137]


def milk() -> AreaData:
    major = MILK[:, 2].astype(int)
    design = np.column_stack([np.ones(43), *[(major == one).astype(float) for one in (2, 3, 4)]])
    return AreaData(y=MILK[:, 0], variances=MILK[:, 1] ** 2, design=design, area=np.arange(43), areas=43)


def test_the_milk_areas_come_out_as_the_package_sae_published_them() -> None:
    data = milk()
    found = fit(data)
    np.testing.assert_allclose(found.slopes, [0.9681890, 0.1327801, 0.2269462, -0.2413011], atol=1e-4)
    np.testing.assert_allclose(
        np.sqrt(np.diag(found.slopes_covariance)), [0.06936208, 0.10300072, 0.09232981, 0.08161707], atol=1e-4
    )
    value, _ = predict(data, found, data.design)
    np.testing.assert_allclose(value[:7], MILK_EBLUP, atol=1e-4)
    np.testing.assert_allclose(mean_squared_errors(data, found)[:7], MILK_MSE, atol=1e-5)


def test_the_restricted_likelihood_equals_that_of_contrasts_that_cancel_the_design() -> None:
    data = milk()
    # K'y with K orthogonal to X has a density free of slopes: REML by definition.
    contrasts = np.linalg.svd(data.design, full_matrices=True)[0][:, 4:]

    def plain(variance: float) -> float:
        covariance = contrasts.T @ np.diag(variance + data.variances) @ contrasts
        z = contrasts.T @ data.y
        return float(-0.5 * np.linalg.slogdet(covariance)[1] - 0.5 * z @ np.linalg.solve(covariance, z))

    differences = [restricted_likelihood(data, at, 0.0) - plain(at) for at in (0.001, 0.02, 0.3)]
    assert np.ptp(differences) < 1e-9
    best = minimize_scalar(lambda at: -plain(at), bounds=(0, 1), method="bounded", options={"xatol": 1e-9})
    assert fit(data).variance == pytest.approx(best.x, abs=1e-6)


def test_best_predictions_equal_the_plain_weighted_means_of_fay_and_herriot() -> None:
    data = milk()
    found = fit(data)
    weight = found.variance / (found.variance + data.variances)
    plain = weight * data.y + (1 - weight) * (data.design @ found.slopes)
    np.testing.assert_allclose(predict(data, found, data.design)[0], plain)


def test_predictions_on_a_map_equal_the_conditional_normal_written_out() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(6, 6))
    data = AreaData(
        y=rng.normal(size=5), variances=rng.uniform(0.1, 0.5, 5), design=np.ones((5, 1)),
        area=np.array([0, 0, 2, 3, 5]), areas=6, smooth=root @ root.T / 6,
    )  # fmt: skip
    found = replace(fit(data), variance=0.7, spatial_share=0.6)
    value, covariance = predict(data, found, np.ones((6, 1)))
    # A vague normal prior of the slope stands for restricted likelihood.
    prior = 0.7 * (0.6 * data.smooth + 0.4 * np.eye(6)) + 1e7
    seen = np.eye(6)[data.area]
    total = seen @ prior @ seen.T + np.diag(data.variances)
    np.testing.assert_allclose(value, prior @ seen.T @ np.linalg.solve(total, data.y), atol=1e-5)
    expected = prior - prior @ seen.T @ np.linalg.solve(total, seen @ prior)
    np.testing.assert_allclose(covariance, expected, atol=1e-4)


def test_too_few_results_are_refused() -> None:
    with pytest.raises(ValueError, match="survey results"):
        fit(AreaData(y=np.ones(1), variances=np.ones(1), design=np.ones((1, 1)), area=np.array([0]), areas=1))


def test_the_map_is_the_scaled_pseudo_inverse_also_of_islands() -> None:
    tables, _ = simulate_evidence(20, 4, np.random.default_rng(3), settings=EvidenceSettings(islands=2))
    smooth = _smooth(Evidence.of(**tables))
    assert smooth is not None
    assert np.exp(np.log(np.diag(smooth)).mean()) == pytest.approx(1)
    np.testing.assert_allclose(smooth[:18, :18].sum(axis=1), 0, atol=1e-8)
    assert smooth[19, 19] == pytest.approx(1)
    assert smooth[18, :18] == pytest.approx(np.zeros(18))


def test_with_many_children_everywhere_the_surveys_find_the_truth() -> None:
    calm = CoverageSettings(time_sd=Uniform(0.001, 0.001), interaction_sd=Uniform(0.001, 0.001))
    settings = EvidenceSettings(
        conflict_share=0.0, coverage=calm,
        surveys=SurveySettings(rounds=(2,), clusters=3000, children=20, same_cluster=Uniform(0.01, 0.01)),
    )  # fmt: skip
    tables, truth = simulate_evidence(60, 8, np.random.default_rng(4), settings=settings)
    table = surveys_only(Evidence.of(**tables), np.random.default_rng(1))
    areas = table.query("place_level == 'area' and indicator == 'dtp1' and period == '2023Q1'")
    areas = areas.set_index("place_code").loc[list(truth.areas)]
    true = truth.dtp1_coverage[:, 4]
    assert np.sqrt(((areas["coverage_mean"] - true) ** 2).mean()) < 0.025
    inside = (areas["coverage_q025"] <= true) & (true <= areas["coverage_q975"])
    assert inside.mean() > 0.85


def test_areas_without_clusters_get_wider_intervals_than_surveyed_ones() -> None:
    tables, truth = simulate_evidence(90, 8, np.random.default_rng(6))
    table = surveys_only(Evidence.of(**tables), np.random.default_rng(1))
    areas = table.query("place_level == 'area' and indicator == 'dtp1' and period == '2023Q4'")
    width = (areas["coverage_q975"] - areas["coverage_q025"]).set_axis(areas["place_code"])
    width = width.loc[list(truth.areas)].to_numpy()
    assert width[~truth.surveyed].mean() > 1.1 * width[truth.surveyed].mean()
    third = table.query("place_level == 'area' and indicator == 'dtp3' and period == '2023Q4'")
    assert (third["coverage_mean"].to_numpy() <= areas["coverage_mean"].to_numpy()).all()


def test_without_clusters_there_is_no_survey_only_estimate() -> None:
    settings = STRESSES["no_survey"](EvidenceSettings())
    tables, _ = simulate_evidence(20, 4, np.random.default_rng(3), settings=settings)
    with pytest.raises(NoBaseline, match="clusters"):
        surveys_only(Evidence.of(**tables), np.random.default_rng(1))
