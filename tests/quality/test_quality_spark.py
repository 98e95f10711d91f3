"""Do the checks find the same on Spark as on DuckDB?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kalanso.quality import CHECKS, Evidence
from kalanso.store import Engine

pytestmark = pytest.mark.spark
KEYS = ["check", "source", "place_code", "period", "indicator", "detail", "message"]
CODES = ("bcg_doses", "dtp1_doses", "opv1_doses", "dtp3_doses", "mcv1_doses", "anc1_visits")


@pytest.fixture(scope="module")
def spark() -> Iterator[Engine]:
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or 21")
    sql = pytest.importorskip("pyspark.sql", reason="Spark needs the extra: pip install 'kalanso[spark]'")
    settings = {
        "spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false", "spark.sql.codegen.wholeStage": "false", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1", "spark.driver.memory": "2g",  # plans of all checks together
    }  # fmt: skip
    builder = sql.SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield Engine.pyspark(session=session)
    session.stop()


@pytest.fixture(scope="module")
def faulty() -> Any:
    """Counts of eight places, 30 months, with one fault of most kinds."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(120, (8, len(CODES), 30)).astype(float)
    counts[0, 1, 20] = 1500
    counts[1, 3, 12] = 0
    counts[1, :, 15] = counts[1, :, 14]
    counts[2] = 10 * np.round(counts[2] / 10)
    counts[3, :, 15:] *= 3
    counts[4, :, 24:] = np.nan
    counts[:, :, 27] = np.round(counts[:, :, 27] / 2)
    counts[5, 0, 3] = -2
    return counts


@pytest.fixture
def pair(
    faulty: Any, observed: Any, evidence: Any, spark: Engine, tmp_path: Path
) -> tuple[Evidence, Evidence]:
    rows = []
    for place in range(8):
        for code, name in enumerate(CODES):
            values = [None if np.isnan(v) else v for v in faulty[place, code]]
            made = observed(name, values, place_code=f"P{place}")
            rows += [
                row
                | {"reports_expected": 10.0, "reports_received": 6.0 + place % 2 * 5, "reports_on_time": 3.0}
                for row in made
            ]
        rows += observed(
            "population_under_1", [900.0, 1300.0], first="2022", place_code=f"P{place}", age_band="all"
        )
        for code, value in {
            "stock_opening_doses": 400.0,
            "doses_used": 500.0,
            "stock_closing_doses": 90.0,
        }.items():
            rows += observed(code, [value] * 12, place_code=f"P{place}", product="penta", age_band="all")
    event = {
        "source": "news", "place_code": "ML", "first_day": rows[27]["period_start"], "last_day": None,
        "kind": "strike", "antigen": "", "note": "",
    }  # fmt: skip
    tree = {f"P{place}": "ML" for place in range(8)}
    local = evidence(
        rows, tree=tree, levels={"ML": "country"}, names={"P1": 'Cinzana "Gare"'}, events=[event]
    )

    def moved(table: Any, name: str) -> Any:
        arrow: pa.Table = table.to_pyarrow()
        pq.write_table(arrow, tmp_path / f"{name}.parquet")
        return spark.parquet([tmp_path / f"{name}.parquet"])

    far = Evidence(
        observations=moved(local.observations, "observations"), lineage=moved(local.lineage, "lineage"),
        places=moved(local.places, "places"), events=moved(local.events, "events"),
        thresholds=local.thresholds, today=local.today,
    )  # fmt: skip
    return local, far


def test_every_check_finds_the_same_on_spark(pair: tuple[Evidence, Evidence], found: Any) -> None:
    local, far = pair
    counted = 0

    for check in CHECKS:
        here, there = found(check.find(local)), found(check.find(far))
        assert here[KEYS].to_dict("records") == there[KEYS].to_dict("records"), check.NAME
        assert here.severity.tolist() == there.severity.tolist(), check.NAME
        for name in ("value", "expected"):
            assert there[name].tolist() == pytest.approx(
                here[name].tolist(), rel=1e-9, abs=1e-9, nan_ok=True
            ), check.NAME
        for one, other in zip(here.params, there.params, strict=True):
            assert _alike(one, other), (check.NAME, one, other)
        counted += len(here)

    assert counted > 30


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
    if isinstance(one, float) and isinstance(other, float):
        return other == pytest.approx(one, rel=1e-9, abs=1e-12)
    return bool(one == other)
