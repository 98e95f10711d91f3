"""How is a store looked after: what was published, is it intact, what may go, what was wrong?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say
from kalanso.vocabulary import format_value

app = typer.Typer(name="store", no_args_is_help=True, help="cli.store.help")

StoreFolder = Annotated[
    Path, typer.Option("--store", metavar="FOLDER", help="cli.option.store", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="cli.option.json")]


@app.command("history", help="cli.store.history.help")
def history(
    context: typer.Context,
    store: StoreFolder,
    table: Annotated[
        str, typer.Argument(metavar="TABLE", help="cli.store.history.table", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the snapshots of one table, or of all."""
    from kalanso.store import Store

    opened = Store.open(store)
    snapshots = [m for name in ([table] if table else opened.tables()) for m in opened.history(name)]
    if as_json:
        typer.echo(json.dumps([_as_dict(m) for m in snapshots], ensure_ascii=False, indent=1))
        return
    locale = str(context.obj or "fr")
    if not snapshots:
        typer.echo(say(locale, "cli.store.history.none"))
        return
    shown = Table()
    for column in ("snapshot", "when", "rows", "sources", "note"):
        shown.add_column(
            say(locale, f"cli.store.column.{column}"), justify="right" if column == "rows" else "left"
        )
    for m in snapshots:
        shown.add_row(
            m.id, f"{m.created:%Y-%m-%d %H:%M}", format_value(m.rows, "count", locale),
            ", ".join(m.provenance.sources), _remark(m, locale),
        )  # fmt: skip
    receipts.console().print(shown)


def _as_dict(manifest: Any) -> dict[str, Any]:
    return {
        "snapshot": manifest.id, "kind": manifest.kind, "created_at": manifest.created_at,
        "rows": manifest.rows, "sources": list(manifest.provenance.sources),
        "made_from": list(manifest.provenance.made_from), "by": manifest.provenance.by,
        "note": manifest.provenance.note, "state": manifest.provenance.state,
        "withdrew": manifest.withdrew, "reason": manifest.reason,
    }  # fmt: skip


def _remark(manifest: Any, locale: str) -> str:
    if manifest.withdrew:
        return say(locale, "cli.store.history.withdrew", snapshot=manifest.withdrew, reason=manifest.reason)
    return str(manifest.provenance.note)


@app.command("verify", help="cli.store.verify.help")
def verify(context: typer.Context, store: StoreFolder, as_json: AsJson = False) -> None:
    """Read every file that a snapshot names."""
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    problems = Store.open(store).verify()
    if as_json:
        typer.echo(json.dumps([vars(problem) for problem in problems], ensure_ascii=False, indent=1))
    else:
        for problem in problems:
            typer.echo(
                say(locale, f"cli.store.verify.{problem.kind}", where=problem.where, detail=problem.detail)
            )
        typer.echo(say(locale, "cli.store.verify.done", n=len(problems)))
    if problems:
        raise typer.Exit(int(ExitCode.STORE_PROBLEM))


@app.command("prune", help="cli.store.prune.help")
def prune(
    context: typer.Context,
    store: StoreFolder,
    keep: Annotated[int, typer.Option("--keep", min=1, metavar="N", help="cli.store.prune.keep")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="cli.store.prune.dry_run")] = False,
) -> None:
    """Forget old snapshots and delete the files that only they named."""
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    gone = Store.open(store).prune(keep=keep, now=datetime.now(UTC), dry_run=dry_run)
    words = "cli.store.prune.would" if dry_run else "cli.store.prune.done"
    typer.echo(say(locale, words, snapshots=gone["snapshots"], files=gone["files"], size=gone["bytes"] / 1e6))


@app.command("withdraw", help="cli.store.withdraw.help")
def withdraw(
    context: typer.Context,
    snapshot: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="cli.store.withdraw.snapshot")],
    store: StoreFolder,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="cli.store.withdraw.reason")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="cli.store.withdraw.by")],
) -> None:
    """Take back what one snapshot brought."""
    from kalanso import pipeline
    from kalanso.store import Store

    done = pipeline.withdraw(Store.open(store), snapshot, reason=reason, by=by, now=datetime.now(UTC))
    typer.echo(say(str(context.obj or "fr"), "cli.store.withdraw.done", snapshot=snapshot, new=done.id))
