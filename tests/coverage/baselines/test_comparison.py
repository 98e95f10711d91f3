"""Do tables of several methods stand side by side, and is the nearer one called nearer?"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence, Question
from kalanso.coverage.baselines import accuracy, all_baselines, comparison, fixed_population
from kalanso.coverage.baselines.fixed_population import CERTAIN, with_one_population
from kalanso.coverage.priors import Priors, default_priors
from kalanso.coverage.summaries import coverage_estimates
from kalanso.simulation import EvidenceTruth, simulate_evidence


@pytest.fixture(scope="module")
def country() -> tuple[Evidence, EvidenceTruth]:
    tables, truth = simulate_evidence(45, 8, np.random.default_rng(9))
    return Evidence.of(**tables), truth


def around(truth: EvidenceTruth, error: float, draws: int = 60) -> SimpleNamespace:
    """Draws around the truth whose middle is off by a random error of that spread on the share."""
    rng = np.random.default_rng(1)
    shape = truth.dtp1_coverage.shape
    middle = truth.dtp1_coverage + error * rng.normal(size=shape)
    dtp1 = np.clip(middle + error * rng.normal(size=(draws, *shape)), 0.01, 0.99)
    ratio = truth.dtp3_coverage / truth.dtp1_coverage
    return SimpleNamespace(
        indicators=("dtp1", "dtp3"),
        areas=list(truth.areas), periods=list(truth.periods),
        dtp1_coverage=dtp1.astype(np.float32), dtp3_coverage=(dtp1 * ratio).astype(np.float32),
        surviving_infants=np.broadcast_to(truth.surviving_infants, (draws, *shape)).astype(np.float32),
    )  # fmt: skip


def test_methods_stand_side_by_side_for_each_place_in_their_order(
    country: tuple[Evidence, EvidenceTruth],
) -> None:
    evidence, truth = country
    tables = {"model": coverage_estimates(around(truth, 0.02), evidence)}
    tables |= all_baselines(evidence, np.random.default_rng(1))
    found = comparison(tables)
    one = found.query("place_code == 'SIM' and period == '2022Q1' and indicator == 'dtp1'")
    assert one["method"].tolist() == ["model", "administrative", "countdown", "surveys_only", "who_unicef"]
    assert one["coverage_q025"].notna().tolist() == [True, False, False, True, False]
    assert len(found) == sum(map(len, tables.values()))


def test_no_method_gives_no_rows() -> None:
    assert comparison({}).empty


def ratio(found: pd.DataFrame, method: str, quantity: str, group: str, column: str) -> float:
    row = found.query("method == @method and quantity == @quantity and group == @group").iloc[0]
    return float(row[f"reference_{column}"] / row[column])


def test_a_method_with_half_the_error_is_called_twice_as_good_by_both_scores(
    country: tuple[Evidence, EvidenceTruth],
) -> None:
    evidence, truth = country
    tables = {
        "near": coverage_estimates(around(truth, 0.02), evidence),
        "far": coverage_estimates(around(truth, 0.04), evidence),
    }
    found = accuracy(tables, truth, "near")
    assert np.sqrt(ratio(found, "far", "dtp1", "all", "squares")) == pytest.approx(0.5, abs=0.05)
    assert ratio(found, "far", "dtp1", "all", "crps") == pytest.approx(0.5, abs=0.05)
    assert ratio(found, "near", "missed_dtp1", "conflict", "crps") == pytest.approx(1)
    cases = found.query("method == 'far' and quantity == 'dtp1'").set_index("group")["cases"]
    assert cases["all"] == 45 * 8
    assert cases["surveyed"] + cases["unsurveyed"] == 45 * 8


def test_methods_are_compared_on_the_cases_that_both_have(country: tuple[Evidence, EvidenceTruth]) -> None:
    evidence, truth = country
    tables = {"model": coverage_estimates(around(truth, 0.02), evidence)}
    tables |= all_baselines(evidence, np.random.default_rng(1))
    found = accuracy(tables, truth, "model")
    reported = evidence.doses.query("indicator == 'dtp1_doses'")
    row = found.query("method == 'administrative' and quantity == 'dtp1' and group == 'all'").iloc[0]
    assert row["cases"] == len(reported)
    assert row["reference_squares"] < row["squares"]
    recall = found.query("quantity == 'pockets'").set_index("method")["crps"]
    assert recall["model"] > recall["administrative"]
    assert recall.between(0, 1).all()


def test_errors_of_points_are_reckoned_by_hand(country: tuple[Evidence, EvidenceTruth]) -> None:
    evidence, truth = country
    tables = all_baselines(evidence, np.random.default_rng(1))
    national = tables["who_unicef"].query("place_level == 'area' and indicator == 'dtp1'")
    wide = national.pivot(index="place_code", columns="period", values="coverage_mean").loc[list(truth.areas)]
    error = wide.to_numpy() - truth.dtp1_coverage
    row = accuracy(tables, truth, "who_unicef").query(
        "method == 'who_unicef' and quantity == 'dtp1' and group == 'all'"
    )
    assert row["squares"].iloc[0] == pytest.approx((error**2).sum())
    assert row["crps"].iloc[0] == pytest.approx(np.abs(error).sum())


def test_an_unknown_reference_is_refused(country: tuple[Evidence, EvidenceTruth]) -> None:
    with pytest.raises(ValueError, match="reference"):
        accuracy({}, country[1], "model")


def test_one_population_is_kept_without_gaps_and_believed(country: tuple[Evidence, EvidenceTruth]) -> None:
    evidence, truth = country
    kept = with_one_population(evidence, "census")
    assert truth.conflict.any()  # the census left them out
    assert set(kept.denominators["source"]) == {"census"}
    assert len(kept.denominators) == 45 * 2
    assert kept.denominators["surviving_infants"].notna().all()
    assert kept.denominator_sources["bias_sd"].tolist() == [CERTAIN]
    assert len(evidence.denominators) > len(kept.denominators)


def test_the_estimator_is_asked_to_believe_that_population(country: tuple[Evidence, EvidenceTruth]) -> None:
    evidence, truth = country
    asked: list[tuple[Evidence, Question, Priors]] = []

    def estimate(
        given: Evidence, question: Question, rng: np.random.Generator, *, priors: Priors
    ) -> SimpleNamespace:
        asked.append((given, question, priors))
        return around(truth, 0.02)

    table = fixed_population(evidence, np.random.default_rng(1), estimate=estimate)
    assert asked[0][1].preview
    believed, usual = asked[0][2], default_priors()
    assert believed("population", "source_sd").value == CERTAIN
    assert believed("coverage", "level_sd") == usual("coverage", "level_sd")
    assert set(asked[0][0].denominators["source"]) == {"projection"}
    assert len(table) == 2 * 8 * len(evidence.aggregates)
