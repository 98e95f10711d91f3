"""What stands in a published table, row by row, and where did it come from?

Any table of `kalanso.pipeline.tables.TABLES` that the reader may see. Words for its columns and
codes belong to `words`; pages and files made of the rows to the views.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.shelf import Shelf, put_together, remembered
from kalanso.hub.explore.queries.words import SENTENCES
from kalanso.pipeline.tables import TABLES
from kalanso.sources.tables import IMPORTS
from kalanso.store import Manifest, TableSpec

PAGE_ROWS = 50
BATCH_ROWS = 5_000
DEEPEST_ROW = 10_000  # further pages would sort the whole table; downloads hold every row
FILTERS = ("analysis", "source", "indicator", "period", "level", "check", "category", "status", "severity")
CHOICES_AT_MOST = 400
COUNTED_IN_LISTS = 10_000  # rows of a table of which some are withheld
IMPORTS_SHOWN = 20
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
    rows: int | None = None  # that the reader sees; withheld ones are never counted


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some rows of a table, in its stable order."""

    rows: list[dict[str, Any]]
    total: int
    number: int
    pages: int
    first: int = field(default=0)
    most: int = DEEPEST_ROW  # rows that pages lead to

    @property
    def last(self) -> int:
        """How many of the chosen rows stand on this page and those before it."""
        return self.first + len(self.rows)


_ONE_DOWNLOAD = threading.Semaphore(1)
_BY_NAME = {spec.name: spec for spec in TABLES}


def listed(shelf: Shelf) -> list[TableSpec]:
    """Return the tables whose existence the reader may know of."""
    return [spec for spec in TABLES if shelf.sees(spec)]


def knows(shelf: Shelf, name: str) -> bool:
    """Whether the reader may know of a table of this name."""
    spec = _BY_NAME.get(name)
    return spec is not None and shelf.sees(spec)


def find(shelf: Shelf, name: str) -> TableSpec:
    """Return a table by name, or raise NoSuchTable; private tables do not exist for the reader."""
    if not knows(shelf, name):
        raise NoSuchTable(name)
    return _BY_NAME[name]


def counted(shelf: Shelf) -> list[TableCard]:
    """Return every visible table with its current snapshot and how many rows of it the reader sees.

    Large tables that withhold rows are counted on their own pages alone: a list must not wait for all of them.
    """
    return [
        replace(card, rows=seen(shelf, card.spec))
        if card.manifest and _is_soon_counted(shelf, card)
        else card
        for card in cards(shelf)
    ]


def _is_soon_counted(shelf: Shelf, card: TableCard) -> bool:
    whole = sees_everything(shelf) or _is_open(shelf, card.spec)
    return whole or (card.manifest is not None and card.manifest.rows <= COUNTED_IN_LISTS)


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
    values = sorted({str(v) for v in found if v}, reverse=column == "period")
    return values[:CHOICES_AT_MOST]


def selected(shelf: Shelf, spec: TableSpec, selection: Selection) -> ir.Table:
    """Return the chosen rows of a table, unordered."""
    table = shelf.table(spec, selection.as_of)
    for column, value in selection.values:
        table = table.filter(table[column].cast("string") == value)
    if selection.place:
        codes = sorted(places.below(shelf, selection.place))
        for column in ("place_code", "from_code"):
            if column in spec.column_names:
                return table.filter(table[column].isin(codes))
    return table


def sees_everything(shelf: Shelf) -> bool:
    """Whether no row of any table is withheld from the reader."""
    return shelf.scope.cleared and shelf.scope.places is None


def _is_open(shelf: Shelf, spec: TableSpec) -> bool:
    """Whether the table withholds no row from anybody who may open it, so that nothing needs to be counted."""
    guarded = spec.security or spec.suppression or spec.names_places
    return not guarded and not shelf.scope.holds(spec)


@remembered
def newest_imports(shelf: Shelf) -> list[dict[str, Any]]:
    """Return the receipts of the newest imports."""
    return shelf.rows(shelf.table(IMPORTS).order_by(ibis.desc("imported_at")).limit(IMPORTS_SHOWN))


@remembered
def count(shelf: Shelf, spec_name: str, selection: Selection) -> int:
    """Return how many rows were chosen."""
    spec = find(shelf, spec_name)
    manifest = shelf.manifest(spec, selection.as_of)
    if not selection.values and not selection.place and (sees_everything(shelf) or _is_open(shelf, spec)):
        return manifest.rows if manifest else 0
    return int(shelf.value(selected(shelf, spec, selection).count()))


@remembered
def _rows_by_place(shelf: Shelf, spec_name: str) -> dict[str, int]:
    spec = find(shelf, spec_name)
    by = shelf.table(spec).group_by(spec.place_column).agg(rows=lambda t: t.count())
    return {row[str(spec.place_column)]: row["rows"] for row in shelf.rows(by)}


def seen(shelf: Shelf, spec: TableSpec) -> int:
    """Return how many rows of a table the reader sees: the one number that pages tell of its size."""
    near = shelf.alike(spec)
    if near.scope.places is None or shelf.parted(spec) is None:
        return count(near, spec.name, Selection())
    return sum(put_together(shelf, spec, lambda of: _rows_by_place(of, spec.name)).values())


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
    return Page(rows=rows, total=total, number=number, pages=pages, first=first, most=DEEPEST_ROW)


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


def told_columns(spec: TableSpec) -> list[str]:
    """Return the columns of a page: what a sentence says stands in files alone."""
    within = {params for message, params in SENTENCES.items() if message in spec.column_names}
    within |= {"detail"} if "message" in spec.column_names else set()
    return [name for name in shown_columns(spec) if name not in within]


def _without_bytes(spec: TableSpec, table: ir.Table) -> ir.Table:
    return table.select(*shown_columns(spec))
