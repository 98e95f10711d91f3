"""Which estimates stand beside the other sources: those on which something may be decided, with their interval?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kalanso.coverage.tables import COVERAGE_ESTIMATES_YEARLY
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.publish_estimates import PREVIEW, is_preview
from kalanso.pipeline.triangulation_evidence import gather_dossier
from kalanso.store import Provenance, Store
from tests.pipeline.test_triangulation_tallies import NOW, filled_store


def _estimate(place: str) -> dict[str, Any]:
    numbers = {
        "coverage_mean": 0.8, "coverage_sd": 0.02, "coverage_q025": 0.76, "coverage_q250": 0.79, "coverage_q500": 0.8,
        "coverage_q750": 0.81, "coverage_q975": 0.84, "probability_below_80": 0.5, "rank_mean": 1.0, "rank_q025": 1.0,
        "rank_q975": 1.0,
    }  # fmt: skip
    for name, mean in (("surviving_infants", 1000.0), ("missed_children", 200.0)):
        numbers |= {f"{name}_mean": mean, f"{name}_q025": 0.9 * mean, f"{name}_q975": 1.1 * mean}
    told = {column.name: "" for column in COVERAGE_ESTIMATES_YEARLY.columns if column.type == "string"}
    return told | numbers | {
        "place_code": place, "period": "2024", "period_type": "year", "period_start": date(2024, 1, 1), "span": "year",
        "indicator": "dtp1", "place_level": "parent", "run": "run-1", "state": "draft", "provisional": False,
    }  # fmt: skip


def _shown(store: Store, note: str) -> pd.DataFrame:
    names = COVERAGE_ESTIMATES_YEARLY.column_names
    row = {name: value for name, value in _estimate("D1").items() if name in names}
    store.publish(
        COVERAGE_ESTIMATES_YEARLY, [row], provenance=Provenance(sources=("t",), note=note),
        now=datetime.now(UTC),
    )  # fmt: skip
    rows = gather_dossier(Holdings(store, NOW.date())).rows("coverage")
    return rows[rows["kind"] == "estimate"]


@pytest.mark.parametrize(("note", "shown"), [("run run-1", 1), (f"run run-1{PREVIEW}", 0)])
def test_an_estimate_is_set_beside_the_others_with_its_interval_and_a_preview_is_not(
    note: str, shown: int, tmp_path: Path
) -> None:
    store = filled_store(tmp_path / "store")
    rows = _shown(store, note)

    assert len(rows) == shown
    manifest = store.latest(COVERAGE_ESTIMATES_YEARLY.name)
    assert manifest is not None
    assert is_preview(manifest) is not bool(shown)
    for row in rows.itertuples():
        assert (row.value, row.low, row.high) == (0.8, 0.76, 0.84)
        assert (row.target, row.target_low, row.target_high) == (1000.0, 900.0, 1100.0)
