"""How is the hub started, on this machine and for this machine only?

`python -m kalanso.hub serve --store FOLDER --port 8000` prepares translations, static files and the database,
then hands over to granian. It listens on this computer's own address and prints a link that lets in, once,
whoever started it. `manage` hands any other verb to Django.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
import webbrowser
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

LOOPBACK = ("127.0.0.1", "localhost", "::1")
WRONG_USE, NOTHING_THERE = 2, 1
LONGEST_START = 60  # seconds
THREADS = 4  # reads wait for one another anyway; more threads would only hold more memory


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb of the hub and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["manage"]:
        return _manage(given[1:])
    asked = _parser().parse_args(arguments)
    if asked.host not in LOOPBACK:
        return _say(
            f"--host {asked.host}: started by hand, the hub answers only this computer; "
            "use 127.0.0.1 (or leave --host out) and reach it over SSH with: "
            f"ssh -L {asked.port}:127.0.0.1:{asked.port} THIS-COMPUTER",
            WRONG_USE,
        )
    if not (asked.store / "store.json").is_file():
        return _say(
            f"--store {asked.store}: expected a folder with store.json; make one with "
            "`kalanso demo --store FOLDER` or `kalanso import ... --store FOLDER`",
            NOTHING_THERE,
        )
    if _taken(asked.port):
        return _say(
            f"--port {asked.port}: another program listens there; choose another, such as --port {asked.port + 1}",
            NOTHING_THERE,
        )
    os.environ["KALANSO_STORE"] = str(asked.store.resolve())
    return _serve(asked.port, open_browser=asked.open)


def _manage(words: list[str]) -> int:
    """Hand a verb to Django: migrate, makemigrations, shell ..."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalanso.hub.site.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["python -m kalanso.hub manage", *words])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kalanso.hub", description="Pages over a store")
    verbs = parser.add_subparsers(dest="verb", required=True)
    serve = verbs.add_parser("serve", help="open the pages of a store on this computer")
    serve.add_argument("--store", type=Path, required=True, help="folder of the store")
    serve.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    serve.add_argument("--host", default="127.0.0.1", help="only this computer's own address is accepted")
    serve.add_argument("--open", action="store_true", help="open the home page in the browser")
    return parser


def _say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _serve(port: int, *, open_browser: bool) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalanso.hub.site.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", interactive=False, verbosity=0)
    from granian import Granian
    from granian.constants import Interfaces

    path = _way_in()
    Thread(target=_announce, args=(port, path, open_browser), daemon=True).start()
    Granian(
        "kalanso.hub.site.wsgi:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        log_level="warning",
    ).serve()
    return 0


def _way_in() -> str:
    """Make the hub ready, and return the path that lets in whoever started it; a demo shows its people."""
    from datetime import UTC, datetime

    from kalanso.hub.explore.queries import shelf
    from kalanso.hub.site import actions

    now = datetime.now(UTC)
    actions.prepare(now=now)
    if shelf.current().store.demo:
        return "/"
    return f"/entrer/{actions.machine_link(person=actions.my_own_machine(now=now))}/"


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


if __name__ == "__main__":
    sys.exit(main())
