"""How do the programs of a hub run: its pages, its worker, and what keeps it safe?

Every function here is one verb of the command line: it sets Django up, calls the site's actions, says in one
sentence what came of it, and returns an exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread

LOOPBACK = ("127.0.0.1", "localhost", "::1")
WRONG_USE, NOTHING_THERE, DONE = 2, 1, 0
LONGEST_START = 60  # seconds
RESTARTED_AFTER = 2.0  # seconds, after a worker died
PATIENCE = 20  # seconds that a worker has to lay its job down


def set_up() -> None:
    """Read the settings and make Django ready."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalanso.hub.site.settings")
    import django

    django.setup()


def _say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr, flush=True)
    return code


def _store_problem() -> str:
    """Return what is wrong with the store that is named, or nothing."""
    named = os.environ.get("KALANSO_STORE", "")
    if not named:
        return "--store: expected the folder of a store (or KALANSO_STORE), got none"
    if not (Path(named) / "store.json").is_file():
        return (
            f"--store {named}: expected a folder with store.json; make one with "
            "`kalanso demo --store FOLDER` or `kalanso import ... --store FOLDER`"
        )
    return ""


def serve(asked: argparse.Namespace) -> int:
    """Open the pages: for this computer, or behind a proxy for the names in KALANSO_HOSTS."""
    from kalanso.hub.site.configuration import Configuration

    if problem := _store_problem():
        return _say(problem, NOTHING_THERE)
    known = Configuration()
    service = bool(known.hosts)
    if asked.host not in LOOPBACK and not (service and known.https):
        return _say(
            f"--host {asked.host}: to answer others, the hub needs KALANSO_HOSTS (its names) and KALANSO_HTTPS=true "
            "(a proxy that seals the way); without them it answers only this computer. To reach it from another, "
            f"leave --host out and use SSH: ssh -L {asked.port}:127.0.0.1:{asked.port} THIS-COMPUTER",
            WRONG_USE,
        )
    if service and not known.https:
        return _say(
            "KALANSO_HOSTS is set without KALANSO_HTTPS=true: passwords would travel openly; put a proxy with TLS "
            "before the hub (docs/how-to/run-the-hub.md) and set it",
            WRONG_USE,
        )
    if _taken(asked.port):
        return _say(
            f"--port {asked.port}: another program listens there; choose another, such as --port {asked.port + 1}",
            NOTHING_THERE,
        )
    # On a busy machine the address takes many seconds to come.
    print("Kalanso: starting…", flush=True)
    return _serve(
        asked, service=service, workers=known.web_processes(os.cpu_count() or 1), threads=known.threads
    )


def _serve(asked: argparse.Namespace, *, service: bool, workers: int, threads: int) -> int:
    set_up()
    from django.core.management import call_command

    from kalanso.hub.jobs.queries import unapplied_migrations

    call_command("collectstatic", interactive=False, verbosity=0)
    if not service:
        call_command("migrate", interactive=False, verbosity=0)
    elif missing := unapplied_migrations():
        return _say(_lacking(missing), NOTHING_THERE)
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import logger as server_log

    server_log.addFilter(not_of_threads)

    path = "/" if service else _way_in()
    Thread(target=_announce, args=(asked.port, path, asked.open), daemon=True).start()
    stopped = Event()
    keeper: Thread | None = None
    if not service if asked.worker is None else asked.worker:
        keeper = Thread(target=_keep_worker, args=(stopped,), daemon=True)
        keeper.start()
    try:
        Granian(
            "kalanso.hub.site.wsgi:application",
            address=asked.host,
            port=asked.port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            websockets=False,
            respawn_failed_workers=True,
            log_level="warning",
        ).serve()
    finally:
        stopped.set()
        if keeper is not None:
            keeper.join(PATIENCE + 5)
    return DONE


def _lacking(missing: int) -> str:
    return f"the database lacks {missing} changes of this version: run `python -m kalanso.hub upgrade` first"


def not_of_threads(line: logging.LogRecord) -> bool:
    """Keep a line of the server unless it wonders at the number of threads: most of them wait, few compute."""
    return "Python threads, which seems quite high" not in line.getMessage()


def _keep_worker(stopped: Event) -> None:
    """Keep a worker beside the pages: start it again when it dies, end it with them."""
    while not stopped.is_set():
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "kalanso.hub", "work", "--parent", str(os.getpid())],
            start_new_session=True,  # Ctrl+C reaches the pages, which then tell it
        )
        while process.poll() is None and not stopped.wait(0.5):
            pass
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        elif not stopped.is_set():
            _say(f"the worker ended with {process.returncode}; it is started again", DONE)
            stopped.wait(RESTARTED_AFTER)


def work(asked: argparse.Namespace) -> int:
    """Do the work behind the pages until told to end."""
    set_up()
    from kalanso.hub.jobs.queries import standing, unapplied_migrations
    from kalanso.hub.jobs.tasks import work_in_lanes, work_on

    if missing := unapplied_migrations():
        _say(_lacking(missing), NOTHING_THERE)
        if asked.once:
            return NOTHING_THERE

    with contextlib.suppress(OSError):  # pages come first
        os.nice(5)

    def over() -> bool:
        if asked.parent is not None and os.getppid() != asked.parent:
            return True
        return asked.once and not standing(now=_now())["waiting"]

    ended = work_on(until=over, schedule=False) if asked.once else work_in_lanes(until=over)
    print(f"{ended} jobs ended", file=sys.stderr)
    return DONE


def run_due(_asked: argparse.Namespace) -> int:
    """Ask for what is due; asking again in the same period asks nothing."""
    set_up()
    from kalanso.hub.jobs.actions import ask_due

    new = ask_due(now=_now())
    print("\n".join(job.kind for job in new) or "nothing is due")
    return DONE


def backup(asked: argparse.Namespace) -> int:
    """Make a verified backup."""
    set_up()
    folder = _backup(asked.into, asked.keep)
    if folder is None:
        return NOTHING_THERE
    print(folder)
    if asked.keys is not None:
        from kalanso.hub.site.actions.backup import copy_keys

        copy_keys(into=asked.keys)
    else:
        _say(
            "The keys are not in it: keep a copy of KALANSO_SECRET_KEY and KALANSO_CREDENTIAL_KEYS apart (--keys FOLDER).",
            DONE,
        )
    return DONE


def _backup(into: Path | None, keep: int) -> Path | None:
    from django.conf import settings

    from kalanso.hub.site.actions.backup import BackupFailed, make

    place = into or settings.CONFIGURATION.backups
    if place is None:
        _say("--into: expected the folder of backups (or KALANSO_BACKUPS), got none", WRONG_USE)
        return None
    try:
        return make(into=place, now=_now(), keep=keep)
    except (BackupFailed, OSError) as error:
        _say(f"the backup failed: {error}", NOTHING_THERE)
        return None


def check_backup(asked: argparse.Namespace) -> int:
    """Say whether a backup holds what it says."""
    set_up()
    from kalanso.hub.site.actions.backup import BackupFailed, verify

    try:
        problems = verify(asked.folder)
    except BackupFailed as error:
        problems = [str(error)]
    print("\n".join(problems) or f"{asked.folder}: whole")
    return NOTHING_THERE if problems else DONE


def restore(asked: argparse.Namespace) -> int:
    """Bring a hub back into an empty place."""
    named = os.environ.get("KALANSO_STORE", "")
    if not named:
        return _say("--store: expected the folder in which the store shall stand, got none", WRONG_USE)
    store = Path(named)
    if store.exists() and any(store.iterdir()):
        return _say(
            f"--store {store}: expected an empty or new folder, found files; name another", NOTHING_THERE
        )
    store.mkdir(parents=True, exist_ok=True)
    set_up()
    from django.conf import settings

    from kalanso.hub.site.actions import restore as restoring
    from kalanso.hub.site.actions.backup import BackupFailed
    from kalanso.hub.site.actions.records import OtherSoftware

    try:
        found = restoring.restore(folder=asked.folder, store=store, data=settings.KALANSO_DATA)
    except (BackupFailed, OtherSoftware, OSError) as error:
        return _say(f"{error}. Remove {store} before you try again.", NOTHING_THERE)
    rows = sum(one["rows"] for one in found.values())
    print(f"restored and equal: {len(found)} tables, {rows} rows")
    return _say(
        "Everybody logs in again. Set KALANSO_SECRET_KEY and KALANSO_CREDENTIAL_KEYS to the keys that you kept apart.",
        DONE,
    )


def checksums(_asked: argparse.Namespace) -> int:
    """Print rows and checksum of every table, equal on both databases where the records are."""
    set_up()
    from kalanso.hub.site.actions.records import checksums as of_tables

    print(json.dumps(of_tables(), indent=1, sort_keys=True))
    return DONE


def rotate_credentials(_asked: argparse.Namespace) -> int:
    """Seal what opens connected servers, and secrets of studies, with the newest key, all or nothing."""
    set_up()
    from django.db import transaction

    from kalanso.hub.evidence.actions import connections
    from kalanso.hub.people.queries.sealing import CannotOpen, NoKey
    from kalanso.hub.studies.actions import salts

    try:
        with transaction.atomic():
            number = connections.seal_anew() + salts.seal_anew()
    except NoKey:
        return _say(
            "KALANSO_CREDENTIAL_KEYS: expected the new key before the old ones, got none", NOTHING_THERE
        )
    except CannotOpen:
        return _say(
            "no key opens one of them: put the key that sealed it back into KALANSO_CREDENTIAL_KEYS",
            NOTHING_THERE,
        )
    print(f"{number} sealed with the newest key; older ones may leave KALANSO_CREDENTIAL_KEYS")
    return DONE


def export_all(asked: argparse.Namespace) -> int:
    """Hand everything over."""
    set_up()
    from kalanso.hub.site import exports

    try:
        told = exports.export_all(into=asked.into)
    except OSError as error:
        return _say(str(error), NOTHING_THERE)
    print(
        f"{asked.into}: {told['records']} tables of records, {told['tables']} published tables, {told['files']} files"
    )
    return DONE


def upgrade(asked: argparse.Namespace) -> int:
    """Bring the hub to this version: back up, migrate, check the store; stop at the first failure."""
    set_up()
    from django.conf import settings
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError
    from django.db import DatabaseError

    from kalanso.hub.site.actions.records import OtherSoftware
    from kalanso.store import NoSuchStore, Store

    try:
        folder = _backup(asked.into, asked.keep)
    except OtherSoftware as error:
        return _say(f"{error}. Nothing was changed.", NOTHING_THERE)
    if folder is None:
        return _say("Nothing was changed: without a backup nothing is upgraded.", NOTHING_THERE)
    print(f"1/3 backup: {folder}")
    back = f"go back with: python -m kalanso.hub restore {folder} --store NEW-FOLDER (and an empty database)"
    try:
        call_command("check", stdout=io.StringIO())
        call_command("migrate", interactive=False, verbosity=0)
    except (DatabaseError, SystemCheckError) as error:
        return _say(f"2/3 migrating failed: {type(error).__name__}: {error}; {back}", NOTHING_THERE)
    print("2/3 database: as this version wants it")
    try:
        problems = Store.open(settings.KALANSO_STORE).verify() if settings.KALANSO_STORE else []
    except NoSuchStore as error:
        return _say(f"3/3 {error}; {back}", NOTHING_THERE)
    if problems:
        told = "; ".join(f"{one.where}: {one.detail}" for one in problems[:5])
        return _say(f"3/3 the store is not whole: {told}; {back}", NOTHING_THERE)
    print("3/3 store: whole. Start the pages and the worker again.")
    return DONE


def _now() -> datetime:
    return datetime.now(UTC)


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _way_in() -> str:
    """Make the hub ready, and return the path that lets in whoever started it; a demo shows its people."""
    from kalanso.hub.explore.queries import shelf
    from kalanso.hub.site import actions

    actions.prepare(now=_now())
    if shelf.current().store.demo:
        return "/"
    return f"/entrer/{actions.machine_link(person=actions.my_own_machine(now=_now()))}/"


def _announce(port: int, path: str, open_browser: bool) -> None:
    """Say where the pages are once the home page answers; asking for it loads what others need."""
    until = time.monotonic() + LONGEST_START
    while not _answers(port):
        if time.monotonic() > until:
            _say(
                f"no answer on port {port} after {LONGEST_START} seconds; see the messages above",
                NOTHING_THERE,
            )
            return
        time.sleep(0.1)
    address = f"http://127.0.0.1:{port}{path}"
    print(f"Kalanso: {address}  (Ctrl+C to stop)", flush=True)
    if open_browser:
        webbrowser.open(address)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=LONGEST_START)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()
