"""How is everything that the hub holds copied to a safe place, while people go on working?

One folder for each backup: `records` (a file of lines for every table), `store` (the published tables),
`files` (uploads and photos) and `backup.json`, which says how many rows and which checksums each must have.
The database comes first: what its records name in the store stands there before them. Keys are never in it.
Unchanged files are shared with the backup before, by hard links, where the disk can do that.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from kalanso import __version__
from kalanso.hub.site.actions import records
from kalanso.hub.site.queries.state import BACKUP_MANIFEST as MANIFEST
from kalanso.hub.site.queries.state import backups_in
from kalanso.store import Store

FORMAT = 1
DRAFT = ".being-made-"
# What belongs to a store; the rest of its folder can be made again or belongs to the hub.
OF_STORE = ("store.json", "tables", "parts", "files", "estimates*")
NOT_FILES = ("hub.sqlite3", "secret", "sealing-key", "links", "review-packs")


class BackupFailed(RuntimeError):
    """A backup could not be made or does not hold what it says; the text says what to do."""


def make(*, into: Path, now: datetime, keep: int = 14) -> Path:
    """Make a backup, verify it, remove those beyond the newest `keep`, and return its folder."""
    into.mkdir(parents=True, exist_ok=True)
    name = f"{now:%Y%m%dT%H%M%SZ}"
    if (into / name).exists():
        raise BackupFailed(f"{into / name}: expected no backup of this second, found one; try again")
    draft = into / f"{DRAFT}{name}"
    draft.mkdir(mode=0o700)
    earlier = next(iter(reversed(backups_in(into))), None)
    try:
        told = {"format": FORMAT, "software": __version__, "made": now.isoformat()}
        told |= _records(draft)
        told |= {"store": _store(draft, earlier), "files": _files(draft, earlier)}
        _write(draft / MANIFEST, told)
        if problems := verify(draft):
            raise BackupFailed("; ".join(problems[:5]))
        draft.rename(into / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    for old in backups_in(into)[:-keep] if keep > 0 else []:
        shutil.rmtree(old)
    return into / name


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what a backup says of itself. Raises BackupFailed where it says nothing that can be read."""
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupFailed(
            f"{folder}: expected a backup (a folder with {MANIFEST}), found none; name one of its folders"
        ) from error
    if told["format"] > FORMAT:
        raise BackupFailed(f"{folder}: made by a newer Kalanso ({told['software']}); install that one")
    return told


def verify(folder: Path) -> list[str]:
    """Return what in a backup is missing or altered; nothing where it holds what it says."""
    told, problems = read_manifest(folder), []
    for label, table in told["tables"].items():
        tally = records.Tally()
        try:
            for line in lines(folder, label):
                tally.add(line)
        except (OSError, EOFError, ValueError) as error:
            problems.append(f"records/{label}: {error}")
            continue
        if tally.told() != table:
            problems.append(f"records/{label}: expected {table['rows']} rows, found {tally.rows} or others")
    for part in ("store", "files"):
        problems += _altered(folder / part, told[part])
    if told["store"]:
        problems += [f"store: {one.where}: {one.detail}" for one in Store.open(folder / "store").verify()]
    return problems


def lines(folder: Path, label: str) -> Iterator[str]:
    """Read the rows of a table from a backup."""
    with gzip.open(folder / "records" / f"{label}.jsonl.gz", "rt", encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield line.rstrip("\n")


def _records(draft: Path) -> dict[str, Any]:
    (draft / "records").mkdir()
    tables = {}
    with records.Standstill(draft / ".standstill.sqlite3") as alias:
        migrations = records.migrations_of(alias)
        for model in records.tables_as_of(migrations):
            label, tally = records.label_of(model), records.Tally()
            path = draft / "records" / f"{label}.jsonl.gz"
            with gzip.open(path, "wt", encoding="utf-8", compresslevel=6, newline="\n") as stream:
                for line in records.lines_of(model, alias):
                    tally.add(line)
                    stream.write(line + "\n")
            tables[label] = tally.told()
    return {"tables": tables, "migrations": sorted(map(list, migrations))}


def _store(draft: Path, earlier: Path | None) -> dict[str, Any]:
    root: Path | None = settings.KALANSO_STORE
    if root is None:
        return {}
    # Manifests come first: every part that they name stands there already.
    paths = [path for name in OF_STORE for path in sorted(root.glob(name)) if path != settings.KALANSO_DATA]
    return _copy(root, paths, draft / "store", earlier / "store" if earlier else None)


def _files(draft: Path, earlier: Path | None) -> dict[str, Any]:
    root: Path = settings.KALANSO_DATA
    paths = [path for path in sorted(root.iterdir()) if is_file_of_people(path)]
    return _copy(root, paths, draft / "files", earlier / "files" if earlier else None)


def is_file_of_people(path: Path) -> bool:
    """Whether something in the data folder was brought by people, not made by the hub for itself."""
    own = path.name.startswith((*NOT_FILES, ".")) or path == settings.KALANSO_CACHE
    return not own and path != settings.KALANSO_STORE


def _copy(root: Path, paths: Iterable[Path], target: Path, earlier: Path | None) -> dict[str, Any]:
    """Copy files, and return checksum and size of each by its path below the root."""
    target.mkdir()
    known = _known(earlier)
    told = {}
    for path in (one for top in paths for one in _below(top)):
        name = path.relative_to(root).as_posix()
        to = target / name
        to.parent.mkdir(parents=True, exist_ok=True)
        before = path.stat()
        old = earlier / name if earlier is not None else None
        if old is not None and name in known and _same(before, old):
            _link(old, to)
            told[name] = known[name]
            continue
        shutil.copyfile(path, to)
        os.utime(to, ns=(before.st_atime_ns, before.st_mtime_ns))
        told[name] = {"sha256": checksum(to), "bytes": to.stat().st_size}
    return told


def _known(earlier: Path | None) -> dict[str, Any]:
    if earlier is None:
        return {}
    told: dict[str, Any] = read_manifest(earlier.parent)[earlier.name]
    return told


def _below(top: Path) -> Iterator[Path]:
    """Return the files of a folder but drafts (names that begin with a dot), or the file itself."""
    if top.name.startswith("."):
        return
    if top.is_symlink():
        raise BackupFailed(f"{top}: expected a file or folder, found a link that may lead outside")
    if top.is_dir():
        for one in sorted(top.iterdir()):
            yield from _below(one)
    elif top.is_file():
        yield top


def _same(before: os.stat_result, old: Path) -> bool:
    if not old.is_file():
        return False
    found = old.stat()
    return (found.st_size, found.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def _link(old: Path, to: Path) -> None:
    try:
        os.link(old, to)
    except OSError:  # another disk, or one without links
        shutil.copy2(old, to)


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _altered(folder: Path, told: dict[str, Any]) -> list[str]:
    problems = []
    for name, one in told.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{folder.name}/{name}: expected a file, found none")
        elif path.stat().st_size != one["bytes"] or checksum(path) != one["sha256"]:
            problems.append(f"{folder.name}/{name}: has other content than when it was copied")
    return problems


def _write(path: Path, told: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        json.dump(told, stream, ensure_ascii=False, indent=1, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())


def copy_keys(*, into: Path) -> Path:
    """Write the keys that open sealed records into a file of their own, readable by its owner alone."""
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = into / "kalanso-keys.env"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    old = json.dumps(list(settings.SECRET_KEY_FALLBACKS))
    sealing = json.dumps(list(settings.KALANSO_CREDENTIAL_KEYS))
    path.write_text(
        f"KALANSO_SECRET_KEY={settings.SECRET_KEY}\nKALANSO_OLD_SECRET_KEYS='{old}'\n"
        f"KALANSO_CREDENTIAL_KEYS='{sealing}'\n",
        encoding="utf-8",
    )
    print(
        f"{path}: whoever reads this file can enter as anybody; keep it apart from backups", file=sys.stderr
    )
    return path
