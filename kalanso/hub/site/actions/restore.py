"""How does a hub come back from a backup, on this database or on the other, and how do we know that it is whole?

Only into an empty place. The backup is verified, then the store and the files are laid down, then the records
are written in one transaction that holds only if every table has the rows and the checksum that the backup
says. At last the database is brought to this version of the software.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from kalanso.hub.site.actions import backup, records
from kalanso.hub.site.actions.backup import BackupFailed


def restore(*, folder: Path, store: Path, data: Path) -> dict[str, Any]:
    """Bring everything back into an empty place, and return the checksums of the records.

    Raises BackupFailed or OtherSoftware before anything is written where the backup is not whole, the
    database is not empty or the software too old.
    """
    if problems := backup.verify(folder):
        raise BackupFailed(f"{folder}: this backup is not whole: {'; '.join(problems[:5])}; use another one")
    told = backup.read_manifest(folder)
    migrations = [(app, name) for app, name in told["migrations"]]
    records.tables_as_of(migrations)  # refuses what this software does not know
    if not records.is_empty():
        raise BackupFailed("the database holds records already: expected an empty one; name another database")
    _lay_down(folder / "store", store, told["store"])
    _lay_down(folder / "files", data, told["files"])
    _migrate_to(migrations)
    with transaction.atomic():
        records.write({label: backup.lines(folder, label) for label in told["tables"]}, migrations, "default")
        found = records.checksums()
        if differing := sorted(one for one in told["tables"] if found.get(one) != told["tables"][one]):
            raise BackupFailed(f"after writing, these tables differ from the backup: {', '.join(differing)}")
    ContentType.objects.clear_cache()
    call_command("migrate", interactive=False, verbosity=0)
    return found


def _lay_down(source: Path, target: Path, told: dict[str, Any]) -> None:
    """Copy files, each with its checksum; `store.json` comes last, so that half a store is none."""
    for name in sorted(told, key=lambda name: name == "store.json"):
        to = target / name
        if to.exists():
            raise BackupFailed(f"{to}: expected no such file, found one; name an empty folder")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, to)
        if backup.checksum(to) != told[name]["sha256"]:
            raise BackupFailed(f"{to}: was not written as it should; is the disk full?")


def _migrate_to(migrations: list[tuple[str, str]]) -> None:
    """Bring an empty database to the state in which the backup was made."""
    loader = MigrationLoader(None)
    loader.build_graph()
    if set(loader.graph.leaf_nodes()) <= set(migrations):
        call_command("migrate", interactive=False, verbosity=0)
        return
    known = set(loader.graph.nodes) & set(migrations)
    last = [one for one in known if not ({c.key for c in loader.graph.node_map[one].children} & known)]
    MigrationExecutor(connection).migrate(sorted(last))
