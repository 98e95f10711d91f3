"""Coordinates that follow hyperparameters: paths exactly, levels and fields by their roots, the posterior as it was."""

from __future__ import annotations

import numpy as np
import pytest

from kalanso.coverage import records as r
from kalanso.coverage.frame import Frame
from kalanso.coverage.model import Model
from kalanso.coverage.path_pieces import held_path, path_at
from kalanso.coverage.published import full_map
from kalanso.coverage.sampling import Sampler
from kalanso.coverage.variational import fit_gaussian, frame_about
from kalanso.coverage.whitening import Whitener, Whitening

SD, MEMORY, QUARTERS = 0.4, 0.7, 6


def precision(sd: float, memory: float) -> np.ndarray:
    """A stationary path's precision, from its covariance."""
    lags = np.abs(np.subtract.outer(np.arange(QUARTERS), np.arange(QUARTERS)))
    return np.asarray(np.linalg.inv(sd**2 * memory**lags))


def evidence(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Information on quarters, between neighbours, and a middle."""
    onward = 0.5 * rng.random(QUARTERS)
    onward[-1] = 0.0
    return 1.0 + rng.random(QUARTERS), onward, rng.normal(size=QUARTERS)


@pytest.mark.parametrize(("sd", "memory"), [(0.4, 0.7), (0.9, 0.7), (0.2, 0.1), (0.6, 0.95)])
def test_a_path_under_gaussian_evidence_is_standard_normal_in_its_coordinates_whatever_the_scale(
    sd: float, memory: float
) -> None:
    known, onward, middle = evidence(np.random.default_rng(1))
    told = np.diag(known) + np.diag(onward[:-1], 1) + np.diag(onward[:-1], -1)
    hold = held_path(SD, MEMORY, known[None], onward[None], middle[None])[0]
    root = np.diag(hold[:, r.HOLD_ROOT]) + np.diag(hold[1:, r.HOLD_BELOW], -1)
    pull = (precision(SD, MEMORY) + told) @ middle
    z = np.random.default_rng(2).normal(size=QUARTERS)
    free = np.linalg.solve(root.T, z + hold[:, r.HOLD_MIDDLE])
    w = np.zeros((r.ROWS, QUARTERS))

    density = path_at(free, hold, sd, memory, w, 0)

    both = precision(sd, memory) + told
    expected = np.linalg.solve(both, pull) + np.linalg.solve(np.linalg.cholesky(both).T, z)
    assert w[r.PATH] == pytest.approx(expected, abs=1e-10)
    prior = (
        0.5 * np.linalg.slogdet(precision(sd, memory))[1]
        - 0.5 * w[r.PATH] @ precision(sd, memory) @ w[r.PATH]
    )
    assert density == pytest.approx(prior - 0.5 * np.linalg.slogdet(both)[1], abs=1e-9)


def test_at_the_reference_scales_a_path_stands_for_itself() -> None:
    known, onward, middle = evidence(np.random.default_rng(3))
    hold = held_path(SD, MEMORY, known[None], onward[None], middle[None])[0]
    free, w = np.random.default_rng(4).normal(size=QUARTERS), np.zeros((r.ROWS, QUARTERS))

    path_at(free, hold, SD, MEMORY, w, 0)

    assert w[r.PATH] == pytest.approx(free, abs=1e-12)


def test_a_series_of_one_quarter_has_no_memory() -> None:
    hold = held_path(SD, MEMORY, np.ones((1, 1)), np.zeros((1, 1)), np.full((1, 1), 0.3))[0]
    w = np.zeros((r.ROWS, 1))

    densities = [path_at(np.array([0.1]), hold, 0.8, memory, w, 0) for memory in (0.0, 0.9)]

    assert densities[0] == pytest.approx(densities[1])


@pytest.fixture(scope="module")
def stretched(small_layout: object) -> tuple[Model, Whitening]:
    layout = small_layout
    plain = Model(layout, Frame.plain(layout.scales(layout.start), *layout.design.shape))  # type: ignore[attr-defined, arg-type]
    rng, whitener = np.random.default_rng(5), Whitener.of(plain)
    fitted = fit_gaussian(plain, plain.start(), rng, whitener=whitener)
    model = Model(plain.layout, frame_about(fitted, rng))
    return model, full_map(model, fitted, rng, whitener)


def test_slopes_along_stretched_coordinates_agree_with_differences(
    stretched: tuple[Model, Whitening],
) -> None:
    model, map_ = stretched
    sampler, near = Sampler(model, map_), 1e-5
    z = 0.5 * np.random.default_rng(6).standard_normal(model.size)
    _, slope = sampler.energy(z)

    for j in [*range(0, model.layout.size, 3), *range(model.layout.size, model.size, 61)]:
        step = np.zeros(model.size)
        step[j] = near
        difference = (sampler.energy(z + step)[0] - sampler.energy(z - step)[0]) / (2 * near)
        assert slope[j] == pytest.approx(difference, rel=1e-4, abs=1e-3), j


def test_stretched_coordinates_are_as_wide_as_they_are_said_to_be(stretched: tuple[Model, Whitening]) -> None:
    """The volume against the determinant of all slopes of the state, by differences."""
    model, map_ = stretched
    size, near = model.layout.size, 1e-4

    def log_determinant(z: np.ndarray) -> float:
        steps = near * np.eye(model.size)
        columns = [(map_.to_state(z + one) - map_.to_state(z - one)) / (2 * near) for one in steps]
        return float(np.linalg.slogdet(np.array(columns))[1])

    moved = np.zeros(model.size)
    moved[:size] = 0.3 * np.random.default_rng(7).standard_normal(size)

    assert map_.stretch.places.size == 9
    assert (map_.stretch.total != 0.0).all()
    assert map_.log_volume(moved) == pytest.approx(
        np.log(map_.stretch.factors(map_.to_state(moved)[:size])).sum()
    )
    wider = log_determinant(moved) - log_determinant(np.zeros(model.size))
    assert map_.log_volume(moved) - map_.log_volume(np.zeros(model.size)) == pytest.approx(wider, abs=1e-3)


def test_frames_leave_levels_as_they_are(stretched: tuple[Model, Whitening]) -> None:
    model, _ = stretched
    scales = 1.3 * model.frame.scales
    bend = model.frame.bend(scales)

    assert bend[[r.BEND_LOCAL1, r.BEND_LOCAL3, r.BEND_FIELDS]] == pytest.approx(1 / 1.3)
