"""What must a table look like before it may be published?

Declares tables (columns, types, units, keys, audience) and refuses rows that break the
declaration. Which tables exist is said by the `tables.py` of each package; who may see a table is
decided in `visibility`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import ibis.expr.types as ir
import pyarrow as pa

TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "float32": pa.float32(),  # for long tables whose numbers carry no more digits, such as draws
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "bytes": pa.binary(),
}


class TableRefused(ValueError):
    """Rows that break the declaration of their table."""


class Audience(IntEnum):
    """Who may see a table; a larger number is a narrower circle. Undeclared means private."""

    PUBLIC = 0
    PARTNER = 1
    PROGRAMME = 2
    PRIVATE = 3


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its type, what it means, its unit, and what values it admits."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    nullable: bool = False
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"{self.name}: expected a type among {', '.join(TYPES)}, got {self.type}")


@dataclass(frozen=True, kw_only=True)
class Security:
    """What outsiders see of places under a security flag: a coarser place, and later.

    `coarsen_to` is the level whose place stands in for the flagged one; `sums` are the columns that
    may be added up on the way (all others become empty); `delay_days` hides what is newer.
    """

    coarsen_to: str = "district"
    delay_days: int = 90
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Which counts are too small to show, and among which neighbours they could be inferred.

    A value of `column` from 1 to `below` - 1 is hidden; where only one value of the places under
    one parent would be hidden, the next smallest goes with it, so that a subtraction from the
    parent's total reveals nothing. The columns of `also` follow from the hidden one, and go with it.
    """

    column: str
    below: int = 5
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """The contract of one published table.

    `key` names the columns that identify a row. `part_by` names the columns by which its files are
    cut (with `period_column`, also by year). `upgrades[v]` turns rows of schema version `v` into
    version `v + 1` when they are read. A table that is `cleared_only` has no place by which flagged rows could be
    told from others: it is for readers who are cleared for the whole country. `names_places` lists text columns in
    which places may be named besides the row's own. `rules` hold between the columns of a row: what was expected, and the SQL
    condition of rows that break it.
    """

    name: str
    version: int
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    part_by: tuple[str, ...] = ()
    period_column: str | None = None
    place_column: str | None = None
    audience: Audience = Audience.PRIVATE
    security: Security | None = None
    suppression: Suppression | None = None
    cleared_only: bool = False
    names_places: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    upgrades: Mapping[int, Callable[[ir.Table], ir.Table]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = set(self.column_names)
        named = {
            *self.key,
            *self.part_by,
            *filter(None, (self.period_column, self.place_column)),
            *self.names_places,
        }
        if missing := named - names:
            raise ValueError(f"{self.name}: these columns are named but not declared: {sorted(missing)}")

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return one column by name."""
        return next(column for column in self.columns if column.name == name)

    def arrow_schema(self) -> pa.Schema:
        """Return the schema under which rows are stored."""
        return pa.schema([pa.field(c.name, TYPES[c.type], nullable=c.nullable) for c in self.columns])

    def arrow(self, rows: Mapping[str, object] | list[dict[str, object]] | pa.Table) -> pa.Table:
        """Return rows as an Arrow table with exactly the declared columns and types.

        Raises TableRefused where a column is missing or unknown, or a value has another type.
        """
        table = rows if isinstance(rows, pa.Table) else _from_python(rows, self)
        if unknown := set(table.column_names) - set(self.column_names):
            raise TableRefused(f"{self.name}: unknown columns {sorted(unknown)}")
        if missing := set(self.column_names) - set(table.column_names):
            raise TableRefused(f"{self.name}: missing columns {sorted(missing)}")
        table = table.select(list(self.column_names))
        fields = [pa.field(c.name, TYPES[c.type]) for c in self.columns]
        try:
            return table.cast(pa.schema(fields))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise TableRefused(f"{self.name}: {_first_misfit(table, fields)} ({error})") from error

    def violations_sql(self, relation: str) -> list[tuple[str, str]]:
        """Return (what was expected, SQL condition) pairs that hold for rows breaking a rule of a column or of the table."""
        rules: list[tuple[str, str]] = []
        for column in self.columns:
            name = f'"{column.name}"'
            if not column.nullable:
                rules.append((f"{column.name}: expected a value", f"{name} IS NULL"))
            if column.values:
                allowed = ", ".join(f"'{value}'" for value in column.values)
                rules.append((f"{column.name}: expected one of {allowed}", f"{name} NOT IN ({allowed})"))
            if column.minimum is not None:
                rules.append(
                    (f"{column.name}: expected at least {column.minimum:g}", f"{name} < {column.minimum}")
                )
            if column.maximum is not None:
                rules.append(
                    (f"{column.name}: expected at most {column.maximum:g}", f"{name} > {column.maximum}")
                )
            if column.type in {"float", "float32"}:
                rules.append((f"{column.name}: expected a finite number", f"NOT isfinite({name})"))
        return [*rules, *self.rules]


def _from_python(rows: Mapping[str, object] | list[dict[str, object]], spec: TableSpec) -> pa.Table:
    schema = pa.schema([pa.field(c.name, TYPES[c.type]) for c in spec.columns])
    try:
        if isinstance(rows, Mapping):
            if unknown := set(rows) - set(spec.column_names):
                raise TableRefused(f"{spec.name}: unknown columns {sorted(unknown)}")
            return pa.table(rows, schema=schema)
        if unknown := {name for row in rows for name in row} - set(spec.column_names):
            raise TableRefused(f"{spec.name}: unknown columns {sorted(unknown)}")
        return pa.Table.from_pylist(rows, schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TableRefused(f"{spec.name}: {_mistyped(rows, spec)} ({error})") from error


def _mistyped(rows: Mapping[str, object] | list[dict[str, object]], spec: TableSpec) -> str:
    if isinstance(rows, list):
        for number, row in enumerate(rows, 1):
            for column in spec.columns:
                try:
                    pa.scalar(row.get(column.name), TYPES[column.type])
                except (pa.ArrowInvalid, pa.ArrowTypeError):
                    return f"row {number}, {column.name}: expected {column.type}, got {row[column.name]!r}"
    return "a column has another type"


def _first_misfit(table: pa.Table, fields: list[pa.Field]) -> str:
    for wanted in fields:
        column = table.column(wanted.name)
        try:
            column.cast(wanted.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            return f"{wanted.name}: expected {wanted.type}, got {column.type}"
    return "a column has another type"
