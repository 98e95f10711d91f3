"""How do rows become files that never change?

Cuts rows into Parquet files by bucket and period, names each file by its checksum, and merges new
rows into the files whose days they touch. Which files form a snapshot is written by `manifests`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso.store.engines import Engine, read_parts
from kalanso.store.manifests import Part, sync_folder
from kalanso.store.tables import TableRefused, TableSpec

PART_ROWS = 1_000_000  # a part is cut at the next period once it holds this many rows
STAGE_APART_ROWS = 4_000_000  # above this, incoming rows are first split into one folder per period


class Mode(StrEnum):
    """What happens to stored rows when new ones come in."""

    MERGE = "merge"
    REPLACE_SOURCE = "replace_source"
    REPLACE_ALL = "replace_all"


@dataclass(frozen=True)
class Workshop:
    """Where parts live, where half-made files may lie, and the engine that cuts them."""

    folder: Path
    scratch: Path
    connection: duckdb.DuckDBPyConnection

    def path(self, sha256: str) -> Path:
        """Return where the part with this checksum stands."""
        return self.folder / sha256[:2] / f"{sha256}.parquet"


@contextmanager
def workshop(root: Path, *, memory: str, threads: int) -> Iterator[Workshop]:
    """Open a scratch folder and an engine with bounded memory, and clear both away."""
    scratch = root / "tmp" / f"{os.getpid()}-{uuid4().hex}"
    scratch.mkdir(parents=True)
    connection = duckdb.connect(
        config={"memory_limit": memory, "threads": threads, "temp_directory": str(scratch / "spill")}
    )
    try:
        yield Workshop(root / "parts", scratch, connection)
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


def stage(rows: pa.Table | pa.RecordBatchReader, spec: TableSpec, shop: Workshop) -> Path:
    """Write incoming rows, cast to the declared types, into one scratch file."""
    target = shop.scratch / "incoming.parquet"
    batches: Iterable[pa.Table] = (
        [rows] if isinstance(rows, pa.Table) else (pa.Table.from_batches([b]) for b in rows)
    )
    schema = pa.schema([pa.field(f.name, f.type) for f in spec.arrow_schema()])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(spec.arrow(batch))
    return target


def refuse_violations(spec: TableSpec, incoming: str, shop: Workshop) -> None:
    """Raise TableRefused, with an example, where a staged row breaks a rule or repeats a key."""
    rules = spec.violations_sql(incoming)
    counts = ", ".join(f"count(*) FILTER ({condition})" for _, condition in rules)
    found = shop.connection.execute(f"SELECT {counts} FROM {incoming}").fetchone() or ()
    for (rule, condition), count in zip(rules, found, strict=True):
        if count:
            example = (
                shop.connection.sql(f"SELECT * FROM {incoming} WHERE {condition} LIMIT 1")
                .to_arrow_table()
                .to_pylist()[0]
            )
            raise TableRefused(f"{spec.name}.{rule}; {count} rows do not comply, such as {example}")


def write_parts(
    spec: TableSpec, incoming: Path, current: Sequence[Part], shop: Workshop, *, mode: Mode
) -> list[Part]:
    """Return the parts of the table after the staged rows came in.

    In mode MERGE stored rows stay unless an incoming row has their key, and only files whose days
    are touched are rewritten. In mode REPLACE_SOURCE everything that shares the incoming rows'
    `part_by` values goes first; in mode REPLACE_ALL, everything.
    """
    source = f"read_parquet('{incoming}')"
    refuse_violations(spec, source, shop)
    total = pq.ParquetFile(incoming).metadata.num_rows
    slices = _slices(spec, source, shop)
    apart = _stage_apart(spec, source, shop) if total > STAGE_APART_ROWS else None
    buckets = _by_bucket(slices)
    kept = _that_stay(spec, current, buckets, mode)
    fresh: list[Part] = []
    for bucket, days in buckets.items():
        touched = [p for p in kept if tuple(p.bucket.values()) == bucket and _touches(p, days)]
        kept = [part for part in kept if part not in touched]
        fresh += _rewrite_bucket(spec, bucket, days, touched, source, apart, shop)
    return sorted([*kept, *fresh], key=_part_order)


def _that_stay(
    spec: TableSpec, current: Sequence[Part], buckets: Iterable[tuple[Any, ...]], mode: Mode
) -> list[Part]:
    if mode is Mode.MERGE:
        return list(current)
    if mode is Mode.REPLACE_ALL or not spec.part_by:
        return []
    width = len(spec.part_by)
    replaced = {bucket[:width] for bucket in buckets}
    return [part for part in current if tuple(part.bucket.values())[:width] not in replaced]


def _bucket_names(spec: TableSpec) -> list[str]:
    return [*spec.part_by, *(["year"] if spec.period_column else [])]


def _bucket_sql(spec: TableSpec) -> list[str]:
    names = [f'"{name}"' for name in spec.part_by]
    return [*names, *([f'year("{spec.period_column}")'] if spec.period_column else [])]


def _slices(spec: TableSpec, source: str, shop: Workshop) -> list[tuple[Any, ...]]:
    columns = [*_bucket_sql(spec), f'"{spec.period_column}"' if spec.period_column else "NULL::DATE"]
    listed = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(columns))
    names = ", ".join(f"c{i}" for i in range(len(columns)))
    query = f"SELECT {names}, count(*) FROM (SELECT {listed} FROM {source}) GROUP BY ALL ORDER BY ALL"
    return shop.connection.execute(query).fetchall()


def _by_bucket(slices: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], dict[Any, int]]:
    buckets: dict[tuple[Any, ...], dict[Any, int]] = {}
    for *bucket, day, count in slices:
        buckets.setdefault(tuple(bucket), {})[day] = count
    return buckets


def _touches(part: Part, days: dict[Any, int]) -> bool:
    if part.first_day is None or part.last_day is None:
        return True
    return any(part.first_day <= str(day) <= part.last_day for day in days)


def _stage_apart(spec: TableSpec, source: str, shop: Workshop) -> Path:
    """Split a large staged file into one folder per period, so that each can be sorted in memory."""
    folder = shop.scratch / "apart"
    columns = ", ".join(f"{sql} AS k{i}" for i, sql in enumerate(_bucket_sql(spec)))
    names = [f"k{i}" for i in range(len(_bucket_sql(spec)))]
    if spec.period_column:
        columns += f', "{spec.period_column}" AS kday'
        names.append("kday")
    shop.connection.execute("SET partitioned_write_max_open_files = 200")
    shop.connection.execute(
        f"COPY (SELECT *, {columns} FROM {source}) TO '{folder}' "
        f"(FORMAT parquet, PARTITION_BY ({', '.join(names)}), COMPRESSION zstd)"
    )
    return folder


def _incoming(
    spec: TableSpec, bucket: tuple[Any, ...], days: list[Any], source: str, apart: Path | None
) -> str:
    names = ", ".join(f'"{name}"' for name in spec.column_names)
    if apart is not None and spec.period_column:
        leaf = "/".join(f"k{i}={_hive(value)}" for i, value in enumerate(bucket))
        files = ", ".join(f"'{apart}/{leaf}/kday={day}/*.parquet'" for day in days)
        return f"(SELECT {names} FROM read_parquet([{files}], hive_partitioning = false))"
    terms = [f"{sql} = {_literal(value)}" for sql, value in zip(_bucket_sql(spec), bucket, strict=True)]
    if spec.period_column:
        terms.append(f'"{spec.period_column}" IN ({", ".join(_literal(day) for day in days)})')
    where = f" WHERE {' AND '.join(terms)}" if terms else ""
    return f"(SELECT {names} FROM {source}{where})"


def _hive(value: Any) -> str:
    return quote(str(value), safe="")


def _literal(value: Any) -> str:
    if isinstance(value, (int, float)):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _rewrite_bucket(
    spec: TableSpec,
    bucket: tuple[Any, ...],
    days: dict[Any, int],
    touched: list[Part],
    source: str,
    apart: Path | None,
    shop: Workshop,
) -> list[Part]:
    old = _old_rows(spec, touched, shop)
    sizes = dict(days)
    if old and spec.period_column:
        query = f'SELECT "{spec.period_column}", count(*) FROM {old} GROUP BY 1'
        for day, count in shop.connection.execute(query).fetchall():
            sizes[day] = sizes.get(day, 0) + count
    made = []
    for group in _cuts(sizes):
        new = _incoming(spec, bucket, group, source, apart)
        made.append(_write_part(spec, bucket, group, new, old, shop))
    return [part for part in made if part is not None]


def _cuts(sizes: dict[Any, int]) -> list[list[Any]]:
    """Group days so that a group ends once it holds enough rows; the same days give the same cut."""
    groups: list[list[Any]] = [[]]
    held = 0
    for day in sorted(sizes, key=str):
        if held >= PART_ROWS or (groups[-1] and held + sizes[day] > 2 * PART_ROWS):
            groups.append([])
            held = 0
        groups[-1].append(day)
        held += sizes[day]
    return groups


def _old_rows(spec: TableSpec, touched: list[Part], shop: Workshop) -> str | None:
    if not touched:
        return None
    stale = {part.schema_version for part in touched} - {spec.version}
    if stale:
        return _upgraded(spec, touched, shop)
    files = ", ".join(f"'{shop.path(part.sha256)}'" for part in touched)
    return f"read_parquet([{files}])"


def _upgraded(spec: TableSpec, touched: list[Part], shop: Workshop) -> str:
    target = shop.scratch / f"upgraded-{uuid4().hex}.parquet"
    table = read_parts(spec, [(shop.path(p.sha256), p.schema_version) for p in touched], Engine.duckdb())
    pq.write_table(spec.arrow(table.to_pyarrow()), target)
    return f"read_parquet('{target}')"


def _write_part(
    spec: TableSpec, bucket: tuple[Any, ...], days: list[Any], new: str, old: str | None, shop: Workshop
) -> Part | None:
    key = ", ".join(f'"{name}"' for name in spec.key)
    _refuse_repeats(spec, new, key, shop)
    names = ", ".join(f'"{name}"' for name in spec.column_names)
    rows = f"SELECT {names} FROM {new}"
    if old:
        same = " AND ".join(f'i."{k}" IS NOT DISTINCT FROM o."{k}"' for k in spec.key)
        within = ""
        if spec.period_column:
            within = f'o."{spec.period_column}" IN ({", ".join(_literal(day) for day in days)}) AND '
        rows += (
            f" UNION ALL SELECT {names} FROM {old} o WHERE {within}"
            f"NOT EXISTS (SELECT 1 FROM {new} i WHERE {same})"
        )
    order = ", ".join(f'"{name}"' for name in dict.fromkeys([*filter(None, [spec.period_column]), *spec.key]))
    draft = shop.scratch / f"{uuid4().hex}.parquet"
    shop.connection.execute(
        f"COPY (SELECT * FROM ({rows}) ORDER BY {order}) TO '{draft}' (FORMAT parquet, COMPRESSION zstd)"
    )
    count = pq.ParquetFile(draft).metadata.num_rows
    if not count:
        return None
    sha256 = file_sha256(draft)
    size = draft.stat().st_size
    _keep(draft, shop.path(sha256))
    named = dict(zip(_bucket_names(spec), bucket, strict=True))
    dated = [str(day) for day in days if day is not None]
    return Part(
        sha256=sha256, rows=count, bytes=size, schema_version=spec.version, bucket=named,
        first_day=dated[0] if dated else None, last_day=dated[-1] if dated else None,
    )  # fmt: skip


def _refuse_repeats(spec: TableSpec, new: str, key: str, shop: Workshop) -> None:
    repeated = (
        shop.connection.sql(
            f"SELECT {key}, count(*) AS times FROM {new} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
        )
        .to_arrow_table()
        .to_pylist()
    )
    if repeated:
        raise TableRefused(
            f"{spec.name}: two rows have the same key {repeated[0]}; keep one of them and try again"
        )


def _keep(draft: Path, target: Path) -> None:
    if target.exists():
        draft.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    draft.replace(target)
    sync_folder(target.parent)


def _part_order(part: Part) -> tuple[str, str, str]:
    return (str(list(part.bucket.values())), part.first_day or "", part.sha256)


def file_sha256(path: Path) -> str:
    """Return the checksum of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
