"""Does a later run go on in the coordinates of an earlier one, and only where they are of the same model?"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence, Question, estimating
from kalanso.coverage.designing import design
from kalanso.coverage.estimating import estimate
from kalanso.coverage.layout import Layout
from kalanso.coverage.learning import Learned, learn, pilot
from kalanso.coverage.plans import Plan
from kalanso.coverage.preview import RECALLED_PREVIEW, recalled_plan
from kalanso.coverage.priors import default_priors
from kalanso.coverage.published import Outdated, sample
from kalanso.coverage.remembering import recalled, remembered
from kalanso.coverage.sampling import Sampler

BRIEF = Plan(pilot=4, learning=(6, 6), settling=4, block=12, most=12, effective=float("inf"))


def kept(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Arrays as they come back from the file of a run."""
    file = io.BytesIO()
    np.savez(file, **{name: np.asarray(one) for name, one in arrays.items()})
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def layout_of(evidence: Evidence, question: Question) -> Layout:
    priors = default_priors()
    return Layout(design(evidence, question, priors), priors)


@pytest.fixture(scope="module")
def learned(small_layout: Layout) -> Learned:
    centre = pilot(small_layout, (), BRIEF, np.random.default_rng(1), None, 1)
    return learn(small_layout, (), BRIEF, np.random.default_rng(2), centre, 1)


def test_what_was_learned_comes_back_from_a_file_as_it_was(small_layout: Layout, learned: Learned) -> None:
    back = recalled(small_layout, (), kept(remembered(small_layout, learned)))

    assert back is not None
    assert back.step == learned.step
    for z, there in zip(learned.stand, back.stand, strict=True):
        assert np.array_equal(z, there)
        energies = [Sampler(*one.with_(small_layout, ())).energy(z) for one in (learned, back)]
        assert energies[0][0] == energies[1][0]
        assert np.array_equal(energies[0][1], energies[1][1])


def test_coordinates_of_another_model_are_not_taken(
    small_evidence: Evidence, small_layout: Layout, learned: Learned
) -> None:
    """Another quarter, another question, another group of areas; a later month of the same model is taken."""
    arrays = kept(remembered(small_layout, learned))
    later = small_evidence.doses.assign(value=small_evidence.doses["value"] * 1.02)

    assert recalled(
        layout_of(replace(small_evidence, doses=later), Question(stock=True, seed=9, draws=50)), (), arrays
    )
    for other in (Question(stock=True, anchor_bias=0.1), Question(stock=True, interaction="I"), Question()):
        assert recalled(layout_of(small_evidence, other), (), arrays) is None
    more = small_evidence.doses[small_evidence.doses["period"] == small_evidence.periods[-1]].assign(
        period="2023Q3"
    )
    longer = replace(small_evidence, doses=pd.concat([small_evidence.doses, more], ignore_index=True))
    assert recalled(layout_of(longer, Question(stock=True)), (), arrays) is None


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("learned.map.fields.values", lambda one: one[:-1]),
        ("learned.map.centre", lambda one: one[:-1]),
        ("learned.map.responses", lambda one: one[:, :-1]),
        ("learned.map.answers.rows", lambda one: one[:, :-1]),
        ("learned.frame.hold.quarter", lambda one: one[:, :, :-1]),
        ("learned.stand.0", lambda one: one * np.nan),
    ],
)
def test_damaged_arrays_are_not_taken(small_layout: Layout, learned: Learned, name: str, damage: Any) -> None:
    arrays = kept(remembered(small_layout, learned))

    assert recalled(small_layout, (), {**arrays, name: damage(arrays[name])}) is None


def test_nothing_is_recalled_where_nothing_was_left(small_layout: Layout) -> None:
    assert recalled(small_layout, (), None) is None
    assert recalled(small_layout, (), {"gamma": np.zeros((2, 3)), "names": np.array(["a"])}) is None


def test_a_preview_after_a_run_goes_on_without_learning(
    small_evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And begins anew where steps come to nothing in the old coordinates."""
    short = replace(RECALLED_PREVIEW, settling=4, block=10, most=10, least_step=0.0, r_hat_totals=50.0)
    monkeypatch.setattr(estimating, "preview_plan", lambda cells, *, warm: BRIEF)
    monkeypatch.setattr(estimating, "recalled_plan", lambda cells: short)
    asked = Question(preview=True, draws=20)

    first = estimate(small_evidence, asked, np.random.default_rng(1))
    second = estimate(small_evidence, asked, np.random.default_rng(2), warm=kept(first.warm_start))
    monkeypatch.setattr(estimating, "recalled_plan", lambda cells: replace(short, least_step=9.0))
    third = estimate(small_evidence, asked, np.random.default_rng(2), warm=kept(second.warm_start))

    assert [one.diagnostics["recalled"] for one in (first, second, third)] == [False, True, False]
    assert "learning" not in second.diagnostics["seconds"]
    assert third.diagnostics["seconds"]["learning"] > 0
    assert np.isfinite(second.dtp1_coverage).all()


def test_steps_that_are_too_short_say_that_coordinates_do_not_serve(
    small_layout: Layout, learned: Learned
) -> None:
    plan = replace(BRIEF, least_step=9.0)

    with pytest.raises(Outdated):
        sample(
            small_layout, (), plan, np.random.default_rng(3), progress=lambda name, share: None,
            recalled=learned, workers=1,
        )  # fmt: skip


def test_a_small_country_has_longer_previews() -> None:
    assert recalled_plan(100).block == 3 * recalled_plan(100_000).block
