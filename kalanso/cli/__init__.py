"""What can a person ask of Kalanso on the command line?

Translates arguments into verbs of `kalanso.pipeline` and answers into text or JSON. Works without
the hub. To add a command, write a file with a Typer called `app` and add a line to PARTS; texts of
help are message ids, so that `--help` speaks French and English.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from kalanso import __version__
from kalanso.cli import (
    assuming,
    cataloguing,
    checking,
    demonstrating,
    dhis2,
    estimating,
    exits,
    fetching,
    imports,
    language,
    odk,
    refining,
    serve,
    storekeeping,
    surveying,
    triangulating,
)

# The order is the order in `kalanso --help`. A Typer with a name becomes a group of commands.
PARTS = (
    fetching.app,
    imports.app,
    dhis2.app,
    odk.app,
    checking.app,
    cataloguing.app,
    estimating.app,
    assuming.app,
    refining.app,
    triangulating.app,
    surveying.app,
    serve.app,
    storekeeping.app,
    demonstrating.app,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"kalanso {__version__}")
        raise typer.Exit


def program() -> typer.Typer:
    """Return the whole command line, its texts still as message ids."""
    root = typer.Typer(
        name="kalanso", no_args_is_help=True, add_completion=False, rich_markup_mode="rich",
        help="cli.kalanso.help", epilog="cli.kalanso.exit_codes",
    )  # fmt: skip

    @root.callback()
    def about(
        lang: str = typer.Option("", "--lang", metavar="fr|en", help="cli.option.lang"),
        version: bool = typer.Option(
            False, "--version", help="cli.option.version", callback=_version, is_eager=True
        ),
    ) -> None:
        # `main` reads --lang before anything is shown, so that help itself can obey it.
        del lang, version

    for part in PARTS:
        root.add_typer(part)
    return root


app = program()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code (see `exits`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        locale, rest = language.choose(given)
        command = language.translated(app, locale)
        command.main(args=rest, prog_name="kalanso", obj=locale)
    except Exception as error:
        sys.exit(exits.report(error, language.locale_of(given)))


__all__ = ["PARTS", "app", "main", "program"]
