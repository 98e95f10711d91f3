"""How many people, births and surviving infants does a published table state?

Reads population by place (censuses, OCHA's COD-PS projections, lists of a statistics office) and by
year (UN World Population Prospects, births and surviving infants as WHO and UNICEF use them), as
observations of the population codes. Which of them is the denominator is not decided here.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from kalanso.sources.faults import BadFile
from kalanso.sources.listed_rows import Ledger, ListedRows, find_rows
from kalanso.sources.population_tables import BY_PLACE, BY_YEAR, Collected, read_by_place, read_by_year
from kalanso.sources.readings import LISTED_PLACES, Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.workbooks import Limits, Workbook, open_workbook

_Take = Callable[[ListedRows, Ledger, Collected], None]


def read(
    path: Path, *, country: str, year: int | None = None, level: str = "", vintage: str = "",
    limits: Limits | None = None,
) -> Reading:  # fmt: skip
    """Return the population of one country, as rows of LISTED_OBSERVATIONS.

    Tables by place state no year: it is `year`, or the one in the name of the file. `level` is that
    of their places where the headings do not tell. `vintage` is the edition. Values are persons;
    rates are shares. The receipt counts values. Raises BadFile where the headings are of no known
    table or the year is missing.
    """
    path = Path(path)
    book = _open(path, limits)
    found = find_rows(book, (*BY_YEAR, *BY_PLACE), reader="population")
    receipt = Receipt(reader="population", file_name=path.name, unit="values")
    ledger = Ledger(receipt=receipt, sheet=found.sheet.name)
    collected = Collected(country=country, file=path.name, year=year, level=level)
    take: _Take = read_by_year if found.dialect in BY_YEAR else read_by_place
    take(found, ledger, collected)
    receipt.check()
    source, edition = collected.name(found.dialect.name, vintage)
    return Reading(
        receipt=receipt, system=found.dialect.name, vintage=edition,
        places=pa.Table.from_pylist(collected.places, schema=LISTED_PLACES),
        observations=collected.table(),
        counted=collected.counted(), facts={"source": source},
    )  # fmt: skip


def _open(path: Path, limits: Limits | None) -> Workbook:
    """Open a table; the UN publishes its large ones packed with gzip."""
    limits = limits or Limits()
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
    except OSError:
        packed = False
    if not packed:
        return open_workbook(path, limits=limits)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / (path.name.removesuffix(".gz") or "table.csv")
        size = 0
        try:
            with gzip.open(path) as stream, target.open("wb") as out:
                while piece := stream.read(1 << 20):
                    size += len(piece)
                    if size > limits.file_bytes:
                        raise BadFile(
                            "sources.file.too_large",
                            file=path,
                            size=size / (1 << 20),
                            limit=limits.file_bytes / (1 << 20),
                        )
                    out.write(piece)
        except (OSError, EOFError) as error:
            raise BadFile("sources.file.damaged_archive", file=path) from error
        return open_workbook(target, limits=limits)
