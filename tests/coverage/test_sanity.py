"""Are draws that cannot be stopped before they become tables?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kalanso.coverage import Evidence, Question
from kalanso.coverage.faults import EstimateRefused
from kalanso.coverage.folder import from_folder
from kalanso.coverage.posterior import Posterior
from kalanso.coverage.sanity import refuse_impossible
from tests.coverage.folders import folder
from tests.coverage.made_up_engine import posterior_of


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    return from_folder(folder(tmp_path))


@pytest.fixture
def posterior(evidence: Evidence) -> Posterior:
    return posterior_of(evidence, Question(draws=20), np.random.default_rng(1))


def test_draws_near_what_was_counted_pass(posterior: Posterior, evidence: Evidence) -> None:
    refuse_impossible(posterior, evidence)


@pytest.mark.parametrize("factor", [1e-12, 1e-3, 1e3, 1e20])
def test_draws_far_from_all_populations_and_doses_are_refused(
    posterior: Posterior, evidence: Evidence, factor: float
) -> None:
    wild = replace(posterior, surviving_infants=posterior.surviving_infants * np.float32(factor))
    with pytest.raises(EstimateRefused, match="went astray") as refused:
        refuse_impossible(wild, evidence)
    assert refused.value.render("fr") != refused.value.render("en")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_draws_that_are_no_numbers_are_refused(
    posterior: Posterior, evidence: Evidence, value: float
) -> None:
    wild = posterior.surviving_infants.copy()
    wild[0, 0, 0] = value
    with pytest.raises(EstimateRefused, match="numbers that are none"):
        refuse_impossible(replace(posterior, surviving_infants=wild), evidence)


def test_draws_outside_of_0_to_1_are_refused(posterior: Posterior, evidence: Evidence) -> None:
    with pytest.raises(EstimateRefused, match="outside of 0 to 1"):
        refuse_impossible(replace(posterior, dtp1_coverage=posterior.dtp1_coverage * 3), evidence)


def test_one_wild_source_stops_nothing(posterior: Posterior, evidence: Evidence) -> None:
    rows = evidence.denominators.copy()
    rows.loc[rows["source"] == "worldpop", "surviving_infants"] *= 1e6
    refuse_impossible(posterior, replace(evidence, denominators=rows))


def test_without_anything_counted_nothing_can_be_said(posterior: Posterior, evidence: Evidence) -> None:
    refuse_impossible(
        posterior, replace(evidence, denominators=evidence.denominators[:0], doses=evidence.doses[:0])
    )
