"""How are a store's numbers checked and its indicators published from the command line?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import NotALanguage, say
from kalanso.vocabulary import Message, format_value
from kalanso.vocabulary.messages import LOCALES

FIRST_LINES = 20  # shown on the screen; the file holds all of them
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


@app.command("worklist", help="cli.worklist.help")
def worklist(
    context: typer.Context,
    store: StoreFolder,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="cli.worklist.out", show_default=False)
    ] = None,
    month: Annotated[
        str, typer.Option("--month", metavar="202412", help="cli.worklist.month", show_default=False)
    ] = "",
    place: Annotated[
        str, typer.Option("--place", metavar="PLACE", help="cli.worklist.place", show_default=False)
    ] = "",
    language: Annotated[
        str, typer.Option("--language", metavar="fr|en", help="cli.option.language", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say what to ask whom in a month, and write it as XLSX or CSV."""
    from kalanso.pipeline import worklist as lists
    from kalanso.store import Store
    from kalanso.vocabulary import NotAPeriod, Period, PeriodType

    locale = str(context.obj or "fr")
    spoken = language_of_document(language, locale)
    try:
        asked = Period.parse(month) if month else None
    except NotAPeriod:
        asked = None
    if month and (asked is None or asked.type is not PeriodType.MONTH):
        typer.echo(say(locale, "cli.worklist.not_a_month", month=month), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    listed = lists.worklist(Store.open(store), month=asked, place=place, now=datetime.now(UTC))
    lines = lists.in_words(listed, spoken)
    if out is not None:
        lists.write(listed, out, spoken)
    if as_json:
        rows = listed.rows.assign(said_on=listed.rows["said_on"].astype(str)).to_dict("records")
        typer.echo(json.dumps({"month": listed.month.code, "place": listed.place, "rows": rows}, default=str))
        return
    if asked is None:
        receipts.console().print(say(locale, "cli.worklist.took", month=listed.month.code), markup=False)
    _print_worklist(lines, listed.month.code, locale)
    if out is not None:
        receipts.console().print(say(locale, "cli.worklist.written", file=str(out)), markup=False)


def _print_worklist(lines: list[dict[str, Any]], month: str, locale: str) -> None:
    console = receipts.console()
    console.print(say(locale, "cli.worklist.title", n=len(lines), month=month), style="bold", markup=False)
    group = ""
    for line in lines[:FIRST_LINES]:
        if group != (group := f"{line['section']} – {line['asked']}, {line['asked_place']}"):
            console.print(group, style="bold", markup=False)
        console.print(
            f"  {line['rank']}. {line['question']} [{line['severity']}, {line['status']}]", markup=False
        )
    if len(lines) > FIRST_LINES:
        console.print(say(locale, "cli.worklist.more", n=len(lines) - FIRST_LINES), markup=False)


@app.command("verification", help="cli.verification.help")
def verification(
    context: typer.Context,
    store: StoreFolder,
    as_json: AsJson = False,
) -> None:
    """Show how far reports agree with registers, where doses were counted again."""
    from kalanso.pipeline.evidence import Holdings
    from kalanso.pipeline.recounted import verification as factors
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    holdings = Holdings(Store.open(store), datetime.now(UTC).date())
    rows = factors(holdings)
    if as_json:
        plain = rows.astype(object).where(rows.notna(), None).to_dict("records")
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=1))
        return
    names = dict(zip(holdings.places["place_code"], holdings.places["name"], strict=True))
    table = Table(title=say(locale, "cli.verification.title", n=len(rows)))
    for name in ("place", "indicator", "step", "facilities", "factor", "verdict"):
        table.add_column(say(locale, f"cli.verification.column.{name}"))
    for row in rows[rows["facilities"] > 1].to_dict("records") or rows.to_dict("records"):
        table.add_row(
            names.get(row["place_code"], row["place_code"]), holdings.pack.name(row["indicator"], locale),
            say(locale, f"cli.verification.step.{row['step']}"), str(row["facilities"]), _factor(row, locale),
            say(locale, f"cli.verification.verdict.{row['verdict']}"),
        )  # fmt: skip
    receipts.console().print(table)


def _factor(row: Mapping[Any, Any], locale: str) -> str:
    shown = [
        format_value(row[name], "percent", locale)
        for name in ("factor", "low", "high")
        if row[name] == row[name]
    ]
    return shown[0] if len(shown) < 3 else say(
        locale, "cli.estimate.interval", mean=shown[0], low=shown[1], high=shown[2]
    )  # fmt: skip


@app.command("quality-report", help="cli.quality_report.help")
def quality_report(
    context: typer.Context,
    store: StoreFolder,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="cli.quality_report.out", show_default=False)
    ],
    format: Annotated[
        str,
        typer.Option("--format", metavar="pdf|docx", help="cli.quality_report.format", show_default=False),
    ] = "",
    mode: Annotated[
        str, typer.Option("--mode", metavar="who|robust", help="cli.quality_report.mode")
    ] = "robust",
    year: Annotated[
        int | None, typer.Option("--year", metavar="YEAR", help="cli.quality_report.year", show_default=False)
    ] = None,
    language: Annotated[
        str, typer.Option("--language", metavar="fr|en", help="cli.option.language", show_default=False)
    ] = "",
) -> None:
    """Write the national report on data quality as PDF or Word file."""
    from kalanso.pipeline.quality_report import FORMATS, write_quality_report
    from kalanso.quality.tables import MODES
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    kind = format or out.suffix.lower().lstrip(".")
    for name, found, known in (("--format", kind, FORMATS), ("--mode", mode, MODES)):
        if found not in known:
            given = {"name": name, "expected": " | ".join(known), "found": found or "–"}
            typer.echo(say(locale, "cli.quality_report.usage", **given), err=True)
            raise typer.Exit(int(ExitCode.BAD_USAGE))
    written = write_quality_report(
        Store.open(store), out, format=kind, mode=mode, year=year,
        locale=language_of_document(language, locale), now=datetime.now(UTC),
    )  # fmt: skip
    receipts.console().print(say(locale, "cli.worklist.written", file=str(written)), markup=False)


def language_of_document(asked: str, locale: str) -> str:
    """Return the language of what is written: the one asked for, else that of the command line."""
    if asked and asked not in LOCALES:
        raise NotALanguage(asked)
    return asked or locale


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
