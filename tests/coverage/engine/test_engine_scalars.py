"""Are scales, shares and memories, and what is believed of them, the same all at once as one by one?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from kalanso.coverage.layout import SCALARS, Layout
from kalanso.coverage.priors import Prior, bounded
from kalanso.coverage.scalars import OwnPriors, Scalars


def test_natural_values_and_slopes_are_those_of_each_alone() -> None:
    places = {name: j for j, (name, *_) in enumerate(SCALARS) if name != "memory1"}
    scalars = Scalars.of(SCALARS, places)
    gamma = np.random.default_rng(1).normal(size=len(SCALARS))

    natural = scalars.natural(gamma)

    alone = {into: bounded(kind, gamma[places[name]]) for name, into, kind in SCALARS if name in places}
    assert dict(zip(scalars.into.tolist(), natural, strict=True)) == pytest.approx(
        {k: v for k, (v, _) in alone.items()}
    )
    assert scalars.slope(natural) == pytest.approx([alone[into][1] for into in scalars.into])


def test_densities_of_single_priors_add_up() -> None:
    """Beside the density written out, and its slope beside differences."""
    priors = [
        (0, Prior("normal", (0.3, 0.5), "x")), (2, Prior("lognormal", (2.0, 0.4), "x")), (3, Prior("away", (1.5,), "x")),
    ]  # fmt: skip
    own, gamma = OwnPriors.of(priors), np.array([0.1, 9.0, 0.8, -0.4])
    slope = np.zeros(4)

    found = own.density(gamma, slope)

    written = -0.5 * (0.2 / 0.5) ** 2 - 0.5 * ((0.8 - math.log(2.0)) / 0.4) ** 2 - 0.4 - 1.5 * math.exp(-0.4)
    assert found == pytest.approx(written)
    for j, step in enumerate(1e-6 * np.eye(4)):
        ahead, behind = (own.density(gamma + sign * step, np.zeros(4)) for sign in (1.0, -1.0))
        assert slope[j] == pytest.approx((ahead - behind) / 2e-6, abs=1e-6)


def test_a_prior_that_has_no_density_is_refused() -> None:
    with pytest.raises(ValueError, match="normal, lognormal or away"):
        OwnPriors.of([(0, Prior("fixed", (1.0,), "x"))])


def test_held_scalars_keep_their_value(small_layout: Layout) -> None:
    held = Layout(small_layout.design, small_layout.priors)
    held.__dict__["held"] = {"memory1": 0.0, "memory3": 0.25}

    scale = held.scales(held.start)

    assert scale[[place for name, place, _ in SCALARS if name == "memory3"]] == [0.25]
