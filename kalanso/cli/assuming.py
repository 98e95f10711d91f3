"""How is an estimate asked again under other assumptions and without each source, from the command line?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say

if TYPE_CHECKING:
    from kalanso.pipeline import Assumed

app = typer.Typer()


@app.command("assumptions", help="cli.assumptions.help")
def assumptions(
    context: typer.Context,
    evidence: Annotated[
        Path | None, typer.Argument(metavar="EVIDENCE", help="cli.assumptions.evidence", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="RUN", help="cli.assumptions.out", show_default=False)
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FOLDER", help="cli.assumptions.store", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="cli.option.json")] = False,
) -> None:
    """Run the grid of assumptions for a finished estimate."""
    locale = str(context.obj or "fr")
    if (evidence is None) == (store is None) or (evidence is None) != (out is None):
        typer.echo(say(locale, "cli.assumptions.usage"), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    done = _run(evidence, out, store, locale)
    if as_json:
        notes = [{"id": note.id, "fr": note.render("fr"), "en": note.render("en")} for note in done.notes]
        told = {"run": done.run, "out": str(done.out), "tables": dict(done.rows), "snapshots": list(done.snapshots), "notes": notes}  # fmt: skip
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    screen = receipts.console()
    for note in done.notes:
        screen.print(f"• {note.render(locale)}", markup=False)
    screen.print(say(locale, "cli.assumptions.written", folder=str(done.out)), markup=False)
    if done.snapshots:
        screen.print(say(locale, "cli.estimate.published", n=len(done.snapshots)), markup=False)


def _run(evidence: Path | None, out: Path | None, store: Path | None, locale: str) -> Assumed:
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso import pipeline
    from kalanso.store import Store

    now = datetime.now(UTC)
    try:
        with receipts.progress_bar(locale) as progress:
            if store is not None:
                return pipeline.assumptions(Store.open(store), progress=progress, now=now)
            assert evidence is not None
            assert out is not None
            return pipeline.assumptions_folder(evidence, out, progress=progress, now=now)
    except KeyboardInterrupt:
        typer.echo(say(locale, "cli.estimate.interrupted"), err=True)
        raise typer.Exit(int(ExitCode.STOPPED)) from None
