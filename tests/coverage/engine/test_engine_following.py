"""Coordinates that follow hyperparameters: areas exactly, fields by their roots, the posterior as it was."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kalanso.coverage import records as r
from kalanso.coverage.area_information import Information, add_prior
from kalanso.coverage.following import Y0, follow
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.learning import full_map
from kalanso.coverage.model import Model
from kalanso.coverage.path_pieces import entry_slopes, path_density, path_entries
from kalanso.coverage.records import Floats, Hold, Work
from kalanso.coverage.sampling import Sampler
from kalanso.coverage.variational import Gaussian, fit_gaussian, frame_about
from kalanso.coverage.whitener import Whitener
from kalanso.coverage.whitening import Whitening

LEVELS = [r.LEVEL1, r.LEVEL3, r.DOSE]


@pytest.fixture(scope="module")
def fitted(small_layout: Layout) -> Gaussian:
    plain = Model(
        small_layout, Frame.plain(small_layout.scales(small_layout.start), *small_layout.design.shape)
    )
    return fit_gaussian(plain, plain.start(), np.random.default_rng(5), whitener=Whitener.of(plain))


@pytest.fixture(scope="module")
def followed(fitted: Gaussian) -> tuple[Model, Whitening]:
    plain, whitener = fitted.map.model, Whitener.of(fitted.map.model)
    model = Model(plain.layout, frame_about(fitted, whitener))
    return model, full_map(model, fitted, np.random.default_rng(6), whitener)


def dense(hold: Hold, scales: Floats, i: int, given: tuple[float, ...]) -> tuple[Floats, Floats]:
    """An area's precision of paths (quarter by quarter, both doses) and levels, and what pulls at them."""
    growth, recording, f1, f3, reporting = given
    quarters = hold.quarter.shape[1]
    prior = Information.zeros(1, quarters)
    add_prior(scales, prior)
    size = 2 * quarters + 3
    precision, pull, levels = np.zeros((size, size)), np.zeros(size), slice(2 * quarters, size)
    lower = np.tril_indices(3)
    for t in range(quarters):
        one, at = hold.quarter[i, t], slice(2 * t, 2 * t + 2)
        w11, w21, w22 = one[r.WITHIN : r.WITHIN + 3]
        precision[at, at] = np.array([[w11, w21], [w21, w22]]) + prior.within[0, t]
        precision[at, levels] = one[r.ACROSS : r.ACROSS + 6].reshape(2, 3)
        precision[levels, at] = precision[at, levels].T
        if t + 1 < quarters:
            beside = one[r.ONWARD : r.ONWARD + 4].reshape(2, 2) + prior.onward[0, t]
            precision[at, 2 * t + 2 : 2 * t + 4] = beside
            precision[2 * t + 2 : 2 * t + 4, at] = beside.T
        pull[at] = one[r.PULL_PATH : r.PULL_PATH + 2] - growth * one[r.BY_GROWTH : r.BY_GROWTH + 2]
        pull[at] -= recording * one[r.BY_RECORDING : r.BY_RECORDING + 2]
    told = np.zeros((3, 3))
    told[lower] = hold.level[i, r.TOLD : r.TOLD + 6]
    told = told + np.tril(told, -1).T
    precision[levels, levels] = told + prior.tips[0][np.ix_(LEVELS, LEVELS)]
    by = hold.level[i, r.BY_GIVEN : r.BY_GIVEN + 9].reshape(3, 3)
    pull[levels] = hold.level[i, r.PULL_LEVEL : r.PULL_LEVEL + 3] - by @ [growth, recording, reporting]
    q1, q3 = scales[r.LOCAL1] ** -2, scales[r.LOCAL3] ** -2
    pull[size - 3] += q1 * f1 - scales[r.LOADING] * q3 * f3
    pull[size - 2] += q3 * f3
    return precision, pull


@pytest.mark.parametrize("factor", [1.0, 0.4, 2.5])
def test_an_area_under_gaussian_evidence_is_standard_normal_in_its_coordinates_whatever_the_scales(
    following_model: Model, factor: float
) -> None:
    """Against a dense factor."""
    hold, (_, quarters) = following_model.frame.hold, following_model.design.shape
    scales = following_model.frame.scales.copy()
    scales[[r.LOCAL1, r.WALK1, r.LOCAL3, r.WALK3]] *= factor
    scales[r.CORR1] *= 0.7
    rng, given = np.random.default_rng(2), (0.3, -0.2, 0.1, -0.4, 0.2)
    tips, path1, path3 = (
        rng.normal(size=(5, r.TIPS)),
        rng.normal(size=(5, quarters)),
        rng.normal(size=(5, quarters)),
    )
    work = Work.room(quarters, 1, 1)

    volume = follow(
        4, tips, path1, path3, hold.quarter, hold.level, scales, given[2], given[3], given[4], given[0], given[1],
        work.rows, work.pairs, work.levels,
    )  # fmt: skip

    precision, pull = dense(hold, scales, 4, given)
    z = np.concatenate([np.column_stack([path1[4], path3[4]]).ravel(), tips[4, LEVELS]])
    expected = np.linalg.solve(precision, pull) + np.linalg.solve(np.linalg.cholesky(precision).T, z)
    found = np.column_stack([work.rows[r.PATH1], work.rows[r.PATH3]]).ravel()
    assert found == pytest.approx(expected[:-3], abs=1e-10)
    assert work.levels[Y0 : Y0 + 3] == pytest.approx(expected[-3:], abs=1e-10)
    assert volume == pytest.approx(-0.5 * np.linalg.slogdet(precision)[1], abs=1e-9)


def test_where_the_precision_is_not_positive_a_state_is_refused(following_model: Model) -> None:
    following_model.frame.hold.quarter[3, 2, r.WITHIN] = -1e4

    value, _ = following_model(0.1 * np.ones(following_model.size))

    assert value == -np.inf


def test_with_coordinates_of_zero_areas_stand_where_the_fit_has_its_middle(
    fitted: Gaussian, followed: tuple[Model, Whitening]
) -> None:
    model, map_ = followed
    plain = fitted.map.model

    def shares(of: Model, x: Floats) -> tuple[Floats, Floats]:
        state, every = of.state(x), np.arange(of.design.shape[0])
        of.__dict__["tied"] = every
        found = of.shares(state, of.layout.setting(state.gamma, of.frame))
        return found.p, found.q

    for one, other in zip(shares(model, map_.centre), shares(plain, fitted.map.centre), strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def natural(model: Model, x: Floats) -> tuple[Floats, float]:
    """A state in which areas stand for themselves, and the log volume of that, by dense factors."""
    out, volume, hold = x.copy(), 0.0, model.frame.hold
    state, to = model.state(x), model.state(out)
    scales = model.layout.scales(state.gamma)
    bend, middle = model.frame.bend(scales), hold.fields
    free = model.design.field.centred(state.fields)
    effects = (bend[:, 0] * middle + bend[:, 1] * (free - middle)) * scales[[r.FIELD1, r.FIELD3, r.FIELDR]]
    for i in range(model.design.shape[0]):
        level, off = hold.level[i], effects[i] - hold.level[i, r.MIDDLE_FIELDS : r.MIDDLE_FIELDS + 3]
        by = level[r.FIELDS_RECORDING : r.FIELDS_RECORDING + 3]
        recording = (state.tips[i, r.RECORDING] - by @ off) / level[r.ROOT_RECORDING]
        by = level[r.FIELDS_GROWTH : r.FIELDS_GROWTH + 3]
        growth = (state.tips[i, r.GROWTH] - by @ off - level[r.ROOT_BELOW] * recording) / level[r.ROOT_GROWTH]
        growth, recording = growth + level[r.MIDDLE_GROWTH], recording + level[r.MIDDLE_RECORDING]
        precision, pull = dense(hold, scales, i, (growth, recording, *effects[i]))
        z = np.concatenate([np.column_stack([state.path1[i], state.path3[i]]).ravel(), state.tips[i, LEVELS]])
        y = np.linalg.solve(precision, pull) + np.linalg.solve(np.linalg.cholesky(precision).T, z)
        to.path1[i], to.path3[i], to.tips[i, LEVELS] = y[:-3:2], y[1:-3:2], y[-3:]
        to.tips[i, [r.GROWTH, r.RECORDING]] = growth, recording
        volume -= 0.5 * np.linalg.slogdet(precision)[1]
    return out, volume


def test_areas_that_follow_have_the_posterior_that_they_had(followed: tuple[Model, Whitening]) -> None:
    """Densities of the same states, in both coordinates, differ by the volume of one for the other alone."""
    model, map_ = followed
    frame = model.frame
    still = Hold(False, frame.hold.quarter, frame.hold.level, frame.hold.fields)
    plain = Model(model.layout, Frame(frame.scales, still, frame.fixed_mean, frame.fixed_spread))
    rng = np.random.default_rng(9)
    gaps = []
    for _ in range(3):
        x = map_.to_state(0.7 * rng.standard_normal(model.size))
        there, volume = natural(model, x)
        gaps.append(model(x)[0] - plain(there)[0] - volume)

    assert gaps == pytest.approx(np.zeros(3), abs=1e-6)


def test_slopes_along_the_map_agree_with_differences(followed: tuple[Model, Whitening]) -> None:
    model, map_ = followed
    sampler, near = Sampler(model, map_), 1e-5
    z = 0.5 * np.random.default_rng(6).standard_normal(model.size)
    _, slope = sampler.energy(z)

    for j in [*range(0, model.layout.size, 3), *range(model.layout.size, model.size, 61)]:
        step = np.zeros(model.size)
        step[j] = near
        difference = (sampler.energy(z + step)[0] - sampler.energy(z - step)[0]) / (2 * near)
        assert slope[j] == pytest.approx(difference, rel=1e-4, abs=1e-3), j


def test_stretched_fields_are_as_wide_as_they_are_said_to_be(followed: tuple[Model, Whitening]) -> None:
    """The volume against the determinant of all slopes of the state, by differences."""
    model, map_ = followed
    size, near = model.layout.size, 1e-4

    def log_determinant(z: Floats) -> float:
        steps = near * np.eye(model.size)
        columns = [(map_.to_state(z + one) - map_.to_state(z - one)) / (2 * near) for one in steps]
        return float(np.linalg.slogdet(np.array(columns))[1])

    moved = np.zeros(model.size)
    moved[:size] = 0.3 * np.random.default_rng(7).standard_normal(size)

    assert map_.stretch.places.size == 11
    assert (map_.stretch.total != 0.0).all()
    wider = log_determinant(moved) - log_determinant(np.zeros(model.size))
    assert map_.place(moved).volume - map_.place(np.zeros(model.size)).volume == pytest.approx(
        wider, abs=1e-3
    )


def test_fields_stand_for_their_effects(followed: tuple[Model, Whitening]) -> None:
    model, _ = followed

    assert model.frame.bend(1.3 * model.frame.scales) == pytest.approx(1 / 1.3)


@pytest.mark.parametrize(("sd", "memory"), [(0.4, 0.7), (0.9, 0.0), (0.2, 0.95)])
def test_a_path_is_a_stationary_process_of_first_order(sd: float, memory: float) -> None:
    lags = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    path, near = np.random.default_rng(1).normal(size=6), 1e-6
    rows = np.array([path, np.zeros(6), np.zeros(6)])

    value, *entries = path_density(rows, 0, sd, memory, 1)

    exact = stats.multivariate_normal(np.zeros(6), sd**2 * memory**lags)
    assert value == pytest.approx(exact.logpdf(path) + 3.0 * np.log(2 * np.pi))
    assert rows[1] == pytest.approx(-np.linalg.solve(sd**2 * memory**lags, path))
    by_sd = (path_density(rows, 0, sd + near, memory, 2)[0] - value) / near
    by_memory = (path_density(rows, 0, sd, memory + near, 2)[0] - value) / near
    assert entry_slopes(6, sd, memory, *entries) == pytest.approx((by_sd, by_memory), rel=1e-3, abs=1e-3)


def test_a_series_of_one_quarter_has_no_memory() -> None:
    assert path_entries(1, 0.5, 0.0) == path_entries(1, 0.5, 0.9) == (4.0, 0.0, 0.0)
