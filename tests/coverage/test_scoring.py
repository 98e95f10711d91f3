"""Do the scores say what they promise, of forecasts that are right, narrow, wide or off?"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from kalanso.coverage import scoring
from kalanso.simulation import EvidenceTruth, simulate_evidence


def slow_crps(draws: np.ndarray, truth: float) -> float:
    """All pairs of draws, one by one."""
    count = len(draws)
    near = sum(abs(one - truth) for one in draws) / count
    pairs = sum(abs(one - other) for one in draws for other in draws)
    return near - pairs / (2 * count * (count - 1))


def integrated_crps(draws: np.ndarray, truth: float) -> float:
    """The squared distance of the two distribution functions, integrated on a fine grid."""
    grid = np.linspace(min(draws.min(), truth) - 0.1, max(draws.max(), truth) + 0.1, 200_001)
    distribution = (draws[:, None] <= grid[None, :: len(grid) // 4000]).mean(axis=0)
    step = np.diff(grid[:: len(grid) // 4000])[0]
    return float((((distribution - (grid[:: len(grid) // 4000] >= truth)) ** 2) * step).sum())


def test_crps_equals_the_sum_over_all_pairs() -> None:
    rng = np.random.default_rng(1)
    draws, truth = rng.normal(size=(40, 3, 2)), rng.normal(size=(3, 2))
    expected = [[slow_crps(draws[:, i, j], truth[i, j]) for j in range(2)] for i in range(3)]
    np.testing.assert_allclose(scoring.crps_of_draws(draws, truth), expected)


def test_crps_equals_the_integral_over_distribution_functions() -> None:
    rng = np.random.default_rng(2)
    draws = rng.gamma(2.0, 0.1, size=800)
    fair = slow_crps(draws, 0.3)
    # the integral takes the draws for the distribution itself, the fair form for a sample of it
    pairs = np.abs(draws[:, None] - draws[None, :]).sum()
    plain = fair + pairs / 2 * (1 / (800 * 799) - 1 / 800**2)
    assert integrated_crps(draws, 0.3) == pytest.approx(plain, abs=2e-4)


def test_crps_of_a_normal_equals_its_closed_form() -> None:
    draws = np.random.default_rng(3).normal(0.4, 0.1, size=(200_000, 1))
    z = (0.55 - 0.4) / 0.1
    closed = 0.1 * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert scoring.crps_of_draws(draws, np.array([0.55]))[0] == pytest.approx(closed, abs=5e-4)
    levels = np.linspace(0.001, 0.999, 400)
    values = norm.ppf(levels, 0.4, 0.1)[None, :]
    assert scoring.crps_of_quantiles(levels, values, np.array([0.55]))[0] == pytest.approx(closed, abs=5e-4)


def test_crps_of_a_single_number_is_its_absolute_error() -> None:
    assert scoring.crps_of_draws(np.array([[0.7]]), np.array([0.9]))[0] == pytest.approx(0.2)
    assert scoring.crps_of_quantiles([0.5], np.array([[0.7]]), np.array([0.9]))[0] == pytest.approx(0.2)


def test_crps_prefers_the_honest_width() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(size=20_000)
    score = {
        width: scoring.crps_of_draws(rng.normal(0, width, size=(50, 1)), truth).mean()
        for width in (0.3, 1.0, 3.0)
    }
    assert score[1.0] < score[0.3]
    assert score[1.0] < score[3.0]


@pytest.mark.parametrize(
    ("spread", "shift", "covers", "position", "pit_spread"),
    [
        (1.0, 0.0, (0.94, 0.96), (0.48, 0.52), (0.93, 1.07)),
        (0.5, 0.0, (0.60, 0.75), (0.48, 0.52), (1.4, 2.5)),
        (2.0, 0.0, (0.99, 1.0), (0.48, 0.52), (0.2, 0.6)),
        (1.0, 1.0, (0.70, 0.90), (0.15, 0.35), (0.9, 2.5)),
    ],
    ids=["right", "too narrow", "too wide", "shifted"],
)
def test_intervals_and_positions_tell_right_narrow_wide_and_shifted_draws_apart(
    spread: float, shift: float, covers: tuple[float, float], position: tuple[float, float],
    pit_spread: tuple[float, float],
) -> None:  # fmt: skip
    rng = np.random.default_rng(5)
    truth = rng.normal(size=4000)
    draws = shift + spread * rng.normal(size=(999, 4000))
    at = scoring.probability_position(draws, truth)
    assert covers[0] <= scoring.holds(draws, truth, 0.95).mean() <= covers[1]
    assert position[0] <= at.mean() <= position[1]
    assert pit_spread[0] <= ((at - 0.5) ** 2).mean() * 12 <= pit_spread[1]


def test_intervals_of_few_draws_still_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(size=20_000)
    assert scoring.holds(rng.normal(size=(79, 20_000)), truth, 0.95).mean() == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize(
    ("count", "share", "band"),
    [(200, 0.95, (0.905, 0.985)), (10, 0.95, (0.7, 1.0)), (0, 0.95, (0.0, 1.0))],
)
def test_binomial_bands_are_those_of_the_distribution(
    count: int, share: float, band: tuple[float, float]
) -> None:
    low, high = scoring.binomial_band(count, share)
    assert (low, high) == pytest.approx(band, abs=0.006)


def test_pockets_are_fifty_or_a_tenth_of_the_areas() -> None:
    assert [scoring.pocket_count(areas) for areas in (1, 150, 1500, 6000)] == [1, 15, 50, 50]


def test_recall_counts_true_pockets_on_the_list_and_puts_unknown_areas_last() -> None:
    true = np.array([9.0, 8.0, 7.0, 1.0, 0.0])
    assert scoring.pocket_recall(np.array([5.0, 1.0, 4.0, 3.0, 2.0]), true, 3) == pytest.approx(2 / 3)
    assert scoring.pocket_recall(np.array([np.nan, 8.0, 7.0, 1.0, 0.5]), true, 2) == pytest.approx(1 / 2)


def made_up_posterior(truth: EvidenceTruth, width: float = 0.3, draws: int = 200) -> SimpleNamespace:
    """Draws that are right by construction: the truth is one more draw of the same distribution."""
    rng = np.random.default_rng(8)
    shape = truth.dtp1_coverage.shape
    middle = logit(truth.dtp1_coverage) + width * rng.normal(size=shape)
    dtp1 = expit(middle + width * rng.normal(size=(draws, *shape)))
    ratio = logit(truth.dtp3_coverage / truth.dtp1_coverage) + width * rng.normal(size=shape)
    size = np.log(truth.surviving_infants) + width * rng.normal(size=shape)
    return SimpleNamespace(
        areas=list(truth.areas),
        periods=list(truth.periods),
        dtp1_coverage=dtp1.astype(np.float32),
        dtp3_coverage=(dtp1 * expit(ratio + width * rng.normal(size=(draws, *shape)))).astype(np.float32),
        surviving_infants=np.exp(size + width * rng.normal(size=(draws, *shape))).astype(np.float32),
    )


@pytest.fixture(scope="module")
def truth() -> EvidenceTruth:
    return simulate_evidence(60, 8, np.random.default_rng(11))[1]


def value(scores: pd.DataFrame, quantity: str, group: str, measure: str) -> float:
    found = scores.query("quantity == @quantity and group == @group and measure == @measure")
    assert len(found) == 1
    return float(found["value"].iloc[0])


def test_right_draws_score_as_calibrated_in_every_group(truth: EvidenceTruth) -> None:
    scores = scoring.score_posterior(made_up_posterior(truth), truth)
    assert list(scores.columns) == list(scoring.SCORE_COLUMNS)
    for quantity in ("dtp1", "dtp3", "surviving_infants", "missed_dtp1", "missed_dtp3"):
        assert value(scores, quantity, "all", "covers95") == pytest.approx(0.95, abs=0.04)
        assert value(scores, quantity, "all", "covers50") == pytest.approx(0.5, abs=0.08)
        assert value(scores, quantity, "conflict", "covers95") == pytest.approx(0.95, abs=0.1)
    assert 0 < value(scores, "missed_dtp1", "all", "recall") <= 1
    cells = scores.query("quantity == 'dtp1' and measure == 'rmse'").set_index("group")["count"]
    assert cells["all"] == 60 * 8
    assert cells["conflict"] == truth.conflict.sum() * 8
    assert cells["region"] == len(scoring.first_regions(truth))
    assert cells["country"] == 1


def test_exact_draws_have_no_error_in_areas_and_in_sums(truth: EvidenceTruth) -> None:
    shape = (3, *truth.dtp1_coverage.shape)
    exact = SimpleNamespace(
        areas=list(truth.areas), periods=list(truth.periods),
        dtp1_coverage=np.broadcast_to(truth.dtp1_coverage, shape), dtp3_coverage=None,
        surviving_infants=np.broadcast_to(truth.surviving_infants, shape),
    )  # fmt: skip
    scores = scoring.score_posterior(exact, truth)
    errors = scores[scores["measure"].isin(["rmse", "bias", "crps"])]
    assert errors["value"].abs().max() < 1e-6
    assert set(scores["quantity"]) == {"dtp1", "surviving_infants", "missed_dtp1"}
    assert value(scores, "missed_dtp1", "all", "recall") == 1


def test_totals_are_sums_of_counts_and_never_means_of_shares(truth: EvidenceTruth) -> None:
    inside = np.zeros(60, dtype=bool)
    inside[:2] = True
    found = scoring.totals(truth.dtp1_coverage, truth.dtp3_coverage, truth.surviving_infants, inside)
    due = truth.surviving_infants[:2]
    assert found["dtp1"] == pytest.approx((due * truth.dtp1_coverage[:2]).sum() / due.sum())
    assert found["missed_dtp3"] == pytest.approx((due * (1 - truth.dtp3_coverage[:2])).sum())


def test_a_truth_of_other_areas_is_refused(truth: EvidenceTruth) -> None:
    other = replace(truth, areas=truth.areas[::-1])
    with pytest.raises(ValueError, match="in their order"):
        scoring.score_posterior(made_up_posterior(truth), other)
