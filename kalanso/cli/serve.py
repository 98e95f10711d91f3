"""How are the pages of a store opened from the command line?

Starts the hub as a program of its own, since the command line must work where the hub is not
installed; it says then what to install.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from kalanso.cli import refining
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say

NEEDED = ("django", "granian", "whitenoise")
app = typer.Typer()


@app.command("serve", help="cli.serve.help")
def serve(
    context: typer.Context,
    store: Annotated[Path, typer.Option("--store", metavar="FOLDER", help="cli.serve.store")],
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="cli.serve.port")] = 8000,
    browser: Annotated[bool, typer.Option("--open", help="cli.serve.open")] = False,
) -> None:
    """Open the pages of a store on this computer, until Ctrl+C."""
    if missing := not_installed():
        typer.echo(say(context.obj or "fr", "cli.serve.not_installed", packages=", ".join(missing)), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    known = (store / "store.json").is_file()
    with refining.behind(store, wanted=known and refining.begun(store)):
        code = run(store, port, browser=browser)
    raise typer.Exit(code)


def not_installed() -> list[str]:
    """Return the packages that the hub needs and this environment lacks."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def run(store: Path, port: int, *, browser: bool = False) -> int:
    """Run the hub until it ends and return its exit code."""
    command = [sys.executable, "-m", "kalanso.hub", "serve", "--store", str(store), "--port", str(port)]
    process = subprocess.Popen([*command, "--open"] if browser else command)  # noqa: S603 - our own module
    try:
        return process.wait()
    except KeyboardInterrupt:
        # Ctrl+C reaches the hub too; it closes what it holds before it ends.
        return process.wait()
