"""How is coverage estimated from the command line, from a folder or from a store?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say
from kalanso.vocabulary import Message, format_value

if TYPE_CHECKING:
    from kalanso.coverage import Question
    from kalanso.pipeline import Estimated

app = typer.Typer()

StoreFolder = Annotated[
    Path | None, typer.Option("--store", metavar="FOLDER", help="cli.estimate.store", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="cli.option.json")]


@app.command("estimate", help="cli.estimate.help")
def estimate(
    context: typer.Context,
    evidence: Annotated[
        Path | None, typer.Argument(metavar="EVIDENCE", help="cli.estimate.evidence", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="OUT", help="cli.estimate.out", show_default=False)
    ] = None,
    store: StoreFolder = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="N", help="cli.estimate.seed", show_default="1")
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws", min=1, max=100_000, metavar="N", help="cli.estimate.draws", show_default="1000"
        ),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="cli.estimate.preview")] = False,
    warm: Annotated[
        Path | None, typer.Option("--warm", metavar="PREVIOUS", help="cli.estimate.warm", show_default=False)
    ] = None,
    question: Annotated[
        Path | None,
        typer.Option("--question", metavar="FILE", help="cli.estimate.question", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate coverage and missed children from a folder of evidence, or from a store."""
    locale = str(context.obj or "fr")
    if (evidence is None) == (store is None) or (store is None and out is None):
        typer.echo(say(locale, "cli.estimate.usage"), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    asked = _asked(question, seed=seed, draws=draws, preview=preview)
    done = _run(evidence, store, out, asked, warm, locale)
    if as_json:
        typer.echo(json.dumps(_plain(done), ensure_ascii=False, indent=1, default=str))
        return
    _print(done, locale)


def _asked(path: Path | None, *, seed: int | None, draws: int | None, preview: bool) -> Question:
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso.coverage import Question

    asked = Question.read(path) if path is not None else Question()
    given: dict[str, Any] = {"seed": seed, "draws": draws, "preview": preview or None}
    return asked.with_(**{name: value for name, value in given.items() if value is not None})


def _run(
    evidence: Path | None,
    store: Path | None,
    out: Path | None,
    asked: Question,
    warm: Path | None,
    locale: str,
) -> Estimated:
    from kalanso import pipeline
    from kalanso.store import Store

    try:
        with receipts.progress_bar(locale) as progress:
            common: dict[str, Any] = {
                "question": asked, "warm": warm, "progress": progress, "now": datetime.now(UTC),
            }  # fmt: skip
            if store is not None:
                return pipeline.estimate(Store.open(store), out=out, **common)
            assert evidence is not None
            assert out is not None
            return pipeline.estimate_folder(evidence, out, **common)
    except KeyboardInterrupt:
        typer.echo(say(locale, "cli.estimate.interrupted"), err=True)
        raise typer.Exit(int(ExitCode.STOPPED)) from None


def _plain(done: Estimated) -> dict[str, Any]:
    return {
        "run": done.run, "engine": done.engine, "out": str(done.out), "tables": dict(done.rows),
        "snapshots": list(done.snapshots),
        "headline": {locale: done.headline.render(locale) for locale in ("fr", "en")},
        "notes": [{"id": note.id, "fr": note.render("fr"), "en": note.render("en")} for note in done.notes],
    }  # fmt: skip


def _print(done: Estimated, locale: str) -> None:
    screen = receipts.console()
    screen.print(done.headline.render(locale), style="bold", markup=False)
    if done.engine == "preview":
        screen.print(say(locale, "cli.estimate.is_preview"), markup=False)
    screen.print(_first(done, locale))
    if done.notes:
        screen.print(say(locale, "cli.estimate.notes", n=len(done.notes)), style="bold", markup=False)
        for note in done.notes:
            screen.print(f"• {note.render(locale)}", markup=False)
    screen.print(say(locale, "cli.estimate.written", folder=str(done.out)), markup=False)
    if done.snapshots:
        screen.print(say(locale, "cli.estimate.published", n=len(done.snapshots)), markup=False)


def _first(done: Estimated, locale: str) -> Table:
    period = str(done.first["period"].iloc[0]) if len(done.first) else ""
    table = Table(title=say(locale, "cli.estimate.first", period=period))
    table.add_column(say(locale, "cli.estimate.column.place"))
    for name in ("missed", "coverage"):
        table.add_column(say(locale, f"cli.estimate.column.{name}"), justify="right")
    for row in done.first.to_dict("records"):
        table.add_row(
            _named(str(row["place_code"]), done.names), _between(row, "missed_children", "count", locale),
            _between(row, "coverage", "percent", locale),
        )  # fmt: skip
    return table


def _named(code: str, names: Mapping[str, str]) -> str:
    name = names.get(code, code)
    return code if name == code else f"{name} ({code})"


def _between(row: dict[Any, Any], name: str, style: str, locale: str) -> str:
    mean, low, high = (
        format_value(row[f"{name}_{part}"], style, locale) for part in ("mean", "q025", "q975")
    )
    return say(locale, "cli.estimate.interval", mean=mean, low=low, high=high)


@app.command("evidence", help="cli.evidence.help")
def evidence(
    context: typer.Context,
    store: Annotated[
        Path, typer.Option("--store", metavar="FOLDER", help="cli.option.store", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="EVIDENCE", help="cli.evidence.out", show_default=False)
    ],
    quarters: Annotated[
        int, typer.Option("--quarters", min=1, max=200, metavar="N", help="cli.evidence.quarters")
    ] = 36,
    as_json: AsJson = False,
) -> None:
    """Build a folder of evidence from a store's published tables."""
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    with receipts.progress_bar(locale) as progress:
        done = pipeline.write_evidence(
            Store.open(store), out, quarters=quarters, progress=progress, now=datetime.now(UTC)
        )
    known = done.evidence
    if as_json:
        typer.echo(json.dumps({
            "folder": str(done.folder), "areas": len(known.areas), "periods": known.periods,
            "receipt": known.receipt, "notes": [note.id for note in known.notes],
        }, ensure_ascii=False, indent=1))  # fmt: skip
        return
    screen = receipts.console()
    said = Message("cli.evidence.built", {
        "areas": len(known.areas), "first": known.periods[0], "last": known.periods[-1], "folder": str(done.folder),
    })  # fmt: skip
    screen.print(said.render(locale), style="bold", markup=False)
    for note in known.notes:
        screen.print(f"• {note.render(locale)}", markup=False)
    screen.print(say(locale, "cli.evidence.next", folder=str(done.folder)), markup=False)
