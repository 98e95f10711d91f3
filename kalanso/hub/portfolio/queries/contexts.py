"""What is life like in the district of a place, by the contexts that are published?

A district has a context where it is published for it, or for at least half of those of its areas that have any: it
may have several, or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.queries import here
from kalanso.places.tables import PLACE_CONTEXTS
from kalanso.store import NotVisible, Store, visible

SHARE = 0.5


@contextmanager
def opened() -> Iterator[Store]:
    """Lend the store that the settings name."""
    store = Store.open(settings.KALANSO_STORE, memory=settings.KALANSO_MEMORY, threads=1)
    try:
        yield store
    finally:
        if store._engine is not None:
            store.engine.backend.disconnect()


def of_districts() -> dict[str, frozenset[str]]:
    """Return the contexts of each district, as far as the reader of this moment may see any."""
    own = _published()
    if not own:
        return {}
    paths = dict(PlaceMirror.objects.values_list("code", "path"))
    districts = set(PlaceMirror.objects.filter(level="district").values_list("code", flat=True))
    inside: dict[str, list[frozenset[str]]] = {}
    for code, contexts in own.items():
        home = next((step for step in paths.get(code, "").split("/") if step in districts), None)
        if home is not None and home != code:
            inside.setdefault(home, []).append(contexts)
    found = {code: set(own.get(code, frozenset())) for code in inside.keys() | (own.keys() & districts)}
    for home, several in inside.items():
        held = Counter(context for contexts in several for context in contexts)
        found[home] |= {context for context, n in held.items() if n >= SHARE * len(several)}
    return {code: frozenset(contexts) for code, contexts in found.items() if contexts}


def names() -> tuple[str, ...]:
    """Return the codes of all contexts that there are, in the order of the table."""
    column = next(one for one in PLACE_CONTEXTS.columns if one.name == "context")
    return tuple(str(value) for value in column.values or ())


def _published() -> dict[str, frozenset[str]]:
    if settings.KALANSO_STORE is None:
        return {}
    today, found = datetime.now(UTC).date(), {}
    with opened() as store:
        if store.latest(PLACE_CONTEXTS.name) is None:
            return {}
        try:
            rows = visible(store, PLACE_CONTEXTS, here.scope(), today=today).to_pyarrow().to_pylist()
        except NotVisible:
            return {}
    for row in rows:
        if _lasts(row, today):
            found.setdefault(row["place_code"], set()).add(row["context"])
    return {code: frozenset(contexts) for code, contexts in found.items()}


def _lasts(row: dict[str, Any], day: date) -> bool:
    first, last = row["valid_from"], row["valid_to"]
    return (first is None or first <= day) and (last is None or last >= day)
