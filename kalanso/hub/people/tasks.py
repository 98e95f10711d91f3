"""What does the machine do for people by itself: keep the mirror of places, once they are published?"""

from __future__ import annotations

from datetime import date
from typing import Any

from kalanso.hub.people.actions.places import mirror_places
from kalanso.hub.people.models import PlaceMirror
from kalanso.places.tables import PLACE_FLAGS, PLACE_PARENTS, PLACES
from kalanso.store import Audience, Scope, Store, TableSpec, visible

# The machine itself reads everything, for nobody's eyes.
MACHINE = Scope(audience=Audience.PRIVATE, cleared=True)


def mirror(store: Store, *, today: date) -> int | None:
    """Bring the mirror of places up to date; return the number of places, or None where nothing changed."""
    newest = [store.latest(spec.name) for spec in (PLACES, PLACE_PARENTS, PLACE_FLAGS)]
    snapshot = f"{today} " + " ".join(manifest.id for manifest in newest if manifest is not None)
    snapshot = snapshot[:120]
    if newest[0] is None or PlaceMirror.objects.filter(snapshot=snapshot).exists():
        return None
    return mirror_places(rows=places_of(store, today=today), snapshot=snapshot)


def places_of(store: Store, *, today: date) -> list[dict[str, Any]]:
    """Return the places of a day as the mirror wants them: the health tree, and the other where that ends."""
    known = {row["place_code"]: row for row in _rows(store, PLACES, today) if _holds(row, today)}
    parents: dict[str, str] = {}
    # Rows of the health tree come last and win.
    for row in sorted(_rows(store, PLACE_PARENTS, today), key=lambda row: row["tree"] == "health"):
        if _holds(row, today) and row["place_code"] in known and row["parent_code"] in known:
            parents[row["place_code"]] = row["parent_code"]
    flagged = {row["place_code"] for row in _rows(store, PLACE_FLAGS, today) if _holds(row, today)}
    return [
        {
            "code": code,
            "name": row["name"],
            "level": row["level"],
            "parent_code": parents.get(code, ""),
            "flagged": code in flagged,
        }
        for code, row in known.items()
    ]


def _rows(store: Store, spec: TableSpec, today: date) -> list[dict[str, Any]]:
    if store.latest(spec.name) is None:
        return []
    found: list[dict[str, Any]] = visible(store, spec, MACHINE, today=today).to_pyarrow().to_pylist()
    return found


def _holds(row: dict[str, Any], today: date) -> bool:
    first, last = row["valid_from"], row["valid_to"]
    return (first is None or first <= today) and (last is None or last >= today)
