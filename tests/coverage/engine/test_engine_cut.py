"""Do doses leave the level alone in the cut posterior, and teach it all else?"""

from __future__ import annotations

import numpy as np
import pytest

from kalanso.coverage import Evidence, Question
from kalanso.coverage.cutting import CutPlan, held_globals, sample_cut
from kalanso.coverage.designing import design
from kalanso.coverage.layout import Layout
from kalanso.coverage.plans import Plan
from kalanso.coverage.priors import default_priors
from kalanso.coverage.published import Sampled
from kalanso.coverage.question import QuestionRefused
from kalanso.simulation.evidence_country import simulate_evidence

pytestmark = pytest.mark.long

SHORT = Plan(pilot=20, learning=(20,), settling=10, block=60, most=60, effective=float("inf"))


def test_levels_are_what_surveys_and_populations_alone_say_and_doses_fill_in_the_quarters() -> None:
    """Against the same evidence with doses of half the areas and quarters lowered to a third."""
    tables, _ = simulate_evidence(16, 6, np.random.default_rng(4))
    lowered = {**tables, "doses": tables["doses"].copy()}
    periods = sorted(lowered["doses"]["period"].unique())
    areas = sorted(lowered["doses"]["place_code"].unique())
    late = lowered["doses"]["period"].isin(periods[3:]) & lowered["doses"]["place_code"].isin(areas[:8])
    lowered["doses"].loc[late, "value"] = (0.33 * lowered["doses"].loc[late, "value"]).round()
    found = []
    for given in (tables, lowered):
        layouts = [
            Layout(
                design(Evidence.of(**given), Question(routine=routine), default_priors()), default_priors()
            )
            for routine in (True, False)
        ]
        sampled = sample_cut(
            layouts[0], (), (layouts[1], ()), SHORT, np.random.default_rng(1), progress=lambda *_: None,
            cut=CutPlan(levels=6, learning=30),
        )  # fmt: skip
        found.append((layouts[0], sampled))

    (layout, usual), (_, less) = found
    held = held_globals(layout)
    levels = [np.array(one.keepers[0].shared)[:, held] for one in (usual, less)]
    np.testing.assert_array_equal(*levels)
    assert len(np.unique(levels[0][:, 0])) == 6
    change = [_fallen(one) for one in (usual, less)]
    assert change[1] < change[0] - 0.06


def _fallen(sampled: Sampled) -> float:
    """Return by how much coverage of the first eight areas rose from half to half, beyond the others'."""
    rise = np.mean(
        [draw.dtp1[:, 3:].mean(axis=1) - draw.dtp1[:, :3].mean(axis=1) for draw in sampled.keepers[0].drawn],
        axis=0,
    )
    return float(rise[:8].mean() - rise[8:].mean())


def test_a_question_says_in_its_file_whether_it_is_cut() -> None:
    assert Question.from_json('{"cut": true}').cut
    with pytest.raises(QuestionRefused, match="cut"):
        Question.from_json('{"cut": 1}')
