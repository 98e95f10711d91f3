"""What stands in a published table, row by row, and where did it come from?

Any table of `kalanso.pipeline.tables.TABLES` that the reader may see. Words for its columns and
codes belong to `words`; pages and files made of the rows to the views.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.pipeline.tables import TABLES
from kalanso.store import Manifest, TableSpec

PAGE_ROWS = 50
BATCH_ROWS = 5_000
DEEPEST_ROW = 10_000  # further pages would sort the whole table; downloads hold every row
FILTERS = ("source", "indicator", "period", "level", "check", "category", "status", "severity")
CHOICES_AT_MOST = 400
NAMES = frozenset(spec.name for spec in TABLES)


class NoSuchTable(LookupError):
    """No table of this name may be seen here."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows of a table are wanted: values by column, a place with all below it, a snapshot."""

    values: tuple[tuple[str, str], ...] = ()
    place: str = ""
    as_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class TableCard:
    """One line of the list of tables."""

    spec: TableSpec
    manifest: Manifest | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some rows of a table, in its stable order."""

    rows: list[dict[str, Any]]
    total: int
    number: int
    pages: int
    first: int = field(default=0)

    @property
    def last(self) -> int:
        """How many of the chosen rows stand on this page and those before it."""
        return self.first + len(self.rows)


_ONE_DOWNLOAD = threading.Semaphore(1)


def listed(shelf: Shelf) -> list[TableSpec]:
    """Return the tables whose existence the reader may know of."""
    return [spec for spec in TABLES if shelf.sees(spec)]


def find(shelf: Shelf, name: str) -> TableSpec:
    """Return a table by name, or raise NoSuchTable; private tables do not exist for the reader."""
    for spec in listed(shelf):
        if spec.name == name:
            return spec
    raise NoSuchTable(name)


def cards(shelf: Shelf) -> list[TableCard]:
    """Return every visible table with its current snapshot."""
    return [TableCard(spec=spec, manifest=shelf.manifest(spec)) for spec in listed(shelf)]


def history(shelf: Shelf, spec: TableSpec) -> list[Manifest]:
    """Return the snapshots of a table, newest first."""
    return list(reversed(shelf.store.history(spec.name)))


def filters_of(spec: TableSpec) -> tuple[str, ...]:
    """Return the columns by which a table can be narrowed, besides the place."""
    return tuple(name for name in FILTERS if name in spec.column_names)


def choices(shelf: Shelf, spec_name: str, column: str, as_of: str | None) -> list[str]:
    """Return the values that a column takes, sorted; periods newest first."""
    return _choices(shelf.alike(find(shelf, spec_name)), spec_name, column, as_of)


@remembered
def _choices(shelf: Shelf, spec_name: str, column: str, as_of: str | None) -> list[str]:
    table = shelf.table(find(shelf, spec_name), as_of)
    found = shelf.arrow(table.select(column).distinct()).column(0).to_pylist()
    values = sorted((v for v in found if v), reverse=column == "period")
    return values[:CHOICES_AT_MOST]


def selected(shelf: Shelf, spec: TableSpec, selection: Selection) -> ir.Table:
    """Return the chosen rows of a table, unordered."""
    table = shelf.table(spec, selection.as_of)
    for column, value in selection.values:
        table = table.filter(table[column] == value)
    if selection.place:
        codes = sorted(places.below(shelf, selection.place))
        for column in ("place_code", "from_code"):
            if column in spec.column_names:
                return table.filter(table[column].isin(codes))
    return table


def _sees_everything(shelf: Shelf) -> bool:
    return shelf.scope.cleared and shelf.scope.places is None


@remembered
def count(shelf: Shelf, spec_name: str, selection: Selection) -> int:
    """Return how many rows were chosen."""
    spec = find(shelf, spec_name)
    manifest = shelf.manifest(spec, selection.as_of)
    if not selection.values and not selection.place and _sees_everything(shelf):
        return manifest.rows if manifest else 0
    return int(shelf.value(selected(shelf, spec, selection).count()))


@remembered
def page(shelf: Shelf, spec_name: str, selection: Selection, number: int) -> Page:
    """Return one page of the chosen rows, in the order of the table's key."""
    spec = find(shelf, spec_name)
    total = count(shelf, spec_name, selection)
    pages = max(1, -(-min(total, DEEPEST_ROW) // PAGE_ROWS))
    number = min(max(1, number), pages)
    first = (number - 1) * PAGE_ROWS
    ordered = selected(shelf, spec, selection).order_by(list(spec.key)).limit(PAGE_ROWS, offset=first)
    rows = shelf.rows(_without_bytes(spec, ordered))
    return Page(rows=rows, total=total, number=number, pages=pages, first=first)


def batches(shelf: Shelf, spec: TableSpec, selection: Selection) -> Iterator[pa.RecordBatch]:
    """Yield every chosen row in the same order as the pages, a batch at a time."""
    ordered = selected(shelf, spec, selection).order_by(list(spec.key))
    with tempfile.TemporaryDirectory(prefix="kalanso-rows-") as folder:
        path = Path(folder) / "rows.parquet"
        # Through a file, not as a stream: DuckDB 1.5 can wait for ever on a stream over kept tables.
        with _ONE_DOWNLOAD:  # each takes a whole engine's memory
            _without_bytes(spec, ordered).to_parquet(path)
        with pq.ParquetFile(path) as rows:
            yield from rows.iter_batches(batch_size=BATCH_ROWS)


def shown_columns(spec: TableSpec) -> list[str]:
    """Return the columns that people can read; outlines of places are drawn, not listed."""
    return [column.name for column in spec.columns if column.type != "bytes"]


def _without_bytes(spec: TableSpec, table: ir.Table) -> ir.Table:
    return table.select(*shown_columns(spec))
