"""What does a list of places from outside look like once it is read?

One row per place with the names and codes of the list (LISTED_PLACES), whatever file it came from.
Reading files stands in `geojson`, `listings` and `orgunits`; finding our own codes in `matching`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from kalanso.places.tables import LISTED_PLACES

_EMPTY = {"code": "", "name": "", "parent_code": "", "parent_name": "", "level": "", "tree": "", "kind": ""}


def listed_table(records: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return records as a table of LISTED_PLACES; what a record does not say stays empty.

    Names lose the spaces around them. Where a list has no codes the spelling stands in: a spelling
    that comes again under the same place above gets "#2", so that no row is lost.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    rows = []
    for record in records:
        row: dict[str, Any] = dict.fromkeys(LISTED_PLACES.names) | _EMPTY | dict(record)
        for name in _EMPTY:
            row[name] = " ".join(str(row[name] or "").split())
        if not row["code"]:
            spelling = (row["name"], row["parent_name"], row["level"])
            seen[spelling] += 1
            row["code"] = row["name"] if seen[spelling] == 1 else f"{row['name']} #{seen[spelling]}"
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=LISTED_PLACES)


def with_parents(listed: pa.Table, above: pa.Table) -> pa.Table:
    """Return listed places with the name of the place above, found by its code in another list."""
    names = dict(zip(above["code"].to_pylist(), above["name"].to_pylist(), strict=True))
    filled = [
        name or names.get(code, "")
        for name, code in zip(
            listed["parent_name"].to_pylist(), listed["parent_code"].to_pylist(), strict=True
        )
    ]
    at = LISTED_PLACES.names.index("parent_name")
    return listed.set_column(at, LISTED_PLACES.field(at), pa.array(filled, pa.string()))
