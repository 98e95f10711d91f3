"""How does the path of routine data grow: import, check, aggregate, and one more month?

The limit is DuckDB doing no more than it must on the same bytes: reading the CSV into Parquet, and
adding up the same Parquet. The everyday peer is pandas, as far as memory allows.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks import country
from benchmarks.measuring import Measured, measure

PANDAS_ROWS = 10_000_000  # beyond, pandas needs more than the 8 GB that everything is held to
PUBLISH_ROWS = 10_000_000  # every indicator for every place and period: an hour at ten times as many
MEMORY = "3GB"  # what the engine keeps; its own working memory comes on top


def run(folder: Path, rows: int) -> Iterator[Measured]:
    """Measure every step for about this many rows, one after the other."""
    store, csv, month = folder / "store", folder / "doses.csv", folder / "month.csv"
    shutil.rmtree(store, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    country.make_store(store, rows)
    written = country.write_csv(csv, rows)
    extra = country.write_csv(month, rows, first_month=country.MONTHS, months=1)
    yield measure("plain DuckDB: CSV to Parquet", written, plain_import, csv, folder / "plain.parquet")
    yield measure("kalanso import tables", written, kalanso_import, store, csv)
    yield measure("plain DuckDB: district quarters", written, plain_aggregate, store)
    yield measure("kalanso: district quarters", written, kalanso_aggregate, store)
    if written <= PANDAS_ROWS:
        yield measure("pandas: read the CSV", written, pandas_read, csv)
        yield measure("pandas: district quarters", written, pandas_aggregate, store)
    csv.unlink()
    yield measure("kalanso check", written, kalanso_check, store)
    if written <= PUBLISH_ROWS:
        yield measure("kalanso publish (all levels and periods)", written, kalanso_publish, store)
    yield measure("kalanso: one more month", extra, kalanso_import, store, month)
    shutil.rmtree(folder)


def plain_import(csv: Path, target: Path) -> None:
    """Type the CSV's columns and write Parquet, sorted as the store sorts."""
    connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(csv.parent / "spill")})
    connection.execute(
        f"COPY (SELECT orgunit, strptime(period, '%Y%m')::DATE AS period_start, dataelement, value::DOUBLE, "
        f"expected::DOUBLE, received::DOUBLE FROM read_csv('{csv}', all_varchar = true) "
        f"ORDER BY period_start, orgunit, dataelement) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    )


def kalanso_import(folder: Path, csv: Path) -> dict[str, Any]:
    """Import one CSV as the command line does, and return its receipt."""
    from kalanso.pipeline.import_file import import_file
    from kalanso.sources import column_maps
    from kalanso.store import Store

    store = Store.open(folder, memory=MEMORY)
    column_map = column_maps.from_document(country.MAP)
    done = import_file(
        store, "tables", csv, source=country.SYSTEM, options={"column_map": column_map}, now=country.NOW
    )
    receipt = done.receipt.as_dict()
    history = [{part.sha256 for part in m.parts} for m in store.history("observations")]
    before = history[-2] if len(history) > 1 else set()
    return {
        "read": receipt["read"], "stored": receipt["stored"], "files": len(history[-1]),
        "files_written": len(history[-1] - before),
    }  # fmt: skip


def kalanso_check(folder: Path) -> dict[str, int]:
    """Run every check and return the findings by check."""
    from kalanso.pipeline.check import check
    from kalanso.store import Store

    return check(Store.open(folder, memory=MEMORY), now=country.NOW).by_check


def kalanso_publish(folder: Path) -> dict[str, int]:
    """Evaluate and publish every indicator and return the rows."""
    from kalanso.pipeline.publish import publish
    from kalanso.store import Store

    return publish(Store.open(folder, memory=MEMORY), now=country.NOW).rows


def kalanso_aggregate(folder: Path) -> float:
    """Add doses of DTP1 up to districts and quarters with the evaluator."""
    from kalanso import indicators
    from kalanso.pipeline.evidence import Holdings
    from kalanso.store import Store
    from kalanso.vocabulary import Level, PeriodType, Tree

    holdings = Holdings(Store.open(folder, memory=MEMORY), country.NOW.date())
    question = indicators.IndicatorQuestion(
        indicators=country.INDICATORS, period_type=PeriodType.QUARTER, today=holdings.today,
        levels=(Level.DISTRICT,),
    )  # fmt: skip
    answer = indicators.evaluate(
        holdings.observations, holdings.lineage(Tree.HEALTH), holdings.pack, question,
        keep=holdings.store.engine.computed_once,
    )  # fmt: skip
    return float(answer.numerator.sum().execute())


def _parts(folder: Path, table: str) -> str:
    from kalanso.store import Store

    store = Store.open(folder)
    latest = store.latest(table)
    assert latest is not None
    return ", ".join(f"'{store.part_path(part.sha256)}'" for part in latest.parts)


def plain_aggregate(folder: Path) -> float:
    """Add the same doses up by hand-written SQL on the same Parquet files."""
    connection = duckdb.connect(config={"memory_limit": MEMORY})
    found = connection.execute(
        f"SELECT sum(doses) FROM (SELECT p.parent_code, o.indicator, date_trunc('quarter', o.period_start), "
        f"sum(o.value) AS doses FROM read_parquet([{_parts(folder, 'observations')}]) o "
        f"JOIN read_parquet([{_parts(folder, 'place_parents')}]) p USING (place_code) WHERE p.tree = 'health' GROUP BY ALL)"
    ).fetchone()
    return float(found[0]) if found else 0.0


def pandas_read(csv: Path) -> int:
    """Read the CSV with pandas."""
    return len(pd.read_csv(csv))


def pandas_aggregate(folder: Path) -> float:
    """Add the same doses up with pandas."""
    from kalanso.store import Store

    store = Store.open(folder)
    files = {}
    wanted = {
        "observations": ["place_code", "indicator", "period_start", "value"],
        "place_parents": ["place_code", "parent_code", "tree"],
    }
    for table, columns in wanted.items():
        latest = store.latest(table)
        assert latest is not None
        parts = [store.part_path(part.sha256) for part in latest.parts]
        files[table] = pd.concat(pd.read_parquet(path, columns=columns) for path in parts)
    parents = files["place_parents"].query("tree == 'health'")
    both = files["observations"].merge(parents, on="place_code")
    quarter = pd.to_datetime(both["period_start"]).dt.to_period("Q")
    return float(both.groupby(["parent_code", "indicator", quarter])["value"].sum().sum())
