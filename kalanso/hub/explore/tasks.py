"""How are figures drawn without the web process ever loading what draws them?

A figure is first described (kind, rows, arguments); its description names it. Words come with the
page, drawings when the browser asks for them; both come from one child process
(`kalanso.figures.Renderer`) and are kept on disk. Where drawing fails, the table behind the figure
stands in its place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from kalanso.figures import Renderer, RenderingFailed

log = logging.getLogger(__name__)

SECONDS = 20  # a page must not wait longer for words than a reader would
WIDTHS = (340, 720)  # a phone, and the widest column of a page
PRINT_WIDTH = 720
SIZE = re.compile(r'<svg[^>]* width="([\d.]+)"[^>]* height="([\d.]+)"')
FORMATS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}


class NotDrawn(RuntimeError):
    """A drawing that could not be made; the page shows the table instead."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure as a page shows it. `failed` holds the reason where there are no words."""

    key: str
    kind: str
    title: str = ""
    subtitle: str = ""
    caption: str = ""
    source_line: str = ""
    alt: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = field(default=())
    failed: str = ""
    narrow: tuple[int, int] | None = None  # width and height of the drawing for telephones, once it is made
    broad: tuple[int, int] | None = None


def describe(
    kind: str,
    table: Sequence[Mapping[str, Any]],
    arguments: Mapping[str, Any],
    *,
    locale: str,
    seen_as: str,
    scope: str = "",
) -> Picture:
    """Describe a figure and return it with its words; drawings follow when they are asked for.

    `seen_as` names the snapshots and the scope from which the rows were read, so that nobody is
    handed a drawing made for other eyes or of older numbers. `scope` is the mark of the scope alone: the
    drawing is sent to readers of that scope (`drawn_for`), whoever else holds its address.
    """
    job = {"kind": kind, "table": list(table), "arguments": dict(arguments), "locale": locale}
    text = json.dumps(job, ensure_ascii=False, sort_keys=True, default=str)
    key = hashlib.sha256(f"{settings.KALANSO_EDITION}\n{seen_as}\n{text}".encode()).hexdigest()[:32]
    folder = _folder(key)
    if (folder / "job.json").exists():
        os.utime(folder / "job.json")
    else:
        _write(folder / "scope.txt", scope.encode())
        _write(folder / "job.json", text.encode())
    words = _words(folder, job)
    if "failed" in words:
        return Picture(key=key, kind=kind, failed=words["failed"], **_plain_twin(table))
    twin = words["table"]
    named = {name: words[name] for name in ("title", "subtitle", "caption", "source_line", "alt")}
    rows = tuple(tuple(row) for row in twin["rows"])
    narrow, broad = (_size(folder / f"{width}.svg") for width in WIDTHS)
    return Picture(
        key=key, kind=kind, columns=tuple(twin["columns"]), rows=rows, narrow=narrow, broad=broad, **named
    )


def _size(path: Path) -> tuple[int, int] | None:
    """Return how large a drawing is, so that a page keeps its room free; None where it is not made yet."""
    try:
        with path.open(encoding="utf-8") as stream:
            found = SIZE.search(stream.read(500))
    except FileNotFoundError:
        return None
    return (round(float(found[1])), round(float(found[2]))) if found else None


def job_of(key: str) -> dict[str, Any]:
    """Return what describes a figure, so that a worker may draw it for a document. Raises NotDrawn."""
    try:
        found: dict[str, Any] = json.loads((_folder(key) / "job.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotDrawn(key) from error
    return found


def drawn_for(key: str) -> str | None:
    """Return the mark of the scope for which a figure was described; None where there is no such figure."""
    try:
        return (_folder(key) / "scope.txt").read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def drawing(key: str, form: str, width: int) -> Path:
    """Return the file of a drawing, made now if nobody asked for it before.

    Raises NotDrawn where the figure is unknown or cannot be drawn in time.
    """
    folder = _folder(key)
    target = folder / (f"{width}.svg" if form == "svg" else f"figure.{form}")
    if target.exists():
        return target
    job = job_of(key)
    with _one_at_a_time(key):
        if not target.exists():
            draft = folder / f"{uuid4().hex}.{form}"
            # On a page the words stand around the drawing as text; a file alone carries them inside.
            job |= {"format": form, "width": width, "with_words": form != "svg", "output": str(draft)}
            try:
                renderer().render(job)
            except RenderingFailed as error:
                log.warning("figure %s not drawn: %s", key, error)
                raise NotDrawn(str(error)) from error
            draft.replace(target)
    return target


def forget_figures(*, before: datetime) -> int:
    """Remove figures that no page described since a moment, and return their number.

    Pages are composed anew each day, so that a figure which anybody still sees was described yesterday at the latest.
    """
    gone = 0
    for folder in (Path(settings.KALANSO_CACHE) / "figures").glob("*/*"):
        described = folder / "job.json"
        if described.is_file() and described.stat().st_mtime < before.timestamp():
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


@lru_cache(maxsize=1)
def renderer() -> Renderer:
    """Return the one child process that draws."""
    return Renderer(timeout=SECONDS)


def warm() -> None:
    """Start the child before the first reader needs it."""
    threading.Thread(target=_first_job, daemon=True).start()


def _first_job() -> None:
    try:
        renderer().render({"kind": "trend", "table": [{"period": "2024", "value": None}],
                           "arguments": {"subject": {"measure": "-"}}})  # fmt: skip
    except RenderingFailed:
        return  # the first page that needs it will say so


def _words(folder: Path, job: Mapping[str, Any]) -> dict[str, Any]:
    kept = folder / "words.json"
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    try:
        words = renderer().render(job)["figure"]
    except RenderingFailed as error:
        log.warning("figure %s without words: %s", folder.name, error)
        return {"failed": str(error)}
    _write(kept, json.dumps(words, ensure_ascii=False).encode())
    return dict(words)


def _plain_twin(table: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    columns = tuple(name for name in (table[0] if table else {}) if name != "geometry")
    return {"columns": columns, "rows": tuple(tuple(row.get(name) for name in columns) for row in table)}


def _folder(key: str) -> Path:
    return Path(settings.KALANSO_CACHE) / "figures" / key[:2] / key


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    draft.write_bytes(content)
    draft.replace(path)


_LOCKS = tuple(threading.Lock() for _ in range(64))


def _one_at_a_time(key: str) -> threading.Lock:
    return _LOCKS[int(key[:8], 16) % len(_LOCKS)]
