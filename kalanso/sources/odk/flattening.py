"""How do nested answers become rows of plain columns?

Groups become paths (`child/age`), repeats become tables of their own whose rows name the answer that
they belong to. Attachments stay names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kalanso.sources.odk.forms import Row

_LINKS = ("@odata.navigationLink", "@odata.context", "@odata.id")


def flattened(values: Mapping[str, Any], *, above: str = "") -> dict[str, Any]:
    """Return nested groups as one level of columns; links to repeats and empty texts are left out.

    A GeoJSON point becomes `longitude latitude` in the order of the standard; other lists become text.
    """
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if name.endswith(_LINKS):
            continue
        path = f"{above}/{name}" if above else name
        if isinstance(value, Mapping):
            if "coordinates" in value and "type" in value:
                plain[path] = " ".join(map(str, _numbers(value["coordinates"])))
            else:
                plain |= flattened(value, above=path)
        elif isinstance(value, list):
            plain[path] = " ".join(map(str, value))
        elif value is not None:
            plain[path] = value
    return plain


def _numbers(value: Any) -> list[Any]:
    return [number for one in value for number in _numbers(one)] if isinstance(value, list) else [value]


def nested(values: Mapping[str, Any], *, id: str, changed: str, above: str = "") -> Iterator[Row]:
    """Yield an answer of KoboToolbox and, after it, the rows of its repeats (lists of objects).

    A row of a repeat is identified by its answer, its path and its number; repeats within repeats follow.
    """
    answer = id.split("/", 1)[0]
    repeats = {name: rows for name, rows in values.items() if _is_repeat(rows) and not name.startswith("_")}
    own = {name: value for name, value in values.items() if name not in repeats and not _is_repeat(value)}
    yield Row(table=above, id=id, answer=answer, changed=changed, values=flattened(own))
    for name, rows in repeats.items():
        for number, row in enumerate(rows, 1):
            yield from nested(row, id=f"{id}/{name}[{number}]", changed=changed, above=name)


def _is_repeat(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)
