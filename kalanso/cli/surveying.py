"""How does somebody analyse a household survey from the command line, and get a made-up one to try it on?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from kalanso.cli import receipts, survey_design, survey_ways
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say
from kalanso.vocabulary import Message, format_value

if TYPE_CHECKING:
    from kalanso.pipeline.household_surveys import Analysed

app = typer.Typer()
survey = typer.Typer(no_args_is_help=True, help="cli.survey.help")
app.add_typer(survey, name="survey")
survey_design.register(survey)
survey_ways.register(survey)
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="cli.survey.folder")]


@survey.command("analyse", help="cli.survey.analyse.help")
def analyse(
    context: typer.Context,
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help="cli.survey.out", show_default=False)],
    salt_file: Annotated[
        Path, typer.Option("--salt-file", metavar="FILE", help="cli.survey.salt", show_default=False)
    ],
    report: Annotated[
        list[str] | None,
        typer.Option("--report", metavar="pdf|docx", help="cli.survey.report", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="cli.option.json")] = False,
) -> None:
    """Clean and analyse the answers of a folder."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso.pipeline.household_surveys import REPORT_FORMATS, analyse_survey

    locale = str(context.obj or "fr")
    wanted = tuple(dict.fromkeys(report or ()))
    if not salt_file.is_file() or not (salt := salt_file.read_text(encoding="utf-8").strip()):
        typer.echo(say(locale, "cli.survey.no_salt", file=str(salt_file)), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    if unknown := [kind for kind in wanted if kind not in REPORT_FORMATS]:
        typer.echo(say(locale, "cli.survey.no_format", found=", ".join(unknown)), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    with receipts.progress_bar(locale) as progress:
        done = analyse_survey(
            folder, out, salt=salt, reports=wanted, progress=progress, now=datetime.now(UTC)
        )
    if as_json:
        typer.echo(json.dumps(_plain(done), ensure_ascii=False, indent=1, default=str))
        return
    _print(done, out, locale)


@survey.command("example", help="cli.survey.example.help")
def example(
    context: typer.Context,
    folder: Folder,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="cli.demo.seed")] = 2024,
    analysed: Annotated[bool, typer.Option("--analyse", help="cli.survey.example.analyse")] = False,
) -> None:
    """Write a made-up study of the example country; with `--analyse` go on from its form to its report."""
    import secrets

    import numpy as np

    from kalanso.simulation import example_country
    from kalanso.simulation.household_folder import write_study

    locale = str(context.obj or "fr")
    if folder.exists() and any(folder.iterdir()):
        typer.echo(say(locale, "cli.survey.not_empty", folder=str(folder)), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    found = write_study(example_country(seed, "small"), folder, np.random.default_rng(seed))
    (folder / "salt.txt").write_text(secrets.token_hex(16) + "\n", encoding="utf-8")
    if analysed:
        _from_form_to_report(folder, len(found.submissions), locale)
        return
    typer.echo(say(locale, "cli.survey.example.written", n=len(found.submissions), folder=str(folder)))


def _from_form_to_report(folder: Path, submissions: int, locale: str) -> None:
    """Write the form of the study's round beside its answers, clean and analyse them, write the report."""
    from kalanso.pipeline.household_surveys import analyse_survey
    from kalanso.pipeline.study_rounds import read_round
    from kalanso.surveys import instruments

    asked = read_round(folder, today=datetime.now(UTC).date()).asked
    form, out = instruments.filled("child", survey=asked.survey, doses=asked.doses), folder / "results"
    (folder / "child.xlsx").write_bytes(instruments.workbook(form))
    typer.echo(say(locale, "cli.survey.example.form", n=submissions, file=str(folder / "child.xlsx")))
    salt = (folder / "salt.txt").read_text(encoding="utf-8").strip()
    with receipts.progress_bar(locale) as progress:
        done = analyse_survey(
            folder, out, salt=salt, reports=("pdf", "docx"), progress=progress, now=datetime.now(UTC)
        )
    _print(done, out, locale)


@survey.command("place-clusters", help="cli.survey.place.help")
def place_clusters(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="cli.survey.place.file")],
    store: Annotated[Path, typer.Option("--store", metavar="FOLDER", help="cli.option.store")],
    level: Annotated[
        str, typer.Option("--level", metavar="LEVEL", help="cli.survey.place.level")
    ] = "health_area",
) -> None:
    """Place clusters with moved positions and publish what they say."""
    from kalanso.pipeline.displaced_clusters import publish_displaced
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    with receipts.progress_bar(locale) as progress:
        done = publish_displaced(
            Store.open(store), file, level=level, progress=progress, now=datetime.now(UTC)
        )
    typer.echo(
        say(
            locale, "cli.survey.place.done", inside=done.in_areas, larger=done.in_larger, nowhere=done.nowhere
        )
    )


def _plain(done: Analysed) -> dict[str, object]:
    return {
        "survey": done.study.asked.survey, "children": done.children,
        "receipt": {str(rule): int(rows) for rule, rows in done.cleaned.receipt.itertuples(index=False)},
        "files": list(done.files),
    }  # fmt: skip


def _print(done: Analysed, out: Path, locale: str) -> None:
    from kalanso.figures.survey_weights import origin_told

    screen = receipts.console()
    screen.print(
        say(locale, "cli.survey.analysed", children=done.children, submissions=done.submissions),
        style="bold",
        markup=False,
    )
    screen.print(f"• {origin_told(done.beside.origin, locale)}", markup=False)
    found = done.cleaned.receipt[done.cleaned.receipt["rows"] > 0]
    for rule, rows in found.itertuples(index=False):
        screen.print(f"• {Message(f'surveys.rule.{rule}', {'n': int(rows)}).render(locale)}", markup=False)
    screen.print(_headlines(done, locale))
    if done.study.chosen_places:
        screen.print(say(locale, "cli.survey.chosen"), markup=False)
    screen.print(say(locale, "cli.survey.written", folder=str(out)), markup=False)


def _headlines(done: Analysed, locale: str) -> Table:
    from kalanso.figures.survey_report import HEADLINES

    table = Table(title=done.study.title[locale])
    for name in ("indicator", "cohort", "share", "children"):
        table.add_column(
            say(locale, f"cli.survey.column.{name}"),
            justify="left" if name in ("indicator", "cohort") else "right",
        )
    rows = done.estimates
    rows = rows[(rows["stratum"] == "all") & (rows["domain_kind"] == "all")]
    for indicator, detail in HEADLINES:
        own = rows[(rows["indicator"] == indicator) & (rows["detail"] == detail) & rows["estimate"].notna()]
        for row in own.to_dict("records"):
            between = " – ".join(format_value(row[name], "percent", locale) for name in ("low", "high"))
            table.add_row(
                say(locale, f"cli.survey.headline.{indicator}.{detail}"), str(row["cohort"]),
                f"{format_value(row['estimate'], 'percent', locale)} ({between})", format_value(row["children"], "count", locale),
            )  # fmt: skip
    return table
