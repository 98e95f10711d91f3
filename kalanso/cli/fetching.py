"""How are published files brought from their publishers on the command line?

Lists the catalogue or fetches from it, and says which import comes next. Nothing is imported here.
"""

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

app = typer.Typer()


@app.command("fetch", help="cli.fetch.help", epilog="cli.fetch.examples")
def fetch(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="cli.fetch.option.names", show_default=False)] = None,
    country: Annotated[str, typer.Option("--country", metavar="ML", help="cli.fetch.option.country")] = "ML",
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="cli.fetch.option.to")] = Path("data"),
    listing: Annotated[bool, typer.Option("--list", help="cli.fetch.option.list")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="cli.fetch.option.refresh")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="cli.import.option.json")] = False,
) -> None:  # fmt: skip
    """Bring published geography, facilities and population."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso import pipeline
    from kalanso.sources.publications import catalogue

    locale = str(context.obj or "fr")
    country = country.upper()
    try:
        entries = catalogue(country)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--country") from error
    if listing:
        _print_catalogue(entries, locale, as_json=as_json)
        return
    with receipts.progress_bar(locale) as progress:
        attempts = pipeline.fetch(
            country, to, names=names or (), refresh=refresh, progress=progress, now=datetime.now(UTC)
        )
    _print_attempts(attempts, country, locale, as_json=as_json)
    if any(attempt.error for attempt in attempts):
        raise typer.Exit(int(ExitCode.NOT_FETCHED))


def _print_catalogue(entries: list[Any], locale: str, *, as_json: bool) -> None:
    if as_json:
        listed = [
            {
                "name": e.name, "publisher": e.publisher, "title": e.title[locale], "url": e.url or e.page,
                "licence": e.licence, "citation": e.citation, "file": e.file, "reader": e.reader, "manual": e.manual,
            }
            for e in entries
        ]  # fmt: skip
        typer.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    table = Table(box=None, pad_edge=False, show_header=True)
    for column in ("name", "title", "publisher", "licence"):
        table.add_column(say(locale, f"cli.fetch.column.{column}"), overflow="fold")
    for entry in entries:
        name = f"{entry.name} *" if entry.manual else entry.name
        table.add_row(name, entry.title[locale], entry.publisher, entry.licence)
    screen = receipts.console()
    screen.print(table)
    for entry in entries:
        if entry.manual:
            screen.print(
                say(locale, "cli.fetch.by_hand", name=entry.name, page=entry.page),
                markup=False,
                soft_wrap=True,
            )


def _print_attempts(attempts: list[Any], country: str, locale: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps([_plain(attempt, locale) for attempt in attempts], ensure_ascii=False, indent=1)
        )
        return
    screen = receipts.console()
    for attempt in attempts:
        entry, fetched = attempt.publication, attempt.fetched
        if fetched is None:
            screen.print(
                f"✗ {entry.name}: {attempt.error.render(locale)}", style="red", markup=False, soft_wrap=True
            )
            continue
        said = say(
            locale,
            f"cli.fetch.outcome.{fetched.outcome}",
            size=fetched.bytes / 1e6,
            sha256=fetched.sha256[:12],
        )
        screen.print(f"✓ {entry.name}: {fetched.path} – {said}", markup=False, soft_wrap=True)
        command = " ".join(
            [f"kalanso import {entry.reader} '{fetched.path}' --store STORE --country {country}"]
            + [f"--{name} {value}" for name, value in entry.options.items()]
        )
        screen.print(f"    {command}", style="dim", markup=False, soft_wrap=True)


def _plain(attempt: Any, locale: str) -> dict[str, Any]:
    entry, fetched = attempt.publication, attempt.fetched
    if fetched is None:
        return {"name": entry.name, "outcome": "failed", "error": attempt.error.render(locale)}
    return {
        "name": entry.name, "outcome": fetched.outcome, "path": str(fetched.path), "sha256": fetched.sha256,
        "bytes": fetched.bytes, "resumed": fetched.resumed,
    }  # fmt: skip
