"""Are the slopes of a density those of its values?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from kalanso.coverage.model import Model
from kalanso.coverage.records import Floats


def assert_slopes(model: Model, x: Floats, places: Iterable[int]) -> None:
    """Hold the slope at a state against central differences in some of its coordinates."""
    _, slope = model(x)
    for j in places:
        step = np.zeros(model.size)
        step[j] = 1e-4
        difference = (model(x + step)[0] - model(x - step)[0]) / 2e-4
        assert slope[j] == pytest.approx(difference, rel=1e-4, abs=2e-4), j


def globals_and_areas(model: Model, areas: int) -> list[int]:
    """Return the places of all globals, and of the tips and paths of the first areas."""
    state = model.state(np.arange(model.size, dtype=float))
    local = (part[:areas].ravel() for part in (state.tips, state.path1, state.path3))
    return [*range(model.layout.size), *(int(place) for part in local for place in part)]
