"""How are the records of the hub read and written so that a copy is equal, whichever database holds it?

A row is a line of JSON: its columns in a plain form that does not depend on the database. The checksum of a
table is the sum of its rows' checksums, so that no order of rows matters. Tables are read as the migrations
describe them that the database has had, not as the software would have them: an upgrade makes its backup
before it migrates.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils.duration import duration_iso_string

# Never copied: who is logged in now, and secrets that serve for a moment or stand in the settings.
LEFT_OUT = frozenset({
    "sessions.session", "usersessions.usersession", "account.emailconfirmation", "socialaccount.socialtoken",
    "socialaccount.socialapp",
})  # fmt: skip
MODULUS = 2**256
Migrations = frozenset[tuple[str, str]]


class OtherSoftware(RuntimeError):
    """The database or the backup was written by a newer Kalanso than this one."""


@dataclass
class Tally:
    """How many rows a table has, and their checksum."""

    rows: int = 0
    total: int = 0

    def add(self, line: str) -> None:
        """Count a row."""
        self.rows += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(line.encode()).digest(), "big")) % MODULUS

    def told(self) -> dict[str, Any]:
        """Return it as a manifest keeps it."""
        return {"rows": self.rows, "checksum": f"{self.total:064x}"}


def migrations_of(alias: str) -> Migrations:
    """Return the migrations that a database has had, as (app, name)."""
    return frozenset(MigrationLoader(connections[alias]).applied_migrations)


def tables_as_of(migrations: Iterable[tuple[str, str]]) -> list[type[models.Model]]:
    """Return the tables as some migrations describe them, those without references first.

    Raises OtherSoftware for migrations that this software does not know.
    """
    loader = MigrationLoader(None)
    loader.build_graph()
    known = [one for one in migrations if one in loader.graph.nodes]
    replaced = set(loader.replacements)
    if unknown := sorted(set(migrations) - set(known) - replaced - _replaced_by(loader)):
        names = ", ".join(f"{app}.{name}" for app, name in unknown[:5])
        raise OtherSoftware(f"unknown migrations: {names}; expected this version of Kalanso or an older one")
    state = loader.project_state(sorted(known))
    found = [
        model
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and label_of(model) not in LEFT_OUT
    ]
    return _in_order(found)


def _replaced_by(loader: MigrationLoader) -> set[tuple[str, str]]:
    return {one for migration in loader.replacements.values() for one in migration.replaces}


def label_of(model: type[models.Model]) -> str:
    """Return the name of a table in a backup."""
    return str(model._meta.label_lower)


def _in_order(found: list[type[models.Model]]) -> list[type[models.Model]]:
    """Return tables so that each stands after those to which it refers (itself aside)."""
    waiting = {label_of(model): model for model in sorted(found, key=label_of)}
    done: list[type[models.Model]] = []
    while waiting:
        ready = [
            label
            for label, model in waiting.items()
            if not {label_of(f.related_model) for f in _references(model)} & (set(waiting) - {label})
        ]
        for label in ready or [
            next(iter(waiting))
        ]:  # references in a circle hold at the end of the transaction
            done.append(waiting.pop(label))
    return done


def _references(model: type[models.Model]) -> list[Any]:
    return [one for one in model._meta.concrete_fields if one.remote_field is not None]


def lines_of(model: type[models.Model], alias: str) -> Iterator[str]:
    """Read the rows of a table as lines."""
    for row in model._base_manager.using(alias).order_by("pk").iterator(chunk_size=1000):
        yield line_of(row)


def line_of(row: models.Model) -> str:
    """Return a row as one line, equal on every database."""
    told = {one.attname: _plain(one, getattr(row, one.attname)) for one in row._meta.concrete_fields}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(column: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(column, models.JSONField):
        return _plain_json(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    forms: tuple[tuple[Any, Any], ...] = (
        (datetime, lambda one: one.astimezone(UTC).isoformat(timespec="microseconds")),
        ((date, time), lambda one: one.isoformat()),
        (timedelta, duration_iso_string),
        (Decimal, lambda one: format(one.normalize(), "f")),
        (uuid.UUID, str),
        ((bytes, memoryview), lambda one: base64.b64encode(bytes(one)).decode()),
    )
    for kinds, form in forms:
        if isinstance(value, kinds):
            return form(value)
    return str(value)  # the name of a file


def _plain_json(value: Any) -> Any:
    """Return a JSON value as both databases give it back: PostgreSQL knows no difference between 2.0 and 2."""
    if isinstance(value, dict):
        return {str(key): _plain_json(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain_json(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def checksums(alias: str = "default") -> dict[str, dict[str, Any]]:
    """Return the number of rows and the checksum of every table."""
    found = {}
    for model in tables_as_of(migrations_of(alias)):
        tally = Tally()
        for line in lines_of(model, alias):
            tally.add(line)
        found[label_of(model)] = tally.told()
    return found


def is_empty(alias: str = "default") -> bool:
    """Whether nobody has written into a database yet."""
    present = connections[alias].introspection.table_names()
    for model in tables_as_of(migrations_of(alias)) if "django_migrations" in present else []:
        own = model._meta.app_label not in {"auth", "contenttypes", "sites"}
        if own and model._meta.db_table in present and model._base_manager.using(alias).exists():
            return False
    return True


def write(tables: dict[str, Iterable[str]], migrations: Iterable[tuple[str, str]], alias: str) -> None:
    """Write tables of lines into an empty database, all or nothing, and check that they are there as they were.

    What migrations put in by themselves is replaced. Call it within a transaction.
    """
    ordered = tables_as_of(migrations)
    for model in reversed(ordered):
        model._base_manager.using(alias).all().delete()
    for model in ordered:
        columns = {one.attname: one for one in model._meta.concrete_fields}
        for line in tables.get(label_of(model), ()):
            told = json.loads(line)
            row = model()
            for name, value in told.items():
                setattr(row, name, _given(columns[name], value))
            row.save_base(using=alias, raw=True, force_insert=True)
    _count_on(ordered, alias)


def _given(column: models.Field[Any, Any], value: Any) -> Any:
    """Return a value as its column takes it."""
    if isinstance(column, models.JSONField) or column.remote_field is not None:
        return value
    return column.to_python(value)


def _count_on(tables: list[type[models.Model]], alias: str) -> None:
    """Let the next number of each table come after the highest that is there."""
    connection = connections[alias]
    statements = connection.ops.sequence_reset_sql(no_style(), tables)
    with closing(connection.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement)


class Standstill:
    """One moment of a database, to be read at leisure while others go on writing.

    PostgreSQL shows one transaction a single moment; SQLite is copied whole by its own backup function.
    """

    def __init__(self, scratch: Any) -> None:
        self.scratch = scratch
        self.alias = "default"
        self._held: Any = None

    def __enter__(self) -> str:
        """Return the name of the connection that shows the moment."""
        connection = connections["default"]
        if connection.in_atomic_block:
            return self.alias  # a transaction shows one moment already
        if connection.vendor == "sqlite":
            self.alias = "standstill"
            _copy_sqlite(connection, str(self.scratch))
            connections.settings[self.alias] = {
                **connection.settings_dict, "NAME": str(self.scratch), "CONN_MAX_AGE": 0,
                "OPTIONS": {"init_command": "PRAGMA query_only=ON;"},
            }  # fmt: skip
        else:
            self._held = transaction.atomic()
            self._held.__enter__()
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return self.alias

    def __exit__(self, *error: Any) -> None:
        """Let go of the moment."""
        if self._held is not None:
            self._held.__exit__(*error)
        if self.alias == "standstill":
            connections[self.alias].close()
            del connections[self.alias]
            del connections.settings[self.alias]
            self.scratch.unlink(missing_ok=True)


def _matches(form: str, text: Any) -> bool:
    return text is not None and re.search(form, str(text)) is not None


def _copy_sqlite(connection: Any, path: str) -> None:
    import sqlite3

    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        # Checks of the database hold to forms of text, for which SQLite itself knows no function.
        copy.create_function("REGEXP", 2, _matches, deterministic=True)
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        copy.execute("PRAGMA journal_mode=DELETE")
    if found != "ok":
        raise RuntimeError(f"the database is damaged: {found}; restore the newest backup that verifies")
