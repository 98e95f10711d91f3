"""Straight coordinates of hyperparameters: where they lead, what they leave alone, and that they bend no volume."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kalanso.coverage.layout import Layout
from kalanso.coverage.records import Floats
from kalanso.coverage.ridges import Ridge, Ridges, log_odds

GAMMA = np.array([-0.8, -0.5, -1.5, 1.6])


@pytest.fixture(params=[4, 2], ids=["with paths", "without"])
def ridge(request: pytest.FixtureRequest) -> Ridge:
    return Ridge.of(list(range(request.param)), 12, GAMMA)


def slopes(ridges: Ridges, at: Floats) -> Floats:
    near = 1e-5 * np.eye(at.size)
    return np.array([(ridges.bent(at + one) - ridges.bent(at - one)) / 2e-5 for one in near]).T


@pytest.mark.parametrize("quarters", [2, 5, 12])
@pytest.mark.parametrize("memory", [-0.5, 1.0, 3.0])
def test_the_variance_of_an_average_is_that_of_the_dense_covariance(quarters: int, memory: float) -> None:
    lags = np.abs(np.subtract.outer(np.arange(quarters), np.arange(quarters)))
    average = (math.tanh(memory / 2) ** lags).mean()

    assert math.exp(log_odds(quarters, memory)) == pytest.approx(average / (1 - average))


@pytest.mark.parametrize("quarters", [4, 12, 36])
def test_the_odds_of_an_average_are_almost_straight_in_the_memory(quarters: int) -> None:
    """Over the width of the prior, a fifth at the most."""
    rise = np.diff([log_odds(quarters, memory) for memory in np.linspace(-0.2, 3.4, 10)])

    assert rise.max() / rise.min() < 1.25


def test_at_the_reference_straight_coordinates_are_gammas_own_to_the_first_order(ridge: Ridge) -> None:
    ridges = Ridges((ridge,))

    assert ridges.bent(GAMMA) == pytest.approx(GAMMA)
    assert slopes(ridges, GAMMA) == pytest.approx(np.eye(4), abs=1e-8)


def test_there_and_back_and_slopes_agree_with_differences_and_volumes_stay(ridge: Ridge) -> None:
    rng, ridges = np.random.default_rng(3), Ridges((ridge,))
    for _ in range(5):
        at, slope = GAMMA + rng.normal(size=4), rng.normal(size=4)
        found = slopes(ridges, at)

        assert ridges.straight(ridges.bent(at)) == pytest.approx(at)
        assert ridges.back(at, slope) == pytest.approx(found.T @ slope, abs=1e-6)
        assert np.linalg.det(found) == pytest.approx(1.0, abs=1e-6)


def test_what_counts_tell_stays_while_a_path_takes_over_what_the_level_gives_up() -> None:
    """The sum of the variances of averages, with the field and without, and how far paths move about their own."""
    ridge = Ridge.of([0, 1, 2, 3], 12, GAMMA)
    ends = [ridge.bent(ridge.middle + np.array([0.0, 0.0, move, 0.0])) for move in (-1.0, 0.0, 1.5)]
    found = []
    for field, level, path, memory in ends:
        share = 1 / (1 + math.exp(-(ridge.rho + ridge.beta * memory)))
        found.append(
            (field, math.exp(2 * level) + share * math.exp(2 * path), (1 - share) * math.exp(2 * path))
        )

    assert ends[0][1] > ends[1][1] > ends[2][1]
    assert ends[0][3] < ends[1][3] < ends[2][3]
    for one in found:
        assert one == pytest.approx(found[0])


def test_far_out_nothing_overflows(ridge: Ridge) -> None:
    far = np.array([300.0, -300.0, 300.0, -300.0])
    for at in (far, -far):
        assert np.isfinite(Ridges((ridge,)).bent(at)).all()
        assert np.isfinite(Ridges((ridge,)).back(at, np.ones(4))).all()


def test_what_may_not_move_is_left_alone(small_layout: Layout) -> None:
    free = np.ones(small_layout.size, bool)
    free[small_layout.blocks["memory3"]] = False
    gamma = small_layout.start + 0.1

    ridges = Ridges.of(small_layout, small_layout.start, free)

    assert [len(one.places) for one in ridges.each] == [4, 2]
    left = np.delete(np.arange(small_layout.size), ridges.each[0].places + ridges.each[1].places)
    assert ridges.bent(gamma)[left] == pytest.approx(gamma[left])
    assert len(Ridges.of(small_layout, small_layout.start, ~free).each) == 0
