"""From evidence to joint draws: shapes, order of doses, reproducibility, and evidence that is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kalanso.coverage import Evidence, Question, estimate, estimating
from kalanso.coverage.evidence_tables import DENOMINATORS, DOSES, SURVEY_AREAS, SURVEYS
from kalanso.coverage.plans import Plan
from kalanso.coverage.priors import PriorRefused, default_priors, read_priors

SHORT = Plan(pilot=12, learning=(24,), settling=8, block=12, most=24, effective=10.0)
PREVIEW = Question(preview=True, draws=40)


BRIEF = Plan(pilot=6, learning=(16,), settling=5, block=20, most=20, effective=float("inf"))


def _run(evidence: Evidence, question: Question = PREVIEW, seed: int = 1, **kwargs: object):  # type: ignore[no-untyped-def]
    kwargs = {"plan": BRIEF} | kwargs
    return estimate(evidence, question, np.random.default_rng(seed), **kwargs)  # type: ignore[arg-type]


def test_a_preview_gives_joint_draws_in_which_third_doses_follow_first(small_evidence: Evidence) -> None:
    found = _run(small_evidence)

    shape = (40, len(small_evidence.areas), len(small_evidence.periods))
    assert found.dtp1_coverage.shape == found.surviving_infants.shape == shape
    assert (found.dtp3_coverage <= found.dtp1_coverage).all()
    assert np.isfinite(found.surviving_infants).all()
    assert (found.surviving_infants > 0).all()
    assert found.engine == "preview"


def test_the_same_seed_gives_the_same_draws(small_evidence: Evidence) -> None:
    one, two, other = _run(small_evidence), _run(small_evidence), _run(small_evidence, seed=2)

    assert np.array_equal(one.dtp1_coverage, two.dtp1_coverage)
    assert not np.array_equal(one.dtp1_coverage, other.dtp1_coverage)


def test_chains_in_processes_of_their_own_give_what_they_give_one_after_the_other(
    small_evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question(draws=20)
    one = _run(small_evidence, question, plan=SHORT)

    monkeypatch.setattr(estimating, "SMALL", 0)
    monkeypatch.setattr(estimating.os, "cpu_count", lambda: 2)
    two = _run(small_evidence, question, plan=SHORT)

    assert np.array_equal(one.dtp1_coverage, two.dtp1_coverage)
    assert np.array_equal(one.surviving_infants, two.surviving_infants)


def test_an_interrupted_run_goes_on_and_ends_as_if_nothing_had_happened(
    small_evidence: Evidence, tmp_path: Path
) -> None:
    question = Question(draws=20)
    whole = _run(small_evidence, question, plan=SHORT)

    class Stopped(Exception):
        pass

    def stop(message: str, share: float) -> None:
        if message.endswith("sampling"):
            raise Stopped

    with pytest.raises(Stopped):
        _run(small_evidence, question, plan=SHORT, checkpoint=tmp_path, progress=stop)
    again = _run(small_evidence, question, plan=SHORT, checkpoint=tmp_path)

    assert np.array_equal(whole.dtp1_coverage, again.dtp1_coverage)
    assert set(whole.diagnostics["gates"]) == {
        "effective_draws", "r_hat_totals", "r_hat_globals", "divergences", "accepted",
    }  # fmt: skip


@pytest.mark.parametrize("missing", ["surveys", "denominators", "doses"])
def test_missing_evidence_widens_and_gives_no_nan(small_evidence: Evidence, missing: str) -> None:
    empty = {"surveys": SURVEYS, "denominators": DENOMINATORS, "doses": DOSES}[missing].empty()

    found = _run(replace(small_evidence, **{missing: empty}))

    assert np.isfinite(found.dtp1_coverage).all()
    assert np.isfinite(found.surviving_infants).all()


def test_one_area_in_one_quarter_can_be_asked() -> None:
    evidence = Evidence.of(
        places=[{"place_code": "A"}],
        doses=[{"place_code": "A", "period": "2024Q1", "indicator": "dtp1_doses", "value": 80.0,
                "reports_received": 3.0, "reports_expected": 3.0}],
        denominators=[{"source": "census", "place_code": "A", "period": 2024, "surviving_infants": 400.0}],
    )  # fmt: skip

    found = _run(evidence)

    assert found.dtp1_coverage.shape == (40, 1, 1)
    assert np.isfinite(found.dtp1_coverage).all()


def test_a_later_run_starts_from_an_earlier_one(small_evidence: Evidence) -> None:
    first = _run(small_evidence)

    warm = _run(small_evidence, warm=first.warm_start)

    assert not np.array_equal(warm.dtp1_coverage, first.dtp1_coverage)
    assert np.isfinite(warm.dtp1_coverage).all()


def test_every_prior_has_a_reason_and_a_nonsensical_line_is_refused() -> None:
    assert all(prior.why for prior in default_priors().entries.values())
    with pytest.raises(PriorRefused, match=r"coverage\.intercept"):
        read_priors("coverage:\n  intercept: {gaussian: [0, 1], why: x}\n")


def test_a_published_survey_of_the_country_fixes_its_coverage(small_evidence: Evidence) -> None:
    first, last = small_evidence.periods[0], small_evidence.periods[-1]
    told = SURVEY_AREAS.typed(
        [{"survey": "s", "place_code": small_evidence.country, "start": first, "end": last,
          "indicator": "dtp1", "coverage": 0.55, "standard_error": 0.01}]
    )  # fmt: skip

    found = _run(replace(small_evidence, surveys=SURVEYS.empty(), survey_areas=told))

    infants = found.surviving_infants
    national = (infants * found.dtp1_coverage).sum(axis=(1, 2)) / infants.sum(axis=(1, 2))
    assert national.mean() == pytest.approx(0.55, abs=0.04)
