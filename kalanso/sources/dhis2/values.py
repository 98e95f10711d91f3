"""What does an answer of `/api/dataValueSets` hold, row by row?

Rows become columns in a Parquet file, some megabytes at a time. Three readers follow each other: loops that
know how DHIS2 writes, a general one of rows on lines, and a careful one of the whole answer, which decides. Who entered a value and what was
remarked (`storedBy`, `comment`) may be personal and is never kept. DHIS2 Web API manual, "Data values".
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.json as arrow_json
import pyarrow.parquet as pq

from kalanso.sources.dhis2.transport import BadAnswer

# Column here -> name in DHIS2's JSON.
NAMES = {
    "element": "dataElement", "period": "period", "unit": "orgUnit", "option": "categoryOptionCombo",
    "attribute": "attributeOptionCombo", "value": "value", "saved": "lastUpdated", "deleted": "deleted",
}  # fmt: skip
KEY = ("element", "period", "unit", "option", "attribute")
SCHEMA = pa.schema([(name, pa.bool_() if name == "deleted" else pa.string()) for name in NAMES])
_ANSWER = pa.schema([(NAMES[field.name], field.type) for field in SCHEMA])
_CODED = pa.schema(
    [(f.name, f.type if f.name == "deleted" else pa.dictionary(pa.int32(), f.type)) for f in SCHEMA]
)
_OPENING = re.compile(rb'\s*\{\s*"dataValues"\s*:\s*\[\s*')
_WINDOW = 2 * 1024 * 1024
# Below this the loops that take rows apart fast cost more to begin with than they save.
_FEW = 1024 * 1024
_OWN = threading.local()  # room that each thread uses again


class _Unusual(Exception):
    """An answer that the fast reader does not understand; the careful one decides."""


def read_values(answer: BinaryIO, target: Path) -> int:
    """Write the rows of a JSON answer to a Parquet file with SCHEMA and return how many there are.

    Raises BadAnswer where the text is no JSON, no UTF-8, no data value set, or a row does not say
    its element, period and place. A missing list is an empty one.
    """
    try:
        return _write(_quick(answer), target)
    except _Unusual:
        return _write(_careful(answer), target)


def _write(tables: Iterator[pa.Table], target: Path) -> int:
    rows = 0
    with pq.ParquetWriter(
        target, _CODED, compression="snappy", store_schema=False, write_statistics=False
    ) as writer:
        for table in tables:
            rows += table.num_rows
            if table.num_rows:
                writer.write_table(_coded(table))
    return rows


def _coded(table: pa.Table) -> pa.Table:
    """Return texts as numbers of the different texts, as they are written."""
    if table.schema == _CODED:
        return table
    columns = [table[f.name] if f.name == "deleted" else table[f.name].dictionary_encode() for f in _CODED]
    return pa.Table.from_arrays(columns, schema=_CODED)


def _quick(answer: BinaryIO) -> Iterator[pa.Table]:
    """Read rows written one after the other without nesting, as DHIS2 does.

    Rows are parted at `},{`. Where that stands inside a text, or anything else is unusual, a part is no
    JSON object or their number differs, and the whole answer is left to the careful reader.
    """
    part = _part if answer.seek(0, io.SEEK_END) < _FEW else _fast_part
    answer.seek(0)
    room = _room()
    held = _fill(answer, room, 0)
    opening = _OPENING.match(bytes(room[: min(held, 1000)]))
    if opening is None:
        raise _Unusual
    begin = opening.end()
    while held == len(room):
        cut = _OWN.room.rfind(b"},{", begin, held)
        if cut < 0:
            raise _Unusual
        yield part(room[begin : cut + 1])
        rest = held - (cut + 2)
        room[:rest] = room[cut + 2 : held]
        held, begin = _fill(answer, room, rest), 0
    last = _unclosed(room, begin, held)
    if last > begin:
        yield part(room[begin:last])


def _room() -> memoryview:
    """Return the room of this thread for a window of an answer: new room costs more than what is done in it."""
    if len(getattr(_OWN, "room", b"")) != _WINDOW:
        _OWN.room = bytearray(_WINDOW)
    return memoryview(_OWN.room)


def _fill(answer: BinaryIO, room: memoryview, held: int) -> int:
    """Read until the room is full or the answer ends; return how much the room holds."""
    while held < len(room) and (came := answer.readinto(room[held:])):  # type: ignore[attr-defined]
        held += came
    return held


def _unclosed(room: memoryview, begin: int, held: int) -> int:
    """Return where the rows end before the end of the list and of the object."""
    for mark in (b"}", b"]"):
        held = _before_spaces(room, begin, held)
        if held == begin or room[held - 1] != mark[0]:
            raise _Unusual
        held -= 1
    return _before_spaces(room, begin, held)


def _before_spaces(room: memoryview, begin: int, held: int) -> int:
    while held > begin and room[held - 1] in b" \t\r\n":
        held -= 1
    return held


def _fast_part(view: memoryview) -> pa.Table:
    """Read rows by the loops that know how DHIS2 writes, or by the general reader where these refuse."""
    # Here, since the compiler of the loops takes long to load and few answers are long.
    from kalanso.sources.dhis2.scanning import Scanner

    if getattr(_OWN, "scanner", None) is None or _OWN.scanner.size != _WINDOW:
        _OWN.scanner = Scanner(list(NAMES.values()), keys=3, size=_WINDOW)
    # The loops take bytes as they are.
    if np.frombuffer(view, np.uint8).max() > 127:
        _decoded(bytes(view))
    table = _OWN.scanner.table(view, _CODED, "value")
    return _part(view) if table is None else table


def _part(view: memoryview) -> pa.Table:
    text = bytes(view)
    rows = text.count(b"},{") + 1
    if not text.isascii():
        _decoded(text)
    try:
        found = arrow_json.read_json(
            io.BytesIO(text.replace(b"},{", b"}\n{")),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=2 * _WINDOW),
            parse_options=arrow_json.ParseOptions(
                explicit_schema=_ANSWER, unexpected_field_behavior="ignore"
            ),
        )
    except pa.ArrowException as error:
        raise _Unusual from error
    if found.num_rows != rows:
        raise _Unusual
    return _filled(found.select(list(NAMES.values())).rename_columns(list(NAMES)))


def _filled(table: pa.Table) -> pa.Table:
    """Refuse rows without a key; fill what may be left out."""
    for name in ("element", "period", "unit"):
        if table[name].null_count:
            raise BadAnswer("value_without_key", NAMES[name])
    for name, blank in (("option", ""), ("attribute", ""), ("saved", ""), ("deleted", False)):
        if table[name].null_count:
            at = table.column_names.index(name)
            table = table.set_column(at, name, table[name].fill_null(blank))
    return table.cast(SCHEMA)


def _careful(answer: BinaryIO) -> Iterator[pa.Table]:
    answer.seek(0)
    text = _decoded(answer.read())
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("bad_json", error) from error
    if not isinstance(answer, dict) or "httpStatusCode" in answer:
        raise BadAnswer("other_shape", type(answer).__name__)
    rows = answer.get("dataValues")
    if rows is None:
        rows = []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadAnswer("other_shape", "dataValues")
    columns = {
        name: pa.array([_plain(row.get(theirs), name) for row in rows], SCHEMA.field(name).type)
        for name, theirs in NAMES.items()
    }
    yield _filled(pa.table(columns, schema=SCHEMA))


def _plain(value: Any, name: str) -> Any:
    if value is None:
        return None
    if name == "deleted":
        return value is True or value == "true"
    return value if isinstance(value, str) else json.dumps(value)


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadAnswer("not_utf8", f"byte {error.start}") from error
