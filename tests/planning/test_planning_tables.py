"""Do plans and survey sites fit their declared tables?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kalanso import planning
from kalanso.coverage.assumptions import Assumption
from kalanso.planning import tables


def made_plan():
    rng = np.random.default_rng(1)
    areas = [f"A{at}" for at in range(6)]
    effect = Assumption(name="effect", value=0.5, low=0.4, high=0.6, reason="set by the test")
    costs = pd.DataFrame({"place_code": areas, "approach": "outreach", "cost": 10.0})
    given = planning.options(
        costs, [planning.Approach(code="outreach", effect=effect)], missed=rng.gamma(5, 10, size=(6, 100)), areas=areas,
        districts=["D0"] * 3 + ["D1"] * 3, rng=rng,
    )  # fmt: skip
    return given, planning.plan(given, budget=30)


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        (tables.PLAN_ACTIONS, "chosen"),
        (tables.PLAN_LEFT_OUT, "left_out"),
        (tables.PLAN_DISTRICTS, "districts"),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_each_part_of_a_plan_has_the_declared_columns(spec, part):
    _, found = made_plan()
    rows = getattr(found, part).assign(plan="2025")
    stored = spec.arrow(pa.Table.from_pandas(rows[list(spec.column_names)], preserve_index=False))
    assert stored.num_rows == len(rows) > 0


def test_survey_sites_have_the_declared_columns():
    given, _ = made_plan()
    shares = np.random.default_rng(2).uniform(size=(6, 100))
    sites = planning.survey_value(
        given.missed.sum(axis=0), shares, given.areas, given.districts, children=15, cluster_correlation=0.1
    ).assign(question="missed children of the country")
    spec = tables.SURVEY_SITES
    stored = spec.arrow(pa.Table.from_pandas(sites[list(spec.column_names)], preserve_index=False))
    assert stored.num_rows == 6
