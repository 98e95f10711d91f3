"""Do DuckDB and Spark give the same answer to the same expression?"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from kalanso import definitions, indicators
from kalanso.indicators.tables import INDICATOR_VALUES
from tests.spec.text_tables import lineage, observations, question

CODES = (
    "dtp1_doses", "dtp1_coverage", "dtp1_dtp3_dropout", "dtp1_missed_children", "rec_category",
    "districts_dtp3_above_80", "zero_dose_in_top_districts", "surviving_infants",
)  # fmt: skip


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or 21, which is not installed")
    sql = pytest.importorskip("pyspark.sql", reason="the extra `spark` is not installed")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "2g")  # one machine may serve other tests of this process too
        # compiling code for each of the many small steps would take longer than running them
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def small_country() -> tuple[pa.Table, pa.Table]:
    """Two regions of two districts of two facilities, 18 months, with blanks, gaps and options."""
    rng = random.Random(7)  # noqa: S311
    places = ["ML | country | -"]
    text = "place | period | indicator | value | expected | received | age | strategy | product\n"
    for region in ("R1", "R2"):
        places.append(f"{region} | region | ML")
        for district in (f"{region}D1", f"{region}D2"):
            places.append(f"{district} | district | {region}")
            text += f"{district} | 2023 | live_births | {rng.randint(300, 800)} | - | - | all | all | -\n"
            text += f"{district} | 2024 | live_births | {rng.randint(300, 800)} | - | - | all | all | -\n"
            for facility in (f"{district}F1", f"{district}F2"):
                places.append(f"{facility} | facility | {district}")
                for month in [*range(202301, 202313), *range(202401, 202407)]:
                    for indicator in ("dtp1_doses", "dtp3_doses"):
                        value = rng.choice(["-", *range(40)])
                        age = rng.choice(["0-11m"] * 5 + ["unknown"])
                        strategy, product = rng.choice(["all", "fixed"]), rng.choice(["-", "penta", "odd"])
                        if rng.random() < 0.9:
                            text += f"{facility} | {month} | {indicator} | {value} | 1 | {rng.randint(0, 1)} | {age} | {strategy} | {product}\n"
    return observations(text), lineage("place | level | parent\n" + "\n".join(places))


def by_key(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[name] for name in INDICATOR_VALUES.key): row for row in rows}


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "choices",
    [{"period": "quarter", "adjust_k": 0.25}, {"cumulative": True}],
    ids=["quarters-adjusted", "cumulative-months"],
)
def test_spark_gives_the_keys_counts_and_numbers_of_duckdb(spark: Any, choices: dict[str, Any]) -> None:
    tables, asked, pack = small_country(), question(*CODES, **choices), definitions.load("ML")
    local = ibis.duckdb.connect(threads=1)
    here = [local.create_table(name, table) for name, table in zip(("o", "t"), tables, strict=True)]
    remote = ibis.pyspark.connect(spark)
    for name, table in zip(("o", "t"), tables, strict=True):
        spark.createDataFrame(table.to_pylist(), schema=_spark_schema(table)).createOrReplaceTempView(name)
    there = [remote.table(name) for name in ("o", "t")]

    expected = by_key(indicators.evaluate(*here, pack, asked).to_pyarrow().to_pylist())

    def kept(step: ir.Table) -> ir.Table:
        # Spark writes a step out again wherever another names it, so shared steps are computed once.
        rows, name = step.to_pyarrow(), ibis.util.gen_name("kept")
        spark.createDataFrame(rows.to_pylist(), schema=_spark_schema(rows)).createOrReplaceTempView(name)
        return remote.table(name)

    answer = indicators.evaluate(*there, pack, asked, keep=kept)
    found = by_key(answer.to_pyarrow().to_pylist())

    assert set(found) == set(expected)
    for key, row in expected.items():
        for name, value in row.items():
            if isinstance(value, float):
                assert found[key][name] == pytest.approx(value, abs=1e-9), (key, name)
            else:
                assert found[key][name] == value, (key, name)


def _spark_schema(table: pa.Table) -> str:
    names = {pa.string(): "string", pa.float64(): "double", pa.date32(): "date", pa.bool_(): "boolean"}
    kinds = [
        (field.name, "bigint" if pa.types.is_integer(field.type) else names[field.type])
        for field in table.schema
    ]
    return ", ".join(f"{name} {kind}" for name, kind in kinds)
