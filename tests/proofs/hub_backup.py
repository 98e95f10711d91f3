"""Does a backup made while people write come back equal, on both databases, and show one single moment?

Every comment is written in one transaction with its job, so that a backup whose comments and jobs do not match
would show two moments. Each backup is restored into each database; there every table must have the rows and
the checksum that the backup says.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import hub_ground  # type: ignore[import-not-found]  # its neighbours in this folder
import hub_kill  # type: ignore[import-not-found]

BACKUPS = int(os.environ.get("KALANSO_PROOF_BACKUPS", "10"))


def prove(folder: Path) -> str:
    """Back up under load on each database and restore into each; return what was seen in one sentence."""
    seen = []
    for kind in hub_ground.databases():
        with hub_ground.house(folder, kind) as here:
            seen.append(f"from {kind} {_prove_on(here)}")
    return "; ".join(seen)


def _prove_on(here: Any) -> str:
    here.pages()
    worker = here.start("work")
    over, sent, told = threading.Event(), [], []
    people = [
        threading.Thread(target=hub_kill._send, args=(here, link, over, sent, told)) for link in here.links(6)
    ]
    for one in people:
        one.start()
    rows, restored = [], 0
    into = here.folder / "backups"
    try:
        for _ in range(BACKUPS):
            time.sleep(1)
            before = len(told)
            made = Path(here.run("backup", "--into", str(into), "--keep", "3").strip())
            rows.append(_one_moment(made, at_least=before))
            for kind in hub_ground.databases():
                _restore(here, made, kind)
                restored += 1
    finally:
        over.set()
        for one in people:
            one.join()
        hub_ground.kill(worker)
    return (
        f"{BACKUPS} backups while {len(told)} comments were written ({rows[0]} to {rows[-1]} of them in a backup), "
        f"{restored} restored and equal"
    )


def _one_moment(made: Path, *, at_least: int) -> int:
    comments, jobs = _rows(made, "people.comment"), _rows(made, "jobs.job")
    written = {row["key"] for row in comments if row["object_type"] == "proof"}
    asked = {row["arguments"]["key"] for row in jobs if row["kind"] == "proof.count"}
    if written != asked:
        raise AssertionError(
            f"{made.name}: {len(written ^ asked)} comments or jobs without the other: two moments"
        )
    noted = {
        (row["arguments"]["key"], step)
        for row in jobs
        for step in row["done_steps"]
        if row["kind"] == "proof.count"
    }
    left = {(row["object_id"], row["text"]) for row in comments if row["object_type"] == "proof-mark"}
    if noted != left:
        raise AssertionError(f"{made.name}: {len(noted ^ left)} marks without their note, or the reverse")
    if len(written) < at_least:
        raise AssertionError(f"{made.name}: {at_least} were acknowledged before it, it holds {len(written)}")
    return len(written)


def _rows(made: Path, label: str) -> list[dict[str, Any]]:
    with gzip.open(made / "records" / f"{label}.jsonl.gz", "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def _restore(here: Any, made: Path, kind: str) -> None:
    place = here.folder / "restored"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    wanted = json.loads((made / "backup.json").read_text(encoding="utf-8"))["tables"]
    with hub_ground.database(kind, "restored") as url:
        own = {
            "KALANSO_DATABASE": url, "KALANSO_DATA": str(place / "data"), "KALANSO_CACHE": str(place / "cache"),
            "KALANSO_STORE": str(place / "store"),
        }  # fmt: skip
        here.run("restore", str(made), **own)
        found = json.loads(here.run("checksums", **own))
    if found != wanted:
        differing = [name for name in wanted if found.get(name) != wanted[name]]
        raise AssertionError(f"{made.name} into {kind}: {differing} differ")
