"""How does the evidence desk read published tables? As the reader of this moment, and only through `visible`.

Each question takes a connection of its own and gives it back, so that readers do not wait for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import ibis.expr.types as ir
from django.conf import settings

from kalanso import definitions
from kalanso.hub.people.queries import here
from kalanso.store import Store, TableSpec, visible


@contextmanager
def opened() -> Iterator[Store]:
    """Lend the store that the settings name."""
    store = Store.open(settings.KALANSO_STORE, memory=settings.KALANSO_MEMORY, threads=1)
    try:
        yield store
    finally:
        if store._engine is not None:
            store.engine.backend.disconnect()


def rows(spec: TableSpec, question: Callable[[ir.Table], ir.Table]) -> list[dict[str, Any]]:
    """Return the answer to a question about what the reader may see of a table; raises NotVisible."""
    with opened() as store:
        table = visible(store, spec, here.scope(), today=datetime.now(UTC).date())
        found: list[dict[str, Any]] = question(table).to_pyarrow().to_pylist()
        return found


def sees(spec: TableSpec) -> bool:
    """Whether the reader may see any row of a table."""
    return not here.scope().refusal(spec)


def pack() -> definitions.Pack:
    """Return the definitions of the store's country."""
    return definitions.load(Store.open(settings.KALANSO_STORE).country)
