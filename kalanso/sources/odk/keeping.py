"""How does a pull become files that the next pull completes?

One CSV file per table, with a journal beside them (address, moment, rows, checksums, watermark). An
answer that came again replaces the one before, with all rows of its repeats. Files change only once
everything has arrived, so that a pull that is cut short leaves what stood there.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kalanso.sources.fetching import sha256_of
from kalanso.sources.odk.faults import NotPulled
from kalanso.sources.odk.forms import PERSONAL, Row, Server

ID, ANSWER = "row_id", "answer_id"
OVERLAP = timedelta(hours=1)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
Rows = dict[str, dict[str, dict[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What a pull brought: files by table, answers that came, rows that stand there, and the next watermark."""

    files: Mapping[str, Path]
    came: int
    rows: Mapping[str, int]
    since: str
    watermark: str


def pull(
    server: Server,
    form: str,
    folder: Path,
    *,
    url: str,
    whole: bool = False,
    keep_personal: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    cancel: Callable[[], bool] = lambda: False,
    now: datetime,
) -> Pulled:
    """Bring the answers of a form into a folder: all of them, or those since the pull before.

    Columns that name the person or telephone that sent an answer are left out unless `keep_personal`.
    `whole` asks for everything again, so that deleted answers go. Raises NotPulled.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stem = _UNSAFE.sub("-", form).strip("-") or "form"
    journal = folder / f"{stem}.pull.json"
    before = {} if whole else _journal(journal, url, form)
    since = str(before.get("watermark", ""))
    kept = _read(folder, before.get("files", {}))
    came: set[str] = set()
    fresh: Rows = {}
    watermark = since
    for number, row in enumerate(server.rows(form, since=earlier(since)), 1):
        if cancel():
            raise NotPulled("sources.odk.cancelled", form=form)
        fresh.setdefault(row.table, {})[row.id] = _plain(row, keep_personal)
        came.add(row.answer)
        watermark = max(watermark, row.changed)
        if number % 100 == 0:
            progress(number)
    merged = _merged(kept, fresh, came)
    files = {
        table: folder / f"{stem}{'.' + _UNSAFE.sub('-', table) if table else ''}.csv" for table in merged
    }
    for table, rows in merged.items():
        _write(files[table], rows)
    _record(journal, url, form, now, since, watermark, files, merged)
    return Pulled(
        files=files, came=len(came), rows={table: len(rows) for table, rows in merged.items()}, since=since,
        watermark=watermark,
    )  # fmt: skip


def earlier(moment: str, by: timedelta = OVERLAP) -> str:
    """Return a moment of a server some time earlier, as it writes them; empty where there is none.

    An answer that was being stored while the pull before ran may carry an earlier time than the newest.
    """
    if not moment:
        return ""
    when = datetime.fromisoformat(moment.replace("Z", "+00:00")) - by
    return when.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _plain(row: Row, keep_personal: bool) -> dict[str, str]:
    named = {ID: row.id, ANSWER: row.answer}
    values = {name: str(value) for name, value in row.values.items() if keep_personal or name not in PERSONAL}
    return named | values


def _merged(kept: Rows, fresh: Rows, came: set[str]) -> Rows:
    """Return the rows that stood there, without those of answers that came again, and the new ones."""
    merged: Rows = {"": {}}
    for table in [*kept, *fresh]:
        old = {id: row for id, row in kept.get(table, {}).items() if row[ANSWER] not in came}
        merged[table] = old | fresh.get(table, {})
    return merged


def _journal(path: Path, url: str, form: str) -> dict[str, Any]:
    """Return the journal of the pull before; nothing where it is of another server or form, or files changed."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if told.get("url") != url or told.get("form") != form:
        return {}
    for one in told.get("files", {}).values():
        file = path.with_name(str(one["name"]))
        if not file.is_file() or sha256_of(file) != one["sha256"]:
            return {}
    return told


def _read(folder: Path, files: Mapping[str, Mapping[str, str]]) -> Rows:
    found: Rows = {}
    for table, one in files.items():
        with (folder / one["name"]).open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            found[table] = {row[ID]: {name: value for name, value in row.items() if value} for row in rows}
    return found


def _write(path: Path, rows: Mapping[str, Mapping[str, str]]) -> None:
    columns = _columns(rows.values())
    draft = path.with_name(f".{path.name}.tmp")
    with draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[id] for id in sorted(rows))
    draft.replace(path)


def _columns(rows: Iterable[Mapping[str, str]]) -> list[str]:
    every = dict.fromkeys(name for row in rows for name in row)
    return [ID, ANSWER, *sorted(name for name in every if name not in (ID, ANSWER))]


def _record(
    path: Path, url: str, form: str, now: datetime, since: str, watermark: str, files: Mapping[str, Path], rows: Rows
) -> None:  # fmt: skip
    told = {
        "url": url, "form": form, "pulled_at": now.isoformat(), "since": since, "watermark": watermark,
        "files": {
            table: {"name": file.name, "sha256": sha256_of(file), "rows": len(rows[table])}
            for table, file in files.items()
        },
    }  # fmt: skip
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    draft.replace(path)
