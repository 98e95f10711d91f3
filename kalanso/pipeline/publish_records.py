"""How do records that people keep in the hub become tables that the library can read?

The hub builds the rows (`hub/<app>/exports.py`); here they are published, where something changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from kalanso.store import Manifest, Mode, Provenance, Store, TableSpec

SOURCE = "hub"


def publish_records(
    store: Store, spec: TableSpec, rows: Iterable[dict[str, Any]], *, now: datetime
) -> Manifest | None:
    """Publish all rows of a table in place of the earlier ones, and return its snapshot.

    Rows that equal those that stand make no new snapshot; a table that was always empty stays unpublished (None).
    Raises TableRefused, with nothing published, where rows break the declaration.
    """
    found = list(rows)
    if not found and store.latest(spec.name) is None:
        return None
    return store.publish(
        spec, found, provenance=Provenance(sources=(SOURCE,)), now=now, mode=Mode.REPLACE_ALL
    )
