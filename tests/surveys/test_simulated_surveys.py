"""Do intervals hold the truth of simulated surveys as often as they say? (The long proof is survey_intervals.)"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.surveys.simulated import intervals_that_hold


def test_intervals_hold_the_truth_of_most_simulated_surveys():
    held = intervals_that_hold(np.random.default_rng(5), surveys=120, share=0.7, correlation=1 / 6)
    assert 0.89 <= held <= 0.99  # 0.95 within three standard errors of 120 surveys


def test_the_proof_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "proofs"))
    import survey_intervals  # type: ignore[import-not-found]

    monkeypatch.setattr(survey_intervals, "COUNTRIES", [(0.5, 1 / 6)])
    monkeypatch.setattr(survey_intervals, "LOWEST", 0.0)
    monkeypatch.setattr(survey_intervals, "LEAST", 0.0)
    monkeypatch.setattr(survey_intervals, "HIGHEST", 1.0)
    said = survey_intervals.prove(tmp_path, surveys=5)
    assert said.startswith("1 countries, 5 surveys of each")
    assert "5 surveys of one country, 43 indicators of two cohorts" in said
    for simulation in ("tests.surveys.simulated.intervals_that_hold", "tests.surveys.census.census"):
        monkeypatch.setattr(simulation, None)  # must not be needed again
    assert survey_intervals.prove(tmp_path, surveys=5) == said

    for bound, told in (("LEAST", "expected 101% or more of each indicator"), ("LOWEST", "expected 101% to")):
        monkeypatch.setattr(survey_intervals, bound, 1.01)
        with pytest.raises(SystemExit, match=told):
            survey_intervals.prove(tmp_path, surveys=5)
