"""How does somebody bring in what was asked without a household survey, and lay out a round of lots, from the command line?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say
from kalanso.vocabulary import format_value

if TYPE_CHECKING:
    import pandas as pd

    from kalanso.pipeline.survey_ways import Answered


def register(group: typer.Typer) -> None:
    """Add these commands to the group `kalanso survey`."""
    group.command("way", help="cli.survey.way.help")(way)
    group.command("lot-plan", help="cli.survey.lot_plan.help")(lot_plan)


def way(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="cli.survey.way.folder")],
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help="cli.survey.out", show_default=False)],
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FOLDER", help="cli.survey.way.store", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="cli.survey.way.seed")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="cli.option.json")] = False,
) -> None:
    """Answer a round without a household survey; with a store, publish what it tells the estimate."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    import numpy as np

    from kalanso.pipeline.publish_surveys import publish_answer, rounds_of
    from kalanso.pipeline.survey_ways import DONE, answer_way
    from kalanso.store import Store

    locale, now = str(context.obj or "fr"), datetime.now(UTC)
    found = answer_way(folder, out, rng=np.random.default_rng(seed), today=now.date())
    if as_json:
        typer.echo((out / DONE).read_text(encoding="utf-8").rstrip())
    else:
        _print(found, out, locale)
    if store is None:
        return
    kept = Store.open(store)
    rounds, stood = set(found.answer.evidence["round"]), rounds_of(kept, found.asked.survey)
    try:
        publish_answer(kept, out, found.asked.survey, note=found.title[locale], now=now)
    except ValueError as error:
        stand = ", ".join(sorted(rounds_of(kept, found.asked.survey))) or "–"
        told = {"survey": found.asked.survey, "rounds": stand, "reason": str(error)}
        typer.echo(say(locale, "cli.survey.way.not_published", **told), err=True)
        raise typer.Exit(int(ExitCode.BAD_FILE)) from None
    typer.echo(say(locale, "cli.survey.way.published", n=len(rounds)), err=as_json)
    if gone := sorted(stood - rounds):
        typer.echo(say(locale, "cli.survey.way.withdrawn", rounds=", ".join(gone)), err=as_json)


def _print(found: Answered, out: Path, locale: str) -> None:
    screen = receipts.console()
    screen.print(found.title[locale], style="bold", markup=False)
    for sentence in found.sentences:
        screen.print(sentence.render(locale), markup=False)
    direction = found.answer.direction
    screen.print(say(locale, f"cli.survey.way.direction.{direction}"), markup=False)
    screen.print(say(locale, "cli.survey.way.assumes"), markup=False)
    for one in found.answer.assumptions:
        screen.print(f"• {one.render(locale)}", markup=False)
    for rule, n in found.receipt.items():
        if n:
            screen.print(f"• {say(locale, f'surveys.ways.rule.{rule}', n=n)}", markup=False)
    if "lots" in found.answer.tables:
        screen.print(_lots(found.answer.tables["lots"], locale))
    if "children" in found.answer.tables:
        screen.print(_children(found.answer.tables["children"], locale))
    screen.print(
        say(locale, "cli.survey.way.written", files=", ".join(found.files), folder=str(out)), markup=False
    )


def _lots(lots: pd.DataFrame, locale: str) -> Table:
    """Return decisions round after round, with the counts on which they rest."""
    table = Table()
    for name in ("place", "round", "vaccinated", "decision", "change"):
        table.add_column(say(locale, f"cli.survey.way.column.{name}"))
    for row in lots.to_dict("records"):
        counts = " / ".join(format_value(row[name], "count", locale) for name in ("vaccinated", "children"))
        table.add_row(
            str(row["place_code"]), str(row["round"]), counts, say(locale, f"cli.survey.way.decision.{row['decision']}"),
            say(locale, f"cli.survey.way.change.{row['change']}"),
        )  # fmt: skip
    return table


def _children(children: pd.DataFrame, locale: str) -> Table:
    table = Table()
    for name in ("place", "children"):
        table.add_column(say(locale, f"cli.survey.way.column.{name}"))
    for row in children.to_dict("records"):
        low, high = (format_value(row[name], "count", locale) for name in ("low", "high"))
        table.add_row(
            str(row["place_code"]), f"{format_value(row['children'], 'count', locale)} ({low} – {high})"
        )
    return table


def lot_plan(
    context: typer.Context,
    lower: Annotated[float, typer.Option("--lower", metavar="SHARE", help="cli.survey.lot_plan.lower")] = 0.5,
    upper: Annotated[float, typer.Option("--upper", metavar="SHARE", help="cli.survey.lot_plan.upper")] = 0.8,
    children: Annotated[
        int | None,
        typer.Option(
            "--children", min=1, metavar="N", help="cli.survey.lot_plan.children", show_default=False
        ),
    ] = None,
    alpha: Annotated[float, typer.Option("--alpha", metavar="SHARE", help="cli.survey.lot_plan.alpha")] = 0.1,
    beta: Annotated[float, typer.Option("--beta", metavar="SHARE", help="cli.survey.lot_plan.beta")] = 0.1,
) -> None:
    """Say how many children a lot needs, from how many vaccinated on it passes, and how often the rule errs."""
    from kalanso.surveys.lots import decision_rule, operating_curve, smallest_plan
    from kalanso.surveys.ways import rule

    locale = str(context.obj or "fr")
    try:
        plan = (
            smallest_plan(lower=lower, upper=upper, alpha=alpha, beta=beta)
            if children is None
            else decision_rule(children, lower=lower, upper=upper, alpha=alpha, beta=beta)
        )
    except ValueError as error:
        reason = error.render(locale) if hasattr(error, "render") else str(error)
        typer.echo(say(locale, "cli.survey.lot_plan.refused", reason=reason), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE)) from None
    typer.echo(rule(plan, lower=lower, upper=upper).render(locale))
    table = Table()
    for name in ("coverage", "passes"):
        table.add_column(say(locale, f"cli.survey.lot_plan.column.{name}"), justify="right")
    for row in operating_curve(plan, [at / 10 for at in range(11)]).to_dict("records"):
        table.add_row(
            *(format_value(row[name], "percent", locale) for name in ("coverage", "pass_probability"))
        )
    receipts.console().print(table)
