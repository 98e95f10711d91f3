"""How is the estimate of a store computed behind its pages, from the command line?

`kalanso refine` does the work; `demo` and `serve` start it as a program of its own, whose words stand in the
store's folder of estimates, and stop it when the pages close.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say

app = typer.Typer()
PATIENCE = 10.0  # seconds that a stopped computation has to end by itself
LOOKING = 2.0  # seconds between two looks whether the pages are still there


@app.command("refine", help="cli.refine.help")
def refine(
    context: typer.Context,
    store: Annotated[
        Path, typer.Option("--store", metavar="FOLDER", help="cli.option.store", show_default=False)
    ],
    while_parent: Annotated[bool, typer.Option("--while-parent", hidden=True)] = False,
) -> None:
    """Compute a preview, the estimate to publish and the grid of assumptions, as far as they are missing."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    if while_parent:
        _end_with(os.getppid())
        with suppress(AttributeError, OSError):
            os.nice(5)  # pages come first
    try:
        with receipts.progress_bar(locale) as progress:
            state = pipeline.refine(Store.open(store), progress=progress, now=datetime.now(UTC))
    except KeyboardInterrupt:
        typer.echo(say(locale, "cli.estimate.interrupted"), err=True)
        raise typer.Exit(int(ExitCode.STOPPED)) from None
    told = pipeline.read_status(Store.open(store)) or {}
    typer.echo(str(told.get(locale, state)))
    if state == "refused":
        raise typer.Exit(int(ExitCode.NOT_SURE_ENOUGH))


def _end_with(parent: int) -> None:
    """End this program when the one that started it is gone, however that ended."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOKING)
        os._exit(int(ExitCode.STOPPED))

    threading.Thread(target=look, daemon=True).start()


@contextmanager
def behind(store: Path, *, wanted: bool) -> Iterator[None]:
    """Refine a store in a program of its own while the block lasts; it goes on at the next start."""
    process = None
    if wanted:
        with suppress(OSError):  # a store that cannot be written can still be read
            process = _started(store)
    try:
        yield
    finally:
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _started(store: Path) -> subprocess.Popen[bytes]:
    from kalanso.coverage.writing import LOG

    folder = store / "estimates"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "kalanso.cli", "refine", "--store", str(store), "--while-parent"]
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip


def begun(store: Path) -> bool:
    """Return whether a computation was begun in a store and is not at its end."""
    from kalanso import pipeline
    from kalanso.pipeline.computation_status import is_open
    from kalanso.store import Store

    found = pipeline.read_status(Store.open(store))
    return found is not None and is_open(found)
