"""Does a chain arrive where it belongs from where it would stand still, and is it the same from several threads and processes?"""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from kalanso.coverage.keeping import Keeper
from kalanso.coverage.model import Model
from kalanso.coverage.records import Floats
from kalanso.coverage.sampling import DIVERGENT, Chain, Pace, Sampler
from kalanso.coverage.side_by_side import apart, each
from kalanso.coverage.suiting import precisions
from kalanso.coverage.ties import Ties
from kalanso.coverage.whitener import Whitener
from kalanso.coverage.whitening import Whitening

pytestmark = pytest.mark.long

COORDINATES = 20_000


class Straight:
    """A map that changes nothing."""

    size = COORDINATES

    def place(self, z: Floats) -> Any:
        return SimpleNamespace(x=z, volume=0.0)

    def slope_at(self, place: Any, slope: Floats) -> Floats:
        return slope

    def to_state(self, z: Floats) -> Floats:
        return z


def steep(x: Floats) -> tuple[float, Floats]:
    """A density with thinner tails than the normal that the sampler turns about."""
    return -0.5 * float(x @ x) - 0.025 * float((x**4).sum()), -x - 0.1 * x**3


def standing_at(value: float, density: Any = steep) -> tuple[Sampler, Chain]:
    sampler = Sampler(density, cast(Whitening, Straight()), Pace(length=1.6))
    return sampler, Chain(np.full(COORDINATES, value), np.random.default_rng(4), 0.25)


def test_a_chain_arrives_from_a_place_where_it_would_stand_still() -> None:
    sampler, still = standing_at(2.0)
    sampler.run(still, 6, adapt=False)
    _, chain = standing_at(2.0)

    sampler.arrive(chain, 6)
    before = sampler.energy(chain.z)[0]
    sampler.run(chain, 6, adapt=False)

    assert still.accepted < 1.0
    assert chain.accepted > 4.0
    assert sampler.energy(chain.z)[0] == pytest.approx(before, rel=0.03)
    assert (chain.step, chain.iterations) == (0.25, 12)


def test_arriving_refuses_what_is_no_state_and_shortens_steps() -> None:
    def walled(x: Floats) -> tuple[float, Floats]:
        return (-np.inf, np.zeros_like(x)) if np.abs(x).max() > 0.01 else steep(x)

    sampler, chain = standing_at(0.0, walled)

    sampler.arrive(chain, 3)

    assert np.abs(chain.z).max() == 0.0
    assert chain.step == pytest.approx(0.25 * 0.7**3)
    assert chain.divergences == 3


def test_an_error_that_is_forgiven_on_arrival_is_a_divergence_afterwards() -> None:
    sampler, chain = standing_at(2.0)
    chain.step = 0.9
    u, _ = sampler.energy(chain.z)
    gaps = [sampler._moved(chain, u, most)[2] for most in (100 * DIVERGENT, DIVERGENT)]

    assert gaps[0] < -DIVERGENT
    assert gaps[1] == -np.inf


def test_threads_share_a_model_and_get_what_one_gets(following_model: Model) -> None:
    states = [
        following_model.start() + 0.01 * np.random.default_rng(j).normal(size=following_model.size)
        for j in range(24)
    ]
    one = [following_model(x) for x in states]

    with ThreadPoolExecutor(4) as pool:
        several = list(pool.map(following_model, states))

    assert [value for value, _ in several] == [value for value, _ in one]
    assert all((a[1] == b[1]).all() for a, b in zip(several, one, strict=True))
    assert each(lambda j: j * j, [3, 1, 2], 2) == [9, 1, 4]


def test_processes_give_results_in_order_and_faults_as_they_are() -> None:
    assert apart(math.sqrt, [9.0, 1.0, 4.0], 2) == [3.0, 1.0, 2.0]
    assert apart(math.sqrt, [9.0, 4.0], 1) == [3.0, 2.0]
    with pytest.raises(ValueError, match="math domain"):
        apart(math.sqrt, [1.0, -1.0], 2)


def test_a_model_arrives_in_another_process_as_it_was(following_model: Model) -> None:
    x = following_model.start()
    value, slope = following_model(x)

    there = pickle.loads(pickle.dumps(following_model))  # noqa: S301 - our own bytes

    assert there(x)[0] == value
    assert np.array_equal(there(x)[1], slope)


def test_a_chain_kept_piece_by_piece_is_thinned_as_one_kept_whole(plain_model: Model) -> None:
    states = [plain_model.start() + 0.01 * j for j in range(23)]
    whole = Keeper(plain_model, np.random.default_rng(1), room=8)
    for x in states:
        whole(x)

    pieces = Keeper(plain_model, np.random.default_rng(1), room=8)
    for first in range(0, 23, 4):
        more = pieces.further()
        for x in states[first : first + 4]:
            more(x)
        pieces.join(more)

    assert (pieces.seen, pieces.every) == (whole.seen, whole.every) == (23, 4)
    assert [float(g[0]) for g in pieces.gamma] == [float(g[0]) for g in whole.gamma]
    assert np.array_equal(pieces.totals, whole.totals)
    assert np.array_equal(pieces.shared, whole.shared)


def test_precisions_from_one_side_are_those_from_both(plain_model: Model) -> None:
    whitener = Whitener.of(plain_model, 2)
    information = _told(plain_model)
    map_ = whitener.map(
        plain_model.start(), information, plain_model.frame.scales, lambda x: plain_model(x)[1],
        np.ones(plain_model.layout.size, bool), np.ones(plain_model.layout.size),
    )  # fmt: skip
    z = 0.3 * np.random.default_rng(2).normal(size=map_.size)
    among, between = precisions(plain_model, map_, z)

    sampler, y = Sampler(plain_model, replace(map_, ties=Ties.none(map_.size))), map_.ties.shrunk(z)
    size, step = plain_model.layout.size, 0.02
    both = [
        (sampler.energy(y + at)[1] - sampler.energy(y - at)[1]) / (2 * step)
        for at in step * np.eye(size, map_.size)
    ]

    scale = 1.0 + np.sqrt(np.abs(np.diag(among)))
    assert np.abs(among - np.array(both)[:, :size]) / np.outer(scale, scale) == pytest.approx(0.0, abs=0.02)
    assert (between * between).sum() == pytest.approx((np.array(both)[:, size:] ** 2).sum(), rel=0.02)


def _told(model: Model) -> Any:
    from kalanso.coverage.area_information import Information

    into = Information.zeros(*model.design.shape)
    model.add_information(model.start(), 1.0, into)
    return into.merged(np.zeros(model.design.shape[0]))
