"""Under which name is a drawing kept, so that the same question is drawn once?

The name depends on everything that the reader sees: the rows, the arguments, language, width,
format and the version of the software. It does not depend on the order of columns, the index,
or the process that computes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from kalanso import __version__
from kalanso.vocabulary import Message

DRAWN_AS = 2  # raise when the same question would be drawn otherwise


def fingerprint(
    kind: str,
    table: pd.DataFrame,
    arguments: Mapping[str, Any],
    *,
    locale: str,
    width: int,
    format: str = "svg",
    with_words: bool = True,
) -> str:
    """Return 32 hexadecimal digits that name one drawing of one table.

    `arguments` are those of the figure's function; values may be plain, dates, tables or the
    dataclasses of this package.
    """
    said = {
        "kind": kind, "arguments": _plain(arguments), "locale": locale, "width": width, "format": format,
        "with_words": with_words, "software": __version__, "drawn_as": DRAWN_AS, "rows": _plain(table),
    }  # fmt: skip
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return {str(name): [_plain(item) for item in value[name].tolist()] for name in sorted(value.columns)}
    if isinstance(value, Message):
        return {"id": value.id, "params": _plain(value.params)}
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return hashlib.sha256(bytes(value)).hexdigest()
    if isinstance(value, (date, Path)):
        return str(value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return None if pd.isna(value) else repr(float(value))
