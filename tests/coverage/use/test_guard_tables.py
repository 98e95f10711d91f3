"""Do the guard tables keep their declarations, with evidence and without?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import backlog, fit, guards, ledger, ledger_sources, priorities
from kalanso.coverage import guard_tables as tables
from kalanso.coverage.assumptions import ASSUMPTION_COLUMNS
from kalanso.coverage.declared import declared
from kalanso.coverage.run_guards import guard_rows
from kalanso.coverage.tables import RUN_TABLES, file_columns


@pytest.mark.parametrize(
    ("spec", "columns"),
    [
        (tables.LIVING_BACKLOG, backlog.BACKLOG_COLUMNS),
        (tables.BACKLOG_ASSUMPTIONS, ("place_code", *ASSUMPTION_COLUMNS)),
        (tables.PRIORITIES, priorities.PRIORITY_COLUMNS),
        (tables.EVIDENCE_LEDGER, ledger.LEDGER_COLUMNS),
        (tables.SOURCE_GAPS, ledger_sources.SOURCE_COLUMNS),
        (tables.FIT_CHECKS, fit.FIT_COLUMNS),
        (tables.USABILITY, guards.USE_COLUMNS),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_files_have_the_columns_of_the_rows_in_their_order(spec, columns):
    assert tuple(file_columns(spec)) == tuple(columns)


@pytest.mark.parametrize("dtp3", [True, False])
@pytest.mark.parametrize("evidence", ["none", "some"])
def test_every_guard_table_can_be_stored(made_up, dtp3, evidence):
    areas = [f"A{at:02d}" for at in range(6)]
    some = {
        "denominators": pd.DataFrame({"source": "census", "place_code": areas, "period": 2024, "surviving_infants": 200.0}),
        "doses": pd.DataFrame({"place_code": areas, "period": "2024Q1", "indicator": "dtp1_doses", "value": 40.0}),
        "surveys": pd.DataFrame(
            {"survey": "DHS", "cluster": "1", "place_code": areas, "start": "2024Q1", "end": "2024Q4",
             "indicator": "dtp1", "vaccinated": 7.0, "children": 10.0}
        ),
    }  # fmt: skip
    case = made_up(dtp3=dtp3, **(some if evidence == "some" else {}))
    found = guard_rows(case.posterior, case.evidence, np.random.default_rng(1))
    specs = {spec.name: spec for spec in tables.GUARD_TABLES}
    assert set(found) == set(specs)
    for name, rows in found.items():
        stored = declared(rows, specs[name])
        assert stored.num_rows == len(rows)
        keys = [key for key in specs[name].key if key in rows]
        assert not rows.duplicated(keys).any() if len(rows) else True
    assert len(found["refusals"]) >= (3 if evidence == "none" else 0)


def test_the_guard_tables_belong_to_every_run():
    assert {spec.name for spec in tables.GUARD_TABLES} <= {spec.name for spec in RUN_TABLES}
