"""With which engine are published tables read?

DuckDB inside the process by default; Spark by one setting, for stores that outgrow a machine. Both
answer the same Ibis expressions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kalanso.store.tables import TableSpec


class EngineMissing(RuntimeError):
    """The chosen engine is not installed."""


@dataclass(frozen=True)
class Engine:
    """A connected engine, by name and Ibis backend."""

    name: str
    backend: Any

    @classmethod
    def duckdb(cls, *, memory: str = "3GB", threads: int | None = None, spill: Path | None = None) -> Engine:
        """Connect to DuckDB in this process, with bounded memory; what exceeds it goes to `spill`."""
        settings: dict[str, Any] = {"memory_limit": memory}
        if spill:
            settings["temp_directory"] = str(spill)
        if threads:
            settings["threads"] = threads
        return cls("duckdb", ibis.duckdb.connect(**settings))

    @classmethod
    def pyspark(cls, *, session: Any = None) -> Engine:
        """Connect to Spark: the given session, or a local one."""
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise EngineMissing(
                "engine 'pyspark' needs Java 17 or 21 and the extra: pip install 'kalanso[spark]'"
            ) from error
        session = session or (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "4")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.ui.showConsoleProgress", "false")  # commands show their own
            .getOrCreate()
        )
        return cls("pyspark", ibis.pyspark.connect(session))

    @classmethod
    def named(cls, name: str, **settings: Any) -> Engine:
        """Connect to the engine of this name: `duckdb` or `pyspark`."""
        makers: dict[str, Callable[..., Engine]] = {"duckdb": cls.duckdb, "pyspark": cls.pyspark}
        if name not in makers:
            raise EngineMissing(f"engine: expected one of {', '.join(makers)}, got {name!r}")
        return makers[name](**settings)

    def parquet(self, paths: Sequence[Path]) -> ir.Table:
        """Return the rows of several Parquet files of one schema."""
        names = [str(path) for path in paths]
        if self.name == "duckdb":
            return self.backend.read_parquet(names)
        frame = self.backend._session.read.parquet(*names)
        view = ibis.util.gen_name("parts")
        frame.createOrReplaceTempView(view)
        return self.backend.table(view)

    def computed_once(self, table: ir.Table) -> ir.Table:
        """Return a table whose rows are computed now and kept, however often it is asked afterwards."""
        if self.name == "duckdb":
            return table.cache()
        # Spark's own cache keeps the plan behind the rows; planning what rests on several such steps
        # takes longer than any computing.
        self.backend._run_pre_execute_hooks(table)
        frame = self.backend._session.sql(self.backend.compile(table)).localCheckpoint()
        view = ibis.util.gen_name("kept")
        frame.createOrReplaceTempView(view)
        return self.backend.table(view)

    def rows(self, table: pa.Table) -> ir.Table:
        """Return in-memory rows as a table of this engine."""
        name = ibis.util.gen_name("rows")
        if self.name == "duckdb":
            return self.backend.create_table(name, table, temp=True)
        # Spark has no temporary tables; a view is gone with the session.
        frame = self.backend._session.createDataFrame(table)
        frame.createOrReplaceTempView(name)
        return self.backend.table(name)

    def forget(self, table: ir.Table) -> None:
        """Let go of in-memory rows that no question needs any more."""
        name = table.op().name
        if self.name == "duckdb":
            self.backend.drop_table(name, database=("temp", "main"))
        else:
            self.backend._session.catalog.dropTempView(name)


def read_parts(spec: TableSpec, parts: Sequence[tuple[Path, int]], engine: Engine) -> ir.Table:
    """Return the rows of part files, each upgraded from its own schema version to the current one."""
    versions: dict[int, list[Path]] = {}
    for path, version in parts:
        versions.setdefault(version, []).append(path)
    tables = [_upgraded(spec, engine.parquet(paths), v) for v, paths in sorted(versions.items())]
    if not tables:
        return engine.rows(spec.arrow([]))
    return functools.reduce(lambda above, below: above.union(below), tables)


def _upgraded(spec: TableSpec, table: ir.Table, version: int) -> ir.Table:
    if version > spec.version:
        raise EngineMissing(
            f"{spec.name}: rows have schema version {version}, this software knows {spec.version}; "
            "upgrade Kalanso to read them"
        )
    for step in range(version, spec.version):
        if step not in spec.upgrades:
            raise EngineMissing(f"{spec.name}: no upgrade from schema version {step} to {step + 1}")
        table = spec.upgrades[step](table)
    return table.select(*spec.column_names)
