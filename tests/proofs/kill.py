"""Does an import that is killed at any moment leave a valid store, and does a rerun complete it?

Runs `kalanso import` in a process whose libraries are loaded already, so that every random moment
falls within the work itself, and kills it with SIGKILL. Kills alternate between a first import into
an empty folder and a long, streamed file that corrects and extends a store; half of them come at any
moment, half while tables are published, one after the other. What is left must open and verify, each
of its tables as it stood before or as it will stand after, and a rerun must give the tables of an
import that nobody disturbed.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kalanso.pipeline.tables import TABLES
from kalanso.store import Store

KILLS = 200
MAP = """\
version: 1
file: {separator: ",", encoding: utf-8, decimal: "."}
place: {name: centre, parent: district, level: health_area, system: proof, vintage: "2024"}
period: {column: mois, type: month}
indicator: indicateur
value: valeur
constants: {age_band: 0-11m}
"""
LOADED = ["kalanso.cli", "kalanso.pipeline", "kalanso.sources", "ibis.backends.duckdb", "pyarrow.csv"]
Content = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One import that is killed: from which file, into what, and what it leaves when nobody does."""

    name: str
    file: Path
    start: Path | None
    before: Content
    after: Content
    seconds: float  # to the last commit
    publishing: float  # seconds of these since the first commit


def prove(folder: Path) -> str:
    """Kill KILLS imports at random moments; return what was seen in one sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = _cases(folder)
    done = _progress(folder)
    chance = random.Random(20241122 + len(done))  # noqa: S311 - moments, not secrets
    while len(done) < KILLS:
        case = cases[len(done) % len(cases)]
        publishing = len(done) // len(cases) % 2 == 1
        moment = chance.uniform(0.0, case.publishing if publishing else case.seconds)
        done.append(_kill_once(folder, case, moment, publishing=publishing))
        (folder / "progress.json").write_text(json.dumps(done), encoding="utf-8")
        print(f"\r{len(done)}/{KILLS} killed", end="", flush=True)
    print()
    left = Counter(one["left"] for one in done)
    spans = " and ".join(f"{case.seconds:.1f} s ({case.name})" for case in cases)
    return (
        f"{KILLS} imports killed at random moments within {spans}: every store was valid, every rerun "
        f"complete and equal ({left['as before']} killed before the first commit, {left['between']} between "
        f"commits, {left['complete']} after the last)"
    )


def _progress(folder: Path) -> list[dict[str, Any]]:
    path = folder / "progress.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def _cases(folder: Path) -> tuple[_Case, ...]:
    (folder / "map.yaml").write_text(MAP, encoding="utf-8")
    first, later = folder / "first.csv", folder / "later.csv"
    _write_file(first, places=range(150), months=range(12))
    # Touches the second half of the first year again, adds a year and ten places, and is long enough
    # to be streamed.
    _write_file(later, places=range(5, 700), months=range(6, 24))
    held = folder / "held"
    shutil.rmtree(held, ignore_errors=True)
    _finish(folder, first, held)
    return (
        _undisturbed(folder, "a first import", first, None),
        _undisturbed(folder, "a long correction", later, held),
    )


def _write_file(path: Path, *, places: Iterable[int], months: Iterable[int]) -> None:
    lines = ["district,centre,mois,indicateur,valeur"]
    for place in places:
        for month in months:
            when = f"{2023 + month // 12}-{month % 12 + 1:02d}"
            for number, indicator in enumerate(("dtp1_doses", "dtp3_doses", "mcv1_doses")):
                value: int | str = 20 + (place * 7 + month * 3 + number + len(path.name)) % 30
                if (place + month + number) % 500 == 0:
                    value = "illisible"  # refused, so that the list of refusals is written too
                lines.append(f"District {place // 15},Centre {place:03d},{when},{indicator},{value}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _start(folder: Path, file: Path, store: Path) -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    command = [
        "import", "tables", str(file), "--map", str(folder / "map.yaml"), "--store", str(store),
        "--country", "ML", "--source", "proof", "--new-places", "--json",
    ]  # fmt: skip
    process = context.Process(target=_import, args=(command, str(folder / "said.txt")))
    process.start()
    return process


def _import(command: list[str], said: str) -> None:
    """Do in a fresh process what the command `kalanso` does."""
    from kalanso.cli import main

    handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    main(command)


def _finish(folder: Path, file: Path, store: Path) -> None:
    process = _start(folder, file, store)
    process.join()
    if process.exitcode not in (0, 1):  # 1 says that rows were refused, as they must be
        said = (folder / "said.txt").read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"the import ended with {process.exitcode}: {said[-2000:]}")


def _undisturbed(folder: Path, name: str, file: Path, start: Path | None) -> _Case:
    store = folder / "whole"
    took = []
    for _ in range(3):
        _lay(start, store)
        since = time.time()
        _finish(folder, file, store)
        # To the last commit: the moments in which a process only takes leave would prove nothing.
        commits = [moment - since for path, moment in _commits(store).items() if path not in _commits(start)]
        took.append((max(commits), max(commits) - min(commits)))
    before = _content(Store.open(start)) if start else _nothing()
    after = _content(Store.open(store))
    seconds, publishing = (1.05 * max(spans) for spans in zip(*took[1:], strict=True))
    return _Case(
        name=name, file=file, start=start, before=before, after=after, seconds=seconds, publishing=publishing
    )


def _commits(store: Path | None) -> dict[str, float]:
    """Return the manifests of a store and when each was written."""
    found = store.glob("tables/*/[0-9]*.json") if store else ()
    return {f"{path.parent.name}/{path.name}": path.stat().st_mtime for path in found}


def _lay(start: Path | None, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    if start:
        shutil.copytree(start, place)


def _kill_once(folder: Path, case: _Case, moment: float, *, publishing: bool) -> dict[str, Any]:
    place = folder / "killed"
    _lay(case.start, place)
    held = len(_commits(place))
    process = _start(folder, case.file, place)
    while publishing and process.is_alive() and len(_commits(place)) == held:
        time.sleep(0.002)
    process.join(moment)
    process.kill()
    process.join()
    where = f"{case.name}, killed {moment:.3f} s after its {'first commit' if publishing else 'start'}"
    left = _judge(place, case, where) if (place / "store.json").exists() else "as before"
    _finish(folder, case.file, place)
    again = Store.open(place)
    if problems := again.verify():
        raise AssertionError(f"{where}, rerun: {problems}")
    if differing := _differing(_content(again), case.after):
        raise AssertionError(f"{where}, rerun: {differing} differ")
    told = {"case": case.name, "moment": moment, "publishing": publishing, "left": left}
    return {**told, "at": datetime.now(UTC).isoformat()}


def _judge(place: Path, case: _Case, where: str) -> str:
    """Say whether what is left is as before, complete, or between; raise where it is none of these."""
    store = Store.open(place)
    if problems := store.verify():
        raise AssertionError(f"{where}: {problems}")
    content = _content(store)  # every table can be read
    if not (still_open := _differing(content, case.after)):
        return "complete"
    if not (begun := _differing(content, case.before)):
        return "as before"
    if half := set(still_open) & set(begun):
        raise AssertionError(f"{where}: {sorted(half)} are neither as before nor as after")
    return "between"


def _differing(found: Content, wanted: Content) -> list[str]:
    return sorted(name for name in wanted if found.get(name) != wanted[name])


def _nothing() -> Content:
    return {spec.name: _checksum([]) for spec in TABLES}


def _content(store: Store) -> Content:
    """Return a checksum of the rows of every table, without the moments at which they came."""
    found = {}
    for spec in TABLES:
        columns = [name for name in spec.column_names if name not in {"imported_at", "reviewed_on"}]
        frame = store.read(spec).select(*columns).to_pandas().astype(str)
        found[spec.name] = _checksum(sorted(map(tuple, frame.itertuples(index=False))))
    return found


def _checksum(rows: list[tuple[str, ...]]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]
