"""How are a store's numbers checked and its indicators published from the command line?"""

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
from kalanso.vocabulary import Message, format_value

app = typer.Typer()

StoreFolder = Annotated[
    Path, typer.Option("--store", metavar="FOLDER", help="cli.option.store", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="cli.option.json")]


@app.command("check", help="cli.check.help")
def check(
    context: typer.Context,
    store: StoreFolder,
    engine: Annotated[
        str, typer.Option("--engine", metavar="duckdb|pyspark", help="cli.check.engine")
    ] = "duckdb",
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="cli.check.strict")] = False,
) -> None:
    """Run every quality check and publish the findings."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    with receipts.progress_bar(locale) as progress:
        checked = pipeline.check(Store.open(store, engine=engine), progress=progress, now=datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps({
            "findings": checked.total, "by_check": checked.by_check,
            "by_severity": checked.by_severity, "snapshot": checked.snapshot,
        }, ensure_ascii=False, indent=1))  # fmt: skip
    else:
        _print_findings(checked, locale)
    if strict and checked.by_severity.get("serious"):
        raise typer.Exit(int(ExitCode.WITH_REJECTIONS))


def _print_findings(checked: Any, locale: str) -> None:
    console = receipts.console()
    table = Table(title=say(locale, "cli.check.title", n=checked.total))
    table.add_column(say(locale, "cli.check.column.check"))
    table.add_column(say(locale, "cli.check.column.findings"), justify="right")
    for name, count in checked.by_check.items():
        table.add_row(Message(f"quality.{name}.name").render(locale), format_value(count, "count", locale))
    console.print(table)
    severities = ", ".join(
        f"{say(locale, f'cli.check.severity.{name}')} {format_value(count, 'count', locale)}"
        for name, count in sorted(checked.by_severity.items())
    )
    console.print(say(locale, "cli.check.severities", severities=severities or "0"))
    console.print(say(locale, "cli.check.next"))


@app.command("publish", help="cli.publish.help")
def publish(
    context: typer.Context,
    store: StoreFolder,
    adjust_k: Annotated[
        float | None,
        typer.Option(
            "--adjust-k", min=0.0, max=1.0, metavar="K", help="cli.publish.adjust_k", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate the indicators and publish them."""
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    with receipts.progress_bar(locale) as progress:
        done = pipeline.publish(
            Store.open(store), adjust_k=adjust_k, progress=progress, now=datetime.now(UTC)
        )
    if as_json:
        typer.echo(json.dumps({"rows": done.rows, "snapshots": list(done.snapshots)}, indent=1))
        return
    for (name, rows), snapshot in zip(done.rows.items(), done.snapshots, strict=True):
        receipts.console().print(say(locale, "cli.publish.line", table=name, rows=rows, snapshot=snapshot))
    receipts.console().print(say(locale, "cli.publish.next", folder=str(store)))
