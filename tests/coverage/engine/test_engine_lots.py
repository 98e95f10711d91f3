"""Lots that passed or failed: the tail against scipy, its slopes against differences, and what it changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from kalanso.coverage import Evidence, Question, estimate
from kalanso.coverage.designing import design
from kalanso.coverage.evidence_tables import LOTS, SURVEYS
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.lot_pieces import FAILED, PASSED, decision_density, decision_information
from kalanso.coverage.model import Model
from kalanso.coverage.plans import Plan
from kalanso.coverage.priors import default_priors
from kalanso.coverage.terms import terms_of, unheard
from tests.coverage.engine.slopes import assert_slopes, globals_and_areas

BRIEF = Plan(pilot=6, learning=(16,), settling=5, block=20, most=20, effective=float("inf"))


def slow_tail(decision: int, d: int, m: int, share: float, a: float) -> float:
    counts = np.arange(d, m + 1) if decision == PASSED else np.arange(d)
    return float(stats.betabinom.pmf(counts, m, share * a, (1 - share) * a).sum())


@pytest.mark.parametrize(("d", "m"), [(1, 1), (1, 19), (13, 19), (19, 19), (42, 60)])
@pytest.mark.parametrize("share", [0.03, 0.5, 0.93])
@pytest.mark.parametrize("decision", [PASSED, FAILED])
def test_a_decision_is_the_tail_of_the_beta_binomial(d: int, m: int, share: float, decision: int) -> None:
    a = (1 - 0.07) / 0.07
    value, in_share, in_a = decision_density(decision, d, m, share, a)

    assert value == pytest.approx(np.log(slow_tail(decision, d, m, share, a)), rel=1e-8, abs=1e-9)
    for found, ahead, behind, step in (
        (in_share, (share + 1e-6, a), (share - 1e-6, a), 2e-6),
        (in_a, (share, a + 1e-4), (share, a - 1e-4), 2e-4),
    ):
        difference = (
            decision_density(decision, d, m, *ahead)[0] - decision_density(decision, d, m, *behind)[0]
        ) / step
        assert found == pytest.approx(difference, rel=1e-5, abs=1e-6)


def test_a_decision_says_less_than_the_count_behind_it() -> None:
    share, m, a = 0.7, 19, 1e7  # hardly any likeness: the binomial's information is m / (p (1 - p))

    assert 0 < decision_information(13, m, share, a) < m / (share * (1 - share))


def _lots(evidence: Evidence, *rows: tuple[str, str, float, str, float]) -> Evidence:
    """Rows: place, indicator, vaccinated, decision, decision value."""
    start, end = evidence.periods[1], evidence.periods[3]
    told = [
        {"round": "r", "place_code": place, "start": start, "end": end, "indicator": indicator, "children": 19.0,
         "vaccinated": count, "decision": decision, "decision_value": value}
        for place, indicator, count, decision, value in rows
    ]  # fmt: skip
    return replace(evidence, lots=LOTS.typed(told))


def _model(evidence: Evidence, question: Question) -> Model:
    priors = default_priors()
    layout = Layout(design(evidence, question, priors), priors)
    frame = Frame.plain(layout.scales(layout.start), *layout.design.shape)
    return Model(layout, frame, terms_of(evidence, question, layout))


@pytest.mark.parametrize("interaction", ["I", "II"])
def test_slopes_of_a_model_with_lots_agree_with_differences(
    small_evidence: Evidence, interaction: str
) -> None:
    a, b, c = small_evidence.areas[:3]
    evidence = _lots(
        small_evidence, (a, "dtp1", np.nan, "pass", 13), (b, "dtp3", np.nan, "fail", 13), (c, "dtp1", 15, "", np.nan),
        (small_evidence.country, "dtp1", np.nan, "fail", 16), (small_evidence.country, "dtp3", 12, "", np.nan),
    )  # fmt: skip
    model = _model(evidence, Question(interaction=interaction))
    assert [set(model.design.clusters.decision), len(model.terms)] == [{0, 1, 2}, 2]
    rng = np.random.default_rng(0)
    x = model.start() + 0.1 * rng.normal(size=model.size)

    assert_slopes(model, x, globals_and_areas(model, 3))


def test_failed_lots_lower_coverage_and_passed_ones_raise_it(small_evidence: Evidence) -> None:
    bare = replace(small_evidence, surveys=SURVEYS.empty())
    area = bare.areas[0]

    def level(decision: str) -> float:
        rows = [(area, "dtp1", np.nan, decision, 16.0)]
        evidence = _lots(bare, *rows)
        assert unheard(evidence, Question()) == ()
        posterior = estimate(evidence, Question(preview=True, draws=40), np.random.default_rng(1), plan=BRIEF)
        return float(posterior.dtp1_coverage[:, 0].mean())

    assert level("fail") < level("pass")


def test_independent_quarters_forget_and_interaction_four_is_refused(small_evidence: Evidence) -> None:
    question = Question(preview=True, draws=20, interaction="I")
    posterior = estimate(small_evidence, question, np.random.default_rng(1), plan=BRIEF)

    assert (posterior.hyper["memory1"] == 0).all()
    assert (posterior.hyper["memory3"] == 0).all()
    assert np.isfinite(posterior.dtp1_coverage).all()
    assert not any("memory" in str(name) for name in posterior.warm_start["names"])

    with pytest.raises(ValueError, match="interaction IV") as refused:
        estimate(small_evidence, Question(interaction="IV"), np.random.default_rng(1))
    assert refused.value.render("fr") != refused.value.render("en")  # type: ignore[attr-defined]
