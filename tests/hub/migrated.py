"""How does a hub of the tests come by its tables without taking every step of the migrations again?

The steps take half a minute on a busy processor. They are taken once for all processes of a run of the tests; whoever
needs an empty database gets a copy. That they lead to the tables of the models is shown in `test_repository`, that a
hub takes them by itself in `test_hub_running` and `test_hub_backup`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Of Django's backend for SQLite: where the database of tests lives.
IN_MEMORY = "file:memorydb_default?mode=memory&cache=shared"


def shared_by_workers(base: Path) -> Path:
    """Return the folder that all processes of this run of the tests share."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def database(base: Path) -> Path:
    """Return an SQLite file in which every step was taken and nobody wrote; whoever comes first makes it."""
    folder = shared_by_workers(base) / "migrated"
    folder.mkdir(exist_ok=True)
    made = folder / "hub.sqlite3"
    with (folder / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not made.exists():
            _take_every_step(folder / "steps")
            (folder / "steps" / made.name).rename(made)
    return made


def _take_every_step(folder: Path) -> None:
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KALANSO_")}
    told = {"KALANSO_DATA": str(folder), "KALANSO_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-m", "kalanso.hub", "manage", "migrate", "--verbosity", "0"],
        env={**kept, **told}, check=True, cwd=ROOT,
    )  # fmt: skip
    with sqlite3.connect(folder / "hub.sqlite3") as found:
        found.execute("PRAGMA journal_mode=DELETE")  # one file, so that a copy is whole
    found.close()


def lay(made: Path, data: Path) -> None:
    """Put a copy where a hub looks for its database."""
    data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, data / "hub.sqlite3")


def in_memory(made: Path) -> sqlite3.Connection:
    """Fill the database of tests before Django comes to it; it lasts as long as somebody is connected."""
    kept = sqlite3.connect(IN_MEMORY, uri=True)
    with sqlite3.connect(made) as found:
        found.backup(kept)
    found.close()
    return kept
