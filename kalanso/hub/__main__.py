"""What can the person who runs the hub tell it on the command line?

`python -m kalanso.hub VERB`: `serve` opens the pages, `work` does the work behind them, `run-due` asks for
what the schedule holds due; `check-settings`, `first-administrator`, `upgrade`, `backup`, `restore`,
`check-backup`, `rotate-credentials` and `export-all` are for those who keep it. `manage` hands any other verb to Django.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kalanso.hub import running

NOTHING_THERE, DONE = running.NOTHING_THERE, 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb of the hub and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["manage"]:
        return _manage(given[1:])
    asked = _parser().parse_args(given)
    if asked.store is not None:
        os.environ["KALANSO_STORE"] = str(asked.store.resolve())
    verb: Callable[[argparse.Namespace], int] = asked.do
    return verb(asked)


def _manage(words: list[str]) -> int:
    """Hand a verb to Django: migrate, makemigrations, shell ..."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalanso.hub.site.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["python -m kalanso.hub manage", *words])
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kalanso.hub", description="The hub over a store")
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name: str, do: Callable[[argparse.Namespace], int], says: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=says, description=says)
        one.add_argument("--store", type=Path, help="folder of the store (KALANSO_STORE)")
        one.set_defaults(do=do)
        return one

    serve = verb("serve", running.serve, "open the pages")
    serve.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (this computer alone)")
    serve.add_argument("--open", action="store_true", help="open the home page in the browser")
    serve.add_argument(
        "--worker", action=argparse.BooleanOptionalAction, default=None,
        help="do the work behind the pages too (as long as KALANSO_HOSTS is not set)",
    )  # fmt: skip
    work = verb("work", running.work, "do the work behind the pages")
    work.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    work.add_argument("--once", action="store_true", help="end when nothing waits any more")
    verb("run-due", running.run_due, "ask for what is due by the schedule (for cron)")
    verb("check-settings", _check_settings, "say what is set, and what is wrong with it")
    first = verb(
        "first-administrator", _first_administrator, "print a link that lets the administrator in, once"
    )
    first.add_argument("username", help="user name, made if it is not there")
    _keeping(verb)
    return parser


def _keeping(
    verb: Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser],
) -> None:
    """Add the verbs that keep what the hub holds."""
    upgrade = verb("upgrade", running.upgrade, "back up, migrate, check the store; stop at the first failure")
    backup = verb("backup", running.backup, "copy everything to a safe place, and verify the copy")
    for one in (upgrade, backup):
        one.add_argument("--into", type=Path, help="folder of backups (KALANSO_BACKUPS)")
        one.add_argument("--keep", type=int, default=14, help="newest backups to keep; 0 keeps all (14)")
    backup.add_argument("--keys", type=Path, help="also write the keys, into this other folder")
    check = verb("check-backup", running.check_backup, "say whether a backup holds what it says")
    restore = verb("restore", running.restore, "bring a hub back from a backup, into an empty place")
    for one in (check, restore):
        one.add_argument("folder", type=Path, help="folder of the backup")
    verb(
        "rotate-credentials",
        running.rotate_credentials,
        "seal what opens connected servers with the newest key",
    )
    verb("checksums", running.checksums, "print rows and checksum of every table of the hub")
    export = verb("export-all", running.export_all, "hand everything over, readable without Kalanso")
    export.add_argument("--into", type=Path, required=True, help="new folder")


def _check_settings(_asked: argparse.Namespace) -> int:
    from kalanso.hub.site.configuration import told

    lines, problems = told()
    print("\n".join(lines))
    for problem in problems:
        print(f"! {problem}", file=sys.stderr)
    return NOTHING_THERE if problems else DONE


def _first_administrator(asked: argparse.Namespace) -> int:
    running.set_up()
    from datetime import UTC, datetime

    from django.conf import settings

    from kalanso.hub.people.actions.persons import first_administrator
    from kalanso.hub.site import actions

    person = first_administrator(username=asked.username, password=None, now=datetime.now(UTC))
    house = (
        f"https://{settings.ALLOWED_HOSTS[0]}" if settings.SESSION_COOKIE_SECURE else "http://127.0.0.1:8000"
    )
    print(f"{house}/entrer/{actions.machine_link(person=person)}/")
    print("This link serves once, within 30 minutes.", file=sys.stderr)
    return DONE


if __name__ == "__main__":
    sys.exit(main())
