"""How does a run of the estimate become files that are complete or absent?

Each table as Parquet and as CSV, and `diagnostics.json`, which is written last: a folder without it
holds no finished run. The same draws give the same bytes of every table.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from kalanso.coverage import tables
from kalanso.coverage.comparison_tables import LATER_TABLES
from kalanso.coverage.declared import declared_schema

if TYPE_CHECKING:
    from kalanso.coverage.posterior import Posterior

DIAGNOSTICS = "diagnostics.json"
CHECKPOINT = ".checkpoint"
WRITING = ".writing"
ASSUMING = ".assumptions"  # points of the grid that are done
ASSUMED = "assumptions.json"
STATUS = "status.json"  # of a computation behind the pages
LOG, LOCK = "computation.log", "computation.lock"
WARM = "warm.npz"  # from which a later run starts
ROWS_AT_ONCE = 1_000_000  # of draws, so that memory stays small


class NotARun(ValueError):
    """The folder for results holds something else."""


def write_run(
    out: Path, run: Mapping[str, pa.Table], posterior: Posterior, diagnostics: Mapping[str, Any]
) -> dict[str, int]:
    """Write all tables, the draws and the diagnostics into a folder; return the rows of each table.

    Files are completed in a folder of their own and then moved. A process that is killed leaves the
    earlier run, or a folder without `diagnostics.json`. Files of others in the folder stay.
    """
    out = Path(out)
    draft = _fresh(out / WRITING)
    rows = {name: table.num_rows for name, table in run.items()}
    for name, table in run.items():
        pq.write_table(table, draft / f"{name}.parquet", compression="zstd")
        _write_csv(draft / f"{name}.csv", table.schema, iter([table]))
    rows["draws"] = _write_draws(draft, posterior)
    if posterior.warm_start:
        with (draft / WARM).open("wb") as stream:
            arrays: dict[str, Any] = {name: np.asarray(one) for name, one in posterior.warm_start.items()}
            np.savez(stream, **arrays)
    document = {**diagnostics, "tables": rows}
    (draft / DIAGNOSTICS).write_text(as_json(document), encoding="utf-8")
    _move(draft, out)
    return rows


def write_later(out: Path, run: Mapping[str, pa.Table], account: Mapping[str, Any]) -> dict[str, int]:
    """Write tables that are made after a run into its folder, and return the rows of each.

    `assumptions.json` (the account) is written last: without it the tables are not complete.
    """
    out = Path(out)
    draft = _fresh(out / WRITING)
    rows = {name: table.num_rows for name, table in run.items()}
    for name, table in run.items():
        pq.write_table(table, draft / f"{name}.parquet", compression="zstd")
        _write_csv(draft / f"{name}.csv", table.schema, iter([table]))
    (draft / ASSUMED).write_text(as_json({**account, "tables": rows}), encoding="utf-8")
    (out / ASSUMED).unlink(missing_ok=True)
    for path in sorted(draft.iterdir(), key=lambda one: one.name == ASSUMED):
        path.replace(out / path.name)
    draft.rmdir()
    return rows


def write_refusal(out: Path, diagnostics: Mapping[str, Any]) -> None:
    """Write the diagnostics of a run that may not be published, and take away the tables before it."""
    out = Path(out)
    draft = _fresh(out / WRITING)
    (draft / DIAGNOSTICS).write_text(as_json({**diagnostics, "tables": {}}), encoding="utf-8")
    _move(draft, out)


def may_write(out: Path) -> None:
    """Raise NotARun where a folder holds other files than those of a run."""
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise NotARun(f"{out}: expected a folder for the results, found a file; choose another")
    known = {*_names(), CHECKPOINT, WRITING, ASSUMING, STATUS, LOG, LOCK}
    strangers = sorted(path.name for path in out.iterdir() if path.name not in known) if out.is_dir() else []
    if strangers and not (out / DIAGNOSTICS).is_file():
        raise NotARun(
            f"{out}: expected an empty folder or an earlier run, found {', '.join(strangers[:5])}; choose another"
        )


def as_json(document: Mapping[str, Any]) -> str:
    """Return plain text of numbers, texts and lists; arrays become lists, NaN becomes null."""
    return json.dumps(_plain(document), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _names() -> list[str]:
    specs = (*tables.RUN_TABLES, *LATER_TABLES)
    kinds = [f"{spec.name}.{kind}" for spec in specs for kind in ("parquet", "csv")]
    return [*kinds, ASSUMED, WARM, DIAGNOSTICS]


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _move(draft: Path, out: Path) -> None:
    (out / DIAGNOSTICS).unlink(missing_ok=True)
    for name in _names():
        if name != DIAGNOSTICS and not (draft / name).exists():
            (out / name).unlink(missing_ok=True)
    for path in sorted(draft.iterdir(), key=lambda one: one.name == DIAGNOSTICS):
        path.replace(out / path.name)
    draft.rmdir()


def draws_schema(posterior: Posterior) -> pa.Schema:
    """Return the columns of the draws: coverage bears the names of the run's two doses."""
    named = {"dtp1_coverage": posterior.indicators[0], "dtp3_coverage": posterior.indicators[1]}
    return pa.schema(
        [
            field.with_name(f"{named[field.name]}_coverage") if field.name in named else field
            for field in declared_schema(tables.DRAWS)
        ]
    )


def draw_rows(posterior: Posterior) -> Iterator[pa.Table]:
    """Yield the draws place by place: all quarters of some areas, then all draws of a quarter."""
    draws, areas, quarters = posterior.surviving_infants.shape
    schema = draws_schema(posterior)
    at_once = max(1, ROWS_AT_ONCE // max(draws * quarters, 1))
    periods = pa.array(list(posterior.periods), pa.string())
    codes = pa.array(list(posterior.areas), pa.string())
    number = np.tile(np.arange(1, draws + 1), quarters)
    for first in range(0, areas, at_once):
        some = range(first, min(first + at_once, areas))
        place = np.repeat(np.fromiter(some, np.int64), draws * quarters)
        quarter = np.tile(np.repeat(np.arange(quarters), draws), len(some))
        third = posterior.dtp3_coverage
        size = len(place)
        columns = [
            codes.take(pa.array(place)), periods.take(pa.array(quarter)),
            pa.array(np.tile(number, len(some)), pa.int64()),
            _ravelled(posterior.dtp1_coverage, some),
            pa.nulls(size, pa.float32()) if third is None else _ravelled(third, some),
            _ravelled(posterior.surviving_infants, some),
        ]  # fmt: skip
        yield pa.Table.from_arrays(columns, schema=schema)


def _ravelled(values: np.ndarray, some: range) -> pa.Array:
    """Return (draws, areas, quarters) as one column: area, then quarter, then draw."""
    part = np.asarray(values[:, some.start : some.stop, :], dtype=np.float32)
    return pa.array(np.ascontiguousarray(part.transpose(1, 2, 0)).ravel(), pa.float32())


def _write_draws(draft: Path, posterior: Posterior) -> int:
    schema = draws_schema(posterior)
    rows = 0
    # Shares of bytes compress numbers that differ in their last digits only.
    split = [field.name for field in schema if field.type == pa.float32()]
    with pq.ParquetWriter(
        draft / "draws.parquet", schema, compression="zstd", use_dictionary=["place_code", "period", "draw"],
        use_byte_stream_split=split,
    ) as writer:  # fmt: skip
        for part in draw_rows(posterior):
            writer.write_table(part)
            rows += part.num_rows
    _write_csv(draft / "draws.csv", schema, draw_rows(posterior))
    return rows


def _write_csv(path: Path, schema: pa.Schema, parts: Iterator[pa.Table]) -> None:
    texts = [field.name for field in schema if field.type == pa.string()]
    path.write_text(",".join(schema.names) + "\n", encoding="utf-8")
    with path.open("ab") as stream:
        for part in parts:
            # Quotation marks stand only where a text needs them.
            risky = any(_risky(part.column(name)) for name in texts)
            options = pa_csv.WriteOptions(include_header=False, quoting_style="needed" if risky else "none")
            pa_csv.write_csv(part, stream, options)


def _risky(texts: pa.ChunkedArray) -> bool:
    distinct = [text for text in texts.unique().to_pylist() if text]
    return any(mark in text for text in distinct for mark in ',"\n\r')
