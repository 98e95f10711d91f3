"""Globals in their coordinates: series that follow their spreads, and a spread between stiff and wide."""

from __future__ import annotations

import numpy as np
import pytest

from kalanso.coverage.layout import Layout
from kalanso.coverage.records import Floats
from kalanso.coverage.series import SPREADS, Series
from kalanso.coverage.suiting import TOWARDS, suited


def precision(size: int, rng: np.random.Generator) -> Floats:
    spread = rng.normal(size=(size, size)) / np.sqrt(size)
    return np.eye(size) + spread @ spread.T


@pytest.fixture(scope="module")
def series(small_layout: Layout) -> Series:
    rng, size = np.random.default_rng(2), small_layout.size
    centre = 0.3 * rng.normal(size=size)
    made = Series.of(small_layout, centre, precision(size, rng), np.ones(size, bool))
    assert made is not None
    return made


def test_at_the_centre_series_have_the_spread_of_their_precision(small_layout: Layout) -> None:
    """All but the spreads of series, which act through the steps alone: their own width is that of the precision."""
    rng, size = np.random.default_rng(2), small_layout.size
    centre, told = 0.3 * rng.normal(size=size), precision(size, rng)
    series = Series.of(small_layout, centre, told, np.ones(size, bool))
    assert series is not None

    moved = np.array(
        [(series.at(1e-5 * one).gamma - series.at(-1e-5 * one).gamma) / 2e-5 for one in np.eye(size)]
    ).T

    assert series.at(np.zeros(size)).gamma == pytest.approx(centre)
    covariance, exact = moved @ moved.T, np.linalg.inv(told)
    plain = np.setdiff1d(series.others, series.spread_of)
    assert covariance[np.ix_(plain, plain)] == pytest.approx(exact[np.ix_(plain, plain)], abs=1e-6)
    given = np.linalg.inv(told[np.ix_(series.steps, series.steps)])
    own = moved[np.ix_(series.steps, series.steps)]
    assert own @ own.T == pytest.approx(given, abs=1e-6)


@pytest.mark.parametrize("wider", [-0.7, 0.0, 0.9])
def test_steps_under_gaussian_evidence_stand_still_whatever_their_spread(
    series: Series, wider: float
) -> None:
    """Drawn anew at another spread: mean and precision are those of evidence and prior there."""
    w, size = np.zeros(series.centre.size), series.steps.size
    place = series.spread_of[0]
    root = np.zeros(series.centre.size)
    root[series.others] = series.root[np.searchsorted(series.others, place)]
    w = wider * root / (root @ root)
    middle = series.at(w)
    spreads = np.exp(middle.gamma[series.spread_of])

    drawn = np.array([series.at(w + one).gamma[series.steps] - middle.gamma[series.steps] for one in
                      np.eye(series.centre.size)[series.steps]]).T  # fmt: skip

    inner = spreads[:, None] * series.told * spreads + np.eye(size)
    off = middle.gamma[series.others] - series.centre[series.others]
    assert np.log(spreads[0]) == pytest.approx(series.centre[place] + wider)
    assert middle.gamma[series.steps] == pytest.approx(
        np.linalg.solve(inner, spreads * (series.pull - series.across @ off))
    )
    assert drawn @ drawn.T == pytest.approx(np.linalg.inv(inner), abs=1e-9)
    assert middle.volume == pytest.approx(-0.5 * np.linalg.slogdet(inner)[1])


def test_slopes_go_back_through_series(series: Series) -> None:
    rng = np.random.default_rng(4)
    turned = series.turned(0.2 * rng.normal(size=series.centre.size), precision(series.centre.size, rng))
    w, by_gamma, by_effect = 0.3 * rng.normal(size=(3, series.centre.size))

    def value(at: Floats) -> float:
        point = turned.at(at)
        return float(by_gamma @ point.gamma + by_effect @ point.effect + point.volume)

    found = turned.back(turned.at(w), by_gamma, by_effect)

    steps = 1e-6 * np.eye(series.centre.size)
    assert found == pytest.approx([(value(w + one) - value(w - one)) / 2e-6 for one in steps], abs=1e-6)


def test_where_no_step_moves_there_is_no_series(small_layout: Layout) -> None:
    free = np.ones(small_layout.size, bool)
    for steps, _ in SPREADS:
        free[small_layout.blocks[steps]] = False

    assert Series.of(small_layout, np.zeros(small_layout.size), np.eye(small_layout.size), free) is None


def test_a_spread_is_the_posteriors_where_it_is_as_stiff_as_wide_and_between_where_it_is_not() -> None:
    stiff = np.diag([1.0, 1.0, 4.0, 1.0, 0.25, 1.0])
    wide = np.array([1.0, 9.0, 0.25, 1.0, 4.0, 1.0])
    passed = 3.0 + np.random.default_rng(5).normal(size=(200_000, 6)) * np.sqrt(wide)

    middle, spread = suited(stiff, passed)

    assert middle == pytest.approx(np.full(6, 3.0), abs=0.03)
    believed = (0.8 * 9.0 + 0.2) ** (0.5 * TOWARDS)  # the second is three times as wide as stiff
    assert np.sqrt(np.diag(spread @ spread.T)) == pytest.approx([1.0, believed, 0.5, 1.0, 2.0, 1.0], rel=0.02)
