"""What areas answer to globals: found where states agree, taken out and put in, the posterior as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kalanso.coverage.answers import Answers, Met
from kalanso.coverage.layout import Layout
from kalanso.coverage.learning import Learned, learn, pilot
from kalanso.coverage.plans import Plan
from kalanso.coverage.sampling import Sampler
from kalanso.coverage.suiting import standing, suited

SHARED, OTHERS = 4, 60


def met(strength: float, chance: float) -> tuple[Met, np.ndarray]:
    """Eight states that agree in how others hang on the first global, and differ by chance."""
    rng, found = np.random.default_rng(4), Met.none(SHARED + OTHERS, SHARED)
    common = np.zeros((SHARED, OTHERS))
    common[0] = strength * rng.standard_normal(OTHERS)
    for _ in range(8):
        found.add(
            2.0 * np.eye(SHARED) + common @ common.T, common + chance * rng.standard_normal(common.shape)
        )
    return found, common


def test_others_answer_to_what_states_agree_in() -> None:
    found, common = met(0.5, 0.05)

    answers = found.answers(np.zeros(SHARED), np.zeros(OTHERS))

    assert answers.whole()[0] == pytest.approx(common[0], abs=0.1)
    assert np.abs(answers.whole()[1:]).max() < 0.1
    assert found.stiffness(answers) == pytest.approx(2.0 * np.eye(SHARED), abs=0.4)


def test_what_is_chance_is_not_answered_to() -> None:
    found, _ = met(0.0, 0.05)

    assert found.answers(np.zeros(SHARED), np.zeros(OTHERS)).shift.size == 0
    assert Met.none(SHARED + OTHERS, SHARED).answers(np.zeros(SHARED), np.zeros(OTHERS)).shift.size == 0


def test_of_much_chance_a_part_is_believed() -> None:
    found, common = met(0.5, 1.0)

    whole = found.answers(np.zeros(SHARED), np.zeros(OTHERS)).whole()

    assert 0.5 < (whole[0] @ common[0]) / (common[0] @ common[0]) < 1.0


def test_answers_are_put_in_and_taken_out_and_slopes_follow() -> None:
    rng = np.random.default_rng(5)
    plain = Answers(
        rng.normal(size=OTHERS),
        rng.normal(size=(3, OTHERS)),
        rng.normal(size=(3, SHARED)),
        rng.normal(size=3),
    )
    about, turn = rng.normal(size=SHARED), rng.normal(size=(SHARED, SHARED))
    y, pull = rng.normal(size=SHARED + OTHERS), rng.normal(size=SHARED + OTHERS)

    for answers in (plain, Answers.none(SHARED + OTHERS, SHARED)):
        assert answers.taken(answers.given(y)) == pytest.approx(y)
        steps = 1e-5 * np.eye(SHARED + OTHERS)[:SHARED]
        moved = [(answers.given(y + one) - answers.given(y - one)) @ pull / 2e-5 for one in steps]
        assert answers.back(pull) + pull[:SHARED] == pytest.approx(np.array(moved), abs=1e-6)
        there = y.copy()
        there[:SHARED] = about + turn @ y[:SHARED]
        given = answers.given(there)[SHARED:]
        assert answers.turned(about, turn).given(y)[SHARED:] == pytest.approx(given)


def test_precisions_once_others_answer_are_those_of_the_sheared_matrix() -> None:
    rng = np.random.default_rng(6)
    half = 0.1 * rng.normal(size=(SHARED, OTHERS))
    whole = np.block([[5.0 * np.eye(SHARED), half], [half.T, np.eye(OTHERS)]])
    found = Met.none(SHARED + OTHERS, SHARED)
    for _ in range(2):
        found.add(whole[:SHARED, :SHARED], whole[:SHARED, SHARED:])
    answers = Answers(np.zeros(OTHERS), 0.7 * half[:2], np.eye(SHARED)[:2], np.zeros(2))

    shear = np.eye(SHARED + OTHERS)
    shear[SHARED:, :SHARED] = -answers.whole().T
    assert found.stiffness(answers) == pytest.approx((shear.T @ whole @ shear)[:SHARED, :SHARED])


def test_globals_are_as_stiff_as_single_states_hold_them() -> None:
    found, _ = met(0.0, 1.0)

    stiff = found.stiffness(Answers.none(SHARED + OTHERS, SHARED))

    assert np.linalg.eigvalsh(stiff - found.products / found.count).min() > -1e-9
    assert np.linalg.eigvalsh(stiff - found.among / found.count).min() > -1e-9


def test_spreads_lie_between_stiff_and_wide() -> None:
    stiff, rng = np.diag([100.0, 1.0, 1e-3]), np.random.default_rng(7)
    passed = rng.normal(size=(4000, 3)) * [3.0, 1.0, 1.0] + 2.0

    middle, spread = suited(stiff, passed)

    of = np.sqrt(np.diag(spread @ spread.T))
    assert middle == pytest.approx([2.0, 2.0, 2.0], abs=0.2)
    assert 0.1 < of[0] < 0.6
    assert of[1] == pytest.approx(1.0, rel=0.1)
    assert np.diag(standing(stiff) @ standing(stiff).T)[:2] == pytest.approx([0.01, 1.0])


@pytest.fixture(scope="module")
def learned(small_layout: Layout) -> Learned:
    plan = Plan(pilot=0, learning=(8, 8, 8))
    start = small_layout.start
    centre = pilot(small_layout, (), plan, np.random.default_rng(1), start, 1)
    return learn(small_layout, (), plan, np.random.default_rng(2), centre, 1, piloted=False)


def test_slopes_along_a_learned_map_agree_with_differences(small_layout: Layout, learned: Learned) -> None:
    model, map_ = learned.with_(small_layout, ())
    assert map_.answers is not None
    assert map_.answers.shift.size
    sampler, z = Sampler(model, map_), learned.stand[0]
    _, slope = sampler.energy(z)

    for j in [*range(0, small_layout.size, 4), *range(small_layout.size, model.size, 61)]:
        step = 1e-5 * np.eye(1, model.size, j)[0]
        difference = (sampler.energy(z + step)[0] - sampler.energy(z - step)[0]) / 2e-5
        assert slope[j] == pytest.approx(difference, rel=1e-4, abs=1e-3), j


def test_answers_change_no_volume(small_layout: Layout, learned: Learned) -> None:
    """Densities along the map differ from those without answers by what the state itself differs in alone."""
    _, map_ = learned.with_(small_layout, ())
    assert map_.answers is not None
    z = learned.stand[0]
    y = map_.ties.shrunk(z)

    other = replace(map_, answers=None).place(map_.ties.grown(map_.answers.given(y)))

    assert other.x == pytest.approx(map_.place(z).x)
    assert other.volume == pytest.approx(map_.place(z).volume)
