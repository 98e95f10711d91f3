"""How do the pieces of a pull become the values that stand on the server now?

What came is laid over what stood after the last pull, by (element, period, place, option, attribute):
the row that was saved last counts, and a deleted one takes its value away. A full pull replaces
everything in the months and forms that it read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso.sources.dhis2.values import KEY, SCHEMA

_KEY = ", ".join(f'"{name}"' for name in KEY)
_SAME = " AND ".join(f'n."{name}" = o."{name}"' for name in KEY)


@dataclass(frozen=True, kw_only=True)
class Laid:
    """Rows that came, and how many values are new, others than before, or no longer there."""

    received: int
    added: int
    altered: int
    removed: int


def lay_over(
    pieces: Sequence[Path], base: Path | None, target: Path, *, elements: Iterable[str], periods: Iterable[str],
    whole: bool, connection: duckdb.DuckDBPyConnection,
) -> Laid:  # fmt: skip
    """Write the values that stand now to a Parquet file and return what changed.

    `whole` says that the pieces hold everything about the elements and periods given, so that what they
    do not repeat is gone; otherwise they hold changes alone. Rows of periods never read are left out.
    """
    connection.register("wanted_periods", pa.table({"period": pa.array(sorted(set(periods)), pa.string())}))
    connection.register("read_elements", pa.table({"element": pa.array(sorted(set(elements)), pa.string())}))
    received = sum(pq.ParquetFile(path).metadata.num_rows for path in pieces)
    connection.execute(
        # One row per key: the last saved, and of two saved together the one that still holds.
        f"CREATE OR REPLACE TEMP TABLE came AS SELECT {_KEY}, unnest(arg_max({{'value': \"value\", 'saved': saved, "
        f"'deleted': deleted}}, saved || (NOT deleted)::VARCHAR)) FROM {_of(pieces)} GROUP BY {_KEY}"
    )
    wanted = "period IN (SELECT period FROM wanted_periods)"
    gone = f"({wanted} AND element IN (SELECT element FROM read_elements))" if whole else "false"
    # Months that an earlier pull read go on being kept up.
    inside = f"({wanted} OR period IN (SELECT period FROM stood))"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW stood AS SELECT * FROM {_of([base] if base else [])}")
    draft = target.with_suffix(".tmp")
    connection.execute(
        f'COPY (SELECT {_KEY}, "value", saved, deleted FROM came WHERE NOT deleted AND {inside} UNION ALL '
        f'SELECT {_KEY}, "value", saved, deleted FROM stood o WHERE NOT {gone} AND NOT EXISTS '
        f"(SELECT 1 FROM came n WHERE {_SAME})) TO '{draft}' (FORMAT parquet, COMPRESSION zstd)"
    )
    counts = connection.execute(
        f"WITH n AS (SELECT * FROM read_parquet('{draft}')) SELECT "
        f"(SELECT count(*) FROM n ANTI JOIN stood o ON {_SAME}), "
        f'(SELECT count(*) FROM n JOIN stood o ON {_SAME} WHERE n."value" IS DISTINCT FROM o."value"), '
        f"(SELECT count(*) FROM stood o ANTI JOIN n ON {_SAME})"
    ).fetchall()[0]
    connection.execute("DROP TABLE came")
    draft.replace(target)
    added, altered, removed = (int(count) for count in counts)
    return Laid(received=received, added=added, altered=altered, removed=removed)


def lay_reports(
    pieces: Sequence[Path], base: Path | None, target: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """Write reports due and received as they stand now: what came replaces the same form, place and period."""
    files = [str(path) for path in [*pieces, *([base] if base else [])]]
    draft = target.with_suffix(".tmp")
    parts = [f"SELECT *, {n} AS age FROM read_parquet('{path}')" for n, path in enumerate(files)]
    newest = (
        f"SELECT data_set, period, unit, expected, received, on_time FROM ({' UNION ALL '.join(parts)}) "
        "QUALIFY row_number() OVER (PARTITION BY data_set, period, unit ORDER BY age) = 1"
        if parts
        else "SELECT ''::VARCHAR AS data_set, ''::VARCHAR AS period, ''::VARCHAR AS unit, 0.0::DOUBLE AS expected, "
        "0.0::DOUBLE AS received, 0.0::DOUBLE AS on_time LIMIT 0"
    )
    connection.execute(f"COPY ({newest}) TO '{draft}' (FORMAT parquet, COMPRESSION zstd)")
    draft.replace(target)


def _of(paths: Sequence[Path]) -> str:
    if not paths:
        columns = ", ".join(
            f'NULL::{"BOOLEAN" if f.name == "deleted" else "VARCHAR"} AS "{f.name}"' for f in SCHEMA
        )
        return f"(SELECT {columns} LIMIT 0)"
    listed = ", ".join(f"'{path}'" for path in paths)
    return f"read_parquet([{listed}])"
