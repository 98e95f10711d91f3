"""How does the evidence desk read published tables? As the reader of this moment, and only through `visible`.

Each question takes a connection of its own and gives it back, so that readers do not wait for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import ibis.expr.types as ir
from django.conf import settings

from kalanso import definitions
from kalanso.hub.people.queries import here
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.store import Manifest, Scope, Store, TableSpec, visible, withheld_places


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


def alike(*specs: TableSpec) -> Scope:
    """Return the scope of all readers who see the same rows of some tables, by which an answer is kept for all of them."""
    scope = here.scope()
    others: frozenset[str] = frozenset()
    if scope.cleared and scope.places is not None:
        with opened() as store:
            others = withheld_places(store, specs, today=datetime.now(UTC).date()) & scope.places
    return scope.as_for(specs, others)


@contextmanager
def several(codes: Set[str] | None = None) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Lend a way to ask several questions over one connection, about some places alone (None: all that is seen).

    What hides protected places is found once for all of them. `as_of` names an earlier snapshot of a table.
    """
    scope = here.scope() if codes is None else _narrowed(here.scope(), codes)
    with opened() as store:

        def ask(
            spec: TableSpec, question: Callable[[ir.Table], ir.Table], as_of: str | None = None
        ) -> list[dict[str, Any]]:
            table = visible(store, spec, scope, today=datetime.now(UTC).date(), as_of=as_of)
            if codes is not None:
                table = table.filter(table[spec.place_column].isin(sorted(codes)))
            found: list[dict[str, Any]] = question(table).to_pyarrow().to_pylist()
            return found

        yield ask


def rows_of_places(
    spec: TableSpec, codes: Set[str], question: Callable[[ir.Table], ir.Table]
) -> list[dict[str, Any]]:
    """Return the answer to a question about some places alone; raises NotVisible.

    Whoever sees all of these places as they are is asked nothing about others: hiding what is protected there
    would go through the whole table.
    """
    with several(codes) as ask:
        return ask(spec, question)


def _narrowed(scope: Scope, codes: Set[str]) -> Scope:
    if scope.cleared and scope.places is not None and scope.at_home is not None and codes <= scope.places:
        return Scope(audience=scope.widest, places=frozenset(codes), cleared=True)
    return scope


@lru_cache(maxsize=8)
def _told(folder: str, snapshot: str) -> dict[str, frozenset[str]]:
    """Return which sources of a snapshot of observations tell which indicators: names alone, no rows of a place."""
    with here.reading_as(Scope(audience=OBSERVATIONS.audience, cleared=True)):
        found = rows(OBSERVATIONS, lambda t: t.select("source", "indicator").distinct())
    told: dict[str, set[str]] = {}
    for row in found:
        told.setdefault(row["source"], set()).add(row["indicator"])
    return {source: frozenset(codes) for source, codes in told.items()}


def told_by_source() -> dict[str, frozenset[str]]:
    """Return which indicators each source of observations tells; asked once for each snapshot."""
    with opened() as store:
        newest = store.latest(OBSERVATIONS.name)
    return _told(str(settings.KALANSO_STORE), newest.id) if newest is not None else {}


def latest(spec: TableSpec) -> Manifest | None:
    """Return the newest snapshot of a table; None where nothing is published."""
    with opened() as store:
        return store.latest(spec.name)


def sees(spec: TableSpec) -> bool:
    """Whether the reader may see any row of a table."""
    return not here.scope().refusal(spec)


def pack() -> definitions.Pack:
    """Return the definitions of the store's country."""
    return definitions.load(Store.open(settings.KALANSO_STORE).country)
