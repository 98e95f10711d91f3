"""How are all sources set beside one another from the command line, and what is written back to centres and to the CNI?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kalanso.cli import receipts
from kalanso.cli.language import say
from kalanso.vocabulary import Message, format_value

app = typer.Typer()

StoreFolder = Annotated[
    Path, typer.Option("--store", metavar="FOLDER", help="cli.option.store", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="cli.option.json")]


@app.command("triangulate", help="cli.triangulate.help")
def triangulate(
    context: typer.Context,
    store: StoreFolder,
    review: Annotated[str, typer.Option("--review", metavar="PLACE", help="cli.triangulate.review")] = "",
    as_json: AsJson = False,
) -> None:
    """Run all analyses, publish them, and read the review of a place aloud."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    opened = Store.open(store)
    with receipts.progress_bar(locale) as progress:
        done = pipeline.triangulate(opened, progress=progress, now=datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps(vars(done), ensure_ascii=False, indent=1))
        return
    _print(done, locale)
    said = pipeline.monthly_review(opened, review, locale=locale, now=datetime.now(UTC))
    for section, sentences in said.items():
        receipts.console().print(section, style="bold", markup=False)
        for one in sentences:
            receipts.console().print(f"• {one.text}", markup=False)
    if not said:
        typer.echo(Message("triangulation.review.nothing").render(locale))


def _print(done: Any, locale: str) -> None:
    table = Table(title=say(locale, "cli.triangulate.title"))
    table.add_column(say(locale, "cli.triangulate.column.analysis"))
    table.add_column(say(locale, "cli.triangulate.column.rows"), justify="right")
    for name, rows in done.by_analysis.items():
        table.add_row(
            Message(f"triangulation.analysis.{name}").render(locale), format_value(rows, "count", locale)
        )
    screen = receipts.console()
    screen.print(table)
    grades = ", ".join(f"{name} {format_value(n, 'count', locale)}" for name, n in done.by_grade.items())
    screen.print(say(locale, "cli.triangulate.grades", grades=grades or "0"), markup=False)


@app.command("bulletin", help="cli.bulletin.help")
def bulletin(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="cli.bulletin.place", show_default=False)],
    store: StoreFolder,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="cli.bulletin.out")] = Path(
        "bulletins"
    ),
    month: Annotated[str, typer.Option("--month", metavar="202412", help="cli.bulletin.month")] = "",
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help="cli.bulletin.pictures")] = True,
) -> None:
    """Write the feedback bulletins of a health area, or of all of a district."""
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    with receipts.progress_bar(locale) as progress:
        done = pipeline.bulletins(
            Store.open(store), out, place=place, period=month, locale=locale, pictures=pictures, progress=progress, now=datetime.now(UTC)
        )  # fmt: skip
    typer.echo(say(locale, "cli.bulletin.done", file=str(done.pdf), pictures=len(done.pictures)))
    if done.without_numbers:
        typer.echo(say(locale, "cli.bulletin.silent", places=", ".join(done.without_numbers)))


@app.command("targets", help="cli.targets.help")
def targets(
    context: typer.Context,
    store: StoreFolder,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="cli.targets.out")] = Path(
        "targets.xlsx"
    ),
) -> None:
    """Write the targets that may be proposed to the national centre as a workbook."""
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    done = pipeline.targets(Store.open(store), out, locale=locale, now=datetime.now(UTC))
    typer.echo(say(locale, "cli.targets.done", rows=done.rows, proposed=done.proposed, file=str(done.file)))
