"""A small simulated country with its model, for tests of the engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence, Question
from kalanso.coverage.designing import design
from kalanso.coverage.evidence_tables import DENOMINATORS, SURVEY_AREAS
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.model import Model
from kalanso.coverage.priors import default_priors
from kalanso.coverage.records import (
    FIELDS,
    LEVEL_COLUMNS,
    PULL_LEVEL,
    QUARTER_COLUMNS,
    ROOT_GROWTH,
    ROOT_RECORDING,
    TOLD,
    Hold,
)
from kalanso.coverage.terms import terms_of
from kalanso.simulation.evidence_country import simulate_evidence
from kalanso.simulation.evidence_settings import EvidenceSettings, ReportingSettings, SurveySettings


@pytest.fixture(scope="session")
def small_evidence() -> Evidence:
    tables, _ = simulate_evidence(30, 6, np.random.default_rng(3))
    return Evidence.of(**tables)


@pytest.fixture(scope="session")
def small_layout(small_evidence: Evidence) -> Layout:
    priors = default_priors()
    return Layout(design(small_evidence, Question(stock=True), priors), priors)


@pytest.fixture
def plain_model(small_layout: Layout) -> Model:
    shape = small_layout.design.shape
    return Model(small_layout, Frame.plain(small_layout.scales(small_layout.start), *shape))


@pytest.fixture
def following_model(small_layout: Layout) -> Model:
    """Areas that follow the hyperparameters about some evidence, and bent fields."""
    rng = np.random.default_rng(5)
    n, t = small_layout.design.shape
    scales = 1.1 * small_layout.scales(small_layout.start)
    quarter, level = 0.3 * rng.normal(size=(n, t, QUARTER_COLUMNS)), 0.3 * rng.normal(size=(n, LEVEL_COLUMNS))
    quarter[:, :, [0, 2]] = 3.0 + rng.random((n, t, 2))
    level[:, [TOLD, TOLD + 2, TOLD + 5]] = 4.0 + rng.random((n, 3))
    level[:, PULL_LEVEL + 2] = 20.0
    level[:, [ROOT_GROWTH, ROOT_RECORDING]] = 1.0 + rng.random((n, 2))
    hold = Hold(True, quarter, level, rng.normal(size=(n, FIELDS)))
    return Model(small_layout, Frame(scales, hold, rng.random(FIELDS), rng.random(FIELDS)))


@pytest.fixture
def tied_model(small_evidence: Evidence) -> Model:
    """A model with a survey's result and a population of the whole country."""
    first, last, country = small_evidence.periods[1], small_evidence.periods[3], small_evidence.country
    told = [
        {"survey": "s", "place_code": country, "start": first, "end": last, "indicator": dose,
         "coverage": share, "standard_error": 0.02, "card_share": 0.6}
        for dose, share in (("dtp1", 0.8), ("dtp3", 0.6))
    ]  # fmt: skip
    total = {"source": "un", "place_code": country, "period": 2023, "surviving_infants": 20000.0}
    evidence = replace(
        small_evidence,
        survey_areas=SURVEY_AREAS.typed(told),
        denominators=pd.concat([small_evidence.denominators, DENOMINATORS.typed([total])], ignore_index=True),
    )
    priors = default_priors()
    layout = Layout(design(evidence, Question(stock=True), priors), priors)
    frame = Frame.plain(layout.scales(layout.start), *layout.design.shape)
    return Model(layout, frame, terms_of(evidence, Question(stock=True), layout))


@pytest.fixture(scope="session")
def stock_evidence() -> Evidence:
    """The small country with stock by district, one quarter of which is missing, and doses to older children."""
    settings = EvidenceSettings(surveys=SurveySettings(stock=True))
    tables, _ = simulate_evidence(30, 6, np.random.default_rng(3), settings=settings)
    tables["stock"] = tables["stock"].drop(index=2)
    late = {"place_code": "A00003", "period": "2022Q3", "age_band": "12-23m", "strategy": "", "doses": 15.0}
    return Evidence.of(**tables, catchup=[late])


@pytest.fixture
def stock_model(stock_evidence: Evidence) -> Model:
    priors = default_priors()
    layout = Layout(design(stock_evidence, Question(stock=True), priors), priors)
    frame = Frame.plain(layout.scales(layout.start), *layout.design.shape)
    return Model(layout, frame, terms_of(stock_evidence, Question(stock=True), layout))


@pytest.fixture(scope="session")
def hub_evidence() -> Evidence:
    """The small country with two hubs, and exchange among neighbours inside one region."""
    settings = EvidenceSettings(reporting=ReportingSettings(hubs=1.0))
    tables, _ = simulate_evidence(30, 6, np.random.default_rng(3), settings=settings)
    more = pd.DataFrame([{"place_code": "D0001", "kind": "neighbours"}])
    tables["attendance"] = pd.concat([tables["attendance"], more], ignore_index=True)
    return Evidence.of(**tables)


@pytest.fixture
def hub_model(hub_evidence: Evidence) -> Model:
    priors = default_priors()
    layout = Layout(design(hub_evidence, Question(stock=True), priors), priors)
    frame = Frame.plain(layout.scales(layout.start), *layout.design.shape)
    return Model(layout, frame, terms_of(hub_evidence, Question(stock=True), layout))


@pytest.fixture
def hub_stock_model(hub_evidence: Evidence, stock_evidence: Evidence) -> Model:
    """Hubs, and stock of one district of two."""
    stock = stock_evidence.stock[stock_evidence.stock["place_code"] == "D0002"]
    evidence = replace(hub_evidence, stock=stock)
    priors = default_priors()
    layout = Layout(design(evidence, Question(stock=True), priors), priors)
    frame = Frame.plain(layout.scales(layout.start), *layout.design.shape)
    return Model(layout, frame, terms_of(evidence, Question(stock=True), layout))


@pytest.fixture
def hub_lag_model(hub_evidence: Evidence) -> Model:
    """Hubs, with a second dose that is due two quarters after the first."""
    doses = hub_evidence.doses.assign(
        indicator=hub_evidence.doses["indicator"].replace({"dtp3_doses": "mcv1_doses"})
    )
    question = Question(second="mcv1")
    priors = default_priors()
    layout = Layout(design(replace(hub_evidence, doses=doses), question, priors), priors)
    frame = Frame.plain(layout.scales(layout.start), *layout.design.shape)
    return Model(layout, frame, terms_of(hub_evidence, question, layout))
