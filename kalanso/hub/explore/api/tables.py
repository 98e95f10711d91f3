"""How do programs read published tables: which there are, their columns, rows in order, their states?"""

from __future__ import annotations

import base64
import binascii
import json
import math
from datetime import date, datetime
from typing import Annotated, Any

import ibis
import ibis.expr.types as ir
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from kalanso.hub.explore.panels import table_question
from kalanso.hub.explore.queries import places, shelf, tables
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.store import Manifest, NoSuchSnapshot, TableSpec

router, snapshots = Router(), Router()
MOST_ROWS = 1000
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Snapshot = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}-[0-9]{1,12}$")]
Text = Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]


class TableSaid(Schema):
    """A table that this reader may see."""

    name: str
    question: str
    meaning: str
    audience: str
    snapshot: str | None
    published: datetime | None


class Tables(Schema):
    """All tables that this reader may see."""

    items: list[TableSaid]


class ColumnSaid(Schema):
    """One column: what it means, in which unit."""

    name: str
    type: str
    meaning: str
    unit: str
    nullable: bool
    values: list[str]


class Described(TableSaid):
    """A table with its columns; `key` names those that identify and order its rows."""

    columns: list[ColumnSaid]
    key: list[str]
    filters: list[str]


class Rows(Schema):
    """Rows in the order of the key. `next` is passed as `after` to read on; null at the end."""

    snapshot: str | None
    items: list[dict[str, Any]]
    next: str | None


class Input(Schema):
    """A file from which a snapshot was made."""

    name: str
    sha256: str
    licence: str
    url: str


class SnapshotSaid(Schema):
    """One state of a table: when, from what, by which software."""

    id: str
    table: str
    published: datetime
    software: str
    schema_version: int
    state: str
    sources: list[str]
    inputs: list[Input]
    made_from: list[str]
    note: str
    withdrew: str | None
    demo: bool


class History(Schema):
    """The states of a table, the newest first."""

    items: list[SnapshotSaid]


class Filters(Schema):
    """Which rows: values of a column, a place with all below it, a state."""

    limit: int = Field(100, ge=1, le=MOST_ROWS, description="rows at most")
    after: Annotated[str, Field(max_length=2000, pattern=r"^[A-Za-z0-9_=-]*$")] = Field(
        "", description="`next` of the page before"
    )
    as_of: str = Field(
        "", max_length=90, pattern=r"^([a-z][a-z0-9_]{0,60}-[0-9]{1,12})?$", description="id of a state"
    )
    place: Text = Field("", description="code of a place; all below it are included")
    source: Text = ""
    indicator: Text = ""
    period: Text = ""
    level: Text = ""
    check: Text = ""
    category: Text = ""
    status: Text = ""
    severity: Text = ""
    analysis: Text = ""


def found(here: Shelf, name: str) -> TableSpec:
    """Return a table by name; a table that the reader may not see does not exist."""
    try:
        return tables.find(here, name)
    except tables.NoSuchTable as error:
        raise Http404(_("Aucune table publiée ne s'appelle « %(name)s ».") % {"name": name}) from error


def _manifest(here: Shelf, spec: TableSpec, as_of: str) -> Manifest | None:
    try:
        return here.manifest(spec, as_of or None)
    except NoSuchSnapshot as error:
        raise Http404(
            _("La table « %(name)s » n'a pas d'état « %(as_of)s » ; sa page de provenance les liste.")
            % {"name": spec.name, "as_of": as_of}
        ) from error


def _said(here: Shelf, spec: TableSpec) -> dict[str, Any]:
    manifest = here.manifest(spec)
    return {
        "name": spec.name,
        "question": table_question(spec.name, spec.meaning),
        "meaning": spec.meaning,
        "audience": spec.audience.name.lower(),
        "snapshot": manifest.id if manifest else None,
        "published": manifest.created if manifest else None,
    }


@router.get("", response=Tables, summary="Which tables are published?")
def list_tables(request: HttpRequest) -> dict[str, Any]:
    """Return every table that this reader may see, published or awaited."""
    here = shelf.current()
    return {"items": [_said(here, spec) for spec in tables.listed(here)]}


@router.get("/{name}", response=Described, summary="What are the columns of a table?")
def one_table(request: HttpRequest, name: Name) -> dict[str, Any]:
    """Return a table with its columns, its key and the columns by which it can be narrowed."""
    here = shelf.current()
    spec = found(here, name)
    shown = [spec.column(column) for column in tables.shown_columns(spec)]
    columns = [
        {
            "name": c.name, "type": c.type, "meaning": c.meaning, "unit": c.unit, "nullable": c.nullable,
            "values": list(c.values),
        }
        for c in shown
    ]  # fmt: skip
    return {
        **_said(here, spec),
        "columns": columns,
        "key": list(spec.key),
        "filters": list(tables.filters_of(spec)),
    }


@router.get("/{name}/rows", response=Rows, summary="What stands in a table?")
def rows(request: HttpRequest, name: Name, wanted: Query[Filters]) -> dict[str, Any]:
    """Return rows in the order of the key, from after the row that `after` names."""
    here = shelf.current()
    spec = found(here, name)
    manifest = _manifest(here, spec, wanted.as_of)
    if manifest is None:
        return {"snapshot": None, "items": [], "next": None}
    table = tables.selected(here, spec, _selection(here, spec, wanted))
    if wanted.after:
        table = table.filter(_follows(table, spec, _last(spec, wanted.after)))
    ordered = table.order_by(list(spec.key)).select(*tables.shown_columns(spec)).limit(wanted.limit + 1)
    read = here.rows(ordered)
    items = [{column: plain(value) for column, value in row.items()} for row in read[: wanted.limit]]
    following = cursor(spec, items[-1]) if len(read) > wanted.limit else None
    return {"snapshot": manifest.id, "items": items, "next": following}


def _selection(here: Shelf, spec: TableSpec, wanted: Filters) -> tables.Selection:
    chosen = tuple((column, value) for column in tables.FILTERS if (value := getattr(wanted, column)) != "")
    unknown = [column for column, _value in chosen if column not in spec.column_names]
    if unknown:
        said = _("Cette table n'a pas de colonne « %(name)s » : ses filtres sont %(filters)s.")
        filters = ", ".join(tables.filters_of(spec)) or "-"
        raise HttpError(422, said % {"name": unknown[0], "filters": filters})
    if wanted.place and wanted.place not in places.tree(here).places:
        raise Http404(_("Aucun lieu ne porte le code « %(code)s ».") % {"code": wanted.place})
    return tables.Selection(values=chosen, place=wanted.place, as_of=wanted.as_of or None)


def plain(value: Any) -> Any:
    """Return a value as JSON carries it: days and moments as ISO texts, no number as null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def cursor(spec: TableSpec, row: dict[str, Any]) -> str:
    """Return the mark of a row, after which the next page begins."""
    text = json.dumps([row[name] for name in spec.key], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode()


def _last(spec: TableSpec, mark: str) -> list[Any]:
    """Return the key that a mark holds; a mark that is not ours is refused."""
    try:
        values = json.loads(base64.urlsafe_b64decode(mark.encode()))
        if not isinstance(values, list) or len(values) != len(spec.key):
            raise ValueError(mark)
        return [_typed(spec.column(name).type, value) for name, value in zip(spec.key, values, strict=True)]
    except (ValueError, TypeError, RecursionError, OverflowError, binascii.Error) as error:
        raise HttpError(
            422, _("« after » vient d'une autre table, ou a été changé : repartez du début.")
        ) from error


def _typed(kind: str, value: Any) -> Any:
    """Return one value of a key in the type of its column; raises ValueError where it is of another."""
    if value is None:
        return None
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "timestamp":
        return datetime.fromisoformat(value)
    expected: dict[str, tuple[type, ...]] = {"string": (str,), "bool": (bool,), "int": (int,)}
    if not isinstance(value, expected.get(kind, (int, float))):
        raise ValueError(value)
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("zero byte")
    if kind == "int" and abs(value) >= 2**63:
        raise ValueError(value)
    return value


def _follows(table: ir.Table, spec: TableSpec, last: list[Any]) -> ir.BooleanValue:
    """Return whether a row stands after a key, empty values being the last of their column."""
    answer: ir.BooleanValue = ibis.literal(False)
    for name, value in reversed(list(zip(spec.key, last, strict=True))):
        column = table[name]
        if value is None:
            answer = column.isnull() & answer
        else:
            answer = column.isnull() | (column > value) | ((column == value) & answer)
    return answer.fill_null(False)


def _state(manifest: Manifest) -> dict[str, Any]:
    made = manifest.provenance
    return {
        "id": manifest.id,
        "table": manifest.id.rsplit("-", 1)[0],
        "published": manifest.created,
        "software": manifest.software,
        "schema_version": manifest.schema_version,
        "state": str(made.state or ""),
        "sources": list(made.sources),
        "inputs": [
            {"name": one.name, "sha256": one.sha256, "licence": one.licence or "", "url": one.url or ""}
            for one in made.inputs
        ],
        "made_from": list(made.made_from),
        "note": made.note or "",
        "withdrew": manifest.withdrew,
        "demo": manifest.demo,
    }


@router.get("/{name}/snapshots", response=History, summary="In which states was a table?")
def history(request: HttpRequest, name: Name) -> dict[str, Any]:
    """Return every state of a table, the newest first, with where it came from."""
    here = shelf.current()
    return {"items": [_state(manifest) for manifest in tables.history(here, found(here, name))]}


@snapshots.get("/{snapshot}", response=SnapshotSaid, summary="Where did a state come from?")
def one_snapshot(request: HttpRequest, snapshot: Snapshot) -> dict[str, Any]:
    """Return one state of a table with its sources, files and what it was made from."""
    here = shelf.current()
    manifest = _manifest(here, found(here, snapshot.rsplit("-", 1)[0]), snapshot)
    if manifest is None:
        raise Http404(snapshot)
    return _state(manifest)
