"""How is a long CSV table read that memory cannot hold?

Reads a table of any length in batches with bounded memory and writes one Parquet file of
observations. What a row means is decided by the same rules as in `mapped`; repetitions are found by
DuckDB, which spills to disk.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from kalanso.sources import settling
from kalanso.sources.column_maps import ColumnMap
from kalanso.sources.faults import BadFile
from kalanso.sources.layouts import Layout, lay_out
from kalanso.sources.long_text import LongText, Utf8Stream, open_long_text
from kalanso.sources.observation_rows import listed_places
from kalanso.sources.readings import Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.row_judge import file_notes, refuse_without_data
from kalanso.sources.staging import STAGED, Stager
from kalanso.sources.workbooks import Sheet

STREAM_FROM = 1 << 20  # bytes; below, either way takes a moment
BLOCK = 16 << 20
HEADING_ROWS = 500

Progress = Callable[[str, float], None]
Cancel = Callable[[], bool]


class ReadingCancelled(RuntimeError):
    """The person who started the import stopped it; nothing was kept."""


def can_stream(column_map: ColumnMap) -> bool:
    """Return whether a map describes a table whose rows can be understood one by one.

    The period must stand in columns, and nothing may be filled from the row above.
    """
    in_headings = {"period", "month", "year"} & set(column_map.wide)
    timed = column_map.period.column or column_map.period.month
    return bool(timed) and not in_headings and not column_map.fill_down and column_map.file.last_row is None


def should_stream(path: Path, column_map: ColumnMap) -> bool:
    """Return whether a file is a text long enough to be streamed, and its map admits it."""
    if not path.is_file() or path.stat().st_size < STREAM_FROM or not can_stream(column_map):
        return False
    with path.open("rb") as stream:
        return not stream.read(2).startswith(b"PK")


def read_long_csv(
    path: Path,
    column_map: ColumnMap,
    *,
    scratch: Path,
    memory: str = "2GB",
    threads: int = 2,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Reading:
    """Return the numbers of a long CSV table; `observations` is a Parquet file in `scratch`.

    `memory` bounds DuckDB; reading itself takes a few hundred megabytes whatever the length.
    `progress` is told a message id and the share done. Rejections are listed up to a number and
    counted beyond. Raises BadFile as `mapped.read` does, ReadingCancelled when `cancel` says so.
    """
    if not can_stream(column_map):
        raise BadFile("sources.file.cannot_stream", file=path)
    form = column_map.file
    text = open_long_text(path, encoding=form.encoding, separator=form.separator)
    layout = _layout(text, column_map)
    receipt = Receipt(reader="tables", file_name=path.name)
    target = scratch / f"observations-{uuid4().hex}.parquet"
    staged = scratch / f"staged-{uuid4().hex}.parquet"
    scratch.mkdir(parents=True, exist_ok=True)
    watch = _Watch(progress or (lambda _step, _share: None), cancel or (lambda: False), path.stat().st_size)
    try:
        stager = _stage(text, column_map, layout, receipt, staged, threads, watch)
        with _engine(scratch, memory, threads) as connection:
            places = settling.settle(stager, staged, target, connection, tick=watch.settling)
        refuse_without_data(receipt, "")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        staged.unlink(missing_ok=True)
    receipt.notes += file_notes(text.encoding, text.separator, "", layout)
    receipt.check()
    return Reading(
        receipt=receipt,
        system=column_map.place.system,
        vintage=column_map.place.vintage,
        places=listed_places(places, column_map),
        observations=target,
        licence=column_map.licence,
        facts={"encoding": text.encoding, "separator": text.separator},
    )


@dataclass(frozen=True)
class _Watch:
    """Tells how far the work is, and stops it when asked."""

    progress: Progress
    cancel: Cancel
    size: int

    def reading(self, read: int) -> None:
        self._tell("sources.progress.reading", 0.7 * min(read / max(self.size, 1), 1))

    def settling(self, share: float) -> None:
        self._tell("sources.progress.writing", 0.7 + 0.3 * share)

    def _tell(self, step: str, share: float) -> None:
        if self.cancel():
            raise ReadingCancelled("the import was stopped")
        self.progress(step, share)


def _engine(scratch: Path, memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    spill = scratch / "spill"
    return duckdb.connect(config={"memory_limit": memory, "threads": threads, "temp_directory": str(spill)})


def _layout(text: LongText, column_map: ColumnMap) -> Layout:
    rows = text.first_rows()
    headings = max(column_map.file.headings)
    if headings > min(len(rows), HEADING_ROWS):
        raise BadFile("sources.file.no_headings", file=text.path, row=headings)
    # Only headings: columns without one are judged row by row.
    width = max(len(row) for row in rows[:headings])
    squared: list[list[str | None]] = [[*row, *[None] * (width - len(row))] for row in rows[:headings]]
    return lay_out(Sheet(file=text.path.name, name="", rows=squared), column_map)  # type: ignore[arg-type]


def _stage(
    text: LongText, column_map: ColumnMap, layout: Layout, receipt: Receipt, staged: Path, threads: int, watch: _Watch
) -> Stager:  # fmt: skip
    """Judge all rows into a file of STAGED rows; a first try expects no ragged rows."""
    for ragged in (False, True):
        fresh = Receipt(reader=receipt.reader, file_name=receipt.file_name)
        stager = Stager(column_map, layout, fresh)
        try:
            rows = _stage_once(text, layout, stager, staged, watch, ragged=ragged, threads=threads)
        except _Ragged:
            continue
        receipt.__dict__.update(fresh.__dict__)
        stager.receipt = stager.judge.receipt = receipt
        _count(receipt, layout, rows)
        return stager
    raise AssertionError("a ragged table was read as a regular one twice")


def _count(receipt: Receipt, layout: Layout, rows: int) -> None:
    width = len(layout.values)
    receipt.unit = "rows" if width == 1 else "values"
    receipt.read = rows + layout.first_row - 1 if width == 1 else rows * width
    if width == 1:
        receipt.skipped["sources.skipped.heading"] += layout.first_row - 1


class _Ragged(Exception):
    """A row has another number of cells than the headings; its place is known only without threads."""


def _stage_once(
    text: LongText, layout: Layout, stager: Stager, staged: Path, watch: _Watch, *, ragged: bool, threads: int
) -> int:
    """Write staged rows and return how many rows stood below the headings."""
    odd: list[tuple[int, str]] = []

    def on_odd(row: pc.InvalidRow) -> str:
        odd.append((row.number, row.text))
        return "skip" if ragged else "error"

    try:
        return _stage_batches(
            text, layout, stager, staged, odd, watch, on_odd, threads=1 if ragged else threads
        )
    except BadFile:
        if odd and not ragged:
            raise _Ragged from None
        raise


def _stage_batches(
    text: LongText, layout: Layout, stager: Stager, staged: Path, odd: list[tuple[int, str]], watch: _Watch,
    on_odd: Callable[[pc.InvalidRow], str], *, threads: int,
) -> int:  # fmt: skip
    done = taken = 0
    with pq.ParquetWriter(staged, STAGED, compression="lz4", use_dictionary=False) as writer:
        for batch in _batches(text, layout, on_odd, threaded=threads > 1, watch=watch):
            rows = _row_numbers(np.arange(done, done + batch.num_rows), odd)
            writer.write_table(stager.stage(batch, rows + layout.first_row))
            done += batch.num_rows
            last = int(rows[-1]) + 1 if len(rows) else 0
            while taken < len(odd) and odd[taken][0] <= last:
                _odd_row(stager, text, layout, *odd[taken])
                taken += 1
        for number, line in odd[taken:]:
            _odd_row(stager, text, layout, number, line)
        writer.write_table(stager.finish())
    return done + len(odd)


def _row_numbers(regular: np.ndarray, odd: list[tuple[int, str]]) -> np.ndarray:
    """Return the places from 0 of regular rows, given the places from 1 of the odd ones among them."""
    if not odd:
        return regular
    before = np.array([number - 1 - i for i, (number, _) in enumerate(odd)])
    return regular + np.searchsorted(before, regular, side="right")


def _odd_row(stager: Stager, text: LongText, layout: Layout, number: int, line: str) -> None:
    cells: list[str | None] = list(next(csv.reader([line], delimiter=text.separator), []))
    cells += [None] * (len(layout.headings) - len(cells))
    stager.slow_row(number + layout.first_row - 1, cells)


def _batches(
    text: LongText, layout: Layout, on_odd: Callable[[pc.InvalidRow], str], *, threaded: bool, watch: _Watch
) -> Iterator[pa.RecordBatch]:
    """Give batches of text; columns that the map uses come as words with a dictionary."""
    names = [f"c{i}" for i in range(layout.width)]
    used = {0, *layout.roles.values(), *(value.index for value in layout.values)}
    words = pa.dictionary(pa.int32(), pa.string())
    types = {name: words if i in used else pa.string() for i, name in enumerate(names)}
    source = Utf8Stream(text, skip_lines=text.lines_before(layout.first_row), seen=watch.reading)
    try:
        with source, pc.open_csv(
            pa.PythonFile(source, mode="r"),
            read_options=pc.ReadOptions(use_threads=threaded, block_size=BLOCK, column_names=names),
            parse_options=pc.ParseOptions(
                delimiter=text.separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=on_odd
            ),
            convert_options=pc.ConvertOptions(column_types=types, strings_can_be_null=False),
        ) as reader:  # fmt: skip
            yield from reader
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return
        raise BadFile("sources.file.not_a_csv", file=text.path, found=str(error)) from error
