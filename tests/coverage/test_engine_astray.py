"""Does an engine that finds no way say so in a sentence?"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import EstimateRefused, Evidence, Question
from kalanso.coverage.gmrf import NotPositiveDefinite
from kalanso.coverage.whitener import NotWhitened

estimating = import_module("kalanso.coverage.estimating")


@pytest.mark.parametrize("fault", [NotWhitened, NotPositiveDefinite, np.linalg.LinAlgError])
def test_faults_of_the_numbers_become_a_refusal(
    monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def lost(*_: object) -> None:
        raise fault("pivot 7 is -1e-3")

    monkeypatch.setattr(estimating, "design", lost)
    evidence = Evidence.of(places=pd.DataFrame([("ML", "")], columns=["place_code", "parent_code"]))
    with pytest.raises(EstimateRefused, match="no stable form") as refused:
        estimating.estimate(evidence, Question(), np.random.default_rng(1))
    assert "pivot 7" in refused.value.diagnostics["fault"]
    assert refused.value.render("fr") != refused.value.render("en")


def test_other_faults_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(estimating, "design", lost)
    evidence = Evidence.of(places=pd.DataFrame([("ML", "")], columns=["place_code", "parent_code"]))
    with pytest.raises(ZeroDivisionError):
        estimating.estimate(evidence, Question(), np.random.default_rng(1))
