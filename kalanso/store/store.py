"""What has been published, what was known when, and is it intact?

A store is a folder with immutable snapshots of one country's tables. Who may see which rows is
decided in `visibility`; what the tables mean is said by the packages that declare them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis.expr.types as ir
import pyarrow as pa

from kalanso import __version__
from kalanso.store.engines import Engine, read_parts
from kalanso.store.manifests import (
    Manifest,
    Part,
    Provenance,
    SnapshotExists,
    commit,
    load_all,
    sync_folder,
)
from kalanso.store.parts import Mode, Workshop, file_sha256, stage, workshop, write_parts
from kalanso.store.tables import TableSpec

FORMAT = 1
KEPT = 8  # of the rows found once for many questions, by what they are
GRACE = timedelta(hours=6)  # files of writers still at work must outlive a prune


class NoSuchStore(FileNotFoundError):
    """The folder is not a store."""


class NoSuchSnapshot(LookupError):
    """No snapshot of this name or time exists."""


class CannotWithdraw(ValueError):
    """Later snapshots were merged with this one."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that `verify` found amiss."""

    kind: str
    where: str
    detail: str


class Store:
    """A folder of published tables.

    Open an existing one with `Store.open(folder)`, begin one with `Store.create`. The engine is
    connected at the first read, so listing history needs no database.
    """

    def __init__(
        self,
        folder: Path,
        *,
        engine: str | Engine = "duckdb",
        memory: str = "3GB",
        threads: int | None = None,
    ) -> None:
        self.folder = Path(folder)
        about = self.folder / "store.json"
        if not about.is_file():
            raise NoSuchStore(
                f"{folder}: expected a store (a folder with store.json); "
                "create one with `kalanso import ... --store FOLDER` or `kalanso demo`"
            )
        self.about: dict[str, Any] = json.loads(about.read_text(encoding="utf-8"))
        if self.about["format"] > FORMAT:
            raise NoSuchStore(f"{folder}: written by a newer Kalanso (format {self.about['format']})")
        self.memory = memory
        self.threads = threads or os.cpu_count() or 1
        self._engine_name = engine if isinstance(engine, str) else engine.name
        self._engine = engine if isinstance(engine, Engine) else None
        self._kept: dict[str, OrderedDict[Hashable, ir.Table]] = {}

    @classmethod
    def create(
        cls, folder: Path, *, country: str, demo: bool = False, now: datetime, **settings: Any
    ) -> Store:
        """Make an empty store for one country, or open it where it exists already."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        about = folder / "store.json"
        if not about.exists():
            text = json.dumps(
                {"format": FORMAT, "country": country, "demo": demo, "created_at": now.isoformat()}
            )
            draft = folder / f".store.{uuid4().hex}.tmp"
            draft.write_text(text, encoding="utf-8")
            draft.replace(about)
            sync_folder(folder)
        return cls(folder, **settings)

    @classmethod
    def open(cls, folder: Path, **settings: Any) -> Store:
        """Open a store that exists."""
        return cls(folder, **settings)

    @property
    def country(self) -> str:
        """The country whose tables stand here, as its ISO 3166 code."""
        return str(self.about["country"])

    @property
    def demo(self) -> bool:
        """Whether the numbers are simulated and must be labelled DÉMO."""
        return bool(self.about["demo"])

    @property
    def engine(self) -> Engine:
        """The connected engine."""
        if self._engine is None:
            # Processes that share a folder for spilled rows would overwrite each other's files.
            spill = self.folder / "tmp" / f"spill-{os.getpid()}"
            limits: dict[str, Any] = {"memory": self.memory, "threads": self.threads, "spill": spill}
            self._engine = Engine.named(
                self._engine_name, **(limits if self._engine_name == "duckdb" else {})
            )
        return self._engine

    def kept(self, what: str, standing: Hashable, find: Callable[[], pa.Table]) -> ir.Table:
        """Return rows found once for all questions that rest on the same snapshots (`standing`), as a table.

        Of each `what` the last few are kept: a question that rests on an older one must be asked anew.
        """
        found = self._kept.setdefault(what, OrderedDict())
        if standing not in found:
            found[standing] = self.engine.rows(find())
            if len(found) > KEPT:
                self.engine.forget(found.popitem(last=False)[1])
        return found[standing]

    def publish(
        self,
        spec: TableSpec,
        rows: pa.Table | pa.RecordBatchReader | ir.Table | Path | list[dict[str, Any]],
        *,
        provenance: Provenance,
        now: datetime,
        mode: Mode = Mode.MERGE,
    ) -> Manifest:
        """Add rows to a table and return the new snapshot (the current one if nothing changed).

        `rows` is an Arrow table or reader, an Ibis table, a list of dicts, or a Parquet file that
        has the declared columns. Raises TableRefused, with nothing published, where rows break
        the declaration.
        """
        with workshop(self.folder, memory=self.memory, threads=self.threads) as shop:
            incoming = rows if isinstance(rows, Path) else stage(_arrow(rows, spec), spec, shop)
            return self._commit_again_until_first(spec, incoming, shop, provenance, now, mode)

    def _commit_again_until_first(
        self, spec: TableSpec, incoming: Path, shop: Workshop, provenance: Provenance,
        now: datetime, mode: Mode,
    ) -> Manifest:  # fmt: skip
        while True:
            latest = self.latest(spec.name)
            before = latest.parts if latest else ()
            parts = tuple(write_parts(spec, incoming, before, shop, mode=mode))
            if latest and _contents(parts) == _contents(before):
                if latest.provenance.state == provenance.state:
                    return latest
            manifest = self._manifest(spec.name, spec.version, parts, provenance, now, latest)
            try:
                commit(manifest, self._manifest_folder(spec.name))
            except SnapshotExists:
                continue  # another writer was first: merge once more, on top of its rows
            return manifest

    def _manifest(
        self, table: str, version: int, parts: Sequence[Part], provenance: Provenance,
        now: datetime, latest: Manifest | None, **more: Any,
    ) -> Manifest:  # fmt: skip
        return Manifest(
            table=table,
            number=latest.number + 1 if latest else 1,
            created_at=now.isoformat(),
            kind=more.pop("kind", "publish"),
            schema_version=version,
            software=__version__,
            rows=sum(part.rows for part in parts),
            parts=tuple(parts),
            provenance=provenance,
            demo=self.demo,
            **more,
        )

    def read(self, spec: TableSpec, *, as_of: datetime | str | None = None) -> ir.Table:
        """Return a table as it stands, or as it stood at a time or in a named snapshot.

        A table never published is empty, so that questions about it have the answer "nothing".
        """
        manifest = self.as_of(spec.name, as_of) if as_of is not None else self.latest(spec.name)
        parts = manifest.parts if manifest else ()
        return read_parts(
            spec, [(self.part_path(part.sha256), part.schema_version) for part in parts], self.engine
        )

    def as_of(self, table: str, moment: datetime | str) -> Manifest:
        """Return the snapshot of this name, or the newest one that existed at a time."""
        manifests = self.history(table)
        if isinstance(moment, str):
            found = [m for m in manifests if m.id == moment]
        else:
            found = [m for m in manifests if m.created <= moment]
        if not found:
            raise NoSuchSnapshot(f"{table}: no snapshot {moment}; `kalanso store history` lists them")
        return found[-1]

    def history(self, table: str) -> list[Manifest]:
        """Return all snapshots of a table, oldest first."""
        return load_all(self._manifest_folder(table))

    def latest(self, table: str) -> Manifest | None:
        """Return the current snapshot, or None where nothing was published."""
        folder = self._manifest_folder(table)
        names = sorted(path.name for path in folder.glob("[0-9]*.json")) if folder.is_dir() else []
        if not names:
            return None
        return Manifest.from_json((folder / names[-1]).read_text(encoding="utf-8"))

    def tables(self) -> list[str]:
        """Return the names of the tables that have at least one snapshot."""
        root = self.folder / "tables"
        return sorted(path.name for path in root.iterdir()) if root.is_dir() else []

    def part_path(self, sha256: str) -> Path:
        """Return where a part file stands."""
        return self.folder / "parts" / sha256[:2] / f"{sha256}.parquet"

    def withdraw(self, snapshot: str, *, reason: str, by: str, now: datetime) -> Manifest:
        """Take back what one snapshot brought, and say why.

        The files that stood before it return. Raises CannotWithdraw where a later snapshot has
        merged other rows into the same files: that one must be withdrawn first.
        """
        if not reason.strip():
            raise CannotWithdraw("a withdrawal needs a reason that readers will see")
        table = snapshot.rsplit("-", 1)[0]
        wrong = self.as_of(table, snapshot)
        before = [m for m in self.history(table) if m.number < wrong.number]
        if wrong.number > 1 and (not before or before[-1].number != wrong.number - 1):
            raise CannotWithdraw(f"{wrong.id}: the snapshot before it was pruned, so nothing can return")
        latest = self.latest(table)
        assert latest is not None
        earlier = before[-1].parts if before else ()
        parts = _without(wrong, earlier, latest)
        provenance = replace(wrong.provenance, by=by, note=reason, made_from=(wrong.id,))
        manifest = self._manifest(
            table, latest.schema_version, parts, provenance, now, latest,
            kind="withdrawal", withdrew=wrong.id, reason=reason,
        )  # fmt: skip
        commit(manifest, self._manifest_folder(table))
        return manifest

    def verify(self, *, progress: Callable[[str], None] = lambda _: None) -> list[Problem]:
        """Read every file that a snapshot names and return what is missing or altered."""
        problems: list[Problem] = []
        seen: dict[str, bool] = {}
        for table in self.tables():
            for manifest in self.history(table):
                progress(manifest.id)
                for part in manifest.parts:
                    problems += self._examine(manifest, part, seen)
        return problems

    def _examine(self, manifest: Manifest, part: Part, seen: dict[str, bool]) -> Iterable[Problem]:
        path = self.part_path(part.sha256)
        if part.sha256 in seen:
            return
        seen[part.sha256] = True
        if not path.is_file():
            yield Problem(kind="missing", where=manifest.id, detail=f"{path.name} is gone")
        elif path.stat().st_size != part.bytes or file_sha256(path) != part.sha256:
            yield Problem(kind="altered", where=manifest.id, detail=f"{path.name} has other content")

    def prune(self, *, keep: int, now: datetime, dry_run: bool = False) -> dict[str, int]:
        """Forget all but the newest `keep` snapshots of each table, and delete unused files.

        Files younger than a few hours stay, since a writer may be about to name them. Returns how
        many snapshots, files and bytes went.
        """
        if keep < 1:
            raise ValueError(f"keep: expected at least 1 snapshot, got {keep}")
        gone = {"snapshots": 0, "files": 0, "bytes": 0}
        used: set[str] = set()
        for table in self.tables():
            history = self.history(table)
            for manifest in history[:-keep]:
                gone["snapshots"] += 1
                if not dry_run:
                    (self._manifest_folder(table) / f"{manifest.number:06d}.json").unlink()
            used |= {part.sha256 for m in history[-keep:] for part in m.parts}
        for path in self.folder.glob("parts/*/*.parquet"):
            age = now.timestamp() - path.stat().st_mtime
            if path.stem not in used and age > GRACE.total_seconds():
                gone["files"] += 1
                gone["bytes"] += path.stat().st_size
                if not dry_run:
                    path.unlink()
        if not dry_run:
            self._clear_scratch(now)
        return gone

    def _clear_scratch(self, now: datetime) -> None:
        for path in self.folder.glob("tmp/*"):
            if now.timestamp() - path.stat().st_mtime > GRACE.total_seconds():
                shutil.rmtree(path, ignore_errors=True)

    def keep_file(self, path: Path) -> str:
        """Keep the untouched bytes of an imported file and return their checksum."""
        sha256 = file_sha256(path)
        target = self.folder / "files" / sha256[:2] / sha256
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.parent / f".{uuid4().hex}.tmp"
            shutil.copyfile(path, draft)
            draft.replace(target)
        return sha256

    def kept_file(self, sha256: str) -> Path:
        """Return where the bytes of an imported file stand."""
        return self.folder / "files" / sha256[:2] / sha256

    def _manifest_folder(self, table: str) -> Path:
        return self.folder / "tables" / table


def _arrow(rows: Any, spec: TableSpec) -> pa.Table | pa.RecordBatchReader:
    if isinstance(rows, ir.Table):
        # A whole result, not a stream: DuckDB 1.5 can wait for ever on a stream over kept tables.
        return rows.to_pyarrow()
    if isinstance(rows, list):
        return spec.arrow(rows)
    return rows


def _contents(parts: Iterable[Part]) -> list[str]:
    return sorted(part.sha256 for part in parts)


def _without(wrong: Manifest, earlier: Sequence[Part], latest: Manifest) -> list[Part]:
    brought = {p.sha256 for p in wrong.parts} - {p.sha256 for p in earlier}
    current = {p.sha256 for p in latest.parts}
    if merged := brought - current:
        raise CannotWithdraw(
            f"{wrong.id}: {len(merged)} of its files were merged with later rows; "
            f"withdraw the later snapshots first (the newest is {latest.id})"
        )
    returning = [p for p in earlier if p.sha256 not in {q.sha256 for q in wrong.parts}]
    return [p for p in latest.parts if p.sha256 not in brought] + [
        p for p in returning if p.sha256 not in current
    ]
