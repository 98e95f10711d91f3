"""Which files make up a table, since when, and where did they come from?

A manifest names one snapshot of one table. It is a small JSON file that, once created, never
changes; creating it is the commit. The files it names are written by `parts`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4


class SnapshotExists(FileExistsError):
    """Another writer committed this number first."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """A file or answer from outside that went into a snapshot."""

    name: str
    sha256: str
    retrieved_at: str | None = None
    url: str | None = None
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where rows came from: systems, files, and the snapshots they were computed from."""

    sources: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    made_from: tuple[str, ...] = ()
    by: str = "kalanso"
    note: str = ""
    state: str = "draft"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One content-addressed Parquet file, with the bucket and the days that it holds."""

    sha256: str
    rows: int
    bytes: int
    schema_version: int
    bucket: Mapping[str, Any] = field(default_factory=dict)
    first_day: str | None = None
    last_day: str | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One snapshot of one table.

    `kind` is `publish` or `withdrawal`; a withdrawal names what it took back and why.
    """

    table: str
    number: int
    created_at: str
    kind: str
    schema_version: int
    software: str
    rows: int
    parts: tuple[Part, ...]
    provenance: Provenance
    demo: bool = False
    withdrew: str | None = None
    reason: str | None = None

    @property
    def id(self) -> str:
        """The name by which other snapshots and pages cite this one."""
        return f"{self.table}-{self.number:06d}"

    @property
    def created(self) -> datetime:
        """When it was committed (UTC)."""
        return datetime.fromisoformat(self.created_at)

    def to_json(self) -> str:
        """Return the text that is stored."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a stored manifest; fields that a newer version added are ignored."""
        raw = json.loads(text)
        provenance = raw.pop("provenance")
        inputs = tuple(Input(**item) for item in provenance.pop("inputs"))
        listed: dict[str, Any] = {k: tuple(provenance.pop(k)) for k in ("sources", "made_from")}
        parts = tuple(Part(**part) for part in raw.pop("parts"))
        known = {key: raw[key] for key in cls.__dataclass_fields__ if key in raw}
        return cls(**known, parts=parts, provenance=Provenance(**provenance, **listed, inputs=inputs))

    def numbered(self, number: int) -> Manifest:
        """Return the same content under another number, for a second try at committing."""
        return replace(self, number=number)


def commit(manifest: Manifest, folder: Path) -> Path:
    """Create the manifest's file, or raise SnapshotExists where its number is taken.

    The text is complete on disk before its name appears, so a process killed at any moment leaves
    the previous snapshot or this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{manifest.number:06d}.json"
    draft = folder / f".{manifest.number:06d}.{uuid4().hex}.tmp"
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(manifest.to_json())
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, target)
    except FileExistsError as error:
        raise SnapshotExists(f"{target.name} of {manifest.table} was just written by another") from error
    finally:
        draft.unlink()
    sync_folder(folder)
    return target


def load_all(folder: Path) -> list[Manifest]:
    """Return all manifests of one table, oldest first."""
    if not folder.is_dir():
        return []
    files = sorted(path for path in folder.glob("*.json") if path.stem.isdigit())
    return [Manifest.from_json(path.read_text(encoding="utf-8")) for path in files]


def sync_folder(folder: Path) -> None:
    """Make a rename or link in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
