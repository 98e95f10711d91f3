"""Does an import that is killed at any moment leave a valid store, and does a rerun complete it?

Starts `kalanso import` as a person would, kills it with SIGKILL after a random delay, opens what is
left, and lets a rerun finish. Every table must then equal that of an import nobody disturbed.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from kalanso.pipeline.tables import TABLES
from kalanso.store import Store

KILLS = 200
MONTHS = 12
PLACES = 150
MAP = """\
version: 1
file: {separator: ",", encoding: utf-8, decimal: "."}
place: {name: centre, parent: district, level: health_area, system: proof, vintage: "2024"}
period: {column: mois, type: month}
indicator: indicateur
value: valeur
constants: {age_band: 0-11m}
"""


def prove(folder: Path) -> str:
    """Kill KILLS imports at random moments; return what was seen in one sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_file(folder)
    whole, seconds = _undisturbed(folder)
    done = _progress(folder)
    chance = random.Random(20241122 + len(done))  # noqa: S311 - moments, not secrets
    while len(done) < KILLS:
        moment = chance.uniform(0.0, seconds * 1.05)
        done.append(_kill_once(folder, moment, whole))
        (folder / "progress.json").write_text(json.dumps(done), encoding="utf-8")
        print(f"\r{len(done)}/{KILLS} killed", end="", flush=True)
    print()
    before = sum(1 for one in done if one["tables"] == 0)
    finished = sum(1 for one in done if one["finished"])
    return (
        f"{KILLS} imports killed between 0 and {seconds * 1.05:.1f} s: every store was valid, every rerun "
        f"complete and equal ({before} killed before the first commit, {KILLS - before - finished} between "
        f"commits, {finished} after the last)"
    )


def _progress(folder: Path) -> list[dict[str, object]]:
    path = folder / "progress.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def _write_file(folder: Path) -> None:
    (folder / "map.yaml").write_text(MAP, encoding="utf-8")
    lines = ["district,centre,mois,indicateur,valeur"]
    for place in range(PLACES):
        for month in range(1, MONTHS + 1):
            for number, indicator in enumerate(("dtp1_doses", "dtp3_doses", "mcv1_doses")):
                value = 20 + (place * 7 + month * 3 + number) % 30
                lines.append(
                    f"District {place // 15},Centre {place:03d},2024-{month:02d},{indicator},{value}"
                )
    (folder / "doses.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _start(folder: Path, store: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "kalanso.cli", "import", "tables", str(folder / "doses.csv"),
        "--map", str(folder / "map.yaml"), "--store", str(store), "--country", "ML",
        "--source", "proof", "--json",
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _finish(folder: Path, store: Path) -> None:
    process = _start(folder, store)
    _, said = process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"the import ended with {process.returncode}: {said.decode()[-2000:]}")


def _undisturbed(folder: Path) -> tuple[dict[str, int], float]:
    store = folder / "whole"
    shutil.rmtree(store, ignore_errors=True)
    start = time.monotonic()
    _finish(folder, store)
    return _content(Store.open(store)), time.monotonic() - start


def _kill_once(folder: Path, moment: float, whole: dict[str, int]) -> dict[str, object]:
    place = folder / "killed"
    shutil.rmtree(place, ignore_errors=True)
    process = _start(folder, place)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    tables, finished = 0, False
    if (place / "store.json").exists():
        left = Store.open(place)
        if problems := left.verify():
            raise AssertionError(f"killed after {moment:.3f} s: {problems}")
        content = _content(left)  # every table can be read
        tables, finished = len(left.tables()), content == whole
    _finish(folder, place)
    again = Store.open(place)
    if problems := again.verify():
        raise AssertionError(f"rerun after a kill at {moment:.3f} s: {problems}")
    if (content := _content(again)) != whole:
        differing = {name for name in whole if content.get(name) != whole[name]}
        raise AssertionError(f"rerun after a kill at {moment:.3f} s: {sorted(differing)} differ")
    return {"moment": moment, "tables": tables, "finished": finished, "at": datetime.now(UTC).isoformat()}


def _content(store: Store) -> dict[str, int]:
    """Return a checksum of the rows of every table, without the moments at which they came."""
    found = {}
    for spec in TABLES:
        rows = store.read(spec)
        columns = [name for name in spec.column_names if name not in {"imported_at", "reviewed_on"}]
        frame = rows.select(*columns).to_pandas().astype(str)
        found[spec.name] = hash_rows(sorted(map(tuple, frame.itertuples(index=False))))
    return found


def hash_rows(rows: list[tuple[str, ...]]) -> int:
    """Return a checksum that is the same in every process."""
    import hashlib

    return int(hashlib.sha256(repr(rows).encode()).hexdigest()[:16], 16)
