"""Who may see which rows of a table, and how exactly?

The one door through which people read published tables. Roles and logins belong to the hub; here
stands what a scope lets through, what security flags coarsen and delay, and which small counts
are hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from kalanso.store.store import Store
from kalanso.store.tables import Audience, TableSpec


class NotVisible(PermissionError):
    """The table is for a narrower circle than the reader's."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a reader may see: the widest audience, the subtree of places, and flagged places.

    `places` holds the codes of the reader's subtree, or is None for the whole country. `cleared`
    readers see flagged places as they are.
    """

    audience: Audience = Audience.PUBLIC
    places: frozenset[str] | None = None
    cleared: bool = False

    @classmethod
    def analyst(cls) -> Scope:
        """The scope of someone who has the store's files in hand: everything but private tables."""
        return cls(audience=Audience.PROGRAMME, cleared=True)


def visible(
    store: Store, spec: TableSpec, scope: Scope, *, today: date, as_of: str | None = None
) -> ir.Table:
    """Return the rows of a table that a reader may see, as far as they may see them.

    Raises NotVisible where the table's audience is narrower than the scope. Rows of places under a
    security flag are delayed and coarsened, and small counts are hidden with their complement,
    unless the scope is cleared for them.
    """
    if spec.audience > scope.audience:
        raise NotVisible(f"{spec.name}: for the audience {spec.audience.name}, not {scope.audience.name}")
    table = store.read(spec, as_of=as_of)
    if spec.place_column is None:
        return table
    if scope.places is not None:
        table = table.filter(table[spec.place_column].isin(sorted(scope.places)))
    if spec.security and not scope.cleared:
        table = _guard_flagged(store, spec, table, today)
    if spec.suppression and not scope.cleared:
        table = _suppress(store, spec, table)
    return table


def _guard_flagged(store: Store, spec: TableSpec, table: ir.Table, today: date) -> ir.Table:
    raise NotImplementedError


def _suppress(store: Store, spec: TableSpec, table: ir.Table) -> ir.Table:
    raise NotImplementedError
