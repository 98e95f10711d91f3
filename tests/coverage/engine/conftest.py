"""A small simulated country with its model, for tests of the engine."""

from __future__ import annotations

import numpy as np
import pytest

from kalanso.coverage import Evidence, Question
from kalanso.coverage.designing import design
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Model
from kalanso.coverage.priors import default_priors
from kalanso.coverage.records import BENDS, FIELDS, Anchor
from kalanso.simulation.evidence_country import simulate_evidence


@pytest.fixture(scope="session")
def small_evidence() -> Evidence:
    tables, _ = simulate_evidence(30, 6, np.random.default_rng(3))
    return Evidence.of(**tables)


@pytest.fixture(scope="session")
def small_layout(small_evidence: Evidence) -> Layout:
    priors = default_priors()
    return Layout(design(small_evidence, Question(), priors), priors)


@pytest.fixture
def plain_model(small_layout: Layout) -> Model:
    shape = small_layout.design.shape
    return Model(small_layout, Frame.plain(small_layout.scales(small_layout.start), *shape))


@pytest.fixture
def bent_model(small_layout: Layout) -> Model:
    rng = np.random.default_rng(5)
    n, t = small_layout.design.shape
    anchor = Anchor(
        rng.normal(size=n), rng.normal(size=n), rng.normal(size=(n, t)), rng.normal(size=(n, t)),
        rng.normal(size=(n, FIELDS)),
    )  # fmt: skip
    scales = 1.1 * small_layout.scales(small_layout.start)
    return Model(small_layout, Frame(scales, anchor, rng.random(BENDS), rng.random(BENDS)))
