"""Where are proofs of the hub made? A small country, a database, the real server and real workers, all killable.

`KALANSO_PROOF_DATABASE` names a PostgreSQL server on which databases may be made (`.ci/postgres` sets
`KALANSO_TEST_DATABASE`, which serves too). Without one, only SQLite is proven, and the result says so.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SERVER = os.environ.get("KALANSO_PROOF_DATABASE") or os.environ.get("KALANSO_TEST_DATABASE", "")


def databases() -> tuple[str, ...]:
    """Return which databases can be proven here."""
    return ("sqlite", "postgresql") if SERVER else ("sqlite",)


def country(folder: Path) -> Path:
    """Return a store with a small simulated country, made once."""
    store = folder / "country"
    if not (store / "store.json").exists():
        made = folder / "country.making"
        shutil.rmtree(made, ignore_errors=True)
        subprocess.run(
            [sys.executable, "-m", "kalanso.cli", "demo", "--size", "small", "--no-serve", "--no-estimate", "--store",
             str(made)],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        made.rename(store)
    return store


@dataclass
class House:
    """One hub under proof."""

    folder: Path
    store: Path
    database: str
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Return the settings of its programs."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KALANSO_")}
        return {
            **kept,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}",
            "DJANGO_SETTINGS_MODULE": "hub_settings",
            "KALANSO_STORE": str(self.store),
            "KALANSO_DATA": str(self.folder / "data"),
            "KALANSO_CACHE": str(self.folder / "cache"),
            "KALANSO_DATABASE": self.database,
            "KALANSO_SECOND_PROOF": "false",
            "KALANSO_LOGS": "json",
            "KALANSO_WORKERS": str(min(4, os.cpu_count() or 1)),  # as a service with a name has them
        }

    def run(self, *words: str, **more: str) -> str:
        """Run a verb to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "kalanso.hub", *words], env=self.environment() | more, cwd=ROOT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"{' '.join(words)}: ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def ask(self, code: str) -> str:
        """Run lines of Python inside the hub and return what they printed."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"], env=self.environment(), cwd=ROOT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"the hub did not answer: {done.stderr[-2000:]}")
        return done.stdout

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a program of the hub in a group of its own."""
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "kalanso.hub", *words], env=self.environment(), cwd=ROOT,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def nursery(self) -> subprocess.Popen[bytes]:
        """Start the program from which workers come at once."""
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(HERE / "hub_nursery.py")], env=self.environment(), cwd=ROOT,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def pages(self, *, wait: float = 60) -> subprocess.Popen[bytes]:
        """Start the pages, without a worker beside them, and wait until they answer."""
        self.port = self.port or _free_port()
        process = self.start("serve", "--port", str(self.port), "--no-worker")
        until = time.monotonic() + wait
        while not self.answers():
            if time.monotonic() > until or process.poll() is not None:
                raise AssertionError(
                    f"the pages did not start: {(self.folder / 'log.txt').read_text()[-2000:]}"
                )
            time.sleep(0.1)
        return process

    def prepared(self, *, wait: float = 300) -> None:
        """Wait until every web process has answered what is asked first, as after a start or a publication."""
        until, seen = time.monotonic() + wait, 0
        while seen < 40:  # so many answers come from all processes
            told = httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=30).text
            seen = seen + 1 if told == "ok\n" else 0
            if time.monotonic() > until:
                raise AssertionError(f"the first pages were not answered in {wait:.0f} s")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether the pages answer."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def links(self, people: int) -> list[str]:
        """Make people of all roles and return a link for each that lets them in once."""
        told = self.ask(f"import hub_people\nhub_people.make({people})")
        return [f"http://127.0.0.1:{self.port}/entrer/{line}/" for line in told.split()]

    def end(self) -> None:
        """Kill whatever still runs."""
        for process in self.processes:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and all that it started, at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def house(folder: Path, kind: str) -> Iterator[House]:
    """Lend a fresh hub on one of the databases."""
    place = folder / kind
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    store = country(folder)
    with database(kind, "proof") as url:
        here = House(place, store, url)
        try:
            here.run("manage", "migrate", "-v", "0")
            here.ask("import hub_people\nhub_people.places()")
            yield here
        finally:
            here.end()


@contextmanager
def database(kind: str, name: str) -> Iterator[str]:
    """Lend an empty database; the address of SQLite's is empty, since its file stands in the data folder."""
    if kind == "sqlite":
        yield ""
        return
    import psycopg

    name = f"{name}_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{SERVER.rsplit('/', 1)[0]}/{name}"
    finally:
        with psycopg.connect(SERVER, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: Any = probe.getsockname()[1]
    return int(found)
