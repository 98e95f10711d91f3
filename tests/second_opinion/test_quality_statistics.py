"""Do the statistics of the checks agree with slow plain versions, and with other tools?"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kalanso.quality.breaks import change_points
from kalanso.quality.copies import _log_chance
from kalanso.quality.outliers import compatible_scores, robust_scores
from kalanso.quality.spread import usual_levels

ENGINE = ibis.duckdb.connect(threads=1)
counts = st.lists(st.integers(0, 400), min_size=6, max_size=40)
slow = settings(max_examples=15, derandomize=True, deadline=None)


def table(values: list[float | None]) -> Any:
    frame = pd.DataFrame(
        {"series": 1, "block": 0, "step": range(len(values)), "value": pd.array(values, dtype="Float64")}
    )
    return ENGINE.create_table(ibis.util.gen_name("rows"), frame, temp=True)


def median(values: list[float]) -> float:
    ordered, n = sorted(values), len(values)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


@slow
@given(counts)
def test_robust_scores_agree_with_a_plain_loop(values: list[int]) -> None:
    numbers = table([float(v) for v in values])

    scored = robust_scores(numbers, usual_levels(numbers, ["series", "block"]), floor=0.05)

    centre = median(values)
    away = [abs(v - centre) for v in values]
    mad, mean_ad = median(away), sum(away) / len(away)
    spread = 1.4826 * mad if mad > 0 else 1.2533 * mean_ad
    spread = max(spread, 0.05 * centre, math.sqrt(centre), 1.0)
    told = scored.to_pandas().sort_values("step")
    assert told.score.tolist() == pytest.approx([(v - centre) / spread for v in values])


@slow
@given(counts)
def test_scores_of_other_tools_agree_with_their_formulas(values: list[int]) -> None:
    numbers, x = table([float(v) for v in values]), np.array(values, dtype=float)
    mad = np.median(np.abs(x - np.median(x)))
    mean_ad = np.mean(np.abs(x - np.median(x)))
    formulas = {
        "who_z": (x.mean(), x.std(ddof=1)),
        "dhis2_z": (x.mean(), x.std(ddof=0)),
        "dhis2_modified_z": (np.median(x), mad / 0.6745),
        "who_modified_z": (np.median(x), 1.486 * mad if mad > 0 else 1.253314 * mean_ad),
    }

    for mode, (centre, scatter) in formulas.items():
        told = compatible_scores(numbers, mode).to_pandas().sort_values("step")
        expected = list((x - centre) / scatter) if scatter > 0 else []
        assert told.score.tolist() == pytest.approx(expected, abs=1e-9), mode


def test_the_largest_possible_z_of_a_short_series_is_known() -> None:
    # |z| <= (n - 1) / sqrt(n) with the sample sd, sqrt(n - 1) with the population sd.
    numbers = table([0.0] * 9 + [1000.0])

    assert compatible_scores(numbers, "who_z").score.max().execute() == pytest.approx(9 / math.sqrt(10))
    assert compatible_scores(numbers, "dhis2_z").score.max().execute() == pytest.approx(3.0)


def test_a_missing_number_is_left_out_and_no_zero() -> None:
    told = compatible_scores(table([100.0, None, 101.0, 99.0, 100.0, 102.0]), "who_z").to_pandas()

    assert 1 not in set(told.step)
    assert told.centre.iloc[0] == pytest.approx(100.4)


@slow
@given(st.lists(st.integers(0, 30), min_size=8, max_size=30))
def test_pettitts_test_agrees_with_a_plain_double_loop(values: list[int]) -> None:
    n = len(values)
    u = [sum(np.sign(values[i] - values[j]) for i in range(k) for j in range(k, n)) for k in range(1, n + 1)]
    largest = max(abs(v) for v in u)
    at = next(k for k, v in enumerate(u, 1) if abs(v) == largest)
    p = min(1.0, 2 * math.exp(-6 * largest**2 / (n**3 + n**2)))

    numbers = table([float(v) for v in values]).mutate(n=ibis.literal(n))
    told = change_points(numbers).to_pandas()

    assert told.probability.iloc[0] == pytest.approx(p)
    assert told[told.chosen].position.tolist() == [at]


@pytest.mark.parametrize("mean", [11, 41, 203])
def test_the_chance_that_two_counts_agree_is_close_to_the_exact_one(mean: int) -> None:
    exact = float(np.sum(stats.poisson.pmf(np.arange(mean * 3), mean) ** 2))

    values = table([float(mean)])
    approximate = math.exp(values.select(chance=_log_chance([values.value])).chance.max().execute())

    assert approximate == pytest.approx(exact, rel=0.03)


def sierra_leone() -> list[tuple[float, ...]]:
    """Four rows that DHIS2 core states (value, mean, sd, z, distance, lower, upper), threshold 3."""
    return [
        (23.0, 7.55, 5.15, 3.0, 15.45, -7.9, 22.99), (220.0, 41.64, 57.45, 3.1, 178.36, -130.7, 213.99),
        (245.0, 43.02, 64.62, 3.13, 201.98, -150.84, 236.88), (120.0, 28.96, 28.87, 3.15, 91.04, -57.64, 115.57),
    ]  # fmt: skip


def with_mean_and_sd(value: float, mean: float, sd: float, others: int) -> list[float]:
    """Return a series of `others` numbers and one value with this mean and population sd."""
    n = others + 1
    rest = (n * mean - value) / others
    variance = (n * sd**2 - (value - mean) ** 2) / others - (rest - mean) ** 2
    away = math.sqrt(variance)
    return [rest - away, rest + away] * (others // 2) + [value]


@pytest.mark.parametrize("row", sierra_leone())
def test_the_z_scores_that_dhis2_states_are_reached_from_mean_and_sd(row: tuple[float, ...]) -> None:
    value, mean, sd, z, distance, _lower, _upper = row

    told = compatible_scores(table(with_mean_and_sd(value, mean, sd, 40)), "dhis2_z").to_pandas()

    assert told.score.max() == pytest.approx(z, abs=0.005)
    assert (told.value - told.centre).max() == pytest.approx(distance, abs=0.01)


def with_median_and_mad(value: float, middle: float, mad: float) -> list[float]:
    """Return a series of one value and many others with this median and MAD."""
    return [middle - mad] * 20 + [middle] * 3 + [middle + mad] * 19 + [value]


@pytest.mark.shared_data
def test_every_score_that_dhis2_states_in_its_tests_is_reached(shared_data: Path) -> None:
    tests = json.loads(
        (shared_data / "dhis2/core_fixtures/outlier_expected_sierra_leone.json").read_text("utf-8")
    )
    full = [(test["params"], row) for test in tests for row in test["rows"] if len(row) == 18]
    checked = {"dhis2_z": 0, "dhis2_modified_z": 0}

    for params, row in full:
        value, centre, scatter, _distance, z = (float(cell) for cell in row[11:16])
        modified = "algorithm=MODIFIED_Z_SCORE" in params
        mode = "dhis2_modified_z" if modified else "dhis2_z"
        series = (
            with_median_and_mad(value, centre, scatter)
            if modified
            else with_mean_and_sd(value, centre, scatter, 60)
        )
        told = compatible_scores(table(series), mode).to_pandas()
        # The fixtures round mean and sd to two places.
        assert told.score.abs().max() == pytest.approx(abs(z), abs=0.02), row
        checked[mode] += 1

    assert checked["dhis2_z"] >= 5
    assert checked["dhis2_modified_z"] >= 20
