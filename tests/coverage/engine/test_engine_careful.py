"""Does a small country whose first chains do not mix get a second, careful try, and only then?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kalanso.coverage import Evidence, Question, estimate, estimating
from kalanso.coverage.plans import CAREFUL, SMALL, Plan, published_plan
from kalanso.coverage.published import sample

pytestmark = pytest.mark.long

QUICK = Plan(
    pilot=6,
    learning=(16,),
    settling=5,
    block=20,
    most=20,
    effective=5.0,
    r_hat_totals=9.0,
    r_hat_globals=99.0,
)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Plan, Path | None]]:
    """The plans with which sampling began, which in truth is kept short; the first never has enough draws."""
    began: list[tuple[Plan, Path | None]] = []

    def short(layout: Any, terms: Any, plan: Plan, rng: Any, **kwargs: Any) -> Any:
        began.append((plan, kwargs["checkpoint"]))
        found = sample(layout, terms, QUICK, rng, **kwargs)
        draws = 1200.0 if plan is CAREFUL else 3.0
        mixed = SimpleNamespace(
            least_draws=draws, worst_total=1.0, worst_global=1.0, as_dict=found.mixed.as_dict
        )
        return replace(found, mixed=mixed, counts={**found.counts, "divergences": 0, "accepted": 0.8})

    monkeypatch.setattr(estimating, "sample", short)
    return began


def _run(evidence: Evidence, **kwargs: Any) -> Any:
    return estimate(evidence, Question(draws=20), np.random.default_rng(1), **kwargs)


def test_a_run_that_may_not_be_published_begins_anew_carefully(
    small_evidence: Evidence, tries: list[tuple[Plan, Path | None]]
) -> None:
    said: list[tuple[str, float]] = []
    found = _run(small_evidence, progress=lambda name, share: said.append((name, share)))

    assert [plan for plan, _ in tries] == [published_plan(1), CAREFUL]
    assert found.diagnostics["gates"]["effective_draws"]["passed"]
    shares = [share for _, share in said]
    assert shares == sorted(shares), "no progress is taken back"
    assert said[-1][0] == "coverage.progress.again", "the second try says that it is one"


def test_a_plan_that_was_asked_for_and_a_preview_are_not_replaced(
    small_evidence: Evidence, tries: list[tuple[Plan, Path | None]]
) -> None:
    refused = _run(small_evidence, plan=published_plan(SMALL + 1))
    estimate(small_evidence, Question(preview=True, draws=20), np.random.default_rng(1))

    assert len(tries) == 2
    assert not refused.diagnostics["gates"]["effective_draws"]["passed"]


def test_a_second_try_that_was_interrupted_goes_on_without_the_first_and_gives_the_same(
    small_evidence: Evidence, tries: list[tuple[Plan, Path | None]], tmp_path: Path
) -> None:
    first, kept = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    (kept / "again").mkdir(parents=True)
    whole = _run(small_evidence, checkpoint=first)

    resumed = _run(small_evidence, checkpoint=kept)

    assert [path for _, path in tries] == [first, first / "again", kept / "again"]
    assert np.array_equal(whole.dtp1_coverage, resumed.dtp1_coverage)


def test_chains_stop_once_they_will_not_have_half_of_the_draws(small_evidence: Evidence) -> None:
    plan = Plan(pilot=6, learning=(16,), settling=5, block=10, most=4000, hopeless=20, effective=1e6)

    found = _run(small_evidence, plan=plan)

    assert found.diagnostics["iterations"] == 2 * 20
    assert not found.diagnostics["gates"]["effective_draws"]["passed"]
