"""What does every page ask before it is made: which session, whose, and what does this person hold today?

Written as SQL once. Put together by parts for each page, these four questions took a tenth of its time, most of it for
their wording. The settings name this module as where sessions are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

from django.contrib.sessions.backends.db import SessionStore as InDatabase
from django.db import connection, models
from django.utils import timezone

from kalanso.hub.people.models import Membership, Organisation, Person, PlaceMirror

Row = TypeVar("Row", bound=models.Model)


@lru_cache(maxsize=32)
def _columns(kind: type[models.Model], table: str, mark: str = "") -> str:
    """Return the columns of a model in a question, each named with a mark before it where one is given."""
    quote = connection.ops.quote_name
    told = []
    for one in kind._meta.concrete_fields:
        name = f"{quote(table)}.{quote(str(one.column))}"
        told.append(f"{name} AS {quote(f'{mark}{one.column}')}" if mark else name)
    return ", ".join(told)


def _table(kind: type[models.Model]) -> str:
    return connection.ops.quote_name(kind._meta.db_table)


class SessionStore(InDatabase):
    """Sessions in the database, as Django keeps them."""

    def _get_session_from_db(self) -> Any:
        kind = self.model
        asked = f"SELECT {_columns(kind, 's')} FROM {_table(kind)} s WHERE s.session_key = %s AND s.expire_date > %s"
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        found = _first(kind.objects.raw(asked, [self.session_key, now]))
        if found is None:
            self._session_key = None
        return found


def person_of(key: Any) -> Person | None:
    """Return the person with a key."""
    asked = f"SELECT {_columns(Person, 'p')} FROM {_table(Person)} p WHERE p.id = %s"
    return _first(Person.objects.raw(asked, [Person._meta.pk.to_python(key)]))


def memberships_of(person: Any) -> tuple[tuple[Membership, ...], dict[str, PlaceMirror]]:
    """Return all memberships of a person with their organisations, and those of their places that are published."""
    asked = (
        f"SELECT {_columns(Membership, 'm')}, {_columns(Organisation, 'o', 'o_')}, {_columns(PlaceMirror, 'p', 'p_')} "
        f"FROM {_table(Membership)} m JOIN {_table(Organisation)} o ON o.id = m.organisation_id "
        f"LEFT JOIN {_table(PlaceMirror)} p ON p.code = m.place_code WHERE m.person_id = %s ORDER BY m.id"
    )
    rows, homes = [], {}
    for one in Membership.objects.raw(asked, [person.pk]):
        one.organisation, one.person = _part(Organisation, one, "o_"), person
        if one.p_code is not None:  # type: ignore[attr-defined]  # a column of the question
            place = _part(PlaceMirror, one, "p_")
            place.flagged = bool(place.flagged)  # which one of the databases keeps as a number
            homes[place.code] = place
        rows.append(one)
    return tuple(rows), homes


def _part(kind: type[Row], row: Any, mark: str) -> Row:
    """Return the record that stands in a row beside another, under names with a mark."""
    fields = kind._meta.concrete_fields
    return kind.from_db(
        row._state.db, [str(one.attname) for one in fields], [getattr(row, f"{mark}{one.column}") for one in fields]
    )  # fmt: skip


def _first(rows: Iterable[Row]) -> Row | None:
    return next(iter(rows), None)
