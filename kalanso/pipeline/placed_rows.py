"""How do rows that name a place become rows that hold our code, however many they are?

DuckDB joins them with the few names of the list, reading and writing Parquet, so that a file of
any size passes. Rows whose place is open, or that two names bring for one place, are counted out.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso.indicators.tables import COVERAGE_SERIES, EVENTS, OBSERVATIONS, RECOUNTS
from kalanso.pipeline.placing import Key, Placing
from kalanso.sources.readings import Reading
from kalanso.store import TableSpec

# How many rows there are, and the first of them.
FirstRows: TypeAlias = tuple[int, tuple[dict[str, Any], ...], tuple[str, ...]]


@dataclass(kw_only=True)
class PlacedRows:
    """Tables ready to be published, and how many units of the receipt had to stay out, by name."""

    tables: list[tuple[TableSpec, Path]] = field(default_factory=list)
    without_place: Counter[Key] = field(default_factory=Counter)
    repeated: Counter[Key] = field(default_factory=Counter)


@contextmanager
def scratch(store_folder: Path, *, dry_run: bool) -> Iterator[Path]:
    """Lend a folder for half-made files: beside the store's parts, or elsewhere for a dry run."""
    root = Path(tempfile.gettempdir()) if dry_run else store_folder / "tmp"
    folder = root / f"import-{uuid4().hex}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give_codes(
    reading: Reading, placing: Placing, *, source: str, folder: Path, memory: str, threads: int
) -> PlacedRows:
    """Return the observations, coverage, events and recounts of a reading with our codes of places.

    Where the receipt counts other units than rows (`Reading.counted`), what stays out is counted in
    those units. `memory` and `threads` bound the engine.
    """
    placed = PlacedRows()
    given = (reading.observations, reading.coverage, reading.events, reading.recounts)
    if all(rows is None for rows in given):
        _count_places(reading, placing, placed)
        return placed
    connection = duckdb.connect(
        config={"temp_directory": str(folder / "spill"), "memory_limit": memory, "threads": threads}
    )
    try:
        _names(connection, placing)
        counted: Counter[Key] = Counter()
        for spec, rows in (
            (OBSERVATIONS, reading.observations),
            (COVERAGE_SERIES, reading.coverage),
            (EVENTS, reading.events),
            (RECOUNTS, reading.recounts),
        ):
            if rows is not None:
                counted += _one_table(connection, spec, rows, source, folder, placed)
        # Where the reader counted values rather than rows, its own count per place is the true one.
        placed.without_place = Counter(
            {key: reading.counted.get(key, count) for key, count in counted.items()}
        )
    finally:
        connection.close()
    return placed


def first_observations(placed: PlacedRows, placing: Placing, reading: Reading, most: int) -> FirstRows:
    """Return how many observations there are, the first of them by place and period with names in the file, and all periods."""
    path = next((path for spec, path in placed.tables if spec is OBSERVATIONS), None)
    if path is None or not most:
        return 0, (), ()
    with duckdb.connect() as connection:
        rows = connection.read_parquet(str(path))
        total = int(rows.aggregate("count(*)").fetchall()[0][0])
        first = rows.order("place_code, period_start, indicator, product, age_band").limit(most)
        found = first.to_arrow_table().to_pylist()
        periods = rows.project("period, period_start").distinct().order("period_start, period").fetchall()
    names = {
        code: list(dict.fromkeys(row["name"] for row in rows if row["name"]))
        for code, rows in names_in_file(placing, reading).items()
    }
    named = tuple({**row, "names": names.get(row["place_code"], [])} for row in found)
    return total, named, tuple(str(row[0]) for row in periods)


def names_in_file(placing: Placing, reading: Reading) -> dict[str, list[Any]]:
    """Return for each of our codes the places of the file that are it, as rows of LISTED_PLACES."""
    found: dict[str, list[Any]] = {}
    for row in reading.places.to_pylist():
        code = placing.codes.get((row["code"] or "", row["parent_name"] or ""))
        if code is not None:
            found.setdefault(code, []).append(row)
    return found


def observations(placed: PlacedRows, columns: tuple[str, ...], most: int) -> pd.DataFrame | None:
    """Return some columns of all observations; None where they are more than `most`."""
    path = next((path for spec, path in placed.tables if spec is OBSERVATIONS), None)
    if path is None:
        return pd.DataFrame(columns=list(columns))
    if pq.read_metadata(path).num_rows > most:
        return None
    return pq.read_table(path, columns=list(columns)).to_pandas()


def _count_places(reading: Reading, placing: Placing, placed: PlacedRows) -> None:
    """Where the rows are themselves places, each one without a code stays out."""
    for code, parent in zip(
        reading.places["code"].to_pylist(), reading.places["parent_name"].to_pylist(), strict=True
    ):
        key = (code or "", parent or "")
        if key not in placing.codes:
            placed.without_place[key] += reading.counted.get(key, 1)


def _names(connection: duckdb.DuckDBPyConnection, placing: Placing) -> None:
    holders = Counter(placing.codes.values())
    names = pa.table(
        {
            "name_code": pa.array([code for code, _ in placing.codes], pa.string()),
            "name_parent": pa.array([parent for _, parent in placing.codes], pa.string()),
            "our_code": pa.array(list(placing.codes.values()), pa.string()),
            "shared": pa.array([holders[place] > 1 for place in placing.codes.values()], pa.bool_()),
        }
    )
    connection.register("names", names)


def _one_table(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, rows: pa.Table | Path, source: str,
    folder: Path, placed: PlacedRows,
) -> Counter[Key]:  # fmt: skip
    if isinstance(rows, Path):
        origin = f"read_parquet('{rows}')"
    else:
        connection.register("listed", rows)
        origin = "listed"
    joined = (
        f"{origin} l LEFT JOIN names n ON coalesce(l.listed_code, '') = n.name_code "
        "AND coalesce(l.listed_parent, '') = n.name_parent"
    )
    open_names = connection.execute(
        "SELECT coalesce(l.listed_code, ''), coalesce(l.listed_parent, ''), count(*) "
        f"FROM {joined} WHERE n.our_code IS NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    placed.repeated += _repeated(connection, spec, joined)
    columns = ", ".join(_column(name) for name in spec.column_names)
    target = folder / f"{spec.name}.parquet"
    key = ", ".join(_column(name, plain=True) for name in spec.key)
    connection.execute(
        f"COPY (SELECT {columns} FROM {joined} WHERE n.our_code IS NOT NULL "
        # Only places that several names share can bring a key twice; the rest streams through.
        f"QUALIFY NOT n.shared OR row_number() OVER (PARTITION BY {_shared_key(key)} "
        f"ORDER BY l.listed_code, l.listed_parent) = 1) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        if _any_shared(connection)
        else f"COPY (SELECT {columns} FROM {joined} WHERE n.our_code IS NOT NULL) "
        f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)",
        {"source": source},
    )
    placed.tables.append((spec, target))
    return Counter({(code, parent): count for code, parent, count in open_names})


def _any_shared(connection: duckdb.DuckDBPyConnection) -> bool:
    found: Any = connection.execute("SELECT coalesce(bool_or(shared), false) FROM names").fetchone()
    return bool(found[0])


def _column(name: str, *, plain: bool = False) -> str:
    if name == "source":
        return "'' " if plain else '$source AS "source"'
    if name == "place_code":
        return "n.our_code" if plain else 'n.our_code AS "place_code"'
    return f'l."{name}"'


def _shared_key(key: str) -> str:
    return f"n.shared, {key}"


def _repeated(connection: duckdb.DuckDBPyConnection, spec: TableSpec, joined: str) -> Counter[Key]:
    if not _any_shared(connection):
        return Counter()
    key = ", ".join(_column(name, plain=True) for name in spec.key)
    found = connection.execute(
        f"SELECT code, parent, count(*) FROM (SELECT l.listed_code AS code, coalesce(l.listed_parent, '') AS parent, "
        f"row_number() OVER (PARTITION BY {key} ORDER BY l.listed_code, l.listed_parent) AS place_in_line "
        f"FROM {joined} WHERE n.shared) WHERE place_in_line > 1 GROUP BY ALL"
    ).fetchall()
    return Counter({(code, parent): count for code, parent, count in found})
