"""Numbers in lanes: exact functions, choices lane by lane, blocks of areas with and without spare lanes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from kalanso.coverage.blocks import Block, laid, pick, pick2, pick_of, put, put2
from kalanso.coverage.compiling import compiled
from kalanso.coverage.lanes import LANES, any_above, in_lanes, sum_of_lanes, where_above
from kalanso.coverage.records import Floats


@compiled
def exponentials(x: Any, out: Any) -> None:
    given, made = in_lanes(x), in_lanes(out)
    for t in range(given.shape[0]):
        made[t] = math.exp(given[t])


@compiled
def logarithms(x: Any, out: Any) -> None:
    given, made = in_lanes(x), in_lanes(out)
    for t in range(given.shape[0]):
        made[t] = math.log(given[t])


@compiled
def mixture(x: Any, out: Any) -> float:
    given, made = in_lanes(x), in_lanes(out)
    total = 0.0
    for t in range(given.shape[0]):
        v = given[t]
        made[t] = -(2.0 - v) / (1.0 + math.sqrt(math.fabs(v))) * where_above(v, 0.5, 3.0, v)
        made[t] -= 1
        total += v
    return sum_of_lanes(total) + (1000.0 if any_above(given[0], 0.9) else 0.0)


@compiled
def copied(x: Any, series: Any, table: Any, places: Any, size: int, out: Any, out2: Any) -> None:
    for first in range(0, x.shape[0], LANES):
        i = Block(first, min(LANES, x.shape[0] - first))
        put(out, i, 2.0 * pick(x, i))
        for t in range(size):
            put2(out2, i, t, pick2(series, i, t) + pick_of(table, places, i, t))


def numbers(low: float, high: float) -> Floats:
    return np.random.default_rng(3).uniform(low, high, (2000, LANES))


@pytest.mark.parametrize("x", [numbers(-1, 1), numbers(-700, 700), numbers(-1e-9, 1e-9)], ids=str)
def test_exponentials_are_those_of_the_library(x: Floats) -> None:
    out = np.empty_like(x)

    exponentials(x, out)

    assert out == pytest.approx(np.exp(x), rel=4e-16)


@pytest.mark.parametrize(
    "x", [numbers(0.5, 2), np.exp(numbers(-700, 700)), 1 + numbers(-1e-6, 1e-6)], ids=str
)
def test_logarithms_are_those_of_the_library(x: Floats) -> None:
    out = np.empty_like(x)

    logarithms(x, out)

    assert out == pytest.approx(np.log(x), rel=4e-16, abs=3e-16)


def test_at_their_edges_functions_give_nought_a_held_number_or_none() -> None:
    edges = np.full((1, LANES), 1.0)
    edges[0, :4] = -800.0, 800.0, np.nan, -np.inf
    grown, logs = np.empty_like(edges), np.empty_like(edges)

    exponentials(edges, grown)
    edges[0, :4] = 0.0, -1.0, np.inf, np.nan
    logarithms(edges, logs)

    assert grown[0, [0, 3]] == pytest.approx(0.0, abs=0)
    assert grown[0, 1] == pytest.approx(np.exp(709.0))
    assert np.isnan(grown[0, 2])
    assert np.isnan(logs[0, :4]).all()
    assert logs[0, 4] == 0.0


def test_equations_mean_in_lanes_what_they_mean_for_one_area() -> None:
    x = numbers(-1, 1)
    out = np.empty_like(x)

    total = mixture(x, out)

    slow = -(2 - x) / (1 + np.sqrt(np.abs(x))) * np.where(x > 0.5, 3.0, x) - 1
    assert out == pytest.approx(slow, rel=1e-14, abs=1e-15)
    assert total == pytest.approx(x.sum() + (1000 if (x[0] > 0.9).any() else 0), rel=1e-12)


@pytest.mark.parametrize("areas", [1, LANES - 1, LANES, 2 * LANES + 3])
def test_blocks_read_and_write_every_area_once(areas: int) -> None:
    rng = np.random.default_rng(areas)
    x, series, table = rng.normal(size=areas), rng.normal(size=(areas, 4)), rng.normal(size=5)
    places, out, out2 = rng.integers(0, 5, (areas, 4)), np.zeros(areas), np.zeros((areas, 4))

    copied(x, series, table, places, 4, out, out2)

    assert out == pytest.approx(2 * x)
    assert out2 == pytest.approx(series + table[places])
    assert laid(series).shape == (-(-areas // LANES), 4, LANES)
    assert laid(series)[0, 2, 0] == series[0, 2]
    assert laid(series)[-1, 1, -1] == series[-1, 1]
