"""Which places of a connected server did nobody recognise yet, and which of ours could each be?

What people decided stands in the published matches, where every later pull finds it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from kalanso.hub.evidence.models import Connection, PlaceName
from kalanso.hub.evidence.queries import published
from kalanso.hub.people.models import PlaceMirror
from kalanso.places.tables import PLACE_MATCHES
from kalanso.store import NotVisible

OPEN = ("ambiguous", "unmatched")
DIGITS = 12  # of a fingerprint, in hexadecimals: a whole number that a form can carry


def waiting(connection: Connection) -> list[PlaceName]:
    """Return the names of a server that no place was found for, as names that were never saved. Raises NotVisible."""
    rows = published.rows(
        PLACE_MATCHES,
        lambda table: table.filter(table.system == connection.source, table.status.isin(list(OPEN))),
    )
    found = [_name(row) for row in rows]
    return sorted(found, key=lambda one: (one.status != "ambiguous", one.name, one.parent_name, one.code))


def number_waiting(connection: Connection) -> int:
    """Return how many names wait; none for somebody who may not see them."""
    try:
        return len(waiting(connection)) if connection.counts else 0
    except NotVisible:
        return 0


def is_place(code: str) -> bool:
    """Whether a place has this code."""
    return PlaceMirror.objects.filter(code=code).exists()


def _name(row: dict[str, Any]) -> PlaceName:
    key = hashlib.sha256(json.dumps([row["code"], row["parent_name"]]).encode()).hexdigest()
    return PlaceName(
        pk=int(key[:DIGITS], 16), code=row["code"], name=row["name"], parent_name=row["parent_name"],
        status=row["status"], score=row["score"], candidates=json.loads(row["candidates"]),
    )  # fmt: skip


__all__ = ["is_place", "number_waiting", "waiting"]
