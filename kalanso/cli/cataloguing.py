"""What does each source of a store hold, and what is missing, as seen from the command line?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kalanso.cli import receipts
from kalanso.cli.language import say
from kalanso.vocabulary import format_value

app = typer.Typer()
SHOWN = 40  # gaps on the screen; all stand in the table `catalogue_gaps`


@app.command("catalogue", help="cli.catalogue.help")
def catalogue(
    context: typer.Context,
    store: Annotated[
        Path, typer.Option("--store", metavar="FOLDER", help="cli.option.store", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="cli.option.json")] = False,
) -> None:
    """Measure every source and publish what was found."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    opened = Store.open(store)
    with receipts.progress_bar(locale) as progress:
        done = pipeline.catalogue(opened, progress=progress, now=datetime.now(UTC))
    if as_json:
        rows = {name: table.to_dict("records") for name, table in done.tables.items()}
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    _print_sources(done, locale)
    _print_sentences(done, opened, locale)


def _print_sources(done: Any, locale: str) -> None:
    facts = done.rows("source_facts")
    table = Table(title=say(locale, "cli.catalogue.title", n=len(facts)))
    for column in ("source", "state", "level", "last", "completeness", "same", "gaps"):
        table.add_column(say(locale, f"cli.catalogue.column.{column}"))
    for row in facts.itertuples():
        name = " · ".join(filter(None, [row.source, row.series]))
        table.add_row(
            name, say(locale, f"cli.catalogue.state.{row.state}"), row.finest_level,
            format_value(row.last_period, "period", locale) if row.last_period else "",
            "" if row.completeness != row.completeness or row.completeness is None
            else format_value(row.completeness, "percent", locale),
            row.redundant_with, str(row.gaps) if row.gaps else "",
        )  # fmt: skip
    receipts.console().print(table)


def _print_sentences(done: Any, store: Any, locale: str) -> None:
    from kalanso import definitions
    from kalanso.places.tables import PLACES
    from kalanso.sources.catalogue.sentences import (
        agreement_message,
        gap_message,
        grouped,
        grouped_pairs,
    )

    pack, console = definitions.load(store.country), receipts.console()
    places = store.read(PLACES).select("place_code", "name").to_pandas()
    names = dict(zip(places["place_code"], places["name"], strict=True))

    def source(code: str) -> str:
        one = pack.sources.source(code)
        return one.name[locale] if one else code

    told = [
        gap_message(
            row, source=source, indicator=lambda code: pack.name(code, locale),
            place=lambda code: names.get(code, code), level=lambda code: pack.name(f"level.{code}", locale),
        )
        for row in grouped(done.rows("catalogue_gaps")).itertuples()
    ]  # fmt: skip
    for message in told[:SHOWN]:
        console.print(f"• {message.render(locale)}", markup=False)
    if len(told) > SHOWN:
        console.print(say(locale, "cli.catalogue.more", n=len(told) - SHOWN))
    for row in grouped_pairs(done.rows("source_agreement")).itertuples():
        if row.verdict != "too_few":
            message = agreement_message(row, source=source, indicator=lambda code: pack.name(code, locale))
            console.print(f"= {message.render(locale)}", markup=False)
