"""What does an answer of `/api/dataValueSets` hold, row by row?

Rows become columns in a Parquet file, some megabytes at a time. Who entered a value and what was
remarked (`storedBy`, `comment`) may be personal and is never kept. DHIS2 Web API manual, "Data values".
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
_OPENING = re.compile(rb'\s*\{\s*"dataValues"\s*:\s*\[\s*')
_WINDOW = 4 * 1024 * 1024


class _Unusual(Exception):
    """An answer that the fast reader does not understand; the careful one decides."""


def read_values(path: Path, target: Path) -> int:
    """Write the rows of a JSON answer to a Parquet file with SCHEMA and return how many there are.

    Raises BadAnswer where the text is no JSON, no UTF-8, no data value set, or a row does not say
    its element, period and place. A missing list is an empty one.
    """
    try:
        return _write(_quick(path), target)
    except _Unusual:
        return _write(_careful(path), target)


def _write(tables: Iterator[pa.Table], target: Path) -> int:
    rows = 0
    with pq.ParquetWriter(target, SCHEMA, compression="zstd", compression_level=1) as writer:
        for table in tables:
            rows += table.num_rows
            if table.num_rows:
                writer.write_table(table)
    return rows


def _quick(path: Path) -> Iterator[pa.Table]:
    """Read rows written one after the other without nesting, as DHIS2 does.

    Rows are parted at `},{`. Where that stands inside a text, or anything else is unusual, a part is no
    JSON object or their number differs, and the whole answer is left to the careful reader.
    """
    with path.open("rb") as stream:
        held = stream.read(_WINDOW)
        opening = _OPENING.match(held)
        if opening is None:
            raise _Unusual
        held = held[opening.end() :]
        while piece := stream.read(_WINDOW):
            held += piece
            if (cut := held.rfind(b"},{")) >= 0:
                yield _part(held[: cut + 1])
                held = held[cut + 2 :]
        last = _unclosed(held)
        yield _part(last) if last else SCHEMA.empty_table()


def _unclosed(text: bytes) -> bytes:
    """Return the rows before the end of the list and of the object."""
    for mark in (b"}", b"]"):
        text = text.rstrip()
        if not text.endswith(mark):
            raise _Unusual
        text = text[:-1]
    return text.rstrip()


def _part(text: bytes) -> pa.Table:
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


def _careful(path: Path) -> Iterator[pa.Table]:
    text = _decoded(path.read_bytes())
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
